// SPDX-License-Identifier: Apache-2.0
// CREATE (RFC 9051 section 6.3.4), with special uses (RFC 6154 section 3).
#include "imap/commands.h"
#include "imap/list_line.h"

// Mailboxes of these uses would show messages of other mailboxes; the server
// has none of that kind.
#define USES_REFUSED (STORE_USE_ALL | STORE_USE_FLAGGED)

// Parses a use-attr such as "\Sent". An unknown one is well-formed; it is
// refused later.
static MUST_CHECK enum rc parse_use(
    struct imap_cursor *args, unsigned *uses, bool *refused)
{
	struct view rest = imap_cursor_rest(args), name;
	enum rc rc = imap_parse_char(args, '\\');
	if (rc == RC_OK)
		rc = imap_parse_atom(args, "a special use", &name);
	if (rc != RC_OK)
		return rc;
	unsigned use = imap_special_use_find(view_slice(rest, 0, name.len + 1));
	if (use == 0 || (use & USES_REFUSED) != 0)
		*refused = true;
	*uses |= use;
	return RC_OK;
}

// Parses "(USE (\Drafts \Sent))".
static MUST_CHECK enum rc parse_parameters(
    struct imap_cursor *args, unsigned *ret_uses, bool *ret_refused)
{
	unsigned uses = 0;
	bool refused = false;
	*ret_uses = 0;
	*ret_refused = false;
	enum rc rc = imap_parse_open(args);
	// "()" has no parameters.
	if (rc == RC_OK && imap_peek(args) == ')')
		return imap_parse_close(args);
	if (rc == RC_OK && !imap_take_word(args, VIEW("USE")))
		rc = imap_expected(args, "USE");
	if (rc == RC_OK)
		rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_open(args);
	if (rc == RC_OK && imap_peek(args) != ')') {
		do {
			rc = parse_use(args, &uses, &refused);
		} while (rc == RC_OK && imap_take_next(args));
	}
	if (rc == RC_OK)
		rc = imap_parse_close(args);
	if (rc == RC_OK)
		rc = imap_parse_close(args);
	*ret_uses = uses;
	*ret_refused = refused;
	return rc;
}

enum imap_step imap_create_begin(struct imap_command *command)
{
	struct imap_cursor *args = &command->args;
	struct view name;
	unsigned uses = 0;
	bool refused = false;
	enum rc rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_mailbox(args, &name);
	if (rc == RC_OK && imap_take_next(args))
		rc = parse_parameters(args, &uses, &refused);
	if (rc == RC_OK)
		rc = imap_parse_end(args);
	if (rc != RC_OK)
		return imap_bad_arguments(command, rc);
	if (refused)
		return imap_no(command, "USEATTR",
		    "A mailbox cannot have that special use here");
	// "name/" says that children will follow; the server need not know
	// that.
	if (name.len > 1 && name.ptr[name.len - 1] == '/')
		name.len--;

	uint64_t id;
	rc = store_mailbox_create(&command->session->asker,
	    command->session->account, name, uses, &command->fault, &id);
	if (rc != RC_OK)
		return imap_failed(command, rc);
	imap_list_tell_old_name(command, name, 0);
	// RFC 8474 section 4.1.
	buf_printf(
	    imap_code(command), "MAILBOXID (M%llx)", (unsigned long long)id);
	return imap_ok(command, "CREATE completed");
}

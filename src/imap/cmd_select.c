// SPDX-License-Identifier: Apache-2.0
// SELECT and EXAMINE (RFC 9051 sections 6.3.2 and 6.3.3), with CONDSTORE and
// QRESYNC (RFC 7162 sections 3.1.8 and 3.2.5).
#include "imap/commands.h"
#include "imap/list_line.h"
#include "imap/view.h"

// RFC 4314 section 5.2: without any of these rights, a mailbox is read-only.
#define RIGHTS_WRITE                                                           \
	(STORE_RIGHT_INSERT | STORE_RIGHT_EXPUNGE | STORE_RIGHTS_FLAGS)

struct selecting {
	struct view name;
	bool read_only;
	bool condstore;
	struct imap_qresync qresync;
};

// ---- Parameters ------------------------------------------------------------

static MUST_CHECK enum rc parse_plain_set(
    struct imap_cursor *args, bool ascending, struct imap_set *ret_set)
{
	enum rc rc = imap_parse_set(args, ret_set);
	// RFC 7162 section 7: "known-uids" and similar sets have no "*".
	if (rc == RC_OK && (ret_set->has_star || ret_set->has_saved))
		return imap_expected(args, "a set without \"*\" and \"$\"");
	if (rc == RC_OK && ascending && !ret_set->ascending)
		return imap_expected(args, "an ascending set");
	return rc;
}

static uint64_t set_size(const struct imap_set *set)
{
	uint64_t size = 0;
	for (size_t i = 0; i < set->count; i++)
		size +=
		    (uint64_t)set->ranges[i].last - set->ranges[i].first + 1;
	return size;
}

// Parses "(sequences uids)": RFC 7162 section 3.2.5.2.
static MUST_CHECK enum rc parse_match_data(
    struct imap_cursor *args, struct imap_qresync *qresync)
{
	enum rc rc = imap_parse_open(args);
	if (rc == RC_OK)
		rc = parse_plain_set(args, true, &qresync->match_seqs);
	if (rc == RC_OK)
		rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = parse_plain_set(args, true, &qresync->match_uids);
	if (rc == RC_OK &&
	    set_size(&qresync->match_seqs) != set_size(&qresync->match_uids))
		rc = imap_expected(args, "as many UIDs as sequence numbers");
	if (rc == RC_OK)
		rc = imap_parse_close(args);
	qresync->has_match = rc == RC_OK;
	return rc;
}

// Parses "(uidvalidity modseq [known-uids] [match data])". In the grammar both
// numbers begin at 1. A client that knows nothing yet sends 0, which works: no
// mailbox has that UIDVALIDITY, and everything has changed since that MODSEQ.
static MUST_CHECK enum rc parse_qresync(
    struct imap_cursor *args, struct imap_qresync *qresync)
{
	enum rc rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_open(args);
	if (rc == RC_OK)
		rc = imap_parse_number(args, &qresync->uidvalidity);
	if (rc == RC_OK)
		rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_modseq(args, &qresync->modseq);
	if (rc == RC_OK && imap_take_next(args)) {
		if (imap_peek(args) != '(') {
			rc = parse_plain_set(args, false, &qresync->known);
			qresync->has_known = rc == RC_OK;
			if (rc == RC_OK && imap_take_next(args))
				rc = parse_match_data(args, qresync);
		} else {
			rc = parse_match_data(args, qresync);
		}
	}
	if (rc == RC_OK)
		rc = imap_parse_close(args);
	qresync->given = rc == RC_OK;
	return rc;
}

static MUST_CHECK enum rc parse_parameter(
    struct imap_cursor *args, struct selecting *selecting)
{
	if (imap_take_word(args, VIEW("CONDSTORE"))) {
		selecting->condstore = true;
		return RC_OK;
	}
	if (imap_take_word(args, VIEW("QRESYNC")))
		return parse_qresync(args, &selecting->qresync);
	return imap_expected(args, "CONDSTORE or QRESYNC");
}

static MUST_CHECK enum rc parse_arguments(
    struct imap_cursor *args, struct selecting *selecting)
{
	enum rc rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_mailbox(args, &selecting->name);
	if (rc == RC_OK && imap_take_next(args)) {
		rc = imap_parse_open(args);
		// "()" has no parameters.
		bool more = rc == RC_OK && imap_peek(args) != ')';
		while (more) {
			rc = parse_parameter(args, selecting);
			more = rc == RC_OK && imap_take_next(args);
		}
		if (rc == RC_OK)
			rc = imap_parse_close(args);
	}
	return rc == RC_OK ? imap_parse_end(args) : rc;
}

// ---- Opening ---------------------------------------------------------------

static MUST_CHECK enum rc open_mailbox(struct imap_command *command,
    struct selecting *selecting, struct store_mailbox **ret_mailbox)
{
	struct imap_session *session = command->session;
	struct store_mailbox *mailbox;
	enum rc rc = store_mailbox_open(&session->asker, session->account,
	    selecting->name, STORE_RIGHT_READ, &command->fault, &mailbox);
	if (rc != RC_OK)
		return rc;
	if ((store_mailbox_rights(mailbox) & RIGHTS_WRITE) == 0)
		selecting->read_only = true;
	*ret_mailbox = mailbox;
	return RC_OK;
}

// RFC 9051 section 6.3.2 requires LIST here; RFC 3501 does not know it.
static void tell_list(struct imap_command *command, struct view name)
{
	struct store_mailbox_info info;
	if (!imap_has_feature(command->session, IMAP_FEATURE_REV2) ||
	    store_mailbox_find(&command->session->asker,
		command->session->account, name, STORE_RIGHT_LOOKUP,
		&command->arena, NULL, &info) != RC_OK)
		return;
	struct imap_list_line line = {
	    .word = "LIST",
	    .attributes = (info.subscribed ? IMAP_LIST_SUBSCRIBED : 0u) |
			  (info.has_children ? IMAP_LIST_HAS_CHILDREN
					     : IMAP_LIST_HAS_NO_CHILDREN),
	    .special_use = info.special_use,
	    .name = info.name,
	    .old_name = view_eq(name, info.name) ? VIEW("") : name,
	};
	imap_list_line_write(command, &line);
}

static void leave_selected(struct imap_command *command)
{
	if (!command->session->view)
		return;
	imap_unselect(command->session);
	imap_untagged(command, "OK [CLOSED] The mailbox before is closed");
}

static enum imap_step finish(struct imap_command *command)
{
	const struct selecting *selecting = command->state;
	bool examine = command->type->begin == imap_examine_begin;
	buf_add_string(imap_code(command),
	    selecting->read_only ? "READ-ONLY" : "READ-WRITE");
	return imap_ok(
	    command, examine ? "EXAMINE completed" : "SELECT completed");
}

enum imap_step imap_select_resume(struct imap_command *command)
{
	const struct selecting *selecting = command->state;
	if (imap_view_qresync(command->session->view, command,
		&selecting->qresync) == IMAP_STEP_MORE)
		return IMAP_STEP_MORE;
	return finish(command);
}

static enum imap_step select_mailbox(
    struct imap_command *command, bool read_only)
{
	struct imap_session *session = command->session;
	struct selecting *selecting =
	    arena_zalloc(&command->arena, sizeof(*selecting));
	selecting->read_only = read_only;
	command->state = selecting;
	enum rc rc = parse_arguments(&command->args, selecting);
	if (rc != RC_OK)
		return imap_bad_arguments(command, rc);
	if (selecting->qresync.given &&
	    !imap_has_feature(session, IMAP_FEATURE_QRESYNC))
		return imap_bad(command, "QRESYNC needs ENABLE QRESYNC first");

	// From here on no mailbox is selected, even if this fails (RFC 9051
	// section 6.3.2).
	leave_selected(command);
	struct store_mailbox *mailbox;
	rc = open_mailbox(command, selecting, &mailbox);
	if (rc != RC_OK)
		return imap_failed(command, rc);
	if (selecting->condstore)
		session->enabled |= IMAP_FEATURE_CONDSTORE;
	uint64_t id = store_mailbox_id(mailbox);
	session->view = imap_view_open(session, mailbox, selecting->read_only);
	imap_view_select(session->view, command->out);
	// RFC 8474 section 4.2.
	imap_untagged(
	    command, "OK [MAILBOXID (M%llx)] Its id", (unsigned long long)id);
	tell_list(command, selecting->name);
	if (selecting->qresync.given)
		return imap_select_resume(command);
	return finish(command);
}

enum imap_step imap_select_begin(struct imap_command *command)
{
	return select_mailbox(command, false);
}

enum imap_step imap_examine_begin(struct imap_command *command)
{
	return select_mailbox(command, true);
}

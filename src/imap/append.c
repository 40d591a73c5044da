// SPDX-License-Identifier: Apache-2.0
// Messages that come as literals. Before each literal, the reader gives the
// text in front of it: before the first one the mailbox (and REPLACE's number),
// and before each one flags and date.
#include "imap/append.h"

#include "imap/commands.h"
#include "imap/list_line.h"
#include "imap/view.h"

void imap_append_end(struct imap_command *command)
{
	struct imap_append *append = command->state;
	for (size_t i = 0; i < append->count; i++)
		store_draft_free(&append->messages[i].draft);
	if (append->mailbox)
		store_mailbox_close(&append->mailbox);
}

// ---- Arguments -------------------------------------------------------------

static bool is_replace(const struct imap_command *command)
{
	return command->type->begin == imap_replace_begin;
}

// Parses " 4", the message that REPLACE replaces.
static MUST_CHECK enum rc parse_replaced(
    struct imap_command *command, uint32_t *ret_uid)
{
	const struct imap_view *view = command->session->view;
	struct imap_cursor *args = &command->args;
	uint32_t number;
	enum rc rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_nz_number(args, &number);
	if (rc != RC_OK)
		return rc;
	if (!command->uid && number > imap_view_count(view))
		return imap_reject(args, RC_SYNTAX, "there is no message %u",
		    (unsigned)number);
	*ret_uid = command->uid ? number : imap_view_uid(view, number);
	return RC_OK;
}

static MUST_CHECK enum rc parse_flags(
    struct imap_cursor *args, struct store_flags *ret_flags)
{
	struct imap_flags flags;
	enum rc rc = imap_parse_flag_list(args, &flags);
	if (rc != RC_OK)
		return rc;
	*ret_flags = (struct store_flags){
	    .system = imap_flags_to_store(flags.system),
	    .keywords = flags.keywords,
	    .keyword_count = flags.count,
	};
	return imap_parse_sp(args);
}

static MUST_CHECK enum rc parse_date(
    struct imap_cursor *args, struct store_append *message)
{
	struct date date = {0};
	enum rc rc = imap_parse_date_time(args, &message->has_date, &date);
	if (rc != RC_OK)
		return rc;
	message->internal_date = date.seconds;
	message->zone_minutes = date.zone_minutes;
	return imap_parse_sp(args);
}

// Parses " (\Seen) "date" ", which precedes a message; the literal is cut off.
static MUST_CHECK enum rc parse_message(
    struct imap_command *command, struct store_append *ret_message)
{
	struct imap_cursor *args = &command->args;
	enum rc rc = imap_parse_sp(args);
	if (rc == RC_OK && imap_peek(args) == '(')
		rc = parse_flags(args, &ret_message->flags);
	if (rc == RC_OK && imap_peek(args) == '"')
		rc = parse_date(args, ret_message);
	if (rc == RC_OK && !imap_at_end(args))
		rc = imap_expected(args, "a message as a literal");
	return rc;
}

// Parses ")" after "UTF8 (~{…}".
static MUST_CHECK enum rc parse_after_literal(
    struct imap_command *command, struct imap_append *append)
{
	bool due = append->in_utf8;
	append->in_utf8 = false;
	return due ? imap_parse_close(&command->args) : RC_OK;
}

// ---- Literals --------------------------------------------------------------

static enum imap_take refuse(struct imap_command *command, enum rc rc)
{
	imap_bad_arguments(command, rc);
	return IMAP_TAKE_REFUSE;
}

static MUST_CHECK bool open_target(
    struct imap_command *command, struct imap_append *append, struct view name)
{
	enum rc rc = store_mailbox_open(&command->session->asker,
	    command->session->account, name, STORE_RIGHT_INSERT,
	    &command->fault, &append->mailbox);
	if (rc == RC_OK) {
		imap_list_tell_old_name(command, name, 0);
		return true;
	}
	append->mailbox = NULL;
	if (rc == RC_NOT_FOUND)
		// RFC 9051 section 6.3.12.
		imap_no(command, "TRYCREATE", "No such mailbox");
	else
		imap_failed(command, rc);
	return false;
}

// Parses what comes before the first message. `IMAP_TAKE_STREAM`: continue.
static enum imap_take begin_append(struct imap_command *command)
{
	struct imap_cursor *args = &command->args;
	uint32_t replaced = 0;
	struct view name;
	enum rc rc = RC_OK;
	if (is_replace(command))
		rc = parse_replaced(command, &replaced);
	if (rc == RC_OK)
		rc = imap_parse_sp(args);
	if (rc != RC_OK)
		return refuse(command, rc);
	// The literal is the mailbox's name.
	if (imap_at_end(args))
		return IMAP_TAKE_COLLECT;
	rc = imap_parse_mailbox(args, &name);
	if (rc != RC_OK)
		return refuse(command, rc);
	if (is_replace(command) &&
	    imap_view_read_only(command->session->view)) {
		imap_no(command, "READ-ONLY", "The mailbox is read-only");
		return IMAP_TAKE_REFUSE;
	}
	struct imap_append *append =
	    arena_zalloc(&command->arena, sizeof(*append));
	append->replaced = replaced;
	command->state = append;
	// A REPLACE may make the account smaller; its commit decides.
	struct store *store = store_account_store(command->session->account);
	rc = is_replace(command) ? RC_OK : store_room(store, &command->fault);
	if (rc != RC_OK) {
		imap_failed(command, rc);
		return IMAP_TAKE_REFUSE;
	}
	return open_target(command, append, name) ? IMAP_TAKE_STREAM
						  : IMAP_TAKE_REFUSE;
}

static bool is_too_many(const struct imap_command *command)
{
	const struct imap_append *append = command->state;
	size_t max = is_replace(command) ? 1 : IMAP_APPEND_MESSAGES_MAX;
	return append->count >= max ||
	       append->memory > IMAP_APPEND_MEMORY_MAX ||
	       command->arena.used > IMAP_APPEND_ARENA_MAX;
}

static enum imap_take begin_message(
    struct imap_command *command, const struct imap_literal *literal)
{
	struct imap_session *session = command->session;
	struct imap_append *append = command->state;
	struct store_append message = {0};
	enum rc rc = parse_after_literal(command, append);
	if (rc == RC_OK)
		rc = parse_message(command, &message);
	if (rc != RC_OK)
		return refuse(command, rc);
	// RFC 7889 section 4, RFC 4469 section 4.
	uint64_t max = store_message_max(store_account_store(session->account));
	if (literal->size > max) {
		imap_no(command, "TOOBIG",
		    "A message may have %llu bytes at most",
		    (unsigned long long)max);
		return IMAP_TAKE_REFUSE;
	}
	if (literal->utf8 && !imap_is_utf8(session)) {
		imap_bad(command, "UTF8 needs ENABLE UTF8=ACCEPT first");
		return IMAP_TAKE_REFUSE;
	}
	if (budget_stage(session->base.server->budget) >= BUDGET_LAST) {
		imap_no_memory(command);
		return IMAP_TAKE_REFUSE;
	}
	if (is_too_many(command)) {
		imap_no(command, "LIMIT", "Too many messages in one command");
		return IMAP_TAKE_REFUSE;
	}
	append->in_utf8 = literal->utf8;
	append->binary = literal->binary;
	append->messages = arena_grow(&command->arena, append->messages,
	    &append->capacity, append->count + 1, sizeof(message));
	message.draft = store_draft_new(store_account_store(session->account));
	append->messages[append->count++] = message;
	return IMAP_TAKE_STREAM;
}

static enum imap_take take_literal(
    struct imap_command *command, const struct imap_literal *literal)
{
	if (!command->state) {
		enum imap_take take = begin_append(command);
		if (take != IMAP_TAKE_STREAM)
			return take;
	}
	return begin_message(command, literal);
}

static void take_data(
    struct imap_command *command, struct view bytes, bool last)
{
	struct imap_append *append = command->state;
	struct store_draft **draft = &append->messages[append->count - 1].draft;
	// After a failure the rest is read and dropped, so that the next
	// command is found.
	if (append->failure == RC_OK)
		append->failure = store_draft_add(*draft, bytes);
	if (append->failure == RC_OK && last)
		append->failure = store_draft_finish(*draft);
	if (append->failure == RC_OK && last && append->binary)
		append->failure = store_draft_encode_binary(draft);
	if (last) {
		append->memory += store_draft_memory(*draft);
		append->whole = append->count;
	}
}

// The drafts whose literals have come are in `memory`.
static size_t memory_of(const struct imap_command *command)
{
	const struct imap_append *append = command->state;
	if (!append)
		return 0;
	size_t last =
	    append->count > append->whole
		? store_draft_memory(append->messages[append->count - 1].draft)
		: 0;
	return append->memory + last;
}

const struct imap_stream_ops imap_append_stream = {
    .memory = memory_of,
    .literal = take_literal,
    .data = take_data,
};

// ---- The end ---------------------------------------------------------------

enum imap_step imap_append_failed(struct imap_command *command, enum rc rc)
{
	if (rc == RC_GONE || rc == RC_NOT_FOUND)
		return imap_no(command, "TRYCREATE", "No such mailbox");
	return imap_failed(command, rc);
}

// No literal came: find out what is missing.
static void bad_without_literal(struct imap_command *command)
{
	struct imap_cursor *args = &command->args;
	uint32_t replaced;
	struct view name;
	struct store_append message = {0};
	enum rc rc = RC_OK;
	if (is_replace(command))
		rc = parse_replaced(command, &replaced);
	if (rc == RC_OK)
		rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_mailbox(args, &name);
	if (rc == RC_OK)
		rc = parse_message(command, &message);
	if (rc == RC_OK)
		rc = imap_expected(args, "a message as a literal");
	imap_bad_arguments(command, rc);
}

bool imap_append_complete(
    struct imap_command *command, struct imap_append **ret_append)
{
	struct imap_append *append = command->state;
	if (!append) {
		bad_without_literal(command);
		return false;
	}
	enum rc rc = parse_after_literal(command, append);
	if (rc == RC_OK)
		rc = imap_parse_end(&command->args);
	if (rc != RC_OK) {
		imap_bad_arguments(command, rc);
		return false;
	}
	if (append->failure == RC_INVALID) {
		// RFC 3502 section 6.3.11: a client aborts in this way, too.
		imap_no(command, NULL, "A message cannot be empty");
		return false;
	}
	if (append->failure != RC_OK) {
		imap_failed(command, append->failure);
		return false;
	}
	*ret_append = append;
	return true;
}

void imap_append_write_code(
    struct buf *code, const struct store_appended *appended, size_t count)
{
	buf_printf(code, "APPENDUID %u %u", (unsigned)appended->uidvalidity,
	    (unsigned)appended->first_uid);
	// RFC 4315 section 3: never write a range of one UID.
	if (count > 1)
		buf_printf(code, ":%u",
		    (unsigned)(appended->first_uid + (uint32_t)count - 1));
}

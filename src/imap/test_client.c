// SPDX-License-Identifier: Apache-2.0
// See test_client.h.
#include "imap/test_client.h"

#include <stdarg.h>

#include "base/mem.h"

#define ALL_MAX ((size_t)512 << 20)

void desk_open(struct desk *desk, struct store_options options)
{
	*desk = (struct desk){0};
	bed_open(&desk->bed, options);
	desk->server.store = desk->bed.store;
	desk->server.base.clock = options.clock;
	desk->server.recent = imap_recent_new(options.clock);
}

void desk_close(struct desk *desk)
{
	imap_recent_free(&desk->server.recent);
	bed_close(&desk->bed);
}

static const struct {
	const char *name;
	unsigned flag;
} flag_names[] = {
    {"\\Seen", STORE_FLAG_SEEN},
    {"\\Answered", STORE_FLAG_ANSWERED},
    {"\\Flagged", STORE_FLAG_FLAGGED},
    {"\\Deleted", STORE_FLAG_DELETED},
    {"\\Draft", STORE_FLAG_DRAFT},
};

static struct store_flags parse_flags(const char *text, struct view *keywords)
{
	struct store_flags flags = {.keywords = keywords};
	struct view rest = view_of_string(text);
	struct view word;
	while (view_split(&rest, ' ', &word)) {
		bool known = false;
		for (size_t i = 0; i < ARRAY_LEN(flag_names); i++) {
			if (!view_eq(word, view_of_string(flag_names[i].name)))
				continue;
			flags.system |= flag_names[i].flag;
			known = true;
		}
		if (!known)
			keywords[flags.keyword_count++] = word;
	}
	return flags;
}

uint32_t desk_append(
    struct desk *desk, const char *mailbox, const char *text, const char *flags)
{
	struct view keywords[16];
	struct store_mailbox *box = bed_mailbox(&desk->bed, mailbox);
	uint32_t uid =
	    bed_append(&desk->bed, box, text, parse_flags(flags, keywords));
	store_mailbox_close(&box);
	return uid;
}

uint32_t desk_append_bytes(
    struct desk *desk, const char *mailbox, struct view bytes)
{
	struct store_mailbox *box = bed_mailbox(&desk->bed, mailbox);
	struct store_draft *draft = store_draft_new(desk->bed.store);
	assert_int_equal(store_draft_add(draft, bytes), RC_OK);
	assert_int_equal(store_draft_finish(draft), RC_OK);
	struct store_append append = {.draft = draft,
	    .has_date = true,
	    .internal_date = 837596665, // 17-Jul-1996 09:44:25 UTC
	    .zone_minutes = -420};
	struct store_appended appended;
	assert_int_equal(
	    store_append(box, &append, 1, &desk->bed.fault, &appended), RC_OK);
	store_draft_free(&draft);
	store_mailbox_close(&box);
	return appended.first_uid;
}

// ---- Sessions --------------------------------------------------------------

void client_open(struct client *client, struct desk *desk, unsigned features)
{
	*client = (struct client){.desk = desk};
	client->session.server = &desk->server;
	client->session.enabled = features;
	client->session.asker = store_user(1000);
	client->session.base.server = &desk->server.base;
	struct fault fault;
	assert_int_equal(store_account_open(desk->bed.store, 1000, &fault,
			     &client->session.account),
	    RC_OK);
	buf_init(&client->all, ALL_MAX);
}

void client_close(struct client *client)
{
	imap_view_close(&client->session.view);
	store_account_close(&client->session.account);
	buf_done(&client->all);
}

// Makes a step's output so full that only `room` bytes are left.
static void out_begin(struct client *client, struct buf *out)
{
	client->session.base.slice_end_ms = 0; // as session_enter() does
	buf_init(out, NET_OUTPUT_MAX);
	if (client->room == 0)
		return;
	size_t len = NET_OUTPUT_HIGH - client->room;
	char *room = buf_reserve(out, len);
	memset(room, '#', len);
	buf_commit(out, len);
}

static void out_end(struct client *client, struct buf *out)
{
	size_t skip = client->room ? NET_OUTPUT_HIGH - client->room : 0;
	assert_int_equal(buf_status(out), RC_OK);
	buf_add(&client->all, view_from(buf_view(out), skip));
	buf_done(out);
	client->steps++;
}

static void all_begin(struct client *client)
{
	buf_reset(&client->all);
	client->steps = 0;
}

static const char *all_end(struct client *client)
{
	buf_add_char(&client->all, '\0');
	client->all.len--;
	return client->all.ptr;
}

static void between(struct client *client)
{
	if (client->between)
		client->between(client->context);
}

const char *client_sync(struct client *client, bool expunge)
{
	all_begin(client);
	enum imap_step step;
	do {
		struct buf out;
		out_begin(client, &out);
		step = imap_view_sync(client->session.view, expunge, &out);
		out_end(client, &out);
		if (step == IMAP_STEP_MORE)
			between(client);
	} while (step == IMAP_STEP_MORE);
	return all_end(client);
}

static void open_view(
    struct client *client, const char *mailbox, bool read_only)
{
	imap_view_close(&client->session.view);
	struct store_mailbox *box;
	struct fault fault;
	assert_int_equal(
	    store_mailbox_open(&client->session.asker, client->session.account,
		view_of_string(mailbox), STORE_RIGHT_READ, &fault, &box),
	    RC_OK);
	client->session.view = imap_view_open(&client->session, box, read_only);
}

const char *client_select(
    struct client *client, const char *mailbox, bool read_only)
{
	open_view(client, mailbox, read_only);
	all_begin(client);
	struct buf out;
	out_begin(client, &out);
	imap_view_select(client->session.view, &out);
	out_end(client, &out);
	return all_end(client);
}

// ---- Commands --------------------------------------------------------------

static const struct imap_command_type types[] = {
    {"FETCH", 0, IMAP_COMMAND_HOLDS_EXPUNGE, imap_fetch_begin,
	imap_fetch_resume, imap_fetch_end, NULL},
    {"STORE", 0, IMAP_COMMAND_HOLDS_EXPUNGE, imap_store_begin,
	imap_store_resume, imap_store_end, NULL},
    {"EXPUNGE", 0, 0, imap_expunge_begin, imap_expunge_resume, NULL, NULL},
    {"COPY", 0, 0, imap_copy_begin, NULL, NULL, NULL},
    {"MOVE", 0, 0, imap_move_begin, NULL, NULL, NULL},
    {"SEARCH", 0, IMAP_COMMAND_HOLDS_EXPUNGE, imap_search_begin,
	imap_search_resume, imap_search_end, NULL},
    {"SORT", 0, IMAP_COMMAND_HOLDS_EXPUNGE, imap_sort_begin, imap_sort_resume,
	imap_sort_end, NULL},
    {"THREAD", 0, IMAP_COMMAND_HOLDS_EXPUNGE, imap_thread_begin,
	imap_thread_resume, imap_thread_end, NULL},
};

static const struct imap_command_type *find_type(struct view name)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (view_eq(name, view_of_string(types[i].name)))
			return &types[i];
	fail_msg("no command %.*s", VIEW_FMT(name));
	return NULL;
}

static void command_begin(
    struct imap_command *command, struct client *client, const char *line)
{
	*command = (struct imap_command){.session = &client->session};
	arena_init(&command->arena);
	buf_init(&command->code, IMAP_CODE_MAX);
	command->tag = VIEW("t");
	struct view text = arena_copy(&command->arena, view_of_string(line));
	if (view_starts_with(text, VIEW("UID "))) {
		command->uid = true;
		text = view_from(text, 4);
	}
	size_t space = view_find_char(text, ' ');
	if (space == SIZE_MAX)
		space = text.len;
	command->type = find_type(view_slice(text, 0, space));
	imap_cursor_init(&command->args, &command->arena,
	    view_from(text, space), &command->fault);
	command->args.utf8 = imap_is_utf8(&client->session);
}

// Does what run.c does: the command's steps, then the view's news, then the
// tagged response.
static void command_run(struct imap_command *command, struct client *client)
{
	bool begun = false;
	bool synced = false;
	enum imap_step step = IMAP_STEP_MORE;
	while (!synced) {
		struct buf out;
		out_begin(client, &out);
		command->out = &out;
		if (step == IMAP_STEP_MORE)
			step = begun ? command->type->resume(command)
				     : command->type->begin(command);
		begun = true;
		bool holds = command->type->flags & IMAP_COMMAND_HOLDS_EXPUNGE;
		bool expunge =
		    !command->holds_expunge && (command->uid || !holds);
		if (step == IMAP_STEP_DONE)
			synced = command->cut ||
				 imap_view_sync(client->session.view, expunge,
				     &out) == IMAP_STEP_DONE;
		out_end(client, &out);
		if (!synced)
			between(client);
	}
}

static void tag(struct client *client, const struct imap_command *command)
{
	static const char *const words[] = {
	    [IMAP_STATUS_OK] = "t OK ",
	    [IMAP_STATUS_NO] = "t NO ",
	    [IMAP_STATUS_BAD] = "t BAD ",
	};
	if (command->cut)
		return;
	buf_add_string(&client->all, words[command->status]);
	if (command->code.len) {
		buf_add_char(&client->all, '[');
		buf_add(&client->all, buf_view(&command->code));
		buf_add_literal(&client->all, "] ");
	}
	buf_add(&client->all, command->text);
	buf_add_literal(&client->all, "\r\n");
}

const char *client_run(struct client *client, const char *line)
{
	struct imap_command command;
	all_begin(client);
	command_begin(&command, client, line);
	command_run(&command, client);
	tag(client, &command);
	if (command.type->end && command.state)
		command.type->end(&command);
	buf_done(&command.code);
	arena_done(&command.arena);
	return all_end(client);
}

const char *client_runf(struct client *client, const char *format, ...)
{
	char line[4096];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	assert_true(len > 0 && (size_t)len < sizeof(line));
	return client_run(client, line);
}

static struct imap_set parse_set(struct arena *arena, const char *text)
{
	struct imap_set set;
	assert_int_equal(
	    imap_set_parse(arena, view_of_string(text), &set, NULL), RC_OK);
	return set;
}

const char *client_resync(struct client *client, const char *mailbox,
    uint32_t uidvalidity, uint64_t modseq, const char *known,
    const char *match_sequences, const char *match_uids)
{
	struct imap_command command = {.session = &client->session};
	arena_init(&command.arena);
	struct imap_qresync qresync = {
	    .given = true, .uidvalidity = uidvalidity, .modseq = modseq};
	if (known) {
		qresync.has_known = true;
		qresync.known = parse_set(&command.arena, known);
	}
	if (match_sequences) {
		qresync.has_match = true;
		qresync.match_seqs = parse_set(&command.arena, match_sequences);
		qresync.match_uids = parse_set(&command.arena, match_uids);
	}
	client_select(client, mailbox, false);
	buf_reset(&client->all);
	enum imap_step step;
	do {
		struct buf out;
		out_begin(client, &out);
		command.out = &out;
		step =
		    imap_view_qresync(client->session.view, &command, &qresync);
		out_end(client, &out);
	} while (step == IMAP_STEP_MORE);
	arena_done(&command.arena);
	return all_end(client);
}

// SPDX-License-Identifier: Apache-2.0
// Random operations of several sessions on one mailbox, each with outputs so
// small that its commands stop after every few responses and the others come
// in between. Each session has a naive client that believes only what it is
// told; what it believes must never contradict itself, and once it has
// synchronised it must be the truth.
#include "imap/test_client.h"

#define CLIENTS   4
#define MODEL_MAX 4000
#define NO_FLAGS  UINT64_MAX

// ---- What a client believes ------------------------------------------------

struct believed {
	uint32_t uid;   // 0: not told yet
	uint64_t flags; // bits of flag_names, or NO_FLAGS: not told yet
};

struct model {
	struct client client;
	struct believed *messages;
	uint32_t count;
	bool may_expunge; // in the command that runs
	bool vanished_earlier;
};

struct world {
	struct desk desk;
	struct model models[CLIENTS];
	uint64_t random;
	unsigned depth;
	struct buf trace; // of the last operations, for when it fails
};

static const char *const flag_names[] = {"\\Answered", "\\Flagged", "\\Deleted",
    "\\Seen", "\\Draft", "$One", "$Two", "word", "\\Recent"};
#define SETTABLE 8u

static uint32_t roll(struct world *world, uint32_t below)
{
	// xorshift64*
	world->random ^= world->random >> 12;
	world->random ^= world->random << 25;
	world->random ^= world->random >> 27;
	return (uint32_t)((world->random * 2685821657736338717ull) >> 33) %
	       below;
}

static uint64_t flags_of(struct view list)
{
	uint64_t flags = 0;
	struct view word;
	while (view_split(&list, ' ', &word)) {
		size_t i = 0;
		while (i < ARRAY_LEN(flag_names) &&
		       !view_eq_nocase(word, view_of_string(flag_names[i])))
			i++;
		assert_in_range(i, 0, ARRAY_LEN(flag_names) - 1);
		assert_false(flags >> i & 1);
		flags |= 1ull << i;
	}
	return flags & ((1u << SETTABLE) - 1);
}

static void believe_expunge(struct model *model, uint32_t sequence)
{
	assert_true(model->may_expunge);
	assert_in_range(sequence, 1, model->count);
	memmove(model->messages + sequence - 1, model->messages + sequence,
	    (model->count - sequence) * sizeof(*model->messages));
	model->count--;
}

// Where the message is: one that the client knows, or the first of those it
// has not asked about; or else nowhere, the count.
static uint32_t position_of(const struct model *model, uint32_t uid)
{
	for (uint32_t i = 0; i < model->count; i++)
		if (model->messages[i].uid == uid)
			return i;
	for (uint32_t i = 0; i < model->count; i++)
		if (model->messages[i].uid == 0)
			return i;
	return model->count;
}

static void believe_vanished(struct model *model, struct view set)
{
	struct arena arena;
	arena_init(&arena);
	struct imap_set written;
	assert_int_equal(imap_set_parse(&arena, set, &written, NULL), RC_OK);
	for (size_t i = 0; i < written.count; i++) {
		for (uint32_t uid = written.ranges[i].first;
		     uid <= written.ranges[i].last; uid++) {
			believe_expunge(model, position_of(model, uid) + 1);
		}
	}
	arena_done(&arena);
}

static void believe_exists(struct model *model, uint32_t count)
{
	assert_in_range(count, model->count, MODEL_MAX);
	while (model->count < count)
		model->messages[model->count++] =
		    (struct believed){.flags = NO_FLAGS};
}

// "UID 5 FLAGS (\Seen)" and so on, as far as the model minds.
static void believe_fetch(
    struct model *model, uint32_t sequence, struct view items)
{
	assert_in_range(sequence, 1, model->count);
	struct believed *message = &model->messages[sequence - 1];
	size_t at = view_find(items, VIEW("UID "));
	if (at != SIZE_MAX) {
		struct view digits = view_from(items, at + 4);
		size_t len = 0;
		while (len < digits.len && digits.ptr[len] >= '0' &&
		       digits.ptr[len] <= '9')
			len++;
		uint32_t uid = 0;
		assert_true(view_to_u32(view_slice(digits, 0, len), &uid));
		if (message->uid != 0)
			assert_int_equal(message->uid, uid);
		message->uid = uid;
	}
	at = view_find(items, VIEW("FLAGS ("));
	if (at != SIZE_MAX) {
		struct view list = view_from(items, at + 7);
		size_t end = view_find_char(list, ')');
		assert_true(end != SIZE_MAX);
		message->flags = flags_of(view_slice(list, 0, end));
	}
}

static void believe_line(struct model *model, struct view line)
{
	struct view word;
	if (!view_starts_with(line, VIEW("* ")))
		return;
	line = view_from(line, 2);
	if (view_starts_with(line, VIEW("VANISHED "))) {
		believe_vanished(model, view_from(line, 9));
		return;
	}
	uint32_t number;
	if (!view_split(&line, ' ', &word) || !view_to_u32(word, &number))
		return;
	if (view_eq(line, VIEW("EXPUNGE")))
		believe_expunge(model, number);
	else if (view_eq(line, VIEW("EXISTS")))
		believe_exists(model, number);
	else if (view_starts_with(line, VIEW("FETCH (")))
		believe_fetch(model, number, view_from(line, 7));
}

static void believe(struct model *model, const char *said)
{
	struct view rest = view_of_string(said);
	struct view line;
	while (view_split(&rest, '\n', &line))
		believe_line(model, view_trim(line));
}

// ---- Operations ------------------------------------------------------------

static void trace(struct world *world, const struct model *model,
    const char *line, const char *said)
{
	if (world->trace.len > 60000)
		buf_consume(&world->trace, 30000);
	buf_printf(&world->trace, "%u:%td> %s\n%s", world->depth,
	    model - world->models, line, said);
}

static const char *run(
    struct world *world, struct model *model, const char *line)
{
	bool uid = view_starts_with(view_of_string(line), VIEW("UID "));
	struct view name = view_from(view_of_string(line), uid ? 4 : 0);
	model->may_expunge = uid || !(view_starts_with(name, VIEW("FETCH")) ||
					view_starts_with(name, VIEW("STORE")));
	model->client.room = roll(world, 3) ? 1 + roll(world, 150) : 0;
	const char *said = client_run(&model->client, line);
	trace(world, model, line, said);
	believe(model, said);
	return said;
}

// A set of sequence numbers, or UIDs.
static void random_set(
    struct world *world, const struct model *model, bool uid, char *text)
{
	uint32_t max =
	    uid ? imap_view_last_uid(model->client.session.view) : model->count;
	int parts = 1 + (int)roll(world, 3);
	size_t len = 0;
	for (int i = 0; i < parts; i++) {
		uint32_t first = 1 + roll(world, max);
		uint32_t last = first + roll(world, roll(world, 4) ? 4 : 40);
		if (last > max)
			last = max;
		len += (size_t)snprintf(
		    text + len, 64, "%s%u:%u", i ? "," : "", first, last);
	}
}

static void random_flags(struct world *world, char *text, uint64_t *ret_flags)
{
	*ret_flags = 0;
	size_t len = 0;
	text[0] = '\0';
	for (unsigned i = 0; i < SETTABLE; i++) {
		if (roll(world, 4))
			continue;
		*ret_flags |= 1ull << i;
		len += (size_t)snprintf(
		    text + len, 32, "%s%s", len ? " " : "", flag_names[i]);
	}
}

// The client changes what it believes by itself when it says .SILENT.
static void believe_silent(
    struct model *model, const struct rangeset *uids, char sign, uint64_t flags)
{
	const struct imap_view *view = model->client.session.view;
	struct rangeset sequences;
	rangeset_init(&sequences);
	imap_view_sequences(view, uids, &sequences);
	for (uint32_t i = 0; i < model->count; i++) {
		struct believed *message = &model->messages[i];
		if (!rangeset_has(&sequences, i + 1) ||
		    message->flags == NO_FLAGS)
			continue;
		if (sign == '+')
			message->flags |= flags;
		else if (sign == '-')
			message->flags &= ~flags;
		else
			message->flags = flags;
	}
	rangeset_done(&sequences);
}

static void operate_store(struct world *world, struct model *model)
{
	static const char signs[] = "+- ";
	bool uid = roll(world, 2);
	bool silent = roll(world, 2);
	bool conditional = !silent && !roll(world, 4);
	char sign = signs[roll(world, 3)];
	char set[256];
	char flags[256];
	char line[800];
	char since[64] = "";
	uint64_t bits;
	random_set(world, model, uid, set);
	random_flags(world, flags, &bits);
	if (conditional)
		snprintf(since, sizeof(since), "(UNCHANGEDSINCE %llu) ",
		    (unsigned long long)imap_view_highestmodseq(
			model->client.session.view) -
			roll(world, 3));
	snprintf(line, sizeof(line), "%sSTORE %s %s%.*sFLAGS%s (%s)",
	    uid ? "UID " : "", set, since, sign == ' ' ? 0 : 1, &sign,
	    silent ? ".SILENT" : "", flags);
	if (silent) {
		struct arena arena;
		arena_init(&arena);
		struct imap_set written;
		struct rangeset uids;
		struct fault fault;
		rangeset_init(&uids);
		assert_int_equal(
		    imap_set_parse(&arena, view_of_string(set), &written, NULL),
		    RC_OK);
		assert_int_equal(imap_view_resolve(model->client.session.view,
				     &written, uid, &fault, &uids),
		    RC_OK);
		believe_silent(model, &uids, sign, bits);
		rangeset_done(&uids);
		arena_done(&arena);
	}
	run(world, model, line);
}

static void operate_on_set(struct world *world, struct model *model,
    const char *name, const char *rest)
{
	bool uid = roll(world, 2);
	char set[256];
	char line[400];
	random_set(world, model, uid, set);
	snprintf(line, sizeof(line), "%s%s %s %s", uid ? "UID " : "", name, set,
	    rest);
	run(world, model, line);
}

// A client asks for what is new to it, as mail programs do.
static void ask_for_new(struct world *world, struct model *model)
{
	uint32_t first = 1;
	while (first <= model->count && model->messages[first - 1].uid &&
	       model->messages[first - 1].flags != NO_FLAGS)
		first++;
	if (first > model->count)
		return;
	char line[64];
	snprintf(line, sizeof(line), "FETCH %u:* (UID FLAGS)", first);
	model->client.between = NULL;
	run(world, model, line);
}

static void append(struct world *world)
{
	uint64_t bits;
	char flags[256];
	random_flags(world, flags, &bits);
	desk_append(&world->desk, "INBOX",
	    "From: a@example.org\r\nSubject: x\r\n\r\nbody\r\n", flags);
}

static void sync_client(struct world *world, struct model *model)
{
	model->may_expunge = true;
	const char *said = client_sync(&model->client, true);
	trace(world, model, "sync", said);
	believe(model, said);
}

static void operate(struct world *world, struct model *model)
{
	uint32_t what = roll(world, 100);
	if (model->count == 0 || what < 12) {
		append(world);
		if (model->count == 0)
			sync_client(world, model);
	} else if (what < 45) {
		operate_store(world, model);
	} else if (what < 55) {
		run(world, model, "EXPUNGE");
	} else if (what < 60) {
		char set[256];
		char line[400];
		random_set(world, model, true, set);
		snprintf(line, sizeof(line), "UID EXPUNGE %s", set);
		run(world, model, line);
	} else if (what < 70) {
		operate_on_set(world, model, "FETCH", "(UID FLAGS)");
	} else if (what < 78) {
		operate_on_set(world, model, "FETCH", "BODY[TEXT]");
	} else if (what < 82) {
		operate_on_set(world, model, "FETCH", "(FLAGS MODSEQ)");
	} else if (what < 85 && world->depth == 0) {
		operate_on_set(world, model, "COPY", "INBOX");
	} else if (what < 88) {
		operate_on_set(world, model, "MOVE", "INBOX");
	} else {
		sync_client(world, model);
	}
}

struct interruption {
	struct world *world;
	struct model *model; // whose command is interrupted
};

// Others work while this session's output drains.
static void interrupt(void *context)
{
	const struct interruption *at = context;
	struct world *world = at->world;
	if (world->depth >= 2 || roll(world, 4))
		return;
	struct model *other = &world->models[roll(world, CLIENTS)];
	for (size_t i = 0; i < CLIENTS; i++) {
		// One that is interrupted itself cannot begin anything.
		if (other->client.between)
			other =
			    &world->models[(size_t)(other - world->models + 1) %
					   CLIENTS];
	}
	if (other->client.between) {
		append(world);
		return;
	}
	struct interruption nested = {world, other};
	world->depth++;
	if (imap_has_feature(&other->client.session, IMAP_FEATURE_QRESYNC))
		ask_for_new(world, other);
	other->client.between = interrupt;
	other->client.context = &nested;
	operate(world, other);
	other->client.between = NULL;
	world->depth--;
}

// ---- The truth -------------------------------------------------------------

static uint64_t truth_flags(
    const struct store_snapshot *snapshot, const struct store_message *message)
{
	uint64_t flags = 0;
	static const unsigned system[] = {STORE_FLAG_ANSWERED,
	    STORE_FLAG_FLAGGED, STORE_FLAG_DELETED, STORE_FLAG_SEEN,
	    STORE_FLAG_DRAFT};
	for (size_t i = 0; i < ARRAY_LEN(system); i++)
		if (message->flags & system[i])
			flags |= 1ull << i;
	for (unsigned i = ARRAY_LEN(system); i < SETTABLE; i++) {
		unsigned n;
		if (message->has_keywords &&
		    store_snapshot_keyword_find(
			snapshot, view_of_string(flag_names[i]), &n) == RC_OK &&
		    store_keyword_set_has(&message->keywords, n))
			flags |= 1ull << i;
	}
	return flags;
}

static void check(struct world *world, struct model *model)
{
	struct imap_view *view = model->client.session.view;
	sync_client(world, model);
	assert_true(store_mailbox_is_current(view->mailbox, view->snapshot));
	assert_int_equal(view->ghost_count, 0);
	assert_int_equal(model->count, store_snapshot_count(view->snapshot));
	struct store_walk walk;
	store_walk_init(&walk, view->snapshot, 0);
	uint32_t index;
	struct store_message message;
	while (store_walk_next(&walk, &index, &message)) {
		const struct believed *believed = &model->messages[index];
		if (believed->uid)
			assert_int_equal(believed->uid, message.uid);
		if (believed->flags != NO_FLAGS)
			assert_int_equal(believed->flags,
			    truth_flags(view->snapshot, &message));
		assert_int_equal(imap_view_uid(view, index + 1), message.uid);
	}
}

static void world_open(struct world *world, uint64_t seed)
{
	static const unsigned features[CLIENTS] = {
	    0,
	    IMAP_FEATURE_CONDSTORE | IMAP_FEATURE_REV2,
	    IMAP_FEATURE_CONDSTORE | IMAP_FEATURE_QRESYNC,
	    IMAP_FEATURE_REV2,
	};
	*world = (struct world){.random = seed};
	buf_init(&world->trace, 1 << 20);
	// Most removals are several commits with every second seed.
	desk_open(&world->desk,
	    (struct store_options){.commit_max = seed % 2 ? 0 : 3});
	for (int i = 0; i < 20; i++)
		append(world);
	for (int i = 0; i < CLIENTS; i++) {
		struct model *model = &world->models[i];
		model->messages =
		    mem_alloc(MODEL_MAX * sizeof(*model->messages));
		client_open(&model->client, &world->desk, features[i]);
		believe(model, client_select(&model->client, "INBOX", false));
		ask_for_new(world, model);
	}
}

static void world_close(struct world *world)
{
	for (int i = 0; i < CLIENTS; i++) {
		client_close(&world->models[i].client);
		free(world->models[i].messages);
	}
	bed_check(&world->desk.bed, false, 0);
	desk_close(&world->desk);
	buf_done(&world->trace);
}

static struct world *current; // for the trace of a failure

static void random_operations(uint64_t seed, int operations)
{
	struct world *world = mem_zalloc(sizeof(*world));
	world_open(world, seed);
	current = world;
	for (int i = 0; i < operations; i++) {
		struct model *model = &world->models[roll(world, CLIENTS)];
		struct interruption at = {world, model};
		// VANISHED names UIDs: such a client has to know them.
		if (imap_has_feature(
			&model->client.session, IMAP_FEATURE_QRESYNC) ||
		    !roll(world, 3))
			ask_for_new(world, model);
		model->client.between = interrupt;
		model->client.context = &at;
		operate(world, model);
		model->client.between = NULL;
		if (!roll(world, 5))
			check(world, model);
	}
	for (int i = 0; i < CLIENTS; i++)
		check(world, &world->models[i]);
	world_close(world);
	current = NULL;
	free(world);
}

static void clients_believe_the_truth(void **unused)
{
	(void)unused;
	for (uint64_t seed = 1; seed <= 12; seed++)
		random_operations(seed * 0x9e3779b97f4a7c15ull, 400);
}

// What led to it, when the test failed.
static int tell_trace(void **unused)
{
	(void)unused;
	if (current)
		fprintf(stderr, "%.*s\n", VIEW_FMT(buf_view(&current->trace)));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(clients_believe_the_truth, tell_trace),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

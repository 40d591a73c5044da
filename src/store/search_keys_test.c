// SPDX-License-Identifier: Apache-2.0
// What SEARCH finds by keys that need no text, and by trees of keys.
#include "store/search_test_tools.h"
#include "wire/date.h"

#define TOO_LONG (STORE_SEARCH_NEEDLE_MAX + 1)

// ---- Keys that need no text ------------------------------------------------

static int64_t day(int32_t year, int32_t month, int32_t number)
{
	return date_day_of_civil((struct date_civil){year, month, number});
}

#define DAY_KEY(t, y, m, d)                                                    \
	{                                                                      \
		.type = (t), .number = (y)*10000 + (m)*100 + (d)               \
	}

// Three messages. 1: 2001-09-08 23:30 +0200 (21:30 UTC), \Seen $Junk, sent
// 2001-09-09 00:10 +0900. 2: 2001-09-09 00:30 -0700 (07:30 UTC): after now, no
// Date. 3: 1969-12-31 23:00 +0000, \Flagged, sent 2001-09-08 23:59 -1200.
static void fill(struct world *world)
{
	static const struct {
		const char *text;
		int64_t date;
		int16_t zone;
		unsigned flags;
		bool keyword;
	} messages[] = {
	    {"Date: Sun, 9 Sep 2001 00:10:00 +0900\r\n\r\nalpha\r\n",
		NOW - 15400, 120, STORE_FLAG_SEEN, true},
	    {"Subject: second\r\n\r\nbeta beta beta\r\n", NOW + 20600, -420, 0,
		false},
	    {"Date: Sat, 8 Sep 2001 23:59:00 -1200\r\n\r\nalpha gamma\r\n",
		-3600, 0, STORE_FLAG_FLAGGED, false},
	};
	struct view junk = VIEW("$Junk");
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		struct store_append append = {
		    .draft = bed_draft(&world->bed, messages[i].text),
		    .flags = {.system = messages[i].flags,
			.keywords = &junk,
			.keyword_count = messages[i].keyword},
		    .has_date = true,
		    .internal_date = messages[i].date,
		    .zone_minutes = messages[i].zone,
		};
		struct store_appended appended;
		assert_int_equal(store_append(world->inbox, &append, 1,
				     &world->bed.fault, &appended),
		    RC_OK);
		store_draft_free(&append.draft);
	}
}

static const struct {
	const char *name;
	struct search_key key; // of days, `number` is yyyymmdd
	const char *uids;
} entries[] = {
    {"all", {.type = SEARCH_ALL}, "1:3"},
    {"seen", {.type = SEARCH_FLAG, .text = BYTES("\\SEEN")}, "1"},
    {"flagged", {.type = SEARCH_FLAG, .text = BYTES("\\Flagged")}, "3"},
    {"draft", {.type = SEARCH_FLAG, .text = BYTES("\\Draft")}, ""},
    {"keyword", {.type = SEARCH_FLAG, .text = BYTES("$jUNK")}, "1"},
    {"no keyword", {.type = SEARCH_FLAG, .text = BYTES("$Never")}, ""},
    {"on 8", DAY_KEY(SEARCH_ON, 2001, 9, 8), "1"},
    {"on 9", DAY_KEY(SEARCH_ON, 2001, 9, 9), "2"},
    {"on 1969", DAY_KEY(SEARCH_ON, 1969, 12, 31), "3"},
    {"before 9", DAY_KEY(SEARCH_BEFORE, 2001, 9, 9), "1,3"},
    {"since 9", DAY_KEY(SEARCH_SINCE, 2001, 9, 9), "2"},
    {"since 8", DAY_KEY(SEARCH_SINCE, 2001, 9, 8), "1:2"},
    {"senton 8", DAY_KEY(SEARCH_SENT_ON, 2001, 9, 8), "3"},
    {"senton 9", DAY_KEY(SEARCH_SENT_ON, 2001, 9, 9), "1"},
    {"sentbefore 9", DAY_KEY(SEARCH_SENT_BEFORE, 2001, 9, 9), "3"},
    {"sentbefore", DAY_KEY(SEARCH_SENT_BEFORE, 2030, 1, 1), "1,3"},
    {"sentsince 9", DAY_KEY(SEARCH_SENT_SINCE, 2001, 9, 9), "1"},
    {"savedon", DAY_KEY(SEARCH_SAVED_ON, 2001, 9, 9), "1:3"},
    {"savedbefore", DAY_KEY(SEARCH_SAVED_BEFORE, 2001, 9, 9), ""},
    {"savedsince", DAY_KEY(SEARCH_SAVED_SINCE, 2001, 9, 9), "1:3"},
    {"saved", {.type = SEARCH_SAVED_SUPPORTED}, "1:3"},
    // RFC 5032: the target time itself is both older and younger.
    {"older", {.type = SEARCH_OLDER, .number = 15400}, "1,3"},
    {"older", {.type = SEARCH_OLDER, .number = 15401}, "3"},
    {"younger", {.type = SEARCH_YOUNGER, .number = 15400}, "1:2"},
    {"younger", {.type = SEARCH_YOUNGER, .number = 15399}, "2"},
    {"younger", {.type = SEARCH_YOUNGER, .number = UINT64_MAX}, "1:3"},
    {"older", {.type = SEARCH_OLDER, .number = UINT64_MAX}, ""},
    {"larger", {.type = SEARCH_LARGER, .number = 46}, "1,3"},
    {"larger", {.type = SEARCH_LARGER, .number = 47}, "3"},
    {"smaller", {.type = SEARCH_SMALLER, .number = 36}, "2"},
    {"smaller", {.type = SEARCH_SMALLER, .number = 35}, ""},
    {"email id", {.type = SEARCH_EMAIL_ID, .number = 2}, "2"},
    {"modseq", {.type = SEARCH_MODSEQ, .number = 1}, "1:3"},
};

static void entry_keys_match(void **state)
{
	(void)state;
	struct world world;
	struct buf uids;
	world_open(&world);
	fill(&world);
	buf_init(&uids, 4096);
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		struct search_key key = entries[i].key;
		if (key.number > 19000000 && key.number < 30000000)
			key.day = day((int32_t)(key.number / 10000),
			    (int32_t)(key.number / 100 % 100),
			    (int32_t)(key.number % 100));
		world_search(&world, &key, &uids);
		if (!view_eq(view_of_string(uids.ptr),
			view_of_string(entries[i].uids)))
			fail_msg("%zu %s: %s", i, entries[i].name, uids.ptr);
	}
	buf_done(&uids);
	world_close(&world);
}

static void ids_modseq_and_sets_match(void **state)
{
	(void)state;
	struct world world;
	struct buf uids;
	world_open(&world);
	fill(&world);
	buf_init(&uids, 4096);
	struct store_snapshot *snapshot = store_mailbox_snapshot(world.inbox);
	struct store_message message;
	store_snapshot_get(snapshot, 1, &message);
	struct search_key key = {
	    .type = SEARCH_MODSEQ, .number = message.modseq};
	world_search(&world, &key, &uids);
	assert_string_equal(uids.ptr, "2:3");
	key = (struct search_key){
	    .type = SEARCH_EMAIL_ID, .number = message.email_id};
	world_search(&world, &key, &uids);
	assert_string_equal(uids.ptr, "2");
	struct store_reader *reader = store_reader_new(world.bed.account);
	struct message_record record;
	key = (struct search_key){.type = SEARCH_THREAD_ID};
	assert_int_equal(
	    store_reader_record(reader, message.email_id, &record, &key.number),
	    RC_OK);
	world_search(&world, &key, &uids);
	assert_string_equal(uids.ptr, "2");
	struct rangeset set;
	rangeset_init(&set);
	rangeset_add(&set, 2, 900);
	key = (struct search_key){.type = SEARCH_UIDS, .uids = &set};
	world_search(&world, &key, &uids);
	assert_string_equal(uids.ptr, "2:3");
	rangeset_done(&set);
	store_reader_free(&reader);
	store_snapshot_unref(&snapshot);
	buf_done(&uids);
	world_close(&world);
}

// ---- Trees -----------------------------------------------------------------

// Random trees over keys of every cost. The expected result is combined by hand
// from the results of the keys.
static const struct search_key leaves[] = {
    {.type = SEARCH_ALL},
    {.type = SEARCH_FLAG, .text = BYTES("\\Seen")},
    {.type = SEARCH_SENT_BEFORE, .day = 11574},
    {.type = SEARCH_HEADER, .field = BYTES("Subject"), .text = BYTES("second")},
    {.type = SEARCH_HEADER, .field = BYTES("Date"), .text = BYTES("sep 2001")},
    {.type = SEARCH_BODY, .text = BYTES("alpha")},
    {.type = SEARCH_BODY, .text = BYTES("gamma")},
    {.type = SEARCH_BODY, .text = BYTES("beta")},
    {.type = SEARCH_TEXT, .text = BYTES("9 sep")},
    {.type = SEARCH_TEXT, .text = BYTES("alpha gamma")},
};

static unsigned next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 16;
}

// `masks` tells for each leaf which messages it matches (bit n: UID n + 1).
static unsigned tree_grow(struct arena *arena, uint32_t *seed, unsigned depth,
    const unsigned *masks, struct search_key **ret_key)
{
	struct search_key *key = arena_zalloc(arena, sizeof(*key));
	*ret_key = key;
	unsigned kind = next_random(seed) % 4;
	if (depth == 0 || kind == 0) {
		unsigned leaf = next_random(seed) % ARRAY_LEN(leaves);
		*key = leaves[leaf];
		return masks[leaf];
	}
	if (kind == 1) {
		key->type = SEARCH_NOT;
		return 7u & ~tree_grow(
				arena, seed, depth - 1, masks, &key->children);
	}
	key->type = kind == 2 ? SEARCH_AND : SEARCH_OR;
	unsigned mask = kind == 2 ? 7 : 0;
	struct search_key **link = &key->children;
	for (unsigned i = 2 + next_random(seed) % 3; i; i--) {
		unsigned one = tree_grow(arena, seed, depth - 1, masks, link);
		mask = kind == 2 ? mask & one : mask | one;
		link = &(*link)->next;
	}
	return mask;
}

static void trees_match_as_their_keys_say(void **state)
{
	(void)state;
	static const unsigned masks[ARRAY_LEN(leaves)] = {
	    7, 1, 4, 2, 5, 5, 4, 2, 1, 4};
	static const char *const sets[] = {
	    "", "1", "2", "1:2", "3", "1,3", "2:3", "1:3"};
	struct world world;
	struct buf uids;
	world_open(&world);
	fill(&world);
	buf_init(&uids, 4096);
	for (size_t i = 0; i < ARRAY_LEN(leaves); i++) {
		world_search(&world, &leaves[i], &uids);
		if (strcmp(uids.ptr, sets[masks[i]]) != 0)
			fail_msg("leaf %zu: %s", i, uids.ptr);
	}
	uint32_t seed = 7;
	for (int i = 0; i < 2000; i++) {
		struct search_key *key;
		arena_reset(&world.bed.arena);
		unsigned mask =
		    tree_grow(&world.bed.arena, &seed, 4, masks, &key);
		world_search(&world, key, &uids);
		if (strcmp(uids.ptr, sets[mask]) != 0)
			fail_msg("tree %d: %s", i, uids.ptr);
	}
	buf_done(&uids);
	world_close(&world);
}

static void too_much_is_refused(void **state)
{
	(void)state;
	struct world world;
	world_open(&world);
	struct store_snapshot *snapshot = store_mailbox_snapshot(world.inbox);
	struct store_search *search = NULL;
	struct search_key nots[STORE_SEARCH_DEPTH_MAX + 3];
	for (size_t i = 0; i < ARRAY_LEN(nots); i++)
		nots[i] = (struct search_key){
		    .type = SEARCH_NOT, .children = &nots[i + 1]};
	nots[ARRAY_LEN(nots) - 1] = (struct search_key){.type = SEARCH_ALL};
	struct fault *fault = &world.bed.fault;
	assert_int_equal(
	    store_search_new(world.inbox, snapshot, nots, fault, &search),
	    RC_LIMIT);
	assert_int_equal(
	    store_search_new(world.inbox, snapshot, nots + 2, fault, &search),
	    RC_OK);
	store_search_free(&search);
	char *text = mem_alloc(TOO_LONG);
	memset(text, 'x', TOO_LONG);
	struct search_key key = {
	    .type = SEARCH_BODY, .text = view_of(text, TOO_LONG)};
	assert_int_equal(
	    store_search_new(world.inbox, snapshot, &key, fault, &search),
	    RC_LIMIT);
	key.text.len--;
	assert_int_equal(
	    store_search_new(world.inbox, snapshot, &key, fault, &search),
	    RC_OK);
	store_search_free(&search);
	// Several strings together may not be that long.
	struct search_key many[10];
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = (struct search_key){.type = SEARCH_BODY,
		    .text = view_of(text, STORE_SEARCH_NEEDLES_MAX / 10),
		    .next = i + 1 < ARRAY_LEN(many) ? &many[i + 1] : NULL};
	struct search_key both = {.type = SEARCH_AND, .children = many};
	assert_int_equal(
	    store_search_new(world.inbox, snapshot, &both, fault, &search),
	    RC_OK);
	store_search_free(&search);
	many[0].text.len += 10;
	assert_int_equal(
	    store_search_new(world.inbox, snapshot, &both, fault, &search),
	    RC_LIMIT);
	key.type = SEARCH_UID;
	assert_int_equal(
	    store_search_new(world.inbox, snapshot, &key, fault, &search),
	    RC_INVALID);
	free(text);
	store_snapshot_unref(&snapshot);
	world_close(&world);
}

// An email that is expunged or arrives after the search was made does not
// match.
static void expunged_email_does_not_match(void **state)
{
	(void)state;
	struct world world;
	world_open(&world);
	fill(&world);
	struct store_snapshot *snapshot = store_mailbox_snapshot(world.inbox);
	struct rangeset uids;
	uint64_t modseq;
	rangeset_init(&uids);
	rangeset_add(&uids, 1, 1);
	struct store_flags_change change = {
	    .operation = STORE_FLAGS_ADD,
	    .flags.system = STORE_FLAG_DELETED,
	};
	assert_int_equal(store_flags_change(world.inbox, &uids, &change,
			     &world.bed.fault, NULL, &modseq),
	    RC_OK);
	assert_int_equal(
	    store_expunge(world.inbox, NULL, &world.bed.fault, &modseq), RC_OK);
	struct search_key body = {.type = SEARCH_BODY, .text = VIEW("alpha")};
	struct search_key not = {.type = SEARCH_NOT, .children = &body};
	const struct search_key *programs[] = {&body, &not };
	for (size_t i = 0; i < 2; i++) {
		struct store_search *search;
		assert_int_equal(store_search_new(world.inbox, snapshot,
				     programs[i], &world.bed.fault, &search),
		    RC_OK);
		assert_true(store_search_reads(search));
		struct store_message message;
		bool matches = true;
		store_snapshot_get(snapshot, 0, &message);
		assert_int_equal(
		    store_search_test(search, &message, &matches), RC_OK);
		assert_false(matches);
		store_snapshot_get(snapshot, 2, &message);
		assert_int_equal(
		    store_search_test(search, &message, &matches), RC_OK);
		assert_int_equal(matches, i == 0);
		store_search_free(&search);
	}
	rangeset_done(&uids);
	store_snapshot_unref(&snapshot);
	world_close(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(entry_keys_match),
	    cmocka_unit_test(ids_modseq_and_sets_match),
	    cmocka_unit_test(trees_match_as_their_keys_say),
	    cmocka_unit_test(too_much_is_refused),
	    cmocka_unit_test(expunged_email_does_not_match),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// Tests that what is put into the queue comes out once, also after a restart;
// claims and limits.
#include "base/test.h"
#include "queue/queue_test_tools.h"
#include "queue/record.h"

static void ids_sort_as_their_text_and_parse_back(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "0", "0000000000000000000",
	    "000000000000000000000", "0000000000000000000z",
	    "0000000000000000000 ", "00000000000000000001", "........"};
	char texts[2][QUEUE_ID_TEXT + 1];
	for (unsigned i = 0; i < 200; i++) {
		struct queue_id a = queue_id_new(1000 + i, i % 16);
		struct queue_id b = queue_id_new(1001 + i, i % 16);
		struct queue_id again;
		queue_id_print(&a, texts[0]);
		queue_id_print(&b, texts[1]);
		assert_true(strcmp(texts[0], texts[1]) < 0);
		assert_int_equal(
		    queue_id_parse(view_of_string(texts[0]), &again), RC_OK);
		assert_true(queue_id_eq(&a, &again));
		assert_int_equal(queue_id_partition(&a), i % 16);
		assert_int_equal(queue_id_seconds(&a), 1);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct queue_id id;
		assert_int_equal(
		    queue_id_parse(view_of_string(bad[i]), &id), RC_SYNTAX);
	}
}

static void a_destination_is_what_stands_after_the_last_at(void **state)
{
	(void)state;
	static const char *const table[][2] = {
	    {"a@b.example", "b.example"},
	    {"\"a@c\"@b.example", "b.example"},
	    {"a@[192.0.2.1]", "[192.0.2.1]"},
	    {"postmaster", ""},
	    {"a@", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_view_equal_row(i,
		    queue_domain_of(view_of_string(table[i][0])),
		    view_of_string(table[i][1]));
}

static void what_is_put_is_taken_read_and_gone_when_delivered(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_id id = bed_put(&bed, "x@b.example");
	assert_true(bed.wakes > 0);
	struct queue_lot *lot = bed_take(&bed);
	assert_non_null(lot);
	assert_true(queue_id_eq(queue_lot_id(lot), &id));
	assert_int_equal(queue_lot_count(lot), 1);
	assert_view_equal(queue_lot_recipient(lot, 0)->recipient.address,
	    VIEW("x@b.example"));
	assert_int_equal(queue_lot_recipient(lot, 0)->attempts, 0);
	struct buf bytes;
	buf_init(&bytes, 4096);
	assert_int_equal(queue_lot_read(lot, 0, 4096, &bytes), RC_OK);
	assert_true(view_starts_with(
	    buf_view(&bytes), VIEW("Received: from here\r\nFrom: a@a")));
	assert_int_equal(bytes.len, queue_lot_size(lot));
	// Reads across the border between head and content.
	buf_reset(&bytes);
	assert_int_equal(queue_lot_read(lot, 19, 6, &bytes), RC_OK);
	assert_view_equal(buf_view(&bytes), VIEW("\r\nFrom"));
	buf_done(&bytes);
	assert_null(bed_take(&bed)); // the lot is leased
	bed_settle(&bed, &lot, QUEUE_DELIVERED);
	assert_int_equal(queue_stats(bed.queue).messages, 0);
	assert_int_equal(queue_stats(bed.queue).recipients, 0);
	struct queue_info info;
	assert_int_equal(
	    queue_show(bed.queue, &id, &bed.arena, &info), RC_NOT_FOUND);
	bed_done(&bed);
}

static enum rc count_content(
    void *context, const struct engine_content_info *info)
{
	(void)info;
	++*(unsigned *)context;
	return RC_OK;
}

static void nothing_is_left_of_what_was_delivered(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_recipient three[] = {{.address = VIEW("x@b.example")},
	    {.address = VIEW("y@c.example")}, {.address = VIEW("z@b.example")}};
	struct queue_envelope envelope = {
	    .sender = VIEW("a@a.example"), .proven = true};
	bed_put_as(&bed, BED_TEXT, &envelope, three, 3);
	assert_int_equal(queue_stats(bed.queue).recipients, 3);
	size_t sizes[2];
	for (size_t i = 0; i < 2; i++) {
		struct queue_lot *lot = bed_take(&bed);
		sizes[i] = queue_lot_count(lot);
		bed_settle(&bed, &lot, QUEUE_DELIVERED);
	}
	assert_int_equal(sizes[0] + sizes[1], 3);
	assert_null(bed_take(&bed));
	bed_expect_empty(&bed);
	unsigned contents = 0;
	assert_int_equal(
	    engine_content_each(bed.engine, count_content, &contents), RC_OK);
	assert_int_equal(contents, 0);
	bed_done(&bed);
}

static void after_a_restart_everything_unsettled_is_due_again(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_recipient three[] = {{.address = VIEW("x@b.example")},
	    {.address = VIEW("y@c.example")}, {.address = VIEW("z@d.example")}};
	struct queue_envelope envelope = {.sender = VIEW("a@a.example"),
	    .proven = true,
	    .envid = VIEW("e"),
	    .hop = VIEW("h"),
	    .account = 7,
	    .body = SMTP_BODY_8BITMIME};
	bed_put_as(&bed, BED_TEXT, &envelope, three, 3);
	struct queue_lot *lot = bed_take(&bed);
	bed_settle(&bed, &lot, QUEUE_DELIVERED);
	lot = bed_take(&bed); // leased, but never settled
	queue_lot_free(&lot);
	bed_restart(&bed);
	assert_int_equal(queue_stats(bed.queue).recipients, 2);
	assert_int_equal(queue_stats(bed.queue).oldest, BED_START);
	for (size_t i = 0; i < 2; i++) {
		lot = bed_take(&bed);
		assert_non_null(lot);
		assert_int_equal(queue_lot_envelope(lot)->account, 7);
		assert_int_equal(
		    queue_lot_envelope(lot)->body, SMTP_BODY_8BITMIME);
		assert_int_equal(queue_lot_created(lot), BED_START);
		bed_settle(&bed, &lot, QUEUE_PASSED);
	}
	assert_null(bed_take(&bed));
	bed_expect_empty(&bed);
	bed_done(&bed);
}

// ---- Claims ----------------------------------------------------------------

static void a_claimed_destination_is_nobody_elses(void **state)
{
	(void)state;
	struct bed bed;
	struct queue_claim domain;
	struct queue_claim other;
	int64_t next = -1;
	bed_make(&bed);
	assert_int_equal(queue_claim(bed.queue, &bed.arena, QUEUE_CLASS_REPORTS,
			     &domain, &next),
	    RC_END);
	assert_int_equal(next, 0);
	bed_put(&bed, "x@b.example");
	bed.now++;
	bed_put(&bed, "x@c.example");
	assert_int_equal(queue_claim(bed.queue, &bed.arena, QUEUE_CLASS_REPORTS,
			     &domain, &next),
	    RC_OK);
	assert_view_equal(domain.domain, VIEW("b.example")); // the earlier one
	assert_int_equal(queue_claim(bed.queue, &bed.arena, QUEUE_CLASS_REPORTS,
			     &other, &next),
	    RC_OK);
	assert_view_equal(other.domain, VIEW("c.example"));
	unsigned wakes = bed.wakes;
	struct queue_lot *lot;
	assert_true(queue_has_due(bed.queue, &domain));
	assert_int_equal(queue_take(bed.queue, &domain, &lot), RC_OK);
	assert_false(queue_has_due(bed.queue, &domain));
	bed_put(&bed, "y@b.example"); // joins a claimed destination
	assert_true(bed.wakes > wakes);
	assert_true(queue_has_due(bed.queue, &domain));
	struct queue_lot *second;
	assert_int_equal(queue_take(bed.queue, &domain, &second), RC_OK);
	assert_int_equal(queue_take(bed.queue, &domain, &second), RC_END);
	queue_drop(bed.queue, &second, 0);
	assert_int_equal(queue_claim(bed.queue, &bed.arena, QUEUE_CLASS_REPORTS,
			     &other, &next),
	    RC_END);
	wakes = bed.wakes;
	queue_unclaim(bed.queue, &domain);
	assert_true(bed.wakes > wakes);
	assert_int_equal(queue_claim(bed.queue, &bed.arena, QUEUE_CLASS_REPORTS,
			     &domain, &next),
	    RC_OK);
	queue_drop(bed.queue, &lot, 0);
	queue_unclaim(bed.queue, &domain);
	queue_unclaim(
	    bed.queue, &(struct queue_claim){.class = QUEUE_CLASS_OTHERS,
			   .domain = VIEW("c.example")});
	bed_done(&bed);
}

// Puts a message of this class for x@`domain`.
static void put_of_class(
    struct bed *bed, enum queue_class class, const char *domain)
{
	struct queue_envelope envelope = {
	    .sender =
		class == QUEUE_CLASS_REPORTS ? VIEW("") : VIEW("a@a.example"),
	    .account = class == QUEUE_CLASS_USERS ? 7 : 0,
	};
	struct buf address;
	buf_init(&address, 100);
	buf_printf(&address, "x@%s", domain);
	struct queue_recipient one = {.address = buf_view(&address)};
	bed_put_as(bed, BED_TEXT, &envelope, &one, 1);
	buf_done(&address);
}

// Settles the lot that is next as "later", and writes its domain's first byte,
// in upper case if it was tried before.
static void note_next(struct bed *bed, struct buf *order)
{
	struct queue_lot *lot = bed_take(bed);
	assert_non_null(lot);
	const struct queue_lot_recipient *one = queue_lot_recipient(lot, 0);
	char initial = one->recipient.address.ptr[2];
	if (one->attempts)
		initial = (char)(initial - 'a' + 'A');
	buf_add_char(order, initial);
	bed_settle(bed, &lot, QUEUE_LATER);
}

static void users_mail_goes_first_and_nothing_waits_for_ever(void **state)
{
	(void)state;
	// Who is there first, in seconds before the first one is taken, and in
	// which order they are taken.
	static const struct {
		int64_t user, other, report, retry; // ages
		const char *order;
	} rows[] = {
	    {0, 0, 0, 0, "uorT"},      // all came at once
	    {0, 50, 290, 800, "uorT"}, // the later ones pass
	    {0, 70, 290, 800, "ourT"}, // others let users pass for a minute,
	    {0, 0, 301, 0, "ruoT"},    // reports for five,
	    {0, 0, 0, 901, "Tuor"},    // what was tried before for fifteen
	    {0, 500, 900, 2000, "Trou"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bed bed;
		struct buf order;
		bed_make(&bed);
		buf_init(&order, 10);
		int64_t start = bed.now;
		put_of_class(&bed, QUEUE_CLASS_USERS, "t.example");
		note_next(&bed, &order);
		const int64_t taken = start + bed_next(&bed) + rows[i].retry;
		bed.now = taken - rows[i].user;
		put_of_class(&bed, QUEUE_CLASS_USERS, "u.example");
		bed.now = taken - rows[i].other;
		put_of_class(&bed, QUEUE_CLASS_OTHERS, "o.example");
		bed.now = taken - rows[i].report;
		put_of_class(&bed, QUEUE_CLASS_REPORTS, "r.example");
		bed.now = taken;
		if (i % 2)
			bed_restart(&bed); // it is known from the records, too
		buf_reset(&order);
		for (int n = 0; n < 4; n++)
			note_next(&bed, &order);
		assert_view_equal(
		    buf_view(&order), view_of_string(rows[i].order));
		buf_done(&order);
		bed_done(&bed);
	}
}

static void what_is_too_much_is_refused(void **state)
{
	(void)state;
	struct bed bed;
	struct queue_id id;
	struct fault fault;
	bed_make(&bed);
	char *big = mem_alloc(QUEUE_HEAD_MAX + 1);
	memset(big, 'a', QUEUE_HEAD_MAX + 1);
	struct queue_envelope envelope = {
	    .sender = VIEW("a@a.example"), .proven = true};
	struct queue_recipient one = {.address = VIEW("x@b.example")};
	struct queue_draft *draft = queue_draft_new(bed.queue);
#define PUT(head, envelope, recipient, count)                                  \
	queue_put(bed.queue, draft, (head), (envelope), (recipient), (count),  \
	    &fault, &id)
	assert_int_equal(PUT(VIEW(""), &envelope, &one, 0), RC_INVALID);
	assert_int_equal(
	    PUT(VIEW(""), &envelope, &one, QUEUE_RECIPIENTS_MAX + 1), RC_LIMIT);
	assert_int_equal(
	    PUT(view_of(big, QUEUE_HEAD_MAX + 1), &envelope, &one, 1),
	    RC_LIMIT);
	struct queue_envelope bad = envelope;
	bad.envid = view_of(big, QUEUE_ENVID_MAX + 1);
	assert_int_equal(PUT(VIEW(""), &bad, &one, 1), RC_LIMIT);
	bad = envelope;
	bad.release_at = -1;
	assert_int_equal(PUT(VIEW(""), &bad, &one, 1), RC_INVALID);
	struct queue_recipient wrong = {
	    .address = view_of(big, QUEUE_ADDRESS_MAX + 1)};
	assert_int_equal(PUT(VIEW(""), &envelope, &wrong, 1), RC_LIMIT);
	wrong = (struct queue_recipient){.address = VIEW("")};
	assert_int_equal(PUT(VIEW(""), &envelope, &wrong, 1), RC_INVALID);
	wrong = (struct queue_recipient){
	    .address = VIEW("x@b.example"), .notify = 16};
	assert_int_equal(PUT(VIEW(""), &envelope, &wrong, 1), RC_INVALID);
	assert_int_equal(queue_stats(bed.queue).messages, 0);
	// A message in which everything is at its limit is accepted, twice from
	// one draft.
	wrong =
	    (struct queue_recipient){.address = view_of(big, QUEUE_ADDRESS_MAX),
		.original = view_of(big, QUEUE_ORIGINAL_MAX)};
	for (int i = 0; i < 40; i++)
		assert_int_equal(
		    PUT(view_of(big, QUEUE_HEAD_MAX), &envelope, &wrong, 1),
		    RC_OK);
	queue_draft_free(&draft);
	for (int i = 0; i < 40; i++) {
		struct queue_lot *lot = bed_take(&bed);
		bed_settle(&bed, &lot, QUEUE_DELIVERED);
	}
	bed_expect_empty(&bed);
	free(big);
	bed_done(&bed);
}

static void five_thousand_recipients_are_one_message(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_recipient *all =
	    arena_zalloc(&bed.arena, QUEUE_RECIPIENTS_MAX * sizeof(*all));
	for (unsigned i = 0; i < QUEUE_RECIPIENTS_MAX; i++) {
		char text[40];
		snprintf(text, sizeof(text), "u%u@d%u.example", i, i % 777);
		all[i].address = arena_copy(&bed.arena, view_of_string(text));
	}
	struct queue_envelope envelope = {
	    .sender = VIEW("a@a.example"), .proven = true};
	bed_put_as(&bed, BED_TEXT, &envelope, all, QUEUE_RECIPIENTS_MAX);
	bed_restart(&bed);
	size_t seen = 0;
	size_t lots = 0;
	for (struct queue_lot *lot; (lot = bed_take(&bed)); lots++) {
		seen += queue_lot_count(lot);
		struct view domain = queue_domain_of(
		    queue_lot_recipient(lot, 0)->recipient.address);
		for (size_t i = 0; i < queue_lot_count(lot); i++)
			assert_view_equal(
			    domain, queue_domain_of(queue_lot_recipient(lot, i)
							->recipient.address));
		bed_settle(&bed, &lot, QUEUE_PASSED);
	}
	assert_int_equal(seen, QUEUE_RECIPIENTS_MAX);
	assert_int_equal(lots, 777);
	bed_expect_empty(&bed);
	bed_done(&bed);
}

static void a_damaged_record_does_not_stop_the_others(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_id bad = bed_put(&bed, "x@b.example");
	struct engine_batch *batch = engine_batch_new(bed.engine);
	struct queue_key key = queue_key(QUEUE_KEY_MESSAGE, &bad);
	uint64_t version;
	uint64_t partition = queue_partition_of(&bad);
	engine_batch_put(batch, queue_key_view(&key), VIEW("\x01junk"));
	assert_int_equal(
	    engine_version(bed.engine, partition, &version), RC_OK);
	assert_int_equal(
	    engine_commit(bed.engine, partition, version, batch, NULL), RC_OK);
	engine_batch_free(&batch);
	bed.now++;
	struct queue_id good = bed_put(&bed, "y@b.example");
	struct queue_lot *lot = bed_take(&bed);
	assert_true(queue_id_eq(queue_lot_id(lot), &good));
	bed_settle(&bed, &lot, QUEUE_DELIVERED);
	assert_true(bed_next(&bed) > 0);
	struct queue_walk *walk;
	struct queue_info info;
	assert_int_equal(queue_walk_open(bed.queue, &walk), RC_OK);
	assert_int_equal(queue_walk_next(walk, &bed.arena, &info), RC_CORRUPT);
	assert_true(queue_id_eq(&info.id, &bad));
	assert_int_equal(queue_walk_next(walk, &bed.arena, &info), RC_END);
	queue_walk_close(&walk);
	bed_done(&bed);
}

static void others_take_the_place_of_an_alias(void **state)
{
	(void)state;
	for (int held = 0; held < 2; held++) {
		struct bed bed;
		bed_make(&bed);
		struct queue_recipient two[] = {
		    {.address = VIEW("x@b.example")},
		    {.address = VIEW("all@b.example")}};
		struct queue_recipient others[] = {
		    {.address = VIEW("y@b.example"), .resolved = true},
		    {.address = VIEW("z@c.example"),
			.notify = SMTP_NOTIFY_NEVER}};
		struct queue_envelope envelope = {.sender = VIEW("a@a.example"),
		    .proven = true,
		    .envid = VIEW("e")};
		struct queue_id id =
		    bed_put_as(&bed, BED_TEXT, &envelope, two, 2);
		struct view text = bed_text(&bed, &id);
		struct queue_lot *lot = bed_take(&bed);
		struct queue_result results[] = {
		    {.outcome = QUEUE_DELIVERED}, {.outcome = QUEUE_EXPANDED,
						      .expanded = others,
						      .expanded_count = 2}};
		bed.now += 100;
		if (held)
			assert_int_equal(
			    queue_hold(bed.queue, &id, NULL), RC_OK);
		assert_int_equal(
		    queue_settle(bed.queue, &lot, results, NULL), RC_OK);
		struct queue_stats stats = queue_stats(bed.queue);
		assert_int_equal(stats.messages, 1);
		assert_int_equal(stats.recipients, 2);
		assert_int_equal(stats.held, held);
		bed_restart(&bed);
		assert_int_equal(queue_stats(bed.queue).held, held);
		for (size_t i = 0; i < 2 && !held; i++) {
			lot = bed_take(&bed);
			const struct queue_recipient *one =
			    &queue_lot_recipient(lot, 0)->recipient;
			bool first = view_eq(one->address, others[0].address);
			assert_int_equal(one->resolved, first);
			assert_int_equal(
			    one->notify, others[first ? 0 : 1].notify);
			assert_view_equal(
			    queue_lot_envelope(lot)->envid, VIEW("e"));
			assert_int_equal(queue_lot_created(lot), BED_START);
			assert_view_equal(
			    bed_text(&bed, queue_lot_id(lot)), text);
			bed_settle(&bed, &lot, QUEUE_DELIVERED);
		}
		assert_null(bed_take(&bed));
		if (!held)
			bed_expect_empty(&bed);
		bed_done(&bed);
	}
}

static void fields_for_some_recipients_are_seen_by_them_only(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_recipient four[] = {
	    {.address = VIEW("a@a.example")},
	    {.address = VIEW("b@b.example"), .head = VIEW("X: 1\r\n")},
	    {.address = VIEW("c@c.example"), .head = VIEW("X: 2\r\n")},
	    {.address = VIEW("d@d.example"), .head = VIEW("X: 1\r\n")},
	};
	struct queue_recipient again[] = {
	    {.address = VIEW("e@a.example")},
	    {.address = VIEW("f@f.example"), .head = VIEW("X: 3\r\n")},
	};
	static const struct {
		const char *address;
		const char *head;
	} table[] = {
	    {"b@b.example", "X: 1\r\n"},
	    {"c@c.example", "X: 2\r\n"},
	    {"d@d.example", "X: 1\r\n"},
	    {"e@a.example", ""},
	    {"f@f.example", "X: 3\r\n"},
	};
	struct queue_envelope envelope = {
	    .sender = VIEW("s@s.example"), .proven = true};
	bed_put_as(&bed, BED_TEXT, &envelope, four, 4);
	assert_int_equal(queue_stats(bed.queue).messages, 3);
	assert_int_equal(bed_problems(&bed), 0);
	bed_restart(&bed);
	unsigned seen = 0;
	for (struct queue_lot *lot; (lot = bed_take(&bed));) {
		struct view to = queue_lot_recipient(lot, 0)->recipient.address;
		struct view text = bed_text(&bed, queue_lot_id(lot));
		assert_int_equal(queue_lot_count(lot), 1);
		assert_int_equal(queue_lot_size(lot), text.len);
		if (view_eq(to, four[0].address)) {
			struct queue_result result = {.outcome = QUEUE_EXPANDED,
			    .expanded = again,
			    .expanded_count = 2};
			assert_true(view_starts_with(text, VIEW("Received")));
			assert_int_equal(
			    queue_settle(bed.queue, &lot, &result, NULL),
			    RC_OK);
			continue;
		}
		for (size_t i = 0; i < ARRAY_LEN(table); i++) {
			struct view head = view_of_string(table[i].head);
			if (!view_eq(to, view_of_string(table[i].address)))
				continue;
			assert_true(view_starts_with(text, head));
			assert_true(view_starts_with(
			    view_from(text, head.len), VIEW("Received")));
			seen |= 1u << i;
		}
		bed_settle(&bed, &lot, QUEUE_DELIVERED);
	}
	assert_int_equal(seen, 31);
	bed_expect_empty(&bed);
	unsigned contents = 0;
	assert_int_equal(
	    engine_content_each(bed.engine, count_content, &contents), RC_OK);
	assert_int_equal(contents, 0);
	bed_done(&bed);
}

static void what_was_removed_is_not_expanded(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_id id = bed_put(&bed, "all@b.example");
	struct queue_lot *lot = bed_take(&bed);
	struct queue_recipient other = {.address = VIEW("y@b.example")};
	struct queue_result result = {
	    .outcome = QUEUE_EXPANDED, .expanded = &other, .expanded_count = 1};
	assert_int_equal(queue_remove(bed.queue, &id, false, NULL), RC_OK);
	assert_int_equal(queue_settle(bed.queue, &lot, &result, NULL), RC_OK);
	bed_expect_empty(&bed);
	bed_done(&bed);
}

// Writes or deletes one key without the queue's knowledge.
static void tamper(struct bed *bed, const struct queue_id *id,
    const struct queue_key *key, const char *value)
{
	struct engine_batch *batch = engine_batch_new(bed->engine);
	uint64_t version;
	uint64_t partition = queue_partition_of(id);
	if (value)
		engine_batch_put(
		    batch, queue_key_view(key), view_of_string(value));
	else
		engine_batch_delete(batch, queue_key_view(key));
	assert_int_equal(
	    engine_version(bed->engine, partition, &version), RC_OK);
	assert_int_equal(
	    engine_commit(bed->engine, partition, version, batch, NULL), RC_OK);
	engine_batch_free(&batch);
}

static void damage_is_found_by_the_check(void **state)
{
	(void)state;
	static const struct {
		char kind;
		const char *value; // NULL: the key is deleted
	} table[] = {
	    {QUEUE_KEY_MESSAGE, NULL},
	    {QUEUE_KEY_MESSAGE, "junk"},
	    {QUEUE_KEY_RECIPIENT, NULL},
	    {QUEUE_KEY_RECIPIENT, "junk"},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		bed_make(&bed);
		struct queue_id id = bed_put(&bed, "x@b.example");
		struct queue_key key = table[i].kind == QUEUE_KEY_MESSAGE
					   ? queue_key(QUEUE_KEY_MESSAGE, &id)
					   : queue_key_recipient(&id, 0);
		assert_int_equal(bed_problems(&bed), 0);
		tamper(&bed, &id, &key, table[i].value);
		assert_int_equal(bed_problems(&bed), 1);
		bed_restart(&bed); // the queue opens nevertheless
		bed_done(&bed);
	}
}

static void a_record_has_what_its_sender_asked_for(void **state)
{
	(void)state;
	static const struct {
		enum smtp_hold hold;
		uint64_t value;
		bool tracked;
		size_t longer; // than without it
	} table[] = {
	    {SMTP_HOLD_NONE, 0, false, 0},
	    {SMTP_HOLD_FOR, 999999999, false, 8},
	    {SMTP_HOLD_UNTIL, BED_START, false, 8},
	    {SMTP_HOLD_NONE, 0, true, 14},
	    {SMTP_HOLD_UNTIL, BED_START, true, 22},
	};
	size_t plain = 0;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct queue_message_record message = {.created = 5,
		    .envelope = {.hold = table[i].hold,
			.hold_value = table[i].value,
			.tracked = table[i].tracked,
			.track = queue_id_new(1, 1),
			.parts = 3,
			.sender = VIEW("a@b.test")}};
		struct queue_message_record read;
		struct buf bytes;
		buf_init(&bytes, 4096);
		queue_message_encode(&message, &bytes);
		plain = i == 0 ? bytes.len : plain;
		assert_int_equal(bytes.len, plain + table[i].longer);
		assert_int_equal(
		    queue_message_decode(buf_view(&bytes), &read), RC_OK);
		assert_int_equal(read.envelope.hold, table[i].hold);
		assert_int_equal(read.envelope.hold_value, table[i].value);
		assert_int_equal(read.envelope.tracked, table[i].tracked);
		assert_int_equal(read.envelope.parts, table[i].tracked ? 3 : 0);
		if (table[i].tracked)
			assert_true(queue_id_eq(
			    &read.envelope.track, &message.envelope.track));
		assert_view_equal(read.envelope.sender, VIEW("a@b.test"));
		bytes.ptr[1] |= 16 | 32; // both at once
		assert_int_equal(
		    queue_message_decode(buf_view(&bytes), &read), RC_CORRUPT);
		buf_done(&bytes);
	}
}

static void another_version_of_a_record_is_refused(void **state)
{
	(void)state;
	struct queue_message_record message = {.created = 5};
	struct queue_recipient_record one = {
	    .recipient.address = VIEW("a@b.test"), .next_try = 5};
	struct queue_note note = {.kind = QUEUE_NOTE_FAILED};
	struct buf messages, recipients, notes;
	buf_init(&notes, 4096);
	queue_note_encode(&note, &notes);
	buf_init(&messages, 4096);
	buf_init(&recipients, 4096);
	queue_message_encode(&message, &messages);
	queue_recipient_encode(&one, &recipients);
	for (int version = 0; version < 256; version++) {
		enum rc wanted = version == 1 ? RC_OK : RC_CORRUPT;
		messages.ptr[0] = (char)version;
		recipients.ptr[0] = (char)version;
		notes.ptr[0] = (char)version;
		assert_int_equal(
		    queue_note_decode(buf_view(&notes), &note), wanted);
		assert_int_equal(
		    queue_message_decode(buf_view(&messages), &message),
		    wanted);
		assert_int_equal(
		    queue_recipient_decode(buf_view(&recipients), &one),
		    wanted);
	}
	buf_done(&messages);
	buf_done(&recipients);
	buf_done(&notes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ids_sort_as_their_text_and_parse_back),
	    cmocka_unit_test(a_destination_is_what_stands_after_the_last_at),
	    cmocka_unit_test(what_is_put_is_taken_read_and_gone_when_delivered),
	    cmocka_unit_test(nothing_is_left_of_what_was_delivered),
	    cmocka_unit_test(after_a_restart_everything_unsettled_is_due_again),
	    cmocka_unit_test(a_claimed_destination_is_nobody_elses),
	    cmocka_unit_test(users_mail_goes_first_and_nothing_waits_for_ever),
	    cmocka_unit_test(what_is_too_much_is_refused),
	    cmocka_unit_test(five_thousand_recipients_are_one_message),
	    cmocka_unit_test(a_damaged_record_does_not_stop_the_others),
	    cmocka_unit_test(damage_is_found_by_the_check),
	    cmocka_unit_test(a_record_has_what_its_sender_asked_for),
	    cmocka_unit_test(another_version_of_a_record_is_refused),
	    cmocka_unit_test(others_take_the_place_of_an_alias),
	    cmocka_unit_test(fields_for_some_recipients_are_seen_by_them_only),
	    cmocka_unit_test(what_was_removed_is_not_expanded),
	};
	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}

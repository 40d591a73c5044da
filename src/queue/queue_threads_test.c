// SPDX-License-Identifier: Apache-2.0
// Several threads put messages, others take and settle lots, and an
// administrator lists, holds and retries, all at the same time. In the end each
// recipient must have been settled once, each failure reported once, and
// nothing left. Also meant for ThreadSanitizer.
#include <pthread.h>
#include <stdatomic.h>

#include "queue/queue_test_tools.h"

#define PUTTERS  3
#define TAKERS   3
#define MESSAGES 150 // for each putting thread
#define DOMAINS  7
#define NUMBERS  (PUTTERS * MESSAGES * 3)

struct field {
	struct engine *engine;
	struct queue *queue;
	_Atomic int64_t now;
	_Atomic unsigned putting; // threads that are still putting
	_Atomic unsigned settled[NUMBERS];
	_Atomic unsigned failed[NUMBERS];
	_Atomic unsigned reported[NUMBERS];
	_Atomic unsigned
	    holding; // messages that the administrator may have held
	_Atomic bool stop;
};

struct hand {
	struct field *field;
	unsigned number;
	uint64_t random;
	unsigned bad;
};

static uint32_t roll(struct hand *hand, uint32_t below)
{
	hand->random ^= hand->random >> 12;
	hand->random ^= hand->random << 25;
	hand->random ^= hand->random >> 27;
	return (uint32_t)((hand->random * 2685821657736338717ull) >> 33) %
	       below;
}

static int64_t field_wall(void *context)
{
	return ((struct field *)context)->now;
}

static void *put_run(void *context)
{
	struct hand *hand = context;
	struct field *field = hand->field;
	for (unsigned i = 0; i < MESSAGES; i++) {
		char texts[3][40];
		struct queue_recipient to[3] = {{.notify = 0}};
		unsigned count = 1 + roll(hand, 3);
		for (unsigned n = 0; n < count; n++) {
			snprintf(texts[n], sizeof(texts[n]), "u%u@d%u.example",
			    (hand->number * MESSAGES + i) * 3 + n,
			    roll(hand, DOMAINS));
			to[n].address = view_of_string(texts[n]);
			to[n].notify = SMTP_NOTIFY_FAILURE;
		}
		for (unsigned n = count; n < 3;
		     n++) // counts as if it were settled
			field->settled[(hand->number * MESSAGES + i) * 3 + n]++;
		struct queue_envelope envelope = {
		    .sender = VIEW("a@reports.example"), .proven = true};
		struct queue_draft *draft = queue_draft_new(field->queue);
		struct queue_id id;
		if (queue_draft_add(draft, BED_TEXT) != RC_OK ||
		    queue_put(field->queue, draft, VIEW(""), &envelope, to,
			count, NULL, &id) != RC_OK)
			hand->bad++;
		queue_draft_free(&draft);
	}
	field->putting--;
	return NULL;
}

// "u12@d3.example" is 12.
static unsigned number_of(struct view address)
{
	uint32_t number;
	size_t at = view_find_char(address, '@');
	if (!view_to_u32(view_slice(address, 1, at - 1), &number))
		return 0;
	return number < NUMBERS ? number : 0;
}

// Counts the recipients that a report names.
static void read_report(struct hand *hand, struct queue_lot *lot)
{
	struct buf bytes;
	buf_init(&bytes, (size_t)1 << 20);
	if (queue_lot_read(lot, 0, SIZE_MAX, &bytes) != RC_OK)
		hand->bad++;
	struct view rest = buf_view(&bytes);
	static const struct view field = {"\r\nFinal-Recipient: rfc822; ", 27};
	for (;;) {
		size_t at = view_find(rest, field);
		if (at == SIZE_MAX)
			break;
		rest = view_from(rest, at + field.len);
		hand->field->reported[number_of(rest)]++;
	}
	buf_done(&bytes);
}

static void settle(struct hand *hand, struct queue_lot *lot)
{
	struct queue_result results[3] = {{0}};
	struct field *field = hand->field;
	bool report = queue_lot_envelope(lot)->sender.len == 0;
	unsigned numbers[3];
	size_t count = queue_lot_count(lot);
	if (report)
		read_report(hand, lot);
	for (size_t i = 0; i < count; i++) {
		results[i].outcome = QUEUE_DELIVERED;
		numbers[i] =
		    number_of(queue_lot_recipient(lot, i)->recipient.address);
		switch (report ? 3 : roll(hand, 4)) {
		case 0: results[i].outcome = QUEUE_LATER; break;
		case 1: results[i].outcome = QUEUE_FAILED; break;
		default: break;
		}
	}
	if (queue_settle(field->queue, &lot, results, NULL) != RC_OK)
		hand->bad++;
	for (size_t i = 0; i < count && !report; i++) {
		if (results[i].outcome != QUEUE_LATER)
			field->settled[numbers[i]]++;
		if (results[i].outcome == QUEUE_FAILED)
			field->failed[numbers[i]]++;
	}
}

static void work_off(struct hand *hand, struct queue_claim domain)
{
	struct queue_lot *lot;
	while (queue_take(hand->field->queue, &domain, &lot) == RC_OK) {
		if (roll(hand, 8) == 0)
			queue_drop(hand->field->queue, &lot, roll(hand, 20));
		else
			settle(hand, lot);
	}
}

static void *take_run(void *context)
{
	struct hand *hand = context;
	struct field *field = hand->field;
	struct arena arena;
	arena_init(&arena);
	for (;;) {
		struct queue_claim domain;
		int64_t next;
		bool putting = field->putting > 0;
		enum rc rc = queue_claim(
		    field->queue, &arena, QUEUE_CLASS_REPORTS, &domain, &next);
		if (rc == RC_OK) {
			work_off(hand, domain);
			queue_unclaim(field->queue, &domain);
			arena_reset(&arena);
			continue;
		}
		if (!putting && next == 0 && field->holding == 0 &&
		    queue_stats(field->queue).messages == 0)
			break;
		int64_t now = field->now;
		if (next / 1000 > now)
			atomic_compare_exchange_strong(
			    &field->now, &now, next / 1000);
		sched_yield();
	}
	arena_done(&arena);
	return NULL;
}

static void *admin_run(void *context)
{
	struct hand *hand = context;
	struct field *field = hand->field;
	while (!field->stop) {
		struct queue_walk *walk;
		struct queue_info info;
		struct arena arena;
		arena_init(&arena);
		if (queue_walk_open(field->queue, &walk) != RC_OK)
			hand->bad++;
		enum rc rc;
		while ((rc = queue_walk_next(walk, &arena, &info)) == RC_OK) {
			enum rc held = RC_OK;
			field->holding++;
			if (roll(hand, 3) == 0)
				held = queue_hold(field->queue, &info.id, NULL);
			if (held == RC_OK)
				held =
				    queue_release(field->queue, &info.id, NULL);
			if (held == RC_OK)
				held =
				    queue_retry(field->queue, &info.id, NULL);
			if (held != RC_OK && held != RC_NOT_FOUND)
				hand->bad++;
			field->holding--;
			arena_reset(&arena);
		}
		if (rc != RC_END)
			hand->bad++;
		queue_walk_close(&walk);
		arena_done(&arena);
	}
	return NULL;
}

static struct field *field_new(struct clock *clock)
{
	struct field *field = mem_zalloc(sizeof(*field));
	struct fault fault;
	field->now = BED_START;
	field->putting = PUTTERS;
	field->engine = engine_memory_new();
	*clock = (struct clock){.wall = field_wall, .context = field};
	struct queue_settings settings = {.clock = clock,
	    .server_name = VIEW("mx.example"),
	    .lifetime_seconds = UINT32_MAX,
	    .delay_notice_seconds = UINT32_MAX - 1,
	    .retry_first_seconds = 5,
	    .retry_last_seconds = 20};
	assert_int_equal(
	    queue_open(field->engine, &settings, &fault, &field->queue), RC_OK);
	return field;
}

static void each_recipient_is_settled_once_and_each_failure_told_once(
    void **state)
{
	(void)state;
	struct clock clock;
	struct field *field = field_new(&clock);
	struct hand hands[PUTTERS + TAKERS + 1];
	pthread_t threads[ARRAY_LEN(hands)];
	for (unsigned i = 0; i < ARRAY_LEN(hands); i++) {
		hands[i] = (struct hand){
		    .field = field, .number = i, .random = 77 + i};
		assert_int_equal(pthread_create(&threads[i], NULL,
				     i < PUTTERS            ? put_run
				     : i < PUTTERS + TAKERS ? take_run
							    : admin_run,
				     &hands[i]),
		    0);
	}
	for (unsigned i = 0; i < ARRAY_LEN(hands); i++) {
		if (i == PUTTERS + TAKERS)
			field->stop = true;
		pthread_join(threads[i], NULL);
		assert_int_equal(hands[i].bad, 0);
	}
	unsigned failed = 0;
	for (unsigned i = 0; i < NUMBERS; i++) {
		assert_int_equal(field->settled[i], 1);
		assert_int_equal(field->failed[i], field->reported[i]);
		failed += field->failed[i];
	}
	assert_true(failed > NUMBERS / 20);
	struct queue_stats stats = queue_stats(field->queue);
	assert_int_equal(stats.messages, 0);
	assert_int_equal(stats.recipients, 0);
	assert_int_equal(stats.held, 0);
	queue_close(&field->queue);
	engine_close(&field->engine);
	free(field);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		each_recipient_is_settled_once_and_each_failure_told_once),
	};
	return cmocka_run_group_tests_name("queue threads", tests, NULL, NULL);
}

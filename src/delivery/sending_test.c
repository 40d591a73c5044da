// SPDX-License-Identifier: Apache-2.0
// How much a user may send, what becomes of the rest, and what is learned.
#include <sys/mman.h>
#include <unistd.h>

#include "delivery/sending_impl.h"

#include "base/test.h"
#include "delivery/delivery_test_tools.h"
#include "queue/manage.h"

#define HOUR 3600
#define DAY  86400
#define MID  ((int64_t)1700006400) // midnight UTC

struct world {
	struct engine *engine;
	struct sending *sending;
	struct sending_settings settings;
	struct clock clock;
	int64_t now;
};

static int64_t wall(void *context)
{
	return *(int64_t *)context;
}

static void world_open(struct world *world, uint32_t message_hour,
    uint32_t message_day, uint32_t recipient_hour, uint32_t recipient_day)
{
	*world = (struct world){.now = MID, .engine = engine_memory_new()};
	world->clock = (struct clock){.wall = wall, .context = &world->now};
	world->settings = (struct sending_settings){
	    .per_hour = {message_hour, recipient_hour},
	    .per_day = {message_day, recipient_day},
	    .clock = &world->clock,
	};
	world->sending = sending_new(world->engine, &world->settings);
}

static void world_restart(struct world *world)
{
	sending_free(&world->sending);
	world->sending = sending_new(world->engine, &world->settings);
}

static void world_close(struct world *world)
{
	sending_free(&world->sending);
	engine_close(&world->engine);
}

// Seconds that the next message of an account waits; -1: it is not taken.
static int64_t waits(struct world *world, uint64_t account, size_t recipients)
{
	int64_t release_at;
	enum rc rc = sending_count(
	    world->sending, account, VIEW("u"), recipients, &release_at);
	if (rc == RC_LIMIT)
		return -1;
	assert_int_equal(rc, RC_OK);
	return release_at ? release_at - world->now : 0;
}

static void what_is_over_the_limit_waits_in_order(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, 10, 100, 100, 1000);
	for (int i = 0; i < 10; i++)
		assert_int_equal(waits(&world, 1, 1), 0);
	assert_int_equal(sending_limited(world.sending), 0);
	// One more every six minutes.
	for (int i = 1; i <= 20; i++)
		assert_int_equal(waits(&world, 1, 1), i * 360);
	assert_int_equal(sending_limited(world.sending), 1);
	// Another user has all the room.
	assert_int_equal(waits(&world, 2, 1), 0);
	// With time there is room again.
	world.now += 3 * HOUR;
	assert_int_equal(sending_limited(world.sending), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(waits(&world, 1, 1), 0);
	assert_int_equal(waits(&world, 1, 1), 360);
	world_close(&world);
}

static void each_of_the_four_limits_holds(void **state)
{
	(void)state;
	static const struct {
		uint32_t limits[4]; // messages hour, day; recipients hour, day
		size_t recipients;  // of each message
		int free;           // messages that go at once
		int64_t next;       // the wait of the next one
	} table[] = {
	    {{0, 0, 0, 0}, 1000, 100000, 0},
	    {{10, 0, 0, 0}, 1000, 10, 360},
	    {{0, 24, 0, 0}, 1000, 24, HOUR},
	    {{0, 0, 100, 0}, 20, 5, 720},
	    {{0, 0, 0, 48}, 4, 12, 2 * HOUR},
	    {{10, 5, 100, 0}, 1, 5, DAY / 5},
	    {{10, 100, 20, 100}, 4, 5, 720},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct world world;
		const uint32_t *limits = table[i].limits;
		world_open(&world, limits[0], limits[1], limits[2], limits[3]);
		for (int n = 0; n < table[i].free; n++)
			if (waits(&world, 1, table[i].recipients) != 0)
				fail_msg("row %zu: message %d waits", i, n);
		assert_int_equal(
		    waits(&world, 1, table[i].recipients), table[i].next);
		world_close(&world);
	}
}

// A message to more recipients than an hour has is not refused.
static void one_large_message_goes_later(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, 10, 100, 100, 1000);
	assert_int_equal(waits(&world, 1, 300), 2 * HOUR);
	world_close(&world);
	world_open(&world, 0, 0, 0, 100);
	assert_int_equal(waits(&world, 1, 400), 3 * DAY);
	assert_int_equal(waits(&world, 1, 1), -1);
	world.now += 2 * DAY;
	assert_int_equal(waits(&world, 1, 100), 2 * DAY);
	world_close(&world);
}

// Somebody has the password, and sends as much as possible for a week.
static void a_stolen_password_sends_little(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, 200, 1000, 1000, 3000);
	unsigned taken = 0;
	unsigned sent_in_a_day = 0;
	for (int i = 0; i < 100000; i++) {
		int64_t wait = waits(&world, 1, 1);
		taken += wait >= 0;
		sent_in_a_day += wait >= 0 && wait < DAY;
	}
	assert_in_range(taken, 2000, 2002);
	assert_in_range(sent_in_a_day, 1, 2000);
	for (int day = 0; day < 6; day++) {
		world.now += DAY;
		for (int i = 0; i < 10000; i++)
			taken += waits(&world, 1, 1) >= 0;
	}
	assert_in_range(taken, 2000, 2001 + 6 * 1000);
	world_close(&world);
}

static void a_restart_forgets_little(void **state)
{
	(void)state;
	struct world world;
	struct sending *lost;
	world_open(&world, 100, 1000, 0, 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(waits(&world, 1, 1), 0);
	assert_int_equal(waits(&world, 1, 1), 36);
	world_restart(&world);
	assert_int_equal(waits(&world, 1, 1), 72);
	// Killed: nothing is stored at the end.
	for (int i = 3; i < 100; i++)
		(void)waits(&world, 1, 1);
	lost = world.sending;
	world.sending = sending_new(world.engine, &world.settings);
	assert_in_range(
	    waits(&world, 1, 1), (100 - SENDING_UNSAVED_MAX) * 36, 100 * 36);
	sending_free(&world.sending);
	world.sending = lost;
	world_close(&world);
}

// Sends `count` messages a day on `days` days, a tenth of a day's work each
// hour.
static void send_days(struct world *world, uint32_t count, int days)
{
	for (int day = 0; day < days; day++)
		for (int hour = 0; hour < 24; hour++) {
			for (uint32_t i = 0; hour < 10 && i < count / 10; i++)
				(void)waits(world, 1, 1);
			world->now += HOUR;
		}
}

static struct sending_info look(struct world *world)
{
	struct sending_info info;
	assert_int_equal(sending_look(world->sending, 1, &info), RC_OK);
	return info;
}

static void who_sends_much_has_more_room(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, 20, 100, 20, 100);
	assert_int_equal(
	    look(&world).source[SENDING_MESSAGES], SENDING_BY_SETTINGS);
	send_days(&world, 80, SENDING_DAYS_MIN - 1);
	assert_int_equal(look(&world).per_day[SENDING_MESSAGES], 100);
	assert_int_equal(look(&world).ordinary[SENDING_MESSAGES], 0);
	send_days(&world, 80, 1);
	struct sending_info info = look(&world);
	assert_int_equal(info.source[SENDING_MESSAGES], SENDING_LEARNED);
	assert_int_equal(info.ordinary[SENDING_MESSAGES], 80);
	assert_int_equal(info.per_day[SENDING_MESSAGES], 160);
	assert_int_equal(info.per_hour[SENDING_MESSAGES], 32);
	assert_int_equal(info.per_day[SENDING_RECIPIENTS], 160);
	// It is still known after a restart.
	world_restart(&world);
	assert_int_equal(look(&world).per_day[SENDING_MESSAGES], 160);
	// A few days of an attack teach nothing.
	for (int day = 0; day < 3; day++) {
		for (int i = 0; i < 1000; i++)
			(void)waits(&world, 1, 1);
		world.now += DAY;
	}
	assert_int_equal(look(&world).per_day[SENDING_MESSAGES], 160);
	// More than ten times the setting is never learned.
	send_days(&world, 2000, 60);
	assert_int_equal(look(&world).per_day[SENDING_MESSAGES], 1000);
	// After a month without mail nothing is left of it.
	world.now += (SENDING_DAYS + 1) * (int64_t)DAY;
	assert_int_equal(look(&world).per_day[SENDING_MESSAGES], 100);
	world_close(&world);
}

static void an_administrator_decides(void **state)
{
	(void)state;
	struct world world;
	struct fault fault;
	world_open(&world, 10, 100, 10, 100);
	static const uint32_t more[] = {1000, 2000};
	static const uint32_t any[] = {0, 0};
	assert_int_equal(sending_limit(world.sending, 1, more, &fault), RC_OK);
	world_restart(&world);
	struct sending_info info = look(&world);
	assert_int_equal(info.source[SENDING_MESSAGES], SENDING_BY_HAND);
	assert_int_equal(info.per_day[SENDING_MESSAGES], 1000);
	assert_int_equal(info.per_hour[SENDING_MESSAGES], 100);
	assert_int_equal(info.per_day[SENDING_RECIPIENTS], 2000);
	for (int i = 0; i < 100; i++)
		assert_int_equal(waits(&world, 1, 1), 0);
	assert_int_equal(waits(&world, 1, 1), 36);
	assert_true(look(&world).room_at > world.now);
	assert_int_equal(sending_clear(world.sending, 1, &fault), RC_OK);
	assert_int_equal(look(&world).room_at, 0);
	assert_int_equal(waits(&world, 1, 1), 0);
	assert_int_equal(sending_limit(world.sending, 1, any, &fault), RC_OK);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(waits(&world, 1, 1), 0);
	assert_int_equal(sending_limit(world.sending, 1, NULL, &fault), RC_OK);
	assert_int_equal(look(&world).per_day[SENDING_MESSAGES], 100);
	assert_int_equal(sending_forget(world.sending, 1, &fault), RC_OK);
	assert_int_equal(look(&world).today[SENDING_MESSAGES], 0);
	world_close(&world);
}

static void a_clock_that_jumps_locks_nobody_out(void **state)
{
	(void)state;
	static const int64_t jumps[] = {-DAY, DAY, -365 * DAY, 365 * DAY, -1};
	for (size_t i = 0; i < ARRAY_LEN(jumps); i++) {
		struct world world;
		world_open(&world, 10, 100, 0, 0);
		for (int n = 0; n < 10; n++)
			assert_int_equal(waits(&world, 1, 1), 0);
		world.now += jumps[i];
		int64_t wait = waits(&world, 1, 1);
		assert_in_range(wait, 0, 360);
		world.now += HOUR;
		assert_int_equal(waits(&world, 1, 1), 0);
		world_close(&world);
	}
}

static void what_was_not_accepted_does_not_count(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, 10, 100, 100, 1000);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(waits(&world, 1, 10), 0);
		sending_take_back(world.sending, 1, 10);
	}
	assert_int_equal(look(&world).today[SENDING_MESSAGES], 0);
	assert_int_equal(look(&world).today[SENDING_RECIPIENTS], 0);
	world_close(&world);
}

static void records_are_read_back(void **state)
{
	(void)state;
	struct sending_account account = {.last = 5, .day = 7, .has_own = true};
	struct sending_account again;
	struct buf bytes;
	account.free_at[1][0] = 99;
	account.own[1] = UINT32_MAX;
	account.days[SENDING_DAYS][1] = 3;
	buf_init(&bytes, 4096);
	sending_encode(&account, &bytes);
	assert_int_equal(sending_decode(buf_view(&bytes), &again), RC_OK);
	assert_memory_equal(&account.days, &again.days, sizeof(again.days));
	assert_int_equal(again.free_at[1][0], 99);
	assert_int_equal(again.own[1], UINT32_MAX);
	assert_true(again.has_own);
	for (size_t len = 0; len < bytes.len; len++)
		assert_int_equal(
		    sending_decode(view_of(bytes.ptr, len), &again),
		    RC_CORRUPT);
	bytes.ptr[0] = 2;
	assert_int_equal(sending_decode(buf_view(&bytes), &again), RC_CORRUPT);
	bytes.ptr[0] = 1;
	bytes.ptr[9] = (char)0xff; // a time before 1970
	assert_int_equal(sending_decode(buf_view(&bytes), &again), RC_CORRUPT);
	buf_done(&bytes);
}

// ---- A damaged record ------------------------------------------------------

static enum rc put_damaged(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	struct sending_key key = sending_key(*(uint64_t *)context);
	(void)from;
	(void)fault;
	engine_batch_put(batch, sending_key_view(&key), VIEW("\1\1what is it"));
	return RC_OK;
}

static void damage(struct engine *engine, uint64_t account)
{
	assert_int_equal(engine_change(engine, SENDING_PARTITION, put_damaged,
			     &account, NULL),
	    RC_OK);
}

static size_t lines_of(int fd)
{
	char text[4096];
	ssize_t len = pread(fd, text, sizeof(text), 0);
	size_t lines = 0;
	for (ssize_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	return lines;
}

// An administrator may have allowed the account only a few messages. That is
// not lifted because the record cannot be read.
static void a_damaged_record_lifts_no_limit(void **state)
{
	(void)state;
	struct world world;
	struct fault fault;
	int64_t release_at;
	struct sending_info info;
	struct log log = {.fd = memfd_create("log", MFD_CLOEXEC)};
	static const uint32_t few[] = {5, 5};
	world_open(&world, 0, 0, 0, 0);
	world.settings.log = &log;
	assert_int_equal(sending_limit(world.sending, 1, few, &fault), RC_OK);
	assert_int_equal(sending_check(world.engine, 1), RC_OK);
	assert_int_equal(sending_check(world.engine, 2), RC_OK); // no record
	sending_free(&world.sending);
	damage(world.engine, 1);
	world.sending = sending_new(world.engine, &world.settings);
	assert_int_equal(sending_check(world.engine, 1), RC_CORRUPT);
	assert_int_equal(sending_look(world.sending, 1, &info), RC_CORRUPT);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
		    sending_count(world.sending, 1, VIEW("u"), 1, &release_at),
		    RC_CORRUPT);
		sending_take_back(world.sending, 1, 1);
		assert_int_equal(
		    sending_look(world.sending, 1, &info), RC_CORRUPT);
		assert_int_equal(lines_of(log.fd), 1);
	}
	assert_int_equal(sending_limited(world.sending), 0);
	assert_int_equal(waits(&world, 2, 1), 0); // nobody else is hurt
	// Letting go what waits does not lift it either, but the administrator
	// can say anew what the limits are.
	assert_int_equal(sending_clear(world.sending, 1, &fault), RC_CORRUPT);
	assert_int_equal(sending_limit(world.sending, 1, few, &fault), RC_OK);
	for (int i = 0; i < 5; i++)
		assert_int_equal(waits(&world, 1, 1), 0);
	assert_true(waits(&world, 1, 1) > 0);
	world_restart(&world);
	assert_true(waits(&world, 1, 1) > 0);
	assert_int_equal(sending_check(world.engine, 1), RC_OK);
	close(log.fd);
	world_close(&world);
}

// ---- With the delivery -----------------------------------------------------

static void a_submission_over_the_limit_is_taken_and_waits(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct sending_settings settings = {
	    .per_hour = {2, 0}, .per_day = {4, 0}, .clock = &bed.clock};
	bed.office.sending = sending_new(bed.engine, &settings);
	static const struct {
		const char *to;
		const char *text;
		const char *code;
		int copies; // that bert has then
	} table[] = {
#define GOOD "From: anna@ours.example\r\n\r\nHello.\r\n"
	    {"bert@ours.example", GOOD, "250 2.1.5", 1},
	    // What is refused does not count.
	    {"bert@ours.example", "From: bert@ours.example\r\n\r\n",
		"550 5.7.1", 1},
	    {"bert@ours.example", GOOD, "250 2.1.5", 2},
	    {"bert@ours.example", GOOD, "250 2.0.0", 2},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed_mail mail = {.door = DELIVERY_SUBMISSION,
		    .user = "anna",
		    .from = "anna@ours.example",
		    .to = table[i].to,
		    .text = table[i].text};
		const char *code = bed_answer(&bed, &mail);
		if (strcmp(code, table[i].code) != 0)
			fail_msg("row %zu: %s", i, code);
		assert_int_equal(
		    bed_count(&bed, 1001, "INBOX"), table[i].copies);
	}
	struct queue_walk *walk;
	struct queue_info info;
	assert_int_equal(queue_walk_open(bed.office.queue, &walk), RC_OK);
	assert_int_equal(queue_walk_next(walk, &bed.arena, &info), RC_OK);
	assert_true(info.envelope.limited);
	assert_true(info.envelope.release_at > BED_NOW);
	queue_walk_close(&walk);
	// It is not due. A retry does not change that, but letting it go does.
	assert_null(bed_lot(&bed));
	assert_int_equal(
	    queue_retry(bed.office.queue, &info.id, &bed.fault), RC_OK);
	assert_null(bed_lot(&bed));
	assert_int_equal(
	    queue_let_go(bed.office.queue, &info.id, &bed.fault), RC_OK);
	struct queue_lot *lot = bed_lot(&bed);
	assert_non_null(lot);
	assert_int_equal(bed_local(&bed, lot)->outcome, QUEUE_DELIVERED);
	queue_drop(bed.office.queue, &lot, 0);
	assert_int_equal(bed_count(&bed, 1001, "INBOX"), 3);
	// Strangers are not counted.
	for (int i = 0; i < 10; i++) {
		struct bed_mail mail = {.from = "s@far.example",
		    .to = "anna@ours.example",
		    .text = GOOD};
		assert_string_equal(bed_answer(&bed, &mail), "250 2.1.5");
	}
	// When a day of mail waits, no more is taken.
	const char *code = "";
	for (int i = 0; i < 20; i++) {
		struct bed_mail mail = {.door = DELIVERY_SUBMISSION,
		    .user = "anna",
		    .from = "anna@ours.example",
		    .to = "bert@ours.example",
		    .text = GOOD};
		code = bed_answer(&bed, &mail);
	}
	assert_string_equal(code, "450 4.7.0");
	sending_free(&bed.office.sending);
	bed_close(&bed);
}

static void who_may_not_send_is_told_so(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct sending_settings settings = {.clock = &bed.clock};
	damage(bed.engine, 1000);
	bed.office.sending = sending_new(bed.engine, &settings);
	struct bed_mail mail = {.door = DELIVERY_SUBMISSION,
	    .user = "anna",
	    .from = "anna@ours.example",
	    .to = "bert@ours.example",
	    .text = GOOD};
	assert_string_equal(bed_answer(&bed, &mail), "451 4.3.0");
	assert_int_equal(bed_count(&bed, 1001, "INBOX"), 0);
	assert_int_equal(
	    sending_limit(bed.office.sending, 1000, NULL, &bed.fault), RC_OK);
	assert_string_equal(bed_answer(&bed, &mail), "250 2.1.5");
	sending_free(&bed.office.sending);
	bed_close(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_over_the_limit_waits_in_order),
	    cmocka_unit_test(each_of_the_four_limits_holds),
	    cmocka_unit_test(one_large_message_goes_later),
	    cmocka_unit_test(a_stolen_password_sends_little),
	    cmocka_unit_test(a_restart_forgets_little),
	    cmocka_unit_test(who_sends_much_has_more_room),
	    cmocka_unit_test(an_administrator_decides),
	    cmocka_unit_test(a_clock_that_jumps_locks_nobody_out),
	    cmocka_unit_test(what_was_not_accepted_does_not_count),
	    cmocka_unit_test(records_are_read_back),
	    cmocka_unit_test(a_damaged_record_lifts_no_limit),
	    cmocka_unit_test(a_submission_over_the_limit_is_taken_and_waits),
	    cmocka_unit_test(who_may_not_send_is_told_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

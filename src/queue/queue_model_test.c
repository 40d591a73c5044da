// SPDX-License-Identifier: Apache-2.0
// Runs random operations on the queue and on a simple model of it: a table of
// recipients that is searched from end to end.
#include "base/test.h"
#include "queue/queue_test_tools.h"

#define ROUNDS     30
#define OPERATIONS 400
#define PEOPLE_MAX 2000
#define DOMAINS    4

struct person {
	struct queue_id id;
	char address[40];
	unsigned attempts;
	int64_t due;
	int64_t release;
	bool later; // it waits for its release
	bool held;
	bool doomed;
	bool doomed_report;
	bool leased;
	bool report;
	bool of_user; // the recipient of a report
	bool gone;
};

struct model {
	struct bed bed;
	struct person people[PEOPLE_MAX];
	size_t count;
	uint64_t random;
	struct queue_lot *leases[3];
};

static uint32_t roll(struct model *model, uint32_t below)
{
	model->random ^= model->random >> 12;
	model->random ^= model->random << 25;
	model->random ^= model->random >> 27;
	return (uint32_t)((model->random * 2685821657736338717ull) >> 33) %
	       below;
}

static struct person *add_person(
    struct model *model, const struct queue_id *id, int64_t due)
{
	assert_true(model->count < PEOPLE_MAX);
	struct person *person = &model->people[model->count++];
	*person = (struct person){.id = *id, .due = due};
	return person;
}

static struct view domain_of(const struct person *person)
{
	return queue_domain_of(view_of_string(person->address));
}

static void put(struct model *model)
{
	struct queue_recipient to[4] = {{.notify = 0}};
	char texts[4][40];
	size_t count = 1 + roll(model, 4);
	struct queue_envelope envelope = {.sender = VIEW("a@r.example"),
	    .proven = true,
	    .account = roll(model, 2)};
	if (roll(model, 5) == 0)
		envelope.release_at = model->bed.now + 1 + roll(model, 500);
	for (size_t i = 0; i < count; i++) {
		snprintf(texts[i], sizeof(texts[i]), "u%zu@d%u.example",
		    model->count + i, roll(model, DOMAINS));
		to[i].address = view_of_string(texts[i]);
	}
	struct queue_id id =
	    bed_put_as(&model->bed, BED_TEXT, &envelope, to, count);
	int64_t due =
	    envelope.release_at ? envelope.release_at : model->bed.now;
	for (size_t i = 0; i < count; i++) {
		struct person *person = add_person(model, &id, due);
		memcpy(person->address, texts[i], sizeof(texts[i]));
		person->of_user = envelope.account != 0;
		person->release = envelope.release_at;
		person->later = envelope.release_at != 0;
	}
}

static struct person *find(
    struct model *model, const struct queue_id *id, struct view address)
{
	for (size_t i = 0; i < model->count; i++)
		if (!model->people[i].gone &&
		    queue_id_eq(&model->people[i].id, id) &&
		    view_eq(view_of_string(model->people[i].address), address))
			return &model->people[i];
	return NULL;
}

// Reports get random ids. The messages that are in the queue but not in the
// model must be as many as the expected reports, and must be addressed to the
// sender.
static void adopt_reports(struct model *model, size_t expected)
{
	struct queue_walk *walk;
	struct queue_info info;
	size_t found = 0;
	assert_int_equal(queue_walk_open(model->bed.queue, &walk), RC_OK);
	while (queue_walk_next(walk, &model->bed.arena, &info) == RC_OK) {
		if (find(model, &info.id, info.recipients[0].address))
			continue;
		assert_int_equal(info.count, 1);
		assert_view_equal(
		    info.recipients[0].address, VIEW("a@r.example"));
		struct person *person =
		    add_person(model, &info.id, model->bed.now);
		snprintf(
		    person->address, sizeof(person->address), "a@r.example");
		person->report = true;
		found++;
	}
	queue_walk_close(&walk);
	assert_int_equal(found, expected);
}

// When it is a lot's turn. Others' mail lets users' mail pass for a minute,
// reports let all pass for five, and what was tried before for fifteen more.
static int64_t rank_of(const struct person *person)
{
	int64_t waits = person->report ? 300 : person->of_user ? 0 : 60;
	return person->due + waits + (person->attempts > 0 ? 900 : 0);
}

// The lowest rank of what is due.
static int64_t lowest_rank(const struct model *model)
{
	int64_t rank = INT64_MAX;
	for (size_t i = 0; i < model->count; i++) {
		const struct person *person = &model->people[i];
		if (!person->gone && !person->held && !person->leased &&
		    person->due <= model->bed.now && rank_of(person) < rank)
			rank = rank_of(person);
	}
	return rank;
}

static int64_t earliest(const struct model *model, bool *ret_any)
{
	int64_t due = INT64_MAX;
	for (size_t i = 0; i < model->count; i++) {
		const struct person *person = &model->people[i];
		if (!person->gone && !person->held && !person->leased &&
		    person->due < due)
			due = person->due;
	}
	*ret_any = due != INT64_MAX;
	return due;
}

static void end_wait(struct model *model, const struct queue_id *id)
{
	for (size_t i = 0; i < model->count; i++)
		if (queue_id_eq(&model->people[i].id, id))
			model->people[i].later = false;
}

static void take(struct model *model, struct queue_lot **place)
{
	bool any;
	int64_t due = earliest(model, &any);
	int64_t rank = lowest_rank(model);
	struct queue_lot *lot = bed_take(&model->bed);
	if (!any || due > model->bed.now) {
		assert_null(lot);
		assert_int_equal(
		    bed_next(&model->bed), any ? due - model->bed.now : 0);
		return;
	}
	assert_non_null(lot);
	struct view domain =
	    queue_domain_of(queue_lot_recipient(lot, 0)->recipient.address);
	size_t count = 0;
	for (size_t i = 0; i < model->count; i++) {
		struct person *person = &model->people[i];
		if (person->gone ||
		    !queue_id_eq(&person->id, queue_lot_id(lot)) ||
		    !view_eq(domain_of(person), domain))
			continue;
		assert_false(person->held || person->leased);
		assert_int_equal(rank_of(person), rank);
		person->leased = true;
		count++;
	}
	assert_int_equal(queue_lot_count(lot), count);
	end_wait(model, queue_lot_id(lot));
	for (size_t i = 0; i < count; i++) {
		const struct queue_lot_recipient *one =
		    queue_lot_recipient(lot, i);
		struct person *person =
		    find(model, queue_lot_id(lot), one->recipient.address);
		assert_non_null(person);
		assert_int_equal(person->attempts, one->attempts);
	}
	*place = lot;
}

// What a result should make of a recipient, and whether it is reported.
static bool judge(
    struct model *model, struct person *person, enum queue_outcome outcome)
{
	person->leased = false;
	if (outcome == QUEUE_LATER && !person->doomed) {
		person->attempts++;
		person->due = model->bed.now +
			      queue_schedule_wait(&model->bed.queue->settings,
				  &person->id, person->attempts);
		return false;
	}
	person->gone = true;
	return !person->report &&
	       (outcome == QUEUE_FAILED ||
		   (outcome == QUEUE_LATER && person->doomed_report));
}

static void settle(struct model *model, struct queue_lot **lot)
{
	static const enum queue_outcome outcomes[] = {
	    QUEUE_LATER, QUEUE_DELIVERED, QUEUE_FAILED, QUEUE_PASSED};
	struct queue_result results[4] = {{0}};
	size_t reports = 0;
	for (size_t i = 0; i < queue_lot_count(*lot); i++) {
		struct person *person = find(model, queue_lot_id(*lot),
		    queue_lot_recipient(*lot, i)->recipient.address);
		results[i].outcome = outcomes[roll(model, 4)];
		if (judge(model, person, results[i].outcome))
			reports = 1;
	}
	// All recipients of one lot that stay are due at the same time.
	assert_int_equal(
	    queue_settle(model->bed.queue, lot, results, NULL), RC_OK);
	adopt_reports(model, reports);
}

static void drop(struct model *model, struct queue_lot **lot)
{
	uint32_t seconds = roll(model, 50);
	for (size_t i = 0; i < queue_lot_count(*lot); i++) {
		struct person *person = find(model, queue_lot_id(*lot),
		    queue_lot_recipient(*lot, i)->recipient.address);
		person->leased = false;
		person->due = model->bed.now + seconds;
	}
	queue_drop(model->bed.queue, lot, seconds);
}

static void hold(struct model *model, const struct queue_id *id)
{
	assert_int_equal(queue_hold(model->bed.queue, id, NULL), RC_OK);
	for (size_t i = 0; i < model->count; i++)
		if (queue_id_eq(&model->people[i].id, id))
			model->people[i].held = true;
}

static void release(struct model *model, const struct queue_id *id)
{
	int64_t now = model->bed.now;
	assert_int_equal(queue_release(model->bed.queue, id, NULL), RC_OK);
	for (size_t i = 0; i < model->count; i++) {
		struct person *person = &model->people[i];
		if (!queue_id_eq(&person->id, id))
			continue;
		person->held = false;
		if (person->release <= now)
			continue;
		person->release = now;
		person->later = false;
		if (person->due > now)
			person->due = now;
	}
}

static void remove_message(
    struct model *model, const struct queue_id *id, bool report)
{
	bool told = false;
	assert_int_equal(
	    queue_remove(model->bed.queue, id, report, NULL), RC_OK);
	for (size_t i = 0; i < model->count; i++) {
		struct person *person = &model->people[i];
		if (person->gone || !queue_id_eq(&person->id, id))
			continue;
		if (person->leased) {
			person->doomed = true;
			person->doomed_report = report;
			person->held = false;
			continue;
		}
		person->gone = true;
		told = told || (report && !person->report);
	}
	adopt_reports(model, told);
}

static void administrate(struct model *model)
{
	struct person *person = &model->people[roll(
	    model, (uint32_t)(model->count ? model->count : 1))];
	if (model->count == 0 || person->gone)
		return;
	struct queue_id id = person->id;
	switch (roll(model, 4)) {
	case 0: hold(model, &id); break;
	case 1:
	case 2: release(model, &id); break;
	default: remove_message(model, &id, roll(model, 2)); break;
	}
}

static void restart(struct model *model)
{
	for (size_t i = 0; i < ARRAY_LEN(model->leases); i++)
		if (model->leases[i])
			drop(model, &model->leases[i]);
	// A drop is in memory only, so a restart makes the model and the disk
	// agree again.
	bed_restart(&model->bed);
	for (size_t i = 0; i < model->count; i++) {
		struct person *person = &model->people[i];
		struct queue_info info;
		if (person->gone)
			continue;
		assert_int_equal(queue_show(model->bed.queue, &person->id,
				     &model->bed.arena, &info),
		    RC_OK);
		for (size_t n = 0; n < info.count; n++)
			if (view_eq(info.recipients[n].address,
				view_of_string(person->address)))
				person->due = info.recipients[n].next_try;
		if (person->release <= model->bed.now)
			person->later = false;
	}
}

static bool any_doomed(const struct model *model)
{
	for (size_t i = 0; i < model->count; i++)
		if (!model->people[i].gone && model->people[i].doomed)
			return true;
	return false;
}

static void operate(struct model *model)
{
	struct queue_lot **place =
	    &model->leases[roll(model, ARRAY_LEN(model->leases))];
	switch (roll(model, 12)) {
	case 0:
	case 1:
	case 2: put(model); break;
	case 3: model->bed.now += roll(model, 300); break;
	case 4: administrate(model); break;
	case 5:
		if (roll(model, 10) == 0 && !any_doomed(model))
			restart(model);
		break;
	default:
		if (!*place)
			take(model, place);
		// A removed message is deleted when its lot comes back; see
		// queue_test.c.
		else if (roll(model, 5) == 0 && !any_doomed(model))
			drop(model, place);
		else
			settle(model, place);
		break;
	}
}

// The bytes of the messages of an account that wait for their release.
static uint64_t later_bytes(const struct model *model, bool of_user)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < model->count; i++) {
		const struct person *person = &model->people[i];
		bool first = true;
		for (size_t before = 0; first && before < i; before++)
			first = model->people[before].gone ||
				!queue_id_eq(
				    &model->people[before].id, &person->id);
		if (first && !person->gone && person->later &&
		    person->of_user == of_user)
			bytes += BED_TEXT.len + BED_HEAD.len;
	}
	return bytes;
}

static void expect_same(struct model *model)
{
	struct queue_stats stats = queue_stats(model->bed.queue);
	struct queue_walk *walk;
	struct queue_info info;
	size_t people = 0;
	size_t messages = 0;
	for (size_t i = 0; i < model->count; i++)
		people += !model->people[i].gone;
	assert_int_equal(stats.recipients, people);
	for (uint64_t account = 0; account < 2; account++)
		assert_int_equal(queue_later_bytes(model->bed.queue, account),
		    later_bytes(model, account));
	assert_int_equal(bed_problems(&model->bed), 0);
	assert_int_equal(queue_walk_open(model->bed.queue, &walk), RC_OK);
	while (queue_walk_next(walk, &model->bed.arena, &info) == RC_OK) {
		messages++;
		for (size_t i = 0; i < info.count; i++) {
			struct person *person =
			    find(model, &info.id, info.recipients[i].address);
			assert_non_null(person);
			assert_int_equal(info.recipients[i].state,
			    person->leased ? QUEUE_STATE_SENDING
			    : person->held ? QUEUE_STATE_HELD
					   : QUEUE_STATE_WAITING);
			people--;
		}
	}
	queue_walk_close(&walk);
	assert_int_equal(people, 0);
	assert_int_equal(stats.messages, messages);
}

static void the_queue_is_what_a_naive_one_would_be(void **state)
{
	(void)state;
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		struct model *model = mem_zalloc(sizeof(*model));
		model->random = round * 0x9e3779b97f4a7c15u;
		bed_make(&model->bed);
		for (unsigned i = 0; i < OPERATIONS; i++) {
			operate(model);
			if (i % 20 == 0)
				expect_same(model);
			arena_reset(&model->bed.arena);
		}
		for (size_t i = 0; i < ARRAY_LEN(model->leases); i++)
			if (model->leases[i])
				settle(model, &model->leases[i]);
		expect_same(model);
		bed_done(&model->bed);
		free(model);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_queue_is_what_a_naive_one_would_be),
	};
	return cmocka_run_group_tests_name("queue model", tests, NULL, NULL);
}

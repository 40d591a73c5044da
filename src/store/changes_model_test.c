// SPDX-License-Identifier: Apache-2.0
// Random changes of an account, and clients that follow them by asking what
// changed. A client that stopped at any earlier version must end with the same
// state as one that reads everything, and must not be told of what did not
// change.
#include "store/random_test_tools.h"

#include "store/changes.h"

#define STEPS      120
#define EMAILS_MAX 1024
#define BOXES_MAX  256
#define UIDS_MAX   512
#define PAGE_MAX   5

// ---- All that a client can know --------------------------------------------

struct known_place {
	uint64_t mailbox_id;
	uint32_t uid;
	uint64_t hash; // of its email, flags and keywords
};

struct known {
	uint64_t version;
	uint64_t emails[EMAILS_MAX]; // hash of its places; 0: none
	uint64_t boxes[BOXES_MAX];   // hash of all of it; 0: none
	struct known_place *places;  // by mailbox and UID; owned
	size_t place_count;
	size_t place_capacity;
};

static uint64_t hash_message(
    const struct store_snapshot *snapshot, const struct store_message *message)
{
	uint64_t hash = HASH_BEGIN;
	mix(&hash, &message->email_id, sizeof(message->email_id));
	mix(&hash, &message->flags, sizeof(message->flags));
	for (unsigned n = 0; n < store_snapshot_keyword_count(snapshot); n++) {
		struct view name = store_snapshot_keyword(snapshot, n);
		if (store_keyword_set_has(&message->keywords, n))
			mix(&hash, name.ptr, name.len);
	}
	return hash;
}

static void read_messages(struct store_mailbox *mailbox, struct known *known)
{
	struct store_snapshot *snapshot = store_mailbox_snapshot(mailbox);
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	uint64_t id = store_mailbox_id(mailbox);
	store_walk_init(&walk, snapshot, 0);
	while (store_walk_next(&walk, &index, &message)) {
		uint64_t hash = hash_message(snapshot, &message);
		known->places = mem_grow(known->places, &known->place_capacity,
		    known->place_count + 1, sizeof(*known->places));
		known->places[known->place_count++] =
		    (struct known_place){id, message.uid, hash};
		mix(&hash, &id, sizeof(id));
		mix(&hash, &message.uid, sizeof(message.uid));
		assert_true(message.email_id < EMAILS_MAX);
		known->emails[message.email_id] += hash | 1;
	}
	store_snapshot_unref(&snapshot);
}

static uint64_t hash_box(const struct store_mailbox_info *info)
{
	uint64_t hash = HASH_BEGIN;
	uint64_t numbers[] = {info->special_use, info->subscribed,
	    info->uidvalidity, info->uidnext, info->messages, info->unseen,
	    info->deleted, info->size, info->highestmodseq};
	mix(&hash, info->name.ptr, info->name.len);
	mix(&hash, numbers, sizeof(numbers));
	return hash | 1;
}

static int compare_known(const void *a, const void *b)
{
	const struct known_place *left = a;
	const struct known_place *right = b;
	if (left->mailbox_id != right->mailbox_id)
		return left->mailbox_id < right->mailbox_id ? -1 : 1;
	return (left->uid > right->uid) - (left->uid < right->uid);
}

static struct known *read_everything(struct bed *bed)
{
	struct known *known = mem_zalloc(sizeof(*known));
	struct view after = VIEW("");
	struct store_mailbox_info info;
	while (store_mailbox_next(&bed->asker, bed->account, after, &bed->arena,
		   &info) == RC_OK) {
		struct store_mailbox *mailbox;
		assert_true(info.mailbox_id < BOXES_MAX);
		known->boxes[info.mailbox_id] = hash_box(&info);
		assert_int_equal(
		    store_mailbox_open(&bed->asker, bed->account, info.name,
			STORE_RIGHT_READ, &bed->fault, &mailbox),
		    RC_OK);
		read_messages(mailbox, known);
		store_mailbox_close(&mailbox);
		after = info.name;
	}
	if (known->place_count)
		qsort(known->places, known->place_count, sizeof(*known->places),
		    compare_known);
	assert_int_equal(
	    store_account_version(bed->account, &known->version), RC_OK);
	return known;
}

static void known_free(struct known *known)
{
	free(known->places);
	free(known);
}

// ---- Following -------------------------------------------------------------

// What a client that knew `then` makes of one answer. Only if all came in one
// answer does it know which ids existed before.
static void apply(const struct store_changes *changes, const uint64_t *then,
    const uint64_t *now, bool whole, uint64_t *client)
{
	for (size_t i = 0; i < changes->made.count; i++) {
		uint64_t id = changes->made.items[i];
		assert_int_equal(then[id], 0);
		if (whole)
			assert_int_not_equal(now[id], 0);
		client[id] = now[id];
	}
	for (size_t i = 0; i < changes->changed.count; i++) {
		uint64_t id = changes->changed.items[i];
		if (whole) {
			assert_int_not_equal(then[id], 0);
			assert_int_not_equal(now[id], 0);
		}
		client[id] = now[id];
	}
	for (size_t i = 0; i < changes->gone.count; i++) {
		uint64_t id = changes->gone.items[i];
		assert_int_equal(now[id], 0);
		if (whole)
			assert_int_not_equal(then[id], 0);
		client[id] = 0;
	}
}

typedef void ask_since(struct bed *bed, uint64_t mailbox_id,
    struct store_change_position after, size_t limit,
    struct store_changes *ret_changes);

static void ask_emails(struct bed *bed, uint64_t mailbox_id,
    struct store_change_position after, size_t limit,
    struct store_changes *ret_changes)
{
	(void)mailbox_id;
	assert_int_equal(
	    store_emails_changed(bed->account, after, limit, ret_changes),
	    RC_OK);
	assert_true(ret_changes->made.count + ret_changes->changed.count +
			ret_changes->gone.count <=
		    limit);
}

static void ask_boxes(struct bed *bed, uint64_t mailbox_id,
    struct store_change_position after, size_t limit,
    struct store_changes *ret_changes)
{
	(void)mailbox_id;
	assert_int_equal(
	    store_mailboxes_changed(bed->account, after, limit, ret_changes),
	    RC_OK);
	assert_true(ret_changes->made.count + ret_changes->changed.count +
			ret_changes->gone.count <=
		    limit);
}

static struct store_ids ids_of(const struct rangeset *set)
{
	struct store_ids ids = {
	    .items = mem_alloc((rangeset_size(set) + 1) * sizeof(uint64_t))};
	for (size_t i = 0; i < set->count; i++)
		for (uint64_t n = set->ranges[i].first;
		     n <= set->ranges[i].last; n++)
			ids.items[ids.count++] = n;
	return ids;
}

static void ask_places(struct bed *bed, uint64_t mailbox_id,
    struct store_change_position after, size_t limit,
    struct store_changes *ret_changes)
{
	struct store_places_changed places;
	assert_int_equal(store_places_changed(
			     bed->account, mailbox_id, after, limit, &places),
	    RC_OK);
	*ret_changes = (struct store_changes){
	    .made = ids_of(&places.made),
	    .changed = ids_of(&places.changed),
	    .gone = ids_of(&places.gone),
	    .next = places.next,
	    .more = places.more,
	};
	store_places_changed_done(&places);
}

static void follow(struct bed *bed, ask_since *ask, uint64_t mailbox_id,
    uint64_t version, size_t limit, const uint64_t *then, const uint64_t *now,
    size_t count)
{
	uint64_t *client = mem_alloc(count * sizeof(*client));
	memcpy(client, then, count * sizeof(*client));
	struct store_change_position at = {version, 0};
	bool first = true;
	bool more = true;
	while (more) {
		struct store_changes changes;
		ask(bed, mailbox_id, at, limit, &changes);
		more = changes.more;
		at = changes.next;
		apply(&changes, then, now, first && !more, client);
		first = false;
		store_changes_done(&changes);
	}
	assert_memory_equal(client, now, count * sizeof(*client));
	free(client);
}

static void places_of(
    const struct known *known, uint64_t mailbox_id, uint64_t *ret_by_uid)
{
	memset(ret_by_uid, 0, UIDS_MAX * sizeof(*ret_by_uid));
	for (size_t i = 0; i < known->place_count; i++) {
		const struct known_place *place = &known->places[i];
		assert_true(place->uid < UIDS_MAX);
		if (place->mailbox_id == mailbox_id)
			ret_by_uid[place->uid] = place->hash | 1;
	}
}

// A mailbox that exists in both states, or a new one.
static void follow_places(struct bed *bed, size_t limit,
    const struct known *then, const struct known *now)
{
	uint64_t then_by_uid[UIDS_MAX];
	uint64_t now_by_uid[UIDS_MAX];
	for (uint64_t id = 1; id < BOXES_MAX; id++) {
		if (now->boxes[id] == 0)
			continue;
		places_of(then, id, then_by_uid);
		places_of(now, id, now_by_uid);
		follow(bed, ask_places, id, then->version, limit, then_by_uid,
		    now_by_uid, UIDS_MAX);
	}
}

static void follow_all(struct bed *bed, size_t limit, const struct known *then,
    const struct known *now)
{
	follow(bed, ask_emails, 0, then->version, limit, then->emails,
	    now->emails, EMAILS_MAX);
	follow(bed, ask_boxes, 0, then->version, limit, then->boxes, now->boxes,
	    BOXES_MAX);
	follow_places(bed, limit, then, now);
}

// ---- All together ----------------------------------------------------------

static void follow_each(
    struct bed *bed, struct known *const *knowns, size_t last)
{
	for (size_t n = 0; n <= last; n++)
		follow_all(bed, n % 2 ? 100000 : 1 + n % PAGE_MAX, knowns[n],
		    knowns[last]);
}

static void run(uint64_t seed)
{
	run_random(&(struct random_run){
	    .seed = seed,
	    // With every second seed, most removals are several commits.
	    .options = {.commit_max = seed % 2 ? 0 : 3},
	    .steps = STEPS,
	    .read_everything = read_everything,
	    .follow = follow_each,
	    .known_free = known_free,
	});
}

static void following_changes_equals_reading_everything(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++)
		run(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(following_changes_equals_reading_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

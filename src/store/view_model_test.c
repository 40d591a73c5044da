// SPDX-License-Identifier: Apache-2.0
// Random changes of an account by all that changes one, and JMAP clients that
// follow them. A client that knew everything at any earlier version must end
// with the same emails, threads and mailboxes as one that reads everything, and
// must be told rightly what came, changed and went. The counts must be those
// that are found by reading everything.
#include "store/random_test_tools.h"

#include "store/view_changes.h"

#define STEPS      90
#define EMAILS_MAX 1024
#define BOXES_MAX  256
#define PAGE_MAX   5

// ---- All that a client can know --------------------------------------------

struct known {
	uint64_t version;
	uint64_t emails[EMAILS_MAX];  // hash; 0: none
	uint64_t threads[EMAILS_MAX]; // hash; 0: none
	uint64_t boxes[BOXES_MAX];    // hash of all of it; 0: none
	uint64_t shapes[BOXES_MAX];   // without the counts
};

static struct store_view *open_view(struct bed *bed)
{
	struct store_view *view;
	assert_int_equal(
	    store_view_open(&bed->asker, bed->account, &bed->fault, &view),
	    RC_OK);
	return view;
}

static uint64_t hash_email(const struct store_view_email *email)
{
	uint64_t hash = HASH_BEGIN;
	unsigned flags = email->flags;
	uint64_t last = 0;
	mix(&hash, &flags, sizeof(flags));
	for (size_t i = 0; i < email->keyword_count; i++)
		mix(&hash, email->keywords[i].ptr, email->keywords[i].len);
	for (size_t i = 0; i < email->place_count; i++) {
		if (email->places[i].mailbox_id != last)
			mix(&hash, &email->places[i].mailbox_id, 8);
		last = email->places[i].mailbox_id;
	}
	return hash | 1;
}

static void read_threads(struct store_view *view, struct known *known)
{
	for (uint64_t id = 1; id < EMAILS_MAX; id++) {
		const struct store_view_thread_email *emails;
		size_t count;
		uint64_t hash = HASH_BEGIN;
		if (store_view_thread(view, id, &emails, &count) != RC_OK)
			continue;
		for (size_t i = 0; i < count; i++)
			mix(&hash, &emails[i].email_id, 8);
		known->threads[id] = hash | 1;
	}
}

// ---- Counting, without any cleverness --------------------------------------

struct naive {
	unsigned in[BOXES_MAX]; // emails of the thread, or places of the email
	bool unread_outside;
	bool unread_in_trash;
};

static uint64_t trash_of(const struct store_view *view)
{
	for (size_t i = 0; i < store_view_mailbox_count(view); i++)
		if (store_view_mailbox(view, i)->role == STORE_USE_TRASH)
			return store_view_mailbox(view, i)->info.mailbox_id;
	return 0;
}

static void count_email(const struct store_view_email *email, uint64_t trash,
    struct naive *thread, struct store_view_counts *by_id)
{
	bool unread = !(email->flags & (STORE_FLAG_SEEN | STORE_FLAG_DRAFT));
	struct naive alone = {.unread_outside = false};
	for (size_t i = 0; i < email->place_count; i++) {
		uint64_t box = email->places[i].mailbox_id;
		if (alone.in[box]++)
			continue;
		by_id[box].emails++;
		by_id[box].unread_emails += unread;
		thread->in[box]++;
		thread->unread_in_trash |= unread && box == trash;
		thread->unread_outside |= unread && box != trash;
	}
}

static void count_naively(
    struct store_view *view, struct store_view_counts *by_id)
{
	static struct naive threads[EMAILS_MAX];
	uint64_t trash = trash_of(view);
	memset(threads, 0, sizeof(threads));
	memset(by_id, 0, BOXES_MAX * sizeof(*by_id));
	for (uint64_t id = 1; id < EMAILS_MAX; id++) {
		struct store_view_email email;
		struct message_record record;
		uint64_t thread;
		if (store_view_email(view, id, &email) != RC_OK)
			continue;
		assert_int_equal(store_reader_record(store_view_reader(view),
				     id, &record, &thread),
		    RC_OK);
		count_email(&email, trash, &threads[thread], by_id);
	}
	for (uint64_t id = 1; id < EMAILS_MAX; id++) {
		for (uint64_t box = 0; box < BOXES_MAX; box++) {
			if (!threads[id].in[box])
				continue;
			by_id[box].threads++;
			by_id[box].unread_threads +=
			    box == trash ? threads[id].unread_in_trash
					 : threads[id].unread_outside;
		}
	}
}

static void read_boxes(struct store_view *view, struct known *known)
{
	static struct store_view_counts naive[BOXES_MAX];
	const struct store_view_counts *counts;
	count_naively(view, naive);
	assert_int_equal(store_view_counts(view, &counts), RC_OK);
	for (size_t i = 0; i < store_view_mailbox_count(view); i++) {
		const struct store_view_mailbox *box =
		    store_view_mailbox(view, i);
		uint64_t hash = HASH_BEGIN;
		uint64_t id = box->info.mailbox_id;
		uint64_t numbers[] = {
		    box->parent_id, box->role, box->info.subscribed};
		assert_true(id < BOXES_MAX);
		assert_memory_equal(&counts[i], &naive[id], sizeof(naive[id]));
		mix(&hash, box->own_name.ptr, box->own_name.len);
		mix(&hash, numbers, sizeof(numbers));
		known->shapes[id] = hash | 1;
		mix(&hash, &counts[i], sizeof(counts[i]));
		known->boxes[id] = hash | 1;
	}
}

static struct known *read_everything(struct bed *bed)
{
	struct known *known = mem_zalloc(sizeof(*known));
	struct store_view *view = open_view(bed);
	known->version = store_view_version(view);
	for (uint64_t id = 1; id < EMAILS_MAX; id++) {
		struct store_view_email email;
		if (store_view_email(view, id, &email) == RC_OK)
			known->emails[id] = hash_email(&email);
	}
	read_threads(view, known);
	read_boxes(view, known);
	store_view_close(&view);
	return known;
}

// ---- Following -------------------------------------------------------------

typedef enum rc ask_since(struct store_view *view,
    struct store_change_position after, size_t limit,
    struct store_changes *ret_changes);

// What a client that knew `then` makes of one answer. Only if all came in one
// answer does it know which ids existed before.
static void apply(const struct store_changes *changes, const uint64_t *then,
    const uint64_t *now, bool whole, uint64_t *client)
{
	for (size_t i = 0; i < changes->made.count; i++) {
		uint64_t id = changes->made.items[i];
		if (whole)
			assert_int_equal(then[id], 0);
		assert_int_not_equal(now[id], 0);
		client[id] = now[id];
	}
	for (size_t i = 0; i < changes->changed.count; i++) {
		uint64_t id = changes->changed.items[i];
		if (whole)
			assert_int_not_equal(then[id], 0);
		assert_int_not_equal(now[id], 0);
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

// A mailbox of which only messages changed has the same shape.
static void compare_shapes(const struct store_changes *changes,
    const struct known *then, const struct known *now)
{
	for (size_t i = 0; i < changes->changed.count; i++) {
		uint64_t id = changes->changed.items[i];
		if (changes->what[i] == STORE_CHANGED_MESSAGES)
			assert_int_equal(then->shapes[id], now->shapes[id]);
	}
}

static void follow(struct store_view *view, ask_since *ask, size_t limit,
    const struct known *then, const struct known *now, const uint64_t *then_ids,
    const uint64_t *now_ids, size_t count)
{
	uint64_t *client = mem_alloc(count * sizeof(*client));
	memcpy(client, then_ids, count * sizeof(*client));
	struct store_change_position at = {then->version, 0};
	bool first = true;
	bool more = true;
	while (more) {
		struct store_changes changes;
		assert_int_equal(ask(view, at, limit, &changes), RC_OK);
		more = changes.more;
		at = changes.next;
		apply(&changes, then_ids, now_ids, first && !more, client);
		if (ask == store_view_mailboxes_changed && first && !more)
			compare_shapes(&changes, then, now);
		else if (ask != store_view_mailboxes_changed)
			assert_true(changes.made.count + changes.changed.count +
					changes.gone.count <=
				    limit);
		first = false;
		store_changes_done(&changes);
	}
	assert_int_equal(at.version, now->version);
	assert_memory_equal(client, now_ids, count * sizeof(*client));
	free(client);
}

static void follow_all(struct bed *bed, size_t limit, const struct known *then,
    const struct known *now)
{
	struct store_view *view = open_view(bed);
	follow(view, store_view_emails_changed, limit, then, now, then->emails,
	    now->emails, EMAILS_MAX);
	follow(view, store_view_threads_changed, limit, then, now,
	    then->threads, now->threads, EMAILS_MAX);
	follow(view, store_view_mailboxes_changed, limit, then, now,
	    then->boxes, now->boxes, BOXES_MAX);
	store_view_close(&view);
}

static void follow_some(
    struct bed *bed, struct known *const *knowns, size_t last)
{
	for (size_t n = 0; n <= last; n += 1 + random_below(4))
		follow_all(bed, random_below(2) ? 100000 : 1 + n % PAGE_MAX,
		    knowns[n], knowns[last]);
}

static void known_free(struct known *known)
{
	free(known);
}

static void run(uint64_t seed)
{
	run_random(&(struct random_run){
	    .seed = seed,
	    // With every second seed, most removals are several commits;
	    // with every third, what was expunged is kept.
	    .options = {.commit_max = seed % 2 ? 0 : 3,
		.kept_seconds = seed % 3 ? 0 : 100},
	    .steps = STEPS,
	    .read_everything = read_everything,
	    .follow = follow_some,
	    .known_free = known_free,
	});
}

static void following_changes_equals_reading_everything(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++)
		run(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(following_changes_equals_reading_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

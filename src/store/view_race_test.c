// SPDX-License-Identifier: Apache-2.0
// Views while others change the account, in two stores on one engine: each view
// tells of one moment, whatever happens meanwhile.
#include "store/view_test_tools.h"

#include <pthread.h>

#include "store/emails_set.h"
#include "store/view_changes.h"

#define WRITES  150
#define READERS 2

struct scene {
	struct bed *bed;
	struct store_account *account;
	uint64_t seed;
	_Atomic unsigned *writing; // writers that have not ended
	unsigned wrong;            // answers; of a reader
	unsigned views;
};

static unsigned draw(struct scene *scene, unsigned limit)
{
	scene->seed = scene->seed * 6364136223846793005u + 1442695040888963407;
	return (unsigned)(scene->seed >> 33) % limit;
}

// ---- Writing ---------------------------------------------------------------

static bool append(struct scene *scene, struct store_mailbox *mailbox)
{
	char text[100];
	struct fault fault;
	struct store_appended appended;
	struct store_append append = {
	    .draft = store_draft_new(store_account_store(scene->account))};
	snprintf(text, sizeof(text),
	    "Message-ID: <%u@x>\r\nIn-Reply-To: <%u@x>\r\n\r\nx\r\n",
	    draw(scene, 20), draw(scene, 20));
	enum rc rc = store_draft_add(append.draft, view_of_string(text));
	if (rc == RC_OK)
		rc = store_draft_finish(append.draft);
	if (rc == RC_OK)
		rc = store_append(mailbox, &append, 1, &fault, &appended);
	store_draft_free(&append.draft);
	return rc == RC_OK;
}

static bool set(struct scene *scene, uint64_t mailbox_id)
{
	struct fault fault;
	struct store_email_change change = {.email_id = 1 + draw(scene, WRITES),
	    .destroy = draw(scene, 3) == 0,
	    .add.system = 1U << draw(scene, 3),
	    .only_these_mailboxes = draw(scene, 2) == 0,
	    .into = &mailbox_id,
	    .into_count = draw(scene, 2)};
	struct store_emails_set set = {.changes = &change, .change_count = 1};
	return store_emails_set(
		   &scene->bed->asker, scene->account, &set, &fault) == RC_OK;
}

static void *write_much(void *context)
{
	struct scene *scene = context;
	struct store_mailbox *mailbox;
	struct fault fault;
	const char *name = scene->seed % 2 ? "INBOX" : "Archive";
	if (store_mailbox_open(&scene->bed->asker, scene->account,
		view_of_string(name), STORE_RIGHT_READ, &fault,
		&mailbox) != RC_OK) {
		scene->wrong++;
	} else {
		for (int i = 0; i < WRITES; i++)
			scene->wrong +=
			    draw(scene, 3)
				? !append(scene, mailbox)
				: !set(scene, store_mailbox_id(mailbox));
		store_mailbox_close(&mailbox);
	}
	atomic_fetch_sub(scene->writing, 1);
	return NULL;
}

// ---- Reading ---------------------------------------------------------------

// Each message of a mailbox is a place of its email in the same view.
static unsigned check_messages(
    struct store_view *view, size_t position, struct store_snapshot *snapshot)
{
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	unsigned wrong = 0;
	store_walk_init(&walk, snapshot, 0);
	while (store_walk_next(&walk, &index, &message)) {
		struct store_view_email email;
		uint64_t thread;
		bool found = false;
		if (store_view_email(view, message.email_id, &email) != RC_OK) {
			wrong++;
			continue;
		}
		for (size_t i = 0; i < email.place_count; i++)
			found |= email.places[i].position == position &&
				 email.places[i].uid == message.uid;
		wrong += !found;
		wrong += store_view_threads_of(
			     view, &message.email_id, 1, &thread) != RC_OK ||
			 thread == 0;
	}
	return wrong;
}

static unsigned check_view(struct store_view *view)
{
	const struct store_view_counts *counts;
	struct fault fault;
	unsigned wrong = store_view_counts(view, &counts) != RC_OK;
	for (size_t i = 0; !wrong && i < store_view_mailbox_count(view); i++) {
		const struct store_mailbox_info *info =
		    &store_view_mailbox(view, i)->info;
		struct store_snapshot *snapshot;
		if (store_view_snapshot(view, i, &fault, &snapshot) != RC_OK)
			return 1;
		wrong += store_snapshot_count(snapshot) != info->messages;
		wrong += store_snapshot_uidnext(snapshot) != info->uidnext;
		wrong += counts[i].emails != info->messages;
		wrong += check_messages(view, i, snapshot);
	}
	return wrong;
}

static void *read_much(void *context)
{
	struct scene *scene = context;
	struct store_change_position at = {0};
	bool last = false;
	while (!last) {
		struct store_view *view;
		struct store_changes changes;
		struct fault fault;
		last = atomic_load(scene->writing) == 0;
		if (store_view_open(&scene->bed->asker, scene->account, &fault,
			&view) != RC_OK) {
			scene->wrong++;
			break;
		}
		scene->wrong += check_view(view);
		scene->wrong += store_view_version(view) < at.version;
		if (store_view_emails_changed(view, at, 100000, &changes) !=
		    RC_OK) {
			scene->wrong++;
		} else {
			scene->wrong +=
			    changes.more ||
			    changes.next.version != store_view_version(view);
			at = changes.next;
			store_changes_done(&changes);
		}
		scene->views++;
		store_view_close(&view);
	}
	return NULL;
}

static void test_views_and_writers(void **state)
{
	(void)state;
	struct bed bed;
	_Atomic unsigned writing = 2;
	bed_open(&bed, (struct store_options){0});
	struct store_options options = {.engine = bed.engine};
	struct store *other = store_new(&options);
	struct store_account *there;
	assert_int_equal(
	    store_account_open(other, 1000, &bed.fault, &there), RC_OK);
	struct scene scenes[2 + READERS];
	pthread_t threads[2 + READERS];
	for (unsigned i = 0; i < 2 + READERS; i++) {
		scenes[i] = (struct scene){.bed = &bed,
		    .account = i % 2 ? there : bed.account,
		    .seed = i + 1,
		    .writing = &writing};
		assert_int_equal(
		    pthread_create(&threads[i], NULL,
			i < 2 ? write_much : read_much, &scenes[i]),
		    0);
	}
	for (unsigned i = 0; i < 2 + READERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(scenes[i].wrong, 0);
		assert_true(i < 2 || scenes[i].views > 0);
	}
	store_account_close(&there);
	store_free(&other);
	bed_check(&bed, false, 0);
	bed_close(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_views_and_writers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

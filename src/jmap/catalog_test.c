// SPDX-License-Identifier: Apache-2.0
// A catalog that follows an account is, at each version, the same as one that
// is made new: after random changes of flags, copies, moves, expunges, and of
// mailboxes.
#include <stdio.h>

#include "jmap/catalog.h"
#include "jmap/rig_mail.h"
#include "jmap/rig_one.h"

#define STEPS 400
#define NAMES 5

static struct store_asker asker;
static uint64_t random_state;

static unsigned below(unsigned count)
{
	random_state =
	    random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % count;
}

static const char *const names[NAMES] = {
    "INBOX", "Archive", "Trash", "other", "other/below"};

static bool exists(const char *name)
{
	struct store_mailbox_info info;
	struct arena arena;
	arena_init(&arena);
	enum rc rc = store_mailbox_find(&asker, rig.account,
	    view_of_string(name), STORE_RIGHT_LOOKUP, &arena, NULL, &info);
	arena_done(&arena);
	return rc == RC_OK;
}

static const char *any_name(void)
{
	const char *name = names[below(NAMES)];
	return exists(name) ? name : "INBOX";
}

static const char *any_flags(void)
{
	static const char *const flags[] = {"\\Seen", "\\Flagged", "\\Deleted",
	    "\\Draft", "$one", "$two \\Seen", ""};
	return flags[below(ARRAY_LEN(flags))];
}

static void put_one(void)
{
	char text[200];
	snprintf(text, sizeof(text),
	    "Subject: s\r\nMessage-ID: <%u@x>\r\nReferences: <%u@x>\r\n\r\n"
	    "text\r\n",
	    below(40), below(40));
	rig_mail_put(
	    &rig, any_name(), 1600000000 + below(50), any_flags(), text);
}

static void change_mailbox(void)
{
	struct fault fault;
	uint64_t id;
	const char *name = names[3 + below(2)];
	struct view view = view_of_string(name);
	enum rc rc = exists(name) ? store_mailbox_delete(
					&asker, rig.account, view, &fault)
				  : store_mailbox_create(&asker, rig.account,
					view, 0, &fault, &id);
	assert_int_equal(rc, RC_OK);
}

static void step(void)
{
	uint32_t first = 1 + below(60);
	uint32_t last = first + (below(4) == 0 ? 20 : 0);
	switch (below(8)) {
	case 0:
	case 1:
	case 2: put_one(); break;
	case 3:
		rig_mail_flags(&rig, any_name(), first, last,
		    (enum store_flags_operation)below(3), any_flags());
		break;
	case 4: rig_mail_expunge(&rig, any_name(), first, first); break;
	case 5:
		rig_mail_copy(
		    &rig, any_name(), first, first, any_name(), false);
		break;
	case 6: {
		const char *from = any_name();
		const char *to = any_name();
		if (from != to)
			rig_mail_copy(&rig, from, first, last, to, true);
		break;
	}
	case 7:
		if (below(4) == 0)
			change_mailbox();
		break;
	}
}

// ---- Comparing -------------------------------------------------------------

static void take(struct jmap_catalogs *catalogs, struct jmap_moment *moment)
{
	struct fault fault;
	enum rc rc;
	*moment = (struct jmap_moment){0};
	do
		rc = jmap_moment_open(
		    catalogs, &asker, rig.account, &fault, moment);
	while (rc == RC_MORE);
	assert_int_equal(rc, RC_OK);
	do
		rc = jmap_catalog_threads(moment);
	while (rc == RC_MORE);
	assert_int_equal(rc, RC_OK);
}

static void same_order(struct jmap_catalog *a, uint32_t box_a,
    struct jmap_catalog *b, uint32_t box_b)
{
	const struct catalog_order *left = jmap_catalog_order(a, box_a);
	const struct catalog_order *right = jmap_catalog_order(b, box_b);
	assert_int_equal(left->count, right->count);
	for (size_t i = 0; i < left->count; i++)
		assert_int_equal(catalog_email(a, left->slots[i])->id,
		    catalog_email(b, right->slots[i])->id);
}

static size_t thread_size(
    const struct jmap_catalog *catalog, const struct catalog_email *email)
{
	size_t count = 0;
	for (uint32_t at = email->head; at != CATALOG_NONE;
	     at = catalog_email(catalog, at)->next)
		count += catalog_is_visible(catalog_email(catalog, at));
	return count;
}

static void same_email(struct jmap_catalog *a, struct jmap_catalog *b,
    const struct catalog_email *left)
{
	uint32_t slot = jmap_catalog_find(b, left->id);
	if (!catalog_is_visible(left)) {
		assert_true(slot == CATALOG_NONE ||
			    !catalog_is_visible(catalog_email(b, slot)));
		return;
	}
	assert_int_not_equal(slot, CATALOG_NONE);
	const struct catalog_email *right = catalog_email(b, slot);
	assert_true(catalog_is_visible(right));
	assert_int_equal(left->thread_id, right->thread_id);
	assert_int_equal(left->received_at, right->received_at);
	assert_int_equal(left->size, right->size);
	assert_int_equal(left->flags, right->flags);
	assert_int_equal(thread_size(a, left), thread_size(b, right));
	for (uint32_t i = 0; i < b->boxes.count; i++)
		assert_int_equal(jmap_catalog_in_box(b, right, i),
		    jmap_catalog_in_box(
			a, left, jmap_catalog_box(a, b->boxes.items[i].id)));
}

static void same(struct jmap_catalog *a, struct jmap_catalog *b)
{
	assert_int_equal(a->version, b->version);
	assert_int_equal(a->visible, b->visible);
	for (uint32_t i = 0; i < b->boxes.count; i++) {
		const struct catalog_box *right = &b->boxes.items[i];
		uint32_t number = jmap_catalog_box(a, right->id);
		same_order(a, number, b, i);
	}
	same_order(a, CATALOG_NONE, b, CATALOG_NONE);
	for (size_t i = 0; i < a->emails.count; i++)
		same_email(a, b, &a->emails.items[i]);
	for (size_t i = 0; i < b->emails.count; i++)
		same_email(b, a, &b->emails.items[i]);
}

// The store counts in a way of its own.
static void counts_agree(struct jmap_moment *moment)
{
	struct jmap_catalog *catalog = moment->catalog;
	const struct store_view_counts *counts;
	assert_int_equal(store_view_counts(moment->view, &counts), RC_OK);
	for (size_t i = 0; i < store_view_mailbox_count(moment->view); i++) {
		uint32_t box = jmap_catalog_box(catalog,
		    store_view_mailbox(moment->view, i)->info.mailbox_id);
		const struct catalog_order *order =
		    jmap_catalog_order(catalog, box);
		bool *seen = mem_zalloc(catalog->emails.count + 1);
		uint32_t unread = 0;
		uint32_t threads = 0;
		for (size_t n = 0; n < order->count; n++) {
			const struct catalog_email *email =
			    catalog_email(catalog, order->slots[n]);
			unread += !(email->flags &
				    (STORE_FLAG_SEEN | STORE_FLAG_DRAFT));
			threads += !seen[email->head];
			seen[email->head] = true;
		}
		assert_int_equal(order->count, counts[i].emails);
		assert_int_equal(unread, counts[i].unread_emails);
		assert_int_equal(threads, counts[i].threads);
		free(seen);
	}
}

static void it_follows_the_account(void **state)
{
	(void)state;
	struct jmap_catalogs *catalogs = jmap_catalogs_new(1 << 20);
	struct jmap_moment held = {0};
	random_state = 5;
	for (int i = 0; i < STEPS; i++) {
		struct jmap_moment moment, other;
		for (unsigned n = below(5); n > 0; n--)
			step();
		take(catalogs, &moment);
		struct jmap_catalogs *new = jmap_catalogs_new(1 << 20);
		take(new, &other);
		same(moment.catalog, other.catalog);
		counts_agree(&moment);
		jmap_moment_done(&other);
		jmap_catalogs_free(&new);
		// Now and then somebody keeps a version, so that the next one
		// is made from a copy.
		if (i % 7 == 0) {
			jmap_moment_done(&held);
			held = moment;
		} else {
			jmap_moment_done(&moment);
		}
	}
	jmap_moment_done(&held);
	jmap_catalogs_free(&catalogs);
}

static void many_events_at_once(void **state)
{
	(void)state;
	struct jmap_catalogs *catalogs = jmap_catalogs_new(1 << 20);
	struct jmap_moment moment, other;
	for (int i = 0; i < 400; i++)
		put_one();
	take(catalogs, &moment);
	jmap_moment_done(&moment);
	rig_mail_flags(&rig, "INBOX", 1, 10000, STORE_FLAGS_ADD, "\\Seen $one");
	rig_mail_copy(&rig, "INBOX", 1, 10000, "Archive", true);
	rig_mail_copy(&rig, "Archive", 1, 10000, "Trash", false);
	struct jmap_catalogs *new = jmap_catalogs_new(1 << 20);
	take(catalogs, &moment);
	take(new, &other);
	same(moment.catalog, other.catalog);
	jmap_moment_done(&moment);
	jmap_moment_done(&other);
	jmap_catalogs_free(&new);
	jmap_catalogs_free(&catalogs);
}

static int set_up(void **state)
{
	(void)state;
	jmap_rig_init(&rig);
	asker = store_user(rig.users.user.account);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		it_follows_the_account, set_up, rig_tear_down),
	    cmocka_unit_test_setup_teardown(
		many_events_at_once, set_up, rig_tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

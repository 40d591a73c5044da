// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "store/view_test_tools.h"

#include "store/push_list.h"

static void add_number(void *context, uint64_t account)
{
	buf_printf(context, "%llu ", (unsigned long long)account);
}

static void assert_accounts(struct bed *bed, const char *wanted)
{
	struct buf list;
	buf_init(&list, 1000);
	assert_int_equal(store_push_each(bed->store, add_number, &list), RC_OK);
	assert_view_equal(buf_view(&list), view_of_string(wanted));
	buf_done(&list);
}

static void note(struct bed *bed, uint64_t account, bool has)
{
	assert_int_equal(
	    store_push_note(bed->store, account, has, &bed->fault), RC_OK);
}

static void test_accounts_are_noted(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	assert_accounts(&bed, "");
	note(&bed, 1000, false);
	note(&bed, 70000, true);
	note(&bed, 1000, true);
	note(&bed, 1000, true);
	assert_accounts(&bed, "1000 70000 ");
	note(&bed, 1000, false);
	assert_accounts(&bed, "70000 ");
	bed_close(&bed);
}

static void test_the_first_secret_stays(void **state)
{
	(void)state;
	struct bed bed;
	struct buf secret;
	bed_open(&bed, (struct store_options){0});
	buf_init(&secret, 200);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(store_push_secret(bed.store,
				     i ? VIEW("another") : VIEW("first"),
				     &bed.fault, &secret),
		    RC_OK);
		assert_view_equal(buf_view(&secret), VIEW("first"));
	}
	// It is no account.
	assert_accounts(&bed, "");
	buf_done(&secret);
	bed_close(&bed);
}

static void count(void *context)
{
	++*(unsigned *)context;
}

static void test_a_watch_tells_of_each_commit(void **state)
{
	(void)state;
	struct bed bed;
	unsigned calls = 0, others = 0;
	bed_open(&bed, (struct store_options){0});
	uint64_t id = store_account_id(bed.account);
	struct store_push_watch *watch =
	    store_push_watch_new(bed.store, id, count, &calls);
	struct store_push_watch *other =
	    store_push_watch_new(bed.store, id + 1, count, &others);
	bed_create(&bed, "One", 0);
	bed_create(&bed, "Two", 0);
	assert_int_equal(calls, 2);
	assert_int_equal(others, 0);
	store_push_watch_free(&watch);
	store_push_watch_free(&watch);
	bed_create(&bed, "Three", 0);
	assert_int_equal(calls, 2);
	store_push_watch_free(&other);
	bed_close(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_accounts_are_noted),
	    cmocka_unit_test(test_the_first_secret_stays),
	    cmocka_unit_test(test_a_watch_tells_of_each_commit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

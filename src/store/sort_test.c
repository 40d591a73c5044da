// SPDX-License-Identifier: Apache-2.0
// SORT's orders by each key, ties, REVERSE, and many messages against qsort().
#include "store/sort.h"

#include <stdlib.h>

#include "store/sort_order.h"
#include "store/store_test_tools.h"

// Three keys at most; sorted UIDs as a list.
static void check_order(struct bed *bed, struct store_mailbox *mailbox,
    const struct search_sort *keys, size_t count, const char *wanted)
{
	struct store_snapshot *snapshot = store_mailbox_snapshot(mailbox);
	struct store_sort *sort = store_sort_new(bed->account, keys, count);
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	store_walk_init(&walk, snapshot, 0);
	while (store_walk_next(&walk, &index, &message))
		assert_int_equal(store_sort_add(sort, &message), RC_OK);
	size_t sorted;
	const uint32_t *uids = store_sort_finish(sort, &sorted);
	char text[256];
	size_t len = 0;
	for (size_t i = 0; i < sorted && len < sizeof(text) - 16; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u",
		    i ? " " : "", uids[i]);
	text[len] = '\0';
	if (strcmp(text, wanted) != 0)
		fail_msg("key %d%s: %s, not %s", (int)keys[0].type,
		    keys[0].reverse ? " reversed" : "", text, wanted);
	store_sort_free(&sort);
	store_snapshot_unref(&snapshot);
}

static const struct {
	const char *text;
	int64_t date;
} messages[] = {
    // 1
    {"Date: Mon, 1 Jan 2001 12:00:00 +0000\r\nFrom: bob@x.org\r\n"
     "To: Zoe <zz@x.org>\r\nCc: m@x.org\r\nSubject: Re: banana\r\n\r\nbody\r\n",
	5000},
    // 2: the same moment
    {"Date: Mon, 1 Jan 2001 13:00:00 +0100\r\nFrom: \"Adam\" <carol@x.org>\r\n"
     "To: aa@x.org\r\nSubject: apple\r\n\r\nb\r\n",
	4000},
    // 3: without a date, the arrival counts; no From, To, Cc
    {"Subject: Banana\r\n\r\nlonger body, the longest of all of these here, by "
     "far: it goes on and on, for much longer than the others with all their "
     "headers, which is what the key SIZE is there to tell apart\r\n",
	978300000},
    // 4
    {"Date: Mon, 1 Jan 2001 11:59:59 +0000\r\nFrom: ALICE@x.org\r\n"
     "To: =?utf-8?q?=C3=84gidius?= <m@x.org>\r\nCc: A@x.org, z@x.org\r\n"
     "Subject: Fwd: [list] \xc3\x84pfel\r\n\r\nbo\r\n",
	4000},
    // 5: no valid date, a group address
    {"Date: never\r\nFrom: alice: x@y;\r\nTo: Bcc <bcc@x.org>\r\n"
     "Cc: =?utf-8?q?B?= <b@x.org>\r\nSubject:\r\n\r\nbody\r\n",
	-100},
};

static const struct {
	struct search_sort keys[3];
	size_t count;
	const char *order;
} orders[] = {
    {{{SEARCH_SORT_ARRIVAL, false}}, 1, "5 2 4 1 3"},
    // Equal ones keep their order.
    {{{SEARCH_SORT_ARRIVAL, true}}, 1, "3 1 2 4 5"},
    {{{SEARCH_SORT_DATE, false}}, 1, "5 3 4 1 2"},
    {{{SEARCH_SORT_DATE, true}}, 1, "1 2 4 3 5"},
    {{{SEARCH_SORT_SUBJECT, false}}, 1, "5 2 4 1 3"},
    {{{SEARCH_SORT_SUBJECT, true}}, 1, "1 3 4 2 5"},
    // RFC 5256 section 3: the empty string first; addr-mailbox, without case
    {{{SEARCH_SORT_FROM, false}}, 1, "3 4 5 1 2"},
    {{{SEARCH_SORT_TO, false}}, 1, "3 2 5 4 1"},
    {{{SEARCH_SORT_CC, false}}, 1, "2 3 4 5 1"},
    // RFC 5957
    {{{SEARCH_SORT_DISPLAY_FROM, false}}, 1, "3 2 5 4 1"},
    {{{SEARCH_SORT_DISPLAY_TO, false}}, 1, "3 2 4 5 1"},
    {{{SEARCH_SORT_SUBJECT, false}, {SEARCH_SORT_DATE, true}}, 2, "5 2 4 1 3"},
    {{{SEARCH_SORT_SUBJECT, false}, {SEARCH_SORT_DATE, false}}, 2, "5 2 4 3 1"},
    {{{SEARCH_SORT_DATE, false}, {SEARCH_SORT_FROM, true}}, 2, "5 3 4 2 1"},
    {{{SEARCH_SORT_ARRIVAL, false}, {SEARCH_SORT_SUBJECT, true}}, 2,
	"5 4 2 1 3"},
};

static void each_key_gives_its_order(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *mailbox = bed_mailbox(&bed, "INBOX");
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		struct store_append append = {
		    .draft = bed_draft(&bed, messages[i].text),
		    .has_date = true,
		    .internal_date = messages[i].date,
		};
		struct store_appended appended;
		assert_int_equal(
		    store_append(mailbox, &append, 1, &bed.fault, &appended),
		    RC_OK);
		store_draft_free(&append.draft);
	}
	for (size_t i = 0; i < ARRAY_LEN(orders); i++)
		check_order(&bed, mailbox, orders[i].keys, orders[i].count,
		    orders[i].order);
	struct search_sort size = {SEARCH_SORT_SIZE, true};
	check_order(&bed, mailbox, &size, 1, "3 4 1 2 5");
	store_mailbox_close(&mailbox);
	bed_close(&bed);
}

static void only_keys_of_the_email_read_it(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	for (int type = SEARCH_SORT_ARRIVAL; type <= SEARCH_SORT_TO; type++) {
		struct search_sort key = {(enum search_sort_type)type, false};
		struct store_sort *sort = store_sort_new(bed.account, &key, 1);
		assert_int_equal(store_sort_reads(sort),
		    type != SEARCH_SORT_ARRIVAL && type != SEARCH_SORT_SIZE);
		size_t count = 1;
		assert_non_null(store_sort_finish(sort, &count));
		assert_int_equal(count, 0);
		store_sort_free(&sort);
	}
	bed_close(&bed);
}

// ---- sort_order ------------------------------------------------------------

static int compare_items(const void *a, const void *b)
{
	const struct sort_item *x = a;
	const struct sort_item *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

// All counts near the run length and powers of two, in several shapes.
static void items_are_sorted_and_stable(void **state)
{
	(void)state;
	uint32_t seed = 3;
	for (size_t count = 0; count < 600;
	     count = count < 140 ? count + 1 : count * 2 - 9) {
		for (unsigned shape = 0; shape < 4; shape++) {
			struct sort_item items[1200];
			struct sort_item wanted[1200];
			for (size_t i = 0; i < count; i++) {
				seed = seed * 1664525u + 1013904223u;
				uint64_t keys[] = {
				    seed >> 28, i, count - i, i + (seed >> 29)};
				items[i] = (struct sort_item){keys[shape], i};
				wanted[i] = items[i];
			}
			qsort(wanted, count, sizeof(wanted[0]), compare_items);
			sort_items(items, count);
			assert_memory_equal(
			    items, wanted, count * sizeof(items[0]));
		}
	}
}

static void strings_get_ranks(void **state)
{
	(void)state;
	static const char bytes[] = "abcdefghZabcdefghAabcab\0abcdefghZ";
	static const struct sort_string strings[] = {
	    {0, 9},          // abcdefghZ
	    {9, 9},          // abcdefghA
	    {18, 3},         // abc
	    {21, 2},         // ab
	    {21, 3},         // ab NUL: after ab
	    {0, 0}, {24, 9}, // equal to the first
	};
	static const uint64_t order[] = {5, 3, 4, 2, 1, 0, 6};
	static const uint64_t ranks[] = {0, 1, 2, 3, 4, 5, 5};
	struct sort_item items[7];
	for (size_t i = 0; i < 7; i++)
		items[i].index = i;
	sort_items_by_string(items, 7, VIEW(bytes), strings);
	for (size_t i = 0; i < 7; i++) {
		assert_int_equal(items[i].index, order[i]);
		assert_int_equal(items[i].key, ranks[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_key_gives_its_order),
	    cmocka_unit_test(only_keys_of_the_email_read_it),
	    cmocka_unit_test(items_are_sorted_and_stable),
	    cmocka_unit_test(strings_get_ranks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

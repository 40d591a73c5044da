// SPDX-License-Identifier: Apache-2.0
// THREAD: the examples of RFC 5256, long chains, and random messages, compared
// with thread_naive.h, which does what the RFC says, step by step.
#include "store/thread.h"

#include "base/test.h"
#include "store/store_test_tools.h"
#include "store/thread_forest.h"
#include "store/thread_naive.h"

static void print_steps(
    const struct store_thread_step *steps, size_t count, struct buf *out)
{
	bool after_number = false;
	for (size_t i = 0; i < count; i++) {
		if (after_number)
			buf_add_char(out, ' ');
		if (steps[i].opens)
			buf_add_char(out, '(');
		if (steps[i].uid)
			buf_add_u64(out, steps[i].uid);
		after_number = steps[i].uid && !steps[i].closes;
		for (uint32_t n = 0; n < steps[i].closes; n++)
			buf_add_char(out, ')');
	}
}

static void print_threads(struct bed *bed, struct store_mailbox *mailbox,
    enum search_thread_type type, struct buf *out)
{
	struct store_snapshot *snapshot = store_mailbox_snapshot(mailbox);
	struct store_thread *thread = store_thread_new(bed->account, type);
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	store_walk_init(&walk, snapshot, 0);
	while (store_walk_next(&walk, &index, &message))
		assert_int_equal(store_thread_add(thread, &message), RC_OK);
	size_t count;
	const struct store_thread_step *steps =
	    store_thread_finish(thread, &count);
	print_steps(steps, count, out);
	store_thread_free(&thread);
	store_snapshot_unref(&snapshot);
}

// Adds a message from a table: "id|references|subject|minute".
static void append_row(
    struct bed *bed, struct store_mailbox *mailbox, const char *row)
{
	struct view rest = view_of_string(row);
	struct view id;
	struct view references;
	struct view subject;
	assert_true(view_split(&rest, '|', &id));
	assert_true(view_split(&rest, '|', &references));
	assert_true(view_split(&rest, '|', &subject));
	struct buf text;
	buf_init(&text, 1 << 20);
	if (id.len)
		buf_printf(&text, "Message-ID: <%.*s@x>\r\n", VIEW_FMT(id));
	if (references.len)
		buf_add_literal(&text, "References:");
	bool has_references = references.len;
	struct view one;
	while (view_split(&references, ' ', &one))
		buf_printf(&text, " <%.*s@x>", VIEW_FMT(one));
	if (has_references)
		buf_add_literal(&text, "\r\n");
	buf_printf(&text,
	    "Subject: %.*s\r\nDate: 1 Jan 2001 10:%.*s:00 "
	    "+0000\r\n\r\nbody\r\n",
	    VIEW_FMT(subject), VIEW_FMT(rest));
	buf_add_char(&text, '\0');
	bed_append(bed, mailbox, text.ptr, (struct store_flags){0});
	buf_done(&text);
}

static const struct {
	enum search_thread_type type;
	const char *rows[8];
	const char *wanted;
} cases[] = {
#define REFS SEARCH_THREAD_REFERENCES
#define SUBJ SEARCH_THREAD_ORDERED_SUBJECT
    {REFS, {NULL}, ""},
    {REFS, {"a||one|01", "b||two|02"}, "(1)(2)"},
    {REFS, {"a||one|02", "b||two|01"}, "(2)(1)"},
    // by References, in whatever order the messages arrive
    {REFS, {"a||s|01", "b|a|Re: s|02", "c|a b|Re: s|03"}, "(1 2 3)"},
    {REFS, {"c|a b|Re: s|03", "b|a|Re: s|02", "a||s|01"}, "(3 2 1)"},
    {REFS, {"a||s|01", "b|a|Re: s|03", "c|a|Re: s|02"}, "(1 (3)(2))"},
    // a missing parent with one child, and with two
    {REFS, {"b|a|x|01"}, "(1)"},
    {REFS, {"b|a|x|01", "c|a|y|02"}, "((1)(2))"},
    {REFS, {"b|z a|x|02", "c|z y|y|01"}, "((2)(1))"},
    {REFS, {"a||s|01", "c|a b|t|02", "d|a b|u|03"}, "(1 (2)(3))"},
    // the same id twice: the second message is not linked by it
    {REFS, {"a||s|01", "a||t|02", "b|a|u|03"}, "(1 3)(2)"},
    // no loops
    {REFS, {"a|a|s|01"}, "(1)"},
    {REFS, {"a|b|s|01", "b|a|t|02"}, "(2 1)"},
    {REFS, {"a|c b|s|01", "b|a c|t|02", "c|b a|u|03"}, "(3 2 1)"},
    // another's truncated References does not break a link; the message's own
    // does
    {REFS, {"a||s|01", "b|a|t|02", "c|b|u|03", "d|a c|v|04"}, "(1 2 3 4)"},
    {REFS, {"d|a b|v|04", "a||s|01", "c||t|02", "b|c|u|03"}, "(2)(3 4 1)"},
    // step 5: by subject
    {REFS, {"a||s|01", "b||Re: S|02"}, "(1 2)"},
    {REFS, {"b||Re: S|01", "a||s|02"}, "(2 1)"},
    {REFS, {"a||s|01", "b||s|02"}, "((1)(2))"},
    {REFS, {"a||Re: s|01", "b||fwd: s|02"}, "((1)(2))"},
    {REFS, {"a||s|01", "b||s|02", "c||Re: s|03"}, "((1)(2)(3))"},
    {REFS, {"a||s|01", "b||Re: s|02", "c||s|03"}, "((1 2)(3))"},
    {REFS, {"a|z|s|01", "b|z|t|02", "c||s|03"}, "((1)(2)(3))"},
    {REFS, {"a|z|s|01", "b|z|t|02", "c|y|s|03", "d|y|t|04"}, "((1)(2)(3)(4))"},
    {REFS, {"a|||01", "b|||02"}, "(1)(2)"}, // empty subjects do not gather
    {REFS, {"a||Re:|01", "b|||02"}, "(1)(2)"},
    {SUBJ, {NULL}, ""},
    {SUBJ, {"a||s|01", "b||t|02", "c||Re: S|03"}, "(1 3)(2)"},
    {SUBJ, {"a||s|04", "b||t|02", "c||Re: S|03", "d||[l] s|01"},
	"(4 (3)(1))(2)"},
};

static void threads_come_out_as_the_rfc_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bed bed;
		struct buf out;
		bed_open(&bed, (struct store_options){0});
		struct store_mailbox *mailbox = bed_mailbox(&bed, "INBOX");
		for (size_t k = 0; k < 8 && cases[i].rows[k]; k++)
			append_row(&bed, mailbox, cases[i].rows[k]);
		buf_init(&out, 4096);
		print_threads(&bed, mailbox, cases[i].type, &out);
		if (!view_eq(buf_view(&out), view_of_string(cases[i].wanted)))
			fail_msg("case %zu: %.*s, not %s", i,
			    VIEW_FMT(buf_view(&out)), cases[i].wanted);
		buf_done(&out);
		store_mailbox_close(&mailbox);
		bed_close(&bed);
	}
}

// ---- Random messages -------------------------------------------------------

static unsigned next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 16;
}

// Few different ids, subjects and dates, so that they often collide.
static void random_message(
    uint32_t *seed, unsigned ids, struct naive_message *ret_message)
{
	static const struct {
		const char *text;
		unsigned base;
		bool is_reply;
	} subjects[] = {
	    {"", 0, false},
	    {"Re:", 0, true},
	    {"one", 1, false},
	    {"Re: ONE", 1, true},
	    {"[x] two", 2, false},
	    {"two (fwd)", 2, true},
	    {"three", 3, false},
	};
	struct naive_message message = {0};
	message.id = next_random(seed) % 8 ? 1 + next_random(seed) % ids : 0;
	message.reference_count = next_random(seed) % 5;
	for (unsigned i = 0; i < message.reference_count; i++)
		message.references[i] = 1 + next_random(seed) % ids;
	unsigned subject = next_random(seed) % ARRAY_LEN(subjects);
	message.subject_text = subjects[subject].text;
	message.subject = subjects[subject].base;
	message.is_reply = subjects[subject].is_reply;
	message.date = next_random(seed) % 60;
	*ret_message = message;
}

static void append_random(struct bed *bed, struct store_mailbox *mailbox,
    const struct naive_message *message)
{
	char row[256];
	size_t len = 0;
	if (message->id)
		len += (size_t)snprintf(row, sizeof(row), "%u", message->id);
	row[len++] = '|';
	for (unsigned i = 0; i < message->reference_count; i++)
		len += (size_t)snprintf(row + len, sizeof(row) - len, "%s%u",
		    i ? " " : "", message->references[i]);
	snprintf(row + len, sizeof(row) - len, "|%s|%02u",
	    message->subject_text, message->date);
	append_row(bed, mailbox, row);
}

static void random_messages_thread_as_the_naive_way(void **state)
{
	(void)state;
	uint32_t seed = 11;
	for (int round = 0; round < 300; round++) {
		struct bed bed;
		struct buf out;
		struct buf wanted;
		struct naive_message many[NAIVE_MAX];
		size_t count = 1 + next_random(&seed) % NAIVE_MAX;
		unsigned ids = 2 + next_random(&seed) % 40;
		bed_open(&bed, (struct store_options){0});
		struct store_mailbox *mailbox = bed_mailbox(&bed, "INBOX");
		for (size_t i = 0; i < count; i++) {
			random_message(&seed, ids, &many[i]);
			append_random(&bed, mailbox, &many[i]);
		}
		buf_init(&out, 65536);
		buf_init(&wanted, 65536);
		naive_thread(many, count, &wanted);
		print_threads(&bed, mailbox, SEARCH_THREAD_REFERENCES, &out);
		if (!view_eq(buf_view(&out), buf_view(&wanted)))
			fail_msg("round %d:\n%.*s\nnot\n%.*s", round,
			    VIEW_FMT(buf_view(&out)),
			    VIEW_FMT(buf_view(&wanted)));
		buf_done(&out);
		buf_done(&wanted);
		store_mailbox_close(&mailbox);
		bed_close(&bed);
	}
}

// ---- The forest ------------------------------------------------------------

// Links and cuts at random, compared with following the parents.
static void forest_refuses_loops_and_nothing_else(void **state)
{
	(void)state;
	enum { NODES = 60 };
	struct thread_forest forest;
	uint32_t parents[NODES];
	uint32_t seed = 5;
	thread_forest_init(&forest);
	for (uint32_t i = 0; i < NODES; i++) {
		assert_int_equal(thread_forest_add(&forest), i);
		parents[i] = THREAD_NONE;
	}
	for (int i = 0; i < 20000; i++) {
		uint32_t child = next_random(&seed) % NODES;
		uint32_t parent = next_random(&seed) % NODES;
		if (parents[child] != THREAD_NONE) {
			thread_forest_cut(&forest, child);
			parents[child] = THREAD_NONE;
		}
		if (next_random(&seed) % 4 == 0)
			continue;
		bool loop = false;
		for (uint32_t at = parent; at != THREAD_NONE; at = parents[at])
			loop |= at == child;
		assert_int_equal(
		    thread_forest_link(&forest, parent, child), !loop);
		if (!loop)
			parents[child] = parent;
		assert_int_equal(forest.nodes[child].parent, parents[child]);
	}
	thread_forest_done(&forest);
}

// A chain of 200,000, built from both ends and the middle. If this were not
// linear, it would take hours.
static void deep_chains_are_cheap(void **state)
{
	(void)state;
	enum { NODES = 200000 };
	struct thread_forest forest;
	thread_forest_init(&forest);
	for (uint32_t i = 0; i < NODES; i++)
		thread_forest_add(&forest);
	for (uint32_t i = 0; i + 1 < NODES; i += 2)
		assert_true(thread_forest_link(&forest, i, i + 1));
	for (uint32_t i = 1; i + 1 < NODES; i += 2)
		assert_true(thread_forest_link(&forest, i, i + 1));
	for (int i = 0; i < 1000; i++)
		assert_false(thread_forest_link(&forest, NODES - 1, 0));
	thread_forest_done(&forest);
}

static void replies_ten_thousand_deep_are_threaded(void **state)
{
	(void)state;
	enum { MESSAGES = 10000, BATCH = 500 };
	struct bed bed;
	struct buf out;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *mailbox = bed_mailbox(&bed, "INBOX");
	for (int from = 0; from < MESSAGES; from += BATCH) {
		struct store_append appends[BATCH];
		memset(appends, 0, sizeof(appends));
		for (int i = 0; i < BATCH; i++) {
			char text[160];
			snprintf(text, sizeof(text),
			    "Message-ID: <%d@x>\r\nIn-Reply-To: <%d@x>\r\n"
			    "\r\nbody\r\n",
			    from + i, from + i + 1);
			appends[i].draft = bed_draft(&bed, text);
		}
		struct store_appended appended;
		assert_int_equal(store_append(mailbox, appends, BATCH,
				     &bed.fault, &appended),
		    RC_OK);
		for (int i = 0; i < BATCH; i++)
			store_draft_free(&appends[i].draft);
	}
	buf_init(&out, 1 << 20);
	print_threads(&bed, mailbox, SEARCH_THREAD_REFERENCES, &out);
	struct buf wanted;
	buf_init(&wanted, 1 << 20);
	for (int i = MESSAGES; i > 0; i--)
		buf_printf(&wanted, "%s%d", i == MESSAGES ? "(" : " ", i);
	buf_add_char(&wanted, ')');
	assert_view_equal(buf_view(&out), buf_view(&wanted));
	buf_done(&out);
	buf_done(&wanted);
	store_mailbox_close(&mailbox);
	bed_close(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(threads_come_out_as_the_rfc_says),
	    cmocka_unit_test(random_messages_thread_as_the_naive_way),
	    cmocka_unit_test(forest_refuses_loops_and_nothing_else),
	    cmocka_unit_test(deep_chains_are_cheap),
	    cmocka_unit_test(replies_ten_thousand_deep_are_threaded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

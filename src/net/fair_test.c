// SPDX-License-Identifier: Apache-2.0
// The scheduler without threads and without a clock: each row of the table is a
// dialogue in a small language.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "net/fair.h"

// A letter is a party: a capital is a user, a small letter an address; "*" is
// the server itself.
//
//   A     a task of A becomes ready: "A!" it runs at once, "A." it is queued
//   =A    a task of A is queued
//   >     a thread asks for a task: "A", or "-" when there is none for it
//   <A50  a run of A ends, for which it held its thread 50 ms
//   @80   80 ms pass
static const struct {
	const char *what;
	unsigned threads;
	const char *script;
	const char *result;
} rows[] = {
    {"a task runs at once while nobody waits", 16, "A B a", "A!B!a!"},
    {"and does not pass those who wait", 16, "=A B", "B."},
    {"equals come in their order", 16, "=A=B=C >>>>", "ABC-"},
    {"many connections are not more than one", 16, "=A=A=A=A=B=B >>>>>>",
	"ABABAA"},
    {"who has used less comes first", 16, "A <A90 =A=B >>", "A!BA"},
    {"also when both have used much", 16, "A <A900 B <B800 =A=B >>", "A!B!BA"},
    {"time forgives", 16, "A <A90 @800 B <B10 =A=B >>", "A!B!AB"},
    {"a debt has an end", 16, "A <A99999 @16001 =A=B >>", "A!AB"},
    {"a debt does not end earlier", 16, "A <A99999 @15900 =A=B >>", "A!BA"},
    {"a user gets a quarter of the threads", 16, "A A A A A", "A!A!A!A!A."},
    {"also from the queue", 16, "=A=A=A=A=A >>>>>", "AAAA-"},
    {"and the next one when a run ends", 16, "=A=A=A=A=A >>>>> <A0 >",
	"AAAA-A"},
    {"a full party does not stop others", 16, "=A=A=A=A=A=B >>>>>>", "ABAAA-"},
    {"an address gets three quarters", 4, "a a a a", "a!a!a!a."},
    {"who is heavy waits in the queue", 16, "A <A200 A", "A!A."},
    {"the heavy ones leave a quarter to others", 4,
	"A <A200 B <B200 C <C200 D <D200 =A=B=C=D >>>> =E > <A10 >",
	"A!B!C!D!ABC-ED"},
    {"also when they are one address", 8, "a <a900 =a=a=a=a=a=a=a >>>>>>>",
	"a!aaaaaa-"},
    {"one thread serves all in turn", 1, "=A=B > <A10 >", "AB"},
    {"one thread, one heavy user", 1, "A <A900 =A > <A10 =A=B >", "A!AB"},
    {"the server itself comes first", 16, "=A=* >>", "*A"},
    {"and has no limit", 1, "* * *", "*!*!*!"},
};

struct letter {
	struct fair_party *party;
	struct fair_run runs[16];
	unsigned begun;
	unsigned ended;
};

struct play {
	struct fair fair;
	uint64_t now_ms;
	struct letter letters[128];
	struct {
		struct fair_task task; // must be first
		char name;
	} tasks[32];
	unsigned task_count;
	struct buf result;
};

static struct letter *letter_of(struct play *play, char name)
{
	struct letter *letter = &play->letters[(unsigned char)name];
	enum fair_kind kind =
	    name >= 'A' && name <= 'Z' ? FAIR_USER : FAIR_ADDRESS;
	if (!letter->party && name != '*')
		letter->party =
		    fair_party_ref(&play->fair, kind, view_of(&name, 1));
	return letter;
}

static struct fair_task *task_new(struct play *play, char name)
{
	unsigned at = play->task_count++;
	play->tasks[at].name = name;
	play->tasks[at].task.party = letter_of(play, name)->party;
	return &play->tasks[at].task;
}

static char name_of(const struct play *play, const struct fair_task *task)
{
	for (unsigned i = 0; i < play->task_count; i++)
		if (&play->tasks[i].task == task)
			return play->tasks[i].name;
	return '?';
}

static void note_run(struct play *play, char name, struct fair_run run)
{
	struct letter *letter = letter_of(play, name);
	letter->runs[letter->begun++] = run;
}

static void become_ready(struct play *play, char name)
{
	struct fair_task *task = task_new(play, name);
	struct fair_run run;
	buf_add_char(&play->result, name);
	if (fair_enter(&play->fair, task, play->now_ms, &run)) {
		buf_add_char(&play->result, '!');
		note_run(play, name, run);
	} else {
		buf_add_char(&play->result, '.');
		fair_push(&play->fair, task, play->now_ms);
	}
}

static void ask(struct play *play)
{
	struct fair_run run;
	bool ready = fair_is_ready(&play->fair, play->now_ms);
	struct fair_task *task = fair_pop(&play->fair, play->now_ms, &run);
	assert_int_equal(ready, task != NULL);
	char name = task ? name_of(play, task) : '-';
	buf_add_char(&play->result, name);
	if (task)
		note_run(play, name, run);
}

static void end_run(struct play *play, char name, uint64_t used_ms)
{
	struct letter *letter = letter_of(play, name);
	assert_true(letter->ended < letter->begun);
	const struct fair_run *run = &letter->runs[letter->ended++];
	if (fair_leave(&play->fair, run, used_ms, play->now_ms))
		fair_settle(&play->fair, run->party);
}

static void play_script(struct play *play, const char *at)
{
	while (*at) {
		char *end = NULL;
		switch (*at) {
		case ' ': at++; break;
		case '>':
			ask(play);
			at++;
			break;
		case '=':
			fair_push(
			    &play->fair, task_new(play, at[1]), play->now_ms);
			at += 2;
			break;
		case '<':
			end_run(play, at[1], strtoul(at + 2, &end, 10));
			at = end;
			break;
		case '@':
			play->now_ms += strtoul(at + 1, &end, 10);
			at = end;
			break;
		default: become_ready(play, *at++); break;
		}
	}
}

// Runs what is left, so that every task has a turn and every run ends.
static void play_end(struct play *play)
{
	for (unsigned round = 0; round < 32; round++) {
		for (unsigned i = 0; i < 128; i++)
			while (play->letters[i].ended < play->letters[i].begun)
				end_run(play, (char)i, 0);
		ask(play);
	}
	assert_int_equal(play->fair.queued, 0);
	assert_int_equal(play->fair.heavy, 0);
	for (unsigned i = 0; i < 128; i++) {
		struct fair_party *party = play->letters[i].party;
		assert_true(!party || party->running == 0);
		fair_party_unref(&play->fair, party);
	}
	assert_int_equal(play->fair.parties.count, 0);
	fair_done(&play->fair);
}

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct play play = {.now_ms = 1000000};
		buf_init(&play.result, 1000);
		fair_init(&play.fair, rows[i].threads);
		play_script(&play, rows[i].script);
		buf_add_char(&play.result, '\0');
		if (strcmp(play.result.ptr, rows[i].result) != 0)
			fail_msg("%s: %s, not %s", rows[i].what,
			    play.result.ptr, rows[i].result);
		play_end(&play);
		buf_done(&play.result);
	}
}

// A heap of many parties gives them in the order of their debts.
static void test_many_parties_come_in_order(void **state)
{
	(void)state;
	enum { COUNT = 1000 };
	struct fair fair;
	struct fair_task tasks[COUNT];
	struct fair_run run;
	uint64_t now_ms = 1000000;
	fair_init(&fair, COUNT);
	for (uint32_t i = 0; i < COUNT; i++) {
		// 7 and 1000 have no common divisor: each debt once.
		uint64_t used_ms = (uint64_t)i * 7 % COUNT;
		tasks[i].party = fair_party_ref(
		    &fair, FAIR_USER, view_of((const char *)&i, sizeof(i)));
		assert_true(fair_enter(&fair, &tasks[i], now_ms, &run));
		assert_false(fair_leave(&fair, &run, used_ms, now_ms));
	}
	for (size_t i = 0; i < COUNT; i++)
		fair_push(&fair, &tasks[i], now_ms);
	uint64_t last = 0;
	for (size_t i = 0; i < COUNT; i++) {
		struct fair_task *task = fair_pop(&fair, now_ms, &run);
		assert_non_null(task);
		assert_true(task->party->used >= last);
		last = task->party->used;
		assert_false(fair_leave(&fair, &run, 0, now_ms));
	}
	assert_null(fair_pop(&fair, now_ms, &run));
	for (size_t i = 0; i < COUNT; i++)
		fair_party_unref(&fair, tasks[i].party);
	fair_done(&fair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_many_parties_come_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

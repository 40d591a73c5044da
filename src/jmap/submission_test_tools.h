// SPDX-License-Identifier: Apache-2.0
// For the tests of EmailSubmission: a user who sends, and the queue that gets
// it.
#ifndef ROOST_JMAP_SUBMISSION_TEST_TOOLS_H
#define ROOST_JMAP_SUBMISSION_TEST_TOOLS_H

#include "base/test.h"
#include "jmap/impl.h"
#include "jmap/rig.h"
#include "queue/manage.h"

static struct jmap_rig rig;
static struct arena arena;
static struct queue_lot *held_lot; // of take_in_vain()

static inline int setup(void **state)
{
	static struct view targets[] = {{"demo", 4}, {"far@far.example", 15}};
	static const struct route_alias alias = {
	    {"both@example.org", 16}, targets, 2};
	struct fault fault;
	(void)state;
	jmap_rig_init(&rig);
	arena_init(&arena);
	assert_int_equal(
	    route_alias_set(rig.office.route, &alias, &fault), RC_OK);
	json_decref(jmap_rig_call(&rig, "Identity/get", "{'ids':[]}"));
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	arena_done(&arena);
	jmap_rig_done(&rig);
	return 0;
}

#define HEAD "From: Demo <demo@example.org>\r\n"
#define MAIL HEAD "To: a@far.example\r\nSubject: Tea\r\n\r\nHello.\r\n"

// ---- The queue -------------------------------------------------------------

// The first message in the queue; false: there is none.
static inline bool queued(struct queue_info *ret_info)
{
	struct queue_walk *walk;
	assert_int_equal(queue_walk_open(rig.office.queue, &walk), RC_OK);
	enum rc rc = queue_walk_next(walk, &arena, ret_info);
	queue_walk_close(&walk);
	return rc == RC_OK;
}

// "sender > recipients" of all messages, or "". What leads through an alias is
// a message of its own.
static inline const char *envelope(void)
{
	struct queue_walk *walk;
	struct queue_info info;
	struct buf text;
	buf_init(&text, 10000);
	assert_int_equal(queue_walk_open(rig.office.queue, &walk), RC_OK);
	while (queue_walk_next(walk, &arena, &info) == RC_OK) {
		if (text.len == 0)
			buf_printf(
			    &text, "%.*s >", VIEW_FMT(info.envelope.sender));
		for (size_t i = 0; i < info.count; i++)
			buf_printf(&text, " %.*s",
			    VIEW_FMT(info.recipients[i].address));
	}
	queue_walk_close(&walk);
	const char *copy = arena_string(&arena, buf_view(&text));
	buf_done(&text);
	return copy;
}

static inline struct view message(void)
{
	struct queue_info info;
	struct buf text;
	assert_true(queued(&info));
	buf_init(&text, (size_t)1 << 22);
	assert_int_equal(
	    queue_read(rig.office.queue, &info.id, 0, SIZE_MAX, &text), RC_OK);
	struct view copy = arena_copy(&arena, buf_view(&text));
	buf_done(&text);
	return copy;
}

static inline void clear_queue(void)
{
	struct queue_info info;
	if (held_lot)
		queue_drop(rig.office.queue, &held_lot, 0);
	while (queued(&info))
		assert_int_equal(
		    queue_remove(rig.office.queue, &info.id, false, NULL),
		    RC_OK);
	jmap_follower_run(rig.jmap->follower);
	assert_false(queued(&info));
}

// Tries all that is due, with this result.
static inline void send_all(enum queue_outcome outcome, const char *reply)
{
	struct queue_claim claim;
	struct queue_lot *lot;
	int64_t next;
	while (queue_claim(rig.office.queue, &arena, QUEUE_CLASS_REPORTS,
		   &claim, &next) == RC_OK) {
		while (queue_take(rig.office.queue, &claim, &lot) == RC_OK) {
			size_t count = queue_lot_count(lot);
			struct queue_result *results =
			    arena_zalloc(&arena, count * sizeof(*results));
			for (size_t i = 0; i < count; i++) {
				results[i].outcome = outcome;
				results[i].diagnostic = view_of_string(reply);
			}
			assert_int_equal(
			    queue_settle(rig.office.queue, &lot, results, NULL),
			    RC_OK);
		}
		queue_unclaim(rig.office.queue, &claim);
	}
	jmap_follower_run(rig.jmap->follower);
}

// What is due is just being sent, for ever.
static inline void take_in_vain(void)
{
	struct queue_claim claim;
	struct queue_lot *lot;
	int64_t next;
	assert_int_equal(queue_claim(rig.office.queue, &arena,
			     QUEUE_CLASS_REPORTS, &claim, &next),
	    RC_OK);
	assert_int_equal(queue_take(rig.office.queue, &claim, &lot), RC_OK);
	held_lot = lot;
	queue_unclaim(rig.office.queue, &claim);
}

// ---- Requests --------------------------------------------------------------

// Creates a submission "k" of this message; `members` are its other members.
// Gives the response.
static inline json_t *submit(const char *text, const char *members)
{
	struct buf request;
	uint64_t email = jmap_rig_deliver(&rig, "INBOX", text);
	buf_init(&request, (size_t)1 << 20);
	buf_add_literal(&request, "{'create':{'k':{");
	if (!strstr(members, "'identityId'"))
		buf_add_literal(&request, "'identityId':'I1',");
	if (!strstr(members, "'emailId'"))
		buf_printf(&request, "'emailId':'E%llu'%s",
		    (unsigned long long)email, members[0] ? "," : "");
	buf_printf(&request, "%s}}}", members);
	buf_add_char(&request, '\0');
	json_t *json = jmap_rig_call(&rig, "EmailSubmission/set", request.ptr);
	buf_done(&request);
	return json;
}

// The same, and its id.
static inline const char *submitted(const char *text, const char *members)
{
	json_t *json = submit(text, members);
	json_t *id = jmap_rig_at(json, "created/k/id");
	if (!id)
		jmap_rig_expect(json, "created/k/id", "''");
	const char *copy =
	    arena_string(&arena, view_of_string(json_string_value(id)));
	json_decref(json);
	return copy;
}

// In `form` "%" is the id.
static inline json_t *ask(const char *method, const char *form, const char *id)
{
	struct buf request;
	buf_init(&request, 10000);
	for (; *form; form++)
		if (*form == '%')
			buf_add_string(&request, id);
		else
			buf_add_char(&request, *form);
	buf_add_char(&request, '\0');
	json_t *json = jmap_rig_call(&rig, method, request.ptr);
	buf_done(&request);
	return json;
}

static inline json_t *cancel(const char *id)
{
	return ask("EmailSubmission/set",
	    "{'update':{'%':{'undoStatus':'canceled'}}}", id);
}

static inline void expect(
    const char *id, const char *path, const char *expected)
{
	json_t *json = ask("EmailSubmission/get", "{'ids':['%']}", id);
	jmap_rig_expect(jmap_rig_at(json, "list/0"), path, expected);
	json_decref(json);
}

// ---- Envelopes -------------------------------------------------------------

#define TO(address)        "{'email':'" address "'}"
#define ENVELOPE(from, to) "'envelope':{'mailFrom':" from ",'rcptTo':[" to "]}"
#define FROM               "{'email':'demo@example.org'}"
#define HELD                                                                   \
	ENVELOPE("{'email':'demo@example.org','parameters':{'HOLDFOR':"        \
		 "'600'}}",                                                    \
	    TO("a@far.example"))

#endif

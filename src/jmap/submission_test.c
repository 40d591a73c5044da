// SPDX-License-Identifier: Apache-2.0
// EmailSubmission: what becomes of it, how it is taken back, what follows, and
// queries.
#include "jmap/submission_test_tools.h"

// ---- What becomes of it ----------------------------------------------------

static void a_new_submission_is_whole(void **state)
{
	(void)state;
	json_t *json = submit(MAIL, "");
	json_t *created = jmap_rig_at(json, "created/k");
	jmap_rig_expect(created, "undoStatus", "'pending'");
	jmap_rig_expect(created, "envelope",
	    "{'mailFrom':{'email':'demo@example.org','parameters':null},"
	    "'rcptTo':[{'email':'a@far.example','parameters':null}]}");
	jmap_rig_expect(created, "deliveryStatus",
	    "{'a@far.example':{'smtpReply':'250 2.0.0 Queued','delivered':"
	    "'queued','displayed':'unknown'}}");
	jmap_rig_expect(created, "dsnBlobIds", "[]");
	jmap_rig_expect(created, "mdnBlobIds", "[]");
	assert_non_null(jmap_rig_at(created, "sendAt"));
	assert_non_null(jmap_rig_at(created, "threadId"));
	assert_null(jmap_rig_at(created, "emailId"));
	const char *id = json_string_value(jmap_rig_at(created, "id"));
	expect(id, "identityId", "'I1'");
	expect(id, "undoStatus", "'pending'");
	json_decref(json);
	clear_queue();
}

static const struct {
	enum queue_outcome outcome;
	const char *reply;
	const char *undo;
	const char *status; // of the recipient
} results[] = {
    {QUEUE_LATER, "451 4.3.0 busy", "'pending'",
	"{'smtpReply':'451 4.3.0 busy','delivered':'queued','displayed':"
	"'unknown'}"},
    {QUEUE_LATER, "no route to host", "'pending'",
	"{'smtpReply':'450 4.0.0 no route to host','delivered':'queued',"
	"'displayed':'unknown'}"},
    {QUEUE_DELIVERED, "", "'final'",
	"{'smtpReply':'250 2.0.0 Delivered','delivered':'yes','displayed':"
	"'unknown'}"},
    {QUEUE_RELAYED, "250 2.1.5 fine", "'final'",
	"{'smtpReply':'250 2.1.5 fine','delivered':'unknown','displayed':"
	"'unknown'}"},
    {QUEUE_FAILED, "550 5.1.1 who?", "'final'",
	"{'smtpReply':'550 5.1.1 who?','delivered':'no','displayed':"
	"'unknown'}"},
};

static void the_object_follows_the_queue(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(results); i++) {
		const char *id = submitted(MAIL, "");
		json_t *before = ask("EmailSubmission/get", "{'ids':[]}", "");
		send_all(results[i].outcome, results[i].reply);
		expect(id, "undoStatus", results[i].undo);
		expect(id, "deliveryStatus/a@far.example", results[i].status);
		json_t *json =
		    ask("EmailSubmission/changes", "{'sinceState':'%'}",
			json_string_value(json_object_get(before, "state")));
		char ids[40];
		snprintf(ids, sizeof(ids), "['%s']", id);
		jmap_rig_expect(json, "updated", ids);
		json_decref(json);
		json_decref(before);
		clear_queue(); // of reports
	}
}

// What is told of a submission has its limit; what is sent has not.
static void very_many_recipients_are_not_told_of(void **state)
{
	struct buf members;
	struct queue_info info;
	(void)state;
	rig.office.recipients_max = 4000;
	buf_init(&members, (size_t)4 << 20);
	buf_add_literal(&members, "'envelope':{'mailFrom':" FROM ",'rcptTo':[");
	for (int i = 0; i < 4000; i++)
		buf_printf(&members,
		    "%s{'email':'%030d.%030d@a-domain-with-a-long-name.example'"
		    "}",
		    i ? "," : "", i, i);
	buf_add_literal(&members, "]}");
	buf_add_char(&members, '\0');
	const char *id = submitted(MAIL, members.ptr);
	assert_true(queued(&info));
	assert_int_equal(info.count, 4000);
	expect(id, "deliveryStatus", "null");
	json_decref(cancel(id));
	expect(id, "undoStatus", "'canceled'");
	assert_false(queued(&info));
	buf_done(&members);
	rig.office.recipients_max = 0;
	clear_queue();
}

// An alias leads to several addresses: the worst of them counts.
static void a_recipient_may_lead_to_several(void **state)
{
	(void)state;
	const char *id = submitted(MAIL,
	    ENVELOPE(FROM, TO("both@example.org") "," TO("a@far.example")));
	struct queue_claim claim;
	struct queue_lot *lot;
	int64_t next;
	// far.example refuses, and example.org waits.
	do
		assert_int_equal(queue_claim(rig.office.queue, &arena,
				     QUEUE_CLASS_USERS, &claim, &next),
		    RC_OK);
	while (!view_eq(claim.domain, VIEW("far.example")));
	while (queue_take(rig.office.queue, &claim, &lot) == RC_OK) {
		struct queue_result failed[4];
		for (size_t i = 0; i < ARRAY_LEN(failed); i++)
			failed[i] =
			    (struct queue_result){.outcome = QUEUE_FAILED,
				.diagnostic = VIEW("550 no")};
		assert_int_equal(
		    queue_settle(rig.office.queue, &lot, failed, NULL), RC_OK);
	}
	queue_unclaim(rig.office.queue, &claim);
	jmap_follower_run(rig.jmap->follower);
	expect(id, "deliveryStatus/both@example.org/delivered", "'no'");
	expect(id, "deliveryStatus/both@example.org/smtpReply", "'550 no'");
	expect(id, "deliveryStatus/a@far.example/delivered", "'no'");
	expect(id, "undoStatus", "'final'");
	clear_queue();
}

// ---- Taking back -----------------------------------------------------------

static void what_was_not_sent_can_be_taken_back(void **state)
{
	struct queue_info info;
	char updated[60];
	(void)state;
	const char *id = submitted(MAIL, HELD);
	assert_true(queued(&info));
	assert_true(info.envelope.release_at >= clock_wall_seconds(NULL) + 590);
	send_all(QUEUE_DELIVERED, ""); // nothing is due
	json_t *json = cancel(id);
	snprintf(updated, sizeof(updated), "{'%s':null}", id);
	jmap_rig_expect(json, "updated", updated);
	json_decref(json);
	assert_false(queued(&info));
	expect(id, "undoStatus", "'canceled'");
	expect(id, "deliveryStatus/a@far.example/smtpReply",
	    "'550 5.0.0 Taken back by the sender'");
	// The note about it changes nothing more.
	jmap_follower_run(rig.jmap->follower);
	expect(id, "undoStatus", "'canceled'");
	json = cancel(id);
	jmap_rig_expect(json, "updated", updated);
	json_decref(json);
}

static void what_was_sent_cannot_be_taken_back(void **state)
{
	static const struct {
		bool hold;
		bool followed; // the object knows that it was sent
		const char *patch;
		const char *type;
	} table[] = {
	    {false, true, "{'undoStatus':'canceled'}", "'cannotUnsend'"},
	    {false, false, "{'undoStatus':'canceled'}", "'cannotUnsend'"},
	    {true, false, "{'undoStatus':'final'}", "'invalidProperties'"},
	    {true, false, "{'undoStatus':'x'}", "'invalidProperties'"},
	    {true, false, "{'undoStatus':null}", "'invalidProperties'"},
	    {true, false, "{'sendAt':'2020-01-01T00:00:00Z'}",
		"'invalidProperties'"},
	    {true, false, "{'envelope':null}", "'invalidProperties'"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		char request[200], path[60];
		const char *id = submitted(MAIL, table[i].hold ? HELD : "");
		if (table[i].followed)
			send_all(QUEUE_RELAYED, "250 ok");
		else if (!table[i].hold)
			take_in_vain();
		snprintf(request, sizeof(request), "{'update':{'%s':%s}}", id,
		    table[i].patch);
		snprintf(path, sizeof(path), "notUpdated/%s/type", id);
		json_t *json =
		    jmap_rig_call(&rig, "EmailSubmission/set", request);
		jmap_rig_expect(json, path, table[i].type);
		json_decref(json);
		clear_queue();
	}
}

static void a_destroyed_submission_is_still_sent(void **state)
{
	char destroyed[40];
	(void)state;
	const char *id = submitted(MAIL, HELD);
	json_t *json =
	    ask("EmailSubmission/set", "{'destroy':['%','S999']}", id);
	snprintf(destroyed, sizeof(destroyed), "['%s']", id);
	jmap_rig_expect(json, "destroyed", destroyed);
	jmap_rig_expect(json, "notDestroyed", "{'S999':{'type':'notFound'}}");
	json_decref(json);
	json = ask("EmailSubmission/get", "{'ids':['%']}", id);
	jmap_rig_expect(json, "notFound", destroyed);
	json_decref(json);
	assert_string_equal(envelope(), "demo@example.org > a@far.example");
	clear_queue();
}

// ---- What follows ----------------------------------------------------------

static void success_changes_or_destroys_the_email(void **state)
{
	(void)state;
	for (int destroys = 0; destroys < 2; destroys++) {
		char calls[1000];
		unsigned long long email =
		    jmap_rig_deliver(&rig, "INBOX", MAIL);
		snprintf(calls, sizeof(calls),
		    "[['EmailSubmission/set',{'accountId':'@A','create':{'k':{"
		    "'identityId':'I1','emailId':'E%llu'},'bad':{'identityId':"
		    "'I9','emailId':'E%llu'}},%s},'c0']]",
		    email, email,
		    destroys ? "'onSuccessDestroyEmail':['#k','#bad','#no']"
			     : "'onSuccessUpdateEmail':{'#k':{'keywords/"
			       "$answered':true},'#bad':{'keywords/$draft':"
			       "true}}");
		json_t *json = jmap_rig_calls(&rig, calls);
		char path[60], id[40];
		jmap_rig_expect(json, "1/0", "'Email/set'");
		jmap_rig_expect(json, "1/2", "'c0'");
		snprintf(path, sizeof(path),
		    destroys ? "1/1/destroyed" : "1/1/updated");
		snprintf(id, sizeof(id),
		    destroys ? "['E%llu']" : "{'E%llu':null}", email);
		jmap_rig_expect(json, path, id);
		json_decref(json);
		clear_queue();
	}
}

static void without_success_nothing_follows(void **state)
{
	(void)state;
	json_t *json = jmap_rig_calls(&rig,
	    "[['EmailSubmission/set',{'accountId':'@A','create':{'k':{"
	    "'identityId':'I9','emailId':'E1'}},'onSuccessDestroyEmail':["
	    "'#k','S1','#x']},'c0']]");
	assert_int_equal(json_array_size(json), 1);
	json_decref(json);
	json = jmap_rig_call(
	    &rig, "EmailSubmission/set", "{'onSuccessUpdateEmail':{'S1':1}}");
	jmap_rig_expect(json, "type", "'invalidArguments'");
	json_decref(json);
}

// ---- Queries ---------------------------------------------------------------

static void destroy_all(void)
{
	json_t *all = jmap_rig_call(
	    &rig, "EmailSubmission/get", "{'ids':null,'properties':[]}");
	size_t i;
	json_t *one;
	json_array_foreach(json_object_get(all, "list"), i, one)
	    json_decref(ask("EmailSubmission/set", "{'destroy':['%']}",
		json_string_value(json_object_get(one, "id"))));
	json_decref(all);
}

// In `text` "@1" to "@3" are the ids of three submissions, and "@E1" to "@E3"
// those of their emails.
static const char *with_ids(const char *text, json_t *const submissions[3])
{
	struct buf out;
	buf_init(&out, 4096);
	for (; *text; text++) {
		bool email = text[0] == '@' && text[1] == 'E';
		if (text[0] != '@') {
			buf_add_char(&out, *text);
			continue;
		}
		json_t *of = submissions[text[1 + email] - '1'];
		buf_add_string(&out, json_string_value(json_object_get(
					 of, email ? "emailId" : "id")));
		text += 1 + email;
	}
	const char *copy = arena_string(&arena, buf_view(&out));
	buf_done(&out);
	return copy;
}

static const struct {
	const char *query;
	const char *path;
	const char *expected;
} queries[] = {
    {"{}", "ids", "['@1','@2','@3']"},
    {"{'filter':null,'sort':null}", "canCalculateChanges", "true"},
    {"{'sort':[{'property':'emailId','isAscending':false}]}", "ids",
	"['@3','@2','@1']"},
    {"{'sort':[{'property':'sentAt'}]}", "ids", "['@1','@3','@2']"},
    {"{'sort':[{'property':'sentAt','isAscending':false},{'property':"
     "'threadId'}],'limit':2}",
	"ids", "['@2','@1']"},
    {"{'sort':[{'property':'subject'}]}", "type", "'unsupportedSort'"},
    {"{'filter':{'undoStatus':'pending'},'calculateTotal':true}", "total", "1"},
    {"{'filter':{'undoStatus':'final'}}", "ids", "['@1','@3']"},
    {"{'filter':{'undoStatus':'canceled'}}", "ids", "[]"},
    {"{'filter':{'emailIds':['@E1','@E2','x']}}", "ids", "['@1','@2']"},
    {"{'filter':{'emailIds':['@E1','@E2'],'undoStatus':'pending'}}", "ids",
	"['@2']"},
    {"{'filter':{'identityIds':['I1']}}", "ids", "['@1','@2','@3']"},
    {"{'filter':{'identityIds':['I2']}}", "ids", "[]"},
    {"{'filter':{'threadIds':[]}}", "ids", "[]"},
    {"{'filter':{'before':'2020-01-01T00:00:00Z'}}", "ids", "[]"},
    {"{'filter':{'after':'2020-01-01T00:00:00Z'}}", "ids", "['@1','@2','@3']"},
    {"{'filter':{'operator':'OR','conditions':[{'emailIds':['@E3']},{"
     "'undoStatus':'pending'}]}}",
	"ids", "['@2','@3']"},
    {"{'filter':{'operator':'NOT','conditions':[{'emailIds':['@E3']},{"
     "'undoStatus':'pending'}]}}",
	"ids", "['@1']"},
    {"{'filter':{'operator':'AND','conditions':[{'operator':'NOT',"
     "'conditions':[{'emailIds':['@E1']}]},{'undoStatus':'final'}]}}",
	"ids", "['@3']"},
    {"{'filter':{'operator':'XOR','conditions':[]}}", "type",
	"'invalidArguments'"},
    {"{'filter':{'subject':'x'}}", "type", "'unsupportedFilter'"},
    {"{'filter':{'emailIds':'E1'}}", "type", "'invalidArguments'"},
    {"{'filter':{'before':'yesterday'}}", "type", "'invalidArguments'"},
    {"{'position':1,'limit':1}", "ids", "['@2']"},
    {"{'anchor':'@3','anchorOffset':-1}", "ids", "['@2','@3']"},
    {"{'anchor':'S999'}", "type", "'anchorNotFound'"},
};

static void queries_find_by_numbers_and_states(void **state)
{
	json_t *of[3];
	(void)state;
	destroy_all();
	for (size_t i = 0; i < 3; i++) {
		const char *id = submitted(MAIL, i == 1 ? HELD : "");
		send_all(QUEUE_RELAYED, "250 ok");
		json_t *got = ask("EmailSubmission/get", "{'ids':['%']}", id);
		of[i] = json_incref(jmap_rig_at(got, "list/0"));
		json_decref(got);
	}
	for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
		json_t *json = jmap_rig_call(&rig, "EmailSubmission/query",
		    with_ids(queries[i].query, of));
		jmap_rig_expect(
		    json, queries[i].path, with_ids(queries[i].expected, of));
		json_decref(json);
	}
	for (size_t i = 0; i < 3; i++)
		json_decref(of[i]);
	clear_queue();
}

static void a_query_tells_what_changed(void **state)
{
	(void)state;
	destroy_all();
	const char *first = submitted(MAIL, HELD);
	json_t *query = jmap_rig_call(&rig, "EmailSubmission/query",
	    "{'filter':{'undoStatus':'pending'}}");
	json_decref(cancel(first));
	const char *second = submitted(MAIL, HELD);
	char request[300], removed[60], added[100];
	snprintf(request, sizeof(request),
	    "{'filter':{'undoStatus':'pending'},'sinceQueryState':'%s',"
	    "'calculateTotal':true}",
	    json_string_value(json_object_get(query, "queryState")));
	json_t *json =
	    jmap_rig_call(&rig, "EmailSubmission/queryChanges", request);
	snprintf(removed, sizeof(removed), "['%s']", first);
	snprintf(added, sizeof(added), "[{'id':'%s','index':0}]", second);
	jmap_rig_expect(json, "removed", removed);
	jmap_rig_expect(json, "added", added);
	jmap_rig_expect(json, "total", "1");
	json_decref(json);
	json_decref(query);
	json = jmap_rig_call(&rig, "EmailSubmission/queryChanges",
	    "{'sinceQueryState':'999999'}");
	jmap_rig_expect(json, "type", "'cannotCalculateChanges'");
	json_decref(json);
	clear_queue();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_new_submission_is_whole),
	    cmocka_unit_test(the_object_follows_the_queue),
	    cmocka_unit_test(very_many_recipients_are_not_told_of),
	    cmocka_unit_test(a_recipient_may_lead_to_several),
	    cmocka_unit_test(what_was_not_sent_can_be_taken_back),
	    cmocka_unit_test(what_was_sent_cannot_be_taken_back),
	    cmocka_unit_test(a_destroyed_submission_is_still_sent),
	    cmocka_unit_test(success_changes_or_destroys_the_email),
	    cmocka_unit_test(without_success_nothing_follows),
	    cmocka_unit_test(queries_find_by_numbers_and_states),
	    cmocka_unit_test(a_query_tells_what_changed),
	};
	return cmocka_run_group_tests_name(
	    "jmap submission", tests, setup, teardown);
}

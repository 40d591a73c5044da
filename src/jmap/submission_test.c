// SPDX-License-Identifier: Apache-2.0
// EmailSubmission: what is sent to whom, what is refused, and how the object
// follows the message.
#include "base/test.h"
#include "jmap/impl.h"
#include "jmap/rig.h"
#include "queue/manage.h"

static struct jmap_rig rig;
static struct arena arena;
static struct queue_lot *held_lot; // of take_in_vain()

static int setup(void **state)
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

static int teardown(void **state)
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
static bool queued(struct queue_info *ret_info)
{
	struct queue_walk *walk;
	assert_int_equal(queue_walk_open(rig.office.queue, &walk), RC_OK);
	enum rc rc = queue_walk_next(walk, &arena, ret_info);
	queue_walk_close(&walk);
	return rc == RC_OK;
}

// "sender > recipients" of all messages, or "". What leads through an alias is
// a message of its own.
static const char *envelope(void)
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

static struct view message(void)
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

static void clear_queue(void)
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
static void send_all(enum queue_outcome outcome, const char *reply)
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
static void take_in_vain(void)
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
static json_t *submit(const char *text, const char *members)
{
	struct buf request;
	uint64_t email = jmap_rig_deliver(&rig, "INBOX", text);
	buf_init(&request, (size_t)1 << 20);
	buf_add_literal(&request, "{'create':{'k':{");
	if (!strstr(members, "'identityId'"))
		buf_add_literal(&request, "'identityId':'I1',");
	if (!strstr(members, "'emailId'"))
		buf_printf(&request, "'emailId':'E%llx'%s",
		    (unsigned long long)email, members[0] ? "," : "");
	buf_printf(&request, "%s}}}", members);
	buf_add_char(&request, '\0');
	json_t *json = jmap_rig_call(&rig, "EmailSubmission/set", request.ptr);
	buf_done(&request);
	return json;
}

// The same, and its id.
static const char *submitted(const char *text, const char *members)
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
static json_t *ask(const char *method, const char *form, const char *id)
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

static void expect(const char *id, const char *path, const char *expected)
{
	json_t *json = ask("EmailSubmission/get", "{'ids':['%']}", id);
	jmap_rig_expect(jmap_rig_at(json, "list/0"), path, expected);
	json_decref(json);
}

// ---- Envelopes -------------------------------------------------------------

#define TO(address)        "{'email':'" address "'}"
#define ENVELOPE(from, to) "'envelope':{'mailFrom':" from ",'rcptTo':[" to "]}"

static const struct {
	const char *text;
	const char *members;
	const char *queued;
} sent[] = {
    // Derived from the header.
    {MAIL, "", "demo@example.org > a@far.example"},
    {MAIL, "'envelope':null", "demo@example.org > a@far.example"},
    {HEAD "To: b@far.example, \"A\" <a@far.example>\r\nCc: c@far.example\r\n"
	  "Bcc: Us: d@far.example, a@far.example;\r\n\r\n",
	"",
	"demo@example.org > b@far.example a@far.example c@far.example "
	"d@far.example"},
    {HEAD "To: x@nowhere.example, friend@example.org, both@example.org\r\n\r\n",
	"",
	"demo@example.org > friend@example.org demo@example.org "
	"x@nowhere.example far@far.example"},
    {"From: demo+x@example.org\r\nTo: a@far.example\r\n\r\n", "",
	"demo@example.org > a@far.example"},
    {"From: a@x.test, demo@example.org\r\nSender: demo@example.org\r\nTo: "
     "a@far.example\r\n\r\n",
	ENVELOPE("{'email':'both@example.org'}", TO("a@far.example")), ""},
    // Given.
    {MAIL, ENVELOPE("{'email':'demo@example.org'}", TO("z@far.example")),
	"demo@example.org > z@far.example"},
    {MAIL,
	ENVELOPE("{'email':'both@example.org','parameters':null}",
	    "{'email':'z@far.example','parameters':null}"),
	"both@example.org > z@far.example"},
    {MAIL, ENVELOPE("{'email':''}", TO("z@far.example")), " > z@far.example"},
    {MAIL,
	ENVELOPE("{'email':'demo@example.org','parameters':{'RET':'HDRS',"
		 "'ENVID':'a+b=c','HOLDFOR':'60'}}",
	    "{'email':'z@far.example','parameters':{'NOTIFY':'NEVER','ORCPT':"
	    "'rfc822;z+1@x'}}"),
	"demo@example.org > z@far.example"},
};

static void mail_goes_to_whom_the_envelope_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sent); i++) {
		json_t *json = submit(sent[i].text, sent[i].members);
		if (strcmp(envelope(), sent[i].queued) != 0)
			fail_msg("row %zu: %s", i, envelope());
		json_decref(json);
		clear_queue();
	}
}

static void parameters_are_those_of_smtp(void **state)
{
	(void)state;
	struct queue_info info;
	json_t *json = submit(MAIL,
	    ENVELOPE("{'email':'demo@example.org','parameters':{'RET':'FULL',"
		     "'envid':'a+b=c','BY':'600;N','HOLDUNTIL':"
		     "'2020-01-01T00:00:00Z','BODY':'8BITMIME'}}",
		"{'email':'z@far.example','parameters':{'NOTIFY':"
		"'SUCCESS,DELAY'}}"));
	assert_true(queued(&info));
	assert_view_equal(info.envelope.envid, VIEW("a+b=c"));
	assert_int_equal(info.envelope.ret, SMTP_RET_FULL);
	assert_int_equal(info.envelope.by, SMTP_BY_NOTIFY);
	assert_int_equal(info.envelope.hold, SMTP_HOLD_UNTIL);
	assert_int_equal(info.envelope.release_at, 0); // it has passed
	assert_int_equal(info.envelope.account, rig.users.user.account);
	json_decref(json);
	clear_queue();
}

// ---- Errors ----------------------------------------------------------------

#define FROM "{'email':'demo@example.org'}"

static const struct {
	const char *text;
	const char *members;
	const char *path; // below notCreated/k
	const char *expected;
} refused[] = {
    {MAIL, "'identityId':'I9'", "properties", "['identityId']"},
    {MAIL, "'emailId':'E999'", "properties", "['emailId']"},
    {MAIL, "'emailId':'M1'", "properties", "['emailId']"},
    {MAIL, "'undoStatus':'pending'", "properties", "['undoStatus']"},
    {MAIL, "'sendAt':'2026-01-01T00:00:00Z'", "properties", "['sendAt']"},
    {MAIL, "'x':1", "properties", "['x']"},
    {MAIL, "'envelope':1", "properties", "['envelope']"},
    {MAIL, "'envelope':{'rcptTo':[]}", "properties", "['envelope']"},
    {MAIL, ENVELOPE("{'email':1}", TO("a@x.test")), "properties",
	"['envelope']"},
    {MAIL, ENVELOPE("{'email':'a b'}", TO("a@x.test")), "properties",
	"['envelope']"},
    {MAIL, ENVELOPE(FROM, "{'email':'a@x.test','x':1}"), "properties",
	"['envelope']"},
    {MAIL,
	ENVELOPE("{'email':'demo@example.org','parameters':{'X':'1'}}",
	    TO("a@x.test")),
	"properties", "['envelope']"},
    {MAIL,
	ENVELOPE("{'email':'demo@example.org','parameters':{'RET':"
		 "'HDRS HOLDFOR=5'}}",
	    TO("a@x.test")),
	"properties", "['envelope']"},
    {MAIL,
	ENVELOPE("{'email':'demo@example.org','parameters':{'HOLDFOR':"
		 "'2592001'}}",
	    TO("a@x.test")),
	"description", "'Messages are held for at most 2592000 seconds'"},
    {MAIL,
	ENVELOPE(FROM, "{'email':'a@x.test','parameters':{'NOTIFY':'MAYBE'}}"),
	"properties", "['envelope']"},
    // Recipients.
    {MAIL, ENVELOPE(FROM, ""), "type", "'noRecipients'"},
    {HEAD "\r\nx\r\n", "", "type", "'noRecipients'"},
    {HEAD "To: Us:;\r\n\r\nx\r\n", "", "type", "'noRecipients'"},
    {MAIL,
	ENVELOPE(FROM, TO("a@x.test") "," TO("nobody") "," TO("no one@x.test")),
	"invalidRecipients", "['nobody','no one@x.test']"},
    {HEAD "To: nobody, a@far.example\r\n\r\n", "", "invalidRecipients",
	"['nobody']"},
    {MAIL, ENVELOPE(FROM, TO("nobody@example.org") "," TO("a@x.test")),
	"invalidRecipients", "['nobody@example.org']"},
    {MAIL, ENVELOPE(FROM, TO("nobody@example.org")), "type",
	"'invalidRecipients'"},
    // Senders and writers.
    {MAIL, ENVELOPE("{'email':'friend@example.org'}", TO("a@x.test")), "type",
	"'forbiddenMailFrom'"},
    {MAIL, ENVELOPE("{'email':'a@far.example'}", TO("a@x.test")), "type",
	"'forbiddenMailFrom'"},
    {"From: friend@example.org\r\nTo: a@far.example\r\n\r\n", "", "type",
	"'forbiddenFrom'"},
    {"From: demo@example.org, friend@example.org\r\nTo: a@x.test\r\n\r\n",
	ENVELOPE(FROM, TO("a@x.test")), "type", "'forbiddenFrom'"},
    {"From: demo@example.org, a@x.test\r\nTo: a@far.example\r\n\r\n", "",
	"type", "'invalidEmail'"},
    {"From: demo@example.org, a@x.test\r\nTo: a@far.example\r\n\r\n", "",
	"properties", "['from']"},
    {HEAD "Sender: a@x.test\r\nSender: b@x.test\r\nTo: a@far.example\r\n\r\n",
	"", "properties", "['sender']"},
    {HEAD HEAD "To: a@far.example\r\n\r\n", ENVELOPE(FROM, TO("a@x.test")),
	"type", "'invalidEmail'"},
    {"From: demo@example.org <x@y.test>\r\nTo: a@far.example\r\n\r\n",
	ENVELOPE(FROM, TO("a@x.test")), "type", "'invalidEmail'"},
};

static void what_cannot_be_sent_is_refused_with_its_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		json_t *json = submit(refused[i].text, refused[i].members);
		char path[100];
		snprintf(
		    path, sizeof(path), "notCreated/k/%s", refused[i].path);
		jmap_rig_expect(json, path, refused[i].expected);
		jmap_rig_expect(json, "created", "null");
		assert_string_equal(envelope(), "");
		json_decref(json);
	}
}

static void limits_are_named(void **state)
{
	(void)state;
	rig.office.recipients_max = 2;
	json_t *json = submit(
	    MAIL, ENVELOPE(FROM,
		      TO("a@x.test") "," TO("b@x.test") "," TO("c@x.test")));
	jmap_rig_expect(json, "notCreated/k",
	    "{'type':'tooManyRecipients','maxRecipients':2}");
	json_decref(json);
	rig.office.recipients_max = 0;
	rig.office.message_max = 20;
	json = submit(MAIL, "");
	jmap_rig_expect(
	    json, "notCreated/k", "{'type':'tooLarge','maxSize':20}");
	json_decref(json);
	rig.office.message_max = 0;
	rig.office.hold_seconds = 0;
	json = submit(MAIL,
	    ENVELOPE("{'email':'demo@example.org','parameters':{'HOLDFOR':"
		     "'1'}}",
		TO("a@x.test")));
	jmap_rig_expect(json, "notCreated/k/properties", "['envelope']");
	json_decref(json);
	rig.office.hold_seconds = 30 * 86400;
	rig.office.hold_bytes = 10;
	json = submit(MAIL,
	    ENVELOPE("{'email':'demo@example.org','parameters':{'HOLDFOR':"
		     "'1'}}",
		TO("a@x.test")));
	jmap_rig_expect(json, "notCreated/k/type", "'overQuota'");
	json_decref(json);
	rig.office.hold_bytes = 0;
	assert_string_equal(envelope(), "");
}

// ---- The message -----------------------------------------------------------

static bool has(struct view text, const char *part)
{
	return view_find(text, view_of_string(part)) != SIZE_MAX;
}

static void the_message_is_completed_as_by_smtp(void **state)
{
	(void)state;
	submitted(
	    HEAD "To: a@far.example\r\nBcc: b@far.example\r\n\r\nHi.\r\n", "");
	struct view text = message();
	assert_true(has(text, "Received: from mx.example.org"));
	assert_true(has(text, " with HTTP\r\n") || has(text, " with HTTP "));
	assert_true(has(text, "\r\nDate: "));
	assert_true(has(text, "\r\nMessage-ID: <"));
	assert_false(has(text, "Bcc"));
	assert_true(view_ends_with(text, VIEW("\r\n\r\nHi.\r\n")));
	clear_queue();
}

// A message in the queue has CRLF only, whatever IMAP stored.
static void line_ends_become_crlf(void **state)
{
	static const struct {
		const char *body;
		const char *sent;
	} table[] = {
	    {"one\r\ntwo\r\n", "one\r\ntwo\r\n"},
	    {"one\ntwo\n", "one\r\ntwo\r\n"},
	    {"one\rtwo\r", "one\r\ntwo\r\n"},
	    {"one\r\r\n\n\rtwo", "one\r\n\r\n\r\n\r\ntwo\r\n"},
	    {"no end", "no end\r\n"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		char text[300], wanted[300];
		snprintf(text, sizeof(text),
		    HEAD "To: a@far.example\r\nDate: x\r\nMessage-ID: "
			 "<x@y>\r\n\r\n%s",
		    table[i].body);
		snprintf(
		    wanted, sizeof(wanted), "<x@y>\r\n\r\n%s", table[i].sent);
		submitted(text, "");
		assert_true(view_ends_with(message(), view_of_string(wanted)));
		clear_queue();
	}
}

static void long_messages_are_sent_whole(void **state)
{
	size_t len = (size_t)3 << 20;
	char *text = mem_alloc(len + 100);
	(void)state;
	int head = snprintf(text, 100, "%s", MAIL);
	for (size_t i = 0; i < len; i++)
		text[(size_t)head + i] = i % 64 == 62   ? '\r'
					 : i % 64 == 63 ? '\n'
							: 'x';
	text[(size_t)head + len] = '\0';
	submitted(text, "");
	assert_true(view_ends_with(message(), view_of(text + head, len)));
	clear_queue();
	free(text);
}

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

#define HELD                                                                   \
	ENVELOPE("{'email':'demo@example.org','parameters':{'HOLDFOR':"        \
		 "'600'}}",                                                    \
	    TO("a@far.example"))

static json_t *cancel(const char *id)
{
	return ask("EmailSubmission/set",
	    "{'update':{'%':{'undoStatus':'canceled'}}}", id);
}

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
		    "'identityId':'I1','emailId':'E%llx'},'bad':{'identityId':"
		    "'I9','emailId':'E%llx'}},%s},'c0']]",
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
		    destroys ? "['E%llx']" : "{'E%llx':null}", email);
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
	    cmocka_unit_test(mail_goes_to_whom_the_envelope_names),
	    cmocka_unit_test(parameters_are_those_of_smtp),
	    cmocka_unit_test(what_cannot_be_sent_is_refused_with_its_reason),
	    cmocka_unit_test(limits_are_named),
	    cmocka_unit_test(the_message_is_completed_as_by_smtp),
	    cmocka_unit_test(line_ends_become_crlf),
	    cmocka_unit_test(long_messages_are_sent_whole),
	    cmocka_unit_test(a_new_submission_is_whole),
	    cmocka_unit_test(the_object_follows_the_queue),
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

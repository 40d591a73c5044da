// SPDX-License-Identifier: Apache-2.0
// What clients that stay connected are told: by a stream of events (RFC 8620
// section 7.3) and by a WebSocket (RFC 8887), on which they also send requests.
#include <unistd.h>

#include "base/clock.h"
#include "http/rig_websocket.h"
#include "jmap/call.h"
#include "jmap/rig_one.h"
#include "store/object.h"

static uint64_t email; // that was delivered last
static struct rig_client client;

#define LOGIN "Authorization: Basic ZGVtbzpkZW1vIHBhc3M=\r\n"

// ---- Changes ---------------------------------------------------------------

static void nothing(void)
{
}

static void deliver(void)
{
	email = jmap_rig_deliver(&rig, "INBOX", "Subject: x\r\n\r\nHello\r\n");
}

// The id of the email that was delivered last stands between the texts.
static void set_email(const char *before, const char *after)
{
	char text[300];
	snprintf(text, sizeof(text), "%sE%llu%s", before,
	    (unsigned long long)email, after);
	json_t *answer = jmap_rig_call(&rig, "Email/set", text);
	assert_non_null(json_object_get(answer, "newState"));
	json_decref(answer);
}

static void flag(void)
{
	set_email("{'update':{'", "':{'keywords/$flagged':true}}}");
}

static void destroy(void)
{
	set_email("{'destroy':['", "']}");
}

static void make_mailbox(void)
{
	static unsigned number;
	char name[30];
	struct fault fault;
	uint64_t id;
	struct store_asker asker = store_user(rig.users.user.account);
	snprintf(name, sizeof(name), "New%u", number++);
	assert_int_equal(store_mailbox_create(&asker, rig.account,
			     view_of_string(name), 0, &fault, &id),
	    RC_OK);
}

static void make_object(enum store_object_kind kind)
{
	struct fault fault;
	struct store_asker asker = store_user(rig.users.user.account);
	struct store_object_change change = {.kind = kind, .bytes = VIEW("{}")};
	struct store_objects_set set = {.changes = &change, .count = 1};
	assert_int_equal(
	    store_objects_set(&asker, rig.account, &set, &fault), RC_OK);
	assert_int_equal(change.result, RC_OK);
}

static void make_identity(void)
{
	make_object(STORE_OBJECT_IDENTITY);
}

static void make_submission(void)
{
	make_object(STORE_OBJECT_SUBMISSION);
}

static void make_settings(void)
{
	make_object(STORE_OBJECT_SETTINGS);
}

static void deliver_and_name(void)
{
	deliver();
	make_identity();
}

static uint64_t version(void)
{
	uint64_t now;
	assert_int_equal(store_account_version(rig.account, &now), RC_OK);
	return now;
}

// ---- What is told ----------------------------------------------------------

struct row {
	void (*change)(void);
	const char *types;   // that the client wants
	const char *changed; // with blanks between; empty: nothing is told
};

static const struct row rows[] = {
    {nothing, "*", ""},
    {deliver, "*", "Mailbox Email EmailDelivery Thread Quota"},
    {flag, "*", "Mailbox Email"},
    {destroy, "*", "Mailbox Email Thread Quota"},
    {make_mailbox, "*", "Mailbox"},
    {make_identity, "*", "Identity"},
    {make_submission, "*", "EmailSubmission"},
    {make_settings, "*", ""},
    {deliver_and_name, "*",
	"Mailbox Email EmailDelivery Thread Identity Quota"},
    {deliver, "Email", "Email"},
    {deliver, "Thread,Mailbox,CalendarEvent", "Mailbox Thread"},
    // RFC 8621 section 1.5.1.
    {flag, "EmailDelivery", ""},
    {deliver, "EmailDelivery", "EmailDelivery"},
    {make_mailbox, "Email,Identity", ""},
};

// {"@type":"StateChange","changed":{"A1":{…}}…
static void expect_change(json_t *json, const char *names)
{
	char state[24];
	struct view rest = view_of_string(names), name;
	json_t *changed =
	    jmap_rig_at(json_object_get(json, "changed"), rig.account_id);
	size_t count = 0;
	snprintf(state, sizeof(state), "%llu", (unsigned long long)version());
	assert_string_equal(
	    json_string_value(json_object_get(json, "@type")), "StateChange");
	while (view_split(&rest, ' ', &name)) {
		const json_t *value =
		    json_object_getn(changed, name.ptr, name.len);
		if (!value || strcmp(json_string_value(value), state) != 0)
			fail_msg("%.*s is not %s in %s", VIEW_FMT(name), state,
			    json_dumps(json, 0));
		count++;
	}
	if (json_object_size(changed) != count)
		fail_msg("not only %s: %s", names, json_dumps(json, 0));
	assert_int_equal(json_object_size(json_object_get(json, "changed")), 1);
}

// ---- A stream of events ----------------------------------------------------

struct stream {
	struct buf text; // of the body
	size_t at;       // so much of it was looked at
	size_t heard;    // bytes of the connection
	bool ended;
	struct http_chunks chunks;
};

static void listen_to(
    struct stream *stream, const char *query, const char *fields)
{
	char text[500];
	*stream = (struct stream){0};
	buf_init(&stream->text, 1000000);
	http_rig_connect(&rig.http, "http/1.1", &client);
	int len = snprintf(text, sizeof(text),
	    "GET /jmap/events%s HTTP/1.1\r\nHost: " HTTP_RIG_HOST "\r\n" LOGIN
	    "%s\r\n",
	    query, fields);
	rig_say(&client, view_of(text, (size_t)len));
	rig_tick(&client);
	stream->heard = view_find(buf_view(&client.out), VIEW("\r\n\r\n")) + 4;
}

static void hear(struct stream *stream)
{
	struct view rest, piece;
	size_t used;
	enum rc rc = RC_OK;
	rig_tick(&client);
	rest = view_from(buf_view(&client.out), stream->heard);
	while ((rc = http_chunks_read(&stream->chunks, rest, &piece, &used)) ==
	       RC_OK) {
		buf_add(&stream->text, piece);
		rest = view_from(rest, used);
		stream->heard += used;
	}
	stream->ended |= rc == RC_END;
}

// Takes the next event: its lines.
static bool take_event(struct stream *stream, struct view *ret_event)
{
	hear(stream);
	struct view rest = view_from(buf_view(&stream->text), stream->at);
	size_t end = view_find(rest, VIEW("\n\n"));
	if (end == SIZE_MAX)
		return false;
	*ret_event = view_slice(rest, 0, end);
	stream->at += end + 2;
	return true;
}

static void expect_id(struct stream *stream, uint64_t id)
{
	char line[40];
	struct view event;
	snprintf(line, sizeof(line), "id: %llu", (unsigned long long)id);
	assert_true(take_event(stream, &event));
	assert_view_equal(event, view_of_string(line));
}

static void expect_state(struct stream *stream, const char *names)
{
	char line[40];
	struct view event, part;
	snprintf(line, sizeof(line), "id: %llu", (unsigned long long)version());
	assert_true(take_event(stream, &event));
	assert_true(view_split(&event, '\n', &part));
	assert_view_equal(part, VIEW("event: state"));
	assert_true(view_split(&event, '\n', &part));
	assert_view_equal(part, view_of_string(line));
	assert_true(view_starts_with(event, VIEW("data: ")));
	event = view_from(event, 6);
	json_t *json = json_loadb(event.ptr, event.len, 0, NULL);
	expect_change(json, names);
	json_decref(json);
}

static void leave(struct stream *stream)
{
	buf_done(&stream->text);
	rig_disconnect(&client);
}

static void events_tell_the_types_that_changed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct stream stream;
		struct view event;
		char query[100];
		deliver();
		snprintf(query, sizeof(query), "?types=%s&closeafter=no&ping=0",
		    rows[i].types);
		listen_to(&stream, query, "");
		expect_id(&stream, version());
		rows[i].change();
		if (rows[i].changed[0] != '\0')
			expect_state(&stream, rows[i].changed);
		assert_false(take_event(&stream, &event));
		assert_false(stream.ended);
		leave(&stream);
	}
}

static const struct {
	const char *query;
	unsigned status;
} queries[] = {
    {"?types=*&closeafter=no&ping=0", 200},
    {"?types=Email,Mailbox&closeafter=state&ping=300", 200},
    {"?types=CalendarEvent&closeafter=no&ping=0", 200},
    {"", 200},
    {"?types=&closeafter=no&ping=0", 400},
    {"?types=*&closeafter=never&ping=0", 400},
    {"?types=*&closeafter=no&ping=-1", 400},
    {"?types=*&closeafter=no&ping=x", 400},
};

static void what_is_asked_is_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
		char begin[30];
		struct stream stream;
		listen_to(&stream, queries[i].query, "");
		snprintf(
		    begin, sizeof(begin), "HTTP/1.1 %u ", queries[i].status);
		struct view said = buf_view(&client.out);
		if (!view_starts_with(said, view_of_string(begin)))
			fail_msg("row %zu: %.*s", i, VIEW_FMT(said));
		bool open = queries[i].status == 200;
		assert_true(
		    open == (view_find(said, VIEW("Content-Type: "
						  "text/event-stream\r\n")) !=
				SIZE_MAX));
		leave(&stream);
	}
}

static void a_stranger_is_told_nothing(void **state)
{
	(void)state;
	struct http_rig_answer answer;
	http_rig_ask(&rig.http, "GET /jmap/events?types=*&closeafter=no&ping=0",
	    "", VIEW(""), &answer);
	assert_int_equal(answer.status, 401);
	http_rig_answer_done(&answer);
}

static void a_stream_ends_after_a_state(void **state)
{
	(void)state;
	struct stream stream;
	listen_to(&stream, "?types=EmailDelivery&closeafter=state&ping=0", "");
	expect_id(&stream, version());
	make_mailbox();
	hear(&stream);
	assert_false(stream.ended);
	deliver();
	expect_state(&stream, "EmailDelivery");
	assert_true(stream.ended);
	leave(&stream);
}

// A client that comes back is told at once what it missed.
static void what_was_missed_is_told(void **state)
{
	(void)state;
	static const char query[] = "?types=*&closeafter=no&ping=0";
	char field[60];
	struct stream stream;
	struct view event;
	uint64_t before = version();
	snprintf(field, sizeof(field), "Last-Event-ID: %llu\r\n",
	    (unsigned long long)before);
	listen_to(&stream, query, field);
	expect_id(&stream, before);
	assert_false(take_event(&stream, &event));
	leave(&stream);
	make_mailbox();
	make_identity();
	listen_to(&stream, query, field);
	expect_id(&stream, before);
	expect_state(&stream, "Mailbox Identity");
	deliver();
	expect_state(&stream, "Mailbox Email EmailDelivery Thread Quota");
	leave(&stream);
	// An account that was never there: it may have been brought back from
	// a backup.
	listen_to(&stream, query, "Last-Event-ID: 999999999\r\n");
	expect_id(&stream, 999999999);
	expect_state(&stream, "Mailbox Email EmailDelivery Thread Identity "
			      "EmailSubmission VacationResponse Quota");
	leave(&stream);
	listen_to(&stream, query, "Last-Event-ID: what?\r\n");
	expect_id(&stream, version());
	assert_false(take_event(&stream, &event));
	leave(&stream);
}

static void pings_come_when_nothing_else_does(void **state)
{
	(void)state;
	struct stream stream;
	struct view event;
	uint64_t begin_ms = clock_monotonic_ms();
	listen_to(&stream, "?types=*&closeafter=no&ping=1", "");
	expect_id(&stream, version());
	for (int i = 0; i < 2; i++) {
		while (!take_event(&stream, &event)) {
			assert_true(clock_monotonic_ms() < begin_ms + 120000);
			usleep(1000);
		}
		assert_view_equal(
		    event, VIEW("event: ping\ndata: {\"interval\":1}"));
		assert_true(clock_monotonic_ms() - begin_ms >= 1000);
	}
	leave(&stream);
}

// ---- A WebSocket -----------------------------------------------------------

static size_t heard; // bytes of the client's connection

static void ws_open(void)
{
	http_rig_connect(&rig.http, "http/1.1", &client);
	rig_say(&client,
	    VIEW("GET /jmap/ws HTTP/1.1\r\nHost: " HTTP_RIG_HOST "\r\n" LOGIN
		 "Upgrade: websocket\r\nConnection: Upgrade\r\n"
		 "Sec-WebSocket-Version: 13\r\n"
		 "Sec-WebSocket-Protocol: jmap\r\n"
		 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
	rig_tick(&client);
	struct view said = buf_view(&client.out);
	assert_true(view_starts_with(said, VIEW("HTTP/1.1 101 ")));
	assert_true(view_find(said, VIEW("\r\nSec-WebSocket-Protocol: "
					 "jmap\r\n")) != SIZE_MAX);
	heard = view_find(said, VIEW("\r\n\r\n")) + 4;
}

static void ws_close(void)
{
	rig_disconnect(&client);
}

// ' is ".
static void ws_say(const char *message)
{
	struct buf frame;
	char text[3000];
	snprintf(text, sizeof(text), "T. %s", message);
	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	buf_init(&frame, 100000);
	rig_websocket_add(&frame, text);
	rig_say(&client, buf_view(&frame));
	buf_done(&frame);
}

// The next message, or NULL. A new reference.
static json_t *ws_hear(void)
{
	char kind;
	struct view payload;
	rig_tick(&client);
	struct view rest = view_from(buf_view(&client.out), heard);
	if (!rig_websocket_take(&rest, &kind, &payload))
		return NULL;
	heard = client.out.len - rest.len;
	assert_int_equal(kind, 'T');
	json_t *json = json_loadb(payload.ptr, payload.len, 0, NULL);
	assert_non_null(json);
	return json;
}

#define CORE "'using':['urn:ietf:params:jmap:core']"
#define ECHO CORE ",'methodCalls':[['Core/echo',{'hello':true},'b3ff']]"

static const struct {
	const char *message;
	const char *path; // in the answer
	const char *value;
} messages[] = {
    // The example of section 4.4.
    {"{'@type':'Request','id':'R1'," ECHO "}", "@type", "'Response'"},
    {"{'@type':'Request','id':'R1'," ECHO "}", "requestId", "'R1'"},
    {"{'@type':'Request','id':'R1'," ECHO "}", "methodResponses",
	"[['Core/echo',{'hello':true},'b3ff']]"},
    {"{'@type':'Request'," ECHO "}", "requestId", NULL},
    {"The quick brown fox jumps over the lazy dog.", "@type", "'RequestError'"},
    {"The quick brown fox jumps over the lazy dog.", "requestId", "null"},
    {"The quick brown fox jumps over the lazy dog.", "type",
	"'urn:ietf:params:jmap:error:notJSON'"},
    {"The quick brown fox jumps over the lazy dog.", "status", "400"},
    // No message that a client sends.
    {"[]", "type", "'urn:ietf:params:jmap:error:notRequest'"},
    {"{" ECHO "}", "type", "'urn:ietf:params:jmap:error:notRequest'"},
    {"{'@type':'Response'," ECHO "}", "type",
	"'urn:ietf:params:jmap:error:notRequest'"},
    {"{'@type':'Request','id':7," ECHO "}", "type",
	"'urn:ietf:params:jmap:error:notRequest'"},
    {"{'@type':'Request','id':'R2'}", "type",
	"'urn:ietf:params:jmap:error:notRequest'"},
    {"{'@type':'Request','id':'R2'}", "requestId", "'R2'"},
    {"{'@type':'Request','id':'R3','using':['x'],'methodCalls':[]}", "type",
	"'urn:ietf:params:jmap:error:unknownCapability'"},
    {"{'@type':'Request','id':'R3','using':['x'],'methodCalls':[]}",
	"requestId", "'R3'"},
    // Push that cannot be enabled.
    {"{'@type':'WebSocketPushEnable','dataTypes':'Email'}", "type",
	"'urn:ietf:params:jmap:error:notRequest'"},
    {"{'@type':'WebSocketPushEnable','dataTypes':[1]}", "@type",
	"'RequestError'"},
    {"{'@type':'WebSocketPushEnable','dataTypes':null,'pushState':1}", "@type",
	"'RequestError'"},
};

static void messages_are_answered(void **state)
{
	(void)state;
	ws_open();
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		ws_say(messages[i].message);
		json_t *answer = ws_hear();
		if (!answer)
			fail_msg("row %zu: no answer", i);
		if (messages[i].value)
			jmap_rig_expect(
			    answer, messages[i].path, messages[i].value);
		else
			assert_null(json_object_get(answer, messages[i].path));
		json_decref(answer);
	}
	assert_null(ws_hear());
	ws_close();
}

static void binary_is_not_understood(void **state)
{
	(void)state;
	char kind;
	struct view payload;
	struct buf frame;
	ws_open();
	buf_init(&frame, 1000);
	rig_websocket_add(&frame, "B. {}");
	rig_say(&client, buf_view(&frame));
	struct view rest = view_from(buf_view(&client.out), heard);
	assert_true(rig_websocket_take(&rest, &kind, &payload));
	assert_int_equal(kind, 'X');
	assert_true(view_starts_with(payload, VIEW("\x03\xeb"))); // 1003
	buf_done(&frame);
	ws_close();
}

// A client that sends many requests and reads later gets all responses.
static void many_requests_at_a_time(void **state)
{
	(void)state;
	enum { COUNT = 200 };
	struct buf frames;
	char text[200];
	ws_open();
	buf_init(&frames, 1000000);
	for (int i = 0; i < COUNT; i++) {
		snprintf(text, sizeof(text),
		    "T. {\"@type\":\"Request\",\"id\":\"%d\",\"using\":[\"urn:"
		    "ietf:params:jmap:core\"],\"methodCalls\":[[\"Core/echo\","
		    "{},\"%d\"]]}",
		    i, i);
		rig_websocket_add(&frames, text);
	}
	rig_say(&client, buf_view(&frames));
	bool seen[COUNT] = {false};
	for (int i = 0; i < COUNT; i++) {
		json_t *answer = ws_hear();
		assert_non_null(answer);
		uint32_t id = COUNT;
		assert_true(
		    view_to_u32(view_of_string(json_string_value(
				    json_object_get(answer, "requestId"))),
			&id));
		assert_in_range(id, 0, COUNT - 1);
		assert_false(seen[id]);
		seen[id] = true;
		json_decref(answer);
	}
	assert_null(ws_hear());
	buf_done(&frames);
	ws_close();
}

static void expect_push(const char *names)
{
	char text[24];
	json_t *json = ws_hear();
	assert_non_null(json);
	expect_change(json, names);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)version());
	assert_string_equal(
	    json_string_value(json_object_get(json, "pushState")), text);
	json_decref(json);
}

static void a_websocket_tells_the_types_that_changed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[200];
		struct view rest = view_of_string(rows[i].types), name;
		struct buf names;
		deliver();
		ws_open();
		buf_init(&names, 100);
		while (view_split(&rest, ',', &name))
			buf_printf(&names, "%s'%.*s'", names.len > 0 ? "," : "",
			    VIEW_FMT(name));
		bool all = strcmp(rows[i].types, "*") == 0;
		snprintf(text, sizeof(text),
		    "{'@type':'WebSocketPushEnable','dataTypes':%s%.*s%s}",
		    all ? "" : "[", all ? 4 : (int)names.len,
		    all ? "null" : names.ptr, all ? "" : "]");
		ws_say(text);
		rows[i].change();
		if (rows[i].changed[0] != '\0')
			expect_push(rows[i].changed);
		assert_null(ws_hear());
		buf_done(&names);
		ws_close();
	}
}

static void push_is_enabled_and_disabled(void **state)
{
	(void)state;
	char text[100];
	ws_open();
	deliver();
	assert_null(ws_hear());
	ws_say("{'@type':'WebSocketPushEnable'}");
	assert_null(ws_hear());
	deliver();
	expect_push("Mailbox Email EmailDelivery Thread Quota");
	uint64_t before = version();
	ws_say("{'@type':'WebSocketPushDisable'}");
	make_mailbox();
	assert_null(ws_hear());
	// What was missed is told at once; a second time replaces the first.
	snprintf(text, sizeof(text),
	    "{'@type':'WebSocketPushEnable','pushState':'%llu'}",
	    (unsigned long long)before);
	ws_say(text);
	expect_push("Mailbox");
	ws_say("{'@type':'WebSocketPushEnable','dataTypes':['Identity']}");
	make_mailbox();
	assert_null(ws_hear());
	make_identity();
	expect_push("Identity");
	ws_say("{'@type':'Request','id':'x'," ECHO "}");
	json_t *answer = ws_hear();
	jmap_rig_expect(answer, "requestId", "'x'");
	json_decref(answer);
	ws_close();
}

static void the_session_says_where_it_is(void **state)
{
	(void)state;
	struct http_rig_answer answer;
	http_rig_ask(&rig.http, "GET /jmap/session", LOGIN, VIEW(""), &answer);
	json_t *json = json_loadb(answer.body.ptr, answer.body.len, 0, NULL);
	json_t *capability =
	    json_object_get(json_object_get(json, "capabilities"),
		"urn:ietf:params:jmap:websocket");
	jmap_rig_expect(capability, "url", "'wss://" HTTP_RIG_HOST "/jmap/ws'");
	jmap_rig_expect(capability, "supportsPush", "true");
	json_decref(json);
	http_rig_answer_done(&answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(events_tell_the_types_that_changed),
	    cmocka_unit_test(what_is_asked_is_checked),
	    cmocka_unit_test(a_stranger_is_told_nothing),
	    cmocka_unit_test(a_stream_ends_after_a_state),
	    cmocka_unit_test(what_was_missed_is_told),
	    cmocka_unit_test(pings_come_when_nothing_else_does),
	    cmocka_unit_test(messages_are_answered),
	    cmocka_unit_test(binary_is_not_understood),
	    cmocka_unit_test(many_requests_at_a_time),
	    cmocka_unit_test(a_websocket_tells_the_types_that_changed),
	    cmocka_unit_test(push_is_enabled_and_disabled),
	    cmocka_unit_test(the_session_says_where_it_is),
	};
	return cmocka_run_group_tests(tests, rig_set_up, rig_tear_down);
}

// SPDX-License-Identifier: Apache-2.0
#include "jmap/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jmap/call.h"

#define TEXT_MAX         ((size_t)16 << 20)
#define RIG_HOLD_SECONDS (30 * 86400)
// base64 of "demo:demo pass"
#define LOGIN     "Authorization: Basic ZGVtbzpkZW1vIHBhc3M=\r\n"
#define JSON_TYPE "Content-Type: application/json\r\n"

static void open_office(struct jmap_rig *rig)
{
	struct fault fault;
	struct engine *engine = rig->users.engine;
	struct queue_settings settings = {
	    .server_name = VIEW("mx.example.org")};
	struct route_domain domain = {.name = VIEW("example.org")};
	struct auth_user friend =
	    rig_users_find(&rig->users, view_of_string(RIG_FRIEND));
	struct store_account *account;
	rig->office = (struct delivery_office){
	    .store = rig->store,
	    .route = route_new(engine, rig->users.auth, NULL),
	    .dkim = dkim_keys_new(engine, NULL),
	    .server_name = VIEW("mx.example.org"),
	    .hold_seconds = RIG_HOLD_SECONDS,
	};
	rig_must(queue_open(engine, &settings, &fault, &rig->office.queue),
	    "the queue");
	rig_must(
	    route_domain_add(rig->office.route, &domain, &fault), "the domain");
	// Its account exists, so that it gets mail.
	rig_must(
	    store_account_enter(rig->store, friend.account, &fault, &account),
	    "the friend's account");
	store_account_close(&account);
}

void jmap_rig_init_limits(
    struct jmap_rig *rig, const struct jmap_limits *limits)
{
	struct fault fault;
	*rig = (struct jmap_rig){0};
	rig_users_init(&rig->users);
	rig->store = store_new(&(struct store_options){
	    .engine = rig->users.engine,
	    .quota_bytes = JMAP_RIG_QUOTA_BYTES,
	    .quota_messages = JMAP_RIG_QUOTA_MESSAGES,
	});
	rig_must(store_account_enter(rig->store, rig->users.user.account,
		     &fault, &rig->account),
	    "the account");
	open_office(rig);
	struct jmap_options options = {.store = rig->store,
	    .auth = rig->users.auth,
	    .office = &rig->office,
	    .server_name = HTTP_RIG_HOST};
	if (limits)
		options.limits = *limits;
	rig->jmap = jmap_new(&options);
	for (size_t i = 0; i < jmap_route_count; i++) {
		rig->routes[i] = jmap_routes[i];
		rig->routes[i].context = rig->jmap;
	}
	http_rig_init(&rig->http, rig->routes, jmap_route_count, &rig->users);
	(void)jmap_id_text(
	    rig->account_id, JMAP_ID_ACCOUNT, rig->users.user.account);
}

void jmap_rig_init(struct jmap_rig *rig)
{
	jmap_rig_init_limits(rig, NULL);
}

void jmap_rig_done(struct jmap_rig *rig)
{
	http_rig_done(&rig->http);
	jmap_free(&rig->jmap);
	queue_close(&rig->office.queue);
	route_free(&rig->office.route);
	dkim_keys_free(&rig->office.dkim);
	store_account_close(&rig->account);
	store_free(&rig->store);
	rig_users_done(&rig->users);
}

static void add_quoted(struct buf *out, struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		buf_add_char(out, text.ptr[i] == '\'' ? '"' : text.ptr[i]);
}

// ' is ", "@A" the account's id, and "@S" the state that was noted.
static void add_call_text(
    const struct jmap_rig *rig, struct buf *out, const char *text)
{
	const char *at;
	while ((at = strchr(text, '@'))) {
		add_quoted(out, view_of(text, (size_t)(at - text)));
		if (at[1] == 'A')
			buf_add_string(out, rig->account_id);
		else if (at[1] == 'S')
			buf_add_string(out, rig->state);
		else
			buf_add_char(out, '@');
		text = at + (at[1] == 'A' || at[1] == 'S' ? 2 : 1);
	}
	add_quoted(out, view_of_string(text));
}

static json_t *ask(struct jmap_rig *rig, struct view body)
{
	struct http_rig_answer answer;
	http_rig_ask(&rig->http,
	    "POST "
	    "/jmap/api",
	    LOGIN JSON_TYPE, body, &answer);
	rig->status = answer.status;
	json_t *json =
	    json_loadb(answer.body.ptr, answer.body.len, JSON_ALLOW_NUL, NULL);
	http_rig_answer_done(&answer);
	return json;
}

json_t *jmap_rig_ask(struct jmap_rig *rig, const char *text)
{
	struct buf body;
	buf_init(&body, TEXT_MAX);
	add_call_text(rig, &body, text);
	json_t *json = ask(rig, buf_view(&body));
	buf_done(&body);
	return json;
}

json_t *jmap_rig_calls(struct jmap_rig *rig, const char *calls)
{
	struct buf body;
	buf_init(&body, TEXT_MAX);
	buf_add_literal(&body, "{\"using\":[");
	static const char *const uris[] = {
#define X(name, uri) uri,
	    JMAP_CAPABILITY_TABLE(X)
#undef X
	};
	for (size_t i = 0; i < ARRAY_LEN(uris); i++)
		buf_printf(&body, "%s\"%s\"", i ? "," : "", uris[i]);
	buf_add_literal(&body, "],\"methodCalls\":");
	add_call_text(rig, &body, calls);
	buf_add_char(&body, '}');
	json_t *json = ask(rig, buf_view(&body));
	json_t *responses =
	    json_incref(json_object_get(json, "methodResponses"));
	if (!responses) {
		fprintf(stderr, "no response (%u) to %s\n", rig->status, calls);
		abort();
	}
	buf_done(&body);
	json_decref(json);
	return responses;
}

json_t *jmap_rig_call(
    struct jmap_rig *rig, const char *method, const char *arguments)
{
	struct buf calls;
	buf_init(&calls, TEXT_MAX);
	bool has = strstr(arguments, "'accountId'") != NULL;
	bool empty = strcmp(arguments, "{}") == 0;
	buf_printf(&calls, "[['%s',{%s%s%s,'c0']]", method,
	    has ? "" : "'accountId':'@A'", has || empty ? "" : ",",
	    arguments + 1);
	buf_add_char(&calls, '\0');
	json_t *responses = jmap_rig_calls(rig, calls.ptr);
	json_t *result =
	    json_incref(json_array_get(json_array_get(responses, 0), 1));
	json_decref(responses);
	buf_done(&calls);
	return result;
}

json_t *jmap_rig_at(json_t *json, const char *path)
{
	struct view rest = view_of_string(path), token;
	while (json && view_split(&rest, '/', &token)) {
		uint32_t index;
		if (json_is_array(json))
			json = view_to_u32(token, &index)
				   ? json_array_get(json, index)
				   : NULL;
		else
			json = json_object_getn(json, token.ptr, token.len);
	}
	return json;
}

void jmap_rig_expect(json_t *json, const char *path, const char *expected)
{
	struct buf text;
	json_t *is = jmap_rig_at(json, path);
	buf_init(&text, TEXT_MAX);
	add_quoted(&text, view_of_string(expected));
	json_t *want = json_loadb(text.ptr, text.len, JSON_DECODE_ANY, NULL);
	if (!want || !is || !json_equal(is, want)) {
		char *dump =
		    is ? json_dumps(is, JSON_ENCODE_ANY | JSON_SORT_KEYS)
		       : NULL;
		char *all = json_dumps(json, JSON_ENCODE_ANY | JSON_SORT_KEYS);
		fprintf(stderr, "at %s: %s\nexpected: %s\nof: %s\n", path,
		    dump ? dump : "(nothing)", expected, all ? all : "");
		abort();
	}
	json_decref(want);
	buf_done(&text);
}

void jmap_rig_note_state_of(struct jmap_rig *rig, json_t *response)
{
	const json_t *state = json_object_get(response, "newState");
	if (!state)
		state = json_object_get(response, "state");
	rig_must(state ? RC_OK : RC_INVALID, "a state");
	snprintf(
	    rig->state, sizeof(rig->state), "%s", json_string_value(state));
}

void jmap_rig_note_state(struct jmap_rig *rig)
{
	json_t *json = jmap_rig_call(rig, "Mailbox/get", "{'ids':[]}");
	jmap_rig_note_state_of(rig, json);
	json_decref(json);
}

void jmap_rig_take(
    struct jmap_rig *rig, const struct jmap_rig_step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		json_t *json =
		    jmap_rig_call(rig, steps[i].method, steps[i].arguments);
		printf("%s %s\n", steps[i].method, steps[i].arguments);
		fflush(stdout);
		jmap_rig_expect(json, steps[i].path, steps[i].expected);
		json_decref(json);
	}
}

void jmap_rig_expect_wrong(struct jmap_rig *rig, const char *method,
    const char *const *arguments, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct jmap_rig_step step = {
		    method, arguments[i], "type", "'invalidArguments'"};
		jmap_rig_take(rig, &step, 1);
	}
}

void jmap_rig_read(struct jmap_rig *rig, json_t *id, struct buf *out)
{
	uint64_t number;
	struct store_reader *reader = store_reader_new(rig->account);
	struct view text =
	    view_of(json_string_value(id), id ? json_string_length(id) : 0);
	rig_must(
	    jmap_id_read(text, JMAP_ID_EMAIL, &number) ? RC_OK : RC_INVALID,
	    "an email's id");
	rig_must(
	    store_reader_bytes(reader, number, 0, TEXT_MAX, out), "the email");
	store_reader_free(&reader);
}

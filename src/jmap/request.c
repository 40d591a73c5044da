// SPDX-License-Identifier: Apache-2.0
// Reads a request, runs its calls, and writes the response.
#include <stdarg.h>

#include "jmap/impl.h"
#include "wire/json_read.h"

// What stands behind "methodResponses": created ids and the session's state.
#define RESPONSE_TAIL ((size_t)1024 * 1024)

// ---- Problems (RFC 8620 section 3.6.1) -------------------------------------

static void problem(struct jmap_request *request, unsigned status,
    const char *type, const char *limit, const char *detail)
{
	struct json_text out;
	char name[64];
	buf_reset(&request->response);
	json_text_init(&out, &request->response);
	json_begin_object(&out);
	if (request->websocket)
		json_member_string(&out, "@type", VIEW("RequestError"));
	snprintf(name, sizeof(name), "urn:ietf:params:jmap:error:%s", type);
	json_member_string(&out, "type", view_of_string(name));
	json_member_u64(&out, "status", status);
	if (limit)
		json_member_string(&out, "limit", view_of_string(limit));
	json_member_string(&out, "detail", view_of_string(detail));
	if (request->id.len > 0)
		json_member_string(&out, "requestId", request->id);
	else if (request->websocket)
		json_member_null(&out, "requestId");
	json_end_object(&out);
	request->status = status;
}

// ---- Reading ---------------------------------------------------------------

static bool is_invocation(const json_t *call)
{
	return json_is_array(call) && json_array_size(call) == 3 &&
	       json_is_string(json_array_get(call, 0)) &&
	       json_is_object(json_array_get(call, 1)) &&
	       json_is_string(json_array_get(call, 2));
}

static bool read_using(struct jmap_request *request, const json_t *using)
{
	size_t i;
	const json_t *item;
	json_array_foreach (using, i, item) {
		enum jmap_capability capability;
		char detail[300];
		if (!json_is_string(item)) {
			problem(request, 400, "notRequest", NULL,
			    "\"using\" is not a list of strings");
			return false;
		}
		if (!jmap_capability_find(json_view(item), &capability)) {
			snprintf(detail, sizeof(detail),
			    "This server has no capability '%.*s'.",
			    (int)(json_string_length(item) < 200
				      ? json_string_length(item)
				      : 200),
			    json_string_value(item));
			problem(
			    request, 400, "unknownCapability", NULL, detail);
			return false;
		}
		request->using |= (uint64_t)1 << capability;
	}
	return true;
}

static bool read_created(struct jmap_request *request, json_t *created)
{
	const char *key;
	json_t *id;
	if (!created)
		return true;
	request->wants_created = true;
	if (!json_is_object(created))
		return false;
	json_object_foreach (created, key, id) {
		if (!json_is_string(id))
			return false;
		jmap_created(request, view_of_string(key), json_view(id));
	}
	return true;
}

static bool check_calls(struct jmap_request *request)
{
	size_t i;
	const json_t *call;
	if (json_array_size(request->calls) >
	    request->jmap->options.limits.calls) {
		problem(request, 400, "limit", "maxCallsInRequest",
		    "The request has too many method calls.");
		return false;
	}
	json_array_foreach (request->calls, i, call)
		if (!is_invocation(call)) {
			problem(request, 400, "notRequest", NULL,
			    "A method call is not [name, arguments, id].");
			return false;
		}
	return true;
}

// The members that only messages of a WebSocket have (RFC 8887 section 4.3).
static bool read_message(struct jmap_request *request)
{
	const json_t *type = json_object_get(request->json, "@type");
	const json_t *id = json_object_get(request->json, "id");
	struct view name = json_is_string(type) ? json_view(type) : VIEW("");
	if (json_is_string(id))
		request->id = json_view(id);
	request->push = view_eq(name, VIEW("WebSocketPushEnable")) ||
			view_eq(name, VIEW("WebSocketPushDisable"));
	if (request->push ||
	    (view_eq(name, VIEW("Request")) && (!id || json_is_string(id))))
		return true;
	problem(request, 400, "notRequest", NULL,
	    "\"@type\" is nothing that a client sends.");
	return false;
}

static bool read_request(struct jmap_request *request, struct view text)
{
	struct fault fault;
	const struct jmap_limits *limits = &request->jmap->options.limits;
	if (text.len > limits->request_bytes) {
		problem(request, 400, "limit", "maxSizeRequest",
		    "The request is too large.");
		return false;
	}
	enum rc rc =
	    json_read(text, limits->request_values, &fault, &request->json);
	if (rc != RC_OK) {
		problem(request, 400, rc == RC_LIMIT ? "limit" : "notJSON",
		    rc == RC_LIMIT ? "maxSizeRequest" : NULL, fault.text);
		return false;
	}
	if (request->websocket && !read_message(request))
		return false;
	if (request->push)
		return false;
	json_t *using = json_object_get(request->json, "using");
	request->calls = json_object_get(request->json, "methodCalls");
	if (!json_is_object(request->json) || !json_is_array(using) ||
	    !json_is_array(request->calls) ||
	    !read_created(
		request, json_object_get(request->json, "createdIds"))) {
		problem(request, 400, "notRequest", NULL,
		    "The JSON is not a Request object.");
		return false;
	}
	return check_calls(request) && read_using(request, using);
}

static struct jmap_request *make(struct jmap *jmap,
    const struct jmap_user *user, struct view text, struct net_waker waker,
    bool websocket)
{
	struct jmap_request *request = mem_zalloc(sizeof(*request));
	request->jmap = jmap;
	request->user = *user;
	request->waker = waker;
	request->websocket = websocket;
	arena_init(&request->arena);
	map_init(&request->created);
	buf_init(&request->response,
	    jmap->options.limits.response_bytes + RESPONSE_TAIL);
	json_text_init(&request->out, &request->response);
	if (!read_request(request, text))
		return request;
	json_begin_object(&request->out);
	json_key(&request->out, "methodResponses");
	json_begin_array(&request->out);
	return request;
}

struct jmap_request *jmap_request_new(struct jmap *jmap,
    const struct jmap_user *user, struct view text, struct net_waker waker)
{
	return make(jmap, user, text, waker, false);
}

struct jmap_request *jmap_request_of_message(struct jmap *jmap,
    const struct jmap_user *user, struct view text, struct net_waker waker)
{
	return make(jmap, user, text, waker, true);
}

// ---- One call --------------------------------------------------------------

static void end_call(struct jmap_request *request)
{
	struct jmap_call *call = &request->call;
	if (!request->running)
		return;
	if (call->method && call->method->end)
		call->method->end(call);
	json_decref(call->arguments);
	arena_done(&call->arena);
	request->running = false;
}

void jmap_request_free(struct jmap_request **ret_request)
{
	struct jmap_request *request = *ret_request;
	if (!request)
		return;
	end_call(request);
	json_decref(request->followup.arguments);
	json_decref(request->json);
	if (request->account)
		store_account_close(&request->account);
	map_done(&request->created);
	arena_done(&request->arena);
	buf_done(&request->response);
	vec_done(&request->responses);
	free(request);
	*ret_request = NULL;
}

// Begins the response of the call: everything up to its arguments.
static void begin_response(struct jmap_call *call, struct view name)
{
	struct json_text *out = &call->request->out;
	json_begin_array(out);
	json_add_string(out, name);
	call->out = *out;
}

static void end_response(struct jmap_call *call)
{
	struct json_text *out = &call->request->out;
	*out = call->out;
	json_add_string(out, call->id);
	json_end_array(out);
	struct view text =
	    view_from(buf_view(&call->request->response), call->out_start);
	size_t comma = text.len > 0 && text.ptr[0] == ',';
	vec_push(
	    &call->request->responses, (struct jmap_response){.id = call->id,
					   .start = call->out_start + comma,
					   .len = text.len - comma});
}

enum jmap_step jmap_fail(
    struct jmap_call *call, enum jmap_error error, const char *description, ...)
{
	struct json_text *out = &call->request->out;
	char text[300];
	*out = call->before;
	buf_truncate(out->out, call->out_start);
	out->out->overflowed = false;
	begin_response(call, VIEW("error"));
	json_begin_object(&call->out);
	json_member_string(
	    &call->out, "type", view_of_string(jmap_error_word(error)));
	if (description) {
		va_list args;
		va_start(args, description);
		vsnprintf(text, sizeof(text), description, args);
		va_end(args);
		json_member_string(
		    &call->out, "description", view_of_string(text));
	}
	json_end_object(&call->out);
	call->failed = true;
	return JMAP_DONE;
}

// The user's own account.
static bool enter_account(struct jmap_call *call)
{
	struct jmap_request *request = call->request;
	struct fault fault;
	if (!request->account) {
		enum rc rc = store_account_enter(request->jmap->options.store,
		    request->user.user.account, &fault, &request->account);
		if (rc != RC_OK) {
			jmap_fail_rc(call, rc, &fault);
			return false;
		}
	}
	call->account = request->account;
	call->asker = store_user(request->user.user.account);
	return true;
}

// The account that the call is for. Today a user has one account.
static bool open_account(struct jmap_call *call)
{
	uint64_t number;
	if (!jmap_take_id(call, "accountId", &call->account_id))
		return false;
	if (call->account_id.len == 0) {
		jmap_fail(
		    call, JMAP_ERROR_INVALID_ARGUMENTS, "accountId is missing");
		return false;
	}
	if (!jmap_id_read(call->account_id, JMAP_ID_ACCOUNT, &number) ||
	    number != call->request->user.user.account) {
		jmap_fail(call, JMAP_ERROR_ACCOUNT_NOT_FOUND, NULL);
		return false;
	}
	return enter_account(call);
}

// Begins a call. False: it failed, and its error was written.
static bool begin_call(struct jmap_request *request, struct view name,
    json_t *arguments, struct view id)
{
	struct jmap_call *call = &request->call;
	*call = (struct jmap_call){.request = request, .id = id};
	arena_init(&call->arena);
	request->running = true;
	call->out_start = request->response.len;
	call->before = request->out;
	const struct jmap_method *method = jmap_method_find(name);
	if (!method || !(request->using & (uint64_t)1 << method->capability)) {
		jmap_fail(call, JMAP_ERROR_UNKNOWN_METHOD, NULL);
		return false;
	}
	if (!jmap_references_resolve(call, arguments, &call->arguments))
		return false;
	if (method->flags & JMAP_NEEDS_ACCOUNT && !open_account(call))
		return false;
	if (method->flags & JMAP_OWN_ACCOUNT && !enter_account(call))
		return false;
	call->method = method;
	begin_response(call, name);
	return true;
}

// The text of the response is too long for this call's answer.
static bool overflowed(struct jmap_call *call)
{
	const struct jmap_limits *limits = &call->request->jmap->options.limits;
	return buf_status(&call->request->response) != RC_OK ||
	       call->request->response.len > limits->response_bytes;
}

static enum jmap_step run_call(struct jmap_request *request)
{
	struct jmap_call *call = &request->call;
	if (call->method) {
		enum jmap_step step = call->method->run(call);
		if (step != JMAP_DONE)
			return step;
	}
	if (!call->failed && overflowed(call))
		jmap_fail(call,
		    call->method->flags & JMAP_CHANGES
			? JMAP_ERROR_SERVER_PARTIAL_FAIL
			: JMAP_ERROR_REQUEST_TOO_LARGE,
		    "the response would be too long");
	end_response(call);
	return JMAP_DONE;
}

void jmap_follow(struct jmap_call *call, const char *method, json_t *arguments)
{
	struct jmap_followup *followup = &call->request->followup;
	json_decref(followup->arguments);
	*followup = (struct jmap_followup){method, arguments};
}

// ---- All calls -------------------------------------------------------------

static void begin_next(struct jmap_request *request)
{
	struct jmap_followup *followup = &request->followup;
	const json_t *item = json_array_get(request->calls, request->at);
	struct view id = json_view(json_array_get(item, 2));
	if (followup->arguments) {
		json_t *arguments = followup->arguments;
		followup->arguments = NULL;
		(void)begin_call(
		    request, view_of_string(followup->method), arguments, id);
		json_decref(arguments);
		return;
	}
	(void)begin_call(request, json_view(json_array_get(item, 0)),
	    json_array_get(item, 1), id);
}

static void finish(struct jmap_request *request)
{
	struct json_text *out = &request->out;
	char state[17];
	size_t position = 0;
	struct view key;
	void *id;
	json_end_array(out);
	if (request->wants_created) {
		json_key(out, "createdIds");
		json_begin_object(out);
		while (map_next(&request->created, &position, &key, &id)) {
			json_key_view(out, key);
			json_add_string(out, view_of_string(id));
		}
		json_end_object(out);
	}
	jmap_session_state(request->jmap, &request->user, state);
	json_member_string(out, "sessionState", view_of_string(state));
	if (request->websocket)
		json_member_string(out, "@type", VIEW("Response"));
	if (request->id.len > 0)
		json_member_string(out, "requestId", request->id);
	json_end_object(out);
	request->status = 200;
	if (buf_status(&request->response) != RC_OK)
		problem(request, 400, "limit", "maxSizeRequest",
		    "The response would be too long.");
}

enum jmap_step jmap_request_run(struct jmap_request *request)
{
	if (request->status != 0 || request->push)
		return JMAP_DONE;
	if (request->at >= json_array_size(request->calls)) {
		finish(request);
		return JMAP_DONE;
	}
	if (!request->running)
		begin_next(request);
	enum jmap_step step = run_call(request);
	if (step != JMAP_DONE)
		return step;
	end_call(request);
	if (!request->followup.arguments)
		request->at++;
	return JMAP_MORE;
}

void jmap_request_refuse(
    struct jmap_request *request, enum jmap_refusal refusal)
{
	if (refusal == JMAP_REFUSE_BUSY)
		problem(request, 429, "limit", "maxConcurrentRequests",
		    "Too many requests at a time.");
	else
		problem(request, 400, "notRequest", NULL,
		    "Push cannot be enabled like this.");
}

unsigned jmap_request_status(const struct jmap_request *request)
{
	return request->status;
}

struct view jmap_request_response(const struct jmap_request *request)
{
	return buf_view(&request->response);
}

const json_t *jmap_request_push(const struct jmap_request *request)
{
	return request->push ? request->json : NULL;
}

void jmap_created(
    struct jmap_request *request, struct view creation_id, struct view id)
{
	map_put(
	    &request->created, creation_id, arena_string(&request->arena, id));
}

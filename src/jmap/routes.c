// SPDX-License-Identifier: Apache-2.0
// The room's routes: the session resource and the API (RFC 8620 sections 2 and
// 3).
#include "http/authorize.h"
#include "http/origin.h"
#include "jmap/blob_routes.h"
#include "jmap/events.h"
#include "jmap/impl.h"
#include "jmap/push.h"
#include "jmap/session.h"
#include "jmap/websocket.h"

const struct jmap_limits jmap_limits_default = {
    .upload_bytes = (uint64_t)100 << 20,
    .uploads = 8,
    .request_bytes = (uint64_t)9766 << 10,
    .requests = 16,
    .calls = 64,
    .objects_get = 4096,
    .objects_set = 4096,
    .response_bytes = (uint64_t)14 << 20,
    .request_values = 400000,
    .push_pace_ms = 1000,
    .push_retry_ms = 5000,
};

struct jmap *jmap_new(const struct jmap_options *options)
{
	struct jmap *jmap = mem_zalloc(sizeof(*jmap));
	jmap->options = *options;
	if (jmap->options.limits.calls == 0)
		jmap->options.limits = jmap_limits_default;
	jmap->requests = jmap_busy_new(jmap->options.limits.requests);
	jmap->uploads = jmap_busy_new(jmap->options.limits.uploads);
	jmap->catalogs = jmap_catalogs_new(JMAP_CATALOG_BYTES);
	jmap->follower = jmap_follower_new(&jmap->options);
	return jmap;
}

enum rc jmap_start(struct jmap *jmap, struct fault *fault)
{
	if (!jmap->options.poster)
		return RC_OK;
	enum rc rc = jmap_push_new(&jmap->options, fault, &jmap->push);
	return rc == RC_OK ? jmap_push_start(jmap->push, fault) : rc;
}

void jmap_free(struct jmap **jmap)
{
	if (!*jmap)
		return;
	jmap_push_free(&(*jmap)->push);
	jmap_follower_free(&(*jmap)->follower);
	jmap_busy_free(&(*jmap)->requests);
	jmap_busy_free(&(*jmap)->uploads);
	jmap_catalogs_free(&(*jmap)->catalogs);
	free(*jmap);
	*jmap = NULL;
}

// ---- The session resource --------------------------------------------------

// URLs are written for the host by which the client reached us.
static struct view base_url(struct http_exchange *exchange)
{
	struct buf url;
	buf_init(&url, 512);
	http_add_own_origin(&exchange->request, &url);
	buf_add_char(&url, '\0');
	struct view copy = arena_copy(&exchange->arena, buf_view(&url));
	buf_done(&url);
	return copy;
}

static enum http_step answer_session(
    struct http_exchange *exchange, const struct auth_user *user)
{
	struct jmap_user who = {.user = *user};
	struct buf text;
	struct json_text out;
	buf_init(&text, HTTP_ANSWER_MAX);
	json_text_init(&out, &text);
	jmap_session_write(
	    exchange->context, &who, base_url(exchange).ptr, &out);
	enum http_step step =
	    http_answer(exchange, 200, "application/json", buf_view(&text));
	buf_done(&text);
	return step;
}

static enum http_step session_resume(struct http_exchange *exchange)
{
	struct auth_user user;
	switch (http_authorize(exchange, exchange->state, &user)) {
	case HTTP_LOGIN_OK: return answer_session(exchange, &user);
	case HTTP_LOGIN_WAIT: return HTTP_WAIT;
	case HTTP_LOGIN_REFUSED: break;
	}
	return HTTP_DONE;
}

static enum http_step session_begin(struct http_exchange *exchange)
{
	exchange->state =
	    arena_zalloc(&exchange->arena, sizeof(struct http_login));
	return session_resume(exchange);
}

static void session_end(struct http_exchange *exchange)
{
	http_login_end(exchange, exchange->state);
}

// ---- The API ---------------------------------------------------------------

struct api {
	struct http_login login;
	struct jmap_user user;
	struct jmap_request *request;
	bool counted; // among the user's requests
};

static enum http_step refuse(
    struct http_exchange *exchange, unsigned status, struct view problem)
{
	return http_answer(
	    exchange, status, "application/problem+json", problem);
}

static bool is_json(struct http_exchange *exchange)
{
	struct view type = http_field(&exchange->request, "content-type"), kind;
	return view_split(&type, ';', &kind) &&
	       view_eq_nocase(view_trim(kind), VIEW("application/json"));
}

static enum http_step run(struct http_exchange *exchange)
{
	struct api *api = exchange->state;
	switch (jmap_request_run(api->request)) {
	case JMAP_MORE: return HTTP_MORE;
	case JMAP_WAIT: return HTTP_WAIT;
	case JMAP_DONE: break;
	}
	unsigned status = jmap_request_status(api->request);
	return http_answer(exchange, status,
	    status == 200 ? "application/json" : "application/problem+json",
	    jmap_request_response(api->request));
}

static enum http_step begin_request(struct http_exchange *exchange)
{
	struct jmap *jmap = exchange->context;
	struct api *api = exchange->state;
	if (!is_json(exchange))
		return refuse(exchange, 400,
		    VIEW("{\"type\":\"urn:ietf:params:jmap:error:notJSON\","
			 "\"status\":400,\"detail\":"
			 "\"The type is not application/json.\"}"));
	api->counted = jmap_busy_begin(jmap->requests, api->user.user.account);
	if (!api->counted)
		return refuse(exchange, 429,
		    VIEW("{\"type\":\"urn:ietf:params:jmap:error:limit\","
			 "\"status\":429,\"limit\":\"maxConcurrentRequests\","
			 "\"detail\":\"Too many requests at a time.\"}"));
	api->request = jmap_request_new(
	    jmap, &api->user, exchange->request.body, http_waker(exchange));
	return run(exchange);
}

static enum http_step api_resume(struct http_exchange *exchange)
{
	struct api *api = exchange->state;
	if (api->request)
		return run(exchange);
	switch (http_authorize(exchange, &api->login, &api->user.user)) {
	case HTTP_LOGIN_OK: return begin_request(exchange);
	case HTTP_LOGIN_WAIT: return HTTP_WAIT;
	case HTTP_LOGIN_REFUSED: break;
	}
	return HTTP_DONE;
}

static enum http_step api_begin(struct http_exchange *exchange)
{
	exchange->state = arena_zalloc(&exchange->arena, sizeof(struct api));
	return api_resume(exchange);
}

static void api_end(struct http_exchange *exchange)
{
	struct jmap *jmap = exchange->context;
	struct api *api = exchange->state;
	http_login_end(exchange, &api->login);
	jmap_request_free(&api->request);
	if (api->counted)
		jmap_busy_end(jmap->requests, api->user.user.account);
}

// ---- The table -------------------------------------------------------------

#define WAIT_SECONDS 120

// Answers hold mail: they are never compressed.
const struct http_route jmap_routes[] = {
    {.methods = HTTP_GET,
	.path = JMAP_WELL_KNOWN,
	.flags = HTTP_ROUTE_SECRET,
	.wait_seconds = WAIT_SECONDS,
	.begin = session_begin,
	.resume = session_resume,
	.end = session_end},
    {.methods = HTTP_GET,
	.path = JMAP_PATH_SESSION,
	.flags = HTTP_ROUTE_SECRET,
	.wait_seconds = WAIT_SECONDS,
	.begin = session_begin,
	.resume = session_resume,
	.end = session_end},
    {.methods = HTTP_POST,
	.path = JMAP_PATH_API,
	.flags = HTTP_ROUTE_SECRET,
	.body_max = (uint64_t)9766 << 10,
	.wait_seconds = WAIT_SECONDS,
	.begin = api_begin,
	.resume = api_resume,
	.end = api_end},
    {.methods = HTTP_POST,
	.path = JMAP_PATH_UPLOAD,
	.flags = HTTP_ROUTE_PREFIX | HTTP_ROUTE_STREAMS | HTTP_ROUTE_SECRET,
	.body_max = (uint64_t)100 << 20,
	.wait_seconds = WAIT_SECONDS,
	.begin = jmap_upload_begin,
	.resume = jmap_upload_resume,
	.end = jmap_upload_end},
    {.methods = HTTP_GET,
	.path = JMAP_PATH_DOWNLOAD,
	.flags = HTTP_ROUTE_PREFIX | HTTP_ROUTE_SECRET,
	.wait_seconds = WAIT_SECONDS,
	.begin = jmap_download_begin,
	.resume = jmap_download_resume,
	.end = jmap_download_end},
    {.methods = HTTP_GET,
	.path = JMAP_PATH_EVENTS,
	.flags = HTTP_ROUTE_SECRET,
	.wait_seconds = 2 * JMAP_EVENTS_PING_MAX,
	.begin = jmap_events_begin,
	.resume = jmap_events_resume,
	.end = jmap_events_end},
    {.methods = HTTP_GET,
	.path = JMAP_PATH_WEBSOCKET,
	.flags = HTTP_ROUTE_SECRET,
	.wait_seconds = WAIT_SECONDS,
	.begin = jmap_websocket_begin,
	.resume = jmap_websocket_resume,
	.end = jmap_websocket_end,
	.websocket = &jmap_websocket},
};
const size_t jmap_route_count = ARRAY_LEN(jmap_routes);

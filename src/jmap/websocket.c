// SPDX-License-Identifier: Apache-2.0
// JMAP over WebSocket (RFC 8887): requests and their responses, and push.
#include "jmap/websocket.h"

#include "base/clock.h"
#include "http/authorize.h"
#include "jmap/impl.h"
#include "jmap/session.h"
#include "jmap/watch.h"
#include "wire/json_read.h"

// So long a request is worked at before others of the server have their turn;
// one piece of its work may take as long again.
#define WORK_MS (NET_SLICE_MS / 2)

#define STATE_CHANGE_MAX ((size_t)4096)

struct ws_request {
	struct jmap_request *request;
	bool waits;    // for its waker
	bool answered; // its response waits until there is room to send it
	struct ws_request *next;
};

struct ws {
	struct http_login login;
	struct jmap_user user;
	bool open;                // the user has logged in
	struct jmap_watch watch;  // open while push is enabled
	unsigned types;           // that are pushed
	struct ws_request *first; // the oldest
};

static struct jmap *jmap_of(const struct http_exchange *exchange)
{
	return exchange->context;
}

// ---- Requests --------------------------------------------------------------

static void drop(struct jmap *jmap, struct ws *ws, struct ws_request *own)
{
	struct ws_request **at = &ws->first;
	while (*at != own)
		at = &(*at)->next;
	*at = own->next;
	jmap_request_free(&own->request);
	jmap_busy_end(jmap->requests, ws->user.user.account);
	free(own);
}

static void work(struct ws_request *own)
{
	uint64_t end_ms = clock_coarse_ms() + WORK_MS;
	enum jmap_step step;
	do
		step = jmap_request_run(own->request);
	while (step == JMAP_MORE && clock_coarse_ms() < end_ms);
	own->waits = step == JMAP_WAIT;
	own->answered = step == JMAP_DONE;
}

// Works at all requests that do not wait, and sends what is complete. The order
// of the responses is not that of the requests (section 4.3.2).
static enum http_step work_all(struct http_exchange *exchange, bool woken)
{
	struct ws *ws = exchange->state;
	struct ws_request *next;
	bool busy = false;
	for (struct ws_request *own = ws->first; own; own = next) {
		next = own->next;
		if (!own->answered && (!own->waits || woken))
			work(own);
		if (own->answered && !http_is_full(exchange)) {
			http_websocket_send(exchange,
			    jmap_request_response(own->request), true);
			drop(jmap_of(exchange), ws, own);
		} else {
			busy |= !own->waits;
		}
	}
	return busy ? HTTP_MORE : HTTP_WAIT;
}

static enum http_step begin_request(
    struct http_exchange *exchange, struct jmap_request *request)
{
	struct ws *ws = exchange->state;
	struct jmap *jmap = jmap_of(exchange);
	if (!jmap_busy_begin(jmap->requests, ws->user.user.account)) {
		jmap_request_refuse(request, JMAP_REFUSE_BUSY);
		http_websocket_send(
		    exchange, jmap_request_response(request), true);
		jmap_request_free(&request);
		return work_all(exchange, false);
	}
	struct ws_request *own = mem_zalloc(sizeof(*own));
	struct ws_request **end = &ws->first;
	own->request = request;
	while (*end)
		end = &(*end)->next;
	*end = own;
	return work_all(exchange, false);
}

// ---- Push (section 4.3.5) --------------------------------------------------

// The push state is the version up to which everything was told.
static void send_change(struct http_exchange *exchange, unsigned changed)
{
	const struct ws *ws = exchange->state;
	char state[24];
	struct buf text;
	struct json_text out;
	buf_init(&text, STATE_CHANGE_MAX);
	json_text_init(&out, &text);
	json_begin_object(&out);
	jmap_state_change_write(
	    &out, ws->user.user.account, changed, ws->watch.version);
	int len = snprintf(state, sizeof(state), "%llu",
	    (unsigned long long)ws->watch.version);
	json_member_string(&out, "pushState", view_of(state, (size_t)len));
	json_end_object(&out);
	http_websocket_send(exchange, buf_view(&text), true);
	buf_done(&text);
}

// False: nobody can say what changed, and the client is to connect again.
static bool tell(struct http_exchange *exchange)
{
	struct ws *ws = exchange->state;
	unsigned changed;
	if (!jmap_watch_is_open(&ws->watch) || http_is_full(exchange))
		return true;
	if (jmap_watch_take(&ws->watch, ws->types, &changed) != RC_OK)
		return false;
	if (changed)
		send_change(exchange, changed);
	return true;
}

static bool enable(struct http_exchange *exchange, const json_t *message)
{
	struct ws *ws = exchange->state;
	struct fault fault;
	const json_t *names = json_object_get(message, "dataTypes");
	const json_t *state = json_object_get(message, "pushState");
	unsigned types = JMAP_PUSH_ALL;
	if (names && !json_is_null(names) &&
	    !jmap_push_types_read(names, &types))
		return false;
	if (state && !json_is_null(state) && !json_is_string(state))
		return false;
	jmap_watch_close(&ws->watch);
	ws->types = types;
	return jmap_watch_open(&ws->watch, jmap_of(exchange)->options.store,
		   ws->user.user.account,
		   json_is_string(state) ? json_view(state) : VIEW(""),
		   http_waker(exchange), &fault) == RC_OK;
}

// A WebSocketPushEnable or WebSocketPushDisable, which nothing answers.
static void take_push(
    struct http_exchange *exchange, struct jmap_request *request)
{
	struct ws *ws = exchange->state;
	const json_t *message = jmap_request_push(request);
	struct view type = json_view(json_object_get(message, "@type"));
	if (view_eq(type, VIEW("WebSocketPushDisable"))) {
		jmap_watch_close(&ws->watch);
	} else if (!enable(exchange, message)) {
		jmap_request_refuse(request, JMAP_REFUSE_PUSH);
		http_websocket_send(
		    exchange, jmap_request_response(request), true);
	}
}

// ---- Messages --------------------------------------------------------------

static enum http_step go_on(struct http_exchange *exchange, bool woken)
{
	enum http_step step = work_all(exchange, woken);
	if (!tell(exchange)) {
		http_websocket_close(exchange, HTTP_WEBSOCKET_INTERNAL,
		    "the account cannot be read");
		return HTTP_DONE;
	}
	// What is to be told waits until there is room.
	return http_is_full(exchange) ? HTTP_MORE : step;
}

static enum http_step ws_message(
    struct http_exchange *exchange, struct view bytes, bool text)
{
	struct ws *ws = exchange->state;
	if (!text) {
		http_websocket_close(exchange, HTTP_WEBSOCKET_UNSUPPORTED,
		    "only text is understood");
		return HTTP_DONE;
	}
	struct jmap_request *request = jmap_request_of_message(
	    jmap_of(exchange), &ws->user, bytes, http_waker(exchange));
	if (!jmap_request_push(request))
		return begin_request(exchange, request);
	take_push(exchange, request);
	jmap_request_free(&request);
	return go_on(exchange, false);
}

static enum http_step ws_open(struct http_exchange *exchange)
{
	struct ws *ws = exchange->state;
	switch (http_authorize(exchange, &ws->login, &ws->user.user)) {
	case HTTP_LOGIN_OK: ws->open = true; return HTTP_WEBSOCKET;
	case HTTP_LOGIN_WAIT: return HTTP_WAIT;
	case HTTP_LOGIN_REFUSED: break;
	}
	return HTTP_DONE;
}

enum http_step jmap_websocket_begin(struct http_exchange *exchange)
{
	exchange->state = arena_zalloc(&exchange->arena, sizeof(struct ws));
	return ws_open(exchange);
}

enum http_step jmap_websocket_resume(struct http_exchange *exchange)
{
	const struct ws *ws = exchange->state;
	return ws->open ? go_on(exchange, true) : ws_open(exchange);
}

void jmap_websocket_end(struct http_exchange *exchange)
{
	struct ws *ws = exchange->state;
	http_login_end(exchange, &ws->login);
	jmap_watch_close(&ws->watch);
	while (ws->first)
		drop(jmap_of(exchange), ws, ws->first);
}

static const char *const protocols[] = {"jmap", NULL};

const struct http_websocket jmap_websocket = {
    .protocols = protocols,
    .message = ws_message,
};

// ---- The capability (section 3) --------------------------------------------

void jmap_websocket_capability(const char *base, struct json_text *out)
{
	char url[600];
	struct view host = view_of_string(base);
	if (view_starts_with(host, VIEW("https://")))
		host = view_from(host, strlen("https://"));
	int len = snprintf(url, sizeof(url), "wss://%.*s%s", VIEW_FMT(host),
	    JMAP_PATH_WEBSOCKET);
	json_member_string(out, "url", view_of(url, (size_t)len));
	json_member_bool(out, "supportsPush", true);
}

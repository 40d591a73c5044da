// SPDX-License-Identifier: Apache-2.0
// One request and its answer: the route is found, the body collected, the
// handler called. Nothing here knows the version of HTTP.
#include "base/ascii.h"
#include "base/clock.h"
#include "http/impl.h"

struct exchange *exchange_new(struct http_session *session)
{
	struct exchange *exchange = mem_zalloc(sizeof(*exchange));
	exchange->session = session;
	exchange->began_ms = clock_coarse_ms();
	arena_init(&exchange->shown.arena);
	buf_init(&exchange->body, 0);
	answer_init(&exchange->answer);
	return exchange;
}

// The handler has nothing more to say.
static void end_handler(struct exchange *exchange)
{
	if (exchange->begun && exchange->route->end)
		exchange->route->end(&exchange->shown);
	exchange->begun = false;
}

void exchange_free(struct exchange **ret_exchange)
{
	struct exchange *exchange = *ret_exchange;
	if (!exchange)
		return;
	end_handler(exchange);
	answer_done(&exchange->answer);
	// A body and the fields may hold a password.
	buf_done_secret(&exchange->body);
	arena_done_secret(&exchange->shown.arena);
	free(exchange);
	*ret_exchange = NULL;
}

void exchange_refuse(struct exchange *exchange, unsigned status)
{
	end_handler(exchange);
	exchange->route = NULL;
	http_status(&exchange->shown, status);
	answer_complete(exchange);
	exchange->phase = EXCHANGE_DONE;
}

// ---- The host --------------------------------------------------------------

static void set_host(struct exchange *exchange, struct view authority)
{
	struct http_request *request = &exchange->shown.request;
	const struct http_server *server = exchange->session->server;
	struct view host;
	if (authority.len == 0 && server->name_count > 0)
		authority = view_of_string(server->names[0]);
	if (!http_authority_split(authority, &host, &request->port))
		return;
	char *lower = arena_alloc(&exchange->shown.arena, host.len + 1);
	for (size_t i = 0; i < host.len; i++)
		lower[i] = ascii_lower(host.ptr[i]);
	request->host = view_of(lower, host.len);
	// "example.org." is the same name (RFC 1034 section 3.1).
	if (view_ends_with(request->host, VIEW(".")))
		request->host.len--;
}

static bool is_our_host(const struct exchange *exchange)
{
	const struct http_server *server = exchange->session->server;
	struct view host = exchange->shown.request.host;
	for (size_t i = 0; i < server->name_count; i++)
		if (view_eq(host, view_of_string(server->names[i])))
			return true;
	return host.len > 0 && server->accepts_host &&
	       server->accepts_host(server->host_context, host);
}

// ---- The route -------------------------------------------------------------

static const struct {
	const char *name;
	enum http_method method;
} methods[] = {
    {"GET", HTTP_GET},
    {"HEAD", HTTP_GET},
    {"POST", HTTP_POST},
    {"PUT", HTTP_PUT},
    {"PATCH", HTTP_PATCH},
    {"DELETE", HTTP_DELETE},
    {"OPTIONS", HTTP_OPTIONS},
};

// False: nobody here knows this method.
static bool set_method(struct exchange *exchange, struct view name)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		if (!view_eq(name, view_of_string(methods[i].name)))
			continue;
		exchange->shown.request.method = methods[i].method;
		exchange->shown.request.head = view_eq(name, VIEW("HEAD"));
		return true;
	}
	return false;
}

static bool matches(const struct http_route *route, struct view path)
{
	struct view own = view_of_string(route->path);
	bool any_case = route->flags & HTTP_ROUTE_ANY_CASE;
	if (route->flags & HTTP_ROUTE_PREFIX)
		path = view_slice(path, 0, own.len);
	return any_case ? view_eq_nocase(path, own) : view_eq(path, own);
}

// The longest path wins. *ret_methods: of all routes with this path.
static const struct http_route *find_route(const struct http_server *server,
    const struct http_request *request, unsigned *ret_methods,
    const struct http_route **ret_any)
{
	const struct http_route *found = NULL;
	size_t best = 0;
	*ret_methods = 0;
	*ret_any = NULL;
	for (size_t i = 0; i < server->route_count; i++) {
		const struct http_route *route = &server->routes[i];
		size_t len = strlen(route->path);
		if (!matches(route, request->path) || len < best)
			continue;
		if (len > best) {
			found = NULL;
			*ret_methods = 0;
		}
		best = len;
		*ret_methods |= route->methods;
		*ret_any = route;
		if (route->methods & (unsigned)request->method)
			found = route;
	}
	return found;
}

// RFC 9110 section 10.2.1.
static void set_allow(struct exchange *exchange, unsigned allowed)
{
	struct buf text;
	buf_init(&text, 100);
	allowed |= HTTP_OPTIONS;
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (allowed & (unsigned)methods[i].method)
			buf_printf(&text, "%s%s", text.len > 0 ? ", " : "",
			    methods[i].name);
	http_set_field(&exchange->shown, "Allow", buf_view(&text));
	buf_done(&text);
}

// The path is there, but not for this method (RFC 9110 sections 9.3.7, 15.5.6).
static void answer_method(struct exchange *exchange, unsigned allowed)
{
	set_allow(exchange, allowed);
	exchange_refuse(exchange,
	    exchange->shown.request.method == HTTP_OPTIONS ? 204 : 405);
}

// ---- Without TLS -----------------------------------------------------------

// A GET goes on with TLS. What else was sent in clear text was sent in vain,
// and is not to be repeated so. 301 is what old mail programs know (308 is
// not).
static void redirect_to_tls(
    struct exchange *exchange, const struct exchange_head *head)
{
	const struct http_server *server = exchange->session->server;
	const struct http_request *request = &exchange->shown.request;
	struct buf url;
	if (server->https_port == 0 || request->method != HTTP_GET) {
		exchange_refuse(exchange, 403);
		return;
	}
	buf_init(&url, head->path.len + head->query.len + 300);
	buf_printf(&url, "https://%.*s", VIEW_FMT(request->host));
	if (server->https_port != 443)
		buf_printf(&url, ":%u", server->https_port);
	buf_add(&url, head->path);
	if (head->query.len > 0) {
		buf_add_char(&url, '?');
		buf_add(&url, head->query);
	}
	http_redirect(&exchange->shown, 301, buf_view(&url));
	buf_done(&url);
	answer_complete(exchange);
	exchange->phase = EXCHANGE_DONE;
}

// ---- The beginning ---------------------------------------------------------

static void copy_fields(
    struct exchange *exchange, const struct exchange_head *head)
{
	struct arena *arena = &exchange->shown.arena;
	struct http_field *fields =
	    arena_alloc(arena, (head->field_count + 1) * sizeof(*fields));
	for (size_t i = 0; i < head->field_count; i++)
		fields[i] =
		    (struct http_field){arena_copy(arena, head->fields[i].name),
			arena_copy(arena, head->fields[i].value)};
	exchange->shown.request.fields = fields;
	exchange->shown.request.field_count = head->field_count;
}

static void set_request(
    struct exchange *exchange, const struct exchange_head *head)
{
	const struct http_session *session = exchange->session;
	struct http_request *request = &exchange->shown.request;
	request->version = head->version;
	request->peer = session->base.peer_address;
	request->tls = session_has_tls(&session->base);
	request->server_name = session->server_name ? session->server_name : "";
	exchange->method = arena_copy(&exchange->shown.arena, head->method);
	request->query = arena_copy(&exchange->shown.arena, head->query);
	set_host(exchange, head->authority);
	copy_fields(exchange, head);
}

// A connection may be traced whose user logs in with each request.
static void trace(const struct exchange *exchange, bool from_client)
{
	const struct session *base = &exchange->session->base;
	struct buf line;
	if (!session_is_traced(base))
		return;
	buf_init(&line, 10000);
	if (from_client)
		buf_printf(&line, "%.*s %.*s", VIEW_FMT(exchange->method),
		    VIEW_FMT(exchange->shown.request.path));
	else
		buf_printf(&line, "%u %s", exchange->answer.status,
		    http_status_text(exchange->answer.status));
	session_trace_line(base, from_client, buf_view(&line));
	buf_done(&line);
}

// Whether memory is so short that no stranger's body is taken in.
static bool is_short(const struct exchange *exchange)
{
	const struct session *base = &exchange->session->base;
	return session_is_stranger(base) &&
	       budget_stage(base->server->budget) >= BUDGET_NO_MAIL;
}

// The route is found: prepares the body.
static void await_body(
    struct exchange *exchange, const struct exchange_head *head)
{
	const struct http_route *route = exchange->route;
	uint64_t max = route->body_max;
	if (head->has_body && head->length != UINT64_MAX &&
	    head->length > max) {
		exchange_refuse(exchange, 413);
		return;
	}
	if (head->has_body && is_short(exchange)) {
		exchange_refuse(exchange, 503);
		return;
	}
	exchange->body.max = (size_t)max;
	exchange->body_ended = !head->has_body;
	exchange->phase =
	    exchange->body_ended || route->flags & HTTP_ROUTE_STREAMS
		? EXCHANGE_READY
		: EXCHANGE_BODY;
}

static void choose_route(
    struct exchange *exchange, const struct exchange_head *head)
{
	const struct http_server *server = exchange->session->server;
	struct http_request *request = &exchange->shown.request;
	const struct http_route *any;
	unsigned allowed;
	const struct http_route *route =
	    find_route(server, request, &allowed, &any);
	bool any_host = any && any->flags & HTTP_ROUTE_ANY_HOST;
	if (!any_host && !is_our_host(exchange)) {
		exchange_refuse(exchange, 421); // RFC 9110 section 15.5.20
	} else if (!request->tls && !(any && any->flags & HTTP_ROUTE_CLEAR)) {
		redirect_to_tls(exchange, head);
	} else if (!any) {
		exchange_refuse(exchange, 404);
	} else if (!route) {
		answer_method(exchange, allowed);
	} else {
		exchange->route = route;
		exchange->shown.context = route->context;
		if (route->flags & HTTP_ROUTE_PREFIX)
			request->rest =
			    view_from(request->path, strlen(route->path));
		await_body(exchange, head);
	}
}

void exchange_begin(struct exchange *exchange, const struct exchange_head *head)
{
	struct http_request *request = &exchange->shown.request;
	set_request(exchange, head);
	if (!set_method(exchange, head->method)) {
		exchange_refuse(exchange, 501); // RFC 9110 section 9.1
	} else if (head->asterisk) {
		request->path = VIEW("*");
		answer_method(exchange, 0);
	} else if (!http_path_decode(
		       &exchange->shown.arena, head->path, &request->path) ||
		   !view_starts_with(request->path, VIEW("/"))) {
		exchange_refuse(exchange, 400);
	} else {
		choose_route(exchange, head);
	}
	trace(exchange, true);
}

// ---- The handler -----------------------------------------------------------

// The handler broke a rule, or its answer could not be made.
static void fail(struct exchange *exchange, const char *why)
{
	struct log_line line;
	session_log_begin(
	    &exchange->session->base, &line, LOG_LEVEL_ERROR, "http_failed");
	log_add(&line, "path", exchange->shown.request.path);
	log_add_string(&line, "why", why);
	log_end(&line);
	if (exchange->answer.ready) {
		exchange->phase = EXCHANGE_CUT;
		return;
	}
	http_status(&exchange->shown, 500);
	exchange->phase = EXCHANGE_DONE;
	answer_complete(exchange);
}

static void finish(struct exchange *exchange)
{
	struct answer *answer = &exchange->answer;
	exchange->phase = EXCHANGE_DONE;
	if (buf_status(&answer->body) != RC_OK)
		fail(exchange, "the answer is too long");
	else if (!answer->streamed)
		answer_complete(exchange);
	else if (answer->length != HTTP_LENGTH_UNKNOWN &&
		 answer->length != answer->added &&
		 !exchange->shown.request.head)
		fail(exchange, "the answer is not as long as it said");
}

static void take_step(struct exchange *exchange, enum http_step step)
{
	struct answer *answer = &exchange->answer;
	if (answer->streamed)
		answer->ready = true;
	// Nobody waits for the body of an answer to HEAD.
	if (answer->streamed && exchange->shown.request.head)
		step = HTTP_DONE;
	switch (step) {
	case HTTP_DONE: finish(exchange); return;
	case HTTP_MORE: exchange->phase = EXCHANGE_MORE; return;
	case HTTP_WAIT: exchange->phase = EXCHANGE_WAIT; return;
	case HTTP_INPUT:
		exchange->phase = EXCHANGE_INPUT;
		if (exchange->shown.last)
			fail(exchange, "it reads on after the body's end");
		return;
	case HTTP_CUT:
		if (answer->ready)
			exchange->phase = EXCHANGE_CUT;
		else
			fail(exchange, "the handler gave up");
		return;
	}
}

static void call(struct exchange *exchange)
{
	const struct http_route *route = exchange->route;
	bool first = !exchange->begun;
	exchange->begun = true;
	atomic_store(&exchange->woken, false);
	if (first && !(route->flags & HTTP_ROUTE_STREAMS))
		exchange->shown.request.body = buf_view(&exchange->body);
	take_step(exchange, first ? route->begin(&exchange->shown)
				  : route->resume(&exchange->shown));
}

bool exchange_can_run(struct exchange *exchange)
{
	return exchange->phase == EXCHANGE_READY ||
	       (exchange->phase == EXCHANGE_WAIT &&
		   atomic_load(&exchange->woken));
}

void exchange_run(struct exchange *exchange)
{
	exchange->shown.piece = view_of(NULL, 0);
	call(exchange);
	// A body that has none ends with the first question for it.
	if (exchange->phase == EXCHANGE_INPUT && exchange->body_ended)
		exchange_give_body(exchange, view_of(NULL, 0), true);
}

void exchange_sent(struct exchange *exchange)
{
	if (exchange->phase == EXCHANGE_MORE)
		exchange->phase = EXCHANGE_READY;
}

// ---- The body --------------------------------------------------------------

bool exchange_takes_body(const struct exchange *exchange)
{
	return exchange->phase == EXCHANGE_BODY ||
	       exchange->phase == EXCHANGE_INPUT;
}

void exchange_give_body(struct exchange *exchange, struct view bytes, bool last)
{
	uint64_t max = exchange->route->body_max;
	exchange->body_ended = last;
	if (exchange->phase == EXCHANGE_INPUT) {
		exchange->body_taken += bytes.len;
		if (exchange->body_taken > max) {
			if (exchange->answer.ready)
				exchange->phase = EXCHANGE_CUT;
			else
				exchange_refuse(exchange, 413);
			return;
		}
		exchange->shown.piece = bytes;
		exchange->shown.last = last;
		call(exchange);
		return;
	}
	buf_add(&exchange->body, bytes);
	if (buf_status(&exchange->body) != RC_OK)
		exchange_refuse(exchange, 413);
	else if (last)
		exchange->phase = EXCHANGE_READY;
}

// ---- Other things ----------------------------------------------------------

static void wake(void *context)
{
	struct exchange *exchange = context;
	const struct net_waker *waker = &exchange->session->base.waker;
	atomic_store(&exchange->woken, true);
	waker->wake(waker->context);
}

struct net_waker http_waker(struct http_exchange *exchange)
{
	return (struct net_waker){.wake = wake, .context = exchange};
}

struct auth_channel http_channel(
    struct http_exchange *shown, struct auth_turn *turn)
{
	struct exchange *exchange = exchange_of(shown);
	struct auth_channel channel = session_channel(&exchange->session->base);
	turn->wake = wake;
	turn->context = exchange;
	channel.turn = turn;
	return channel;
}

bool http_log_in(struct http_exchange *shown, const struct auth_user *user)
{
	struct session *base = &exchange_of(shown)->session->base;
	if (base->user && strcmp(base->user, user->name.text) == 0 &&
	    base->epoch == user->epoch)
		return true;
	if (!session_has_place(base, user))
		return false;
	session_log_in(base, user);
	return true;
}

size_t exchange_memory(const struct exchange *exchange)
{
	return sizeof(*exchange) + exchange->shown.arena.held +
	       exchange->body.capacity + exchange->answer.body.capacity +
	       exchange->answer.fields.capacity * sizeof(struct answer_field);
}

// The query is left out: it may hold secrets.
void exchange_log(const struct exchange *exchange)
{
	const struct http_request *request = &exchange->shown.request;
	struct log_line line;
	trace(exchange, false);
	session_log_begin(
	    &exchange->session->base, &line, LOG_LEVEL_DEBUG, "http_request");
	log_add(&line, "method", exchange->method);
	log_add(&line, "host", request->host);
	log_add(&line, "path", request->path);
	log_add_u64(&line, "status", exchange->answer.status);
	log_add_u64(&line, "bytes", exchange->answer.body_bytes);
	log_add_u64(&line, "ms", clock_coarse_ms() - exchange->began_ms);
	log_end(&line);
}

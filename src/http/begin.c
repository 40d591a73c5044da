// SPDX-License-Identifier: Apache-2.0
// The beginning of an exchange: for which host the request is, which route it
// has, and whether it is answered at once.
#include "base/ascii.h"
#include "http/impl.h"

// HTTP/2: bytes of a WebSocket that are held when its handler is busy. More
// than its window never comes.
#define WEBSOCKET_HELD ((size_t)128 * 1024)

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
	if (route->websocket) {
		exchange->body.max = WEBSOCKET_HELD;
		exchange->phase = EXCHANGE_READY;
		return;
	}
	exchange->phase =
	    exchange->body_ended || route->flags & HTTP_ROUTE_STREAMS
		? EXCHANGE_READY
		: EXCHANGE_BODY;
}

static void take_route(struct exchange *exchange,
    const struct http_route *route, const struct exchange_head *head)
{
	struct http_request *request = &exchange->shown.request;
	exchange->route = route;
	exchange->shown.context = route->context;
	if (route->flags & HTTP_ROUTE_PREFIX)
		request->rest = view_from(request->path, strlen(route->path));
	if (!route->websocket || upgrade_check(exchange, head->extended))
		await_body(exchange, head);
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
	} else if (!route || (head->extended && !route->websocket)) {
		answer_method(exchange, allowed);
	} else {
		take_route(exchange, route, head);
	}
}

void exchange_begin(struct exchange *exchange, const struct exchange_head *head)
{
	struct http_request *request = &exchange->shown.request;
	set_request(exchange, head);
	if (!set_method(
		exchange, head->extended ? VIEW("GET") : head->method)) {
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
	exchange_trace(exchange, true);
}

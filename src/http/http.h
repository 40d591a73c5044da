// SPDX-License-Identifier: Apache-2.0
// What a route's handler sees: a request, and the means to answer it. The same
// for HTTP/1.1 and HTTP/2. A handler knows no connection and no framing.
//
// How a handler is written. A room has a table of routes:
//
//	static enum http_step hello(struct http_exchange *exchange)
//	{
//		return http_answer(exchange, 200, "text/plain",
//		    VIEW("Hello\n"));
//	}
//	const struct http_route routes[] = {
//	    {.methods = HTTP_GET, .path = "/hello", .begin = hello},
//	};
//
// begin() is called when the request is there, with its whole body. It answers
// and returns HTTP_DONE, or returns one of the other steps; then resume() is
// called later, as often as it takes. Between the calls a handler keeps its own
// things in `exchange->state`, and what they hold is freed by end(), which is
// called once for each begin(), also if the client goes away in between.
// Exchanges of one connection never run at the same time, but each call may
// come on another thread. A handler may wait for the disk, never for the
// network.
//
// How a handler is tested: with rig.h, which asks a server without a socket:
//
//	http_rig_ask(&rig, "GET /hello", "", VIEW(""), &answer);
//	assert_int_equal(answer.status, 200);
#ifndef ROOST_HTTP_HTTP_H
#define ROOST_HTTP_HTTP_H

#include "auth/auth.h"
#include "base/arena.h"
#include "base/buf.h"
#include "net/session.h"
#include "wire/http_request.h"

struct http_exchange;
struct http_websocket;

// Bits, so that a route can name several. A handler of GET serves HEAD, too:
// the request's method is then HTTP_GET, and the body is not sent. OPTIONS is
// answered by the room, unless a route names it.
enum http_method {
	HTTP_GET = 1 << 0,
	HTTP_POST = 1 << 1,
	HTTP_PUT = 1 << 2,
	HTTP_PATCH = 1 << 3,
	HTTP_DELETE = 1 << 4,
	HTTP_OPTIONS = 1 << 5,
};

// ---- Routes ----------------------------------------------------------------

enum http_step {
	HTTP_DONE,  // the answer is complete
	HTTP_MORE,  // resume() when the client has taken what was added, or,
		    // when nothing waits for it, when others had their turn
	HTTP_WAIT,  // resume() when the exchange's waker was called:
		    // http_waker()
	HTTP_INPUT, // resume() with the next piece of the request's body; for
		    // HTTP_ROUTE_STREAMS only
	// The request is accepted: it is a WebSocket from now on
	// (websocket.h); for routes with `websocket`.
	HTTP_WEBSOCKET,
	HTTP_CUT, // the answer was begun and cannot be completed
};

enum http_route_flags {
	HTTP_ROUTE_PREFIX = 1 << 0, // and all paths that begin with `path`
	// Served without TLS, too. Other routes redirect to https.
	HTTP_ROUTE_CLEAR = 1 << 1,
	// begin() is called before the body has come, and asks for its pieces.
	HTTP_ROUTE_STREAMS = 1 << 2,
	// The answers hold secrets beside text that others chose. They are
	// never compressed (BREACH).
	HTTP_ROUTE_SECRET = 1 << 3,
	// Served whatever the request's Host says.
	HTTP_ROUTE_ANY_HOST = 1 << 4,
	// The case of ASCII letters in the path makes no difference.
	HTTP_ROUTE_ANY_CASE = 1 << 5,
};

struct http_route {
	unsigned methods;  // of enum http_method
	const char *path;  // decoded: "/.well-known/x"; a prefix ends with "/"
	unsigned flags;    // of enum http_route_flags
	uint64_t body_max; // bytes of the request's body; 0: it has none
	// The longest HTTP_WAIT; 0: as http_limits says. When it is over, the
	// client gets 503, or, if the answer was begun, its end is cut off.
	uint32_t wait_seconds;
	enum http_step (*begin)(struct http_exchange *exchange);
	// NULL if begin() returns HTTP_DONE always.
	enum http_step (*resume)(struct http_exchange *exchange);
	void (*end)(struct http_exchange *exchange); // may be NULL
	const struct http_websocket *websocket;      // NULL: it is none
	void *context;
};

// ---- The request -----------------------------------------------------------

// All of it is valid until end() returns. (Of a piece of a streamed body see
// `piece`.)
struct http_request {
	enum http_method method;
	bool head; // HEAD: nobody will see the body of the answer
	// Without percent-encoding: UTF-8 without control characters, "." and
	// ".." segments. "%2F" is not decoded, and "%25" is not either where
	// "2F" follows, so that segments stay apart.
	struct view path;
	struct view rest;  // the end of `path`, behind a prefix route's path
	struct view query; // as it came; see http_query()
	struct view host;  // in lower case, without port and final dot
	uint16_t port;     // that the client named; 0: none
	const struct http_field *fields; // HTTP/2's names are in lower case
	size_t field_count;
	struct view body; // whole, unless the route streams it
	const char *peer; // the client's address
	bool tls;
	const char *server_name; // that the client asked for (SNI), or ""
	unsigned version;        // 10, 11 or 20
};

// The first field of this name, or the empty view.
struct view http_field(const struct http_request *request, const char *name);

// The first parameter of this name in the query, decoded ("+" and "%20" are
// blanks), in the exchange's arena. False: there is none, or it is not UTF-8.
MUST_CHECK bool http_query(
    struct http_exchange *exchange, const char *name, struct view *ret_value);
// The same in other text of the form application/x-www-form-urlencoded.
MUST_CHECK bool http_form(struct http_exchange *exchange, struct view form,
    const char *name, struct view *ret_value);
// Takes the next parameter out of such a text, decoded; it may be any bytes.
// False: there is none.
MUST_CHECK bool http_form_next(struct arena *arena, struct view *form,
    struct view *ret_name, struct view *ret_value);

// ---- The exchange ----------------------------------------------------------

// What a handler may use of it. The rest is in impl.h.
struct http_exchange {
	struct http_request request;
	void *context;      // of the route
	void *state;        // the handler's own
	struct arena arena; // lives as long as the exchange
	// For a resume() after HTTP_INPUT: the next bytes of the body, valid
	// during the call, and whether they are the last (then they may be
	// empty). The handler takes all of them.
	struct view piece;
	bool last;
};

// What resumes a handler that waits, for whatever takes a waker (a login's
// turn, for example). Other threads may call wake() with any lock held, until
// end() returns. A wake that comes before the HTTP_WAIT counts for it. Do not
// use its cut().
struct net_waker http_waker(struct http_exchange *exchange);

// The handler is also resumed at this moment (clock_monotonic_ms()), perhaps a
// little later, if it waits then. 0: not any more. For a stream in which
// something has to be said now and then, so that a client that has vanished is
// found.
void http_wake_at(struct http_exchange *exchange, uint64_t moment_ms);

// Describes the connection for the auth room. `turn` is the handler's own. The
// scopes are AUTH_SCOPE_JMAP unless the handler sets others.
struct auth_channel http_channel(
    struct http_exchange *exchange, struct auth_turn *turn);
// The request's user has shown who he is: the connection counts as his from now
// on, and ends when he is shut out. False: he has too many connections; the
// handler answers 429.
MUST_CHECK bool http_log_in(
    struct http_exchange *exchange, const struct auth_user *user);

// ---- The answer ------------------------------------------------------------
//
// Status, fields and body may be set in any order until the handler returns.
// The room adds: Date, Content-Length, the fields that keep a browser safe
// (README.md), "Cache-Control: no-store"; a handler's field of the same name
// replaces each of these. For GET it looks at the conditions of the request
// (If-None-Match …) and at Range, and compresses what is worth it.

#define HTTP_ANSWER_MAX ((size_t)16 * 1024 * 1024) // bytes, unless streamed

void http_set_status(struct http_exchange *exchange, unsigned status); // [200]
// Replaces the field of this name, which is static. The value is copied. (To
// have several, as of Set-Cookie, use http_add_field().)
void http_set_field(
    struct http_exchange *exchange, const char *name, struct view value);
void http_add_field(
    struct http_exchange *exchange, const char *name, struct view value);
// A strong entity tag, without quotes.
void http_set_etag(struct http_exchange *exchange, struct view tag);
void http_set_modified(struct http_exchange *exchange, int64_t seconds);
void http_add_body(struct http_exchange *exchange, struct view bytes);

// From now on what is added is sent, by and by, when the handler returns.
// `length` is that of the whole body, HTTP_LENGTH_UNKNOWN if nobody knows. No
// field can be set afterwards.
#define HTTP_LENGTH_UNKNOWN UINT64_MAX
void http_stream(struct http_exchange *exchange, uint64_t length);
// The same for a GET whose whole body has `length` bytes and a tag
// (http_set_etag()): looks at the conditions of the request and at Range.
// Returns the status. 200, 206: the handler adds the `*ret_len` bytes from
// `*ret_first` on, and may set fields until it returns. 304, 412, 416: it was
// answered.
unsigned http_stream_range(struct http_exchange *exchange, uint64_t length,
    uint64_t *ret_first, uint64_t *ret_len);
// Whether enough has been added: the handler returns HTTP_MORE.
bool http_is_full(const struct http_exchange *exchange);

// Each answers, and returns HTTP_DONE. A body replaces one that was begun.
enum http_step http_answer(struct http_exchange *exchange, unsigned status,
    const char *type, struct view body);
// A short text says what the status means; for 204 and 304 there is none.
enum http_step http_status(struct http_exchange *exchange, unsigned status);
// 301, 302, 303, 307 or 308. `location` is a URL, or a path on this host.
enum http_step http_redirect(
    struct http_exchange *exchange, unsigned status, struct view location);

// "Not Found"; static.
const char *http_status_text(unsigned status);

#endif

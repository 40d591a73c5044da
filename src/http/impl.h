// SPDX-License-Identifier: Apache-2.0
// The inside of the HTTP room: a session, its exchanges, and what the two
// versions do for them.
//
// An exchange is one request and its answer, whatever the version. h1.c and
// h2.c make exchanges from what the client sends, give them the body, run them,
// and send what they have answered. exchange.c finds the route and calls the
// handler. Nothing of it knows the version.
#ifndef ROOST_HTTP_IMPL_H
#define ROOST_HTTP_IMPL_H

#include <stdatomic.h>

#include "base/vec.h"
#include "http/session.h"
#include "http/websocket.h"

// A handler stops adding when this much of its answer waits to be sent.
#define HTTP_PENDING_HIGH ((size_t)64 * 1024)

enum exchange_phase {
	EXCHANGE_BODY,  // the whole body has to come first
	EXCHANGE_READY, // the handler is to be called
	EXCHANGE_INPUT, // the handler wants the next piece of the body
	EXCHANGE_WAIT,  // the handler waits for its waker
	EXCHANGE_MORE, // the handler is called when what it added has been sent
	EXCHANGE_DONE, // the answer is complete, perhaps not sent yet
	EXCHANGE_CUT,  // the answer cannot be completed
};

struct answer_field {
	const char *name;
	struct view value;
};

struct answer {
	unsigned status;
	VEC(struct answer_field) fields; // values in the exchange's arena
	struct view etag;                // with quotes
	int64_t modified;                // seconds; INT64_MIN: not known
	struct buf body;
	size_t at; // before this, the body is sent
	bool streamed;
	uint64_t length;     // if streamed: that was promised
	uint64_t added;      // if streamed: bytes so far
	bool ready;          // the head can be sent
	bool sent;           // the head was handed to the version
	uint64_t body_bytes; // sent, for the log
};

struct exchange {
	struct http_exchange shown; // first: what the handler sees
	struct http_session *session;
	const struct http_route *route; // NULL: the room answers
	enum exchange_phase phase;
	bool begun; // begin() was called, so end() will be
	_Atomic bool woken;
	uint64_t wake_ms;            // monotonic: http_wake_at(); 0: none
	uint64_t give_up_ms;         // when a wait has lasted too long
	struct websocket *websocket; // owned; NULL: it is none (yet)
	struct view method;          // as sent, for the log
	struct buf body;     // of the request: collected, or not given yet
	uint64_t body_taken; // bytes that a handler that streams has got
	bool body_ended;     // all of it has come, and was given
	bool input_ended;    // HTTP/2: all of it has come
	bool expects;        // the client waits for 100 Continue
	struct answer answer;
	uint64_t began_ms;
	// HTTP/2: the stream, and the next exchange of the session.
	int32_t stream;
	bool blocked;   // nghttp2 waits for more of the answer
	bool reset;     // the client was told that the answer is cut short
	size_t dropped; // bytes of the body that came after the answer
	struct exchange *next;
};

// What a session of HTTP/1.1 knows between calls.
struct h1 {
	struct exchange *exchange; // NULL between requests
	enum http_framing framing; // of the request's body
	uint64_t left;             // if HTTP_FRAMING_LENGTH
	struct http_chunks chunks;
	size_t scanned; // of the next head (http_head_find())
	bool keep_alive;
	bool chunked; // the answer's body
	bool closing; // the answer said that the connection will close
	unsigned minor;
	const char *why; // static: the request that was refused; or NULL
};

struct h2;

// A time for the client to do something: `seconds`, and more for what is long.
struct http_pace {
	uint64_t since_ms; // 0: there is none
	uint32_t seconds;
	uint64_t bytes; // each `rate_min` of them give a second more
	const char *what;
};

struct http_session {
	struct session base; // first
	const struct http_server *server;
	char *server_name; // owned: SNI
	struct h1 h1;
	struct h2 *h2; // owned; NULL: HTTP/1.1
	struct http_pace pace;
	uint32_t requests;
};

// ---- exchange.c ------------------------------------------------------------

struct exchange *exchange_new(struct http_session *session);
// Calls end(), if it is due. `exchange` may be NULL.
void exchange_free(struct exchange **exchange);

// What the client sent, copied into the exchange.
struct exchange_head {
	struct view method;
	struct view authority;
	struct view path;
	struct view query;
	const struct http_field *fields;
	size_t field_count;
	unsigned version;
	bool has_body;
	uint64_t length; // UINT64_MAX: not known
	bool asterisk;
	bool extended; // an extended CONNECT for a WebSocket (RFC 8441)
};

// Finds the route, and checks what can be checked before the body comes.
// Afterwards the exchange waits for its body, or is ready, or was answered.
void exchange_begin(
    struct exchange *exchange, const struct exchange_head *head);
// Answers with an error of the protocol, instead of exchange_begin().
void exchange_refuse(struct exchange *exchange, unsigned status);

// Whether bytes of the body can be taken now.
bool exchange_takes_body(const struct exchange *exchange);
// Gives the next bytes of the body. A handler that streams is called.
void exchange_give_body(
    struct exchange *exchange, struct view bytes, bool last);

// Gives a message of a WebSocket to the handler.
void exchange_give_message(
    struct exchange *exchange, struct view bytes, bool text);

// Whether the handler can be called now: it is ready, or was woken.
bool exchange_can_run(struct exchange *exchange);
void exchange_run(struct exchange *exchange);
// The moment at which a handler that waits can be run in any case; 0: it does
// not wait.
uint64_t exchange_alarm_ms(const struct exchange *exchange);
// What was added has been sent: a handler that waits for that is ready.
void exchange_sent(struct exchange *exchange);

size_t exchange_memory(const struct exchange *exchange);
// Counts and logs it, at its end.
void exchange_log(const struct exchange *exchange);
// Traces the request, or the status of the answer.
void exchange_trace(const struct exchange *exchange, bool from_client);

static inline struct exchange *exchange_of(struct http_exchange *shown)
{
	return (struct exchange *)shown;
}

// ---- upgrade.c -------------------------------------------------------------

// For a route with `websocket`: whether the request asks for one as it should.
// False: it was answered.
MUST_CHECK bool upgrade_check(struct exchange *exchange, bool extended);
// The handler has accepted: prepares the answer.
void upgrade(struct exchange *exchange);

// ---- websocket.c -----------------------------------------------------------

void websocket_open(struct exchange *exchange);
void websocket_free(struct websocket **websocket);
size_t websocket_memory(const struct websocket *websocket);

// Whether the exchange is a WebSocket that reads on now.
bool websocket_takes_input(const struct exchange *exchange);
// Whether websocket_input() was interrupted and can go on without more input.
bool websocket_has_more(const struct exchange *exchange);
// Returns how many bytes were read.
size_t websocket_input(struct exchange *exchange, struct view in);

// The handler has finished: says so, and waits for the client's word.
void websocket_finish(struct exchange *exchange);
bool websocket_is_closing(const struct exchange *exchange);
// The connection ends: says it, if it was not said.
void websocket_bye(struct exchange *exchange);

// When a client that is silent is looked at; and doing it.
uint64_t websocket_check_ms(struct exchange *exchange);
void websocket_check(struct exchange *exchange);

// ---- request.c -------------------------------------------------------------

// Decodes a path (see struct http_request). False: it is refused.
MUST_CHECK bool http_path_decode(
    struct arena *arena, struct view path, struct view *ret_path);

// ---- answer.c --------------------------------------------------------------

void answer_init(struct answer *answer);
void answer_done(struct answer *answer);
// The answer is whole: looks at conditions and ranges, compresses.
void answer_complete(struct exchange *exchange);
// Adds the fields that every answer has. Call it once, before they are sent.
void answer_add_defaults(struct exchange *exchange);
// Whether the answer has a body, by its status and the request's method.
bool answer_has_body(const struct exchange *exchange);
// What of the body has not been sent yet, and that some of it was.
struct view answer_rest(const struct answer *answer);
void answer_took(struct answer *answer, size_t len);
// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7).
void http_date_add(struct buf *out, int64_t seconds);
// How the request's conditions judge what is there (RFC 9110 section 13.2.2):
// 0: go on; otherwise the status that answers. `tag` with quotes, or empty.
unsigned http_conditions(
    const struct http_request *request, struct view tag, int64_t modified);
// The same for If-Range.
bool http_if_range(
    const struct http_request *request, struct view tag, int64_t modified);
// gzip: whether it is worth it, whether the client wants it, and doing it.
bool http_worth_packing(struct view type, size_t len);
bool http_accepts_gzip(const struct http_request *request);
MUST_CHECK bool http_pack(struct view in, struct buf *out);
// Compresses the whole answer if that is worth it and the client wants it.
void answer_compress(struct exchange *exchange);
const struct answer_field *answer_find(
    const struct answer *answer, const char *name);

// ---- session.c -------------------------------------------------------------

void http_pace_begin(struct http_session *session, const char *what,
    uint32_t seconds, uint64_t bytes);
void http_pace_add(struct http_session *session, uint64_t bytes);
void http_pace_end(struct http_session *session);

// ---- h2.c ------------------------------------------------------------------

void h2_start(struct http_session *session);
size_t h2_input(struct http_session *session, struct view in);
void h2_resume(struct http_session *session);
void h2_bye(struct http_session *session); // says GOAWAY
void h2_done(struct http_session *session);
size_t h2_memory(const struct http_session *session);
uint64_t h2_alarm_ms(const struct http_session *session);

// ---- h1.c ------------------------------------------------------------------

size_t h1_input(struct http_session *session, struct view in); // gives the
							       // bytes read
void h1_resume(struct http_session *session);
void h1_wake(struct http_session *session);
void h1_bye(struct http_session *session);
void h1_timed_out(struct http_session *session);
void h1_done(struct http_session *session);
size_t h1_memory(const struct http_session *session);
uint32_t h1_timeout(const struct http_session *session);
uint64_t h1_alarm_ms(const struct http_session *session);

#endif

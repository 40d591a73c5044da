// SPDX-License-Identifier: Apache-2.0
// WebSockets, as a route's handler sees them (RFC 6455; with HTTP/2: RFC 8441).
//
// The client asks by a GET of a route that has `websocket`. begin() is called
// as for any request: it looks who asks, may wait, and may refuse by an answer.
// Otherwise it returns HTTP_WEBSOCKET. From then on
//
//	message()  is called for each message that has come
//	resume()   is called when the handler was woken (http_waker()), when its
//	           moment has come (http_wake_at()), and after HTTP_MORE
//	end()      is called once, in the end
//
// and message() and resume() return one of
//
//	HTTP_WAIT  for the next message or wake
//	HTTP_MORE  there is more to do: resume() when the client has taken what
//	           was sent, or when others had their turn. No message comes
//	           before
//	HTTP_DONE  the handler has finished: the connection is closed in order
//	HTTP_CUT   the same at once, without a word
//
// The room answers pings, pings clients that are silent, and cuts off those
// that do not answer. Messages are whole, no longer than allowed, and valid
// UTF-8 if they are text; a client that breaks a rule is told and closed.
#ifndef ROOST_HTTP_WEBSOCKET_H
#define ROOST_HTTP_WEBSOCKET_H

#include "http/http.h"

struct http_websocket {
	// The subprotocols that are spoken, the best first, then NULL. A client
	// that offers none of them is refused. NULL: no subprotocol.
	const char *const *protocols;
	size_t message_max; // bytes of a message; 0: as http_limits says
	// Whether pages of this origin ("https://other.example") may connect.
	// They come with the cookies of their user, and no browser asks first.
	// NULL: only pages of the same origin. Programs send no origin, and are
	// not refused.
	bool (*accepts_origin)(
	    struct http_exchange *exchange, struct view origin);
	// `bytes` are valid during the call.
	enum http_step (*message)(
	    struct http_exchange *exchange, struct view bytes, bool text);
};

// Sends a message. http_is_full() says when it is time for HTTP_MORE.
void http_websocket_send(
    struct http_exchange *exchange, struct view bytes, bool text);

// Codes of RFC 6455 section 7.4.1.
enum http_websocket_code {
	HTTP_WEBSOCKET_NORMAL = 1000,
	HTTP_WEBSOCKET_GOING_AWAY = 1001,
	HTTP_WEBSOCKET_PROTOCOL = 1002,
	HTTP_WEBSOCKET_UNSUPPORTED = 1003,
	HTTP_WEBSOCKET_NO_CODE = 1005, // the client named none
	HTTP_WEBSOCKET_NOT_TEXT = 1007,
	HTTP_WEBSOCKET_POLICY = 1008,
	HTTP_WEBSOCKET_TOO_BIG = 1009,
	HTTP_WEBSOCKET_INTERNAL = 1011,
};

// Says why the handler is about to return HTTP_DONE; otherwise it is "normal".
// `reason` is UTF-8, of which 123 bytes are sent.
void http_websocket_close(
    struct http_exchange *exchange, unsigned code, const char *reason);

#endif

// SPDX-License-Identifier: Apache-2.0
// How a request becomes a WebSocket: RFC 6455 section 4.2, and RFC 8441 for
// HTTP/2.
#include <openssl/evp.h>

#include "http/impl.h"
#include "http/origin.h"
#include "wire/base64.h"

#define VERSION   "13"
#define KEY_BYTES 16

// ---- The request -----------------------------------------------------------

// Whether one of the fields of this name has the token in its list.
static bool has_token(
    const struct http_request *request, const char *name, struct view token)
{
	struct view field_name = view_of_string(name), element;
	for (size_t i = 0; i < request->field_count; i++) {
		struct view list = request->fields[i].value;
		if (!view_eq_nocase(request->fields[i].name, field_name))
			continue;
		while (http_list_next(&list, &element))
			if (view_eq_nocase(element, token))
				return true;
	}
	return false;
}

static bool has_key(const struct http_request *request)
{
	struct buf key;
	buf_init(&key, KEY_BYTES);
	enum rc rc =
	    base64_decode(http_field(request, "Sec-WebSocket-Key"), &key);
	bool good =
	    rc == RC_OK && buf_status(&key) == RC_OK && key.len == KEY_BYTES;
	buf_done(&key);
	return good;
}

// Section 10.2.
static bool is_origin_allowed(struct exchange *exchange)
{
	const struct http_websocket *kind = exchange->route->websocket;
	struct http_exchange *shown = &exchange->shown;
	struct view origin = http_field(&shown->request, "origin");
	return !http_is_foreign(&shown->request) ||
	       (origin.len > 0 && kind->accepts_origin &&
		   kind->accepts_origin(shown, origin));
}

// The first of our subprotocols that the client offers, too. False: there is
// none, but one is needed.
static bool choose_protocol(
    const struct exchange *exchange, struct view *ret_protocol)
{
	const char *const *protocols = exchange->route->websocket->protocols;
	*ret_protocol = view_of(NULL, 0);
	for (; protocols && *protocols; protocols++) {
		*ret_protocol = view_of_string(*protocols);
		if (has_token(&exchange->shown.request,
			"Sec-WebSocket-Protocol", *ret_protocol))
			return true;
	}
	return !exchange->route->websocket->protocols;
}

// RFC 9110 section 15.5.22. In HTTP/2 there is no such field.
static void ask_for_upgrade(struct exchange *exchange)
{
	struct http_exchange *shown = &exchange->shown;
	http_set_field(shown, "Sec-WebSocket-Version", VIEW(VERSION));
	if (shown->request.version >= 20) {
		exchange_refuse(exchange, 400);
		return;
	}
	http_set_field(shown, "Upgrade", VIEW("websocket"));
	http_set_field(shown, "Connection", VIEW("Upgrade"));
	exchange_refuse(exchange, 426);
}

static bool asks_for_upgrade(const struct http_request *request, bool extended)
{
	if (request->version >= 20)
		return extended;
	return request->version == 11 && !request->head &&
	       has_token(request, "Upgrade", VIEW("websocket")) &&
	       has_token(request, "Connection", VIEW("upgrade"));
}

bool upgrade_check(struct exchange *exchange, bool extended)
{
	const struct http_request *request = &exchange->shown.request;
	struct view protocol;
	struct view version = http_field(request, "Sec-WebSocket-Version");
	if (!asks_for_upgrade(request, extended) ||
	    !view_eq(version, VIEW(VERSION)))
		ask_for_upgrade(exchange);
	else if (request->version < 20 && !has_key(request))
		exchange_refuse(exchange, 400);
	else if (!choose_protocol(exchange, &protocol))
		exchange_refuse(exchange, 400);
	else if (!is_origin_allowed(exchange))
		exchange_refuse(exchange, 403);
	else
		return true;
	return false;
}

// ---- The answer ------------------------------------------------------------

// Section 4.2.2: it shows that the request was understood.
static void set_accept(struct exchange *exchange)
{
	struct http_exchange *shown = &exchange->shown;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	struct buf text;
	buf_init(&text, 1000);
	buf_add(&text, http_field(&shown->request, "Sec-WebSocket-Key"));
	buf_add_literal(&text, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
	if (EVP_Digest(text.ptr, text.len, digest, &len, EVP_sha1(), NULL) != 1)
		abort(); // out of memory
	buf_reset(&text);
	base64_encode(view_of((const char *)digest, len), &text);
	http_set_field(shown, "Upgrade", VIEW("websocket"));
	http_set_field(shown, "Connection", VIEW("Upgrade"));
	http_set_field(shown, "Sec-WebSocket-Accept", buf_view(&text));
	buf_done(&text);
}

void upgrade(struct exchange *exchange)
{
	struct http_exchange *shown = &exchange->shown;
	struct view protocol;
	if (!choose_protocol(exchange, &protocol))
		abort(); // upgrade_check() has seen one
	websocket_open(exchange);
	// What begin() may have added was for an answer of another kind.
	buf_reset(&exchange->answer.body);
	http_set_status(shown, shown->request.version < 20 ? 101 : 200);
	if (shown->request.version < 20)
		set_accept(exchange);
	if (protocol.len > 0)
		http_set_field(shown, "Sec-WebSocket-Protocol", protocol);
	http_stream(shown, HTTP_LENGTH_UNKNOWN);
}

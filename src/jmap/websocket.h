// SPDX-License-Identifier: Apache-2.0
// The handler of the room's WebSocket (RFC 8887).
#ifndef ROOST_JMAP_WEBSOCKET_H
#define ROOST_JMAP_WEBSOCKET_H

#include "http/websocket.h"
#include "wire/json_text.h"

enum http_step jmap_websocket_begin(struct http_exchange *exchange);
enum http_step jmap_websocket_resume(struct http_exchange *exchange);
void jmap_websocket_end(struct http_exchange *exchange);
extern const struct http_websocket jmap_websocket;

// Writes the members of the capability "websocket". `base` is the beginning of
// the server's URLs.
void jmap_websocket_capability(const char *base, struct json_text *out);

#endif

// SPDX-License-Identifier: Apache-2.0
// For the room's own tests and fuzzers: a few handlers of each kind.
#ifndef ROOST_HTTP_RIG_ROUTES_H
#define ROOST_HTTP_RIG_ROUTES_H

#include "http/http.h"

// GET /hello         "hello"
// POST /echo         the body, up to 100 bytes
// POST /up           how many bytes came, in pieces, up to 1 MB
// GET /count?n=…     so many lines, in pieces, in chunks
// GET /wait          "news", when rig_news_arrive() was called
// GET /events?ping=… a stream: "hello\n", then "news\n" for each
//                    rig_news_arrive(), and "ping\n" after so many
//                    milliseconds without; without `ping` none
// GET /socket        a WebSocket (rig_routes.c, socket_message())
// GET /chat          one that speaks "best" or "good", also with the pages of
//                    https://friend.example
// POST /cut          its answer is cut short
extern const struct http_route rig_routes[];
extern const size_t rig_route_count;

// How many handlers were begun and have not ended.
extern unsigned rig_running;

// Wakes the handlers of /wait and /events.
void rig_news_arrive(void);

#endif

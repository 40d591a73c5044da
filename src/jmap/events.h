// SPDX-License-Identifier: Apache-2.0
// The handler of the event source resource (RFC 8620 section 7.3).
#ifndef ROOST_JMAP_EVENTS_H
#define ROOST_JMAP_EVENTS_H

#include "http/http.h"

// A ping at least so often, in seconds: the longest a handler waits.
#define JMAP_EVENTS_PING_MAX 3600

enum http_step jmap_events_begin(struct http_exchange *exchange);
enum http_step jmap_events_resume(struct http_exchange *exchange);
void jmap_events_end(struct http_exchange *exchange);

#endif

// SPDX-License-Identifier: Apache-2.0
// JMAP (RFC 8620, RFC 8621) over the requests of `http`. The server opens it
// and adds its routes to the others.
#ifndef ROOST_JMAP_JMAP_H
#define ROOST_JMAP_JMAP_H

#include "delivery/delivery.h"
#include "http/http.h"
#include "store/store.h"

// What a client may ask for at a time (RFC 8620 section 2: the "core"
// capability). Each protects the server.
struct jmap_limits {
	uint64_t upload_bytes;   // maxSizeUpload
	uint32_t uploads;        // maxConcurrentUpload, of a user
	uint64_t request_bytes;  // maxSizeRequest
	uint32_t requests;       // maxConcurrentRequests, of a user
	uint32_t calls;          // maxCallsInRequest
	uint32_t objects_get;    // maxObjectsInGet
	uint32_t objects_set;    // maxObjectsInSet
	uint64_t response_bytes; // all answers to the calls of a request
	uint32_t request_values; // JSON values and keys in a request
};
extern const struct jmap_limits jmap_limits_default;

// All that it points to must outlive the room.
struct jmap_options {
	struct store *store;
	struct auth *auth;
	const struct delivery_office *office; // sends what users submit
	struct log *log;                      // may be NULL
	const char *server_name;              // in Message-IDs
	const struct clock *clock;            // NULL: the machine's
	struct jmap_limits limits;            // all zero: the defaults
};

// The session resource, as clients find it (RFC 8620 section 2.2).
#define JMAP_WELL_KNOWN "/.well-known/jmap"

struct jmap;

struct jmap *jmap_new(const struct jmap_options *options);
void jmap_free(struct jmap **jmap); // after the sessions

// Their context is a struct jmap.
extern const struct http_route jmap_routes[];
extern const size_t jmap_route_count;

#endif

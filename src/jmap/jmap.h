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
	// To one push subscription at most one push goes in this time, so that
	// a flood of mail is told in a few of them; and how long the second
	// try waits after a failure, the third twice as long …
	uint32_t push_pace_ms;
	uint32_t push_retry_ms;
};
extern const struct jmap_limits jmap_limits_default;

// A request to a push service.
struct jmap_post {
	const char *url; // https
	struct view body;
	const char *content_type;
	const char *content_encoding; // NULL: none
	const char *authorization;
	uint32_t ttl;        // seconds that the push service may keep it
	const char *urgency; // RFC 8030 section 5.3
};

struct jmap_posted {
	unsigned status;      // 0: there was no answer
	uint32_t retry_after; // seconds; 0: the answer does not say
	const char *why;      // if there was no answer, a part of a sentence
};

// Sends requests, several at a time. The server's is push_post.h; tests have
// their own. One thread calls begin() and wait().
struct jmap_poster {
	// Begins to send; what `post` has is copied. `done` is called once, by
	// wait().
	void (*begin)(void *context, const struct jmap_post *post,
	    void (*done)(void *done_context, const struct jmap_posted *posted),
	    void *done_context);
	// Waits until a request is done, wake() is called, or `ms` are over.
	void (*wait)(void *context, uint32_t ms);
	// On any thread, with any lock held.
	void (*wake)(void *context);
	// Ends all requests; `done` is called for each.
	void (*cancel)(void *context);
	void *context;
	uint16_t port; // of the URLs that it reaches
};

// All that it points to must outlive the room.
struct jmap_options {
	struct store *store;
	struct auth *auth;
	const struct delivery_office *office; // sends what users submit
	const struct jmap_poster *poster;     // NULL: no push subscriptions
	const char *contact;                  // for push services: a URI
	struct log *log;                      // may be NULL
	const char *server_name;              // in Message-IDs
	const struct clock *clock;            // NULL: the machine's
	struct jmap_limits limits;            // all zero: the defaults
};

// The session resource, as clients find it (RFC 8620 section 2.2).
#define JMAP_WELL_KNOWN "/.well-known/jmap"

struct jmap;

struct jmap *jmap_new(const struct jmap_options *options);
// Begins to push to URLs, unless there is no poster; before the first session.
MUST_CHECK enum rc jmap_start(struct jmap *jmap, struct fault *fault);
void jmap_free(struct jmap **jmap); // after the sessions

// Their context is a struct jmap.
extern const struct http_route jmap_routes[];
extern const size_t jmap_route_count;

#endif

// SPDX-License-Identifier: Apache-2.0
// Requests to a certificate authority, by libcurl. Only https, no redirections,
// no proxy; the server's certificate is checked. Times and sizes have limits.
// One thread uses it.
#ifndef ROOST_SERVER_FETCH_H
#define ROOST_SERVER_FETCH_H

#include <stdatomic.h>

#include "acme/client.h"
#include "base/log.h"

struct fetch;

struct fetch_settings {
	const char *ca_file; // NULL: the system's
	// The only TCP port that the sandbox lets through for this.
	uint16_t port;
	// Finds the addresses of a host: text with commas between, IPv6 in
	// brackets. Otherwise a part of a sentence that says why not.
	bool (*resolve)(void *context, const char *host, struct buf *addresses,
	    const char **ret_why);
	void *context;
	const atomic_bool *stopping; // ends requests early
	struct log *log;
};

// Reads files, so it must be called before the process shuts itself in, and
// before any thread is started. What `settings` points to must outlive it.
MUST_CHECK enum rc fetch_new(const struct fetch_settings *settings,
    struct fault *fault, struct fetch **ret_fetch);
void fetch_free(struct fetch **fetch);

// The answer is valid until the next call.
void fetch_request(struct fetch *fetch, const struct acme_request *request,
    struct acme_answer *ret_answer);

#endif

// SPDX-License-Identifier: Apache-2.0
// Some web pages at once, with libcurl; inside the room only.
#ifndef ROOST_PROBE_FETCH_H
#define ROOST_PROBE_FETCH_H

#include "base/arena.h"
#include "base/buf.h"

#define PROBE_FETCHES_MAX 10

struct probe_fetch {
	const char *url;
	const char *post; // XML to be posted; NULL: GET
	// "host:port:address,address" as in CURLOPT_RESOLVE; NULL: the system
	// looks the name up.
	const char *resolve;
	bool only_public; // no address of this machine or of a private network
			  // is met, neither of `url` nor of a redirection
	struct buf body;  // the caller calls buf_init() and buf_done()
	bool found;       // the answer was 200, and whole
};

// No proxy is used: mail programs and servers are met directly, too, and a
// proxy would meet addresses that may not be met. Returns when all have ended,
// or this moment (clock_monotonic_ms()) has come. `authorities` is a PEM file;
// NULL: the system's.
void probe_fetch_all(struct probe_fetch *fetches, size_t count,
    const char *authorities, uint64_t end_ms);

#endif

// SPDX-License-Identifier: Apache-2.0
// One try of one server over the network, step by step: for the account's test
// (account.h), and for a server that tests itself. Nobody waits.
#ifndef ROOST_PROBE_PROBE_H
#define ROOST_PROBE_PROBE_H

#include "net/connect.h"
#include "probe/dialogue.h"

struct probe_target {
	enum probe_protocol protocol;
	enum probe_security security;
	const char *host;    // the name that the certificate must have
	const char *address; // numeric
	uint16_t port;
};

struct probe_link {
	struct net_server *net; // has been started
	struct net_tls_client *tls;
	const char *helo;
	uint32_t connect_seconds;
	uint32_t greeting_seconds;
	uint32_t answer_seconds;
	uint64_t end_ms; // clock_monotonic_ms(); 0: no such limit
};

// Begins. `step` (may be NULL) is called for each step that was good, then
// `done` once; both on any thread, perhaps before this function returns. What
// `target` and `login` (may be NULL) point to is copied.
void probe_begin(const struct probe_link *link,
    const struct probe_target *target, const struct probe_login *login,
    void (*step)(void *owner, enum probe_stage stage),
    void (*done)(void *owner, const struct probe_outcome *outcome),
    void *owner);

#endif

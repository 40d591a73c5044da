// SPDX-License-Identifier: Apache-2.0
// A server tests itself for one of its users, as that user's mail program would
// come: by the name that the world knows, over the network, with the user's
// password. Nobody waits: what is found is an event, and wakes whoever reads
// the events. Thread-safe.
//
// Each service is tried at the addresses that DNS has for the server's name,
// IPv6 first, until one of them can be reached. If none can, it is tried at
// loopback: many a server stands behind a router that does not let it reach
// its own address.
#ifndef ROOST_PROBE_OWN_H
#define ROOST_PROBE_OWN_H

#include "dns/dns.h"
#include "net/tls_client.h"
#include "probe/dialogue.h"

struct net_server;

#define PROBE_OWN_SERVICES_MAX 8
#define PROBE_OWN_RUNS_MAX     4
// Connections that all runs have at the same time.
#define PROBE_OWN_CONNECTIONS_MAX (PROBE_OWN_RUNS_MAX * PROBE_OWN_SERVICES_MAX)

struct probe_own_settings {
	struct dns *dns;
	struct net_server *net;     // makes the connections
	struct net_tls_client *tls; // trusts whom mail programs trust
	const char *helo;
};

struct probe_own;

// What `settings` points to must outlive it, but for `net`: that may be freed
// after probe_own_stop(), and has to be freed before probe_own_free().
struct probe_own *probe_own_new(const struct probe_own_settings *settings);
// Begins nothing more, and no connection either.
void probe_own_stop(struct probe_own *own);
// After all look-ups were answered (dns_free()). May be NULL.
void probe_own_free(struct probe_own **own);

struct probe_own_service {
	enum probe_protocol protocol;
	enum probe_security security;
	uint16_t port;
};

struct probe_own_order {      // copied
	struct view host;     // the server's name, A-labels
	struct view address;  // of the user: the name to log in with
	struct view password; // overwritten when the run is over
	struct probe_own_service services[PROBE_OWN_SERVICES_MAX];
	size_t service_count;
	void (*wake)(void *context); // cheap, on any thread
	void *context;
};

#define PROBE_OWN_ALL SIZE_MAX // not of one service

struct probe_own_event {
	size_t service; // of the order, or PROBE_OWN_ALL
	bool end;       // the last one
	// PROBE_OK: the stage was reached; otherwise what is wrong.
	enum probe_cause cause;
	enum probe_stage stage;
	char detail[PROBE_DETAIL_MAX];
};

struct probe_run;

// RC_LIMIT: there are as many runs as may be, or one with this address.
// RC_CLOSED: the server stops.
MUST_CHECK enum rc probe_own_begin(struct probe_own *own,
    const struct probe_own_order *order, struct probe_run **ret_run);
// Takes the next event. False: there is none yet.
bool probe_run_next(struct probe_run *run, struct probe_own_event *ret_event);
// Nobody is woken after this. What is under way comes to its end by itself.
void probe_run_end(struct probe_run **run); // may be NULL

#endif

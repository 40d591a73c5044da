// SPDX-License-Identifier: Apache-2.0
// What mail goes through between the doors and the mailboxes or other servers:
// routes, keys, DNS, the queue and the relay. They are opened and closed in
// order.
#ifndef ROOST_SERVER_POST_OFFICE_H
#define ROOST_SERVER_POST_OFFICE_H

#include <stdatomic.h>

#include "delivery/sending.h"
#include "probe/own.h"
#include "relay/relay.h"
#include "server/config.h"
#include "server/sandbox.h"

struct post_office {
	struct dns *dns;
	struct net_tls_client *tls_client;
	// For the test of the connection, if the relay's own trusts others:
	// this one trusts the system's authorities, as mail programs do.
	struct net_tls_client *own_tls;
	struct probe_own *own_test;
	struct relay_own *own;
	struct route *route;
	struct dkim_keys *dkim;
	struct queue *queue;
	struct sending *sending;
	struct relay *relay;
	struct delivery_office office; // for the doors
	struct delivery_counts counts;
	// How many look-ups of our own name are running.
	atomic_uint name_lookups;
	// No answer has said that the name does not exist.
	atomic_bool name_may_be;
};

// The DNS settings of the configuration; the texts belong to the configuration.
struct dns_settings post_office_dns(struct config *config);
// What users may send.
struct sending_settings post_office_sending(const struct config *config);
// The relay's settings in the same way.
struct relay_settings post_office_relay(const struct config *config);
// Names the TCP ports that the relay, DNS and the test of the connection
// connect to.
void post_office_ports(struct config *config, struct sandbox_needs *needs);

// Reads the system's files; called before the process shuts itself in.
MUST_CHECK enum rc post_office_prepare(struct post_office *post,
    struct config *config, struct log *log, struct fault *fault);
// Opens everything; the store must be open. The relay connects with `net`.
MUST_CHECK enum rc post_office_open(struct post_office *post,
    const struct config *config, struct store *store, struct engine *engine,
    struct auth *auth, struct net_server *net, struct log *log,
    struct fault *fault);
// Begins to send, when the net_server runs.
MUST_CHECK enum rc post_office_start(
    struct post_office *post, const struct config *config, struct fault *fault);
void post_office_stop(struct post_office *post, uint32_t seconds);
// Called after the net_server is freed; works even if opening failed halfway.
void post_office_close(struct post_office *post);

#endif

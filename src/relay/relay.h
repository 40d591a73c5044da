// SPDX-License-Identifier: Apache-2.0
// Sends the queue's mail on: to the servers of other domains, found by DNS, or
// to a smart host; and what is for our own domains to delivery. One thread
// looks for what is due; the connections are sessions of the net server
// (client.h), and local deliveries have a few threads of their own.
//
//	relay_new
//	relay_start     after net_server_start()
//	… sends …
//	relay_stop      before net_server_stop()
//	relay_free      after net_server_stop()
#ifndef ROOST_RELAY_RELAY_H
#define ROOST_RELAY_RELAY_H

#include "delivery/delivery.h"
#include "dns/dns.h"
#include "net/server.h"
#include "net/tls_client.h"
#include "queue/queue.h"
#include "relay/tls_policy.h"

struct relay;

// Where all mail for others goes instead of to the domains' own servers.
struct relay_smart_host {
	// "host", "host:port", "[IPv6]:port". Port 465 is TLS from the first
	// byte, others STARTTLS. Empty: no smart host. Default port: 587 with
	// a user, else smtp_port.
	struct view host;
	enum relay_tls tls; // [REQUIRED]
	bool implicit_tls;  // also on another port
	// Empty: no AUTH. A password is never sent without TLS.
	struct view user;
	struct view password;
};

// This machine's addresses: an MX record that leads to one is a loop. No such
// question can be asked from within a sandbox, so they are found before.
struct relay_own {
	char **addresses; // numeric
	size_t count;
};
struct relay_own *relay_own_find(void);
void relay_own_free(struct relay_own **own);

// Zero means the default, in brackets. Strings and views are copied; what
// pointers lead to outlives the relay.
struct relay_settings {
	struct queue *queue;
	const struct delivery_office *office; // with the route
	struct dns *dns;
	// NULL: it cannot be started, only explain; then neither queue nor TLS
	// is needed, and of the office the route.
	struct net_server *net;
	struct net_tls_client *tls_client; // NULL: never TLS
	struct log *log;                   // may be NULL
	const struct clock *clock;         // NULL: the machine's

	struct view
	    helo_name; // what EHLO says; a host that MX records may name
	struct relay_smart_host smart_host;
	enum relay_tls tls; // without smart host [OPPORTUNISTIC]
	uint16_t smtp_port; // of the domains' servers [25]

	uint32_t connections_max;        // in all [100]
	uint32_t site_connections;       // to one site (the same MX hosts) [10]
	uint32_t connection_messages;    // messages over one connection [100]
	uint32_t transaction_recipients; // RCPTs of one message [100]
	uint32_t local_threads;          // for local deliveries [4]
	uint32_t idle_seconds;           // a connection without work [5]
	uint32_t connect_seconds;        // for each address [30]
	uint32_t down_first_seconds;     // a dead site is left alone [30] …
	uint32_t down_last_seconds;      // … doubling up to [900]
	// Timeouts of RFC 5321 section 4.5.3.2 divided by this [1].
	uint32_t hurry;

	// Addresses to send from, numeric; empty: the system's choice.
	struct view bind_ipv4;
	struct view bind_ipv6;
	// Mail for others is not sent: it waits in the queue, untried, however
	// old it gets. What is for our own domains is delivered.
	bool no_remote;
	bool no_ipv4;
	bool no_ipv6;
	const struct relay_own *own; // NULL: those found by relay_new()
	// Addresses of this machine and loopback ones are no loop: for tests.
	bool own_addresses_allowed;
};

// RC_INVALID: a mistake in the settings.
MUST_CHECK enum rc relay_new(const struct relay_settings *settings,
    struct fault *fault, struct relay **ret_relay);
MUST_CHECK enum rc relay_start(struct relay *relay, struct fault *fault);
// Begins nothing new and waits up to `seconds` for what is being sent. The rest
// ends with its connections; it is in the queue as before. Safe to repeat.
void relay_stop(struct relay *relay, uint32_t seconds);
// Stops at once if it has to.
void relay_free(struct relay **relay);

// Forgets which sites were found dead, so that what is made due now is tried
// now: for `roost queue retry`.
void relay_retry_now(struct relay *relay);

// Whether mail for `domain` (as the queue has it) is not sent at all, by
// `no_remote`: it waits untried, whatever its next try is said to be.
bool relay_is_off(struct relay *relay, struct view domain);

struct relay_stats {
	uint64_t relayed; // recipients, since the start
	uint64_t local;
	uint64_t later;
	uint64_t failed;
	uint32_t connections; // now, and being made
	uint32_t idle;        // of them
	uint32_t domains;     // being worked on now
	uint32_t sites_down;  // left alone for a while
};
struct relay_stats relay_stats(struct relay *relay);

enum relay_way {
	RELAY_WAY_FOUND,   // there are servers, or it is delivered here
	RELAY_WAY_LATER,   // it is not known now
	RELAY_WAY_NOWHERE, // mail for it is returned to its sender
};

// For `roost route`: adds a line for each step of where mail for `domain` (as
// an address has it) would go. Waits for DNS.
enum relay_way relay_explain(
    struct relay *relay, struct view domain, struct buf *out);

#endif

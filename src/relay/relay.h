// SPDX-License-Identifier: Apache-2.0
// Sends the queue's mail: to the servers of other domains, which it finds in
// DNS, or to a smart host. Mail for our own domains goes to delivery. One
// thread looks for lots that are due. The connections are sessions of the net
// server (client.h). Local deliveries have a few threads of their own.
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

// The smart host: the server that gets all mail for other domains, instead of
// these domains' own servers.
struct relay_smart_host {
	// "host", "host:port" or "[IPv6]:port". Port 465 means TLS from the
	// first byte, other ports STARTTLS. Empty: there is no smart host. The
	// default port is 587 with a user, otherwise smtp_port.
	struct view host;
	enum relay_tls tls; // [REQUIRED]
	bool implicit_tls;  // on a port other than 465, too
	// Empty: no AUTH. The password is sent over TLS only.
	struct view user;
	struct view password;
};

// This machine's addresses. An MX record that leads to one of them is a loop.
// The sandbox does not allow a program to ask for them, so they are found
// before it begins.
struct relay_own {
	char **addresses; // numeric
	size_t count;
};
struct relay_own *relay_own_find(void);
void relay_own_free(struct relay_own **own);

// A zero stands for the default, which is shown in brackets. Strings and views
// are copied. What the other pointers point to must outlive the relay.
struct relay_settings {
	struct queue *queue;
	const struct delivery_office *office; // including its route
	struct dns *dns;
	// NULL: the relay can only explain and cannot be started. It then needs
	// neither a queue nor TLS, and only the route of the office.
	struct net_server *net;
	struct net_tls_client *tls_client; // NULL: no TLS
	struct log *log;                   // may be NULL
	const struct clock *clock;         // NULL: the machine's clock

	struct view
	    helo_name; // what EHLO says; a host that MX records may name
	struct relay_smart_host smart_host;
	enum relay_tls tls; // when there is no smart host [OPPORTUNISTIC]
	uint16_t smtp_port; // port of the domains' servers [25]

	uint32_t connections_max;  // all together [100]
	uint32_t site_connections; // to one address, and to one site (servers
				   // with the same MX hosts) [10]
	uint32_t network_connections; // to one network (IPv4: /24, IPv6: /48)
				      // [20]
	uint32_t connection_messages; // messages over one connection [100]
	uint32_t transaction_recipients; // RCPTs in one transaction [100]
	uint32_t local_threads;          // for local deliveries [4]
	uint32_t idle_seconds; // how long a connection waits for more work [5]
	uint32_t connect_seconds; // time for each address [30]
	// For the greeting of an address that has not taken a message since the
	// start, or whose last attempt failed. It doubles with each failure, up
	// to the time of RFC 5321. [30]
	uint32_t first_seconds;
	uint32_t down_first_seconds; // how long a dead site is not tried, first
				     // [30] …
	uint32_t down_last_seconds; // … and doubled up to this [900]
	// The timeouts of RFC 5321 section 4.5.3.2 are divided by this [1].
	uint32_t hurry;

	// Numeric addresses to send from. Empty: the system chooses.
	struct view bind_ipv4;
	struct view bind_ipv6;
	// Mail for other domains is not sent. It waits in the queue without an
	// attempt, whatever its age. Mail for our own domains is delivered.
	bool no_remote;
	bool no_ipv4;
	bool no_ipv6;
	const struct relay_own *own; // NULL: relay_new() finds them
	// Networks to which mail may go though they are not the Internet, with
	// spaces between: "10.0.0.0/8 fd00::/8".
	struct view networks;
	// For tests: no address is a loop or forbidden.
	bool any_address_allowed;
};

// RC_INVALID: the settings have a mistake.
MUST_CHECK enum rc relay_new(const struct relay_settings *settings,
    struct fault *fault, struct relay **ret_relay);
MUST_CHECK enum rc relay_start(struct relay *relay, struct fault *fault);
// Begins nothing new and waits up to `seconds` for messages that are being
// sent. After that, the remaining messages end with their connections and stay
// in the queue. Safe to repeat.
void relay_stop(struct relay *relay, uint32_t seconds);
// Stops the relay first if that has not been done.
void relay_free(struct relay **relay);

// Forgets which sites were found dead, so that mail that is made due now is
// tried now. For `roost queue retry`.
void relay_retry_now(struct relay *relay);

// Whether mail for `domain` (spelled as in the queue) is not sent at all,
// because of `no_remote`. Such mail waits, whatever its next try is said to be.
bool relay_is_off(struct relay *relay, struct view domain);

struct relay_stats {
	uint64_t relayed; // recipients, since the start
	uint64_t local;
	uint64_t later;
	uint64_t failed;
	uint32_t connections; // now, including those being made
	uint32_t idle;        // connections that are idle
	uint32_t domains;     // domains that are handled now
	uint32_t sites_down;  // sites that are not tried for a while
};
struct relay_stats relay_stats(struct relay *relay);

enum relay_way {
	RELAY_WAY_FOUND,   // there are servers, or it is delivered here
	RELAY_WAY_LATER,   // it is not known now
	RELAY_WAY_NOWHERE, // mail for it is returned to its sender
};

// For `roost route`: adds one line for each step of the way that mail for
// `domain` (spelled as in an address) would go. Waits for DNS.
enum relay_way relay_explain(
    struct relay *relay, struct view domain, struct buf *out);

#endif

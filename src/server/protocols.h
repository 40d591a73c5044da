// SPDX-License-Identifier: Apache-2.0
// Which session a connection gets: the protocols that listeners may speak, and
// what all sessions of a protocol share.
#ifndef ROOST_SERVER_PROTOCOLS_H
#define ROOST_SERVER_PROTOCOLS_H

#include "http/session.h"
#include "imap/session.h"
#include "net/server.h"
#include "pop3/session.h"
#include "server/config.h"
#include "server/passed.h"
#include "server/tracing.h"
#include "server/web.h"
#include "smtp/session.h"

// What all sessions of each protocol share.
struct protocol_servers {
	struct imap_server imap;
	struct pop3_server pop3;
	struct smtp_server mx;
	struct smtp_server submission;
	struct smtp_server lmtp;
	struct http_server http;
	struct http_server metrics; // /metrics for Prometheus
};

// Must live as long as the net_server whose listeners were made with it.
struct protocols {
	struct session_counts counts[CONFIG_PROTOCOLS]; // by protocol
	struct imap_recent *recent;
	struct smtp_harvest *harvest;
	struct web *web;
	struct protocol_servers secure; // for listeners with TLS or STARTTLS
	struct protocol_servers plain;  // for listeners with "tls = none"
};

// Binds every listener, unless its socket is among the `passed` ones, and adds
// it to the net_server. What the sessions use may be set later, by
// protocols_open(), but before the server is started.
MUST_CHECK enum rc protocols_listen(struct protocols *protocols,
    struct config *config, struct passed *passed, struct net_server *net,
    struct net_tls *tls, struct log *log, struct fault *fault);

void protocols_open(struct protocols *protocols, const struct config *config,
    const struct delivery_office *office, struct auth *auth,
    struct session_registry *sessions, struct log *log, struct tracing *tracing,
    const struct web_parts *web);
void protocols_close(struct protocols *protocols); // after the net_server

#endif

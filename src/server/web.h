// SPDX-License-Identifier: Apache-2.0
// What the server serves by HTTP: the routes of all rooms, and for which hosts.
#ifndef ROOST_SERVER_WEB_H
#define ROOST_SERVER_WEB_H

#include "http/session.h"
#include "server/config.h"

struct acme_answers;
struct delivery_office;
struct jmap_poster;
struct engine;
struct probe_own;
struct log;
struct route;
struct store;

// What routes need. All of it outlives the web.
struct web_parts {
	const struct config *config;
	struct engine *engine;
	struct net_tls *tls; // its certificates' names are served
	struct route *route; // and its domains, as setup_accepts_host() says
	struct auth *auth;
	struct store *store;
	const struct delivery_office *office;
	struct log *log;
	struct probe_own *own_test; // of the connection
	// Appends all metrics (measures.h).
	void (*metrics)(void *context, bool open, struct buf *out);
	void *metrics_context;
	struct acme_answers *acme;        // NULL: no certificates are fetched
	const struct jmap_poster *poster; // NULL: nothing is pushed to URLs
};

struct web;

struct web *web_new(const struct web_parts *parts);
// The session resource of JMAP; NULL: nothing is served with TLS. Lives as long
// as the web.
const char *web_jmap_url(const struct web *web);
// Begins what runs besides requests.
MUST_CHECK enum rc web_start(struct web *web, struct fault *fault);
void web_free(struct web **web); // after the net_server; may be NULL

// The HTTP server that listeners use, with or without TLS.
struct http_server web_server(struct web *web, const struct config *config,
    const struct session_server *base);
// The one of metrics_port.
struct http_server web_metrics_server(struct web *web,
    const struct config *config, const struct session_server *base);

#endif

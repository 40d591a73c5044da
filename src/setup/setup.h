// SPDX-License-Identifier: Apache-2.0
// The routes by which mail programs ask for their settings, for all domains of
// the server. Thread-safe.
#ifndef ROOST_SETUP_SETUP_H
#define ROOST_SETUP_SETUP_H

#include "http/http.h"
#include "probe/own.h"
#include "route/route.h"
#include "setup/services.h"

struct setup;

struct setup_options {
	struct route *route;
	struct auth *auth;
	const char *server_name;
	struct mail_services services;
	// Signs `content` with the certificate of the server for `name`, as
	// net_tls_sign() does: RC_NOT_FOUND if there is none. NULL: nothing is
	// signed.
	enum rc (*sign)(void *context, struct view name, struct view content,
	    struct buf *ret_signed);
	void *sign_context;
	struct probe_own *own; // tests the connection; NULL: nothing does
	bool no_oauth;         // there is no authorization server
};

// `options` is copied; what it points to must outlive the setup.
struct setup *setup_new(const struct setup_options *options);
void setup_free(struct setup **setup);

// Whether a request for this host (in lower case) is for us: a domain of ours,
// and "autoconfig.", "autodiscover." or "mta-sts." before it; the first two
// also before the server's name and the domains above it, where mail programs
// ask when they know only the MX record.
bool setup_accepts_host(const struct setup *setup, struct view host);

// The routes. Their context is the setup.
extern const struct http_route setup_routes[];
extern const size_t setup_route_count;

#endif

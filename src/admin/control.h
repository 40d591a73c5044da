// SPDX-License-Identifier: Apache-2.0
// The administration's service. It runs in the process that has the store, and
// carries out requests. A server offers it on a Unix socket in its data folder,
// with a thread for each connection. If no server runs, the command's child
// process serves its parent over a socket pair (place.h). The same code does
// the work in both cases.
#ifndef ROOST_ADMIN_CONTROL_H
#define ROOST_ADMIN_CONTROL_H

#include "admin/link.h"
#include "setup/services.h"
#include "auth/auth.h"
#include "delivery/sending.h"
#include "dkim/dkim.h"
#include "dns/dns.h"
#include "engine/repair.h"
#include "queue/queue.h"
#include "relay/relay.h"
#include "route/route.h"
#include "session/registry.h"
#include "store/store.h"

#define CONTROL_SOCKET   "control.sock" // in the data folder
#define CONTROL_SESSIONS 16             // connections at a time

// What only a running server can do.
struct control_server {
	// Adds members to the answer of "status".
	void (*status)(void *context, json_t *answer);
	// Appends all metrics, in OpenMetrics' form or in the older one.
	void (*metrics)(void *context, bool open, struct buf *out);
	void (*trace)(void *context, struct view user, bool on);
	// Adds all certificates to the answer of "certificate.list".
	void (*certificates)(void *context, json_t *answer);
	// Renews the certificate of that name, or all for the empty name; waits
	// for a while until that is done.
	enum rc (*renew)(void *context, struct view name, struct fault *fault);
	void *context;
};

struct control_host {
	struct engine *engine;
	struct store *store;
	struct auth *auth;
	struct log *log;
	// Where requests are logged, with who made them; NULL: nowhere.
	struct log *audit;
	const char *version;
	const char *data;                    // the data folder
	const struct control_server *server; // NULL: no server runs
	// The users who are logged in; NULL: no server runs.
	struct session_registry *sessions;
	struct route *route;
	struct dkim_keys *dkim;
	struct queue *queue;     // NULL: requests open it themselves
	struct sending *sending; // what users have sent; may be NULL
	struct dns *dns;         // NULL: names cannot be looked up
	struct relay *relay;     // NULL: next hops are not known
	const char *server_name; // in MX records and greetings
	struct mail_services services;
	const struct engine_repair *repair; // NULL: nothing was repaired
};

// Serves one connection until its end, and closes the socket. If `fault` is not
// NULL, sends only that as the result, and closes the socket.
void control_serve(
    const struct control_host *host, const struct fault *fault, int fd);

// The service on a listening socket (net_bind_unix()). It takes the socket
// over, even if control_new() fails. Everything that `host` points to must
// outlive it.
struct control;
MUST_CHECK enum rc control_new(const struct control_host *host, int fd,
    struct fault *fault, struct control **ret_control);
// Closes the connections, and waits until the running requests have noticed
// this and ended.
void control_free(struct control **control);

#endif

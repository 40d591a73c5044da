// SPDX-License-Identifier: Apache-2.0
// Certificates by themselves: a thread that finds the names that this server
// needs certificates for, keeps these (acme/keeper.h), and hands new ones to
// the listeners without a restart.
//
// One certificate is for server_name and acme_names, and one for each domain:
// so a domain that comes, goes or fails touches no other, and no customer's
// certificate names another customer.
#ifndef ROOST_SERVER_CERTIFIER_H
#define ROOST_SERVER_CERTIFIER_H

#include <jansson.h>

#include "acme/answers.h"
#include "dns/dns.h"
#include "net/tls.h"
#include "route/route.h"
#include "server/config.h"

struct certifier;

// Reads files and finds the machine's addresses: called before the process
// shuts itself in, and before any thread is started. *ret_certifier is NULL if
// `config` wants none.
MUST_CHECK enum rc certifier_prepare(const struct config *config,
    struct log *log, struct fault *fault, struct certifier **ret_certifier);

// Reads what it keeps; these must outlive it. Nothing happens for NULL, here
// and below.
MUST_CHECK enum rc certifier_open(struct certifier *certifier,
    struct route *route, struct dns *dns, struct net_tls *tls,
    struct fault *fault);
// Begins to work, when the listeners do.
MUST_CHECK enum rc certifier_start(
    struct certifier *certifier, struct fault *fault);
// Ends the thread. Called before the post office and the listeners are closed.
void certifier_stop(struct certifier *certifier);
void certifier_free(struct certifier **certifier);

// What http-01 is answered with. NULL for NULL.
struct acme_answers *certifier_answers(struct certifier *certifier);

// Adds an array "certificates" to `answer`: those of the configuration, and
// those that the certifier (may be NULL) keeps.
void certifier_show(
    struct certifier *certifier, struct net_tls *tls, json_t *answer);
// Renews one certificate, or all for the empty name, whatever waits there are,
// and looks up all names again. Waits for a while until that is done. RC_OK:
// it was asked for; the list says what came of it. RC_NOT_FOUND.
MUST_CHECK enum rc certifier_renew(
    struct certifier *certifier, struct view name, struct fault *fault);
// For "status": how many certificates there are, how many of them have a
// problem, and how many names have no certificate.
void certifier_count(struct certifier *certifier, json_t *answer);

#endif

// SPDX-License-Identifier: Apache-2.0
// Configures libunbound before its first question. Used inside this room only.
#ifndef ROOST_DNS_SET_UP_H
#define ROOST_DNS_SET_UP_H

#include "dns/dns.h"

struct ub_ctx;

// Reads all files before it returns. RC_INVALID, RC_IO, RC_SYNTAX, RC_LIMIT.
MUST_CHECK enum rc dns_set_up(struct ub_ctx *unbound,
    const struct dns_settings *settings, struct fault *fault);

#endif

// SPDX-License-Identifier: Apache-2.0
// What libunbound is told before its first question. Inside the room only.
#ifndef ROOST_DNS_SET_UP_H
#define ROOST_DNS_SET_UP_H

#include "dns/dns.h"

struct ub_ctx;

// All files are read when it returns. RC_INVALID, RC_IO, RC_SYNTAX, RC_LIMIT.
MUST_CHECK enum rc dns_set_up(struct ub_ctx *unbound,
    const struct dns_settings *settings, struct fault *fault);

#endif

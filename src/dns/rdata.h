// SPDX-License-Identifier: Apache-2.0
// The data of one DNS record (RFC 1035 section 3.3, RFC 2782, RFC 3596, RFC
// 6698). Names are not compressed. The bytes are foreign, and nothing in them
// is trusted.
#ifndef ROOST_DNS_RDATA_H
#define ROOST_DNS_RDATA_H

#include "dns/dns.h"

// Parses all of `rdata`. RC_SYNTAX: it is not a record of this type, or its
// host has a character that hosts do not have. The caller leaves such a record
// out of the answer.
MUST_CHECK enum rc dns_rdata_parse(struct arena *arena, enum dns_type type,
    struct view rdata, struct dns_record *ret_record);

#endif

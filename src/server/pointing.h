// SPDX-License-Identifier: Apache-2.0
// Which names lead to this machine: an authority gives a certificate only for a
// name behind which it finds us, and a name that leads elsewhere would spoil
// the order of the others. An address is ours if the machine has it, or if
// server_name has it in DNS (a machine behind NAT does not have the address by
// which it is known).
// One thread uses it.
#ifndef ROOST_SERVER_POINTING_H
#define ROOST_SERVER_POINTING_H

#include <stdatomic.h>

#include "base/log.h"

struct dns;
struct pointing;

// Finds the machine's addresses, which the sandbox forbids later. `stopping`
// ends look-ups early.
struct pointing *pointing_new(
    const char *server_name, const atomic_bool *stopping, struct log *log);
void pointing_free(struct pointing **pointing);
// From now on names can be looked up. `dns` NULL: no longer.
void pointing_set_dns(struct pointing *pointing, struct dns *dns);

// Adds the addresses of a host as libcurl takes them: with commas between, IPv6
// in brackets. Returns false if there is none; *ret_why is a part of a
// sentence, valid until the next call.
MUST_CHECK bool pointing_resolve(struct pointing *pointing, const char *host,
    struct buf *addresses, const char **ret_why);

// Returns NULL if the name leads here, otherwise a sentence that says where to.
// What is found is remembered for a while. Valid until the next call for this
// name.
const char *pointing_check(
    struct pointing *pointing, const char *name, int64_t now);
// Whether it was found that the name has no address at all.
bool pointing_is_absent(const struct pointing *pointing, const char *name);
// Every name is looked up again when it is next asked for.
void pointing_forget(struct pointing *pointing);

#endif

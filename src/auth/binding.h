// SPDX-License-Identifier: Apache-2.0
// The channel bindings of a TLS connection, as a session keeps them for its
// logins: packed, for most are 32 bytes and every session has them.
#ifndef ROOST_AUTH_BINDING_H
#define ROOST_AUTH_BINDING_H

#include "auth/auth.h"

#define AUTH_BINDING_MAX 255 // bytes of each; a longer one is left out

struct auth_binding;

// Copies the three. Freed with free().
struct auth_binding *auth_binding_new(
    struct view exporter, struct view unique, struct view end_point);
// Sets the three of `channel`; they live as long as the binding, which may be
// NULL.
void auth_binding_view(
    const struct auth_binding *binding, struct auth_channel *ret_channel);

#endif

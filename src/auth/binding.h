// SPDX-License-Identifier: Apache-2.0
// The channel bindings of a TLS connection, which a session keeps for its
// log-ins. They are packed, because every session has them and most are 32
// bytes long.
#ifndef ROOST_AUTH_BINDING_H
#define ROOST_AUTH_BINDING_H

#include "auth/auth.h"

#define AUTH_BINDING_MAX 255 // bytes of each; a longer one is left out

struct auth_binding;

// Copies the three texts. Free it with free().
struct auth_binding *auth_binding_new(
    struct view exporter, struct view unique, struct view end_point);
// Sets the three views in `ret_channel`, which live as long as the binding. If
// the binding is NULL they are empty.
void auth_binding_view(
    const struct auth_binding *binding, struct auth_channel *ret_channel);

#endif

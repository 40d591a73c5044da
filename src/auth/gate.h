// SPDX-License-Identifier: Apache-2.0
// How many passwords are hashed at a time. A hash takes milliseconds and
// megabytes by design, and strangers may ask for it: without a limit they would
// occupy every thread. Whoever finds no place waits in line, without holding a
// thread. Inside the room; callers know struct auth_turn (auth.h). Thread-safe.
#ifndef ROOST_AUTH_GATE_H
#define ROOST_AUTH_GATE_H

#include "auth/auth.h"

struct auth_gate;

struct auth_gate *auth_gate_new(unsigned places);
void auth_gate_free(struct auth_gate **gate);

// RC_OK: there is a place, held until auth_gate_leave(). RC_IN_USE: in line
// (also when it already was); the turn's wake() is called when a place has been
// given to it. RC_LIMIT: the line is too long. A NULL turn waits for nobody.
MUST_CHECK enum rc auth_gate_enter(
    struct auth_gate *gate, struct auth_turn *turn);
// Gives back the place, or leaves the line; may be repeated.
void auth_gate_leave(struct auth_gate *gate, struct auth_turn *turn);

#endif

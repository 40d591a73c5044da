// SPDX-License-Identifier: Apache-2.0
// Limits how many passwords are hashed at the same time. By design a hash takes
// milliseconds and megabytes, and strangers can cause it: without a limit they
// could occupy every thread. A log-in that finds no place waits in a line,
// without a thread. Only this room includes it; callers know struct auth_turn
// (auth.h). Thread-safe.
#ifndef ROOST_AUTH_GATE_H
#define ROOST_AUTH_GATE_H

#include "auth/auth.h"

struct auth_gate;

struct auth_gate *auth_gate_new(unsigned places);
void auth_gate_free(struct auth_gate **gate);

// RC_OK: the turn has a place, until auth_gate_leave(). RC_IN_USE: it is in the
// line (as it may have been before); its wake() is called when it has been
// given a place. RC_LIMIT: the line is too long. With a NULL turn the call
// always succeeds at once.
// `preferred` turns come before the others.
MUST_CHECK enum rc auth_gate_enter(
    struct auth_gate *gate, struct auth_turn *turn, bool preferred);
// Gives back the place, or leaves the line. May be called more than once.
void auth_gate_leave(struct auth_gate *gate, struct auth_turn *turn);

#endif

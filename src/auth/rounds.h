// SPDX-License-Identifier: Apache-2.0
// How many rounds the SCRAM keys of the users have. After the setting was
// raised, some users have old keys until they log in with PLAIN. SCRAM shows
// the rounds before the proof: so a name of nobody must show old ones as often
// as the names of users do. Only this room includes it. Thread-safe.
#ifndef ROOST_AUTH_ROUNDS_H
#define ROOST_AUTH_ROUNDS_H

#include "auth/directory.h"

struct auth_rounds;

struct auth_rounds *auth_rounds_new(void);
void auth_rounds_free(struct auth_rounds **rounds);

// Reads all users. Before the first count, every name has `usual` rounds.
void auth_rounds_count(struct auth_rounds *rounds, struct engine *engine);
// The rounds for a name of nobody. `number` is random, but always the same for
// a name. The more users have new keys, the more names have them; no name goes
// back to fewer rounds.
uint32_t auth_rounds_pick(struct auth_rounds *rounds, enum auth_digest digest,
    uint32_t number, uint32_t usual);

#endif

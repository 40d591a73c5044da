// SPDX-License-Identifier: Apache-2.0
// When and from where each credential was used last. That changes with
// log-ins, so it is kept in AUTH_PLACES_PARTITION, beside the places, and is
// written by the room's thread: no log-in waits for it. A use is noted at most
// every AUTH_USE_SECONDS. Thread-safe.
#ifndef ROOST_AUTH_USE_H
#define ROOST_AUTH_USE_H

#include "engine/engine.h"

#define AUTH_USE_PREFIX       "used/"
#define AUTH_USE_SECONDS      300
#define AUTH_USE_ADDRESS_MAX  63
#define AUTH_USE_PROTOCOL_MAX 15

struct auth_use {
	int64_t last; // wall-clock seconds; 0: never used
	char address[AUTH_USE_ADDRESS_MAX + 1];
	char protocol[AUTH_USE_PROTOCOL_MAX + 1];
};

struct auth_uses;

struct auth_uses *auth_uses_new(struct engine *engine);
void auth_uses_free(struct auth_uses **uses);

// Notes a use, unless one from this address was noted lately. True: something
// is to be written.
bool auth_uses_note(struct auth_uses *uses, uint64_t account, uint64_t id,
    const struct auth_use *use);
// The last use; `last` is 0 if none is known.
void auth_uses_find(struct auth_uses *uses, uint64_t account, uint64_t id,
    struct auth_use *ret_use);
// Writes what was noted.
MUST_CHECK enum rc auth_uses_write(struct auth_uses *uses, struct fault *fault);
// Forgets the uses of one credential, or of all of the account if `id` is 0. A
// failure need not be looked at: the sweep finds what is left.
enum rc auth_uses_forget(
    struct auth_uses *uses, uint64_t account, uint64_t id, struct fault *fault);

// Calls `each` for what is written, in the order of accounts and ids.
MUST_CHECK enum rc auth_uses_each(struct auth_uses *uses,
    enum rc (*each)(void *context, uint64_t account, uint64_t id),
    void *context);

// The stored form.
void auth_use_encode(const struct auth_use *use, struct buf *ret_bytes);
MUST_CHECK enum rc auth_use_decode(struct view bytes, struct auth_use *ret_use);
// Calls `problem` for each record that is damaged.
MUST_CHECK enum rc auth_uses_check(struct engine *engine,
    void (*problem)(void *context, const char *text), void *context);

#endif

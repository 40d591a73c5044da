// SPDX-License-Identifier: Apache-2.0
// The live sessions of each user, of all protocols: to count and list them, to
// wake them when the user is shut out, and to end them. A session is in the
// registry from its login until it logs out or is freed (session.c does this).
// Thread-safe.
#ifndef ROOST_SESSION_REGISTRY_H
#define ROOST_SESSION_REGISTRY_H

#include "base/clock.h"
#include "base/view.h"

struct session;
struct session_registry;

// `clock` may be NULL; it must outlive the registry.
struct session_registry *session_registry_new(const struct clock *clock);
// All sessions must have ended.
void session_registry_free(struct session_registry **registry);

// A session's place in the registry, embedded in struct session. Private to
// this room; guarded by the registry's lock.
struct session_place {
	struct session_registry *registry; // NULL: it is not registered
	struct session_group *group;       // of its user
	struct session *next;
	struct session *previous;
	int64_t since; // the login, wall-clock seconds
	// Owned by the session; what the client says it is, or NULL.
	char *client;
};

// For session.c. session_registry_remove() does nothing if the session is not
// registered.
void session_registry_add(
    struct session_registry *registry, struct session *session);
void session_registry_remove(struct session *session);
// `name` is as the client says it, for example by IMAP's ID; it is cut to 128
// bytes. It may be set before the session is registered.
void session_registry_set_client(struct session *session, struct view name);

// How many sessions the user (the name in the directory) has now.
size_t session_registry_count(
    struct session_registry *registry, struct view user);

// Whether the user may have one more, of at most `max`. If not, `*ret_tell`
// says whether the log should have it: it does at most once a minute for each
// user.
bool session_registry_has_place(struct session_registry *registry,
    struct view user, size_t max, bool *ret_tell);

// What is told of a session; valid during the call.
struct session_info {
	struct view user;
	const char *protocol; // "imap"
	const char *address;  // of the client
	const char *client;   // what it says it is; NULL: it did not say
	uint64_t id;          // as in the log
	int64_t since;        // the login, wall-clock seconds
	bool tls;
};

// Calls `each` for the sessions of a user, or of all users if `user` is empty,
// the oldest first within a user. The registry is locked during the calls.
void session_registry_each(struct session_registry *registry, struct view user,
    void (*each)(void *context, const struct session_info *info),
    void *context);

// Wakes the sessions of a user, or all if `user` is empty. Each then finds out
// itself whether it has to end (session_enter()).
void session_registry_wake(struct session_registry *registry, struct view user);
// Ends the sessions that a user has now; returns how many there are. They end
// soon, with their last words. A session whose client does not read what was
// sent to it stays until session_registry_cut().
size_t session_registry_kick(
    struct session_registry *registry, struct view user);
// Cuts the connections of the sessions that were kicked, without last words.
void session_registry_cut(struct session_registry *registry, struct view user);
// Waits until the sessions that were kicked have ended, at most `ms`
// milliseconds. False: there still is one.
bool session_registry_wait(
    struct session_registry *registry, struct view user, uint64_t ms);

#endif

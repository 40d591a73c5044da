// SPDX-License-Identifier: Apache-2.0
// What auth.c and sasl.c share. Only this room includes it.
#ifndef ROOST_AUTH_IMPL_H
#define ROOST_AUTH_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "auth/cache.h"
#include "auth/gate.h"
#include "auth/guard.h"
#include "auth/keeper.h"
#include "auth/rounds.h"
#include "auth/standing.h"
#include "auth/token_cache.h"
#include "auth/use.h"
#include "base/counter.h"

struct auth {
	struct engine *engine;
	struct log *log;
	const struct clock *clock;
	struct auth_settings settings; // defaults filled in
	struct auth_resolver resolver; // all zero: none
	struct auth_watcher watcher;   // all zero: none
	struct auth_keeper *keeper;    // NULL before auth_start()
	pthread_mutex_t epoch_lock;    // who reads the epoch holds it
	_Atomic uint64_t epoch;        // of the directory, as known here
	struct auth_cache *cache;
	struct auth_cache *wrong; // passwords that were wrong lately
	struct auth_gate *gate;   // who hashes
	struct auth_guard *guard;
	struct auth_places *places;
	struct auth_rounds *rounds;
	struct auth_uses *uses; // of credentials
	struct auth_token_cache *tokens;
	struct tally *registrations; // of clients and devices, by address
	struct tally *wrong_codes;   // of devices, by account
	struct tally *polls;         // of devices
	struct tally
	    *wrong_seconds; // wrong codes of a second factor, by account
	struct auth_cache *challenges; // of passkeys, that were used
	_Atomic uint64_t hashed;       // passwords; for tests
	// Log-ins by outcome; those that succeeded at AUTH_REASON_NONE.
	struct counter outcomes[AUTH_REASONS];
	_Atomic int64_t last_refusal[AUTH_REASONS];
	unsigned char secret[AUTH_SECRET_LEN];
	// The credentials that a password is checked against when the user does
	// not exist.
	struct auth_credentials nobody;
};

// One attempt to log in, while it is checked and logged.
struct auth_try {
	struct auth *auth;
	const struct auth_channel *channel;
	const char *mechanism;
	struct auth_name given; // prepared; as given if that fails
	// The user's name; if the name is nobody's, the one spelling of
	// `given`. Limits, the cache, decoys and the log use it.
	struct auth_name name;
	// Set by auth_try_ask().
	enum auth_known known;
	bool fresh; // the log-in need not be noted again
	bool again; // the wrong password is no new guess
};

// Sets the names of the attempt, by the resolver. RC_OK also if the name is
// nobody's. Otherwise the engine could not be read, and `name` is `given`.
MUST_CHECK enum rc auth_try_name(struct auth_try *try, struct view name);
// Begins a call for an attempt. False: the attempt was refused before a pause,
// which is over now, and its outcome is given again.
bool auth_try_begin(const struct auth_try *try, enum rc *ret_rc,
    struct auth_verdict *ret_verdict);
// Asks whether the password may be looked at. RC_OK: yes. RC_IN_USE: after a
// pause. RC_AUTH: no, there were too many failures.
MUST_CHECK enum rc auth_try_ask(struct auth_try *try);
// Reads the user's record into `ret_record`. RC_NOT_FOUND also for text that
// cannot be a user name.
MUST_CHECK enum rc auth_try_lookup(
    const struct auth_try *try, struct auth_record *ret_record);
// Fills in who the record says the user is.
void auth_try_take_user(const struct auth_try *try,
    const struct auth_record *record, struct auth_user *user);
// The same without the log, for a credential that is used again and again; the
// outcome is counted, and the use is noted. When that is worth a note (see
// auth/use.h), it is logged too.
void auth_try_note(struct auth_try *try, const struct auth_user *user);
// They log the outcome, and count a failure. auth_try_refuse() returns `rc`, or
// RC_IN_USE if that is to be answered later: auth_try_begin() then gives `rc`.
void auth_try_accept(const struct auth_try *try, const struct auth_user *user,
    struct auth_verdict *ret_verdict);
enum rc auth_try_refuse(const struct auth_try *try, enum rc rc,
    enum auth_reason reason, struct auth_verdict *ret_verdict);

// The whole attempt by a token of this kind. `authzid` as below. The name of
// the attempt is then the user's.
MUST_CHECK enum rc auth_try_token(struct auth_try *try, enum auth_kind kind,
    struct view authzid, struct view token, struct auth_user *ret_user,
    struct auth_verdict *ret_verdict);

// Looks for the application password of the user. RC_OK: it is one, for one of
// the channel's scopes, and `user` has its credential and scopes. RC_DENIED: it
// is one, but not for these. RC_NOT_FOUND: it is none.
MUST_CHECK enum rc auth_try_app_password(
    const struct auth_try *try, struct view password, struct auth_user *user);

// The whole attempt by name and password. `authzid` is empty or names the same
// user; otherwise the attempt is refused with RC_DENIED after the password was
// right. RC_IN_USE: nothing was checked, counted or logged yet; call again.
MUST_CHECK enum rc auth_try_password(struct auth_try *try, struct view authzid,
    struct view name, struct view password, struct auth_user *ret_user,
    struct auth_verdict *ret_verdict);
// Whether the identity to act as is empty, or this user.
bool auth_try_is_same(const struct auth_try *try, struct view authzid);

#endif

// SPDX-License-Identifier: Apache-2.0
// Who may log in: names and passwords checked against the directory, guesses
// limited, each outcome logged. From outside every refusal looks, and takes,
// alike; the log says why. Thread-safe.
#ifndef ROOST_AUTH_AUTH_H
#define ROOST_AUTH_AUTH_H

#include "auth/directory.h"
#include "base/clock.h"

struct auth;

struct auth_settings {
	struct auth_hashing hashing;
	size_t cache_entries; // log-ins remembered; 0: AUTH_CACHE_ENTRIES
	// Failures in a window after which further tries fail unseen, from one
	// address (loopback is exempt: proxies live there) and for one user
	// (an address that the user came from lately is exempt). 0: defaults.
	uint32_t address_failures;
	uint32_t user_failures;
	uint32_t window_seconds;
	// Passwords hashed at a time, for callers with a turn; 0:
	// AUTH_HASHERS_MAX. Never more than there are processors.
	unsigned hashers;
};

#define AUTH_HASHERS_MAX 8

#define AUTH_CACHE_ENTRIES    16384 // 512 KiB
#define AUTH_ADDRESS_FAILURES 20
#define AUTH_USER_FAILURES    100
#define AUTH_WINDOW_SECONDS   600
#define AUTH_FRIEND_SECONDS   604800 // "lately": a week
#define AUTH_LIMITER_KEYS     8192   // addresses, and users, counted at once
#define AUTH_DELAY_MS_MAX     15000

// Why a log-in was refused: for the log, and the RFC 5530 response code that
// may be told outside.
#define AUTH_REASON_TABLE(X)                                                   \
	X(AUTH_REASON_NONE, "none", "")                                        \
	X(AUTH_REASON_UNKNOWN_USER, "unknown-user", "AUTHENTICATIONFAILED")    \
	X(AUTH_REASON_PASSWORD, "wrong-password", "AUTHENTICATIONFAILED")      \
	X(AUTH_REASON_DISABLED, "disabled", "AUTHENTICATIONFAILED")            \
	X(AUTH_REASON_NO_KEYS, "no-scram-keys", "AUTHENTICATIONFAILED")        \
	X(AUTH_REASON_LIMITED, "too-many-failures", "AUTHENTICATIONFAILED")    \
	X(AUTH_REASON_BINDING, "channel-binding", "AUTHENTICATIONFAILED")      \
	X(AUTH_REASON_EXPIRED, "expired", "EXPIRED")                           \
	X(AUTH_REASON_AUTHZID, "other-identity", "AUTHORIZATIONFAILED")        \
	X(AUTH_REASON_PRIVACY, "no-tls", "PRIVACYREQUIRED")                    \
	X(AUTH_REASON_MECHANISM, "unknown-mechanism", "")                      \
	X(AUTH_REASON_SYNTAX, "malformed", "")                                 \
	X(AUTH_REASON_CANCELLED, "cancelled", "")                              \
	X(AUTH_REASON_UNAVAILABLE, "unavailable", "UNAVAILABLE")

enum auth_reason {
#define X(name, word, code) name,
	AUTH_REASON_TABLE(X)
#undef X
};

const char *auth_reason_word(enum auth_reason reason); // for the log
const char *auth_reason_code(enum auth_reason reason); // RFC 5530, or ""

// One who may have to wait until a password can be hashed. Zeroed but for the
// first two at first; it must stay where it is until auth_turn_end().
enum auth_turn_state {
	AUTH_TURN_NONE,
	AUTH_TURN_WAITS,
	AUTH_TURN_HOLDS,
};
struct auth_turn {
	void (*wake)(void *context); // as struct net_waker's: cheap, any thread
	void *context;
	// The room's own, behind its lock.
	struct auth_turn *next;
	struct auth_turn *previous;
	enum auth_turn_state state;
};

// The connection that a log-in comes over. What the views and texts point to
// lives as long as the call, or the SASL exchange, that was given it.
struct auth_channel {
	const char *protocol;     // "imap", for the log
	uint64_t session_id;      // for the log
	struct view peer_address; // text, without the port
	bool tls;
	// The configuration lets passwords over this connection without TLS. It
	// counts only when the peer is loopback.
	bool plain_on_loopback;
	// Channel bindings; empty where there is none: tls-exporter (RFC 9266),
	// tls-unique and tls-server-end-point (RFC 5929).
	struct view exporter;
	struct view unique;
	struct view end_point;
	// NULL: passwords are hashed at once, however many are already. Else a
	// check may give RC_IN_USE: make it again, the same, when woken.
	struct auth_turn *turn;
};

struct auth_user {
	uint64_t account;
	struct auth_name name; // as the directory has it, whatever was typed
};

struct auth_verdict {
	enum auth_reason reason;
	// What a protocol should let pass before it says no. The room itself
	// never sleeps.
	uint32_t delay_ms;
};

// `settings` may be NULL, `log` and `clock` too; the engine, log and clock
// outlive it. Hashes one password, for users who do not exist.
MUST_CHECK enum rc auth_new(struct engine *engine,
    const struct auth_settings *settings, struct log *log,
    const struct clock *clock, struct fault *fault, struct auth **ret_auth);
void auth_free(struct auth **auth);

// Who a name stands for. The directory knows only the names that users have;
// that "anna@example.org" is anna is known one floor up, to whoever has the
// domains and aliases. So whoever wires the server passes it in.
struct auth_resolver {
	// RC_OK with the name of a user who is in the directory. RC_NOT_FOUND:
	// nobody's name; `ret_name` is then one text for every spelling of it,
	// so that limits and SCRAM's salts do not tell a name that nobody has
	// from one that somebody has. What it costs should not tell either.
	enum rc (*resolve)(
	    void *context, struct view name, struct auth_name *ret_name);
	void *context;
};

// Before the first log-in; without a resolver names stand for themselves. What
// it needs outlives the last log-in.
void auth_set_resolver(struct auth *auth, const struct auth_resolver *resolver);

// May passwords go over this connection? Else only TLS helps (LOGINDISABLED,
// RFC 3501 section 6.2.3).
bool auth_channel_is_private(const struct auth_channel *channel);

// Takes a place among those that hash: RC_OK, or as checks do RC_IN_USE, or
// RC_LIMIT. Checks do it themselves; this is for tests and for other costly
// work. auth_turn_end() gives it back, or leaves the line, or does nothing.
MUST_CHECK enum rc auth_turn_begin(struct auth *auth, struct auth_turn *turn);
void auth_turn_end(struct auth *auth, struct auth_turn *turn);

// Checks a name (in any spelling that the resolver knows) and a password, as
// IMAP's LOGIN gives them. RC_OK; RC_IN_USE:
// see struct auth_channel; RC_AUTH with `ret_verdict` saying why; RC_DENIED
// without TLS; anything else: the directory could not be read (reason
// UNAVAILABLE). `ret_verdict` is always written.
MUST_CHECK enum rc auth_verify(struct auth *auth,
    const struct auth_channel *channel, struct view name, struct view password,
    struct auth_user *ret_user, struct auth_verdict *ret_verdict);

// For the administrator: hashes as the settings say, then the directory.
MUST_CHECK enum rc auth_user_add(struct auth *auth, struct view name,
    struct view password, struct fault *fault, uint64_t *ret_account);
MUST_CHECK enum rc auth_user_set_password(struct auth *auth, struct view name,
    struct view password, struct fault *fault);
// The same with what another server kept: see auth_credentials_import().
MUST_CHECK enum rc auth_user_add_stored(struct auth *auth, struct view name,
    struct view stored, struct fault *fault, uint64_t *ret_account);
MUST_CHECK enum rc auth_user_set_stored(struct auth *auth, struct view name,
    struct view stored, struct fault *fault);
// For those who already know who it is (delivery, rights): RC_NOT_FOUND also
// when disabled.
MUST_CHECK enum rc auth_user_find(
    struct auth *auth, struct view name, struct auth_user *ret_user);

#endif

// SPDX-License-Identifier: Apache-2.0
// Checks whether somebody may log in: compares names and passwords with the
// directory, limits guessing, and logs each outcome. To the client every
// refusal looks the same and takes the same time; the log has the reason.
// Thread-safe.
#ifndef ROOST_AUTH_AUTH_H
#define ROOST_AUTH_AUTH_H

#include "auth/directory.h"
#include "auth/scope.h"
#include "base/clock.h"

struct auth;

// Tokens, application passwords and browser sessions (token.h). Times that are
// 0 have the defaults.
struct auth_token_settings {
	uint32_t session_idle_seconds; // a browser session without a request
	uint32_t session_max_seconds;  // and at the longest
	uint32_t access_seconds;       // an access token (OAuth)
	uint32_t grant_idle_seconds;   // a grant whose tokens are not used
	bool no_app_passwords;         // users may make none
	bool no_oauth;                 // no OAUTHBEARER, no XOAUTH2
	// The URL of the authorization server's metadata, for clients that send
	// no good token; NULL: it is not said. Must outlive the auth.
	const char *discovery;
};

#define AUTH_SESSION_IDLE_SECONDS (14u * 86400)
#define AUTH_SESSION_MAX_SECONDS  (90u * 86400)
#define AUTH_ACCESS_SECONDS       3600u
#define AUTH_GRANT_IDLE_SECONDS   (180u * 86400)

struct auth_settings {
	struct auth_hashing hashing;
	size_t cache_entries; // log-ins to remember; 0: AUTH_CACHE_ENTRIES
	// How many wrong passwords in a window are too many: of one address or
	// of one user, counting only places where the user is not known; of all
	// of these together; and of one address in a day, up to which an
	// address is trusted. guard.h says what follows. 0: the defaults.
	uint32_t address_failures;
	uint32_t user_failures;
	uint32_t total_failures;
	uint32_t clean_failures;
	uint32_t window_seconds;
	// How many passwords are hashed at the same time, for callers with a
	// turn; 0: AUTH_HASHERS_MAX. Never more than there are processors.
	unsigned hashers;
	struct auth_token_settings tokens;
};

#define AUTH_HASHERS_MAX 8

#define AUTH_CACHE_ENTRIES    16384 // 512 KiB
#define AUTH_ADDRESS_FAILURES 20
#define AUTH_USER_FAILURES    100
#define AUTH_TOTAL_FAILURES   1000
#define AUTH_CLEAN_FAILURES   3
#define AUTH_WINDOW_SECONDS   600
#define AUTH_COUNTED_KEYS     8192 // addresses, or users, counted at once
#define AUTH_DELAY_MS_MAX     15000

// Why a log-in was refused: the word for the log, and the response code of RFC
// 5530 that the client may see.
#define AUTH_REASON_TABLE(X)                                                   \
	X(AUTH_REASON_NONE, "none", "")                                        \
	X(AUTH_REASON_UNKNOWN_USER, "unknown-user", "AUTHENTICATIONFAILED")    \
	X(AUTH_REASON_PASSWORD, "wrong-password", "AUTHENTICATIONFAILED")      \
	X(AUTH_REASON_DISABLED, "disabled", "AUTHENTICATIONFAILED")            \
	X(AUTH_REASON_NO_KEYS, "no-scram-keys", "AUTHENTICATIONFAILED")        \
	X(AUTH_REASON_LIMITED, "too-many-failures", "AUTHENTICATIONFAILED")    \
	X(AUTH_REASON_BINDING, "channel-binding", "AUTHENTICATIONFAILED")      \
	X(AUTH_REASON_TOKEN, "bad-token", "AUTHENTICATIONFAILED")              \
	X(AUTH_REASON_SCOPE, "not-for-this-protocol", "AUTHENTICATIONFAILED")  \
	X(AUTH_REASON_SECOND, "second-factor-needed", "AUTHENTICATIONFAILED")  \
	X(AUTH_REASON_CODE, "wrong-second-factor", "AUTHENTICATIONFAILED")     \
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
#define AUTH_REASONS (AUTH_REASON_UNAVAILABLE + 1)

const char *auth_reason_word(enum auth_reason reason); // for the log
const char *auth_reason_code(enum auth_reason reason); // RFC 5530, or ""

// How many log-ins have had this outcome since the start. AUTH_REASON_NONE:
// they succeeded.
uint64_t auth_outcomes(const struct auth *auth, enum auth_reason reason);
// When a log-in was last refused for this reason: seconds since 1970-01-01 UTC;
// 0: never.
int64_t auth_last_refusal(const struct auth *auth, enum auth_reason reason);

// A log-in that has to wait: for a password to be hashed, or because passwords
// were guessed. The caller zeroes it and sets `wake` and `context`. It must not
// move until auth_turn_end(). When a call returns RC_IN_USE, the caller repeats
// the same call after `pause_ms` milliseconds, or, if that is 0, when it has
// been woken.
enum auth_turn_state {
	AUTH_TURN_NONE,
	AUTH_TURN_WAITS,
	AUTH_TURN_HOLDS,
};

struct auth_verdict {
	enum auth_reason reason;
	// How long after the refusal the answer should be sent. With a turn the
	// call returns only after that time, and this is 0.
	uint32_t delay_ms;
};

struct auth_turn {
	void (*wake)(void *context); // as struct net_waker's: cheap, any thread
	void *context;
	uint32_t pause_ms;
	// Private to this room: the place in the line, guarded by its lock.
	struct auth_turn *next;
	struct auth_turn *previous;
	enum auth_turn_state state;
	bool preferred; // before those who are not
	// Private: the attempt, from its first call to its last.
	bool began;
	bool waited;       // the pause before the check is over
	bool decided;      // refused; the pause before the answer is under way
	uint64_t began_ms; // monotonic
	enum rc rc;        // when it is decided
	struct auth_verdict verdict;
};

// The connection that a log-in comes over. The views and texts must live as
// long as the call, or the SASL exchange, that gets this channel.
struct auth_channel {
	const char *protocol;     // "imap", for the log
	uint64_t session_id;      // for the log
	struct view peer_address; // text, without the port
	bool tls;
	// The configuration allows passwords on this connection without TLS. It
	// has an effect only if the peer's address is loopback.
	bool plain_on_loopback;
	// What the connection gives access to (AUTH_SCOPE_…, auth/scope.h). An
	// application password or a token has to be for one of these. 0: none
	// of them fits.
	uint32_t scopes;
	// The caller asks for the second factor of a user who has one:
	// auth_verify() then returns RC_MORE after the right password.
	// Otherwise such a user is refused, because a program cannot ask: it
	// needs an application password or a token.
	bool asks_second;
	// Channel bindings; empty where there is none: tls-exporter (RFC 9266),
	// tls-unique and tls-server-end-point (RFC 5929).
	struct view exporter;
	struct view unique;
	struct view end_point;
	// NULL: a password is hashed at once, however many others are being
	// hashed, and nobody waits. Otherwise a check may return RC_IN_USE: see
	// struct auth_turn.
	struct auth_turn *turn;
};

struct auth_user {
	uint64_t account;
	struct auth_name name; // the user's name in the directory, not the name
			       // that was typed
	// For standing.h: of the user's record, and of the directory before
	// that record was read.
	uint64_t epoch;
	uint64_t seen;
	// The credential that the user logged in with (credential.h); 0: the
	// password.
	uint64_t credential;
	uint32_t scopes; // what the log-in may be used for
};

// `settings`, `log` and `clock` may be NULL. The engine, the log and the clock
// must outlive it. Hashes one password, which later stands for users who do not
// exist.
MUST_CHECK enum rc auth_new(struct engine *engine,
    const struct auth_settings *settings, struct log *log,
    const struct clock *clock, struct fault *fault, struct auth **ret_auth);
void auth_free(struct auth **auth);

// Finds the user for a name that somebody logs in with. The directory knows
// only the names of users. That "anna@example.org" means anna is known to the
// room that has domains and aliases; this room cannot include it, so the server
// passes it in.
struct auth_resolver {
	// RC_OK: `ret_name` is the name of a user in the directory.
	// RC_NOT_FOUND: the name belongs to nobody; `ret_name` is then the same
	// text for every spelling of it. The limits and SCRAM's salts depend on
	// that text, so they do not reveal whether a user exists. The time that
	// the call takes should not reveal it either.
	enum rc (*resolve)(
	    void *context, struct view name, struct auth_name *ret_name);
	void *context;
};

// Call it before the first log-in. Without a resolver each name stands for
// itself. What the resolver needs must outlive the last log-in.
void auth_set_resolver(struct auth *auth, const struct auth_resolver *resolver);

// Whether passwords may be sent over this connection. If not, the client has to
// start TLS (LOGINDISABLED, RFC 3501 section 6.2.3).
bool auth_channel_is_private(const struct auth_channel *channel);

// Gets a place among those that hash: RC_OK, or RC_IN_USE or RC_LIMIT as for a
// check. Checks do this themselves; tests call it to fill the places.
// auth_turn_end() gives the place back, or leaves the line; it does nothing if
// there is neither.
MUST_CHECK enum rc auth_turn_begin(struct auth *auth, struct auth_turn *turn);
void auth_turn_end(struct auth *auth, struct auth_turn *turn);

// Checks a name (in any spelling that the resolver knows) and a password, as
// IMAP's LOGIN gives them. RC_OK: logged in. RC_IN_USE: see struct
// auth_turn. RC_AUTH: refused; `ret_verdict` has the reason. RC_DENIED: TLS
// is needed. RC_MORE: the password is right, and the user has to give a second
// factor (second.h) before anything else; `ret_user` is set (only if the
// channel's `asks_second`). Anything else: the directory could not be read
// (reason UNAVAILABLE). `ret_verdict` is always written. An application
// password for one of the channel's `scopes` (token.h) is as good as the
// password.
MUST_CHECK enum rc auth_verify(struct auth *auth,
    const struct auth_channel *channel, struct view name, struct view password,
    struct auth_user *ret_user, struct auth_verdict *ret_verdict);

// A number for a text: always the same on this server, and one that nobody else
// can compute, as the server's secret is in it. `use` keeps numbers for
// different purposes apart.
#define AUTH_KEYED_ID_LEN 16
void auth_keyed_id(const struct auth *auth, const char *use, struct view text,
    unsigned char ret_id[AUTH_KEYED_ID_LEN]);

// For the administrator: hashes the password as the settings say, and stores
// it. A change of an existing user shuts out everybody who is logged in as that
// user (standing.h), except that enabling shuts out nobody.
MUST_CHECK enum rc auth_user_add(struct auth *auth, struct view name,
    struct view password, struct fault *fault, uint64_t *ret_account);
MUST_CHECK enum rc auth_user_set_password(struct auth *auth, struct view name,
    struct view password, struct fault *fault);
// For the user: the same, but the browser session with the id `keep`, in which
// the password is changed, stays (credential.h; 0: none). Both revoke the other
// browser sessions, and what OAuth clients were given. Application passwords
// stay: auth_credentials_revoke() ends them.
MUST_CHECK enum rc auth_user_change_password(struct auth *auth,
    struct view name, struct view password, uint64_t keep, struct fault *fault);
// The same with the stored password of another server: see
// auth_credentials_import().
MUST_CHECK enum rc auth_user_add_stored(struct auth *auth, struct view name,
    struct view stored, struct fault *fault, uint64_t *ret_account);
// Adds a user with a password, or, if that is empty, with a stored one of
// another server; the account was given out by auth_directory_reserve().
struct auth_new_user {
	struct view name, password, stored;
	uint64_t account;
	bool disabled;
};
MUST_CHECK enum rc auth_user_add_reserved(
    struct auth *auth, const struct auth_new_user *user, struct fault *fault);
MUST_CHECK enum rc auth_user_set_stored(struct auth *auth, struct view name,
    struct view stored, struct fault *fault);
MUST_CHECK enum rc auth_user_set_disabled(
    struct auth *auth, struct view name, bool disabled, struct fault *fault);
// Removes only the name and the places: see auth_directory_remove().
MUST_CHECK enum rc auth_user_remove(
    struct auth *auth, struct view name, struct fault *fault);
// The places from which a user (by the name in the directory) has logged in.
struct auth_place_list; // places.h
MUST_CHECK enum rc auth_user_places(struct auth *auth, struct view name,
    struct fault *fault, struct auth_place_list *ret_list);
MUST_CHECK enum rc auth_user_forget_places(
    struct auth *auth, struct view name, struct fault *fault);

#endif

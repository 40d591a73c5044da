// SPDX-License-Identifier: Apache-2.0
// An attempt to log in, from the first look at the limits to the line in the
// log. A user who does not exist costs as much as a wrong password: the
// password is checked against the hash of "nobody".
#include <stdatomic.h>

#include "auth/auth.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <unistd.h>

#include "auth/address.h"
#include "auth/impl.h"
#include "auth/keeper.h"
#include "auth/oauth.h"
#include "auth/standing.h"
#include "base/mem.h"
#include "base/tally.h"

// How many wrong passwords are remembered.
#define WRONG_ENTRIES 8192

// How many addresses or users the limits of oauth.h count at once.
#define SENDERS      1024
#define HOUR_SECONDS 3600

static const struct {
	const char *word;
	const char *code;
} reasons[] = {
#define X(name, word, code) {word, code},
    AUTH_REASON_TABLE(X)
#undef X
};

const char *auth_reason_word(enum auth_reason reason)
{
	return reasons[reason].word;
}

uint64_t auth_outcomes(const struct auth *auth, enum auth_reason reason)
{
	return counter_value(&auth->outcomes[reason]);
}

int64_t auth_last_refusal(const struct auth *auth, enum auth_reason reason)
{
	return atomic_load(&auth->last_refusal[reason]);
}

const char *auth_reason_code(enum auth_reason reason)
{
	return reasons[reason].code;
}

// ---- Life ------------------------------------------------------------------

static void set_default(uint32_t *value, uint32_t usual)
{
	if (*value == 0)
		*value = usual;
}

// With more hashes at a time than processors, each hash only takes longer.
static void limit_hashers(unsigned *hashers)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	if (*hashers == 0 || *hashers > AUTH_HASHERS_MAX)
		*hashers = AUTH_HASHERS_MAX;
	if (processors > 0 && *hashers > (unsigned long)processors)
		*hashers = (unsigned)processors;
}

static void fill_settings(struct auth_settings *settings)
{
	if (settings->cache_entries == 0)
		settings->cache_entries = AUTH_CACHE_ENTRIES;
	set_default(&settings->address_failures, AUTH_ADDRESS_FAILURES);
	set_default(&settings->user_failures, AUTH_USER_FAILURES);
	set_default(&settings->total_failures, AUTH_TOTAL_FAILURES);
	set_default(&settings->clean_failures, AUTH_CLEAN_FAILURES);
	set_default(&settings->window_seconds, AUTH_WINDOW_SECONDS);
	limit_hashers(&settings->hashers);
	struct auth_token_settings *tokens = &settings->tokens;
	set_default(&tokens->session_idle_seconds, AUTH_SESSION_IDLE_SECONDS);
	set_default(&tokens->session_max_seconds, AUTH_SESSION_MAX_SECONDS);
	set_default(&tokens->access_seconds, AUTH_ACCESS_SECONDS);
	set_default(&tokens->grant_idle_seconds, AUTH_GRANT_IDLE_SECONDS);
}

// Makes credentials for a password that nobody knows.
static enum rc make_nobody(struct auth *auth, struct fault *fault)
{
	unsigned char random[16];
	char password[2 * sizeof(random)];
	if (RAND_bytes(random, sizeof(random)) != 1)
		return fault_set(
		    fault, RC_IO, "the system gives no random bytes");
	for (size_t i = 0; i < sizeof(random); i++) {
		password[2 * i] = (char)('a' + (random[i] & 15));
		password[2 * i + 1] = (char)('a' + (random[i] >> 4));
	}
	enum rc rc = auth_credentials_make(&auth->settings.hashing,
	    view_of(password, sizeof(password)), fault, &auth->nobody);
	OPENSSL_cleanse(password, sizeof(password));
	OPENSSL_cleanse(random, sizeof(random));
	return rc;
}

enum rc auth_new(struct engine *engine, const struct auth_settings *settings,
    struct log *log, const struct clock *clock, struct fault *fault,
    struct auth **ret_auth)
{
	struct auth *auth = mem_zalloc(sizeof(*auth));
	auth->engine = engine;
	auth->log = log;
	auth->clock = clock;
	if (settings)
		auth->settings = *settings;
	fill_settings(&auth->settings);
	auth->cache = auth_cache_new(auth->settings.cache_entries);
	auth->wrong = auth_cache_new(WRONG_ENTRIES);
	auth->gate = auth_gate_new(auth->settings.hashers);
	auth->guard = auth_guard_new(&auth->settings);
	auth->places = auth_places_new(engine);
	auth->rounds = auth_rounds_new();
	auth->uses = auth_uses_new(engine);
	auth->tokens = auth_token_cache_new();
	auth->registrations = tally_new_window(SENDERS, HOUR_SECONDS);
	auth->wrong_codes = tally_new_window(SENDERS, HOUR_SECONDS);
	auth->wrong_seconds = tally_new_window(SENDERS, HOUR_SECONDS);
	auth->challenges = auth_cache_new(WRONG_ENTRIES);
	auth->polls = tally_new_window(SENDERS, AUTH_DEVICE_INTERVAL - 1);
	pthread_mutex_init(&auth->epoch_lock, NULL);
	auth_epoch_read(auth);
	enum rc rc = auth_directory_secret(engine, fault, auth->secret);
	if (rc == RC_OK)
		rc = make_nobody(auth, fault);
	if (rc == RC_OK)
		*ret_auth = auth;
	else
		auth_free(&auth);
	return rc;
}

void auth_free(struct auth **auth)
{
	struct auth *old = *auth;
	if (!old)
		return;
	*auth = NULL;
	auth_keeper_free(&old->keeper);
	pthread_mutex_destroy(&old->epoch_lock);
	auth_cache_free(&old->cache);
	auth_cache_free(&old->wrong);
	auth_gate_free(&old->gate);
	auth_guard_free(&old->guard);
	auth_places_free(&old->places);
	auth_rounds_free(&old->rounds);
	auth_uses_free(&old->uses);
	auth_token_cache_free(&old->tokens);
	tally_free(&old->registrations);
	tally_free(&old->wrong_codes);
	tally_free(&old->polls);
	tally_free(&old->wrong_seconds);
	auth_cache_free(&old->challenges);
	OPENSSL_cleanse(old, sizeof(*old));
	free(old);
}

enum rc auth_start(struct auth *auth, struct fault *fault)
{
	return auth_keeper_new(auth, fault, &auth->keeper);
}

void auth_set_resolver(struct auth *auth, const struct auth_resolver *resolver)
{
	auth->resolver = *resolver;
}

bool auth_channel_is_private(const struct auth_channel *channel)
{
	return channel->tls ||
	       (channel->plain_on_loopback &&
		   auth_address_is_loopback(channel->peer_address));
}

// ---- Guesses and waits -----------------------------------------------------

static struct auth_suspect suspect_of(const struct auth_try *try)
{
	return (struct auth_suspect){
	    .user = auth_name_view(&try->name),
	    .address = try->channel->peer_address,
	    .known = try->known,
	};
}

bool auth_try_begin(const struct auth_try *try, enum rc *ret_rc,
    struct auth_verdict *ret_verdict)
{
	struct auth_turn *turn = try->channel->turn;
	if (!turn)
		return true;
	turn->pause_ms = 0;
	if (turn->decided) {
		*ret_rc = turn->rc;
		*ret_verdict = turn->verdict;
		turn->decided = turn->began = false;
		return false;
	}
	if (!turn->began) {
		turn->began = true;
		turn->waited = false;
		turn->began_ms = clock_monotonic_ms();
	}
	return true;
}

enum rc auth_try_ask(struct auth_try *try)
{
	struct auth *auth = try->auth;
	struct auth_turn *turn = try->channel->turn;
	try->known = auth_places_find(auth->places, auth_name_view(&try->name),
	    try->channel->peer_address, clock_wall_seconds(auth->clock),
	    &try->fresh);
	struct auth_suspect suspect = suspect_of(try);
	enum auth_ruling ruling = auth_guard_ask(auth->guard, &suspect);
	switch (ruling) {
	case AUTH_RULING_LOOK: return RC_OK;
	case AUTH_RULING_SHUT: return RC_AUTH;
	case AUTH_RULING_WAIT: break;
	}
	if (!turn || turn->waited)
		return RC_OK;
	turn->waited = true;
	turn->pause_ms = AUTH_WAIT_MS;
	return RC_IN_USE;
}

// Counts a failure; returns how long after its beginning the attempt is to be
// answered.
static uint32_t count_failure(const struct auth_try *try)
{
	struct auth_suspect suspect = suspect_of(try);
	uint32_t alarm;
	uint32_t delay =
	    auth_guard_fail(try->auth->guard, &suspect, try->again, &alarm);
	if (alarm > 0) {
		struct log_line line;
		log_begin(&line, try->auth->log, LOG_LEVEL_WARN,
		    "many_failed_logins");
		log_add_u64(&line, "failures", alarm);
		log_add_u64(
		    &line, "seconds", try->auth->settings.window_seconds);
		log_end(&line);
	}
	return delay;
}

// The refusal is decided. If it is to be answered later, the same call gives it
// again after the pause.
static enum rc put_off(const struct auth_try *try, enum rc rc,
    uint32_t delay_ms, struct auth_verdict *verdict)
{
	struct auth_turn *turn = try->channel->turn;
	if (!turn) {
		verdict->delay_ms = delay_ms;
		return rc;
	}
	uint64_t now = clock_monotonic_ms();
	uint64_t passed = turn->began ? now - turn->began_ms : 0;
	if (turn->began && turn->waited) {
		passed = passed > AUTH_WAIT_MS ? passed : AUTH_WAIT_MS;
		delay_ms = AUTH_DELAY_MS_MAX;
	}
	turn->began = false;
	if (passed >= delay_ms)
		return rc;
	turn->decided = true;
	turn->rc = rc;
	turn->verdict = *verdict;
	turn->pause_ms = delay_ms - (uint32_t)passed;
	return RC_IN_USE;
}

// ---- Outcomes --------------------------------------------------------------

// The address and the reason come before what the client can choose, so that a
// program that looks for them (fail2ban) cannot be deceived by a name.
static void try_log_begin(const struct auth_try *try, struct log_line *line,
    enum log_level level, const char *event)
{
	const struct auth_channel *channel = try->channel;
	log_begin(line, try->auth->log, level, event);
	log_add_u64(line, "session", channel->session_id);
	log_add_string(
	    line, "protocol", channel->protocol ? channel->protocol : "?");
	log_add(line, "address", channel->peer_address);
}

static void try_log_end(
    const struct auth_try *try, struct log_line *line, uint64_t account)
{
	log_add_string(line, "mechanism", try->mechanism);
	log_add_string(line, "tls", try->channel->tls ? "yes" : "no");
	log_add(line, "user", auth_name_view(&try->name));
	if (strcmp(try->given.text, try->name.text) != 0)
		log_add(line, "name", auth_name_view(&try->given));
	if (account != 0)
		log_add_u64(line, "account", account);
	log_end(line);
}

static void log_refusal(
    const struct auth_try *try, enum log_level level, enum auth_reason reason)
{
	struct log_line line;
	bool known = try->known != AUTH_KNOWN_NOT;
	try_log_begin(try, &line, level, "login_failed");
	log_add_string(&line, "reason", auth_reason_word(reason));
	log_add_string(&line, "known", known ? "yes" : "no");
	try_log_end(try, &line, 0);
}

static void copy_text(struct view from, char *to, size_t size)
{
	size_t len = from.len < size ? from.len : size - 1;
	if (len)
		memcpy(to, from.ptr, len);
	to[len] = '\0';
}

// Remembers where the user logged in, and logs it if the user was never in that
// network before.
static void note_place(const struct auth_try *try)
{
	struct auth *auth = try->auth;
	const struct auth_channel *channel = try->channel;
	int64_t now = clock_wall_seconds(auth->clock);
	struct auth_place place = {
	    .first = now, .last = now, .tls = channel->tls};
	if (try->known == AUTH_KNOWN_NOT) {
		struct log_line line;
		try_log_begin(try, &line, LOG_LEVEL_INFO, "login_new_place");
		try_log_end(try, &line, 0);
	}
	copy_text(channel->peer_address, place.address, sizeof(place.address));
	copy_text(view_of_string(channel->protocol ? channel->protocol : "?"),
	    place.protocol, sizeof(place.protocol));
	if (!try->fresh &&
	    auth_places_note(auth->places, auth_name_view(&try->name), &place))
		auth_keeper_wake(auth->keeper);
}

static void log_login(const struct auth_try *try, const struct auth_user *user)
{
	struct log_line line;
	try_log_begin(try, &line, LOG_LEVEL_INFO, "login");
	if (user->credential != 0)
		log_add_u64(&line, "credential", user->credential);
	try_log_end(try, &line, user->account);
}

static bool note_use(const struct auth_try *try, const struct auth_user *user)
{
	struct auth *auth = try->auth;
	const struct auth_channel *channel = try->channel;
	struct auth_use use = {.last = clock_wall_seconds(auth->clock)};
	copy_text(channel->peer_address, use.address, sizeof(use.address));
	copy_text(view_of_string(channel->protocol ? channel->protocol : "?"),
	    use.protocol, sizeof(use.protocol));
	bool news =
	    auth_uses_note(auth->uses, user->account, user->credential, &use);
	if (news)
		auth_keeper_wake(auth->keeper);
	return news;
}

void auth_try_note(struct auth_try *try, const struct auth_user *user)
{
	struct auth *auth = try->auth;
	counter_add(&auth->outcomes[AUTH_REASON_NONE], 1);
	if (try->channel->turn)
		try->channel->turn->began = false;
	if (!note_use(try, user))
		return;
	try->known = auth_places_find(auth->places, auth_name_view(&try->name),
	    try->channel->peer_address, clock_wall_seconds(auth->clock),
	    &try->fresh);
	log_login(try, user);
	note_place(try);
}

void auth_try_accept(const struct auth_try *try, const struct auth_user *user,
    struct auth_verdict *ret_verdict)
{
	if (try->channel->turn)
		try->channel->turn->began = false;
	*ret_verdict = (struct auth_verdict){.reason = AUTH_REASON_NONE};
	counter_add(&try->auth->outcomes[AUTH_REASON_NONE], 1);
	if (user->credential != 0)
		(void)note_use(try, user);
	log_login(try, user);
	note_place(try);
}

static bool is_guess(enum auth_reason reason)
{
	switch (reason) {
	case AUTH_REASON_UNKNOWN_USER:
	case AUTH_REASON_PASSWORD:
	case AUTH_REASON_DISABLED:
	case AUTH_REASON_NO_KEYS:
	case AUTH_REASON_BINDING:
	case AUTH_REASON_TOKEN:
	case AUTH_REASON_SECOND:
	case AUTH_REASON_CODE: return true;
	case AUTH_REASON_LIMITED: // it is shut out already
	case AUTH_REASON_NONE:
	case AUTH_REASON_SCOPE:
	case AUTH_REASON_EXPIRED:
	case AUTH_REASON_AUTHZID:
	case AUTH_REASON_PRIVACY:
	case AUTH_REASON_MECHANISM:
	case AUTH_REASON_SYNTAX:
	case AUTH_REASON_CANCELLED:
	case AUTH_REASON_UNAVAILABLE: return false;
	}
	return false;
}

enum rc auth_try_refuse(const struct auth_try *try, enum rc rc,
    enum auth_reason reason, struct auth_verdict *ret_verdict)
{
	counter_add(&try->auth->outcomes[reason], 1);
	atomic_store(&try->auth->last_refusal[reason],
	    clock_wall_seconds(try->auth->clock));
	uint32_t delay = is_guess(reason) ? count_failure(try) : 0;
	if (reason == AUTH_REASON_LIMITED)
		delay = AUTH_DELAY_MS_MAX;
	log_refusal(try,
	    reason == AUTH_REASON_UNAVAILABLE ? LOG_LEVEL_ERROR
					      : LOG_LEVEL_WARN,
	    reason);
	*ret_verdict = (struct auth_verdict){.reason = reason};
	return put_off(try, rc, delay, ret_verdict);
}

// ---- A name and a password -------------------------------------------------

// Gives a text for the log and the limits, also if the name cannot be prepared.
// It then ends at the first NUL.
static void name_or_text(struct view name, struct auth_name *ret_name)
{
	if (auth_name_prepare(name, NULL, ret_name) == RC_OK)
		return;
	size_t len = name.len < AUTH_NAME_MAX ? name.len : AUTH_NAME_MAX;
	if (len)
		memcpy(ret_name->text, name.ptr, len);
	ret_name->text[len] = '\0';
}

// RC_NOT_FOUND: the name is nobody's; `ret_name` is set anyway.
static enum rc resolve_name(
    const struct auth *auth, struct view name, struct auth_name *ret_name)
{
	const struct auth_resolver *resolver = &auth->resolver;
	struct auth_name given;
	name_or_text(name, &given);
	*ret_name = given;
	if (!resolver->resolve)
		return RC_OK;
	return resolver->resolve(
	    resolver->context, auth_name_view(&given), ret_name);
}

enum rc auth_try_name(struct auth_try *try, struct view name)
{
	name_or_text(name, &try->given);
	enum rc rc = resolve_name(try->auth, name, &try->name);
	if (rc == RC_OK || rc == RC_NOT_FOUND)
		return RC_OK;
	try->name = try->given;
	return rc;
}

enum rc auth_try_lookup(
    const struct auth_try *try, struct auth_record *ret_record)
{
	struct auth_name name;
	enum rc rc = auth_directory_lookup(
	    try->auth->engine, auth_name_view(&try->name), &name, ret_record);
	if (rc == RC_SYNTAX || rc == RC_INVALID || rc == RC_LIMIT)
		return RC_NOT_FOUND; // such text cannot be a user name
	return rc;
}

void auth_try_take_user(const struct auth_try *try,
    const struct auth_record *record, struct auth_user *user)
{
	user->account = record->account;
	user->name = try->name;
	user->epoch = record->epoch;
	user->credential = 0;
	user->scopes = AUTH_SCOPES_ALL;
}

bool auth_try_is_same(const struct auth_try *try, struct view authzid)
{
	struct auth_name name;
	return authzid.len == 0 ||
	       (resolve_name(try->auth, authzid, &name) == RC_OK &&
		   view_eq(auth_name_view(&name), auth_name_view(&try->name)));
}

// Whether this wrong password was tried lately, too: a mail program that has an
// old password repeats it, and learns nothing by that.
static bool is_same_guess(
    const struct auth_try *try, const char *hash, struct view password)
{
	struct auth_cache *wrong = try->auth->wrong;
	struct auth_cache_tag tag;
	if (!auth_cache_tag(wrong, auth_name_view(&try->name),
		view_of_string(hash), password, &tag))
		return false;
	if (auth_cache_has(wrong, &tag))
		return true;
	auth_cache_add(wrong, &tag);
	return false;
}

// RC_OK; RC_AUTH with the reason; or the result of auth_gate_enter(). The cache
// answers only for users who may log in: all others cost a hash.
static enum rc check_password(struct auth_try *try,
    const struct auth_record *record, struct view password,
    enum auth_reason *ret_reason)
{
	struct auth_cache *cache = try->auth->cache;
	bool exists = record && record->credentials.hash[0];
	const char *hash =
	    exists ? record->credentials.hash : try->auth->nobody.hash;
	struct auth_cache_tag tag;
	// A program that cannot give a second factor is refused as one with a
	// wrong password is, at the same cost.
	bool lacking = exists && record->second && !try->channel->asks_second;
	bool tagged = exists && !record->disabled && !lacking &&
		      auth_cache_tag(cache, auth_name_view(&try->name),
			  view_of_string(hash), password, &tag);
	if (tagged && auth_cache_has(cache, &tag))
		return RC_OK;
	enum rc rc = auth_gate_enter(
	    try->auth->gate, try->channel->turn, try->known != AUTH_KNOWN_NOT);
	if (rc != RC_OK)
		return rc;
	atomic_fetch_add_explicit(&try->auth->hashed, 1, memory_order_relaxed);
	rc = auth_password_check(hash, password);
	if (rc != RC_OK || lacking)
		try->again = is_same_guess(try, hash, password);
	if (!record)
		*ret_reason = AUTH_REASON_UNKNOWN_USER;
	else if (!exists || rc != RC_OK)
		*ret_reason = AUTH_REASON_PASSWORD;
	else if (record->disabled)
		*ret_reason = AUTH_REASON_DISABLED;
	else if (lacking)
		*ret_reason = AUTH_REASON_SECOND;
	else {
		if (tagged)
			auth_cache_add(cache, &tag);
		return RC_OK;
	}
	return RC_AUTH;
}

// Replaces a hash of another server by today's form with SCRAM keys, now that
// the password is known. The log-in succeeds even if this fails.
static void renew(const struct auth_try *try, const struct auth_record *record,
    struct view password)
{
	const struct auth *auth = try->auth;
	const struct auth_hashing *hashing = &auth->settings.hashing;
	const struct auth_credentials *old = &record->credentials;
	struct auth_credentials made = *old;
	struct fault fault = {.rc = RC_OK};
	bool todays = auth_credentials_are_todays(old);
	if (todays && !auth_credentials_lack_keys(hashing, old))
		return;
	enum rc rc =
	    todays ? auth_credentials_add_keys(hashing, password, &made)
		   : auth_credentials_make(hashing, password, NULL, &made);
	if (rc == RC_OK)
		rc = auth_directory_renew(auth->engine,
		    auth_name_view(&try->name), old->hash, &made, &fault);
	OPENSSL_cleanse(&made, sizeof(made));
	// A password that is not UTF-8 fits only an old hash, which stays: this
	// is no failure to log.
	if (rc == RC_OK || fault.rc == RC_OK)
		return;
	struct log_line line;
	log_begin(&line, auth->log, LOG_LEVEL_WARN, "password_renewal_failed");
	log_add(&line, "user", auth_name_view(&try->name));
	log_add_string(&line, "text", fault.text);
	log_end(&line);
}

// The same with an application password or the password. A text that looks like
// an application password is looked up for everybody, also for a name of
// nobody, and if it is none, it costs a hash as any other.
static enum rc check_secret(struct auth_try *try,
    const struct auth_record *record, struct view password,
    struct auth_user *user, enum auth_reason *ret_reason)
{
	enum rc rc = auth_try_app_password(try, password, user);
	if (rc == RC_OK && !record->disabled)
		return RC_OK;
	if (rc == RC_OK || rc == RC_DENIED || rc == RC_GONE) {
		*ret_reason = rc == RC_OK       ? AUTH_REASON_DISABLED
			      : rc == RC_DENIED ? AUTH_REASON_SCOPE
						: AUTH_REASON_EXPIRED;
		return RC_AUTH;
	}
	rc = check_password(try, record, password, ret_reason);
	if (rc == RC_OK)
		renew(try, record, password);
	return rc;
}

static enum rc try_password(struct auth_try *try, struct view authzid,
    struct view name, struct view password, struct auth_user *ret_user,
    struct auth_verdict *ret_verdict)
{
	enum rc named = auth_try_name(try, name);
	if (!auth_channel_is_private(try->channel))
		return auth_try_refuse(
		    try, RC_DENIED, AUTH_REASON_PRIVACY, ret_verdict);
	enum rc asked = auth_try_ask(try);
	if (asked == RC_IN_USE)
		return asked;
	if (asked != RC_OK)
		return auth_try_refuse(
		    try, RC_AUTH, AUTH_REASON_LIMITED, ret_verdict);
	struct auth_record record;
	struct auth_user user = {.seen = auth_epoch(try->auth)};
	enum rc rc = named == RC_OK ? auth_try_lookup(try, &record) : named;
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return auth_try_refuse(
		    try, rc, AUTH_REASON_UNAVAILABLE, ret_verdict);
	enum auth_reason reason = AUTH_REASON_NONE;
	if (rc == RC_OK)
		auth_try_take_user(try, &record, &user);
	bool second = rc == RC_OK && record.second;
	rc = check_secret(
	    try, rc == RC_OK ? &record : NULL, password, &user, &reason);
	OPENSSL_cleanse(&record, sizeof(record));
	if (rc == RC_IN_USE)
		return rc;
	if (rc == RC_LIMIT)
		return auth_try_refuse(
		    try, RC_IO, AUTH_REASON_UNAVAILABLE, ret_verdict);
	if (rc != RC_OK)
		return auth_try_refuse(try, rc, reason, ret_verdict);
	if (!auth_try_is_same(try, authzid)) // RFC 4616 section 2
		return auth_try_refuse(
		    try, RC_DENIED, AUTH_REASON_AUTHZID, ret_verdict);
	*ret_user = user;
	if (second && user.credential == 0) {
		if (try->channel->turn)
			try->channel->turn->began = false;
		ret_verdict->reason = AUTH_REASON_SECOND;
		return RC_MORE;
	}
	auth_try_accept(try, &user, ret_verdict);
	return RC_OK;
}

enum rc auth_try_password(struct auth_try *try, struct view authzid,
    struct view name, struct view password, struct auth_user *ret_user,
    struct auth_verdict *ret_verdict)
{
	struct auth_turn *turn = try->channel->turn;
	enum rc rc;
	*ret_verdict = (struct auth_verdict){.reason = AUTH_REASON_NONE};
	if (auth_try_begin(try, &rc, ret_verdict))
		rc = try_password(
		    try, authzid, name, password, ret_user, ret_verdict);
	// Nobody hashes in a pause.
	if (rc != RC_IN_USE || turn->pause_ms > 0)
		auth_gate_leave(try->auth->gate, turn);
	return rc;
}

enum rc auth_turn_begin(struct auth *auth, struct auth_turn *turn)
{
	return auth_gate_enter(auth->gate, turn, false);
}

void auth_turn_end(struct auth *auth, struct auth_turn *turn)
{
	auth_gate_leave(auth->gate, turn);
	turn->pause_ms = 0;
	turn->began = turn->decided = false;
}

enum rc auth_verify(struct auth *auth, const struct auth_channel *channel,
    struct view name, struct view password, struct auth_user *ret_user,
    struct auth_verdict *ret_verdict)
{
	struct auth_try try = {
	    .auth = auth, .channel = channel, .mechanism = "password"};
	return auth_try_password(
	    &try, VIEW(""), name, password, ret_user, ret_verdict);
}

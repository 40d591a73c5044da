// SPDX-License-Identifier: Apache-2.0
// An attempt to log in, from the first look at the limits to the line in the
// log. A user who does not exist costs as much as a wrong password: the
// password is checked against the hash of "nobody".
#include "auth/auth.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <unistd.h>

#include "auth/impl.h"
#include "auth/keeper.h"
#include "auth/standing.h"
#include "base/mem.h"

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
	set_default(&settings->window_seconds, AUTH_WINDOW_SECONDS);
	limit_hashers(&settings->hashers);
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
	uint32_t window = auth->settings.window_seconds;
	auth->cache = auth_cache_new(auth->settings.cache_entries);
	auth->gate = auth_gate_new(auth->settings.hashers);
	auth->addresses = auth_limiter_new(AUTH_LIMITER_KEYS, window);
	auth->users = auth_limiter_new(AUTH_LIMITER_KEYS, window);
	auth->friends =
	    auth_limiter_new(AUTH_LIMITER_KEYS, AUTH_FRIEND_SECONDS);
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
	auth_gate_free(&old->gate);
	auth_limiter_free(&old->addresses);
	auth_limiter_free(&old->users);
	auth_limiter_free(&old->friends);
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

// ---- Limits ----------------------------------------------------------------

struct limit_keys {
	struct view address; // empty: not limited
	struct view user;
	struct view friend; // address and user
	char address_bytes[64];
	char user_bytes[AUTH_NAME_MAX];
	char friend_bytes[64 + 1 + AUTH_NAME_MAX];
};

static void limit_keys_init(struct limit_keys *keys, const struct auth_try *try)
{
	struct view peer = try->channel->peer_address;
	size_t address_len = auth_address_key(peer, keys->address_bytes);
	size_t user_len = strlen(try->name.text);
	memcpy(keys->user_bytes, try->name.text, user_len);
	keys->friend_bytes[0] = (char)address_len;
	memcpy(keys->friend_bytes + 1, keys->address_bytes, address_len);
	memcpy(
	    keys->friend_bytes + 1 + address_len, keys->user_bytes, user_len);
	keys->user = view_of(keys->user_bytes, user_len);
	keys->friend = view_of(keys->friend_bytes, 1 + address_len + user_len);
	bool exempt = address_len == 0 || auth_address_is_loopback(peer);
	keys->address = view_of(keys->address_bytes, exempt ? 0 : address_len);
}

bool auth_try_is_limited(const struct auth_try *try)
{
	const struct auth *auth = try->auth;
	const struct auth_settings *settings = &auth->settings;
	uint64_t now = clock_monotonic_ms();
	struct limit_keys keys;
	limit_keys_init(&keys, try);
	if (keys.address.len &&
	    auth_limiter_count(auth->addresses, keys.address, now) >=
		settings->address_failures)
		return true;
	// If somebody guesses from elsewhere, an address that the user logged
	// in from lately is not shut out.
	bool guessed = auth_limiter_count(auth->users, keys.user, now) >=
		       settings->user_failures;
	return guessed &&
	       (keys.address.len == 0 ||
		   auth_limiter_count(auth->friends, keys.friend, now) == 0);
}

static uint32_t delay_for(uint32_t failures)
{
	if (failures > 7)
		return AUTH_DELAY_MS_MAX;
	uint32_t delay = 125u << failures;
	return delay < AUTH_DELAY_MS_MAX ? delay : AUTH_DELAY_MS_MAX;
}

// Counts a failure; returns the delay for the answer.
static uint32_t count_failure(const struct auth_try *try)
{
	uint64_t now = clock_monotonic_ms();
	struct limit_keys keys;
	limit_keys_init(&keys, try);
	uint32_t failures = auth_limiter_add(try->auth->users, keys.user, now);
	if (keys.address.len)
		failures =
		    auth_limiter_add(try->auth->addresses, keys.address, now);
	return delay_for(failures);
}

// ---- Outcomes --------------------------------------------------------------

static void log_try(const struct auth_try *try, enum log_level level,
    enum auth_reason reason, uint64_t account)
{
	const struct auth_channel *channel = try->channel;
	bool failed = reason != AUTH_REASON_NONE;
	struct log_line line;
	log_begin(
	    &line, try->auth->log, level, failed ? "login_failed" : "login");
	log_add_u64(&line, "session", channel->session_id);
	log_add_string(
	    &line, "protocol", channel->protocol ? channel->protocol : "?");
	log_add(&line, "user", auth_name_view(&try->name));
	if (strcmp(try->given.text, try->name.text) != 0)
		log_add(&line, "name", auth_name_view(&try->given));
	if (failed)
		log_add_string(&line, "reason", auth_reason_word(reason));
	else
		log_add_u64(&line, "account", account);
	log_add(&line, "address", channel->peer_address);
	log_add_string(&line, "mechanism", try->mechanism);
	log_add_string(&line, "tls", channel->tls ? "yes" : "no");
	log_end(&line);
}

void auth_try_accept(const struct auth_try *try, const struct auth_user *user,
    struct auth_verdict *ret_verdict)
{
	struct limit_keys keys;
	limit_keys_init(&keys, try);
	if (keys.address.len) // loopback: users share the address
		auth_limiter_add(
		    try->auth->friends, keys.friend, clock_monotonic_ms());
	*ret_verdict = (struct auth_verdict){.reason = AUTH_REASON_NONE};
	log_try(try, LOG_LEVEL_INFO, AUTH_REASON_NONE, user->account);
}

static bool is_guess(enum auth_reason reason)
{
	switch (reason) {
	case AUTH_REASON_UNKNOWN_USER:
	case AUTH_REASON_PASSWORD:
	case AUTH_REASON_DISABLED:
	case AUTH_REASON_NO_KEYS:
	case AUTH_REASON_BINDING: return true;
	case AUTH_REASON_LIMITED: // it is shut out already
	case AUTH_REASON_NONE:
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
	ret_verdict->reason = reason;
	ret_verdict->delay_ms = is_guess(reason) ? count_failure(try) : 0;
	if (reason == AUTH_REASON_LIMITED)
		ret_verdict->delay_ms = AUTH_DELAY_MS_MAX;
	log_try(try,
	    reason == AUTH_REASON_UNAVAILABLE ? LOG_LEVEL_ERROR
					      : LOG_LEVEL_WARN,
	    reason, 0);
	return rc;
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
}

bool auth_try_is_same(const struct auth_try *try, struct view authzid)
{
	struct auth_name name;
	return authzid.len == 0 ||
	       (resolve_name(try->auth, authzid, &name) == RC_OK &&
		   view_eq(auth_name_view(&name), auth_name_view(&try->name)));
}

// RC_OK; RC_AUTH with the reason; or the result of auth_gate_enter(). The cache
// answers only for users who may log in: all others cost a hash.
static enum rc check_password(const struct auth_try *try,
    const struct auth_record *record, struct view password,
    enum auth_reason *ret_reason)
{
	struct auth_cache *cache = try->auth->cache;
	bool exists = record && record->credentials.hash[0];
	const char *hash =
	    exists ? record->credentials.hash : try->auth->nobody.hash;
	struct auth_cache_tag tag;
	bool tagged = exists && !record->disabled &&
		      auth_cache_tag(cache, auth_name_view(&try->name),
			  view_of_string(hash), password, &tag);
	if (tagged && auth_cache_has(cache, &tag))
		return RC_OK;
	enum rc rc = auth_gate_enter(try->auth->gate, try->channel->turn);
	if (rc != RC_OK)
		return rc;
	rc = auth_password_check(hash, password);
	if (!record)
		*ret_reason = AUTH_REASON_UNKNOWN_USER;
	else if (!exists || rc != RC_OK)
		*ret_reason = AUTH_REASON_PASSWORD;
	else if (record->disabled)
		*ret_reason = AUTH_REASON_DISABLED;
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

static enum rc try_password(struct auth_try *try, struct view authzid,
    struct view name, struct view password, struct auth_user *ret_user,
    struct auth_verdict *ret_verdict)
{
	enum rc named = auth_try_name(try, name);
	if (!auth_channel_is_private(try->channel))
		return auth_try_refuse(
		    try, RC_DENIED, AUTH_REASON_PRIVACY, ret_verdict);
	if (auth_try_is_limited(try))
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
	rc = check_password(
	    try, rc == RC_OK ? &record : NULL, password, &reason);
	if (rc == RC_OK)
		renew(try, &record, password);
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
	auth_try_accept(try, &user, ret_verdict);
	*ret_user = user;
	return RC_OK;
}

enum rc auth_try_password(struct auth_try *try, struct view authzid,
    struct view name, struct view password, struct auth_user *ret_user,
    struct auth_verdict *ret_verdict)
{
	*ret_verdict = (struct auth_verdict){.reason = AUTH_REASON_NONE};
	enum rc rc =
	    try_password(try, authzid, name, password, ret_user, ret_verdict);
	if (rc != RC_IN_USE)
		auth_gate_leave(try->auth->gate, try->channel->turn);
	return rc;
}

enum rc auth_turn_begin(struct auth *auth, struct auth_turn *turn)
{
	return auth_gate_enter(auth->gate, turn);
}

void auth_turn_end(struct auth *auth, struct auth_turn *turn)
{
	auth_gate_leave(auth->gate, turn);
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

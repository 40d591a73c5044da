// SPDX-License-Identifier: Apache-2.0
// The record of a second factor and its changes; the app's codes, recovery
// codes.
#include "auth/second.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "auth/epoch.h"
#include "auth/impl.h"
#include "auth/second_rows.h"
#include "auth/standing.h"
#include "auth/token_text.h"
#include "base/ascii.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "base/tally.h"

// ---- Reading ---------------------------------------------------------------

#define PREFIX_LEN (sizeof(AUTH_SECOND_PREFIX) - 1)
#define KEY_LEN    (PREFIX_LEN + 8)

static struct view key_of(uint64_t account, char room[KEY_LEN])
{
	memcpy(room, AUTH_SECOND_PREFIX, PREFIX_LEN);
	put_be64(room + PREFIX_LEN, account);
	return view_of(room, KEY_LEN);
}

static enum rc read_second(struct engine *engine, struct engine_snapshot *from,
    uint64_t account, struct auth_second *ret_second)
{
	char room[KEY_LEN];
	struct view key = key_of(account, room);
	struct buf bytes;
	buf_init(&bytes, AUTH_SECOND_RECORD_MAX);
	enum rc rc = from ? engine_snapshot_get(from, key, &bytes)
			  : engine_get(engine, AUTH_PARTITION, key, &bytes);
	if (rc == RC_OK)
		rc = auth_second_decode(buf_view(&bytes), ret_second);
	buf_done_secret(&bytes);
	if (rc == RC_NOT_FOUND) {
		memset(ret_second, 0, sizeof(*ret_second));
		return RC_OK;
	}
	return rc == RC_LIMIT ? RC_CORRUPT : rc;
}

enum rc auth_second_get(
    struct auth *auth, uint64_t account, struct auth_second *ret_second)
{
	return read_second(auth->engine, NULL, account, ret_second);
}

// ---- Changing --------------------------------------------------------------

void auth_second_drop(struct engine_batch *batch, uint64_t account)
{
	char room[KEY_LEN];
	engine_batch_delete(batch, key_of(account, room));
}

static void put_second(struct engine_batch *batch, uint64_t account,
    const struct auth_second *second)
{
	char room[KEY_LEN];
	struct buf bytes;
	buf_init(&bytes, AUTH_SECOND_RECORD_MAX);
	auth_second_encode(second, &bytes);
	engine_batch_put(batch, key_of(account, room), buf_view(&bytes));
	buf_done_secret(&bytes);
}

// Lets the user's record follow. When the second factor is turned on, whoever
// has logged in with the password alone is shut out.
static enum rc follow(struct engine_snapshot *from, struct engine_batch *batch,
    const struct auth_name *user, struct auth_record *record, bool on)
{
	enum rc rc = RC_OK;
	if (record->second == on)
		return RC_OK;
	record->second = on;
	if (on)
		rc = auth_epoch_raise(from, user, batch, &record->epoch);
	if (rc == RC_OK)
		auth_directory_put(batch, user, record);
	return rc;
}

static enum rc change_record(struct auth_second_change *change,
    struct engine_snapshot *from, struct engine_batch *batch,
    struct auth_second *second, struct fault *fault)
{
	const struct auth_user *user = change->user;
	enum rc rc = read_second(NULL, from, user->account, second);
	// A damaged record cannot keep the user from making a new one.
	if (rc == RC_CORRUPT)
		memset(second, 0, sizeof(*second));
	else if (rc != RC_OK)
		return rc;
	second->user = user->name;
	rc = change->edit(change, second, fault);
	if (rc != RC_OK)
		return rc;
	bool on = auth_second_is_on(second);
	if (!on)
		second->recovery_count = 0; // they recover nothing
	if (on || second->totp_new)
		put_second(batch, user->account, second);
	else
		auth_second_drop(batch, user->account);
	return follow(from, batch, &user->name, change->record, on);
}

static enum rc make_change(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	struct auth_second_change *change = context;
	const struct auth_user *user = change->user;
	struct auth_record record;
	enum rc rc = auth_directory_read(from, &user->name, &record);
	if (rc == RC_OK && (record.account != user->account || record.disabled))
		rc = RC_NOT_FOUND;
	if (rc == RC_NOT_FOUND)
		rc = fault_set(
		    fault, RC_GONE, "the user was removed or disabled");
	if (rc == RC_OK) {
		struct auth_second *second = mem_zalloc(sizeof(*second));
		change->record = &record;
		rc = change_record(change, from, batch, second, fault);
		OPENSSL_cleanse(second, sizeof(*second));
		free(second);
	}
	OPENSSL_cleanse(&record, sizeof(record));
	return rc;
}

enum rc auth_second_carry_out(
    struct auth_second_change *change, struct fault *fault)
{
	change->now = clock_wall_seconds(change->auth->clock);
	enum rc rc = engine_change(
	    change->auth->engine, AUTH_PARTITION, make_change, change, fault);
	auth_epoch_read(change->auth);
	return rc;
}

void auth_second_log(
    struct auth *auth, const struct auth_user *user, const char *what)
{
	struct log_line line;
	log_begin(&line, auth->log, LOG_LEVEL_INFO, "second_factor_changed");
	log_add_string(&line, "what", what);
	log_add(&line, "user", auth_name_view(&user->name));
	log_add_u64(&line, "account", user->account);
	log_end(&line);
}

static enum rc carry_out(
    struct auth_second_change *change, const char *what, struct fault *fault)
{
	enum rc rc = auth_second_carry_out(change, fault);
	if (rc == RC_OK)
		auth_second_log(change->auth, change->user, what);
	return rc;
}

static enum rc edit_reset(struct auth_second_change *change,
    struct auth_second *second, struct fault *fault)
{
	struct auth_name user = second->user;
	if (!auth_second_is_on(second) && !change->record->second)
		return fault_set(fault, RC_NOT_FOUND,
		    "user \"%s\" has no second factor", user.text);
	OPENSSL_cleanse(second, sizeof(*second));
	second->user = user;
	return RC_OK;
}

enum rc auth_second_reset(
    struct auth *auth, const struct auth_user *user, struct fault *fault)
{
	struct auth_second_change change = {
	    .edit = edit_reset, .auth = auth, .user = user};
	return carry_out(&change, "reset", fault);
}

// ---- An authenticator app --------------------------------------------------

static enum rc edit_begin(struct auth_second_change *change,
    struct auth_second *second, struct fault *fault)
{
	(void)fault;
	second->totp_new = true;
	memcpy(second->secret_new, change->context, AUTH_TOTP_SECRET_LEN);
	return RC_OK;
}

enum rc auth_totp_begin(struct auth *auth, const struct auth_user *user,
    struct fault *fault, unsigned char ret_secret[AUTH_TOTP_SECRET_LEN])
{
	struct auth_second_change change = {.edit = edit_begin,
	    .auth = auth,
	    .user = user,
	    .context = ret_secret};
	if (RAND_bytes(ret_secret, AUTH_TOTP_SECRET_LEN) != 1)
		return fault_set(
		    fault, RC_IO, "the system gives no random bytes");
	return auth_second_carry_out(&change, fault);
}

static enum rc edit_confirm(struct auth_second_change *change,
    struct auth_second *second, struct fault *fault)
{
	const struct view *code = change->context;
	uint64_t step;
	if (!second->totp_new)
		return fault_set(
		    fault, RC_NOT_FOUND, "no authenticator app was begun");
	if (!auth_totp_check(second->secret_new, *code, change->now, 0, &step))
		return fault_set(fault, RC_AUTH,
		    "the code is not the one that the app shows now");
	memcpy(second->secret, second->secret_new, AUTH_TOTP_SECRET_LEN);
	OPENSSL_cleanse(second->secret_new, AUTH_TOTP_SECRET_LEN);
	second->totp = true;
	second->totp_new = false;
	second->last_step = step;
	return RC_OK;
}

enum rc auth_totp_confirm(struct auth *auth, const struct auth_user *user,
    struct view code, struct fault *fault)
{
	struct auth_second_change change = {
	    .edit = edit_confirm, .auth = auth, .user = user, .context = &code};
	return carry_out(&change, "app added", fault);
}

static enum rc edit_remove_totp(struct auth_second_change *change,
    struct auth_second *second, struct fault *fault)
{
	(void)change;
	if (!second->totp)
		return fault_set(
		    fault, RC_NOT_FOUND, "there is no authenticator app");
	second->totp = second->totp_new = false;
	OPENSSL_cleanse(second->secret, AUTH_TOTP_SECRET_LEN);
	return RC_OK;
}

enum rc auth_totp_remove(
    struct auth *auth, const struct auth_user *user, struct fault *fault)
{
	struct auth_second_change change = {
	    .edit = edit_remove_totp, .auth = auth, .user = user};
	return carry_out(&change, "app removed", fault);
}

// ---- Recovery codes --------------------------------------------------------

#define LETTERS 16
static const char alphabet[] = "abcdefghijkmnpqrstuvwxyz23456789";

static void hash_code(uint64_t account, const char letters[LETTERS],
    unsigned char ret_hash[AUTH_HASH_LEN])
{
	char bytes[8 + LETTERS];
	put_be64(bytes, account);
	memcpy(bytes + 8, letters, LETTERS);
	auth_sha256(view_of(bytes, sizeof(bytes)), ret_hash);
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

// False: the text does not have the form of a recovery code.
static bool read_code(
    uint64_t account, struct view text, unsigned char ret_hash[AUTH_HASH_LEN])
{
	char letters[LETTERS];
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = ascii_lower(text.ptr[i]);
		if (c == '-' || c == ' ')
			continue;
		if (len == LETTERS || c == '\0' ||
		    !memchr(alphabet, c, sizeof(alphabet) - 1))
			return false;
		letters[len++] = c;
	}
	if (len == LETTERS)
		hash_code(account, letters, ret_hash);
	OPENSSL_cleanse(letters, sizeof(letters));
	return len == LETTERS;
}

static enum rc make_code(char ret_code[AUTH_RECOVERY_CODE_LEN + 1])
{
	unsigned char random[LETTERS];
	size_t len = 0;
	if (RAND_bytes(random, sizeof(random)) != 1)
		return RC_IO;
	for (size_t i = 0; i < LETTERS; i++) {
		if (i > 0 && i % 4 == 0)
			ret_code[len++] = '-';
		ret_code[len++] = alphabet[random[i] & 31];
	}
	ret_code[len] = '\0';
	OPENSSL_cleanse(random, sizeof(random));
	return RC_OK;
}

static enum rc edit_codes(struct auth_second_change *change,
    struct auth_second *second, struct fault *fault)
{
	const struct auth_recovery_codes *codes = change->context;
	if (!auth_second_is_on(second))
		return fault_set(
		    fault, RC_NOT_FOUND, "there is no second factor");
	second->recovery_count = AUTH_RECOVERY_CODES;
	for (size_t i = 0; i < AUTH_RECOVERY_CODES; i++)
		if (!read_code(change->user->account,
			view_of_string(codes->codes[i]), second->recovery[i]))
			return RC_IO;
	return RC_OK;
}

enum rc auth_recovery_make(struct auth *auth, const struct auth_user *user,
    struct fault *fault, struct auth_recovery_codes *ret_codes)
{
	struct auth_second_change change = {.edit = edit_codes,
	    .auth = auth,
	    .user = user,
	    .context = ret_codes};
	for (size_t i = 0; i < AUTH_RECOVERY_CODES; i++)
		if (make_code(ret_codes->codes[i]) != RC_OK)
			return fault_set(
			    fault, RC_IO, "the system gives no random bytes");
	enum rc rc = carry_out(&change, "recovery codes made", fault);
	if (rc != RC_OK)
		OPENSSL_cleanse(ret_codes, sizeof(*ret_codes));
	return rc;
}

// ---- The proof by a code ---------------------------------------------------

struct given {
	struct view code;
	bool recovery;
	unsigned char hash[AUTH_HASH_LEN]; // of a recovery code
};

// A used code is taken out.
static bool take_recovery(
    struct auth_second *second, const unsigned char hash[AUTH_HASH_LEN])
{
	for (size_t i = 0; i < second->recovery_count; i++) {
		if (!auth_hash_eq(second->recovery[i], hash))
			continue;
		second->recovery_count--;
		memmove(second->recovery[i],
		    second->recovery[second->recovery_count], AUTH_HASH_LEN);
		return true;
	}
	return false;
}

static enum rc edit_use(struct auth_second_change *change,
    struct auth_second *second, struct fault *fault)
{
	const struct given *given = change->context;
	uint64_t step = 0;
	(void)fault;
	if (given->recovery)
		return take_recovery(second, given->hash) ? RC_OK : RC_AUTH;
	if (!second->totp || !auth_totp_check(second->secret, given->code,
				 change->now, second->last_step, &step))
		return RC_AUTH;
	second->last_step = step;
	return RC_OK;
}

// The same wrong code again is no new guess.
static bool was_tried(const struct auth_try *try, struct view code)
{
	struct auth_cache_tag tag;
	if (!auth_cache_tag(try->auth->wrong, auth_name_view(&try->name),
		VIEW("second"), code, &tag))
		return false;
	if (auth_cache_has(try->auth->wrong, &tag))
		return true;
	auth_cache_add(try->auth->wrong, &tag);
	return false;
}

static struct view account_key(uint64_t account, char room[8])
{
	put_be64(room, account);
	return view_of(room, 8);
}

static enum rc refuse_code(struct auth_try *try, uint64_t account,
    struct view code, struct auth_verdict *ret_verdict)
{
	char room[8];
	try->again = was_tried(try, code);
	if (!try->again)
		tally_add(try->auth->wrong_seconds, account_key(account, room),
		    clock_monotonic_ms());
	return auth_try_refuse(try, RC_AUTH, AUTH_REASON_CODE, ret_verdict);
}

static bool is_limited(struct auth *auth, uint64_t account)
{
	char room[8];
	return tally_count(auth->wrong_seconds, account_key(account, room),
		   clock_monotonic_ms()) >= AUTH_SECOND_FAILURES;
}

static enum rc try_code(struct auth_try *try, const struct auth_user *user,
    struct given *given, struct auth_user *ret_user,
    struct auth_verdict *ret_verdict)
{
	struct auth_second_change change = {.edit = edit_use,
	    .auth = try->auth,
	    .user = user,
	    .context = given};
	struct fault fault;
	enum rc rc = auth_try_ask(try);
	if (rc == RC_IN_USE)
		return rc;
	if (rc != RC_OK || is_limited(try->auth, user->account))
		return auth_try_refuse(
		    try, RC_AUTH, AUTH_REASON_LIMITED, ret_verdict);
	rc = auth_second_carry_out(&change, &fault);
	if (rc == RC_AUTH)
		return refuse_code(
		    try, user->account, given->code, ret_verdict);
	if (rc == RC_GONE)
		return auth_try_refuse(
		    try, RC_AUTH, AUTH_REASON_DISABLED, ret_verdict);
	if (rc == RC_OK)
		rc = auth_user_find(
		    try->auth, auth_name_view(&user->name), ret_user);
	if (rc != RC_OK)
		return auth_try_refuse(
		    try, RC_IO, AUTH_REASON_UNAVAILABLE, ret_verdict);
	auth_try_accept(try, ret_user, ret_verdict);
	return RC_OK;
}

enum rc auth_second_code(struct auth *auth, const struct auth_channel *channel,
    const struct auth_user *user, struct view code, struct auth_user *ret_user,
    struct auth_verdict *ret_verdict)
{
	struct given given = {.code = code};
	struct auth_user found = {0};
	enum rc rc;
	given.recovery = read_code(user->account, code, given.hash);
	struct auth_try try = {.auth = auth,
	    .channel = channel,
	    .mechanism = given.recovery ? "recovery-code" : "totp",
	    .given = user->name,
	    .name = user->name};
	*ret_verdict = (struct auth_verdict){.reason = AUTH_REASON_NONE};
	if (!auth_try_begin(&try, &rc, ret_verdict))
		return rc;
	if (!auth_channel_is_private(channel))
		return auth_try_refuse(
		    &try, RC_DENIED, AUTH_REASON_PRIVACY, ret_verdict);
	rc = try_code(&try, user, &given, &found, ret_verdict);
	if (rc == RC_OK)
		*ret_user = found;
	return rc;
}

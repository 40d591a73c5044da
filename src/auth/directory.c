// SPDX-License-Identifier: Apache-2.0
// Keys under AUTH_KEY_PREFIX: "auth/user/<prepared name>" → a record,
// "auth/next" → the next account id (eight bytes), "auth/epoch" → the epoch
// (eight bytes) and the name of the user who was shut out last, "auth/secret".
// The commit that adds a user also raises the next id; the commit that shuts
// out a user also raises the epoch.
#include "auth/directory.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdarg.h>

#include "auth/epoch.h"
#include "auth/oauth_rows.h"
#include "auth/rows.h"
#include "auth/second_rows.h"
#include "base/bytes.h"
#include "base/map.h"
#include "base/mem.h"

#define USER_PREFIX  AUTH_KEY_PREFIX "user/"
#define NEXT_KEY     AUTH_KEY_PREFIX "next"
#define SECRET_KEY   AUTH_KEY_PREFIX "secret"
#define LOOSE_PREFIX AUTH_KEY_PREFIX "loose/"

#define KEY_MAX    (sizeof(USER_PREFIX) + AUTH_NAME_MAX + 1)
#define RECORD_MAX ((size_t)4096)

struct key {
	size_t len;
	char bytes[KEY_MAX];
};

static struct key user_key(const struct auth_name *name)
{
	struct key key = {.len = sizeof(USER_PREFIX) - 1};
	size_t len = strlen(name->text);
	memcpy(key.bytes, USER_PREFIX, key.len);
	memcpy(key.bytes + key.len, name->text, len);
	key.len += len;
	return key;
}

static struct view key_view(const struct key *key)
{
	return view_of(key->bytes, key->len);
}

// ---- Reading ---------------------------------------------------------------

static enum rc decode_and_cleanse(
    enum rc rc, struct buf *bytes, struct auth_record *ret_record)
{
	if (rc == RC_OK)
		rc = auth_record_decode(buf_view(bytes), ret_record);
	else if (rc == RC_LIMIT)
		rc = RC_CORRUPT; // no record is so long
	if (bytes->len)
		OPENSSL_cleanse(bytes->ptr, bytes->len);
	buf_done(bytes);
	return rc;
}

enum rc auth_directory_read(struct engine_snapshot *snapshot,
    const struct auth_name *name, struct auth_record *ret_record)
{
	struct key key = user_key(name);
	struct buf bytes;
	buf_init(&bytes, RECORD_MAX);
	enum rc rc = engine_snapshot_get(snapshot, key_view(&key), &bytes);
	return decode_and_cleanse(rc, &bytes, ret_record);
}

enum rc auth_directory_lookup(struct engine *engine, struct view name,
    struct auth_name *ret_name, struct auth_record *ret_record)
{
	struct auth_name prepared;
	enum rc rc = auth_name_prepare(name, NULL, &prepared);
	if (rc != RC_OK)
		return rc;
	struct key key = user_key(&prepared);
	struct buf bytes;
	buf_init(&bytes, RECORD_MAX);
	rc = engine_get(engine, AUTH_PARTITION, key_view(&key), &bytes);
	rc = decode_and_cleanse(rc, &bytes, ret_record);
	if (rc == RC_OK)
		*ret_name = prepared;
	return rc;
}

// Gets the name from a user's key; false if it is not the key of a possible
// name.
static bool name_of_key(struct view key, struct auth_name *ret_name)
{
	struct view name = view_from(key, sizeof(USER_PREFIX) - 1);
	struct auth_name prepared;
	if (auth_name_prepare(name, NULL, &prepared) != RC_OK ||
	    !view_eq(auth_name_view(&prepared), name))
		return false;
	*ret_name = prepared;
	return true;
}

struct next {
	bool found;
	struct auth_name *name;
	struct auth_record *record;
};

// Skips keys that belong to no possible name; auth_directory_check() reports
// them.
static enum rc visit_user(void *context, struct view key, struct view value)
{
	struct next *next = context;
	if (!name_of_key(key, next->name))
		return RC_OK;
	next->found = true;
	enum rc rc = auth_record_decode(value, next->record);
	return rc == RC_OK ? RC_END : rc;
}

enum rc auth_directory_next(struct engine *engine,
    const struct auth_name *after, struct auth_name *ret_name,
    struct auth_record *ret_record)
{
	struct next next = {false, ret_name, ret_record};
	struct key from = user_key(after);
	// The name with a NUL behind it is the smallest key after the name.
	if (after->text[0])
		from.bytes[from.len++] = '\0';
	enum rc rc = engine_scan(engine, AUTH_PARTITION, VIEW(USER_PREFIX),
	    key_view(&from), visit_user, &next);
	return rc == RC_OK && !next.found ? RC_END : rc;
}

// ---- Loose accounts --------------------------------------------------------

static struct key loose_key(uint64_t account)
{
	struct key key = {.len = sizeof(LOOSE_PREFIX) - 1 + 8};
	memcpy(key.bytes, LOOSE_PREFIX, sizeof(LOOSE_PREFIX) - 1);
	put_be64(key.bytes + sizeof(LOOSE_PREFIX) - 1, account);
	return key;
}

static bool account_of_loose(struct view key, uint64_t *ret_account)
{
	struct view number = view_from(key, sizeof(LOOSE_PREFIX) - 1);
	if (number.len != 8)
		return false;
	*ret_account = get_be64(number.ptr);
	return true;
}

static enum rc visit_loose(void *context, struct view key, struct view value)
{
	(void)value;
	return account_of_loose(key, context) ? RC_END : RC_OK;
}

enum rc auth_directory_next_loose(
    struct engine *engine, uint64_t after, uint64_t *ret_account)
{
	uint64_t account = 0;
	if (after == UINT64_MAX)
		return RC_END;
	struct key from = loose_key(after + 1);
	enum rc rc = engine_scan(engine, AUTH_PARTITION, VIEW(LOOSE_PREFIX),
	    key_view(&from), visit_loose, &account);
	if (rc != RC_OK)
		return rc;
	if (account == 0)
		return RC_END;
	*ret_account = account;
	return RC_OK;
}

// ---- Changing --------------------------------------------------------------

// What one attempt at a change does: it reads the snapshot and fills the batch.
struct change {
	enum rc (*make)(struct change *change, struct engine_snapshot *from,
	    struct engine_batch *batch);
	struct fault *fault;
	struct auth_name name;
	const struct auth_credentials *credentials;
	const char *old_hash;
	int64_t now;
	bool disabled;
	uint64_t keep;    // the browser session that a new password leaves
	uint64_t account; // the result of adding
	unsigned char secret[AUTH_SECRET_LEN];
};

static enum rc make_change(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	struct change *change = context;
	(void)fault; // the fault is in the change
	return change->make(change, from, batch);
}

static enum rc carry_out(struct engine *engine, struct change *change)
{
	return engine_change(
	    engine, AUTH_PARTITION, make_change, change, change->fault);
}

static enum rc carry_out_named(
    struct engine *engine, struct view name, struct change *change)
{
	enum rc rc = auth_name_prepare(name, change->fault, &change->name);
	if (rc == RC_OK)
		rc = carry_out(engine, change);
	return rc;
}

void auth_directory_put(struct engine_batch *batch,
    const struct auth_name *name, const struct auth_record *record)
{
	struct key key = user_key(name);
	struct buf bytes;
	buf_init(&bytes, RECORD_MAX);
	auth_record_encode(record, &bytes);
	engine_batch_put(batch, key_view(&key), buf_view(&bytes));
	OPENSSL_cleanse(bytes.ptr, bytes.len);
	buf_done(&bytes);
}

// Reads the record to change, or says why it cannot be read.
static enum rc read_for_change(struct change *change,
    struct engine_snapshot *from, struct auth_record *ret_record)
{
	enum rc rc = auth_directory_read(from, &change->name, ret_record);
	if (rc == RC_NOT_FOUND)
		return fault_set(change->fault, rc, "there is no user \"%s\"",
		    change->name.text);
	if (rc != RC_OK)
		return fault_set(change->fault, rc,
		    "the record of user \"%s\" cannot be read: %s",
		    change->name.text, rc_text(rc));
	return rc;
}

// Reads the account id to give out next.
static enum rc read_next(struct engine_snapshot *from, uint64_t *ret_next)
{
	struct buf bytes;
	buf_init(&bytes, 8);
	enum rc rc = engine_snapshot_get(from, VIEW(NEXT_KEY), &bytes);
	if (rc == RC_NOT_FOUND) {
		*ret_next = AUTH_ACCOUNT_FIRST;
		rc = RC_OK;
	} else if (rc == RC_LIMIT || (rc == RC_OK && bytes.len != 8)) {
		rc = RC_CORRUPT;
	} else if (rc == RC_OK) {
		*ret_next = get_le64(bytes.ptr);
		if (*ret_next < AUTH_ACCOUNT_FIRST || *ret_next == UINT64_MAX)
			rc = RC_CORRUPT;
	}
	buf_done(&bytes);
	return rc;
}

static enum rc refuse_known(struct change *change, struct engine_snapshot *from)
{
	struct auth_record record;
	enum rc rc = auth_directory_read(from, &change->name, &record);
	OPENSSL_cleanse(&record, sizeof(record));
	if (rc == RC_OK || rc == RC_CORRUPT)
		return fault_set(change->fault, RC_EXISTS,
		    "there is a user \"%s\" already", change->name.text);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc give_out(struct change *change, struct engine_snapshot *from,
    struct engine_batch *batch)
{
	uint64_t next;
	char bytes[8];
	enum rc rc = read_next(from, &next);
	if (rc != RC_OK)
		return fault_set(change->fault, rc,
		    "the next account number cannot be read: %s", rc_text(rc));
	put_le64(bytes, next + 1);
	engine_batch_put(batch, VIEW(NEXT_KEY), view_of(bytes, sizeof(bytes)));
	change->account = next;
	return RC_OK;
}

static void put_new(struct change *change, struct engine_batch *batch)
{
	struct auth_record record = {.account = change->account,
	    .created = change->now,
	    .disabled = change->disabled,
	    .credentials = *change->credentials};
	auth_directory_put(batch, &change->name, &record);
	OPENSSL_cleanse(&record, sizeof(record));
}

static enum rc make_add(struct change *change, struct engine_snapshot *from,
    struct engine_batch *batch)
{
	enum rc rc = refuse_known(change, from);
	if (rc == RC_OK)
		rc = give_out(change, from, batch);
	if (rc == RC_OK)
		put_new(change, batch);
	return rc;
}

static enum rc make_reserve(struct change *change, struct engine_snapshot *from,
    struct engine_batch *batch)
{
	enum rc rc = refuse_known(change, from);
	if (rc == RC_OK)
		rc = give_out(change, from, batch);
	if (rc != RC_OK)
		return rc;
	struct key key = loose_key(change->account);
	engine_batch_put(batch, key_view(&key), VIEW(""));
	return RC_OK;
}

static enum rc make_add_reserved(struct change *change,
    struct engine_snapshot *from, struct engine_batch *batch)
{
	enum rc rc = refuse_known(change, from);
	if (rc != RC_OK)
		return rc;
	struct key key = loose_key(change->account);
	engine_batch_delete(batch, key_view(&key));
	put_new(change, batch);
	return RC_OK;
}

static enum rc make_forget(struct change *change, struct engine_snapshot *from,
    struct engine_batch *batch)
{
	struct key key = loose_key(change->account);
	(void)from;
	engine_batch_delete(batch, key_view(&key));
	return RC_OK;
}

enum rc auth_directory_add(struct engine *engine, struct view name,
    const struct auth_credentials *credentials, int64_t now,
    struct fault *fault, uint64_t *ret_account)
{
	struct change change = {.make = make_add,
	    .fault = fault,
	    .credentials = credentials,
	    .now = now};
	enum rc rc = carry_out_named(engine, name, &change);
	if (rc == RC_OK)
		*ret_account = change.account;
	return rc;
}

enum rc auth_directory_reserve(struct engine *engine, struct view name,
    struct fault *fault, uint64_t *ret_account)
{
	struct change change = {.make = make_reserve, .fault = fault};
	enum rc rc = carry_out_named(engine, name, &change);
	if (rc == RC_OK)
		*ret_account = change.account;
	return rc;
}

enum rc auth_directory_add_reserved(struct engine *engine, struct view name,
    const struct auth_credentials *credentials, int64_t now, uint64_t account,
    bool disabled, struct fault *fault)
{
	struct change change = {.make = make_add_reserved,
	    .fault = fault,
	    .credentials = credentials,
	    .now = now,
	    .account = account,
	    .disabled = disabled};
	return carry_out_named(engine, name, &change);
}

enum rc auth_directory_forget(
    struct engine *engine, uint64_t account, struct fault *fault)
{
	struct change change = {
	    .make = make_forget, .fault = fault, .account = account};
	return carry_out(engine, &change);
}

static enum rc make_credentials(struct change *change,
    struct engine_snapshot *from, struct engine_batch *batch)
{
	struct auth_record record;
	enum rc rc = read_for_change(change, from, &record);
	if (rc != RC_OK)
		return rc;
	record.credentials = *change->credentials;
	rc = auth_epoch_raise(from, &change->name, batch, &record.epoch);
	if (rc == RC_OK)
		rc = auth_rows_revoke(from, batch, record.account,
		    AUTH_KINDS_OF_PASSWORD, change->keep, NULL);
	if (rc == RC_OK)
		auth_directory_put(batch, &change->name, &record);
	OPENSSL_cleanse(&record, sizeof(record));
	return rc;
}

enum rc auth_directory_set_credentials(struct engine *engine, struct view name,
    const struct auth_credentials *credentials, uint64_t keep,
    struct fault *fault)
{
	struct change change = {.make = make_credentials,
	    .fault = fault,
	    .credentials = credentials,
	    .keep = keep};
	return carry_out_named(engine, name, &change);
}

static enum rc make_renewal(struct change *change, struct engine_snapshot *from,
    struct engine_batch *batch)
{
	struct auth_record record;
	enum rc rc = read_for_change(change, from, &record);
	if (rc != RC_OK)
		return rc;
	if (strcmp(record.credentials.hash, change->old_hash) == 0) {
		record.credentials = *change->credentials;
		auth_directory_put(batch, &change->name, &record);
	} else {
		rc = fault_set(change->fault, RC_GONE,
		    "user \"%s\" has another password now", change->name.text);
	}
	OPENSSL_cleanse(&record, sizeof(record));
	return rc;
}

enum rc auth_directory_renew(struct engine *engine, struct view name,
    const char *old_hash, const struct auth_credentials *credentials,
    struct fault *fault)
{
	struct change change = {.make = make_renewal,
	    .fault = fault,
	    .old_hash = old_hash,
	    .credentials = credentials};
	return carry_out_named(engine, name, &change);
}

static enum rc make_disabled(struct change *change,
    struct engine_snapshot *from, struct engine_batch *batch)
{
	struct auth_record record;
	enum rc rc = read_for_change(change, from, &record);
	if (rc != RC_OK)
		return rc;
	record.disabled = change->disabled;
	if (change->disabled)
		rc =
		    auth_epoch_raise(from, &change->name, batch, &record.epoch);
	if (rc == RC_OK)
		auth_directory_put(batch, &change->name, &record);
	OPENSSL_cleanse(&record, sizeof(record));
	return rc;
}

enum rc auth_directory_set_disabled(
    struct engine *engine, struct view name, bool disabled, struct fault *fault)
{
	struct change change = {
	    .make = make_disabled, .fault = fault, .disabled = disabled};
	return carry_out_named(engine, name, &change);
}

static enum rc make_remove(struct change *change, struct engine_snapshot *from,
    struct engine_batch *batch)
{
	struct auth_record record = {0};
	enum rc rc = read_for_change(change, from, &record);
	uint64_t account = record.account;
	struct key loose = loose_key(account);
	OPENSSL_cleanse(&record, sizeof(record));
	if (rc != RC_OK && rc != RC_CORRUPT)
		return rc;
	if (rc == RC_OK) {
		engine_batch_put(batch, key_view(&loose), VIEW(""));
		auth_row_drop_account(batch, account);
		auth_second_drop(batch, account);
	}
	struct key key = user_key(&change->name);
	uint64_t epoch;
	rc = auth_epoch_raise(from, &change->name, batch, &epoch);
	if (rc == RC_OK)
		engine_batch_delete(batch, key_view(&key));
	return rc;
}

enum rc auth_directory_remove(
    struct engine *engine, struct view name, struct fault *fault)
{
	struct change change = {.make = make_remove, .fault = fault};
	return carry_out_named(engine, name, &change);
}

// ---- The secret ------------------------------------------------------------

static enum rc read_secret(
    enum rc rc, struct buf *bytes, unsigned char ret_secret[AUTH_SECRET_LEN])
{
	if (rc == RC_LIMIT || (rc == RC_OK && bytes->len != AUTH_SECRET_LEN))
		rc = RC_CORRUPT;
	if (rc == RC_OK)
		memcpy(ret_secret, bytes->ptr, AUTH_SECRET_LEN);
	if (bytes->len)
		OPENSSL_cleanse(bytes->ptr, bytes->len);
	buf_done(bytes);
	return rc;
}

static enum rc make_secret(struct change *change, struct engine_snapshot *from,
    struct engine_batch *batch)
{
	struct buf bytes;
	buf_init(&bytes, AUTH_SECRET_LEN);
	enum rc rc = engine_snapshot_get(from, VIEW(SECRET_KEY), &bytes);
	rc = read_secret(rc, &bytes, change->secret);
	if (rc == RC_OK)
		return RC_EXISTS; // another thread or node made it meanwhile
	if (rc != RC_NOT_FOUND)
		return rc;
	if (RAND_bytes(change->secret, AUTH_SECRET_LEN) != 1)
		return RC_IO;
	engine_batch_put(
	    batch, VIEW(SECRET_KEY), view_of(change->secret, AUTH_SECRET_LEN));
	return RC_OK;
}

enum rc auth_directory_secret(struct engine *engine, struct fault *fault,
    unsigned char ret_secret[AUTH_SECRET_LEN])
{
	struct buf bytes;
	buf_init(&bytes, AUTH_SECRET_LEN);
	enum rc rc =
	    engine_get(engine, AUTH_PARTITION, VIEW(SECRET_KEY), &bytes);
	rc = read_secret(rc, &bytes, ret_secret);
	if (rc == RC_NOT_FOUND) {
		struct change change = {.make = make_secret, .fault = fault};
		rc = carry_out(engine, &change);
		if (rc == RC_OK || rc == RC_EXISTS) {
			memcpy(ret_secret, change.secret, AUTH_SECRET_LEN);
			rc = RC_OK;
		}
		OPENSSL_cleanse(change.secret, AUTH_SECRET_LEN);
	}
	if (rc != RC_OK)
		return fault_set(fault, rc,
		    "the server's secret cannot be read or made: %s",
		    rc_text(rc));
	return rc;
}

// ---- Checking --------------------------------------------------------------

struct check {
	void (*problem)(void *context, const char *text);
	void *context;
	uint64_t next;
	struct map accounts; // ids that were seen
};

static void tell(struct check *check, const char *format, ...)
    PRINTF_LIKE(2, 3);
static void tell(struct check *check, const char *format, ...)
{
	char text[512 + AUTH_NAME_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	check->problem(check->context, text);
}

static void check_user(struct check *check, struct view key, struct view value)
{
	struct auth_name name;
	struct auth_record record;
	if (!name_of_key(key, &name)) {
		tell(check, "the directory has a user whose name is not in "
			    "its prepared form");
		return;
	}
	if (auth_record_decode(value, &record) != RC_OK) {
		tell(check, "the record of user \"%s\" is damaged", name.text);
		return;
	}
	OPENSSL_cleanse(&record.credentials, sizeof(record.credentials));
	unsigned long long account = record.account;
	if (record.account >= check->next)
		tell(check, "user \"%s\" has account %llu, not given out yet",
		    name.text, account);
	struct view id = view_of(&record.account, sizeof(record.account));
	if (map_put(&check->accounts, id, check))
		tell(check, "user \"%s\" shares account %llu with another user",
		    name.text, account);
}

static void check_second(struct check *check, struct view value)
{
	struct auth_second *second = mem_zalloc(sizeof(*second));
	if (auth_second_decode(value, second) != RC_OK)
		tell(check, "the record of a second factor is damaged; reset "
			    "it, so that the user can log in in the browser");
	OPENSSL_cleanse(second, sizeof(*second));
	free(second);
}

static enum rc check_key(void *context, struct view key, struct view value)
{
	struct check *check = context;
	if (view_starts_with(key, VIEW(USER_PREFIX)))
		check_user(check, key, value);
	else if (view_eq(key, VIEW(SECRET_KEY))) {
		if (value.len != AUTH_SECRET_LEN)
			tell(check, "the server's secret is damaged");
	} else if (view_starts_with(key, VIEW(LOOSE_PREFIX))) {
		uint64_t account;
		if (!account_of_loose(key, &account))
			tell(check, "the number of a loose account is damaged");
	} else if (view_starts_with(key, VIEW(AUTH_CREDENTIAL_PREFIX))) {
		if (!auth_row_is_whole(key, value))
			tell(check, "the record of a credential is damaged; it "
				    "lets nobody in");
	} else if (view_starts_with(key, VIEW(AUTH_CLIENT_PREFIX))) {
		struct auth_client client;
		if (auth_client_decode(value, &client) != RC_OK)
			tell(check, "the record of a client is damaged; it has "
				    "to register again");
	} else if (view_starts_with(key, VIEW(AUTH_SECOND_PREFIX))) {
		check_second(check, value);
	} else if (view_starts_with(key, VIEW(AUTH_DEVICE_PREFIX))) {
		struct auth_device device;
		if (auth_device_decode(value, &device) != RC_OK)
			tell(check, "the record of a device is damaged");
	} else if (!view_eq(key, VIEW(NEXT_KEY)) &&
		   !view_eq(key, VIEW(AUTH_EPOCH_KEY)))
		tell(check, "the directory has a key of no known kind");
	return RC_OK;
}

static enum rc check_all(struct check *check, struct engine_snapshot *snapshot)
{
	enum rc rc = read_next(snapshot, &check->next);
	if (rc == RC_CORRUPT) {
		tell(check, "the next account number is damaged");
		check->next = UINT64_MAX;
	} else if (rc != RC_OK) {
		return rc;
	}
	return engine_snapshot_scan(
	    snapshot, VIEW(AUTH_KEY_PREFIX), VIEW(""), check_key, check);
}

enum rc auth_directory_check(struct engine *engine,
    void (*problem)(void *context, const char *text), void *context)
{
	struct check check = {.problem = problem, .context = context};
	struct engine_snapshot *snapshot;
	enum rc rc = engine_snapshot_open(engine, AUTH_PARTITION, &snapshot);
	if (rc != RC_OK)
		return rc;
	map_init(&check.accounts);
	rc = check_all(&check, snapshot);
	map_done(&check.accounts);
	engine_snapshot_close(&snapshot);
	return rc;
}

// SPDX-License-Identifier: Apache-2.0
// Devices without a browser (RFC 8628). Keys in AUTH_PARTITION: "auth/device/"
// and eight bytes that the server's secret makes of the user's code: the short
// code cannot be found by trying, not even by who has the disk.
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "auth/impl.h"
#include "auth/oauth_rows.h"
#include "auth/rows.h"
#include "auth/standing.h"
#include "auth/token_text.h"
#include "base/ascii.h"
#include "base/bytes.h"
#include "base/tally.h"

#define VERSION 1
#define LETTERS (AUTH_USER_CODE_LEN - 1)

// RFC 8628 section 6.1: no vowels, so no words; 20^8 is 34.5 bits.
static const char alphabet[] = "BCDFGHJKLMNPQRSTVWXZ";

// How many wrong codes a user may type in an hour.
#define WRONG_CODES_MAX 20

// ---- The stored form -------------------------------------------------------

static void add_le64(struct buf *out, uint64_t n)
{
	char bytes[8];
	put_le64(bytes, n);
	buf_add(out, view_of(bytes, sizeof(bytes)));
}

static void add_text(struct buf *out, const char *text)
{
	buf_add_char(out, (char)(unsigned char)strlen(text));
	buf_add_string(out, text);
}

void auth_device_encode(const struct auth_device *device, struct buf *ret_bytes)
{
	buf_add_char(ret_bytes, VERSION);
	buf_add_char(ret_bytes, (char)device->state);
	add_le64(ret_bytes, device->scopes);
	add_le64(ret_bytes, (uint64_t)device->created);
	add_le64(ret_bytes, (uint64_t)device->expires);
	add_le64(ret_bytes, device->account);
	buf_add(ret_bytes, view_of(device->hash, AUTH_HASH_LEN));
	add_text(ret_bytes, device->user.text);
	add_text(ret_bytes, device->client);
	add_text(ret_bytes, device->address);
}

// `room` has space for `max` bytes and a NUL, and is zero.
static bool take_text(struct view *from, char *room, size_t max)
{
	size_t len = from->len > 0 ? (unsigned char)from->ptr[0] : SIZE_MAX;
	if (len > max || from->len - 1 < len)
		return false;
	memcpy(room, from->ptr + 1, len);
	*from = view_from(*from, 1 + len);
	return strlen(room) == len;
}

#define FIXED_LEN (2 + 4 * 8 + AUTH_HASH_LEN)

enum rc auth_device_decode(struct view bytes, struct auth_device *ret_device)
{
	struct auth_device read = {.id = 0};
	if (bytes.len < FIXED_LEN || bytes.ptr[0] != VERSION ||
	    (unsigned char)bytes.ptr[1] > AUTH_DEVICE_DENIED)
		return RC_CORRUPT;
	uint64_t scopes = get_le64(bytes.ptr + 2);
	uint64_t created = get_le64(bytes.ptr + 10);
	uint64_t expires = get_le64(bytes.ptr + 18);
	read.state = (enum auth_device_state)bytes.ptr[1];
	read.scopes = (uint32_t)scopes;
	read.created = (int64_t)(created & INT64_MAX);
	read.expires = (int64_t)(expires & INT64_MAX);
	read.account = get_le64(bytes.ptr + 26);
	memcpy(read.hash, bytes.ptr + 34, AUTH_HASH_LEN);
	bytes = view_from(bytes, FIXED_LEN);
	if (scopes > UINT32_MAX || created > INT64_MAX || expires > INT64_MAX ||
	    !take_text(&bytes, read.user.text, AUTH_NAME_MAX) ||
	    !take_text(&bytes, read.client, AUTH_CLIENT_ID_MAX) ||
	    !take_text(&bytes, read.address, AUTH_USE_ADDRESS_MAX) ||
	    bytes.len > 0)
		return RC_CORRUPT;
	*ret_device = read;
	return RC_OK;
}

// ---- Keys and reading ------------------------------------------------------

static struct auth_row_key key_of(uint64_t id)
{
	struct view prefix = VIEW(AUTH_DEVICE_PREFIX);
	struct auth_row_key key = {.len = prefix.len + 8};
	memcpy(key.bytes, prefix.ptr, prefix.len);
	put_be64(key.bytes + prefix.len, id);
	return key;
}

// The id of a code as the user typed it: hyphens, spaces and case do not
// matter.
static bool id_of_code(
    const struct auth *auth, struct view text, uint64_t *ret_id)
{
	char letters[LETTERS];
	unsigned char id[AUTH_KEYED_ID_LEN];
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = ascii_upper(text.ptr[i]);
		if (c == '-' || c == ' ')
			continue;
		if (len == LETTERS || c == '\0' ||
		    !memchr(alphabet, c, sizeof(alphabet) - 1))
			return false;
		letters[len++] = c;
	}
	if (len != LETTERS)
		return false;
	auth_keyed_id(auth, "device", view_of(letters, LETTERS), id);
	*ret_id = get_be64(id);
	return true;
}

static enum rc read_device(struct engine *engine, struct engine_snapshot *from,
    uint64_t id, struct auth_device *ret_device)
{
	struct auth_row_key key = key_of(id);
	struct view name = auth_row_view(&key);
	struct buf bytes;
	buf_init(&bytes, AUTH_DEVICE_RECORD_MAX);
	enum rc rc = from ? engine_snapshot_get(from, name, &bytes)
			  : engine_get(engine, AUTH_PARTITION, name, &bytes);
	if (rc == RC_OK)
		rc = auth_device_decode(buf_view(&bytes), ret_device);
	buf_done(&bytes);
	if (rc == RC_OK)
		ret_device->id = id;
	return rc == RC_LIMIT ? RC_CORRUPT : rc;
}

static void put_device(
    struct engine_batch *batch, const struct auth_device *device)
{
	struct auth_row_key key = key_of(device->id);
	struct buf bytes;
	buf_init(&bytes, AUTH_DEVICE_RECORD_MAX);
	auth_device_encode(device, &bytes);
	engine_batch_put(batch, auth_row_view(&key), buf_view(&bytes));
	buf_done(&bytes);
}

// ---- The device begins -----------------------------------------------------

struct beginning {
	struct auth_device device;
	struct engine_batch *batch;
	size_t count;
};

static enum rc count_device(void *context, struct view key, struct view value)
{
	struct beginning *beginning = context;
	struct auth_device device;
	if (auth_device_decode(value, &device) != RC_OK ||
	    beginning->device.created >= device.expires)
		engine_batch_delete(beginning->batch, key);
	else
		beginning->count++;
	return RC_OK;
}

static enum rc make_device(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	struct beginning *beginning = context;
	struct auth_client client;
	beginning->batch = batch;
	beginning->count = 0;
	enum rc rc = auth_client_read(
	    NULL, from, view_of_string(beginning->device.client), &client);
	if (rc != RC_OK)
		return fault_set(fault, rc, "there is no such client");
	if (beginning->device.scopes == 0 ||
	    (beginning->device.scopes & ~client.scopes))
		return fault_set(fault, RC_INVALID,
		    "the client has not registered all of these scopes");
	rc = engine_snapshot_scan(
	    from, VIEW(AUTH_DEVICE_PREFIX), VIEW(""), count_device, beginning);
	if (rc != RC_OK)
		return rc;
	if (beginning->count >= AUTH_DEVICES_MAX)
		return fault_set(fault, RC_LIMIT,
		    "too many devices wait for their users; try again later");
	put_device(batch, &beginning->device);
	return RC_OK;
}

static enum rc make_user_code(char ret_code[AUTH_USER_CODE_LEN + 1])
{
	size_t len = 0;
	while (len < AUTH_USER_CODE_LEN) {
		unsigned char random;
		if (len == LETTERS / 2)
			ret_code[len++] = '-';
		if (RAND_bytes(&random, 1) != 1)
			return RC_IO;
		if (random < 240) // each letter is as likely as any other
			ret_code[len++] = alphabet[random % 20];
	}
	ret_code[len] = '\0';
	return RC_OK;
}

static enum rc make_codes(struct auth *auth, struct auth_device *device,
    struct auth_device_codes *codes)
{
	enum rc rc = make_user_code(codes->user);
	if (rc == RC_OK &&
	    !id_of_code(auth, view_of_string(codes->user), &device->id))
		rc = RC_IO;
	return rc == RC_OK ? auth_token_make(auth, AUTH_KIND_DEVICE, 0,
				 device->id, &codes->device, device->hash)
			   : rc;
}

enum rc auth_device_begin(struct auth *auth, const struct auth_channel *channel,
    struct view client, uint32_t scopes, struct fault *fault,
    struct auth_device_codes *ret_codes)
{
	struct beginning beginning = {.device = {.scopes = scopes}};
	struct auth_device *device = &beginning.device;
	struct auth_device_codes codes = {.expires_in = AUTH_DEVICE_SECONDS,
	    .interval = AUTH_DEVICE_INTERVAL};
	struct view address =
	    view_slice(channel->peer_address, 0, sizeof(device->address) - 1);
	if (client.len == 0 || client.len > AUTH_CLIENT_ID_MAX)
		return fault_set(
		    fault, RC_NOT_FOUND, "there is no such client");
	if (!tally_allow(auth->registrations, channel->peer_address,
		AUTH_CLIENTS_PER_HOUR, clock_monotonic_ms()))
		return fault_set(fault, RC_LIMIT,
		    "too many devices were begun from this address; try again "
		    "in an hour");
	memcpy(device->client, client.ptr, client.len);
	if (address.len)
		memcpy(device->address, address.ptr, address.len);
	device->created = clock_wall_seconds(auth->clock);
	device->expires = device->created + AUTH_DEVICE_SECONDS;
	enum rc rc = make_codes(auth, device, &codes);
	if (rc != RC_OK)
		return fault_set(fault, rc, "the system gives no random bytes");
	rc = engine_change(
	    auth->engine, AUTH_PARTITION, make_device, &beginning, fault);
	if (rc == RC_OK)
		*ret_codes = codes;
	return rc;
}

// ---- The user decides ------------------------------------------------------

static struct view account_key(const struct auth_user *user, char room[8])
{
	put_be64(room, user->account);
	return view_of(room, 8);
}

static enum rc find(
    struct auth *auth, struct view user_code, struct auth_device *ret_device)
{
	uint64_t id;
	if (!id_of_code(auth, user_code, &id))
		return RC_NOT_FOUND;
	enum rc rc = read_device(auth->engine, NULL, id, ret_device);
	if (rc == RC_OK &&
	    (ret_device->state != AUTH_DEVICE_WAITS ||
		clock_wall_seconds(auth->clock) >= ret_device->expires))
		return RC_NOT_FOUND;
	return rc;
}

enum rc auth_device_find(struct auth *auth, const struct auth_user *user,
    struct view user_code, struct auth_device_request *ret_request)
{
	struct auth_device device;
	char room[8];
	struct view key = account_key(user, room);
	uint64_t now = clock_monotonic_ms();
	if (tally_count(auth->wrong_codes, key, now) >= WRONG_CODES_MAX)
		return RC_LIMIT;
	enum rc rc = find(auth, user_code, &device);
	if (rc == RC_NOT_FOUND)
		tally_add(auth->wrong_codes, key, now);
	if (rc == RC_OK)
		rc = auth_client_find(
		    auth, view_of_string(device.client), &ret_request->client);
	if (rc != RC_OK)
		return rc;
	ret_request->scopes = device.scopes;
	ret_request->created = device.created;
	memcpy(ret_request->address, device.address, sizeof(device.address));
	return RC_OK;
}

struct deciding {
	uint64_t id;
	const struct auth_user *user;
	bool allow;
	uint32_t scopes;
	int64_t now;
};

static enum rc make_decision(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	const struct deciding *deciding = context;
	struct auth_device device;
	enum rc rc = read_device(NULL, from, deciding->id, &device);
	if (rc == RC_OK && (device.state != AUTH_DEVICE_WAITS ||
			       deciding->now >= device.expires))
		rc = RC_NOT_FOUND;
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "the device's code is not valid any more");
	device.state =
	    deciding->allow ? AUTH_DEVICE_ALLOWED : AUTH_DEVICE_DENIED;
	device.scopes &= deciding->scopes;
	if (deciding->allow && device.scopes == 0)
		return fault_set(
		    fault, RC_INVALID, "there are no scopes to allow");
	device.account = deciding->user->account;
	device.user = deciding->user->name;
	put_device(batch, &device);
	return RC_OK;
}

enum rc auth_device_decide(struct auth *auth, const struct auth_user *user,
    struct view user_code, bool allow, uint32_t scopes, struct fault *fault)
{
	struct deciding deciding = {.user = user,
	    .allow = allow,
	    .scopes = scopes,
	    .now = clock_wall_seconds(auth->clock)};
	if (!id_of_code(auth, user_code, &deciding.id))
		return fault_set(fault, RC_NOT_FOUND,
		    "the device's code is not valid any more");
	return engine_change(
	    auth->engine, AUTH_PARTITION, make_decision, &deciding, fault);
}

// ---- The device asks -------------------------------------------------------

struct polling {
	struct auth *auth;
	uint64_t id;
	struct auth_new_grant fresh;
};

static enum rc make_grant(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	struct polling *polling = context;
	struct auth_device device;
	enum rc rc = read_device(NULL, from, polling->id, &device);
	if (rc == RC_NOT_FOUND)
		return RC_GONE; // the same poll came twice
	if (rc != RC_OK)
		return rc;
	struct auth_row_key key = key_of(device.id);
	engine_batch_delete(batch, auth_row_view(&key));
	return auth_grant_add(polling->auth, from, batch, &polling->fresh,
	    device.account, &device.user, view_of_string(device.client),
	    device.scopes, fault);
}

static enum rc give(struct auth *auth, const struct auth_channel *channel,
    const struct auth_device *device, struct fault *fault,
    struct auth_tokens *ret_tokens)
{
	struct polling polling = {.auth = auth, .id = device->id};
	enum rc rc = auth_grant_begin(auth, channel, &polling.fresh);
	if (rc != RC_OK)
		return fault_set(fault, rc, "the system gives no random bytes");
	rc = engine_change(
	    auth->engine, AUTH_PARTITION, make_grant, &polling, fault);
	auth_epoch_read(auth); // another grant may be gone
	if (rc == RC_OK) {
		auth_grant_log(auth, channel, &polling.fresh);
		*ret_tokens = polling.fresh.tokens;
	}
	auth_tokens_done(&polling.fresh.tokens);
	return rc;
}

enum rc auth_device_poll(struct auth *auth, const struct auth_channel *channel,
    struct view client, struct view device_code, struct fault *fault,
    struct auth_tokens *ret_tokens)
{
	struct auth_token token;
	struct auth_device device;
	uint64_t now = clock_monotonic_ms();
	if (!auth_token_read(auth, device_code, &token) ||
	    token.kind != AUTH_KIND_DEVICE)
		return auth_oauth_refuse(auth, channel, device_code, fault);
	if (!tally_allow(auth->polls, view_of(token.hash, 8), 1, now))
		return RC_LIMIT;
	enum rc rc = read_device(auth->engine, NULL, token.id, &device);
	if (rc == RC_NOT_FOUND ||
	    (rc == RC_OK &&
		(!auth_hash_eq(device.hash, token.hash) ||
		    clock_wall_seconds(auth->clock) >= device.expires)))
		return RC_GONE;
	if (rc != RC_OK)
		return rc;
	if (!view_eq(view_of_string(device.client), client))
		return fault_set(
		    fault, RC_AUTH, "the code is another client's");
	switch (device.state) {
	case AUTH_DEVICE_WAITS: return RC_MORE;
	case AUTH_DEVICE_DENIED: return RC_DENIED;
	case AUTH_DEVICE_ALLOWED: break;
	}
	return give(auth, channel, &device, fault, ret_tokens);
}

// ---- Sweeping --------------------------------------------------------------

struct sweeping {
	struct engine_batch *batch;
	int64_t now;
};

static enum rc sweep_device(void *context, struct view key, struct view value)
{
	const struct sweeping *sweeping = context;
	struct auth_device device;
	if (auth_device_decode(value, &device) != RC_OK ||
	    sweeping->now >= device.expires)
		engine_batch_delete(sweeping->batch, key);
	return RC_OK;
}

static enum rc make_sweep(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	struct sweeping *sweeping = context;
	(void)fault;
	sweeping->batch = batch;
	return engine_snapshot_scan(
	    from, VIEW(AUTH_DEVICE_PREFIX), VIEW(""), sweep_device, sweeping);
}

enum rc auth_devices_sweep(struct auth *auth, struct fault *fault)
{
	struct sweeping sweeping = {.now = clock_wall_seconds(auth->clock)};
	return engine_change(
	    auth->engine, AUTH_PARTITION, make_sweep, &sweeping, fault);
}

// SPDX-License-Identifier: Apache-2.0
// Registered clients. Keys in AUTH_PARTITION: "auth/client/" and the id. The id
// is made of what the client says, so a program that registers at each start
// has one record (section 3.10 of the profile).
#include <openssl/crypto.h>

#include "auth/impl.h"
#include "auth/oauth_rows.h"
#include "auth/rows.h"
#include "auth/token_text.h"
#include "base/ascii.h"
#include "base/bytes.h"
#include "base/map.h"
#include "base/tally.h"
#include "wire/base64url.h"
#include "wire/utf8.h"

#define VERSION 1

// ---- Redirect URIs ---------------------------------------------------------

static const struct view loopbacks[] = {
    {"http://127.0.0.1", 16}, {"http://[::1]", 12}};

static bool is_visible(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] <= ' ' || text.ptr[i] >= 0x7f)
			return false;
	return true;
}

// A scheme in reverse domain notation (RFC 8252 section 7.1), then ":/".
static bool is_private(struct view uri)
{
	size_t colon = view_find_char(uri, ':');
	bool dot = false;
	if (colon == SIZE_MAX || colon == 0 || !ascii_is_alpha(uri.ptr[0]))
		return false;
	for (size_t i = 0; i < colon; i++) {
		char c = uri.ptr[i];
		dot |= c == '.';
		if (!ascii_is_alnum(c) && c != '.' && c != '-' && c != '+')
			return false;
	}
	return dot && uri.ptr[colon - 1] != '.' &&
	       view_starts_with(view_from(uri, colon), VIEW(":/"));
}

bool auth_redirect_is_allowed(struct view uri)
{
	if (uri.len == 0 || uri.len > AUTH_CLIENT_TEXT_MAX ||
	    !is_visible(uri) || view_find(uri, VIEW("..")) != SIZE_MAX ||
	    view_find_char(uri, '#') != SIZE_MAX)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(loopbacks); i++) {
		struct view rest = view_from(uri, loopbacks[i].len);
		if (view_starts_with(uri, loopbacks[i]))
			return view_starts_with(rest, VIEW("/"));
	}
	return is_private(uri);
}

bool auth_redirect_matches(struct view registered, struct view given)
{
	if (view_eq(registered, given))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(loopbacks); i++) {
		struct view host = loopbacks[i];
		struct view rest = view_from(given, host.len);
		uint32_t port;
		if (!view_starts_with(registered, host) ||
		    !view_starts_with(given, host) ||
		    !view_starts_with(rest, VIEW(":")))
			continue;
		rest = view_from(rest, 1);
		size_t slash = view_find_char(rest, '/');
		if (slash == SIZE_MAX ||
		    !view_to_u32(view_slice(rest, 0, slash), &port) ||
		    port == 0 || port > 65535)
			return false;
		return view_eq(
		    view_from(rest, slash), view_from(registered, host.len));
	}
	return false;
}

// ---- The stored form -------------------------------------------------------

static void add_text(struct buf *out, const char *text)
{
	buf_add_char(out, (char)(unsigned char)strlen(text));
	buf_add_string(out, text);
}

// What the id is made of.
static void encode_words(const struct auth_client *client, struct buf *out)
{
	char scopes[4];
	put_le32(scopes, client->scopes);
	buf_add(out, view_of(scopes, sizeof(scopes)));
	add_text(out, client->name);
	add_text(out, client->uri);
	add_text(out, client->software_id);
	add_text(out, client->software_version);
	buf_add_char(out, (char)client->redirect_count);
	for (size_t i = 0; i < client->redirect_count; i++)
		add_text(out, client->redirects[i]);
}

void auth_client_encode(const struct auth_client *client, struct buf *ret_bytes)
{
	char seen[8];
	put_le64(seen, (uint64_t)client->seen);
	buf_add_char(ret_bytes, VERSION);
	buf_add_char(ret_bytes, client->used);
	buf_add(ret_bytes, view_of(seen, sizeof(seen)));
	encode_words(client, ret_bytes);
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

static bool take_redirects(struct view *from, struct auth_client *client)
{
	size_t count = from->len > 0 ? (unsigned char)from->ptr[0] : SIZE_MAX;
	if (count > AUTH_CLIENT_REDIRECTS_MAX)
		return false;
	*from = view_from(*from, 1);
	client->redirect_count = count;
	for (size_t i = 0; i < count; i++)
		if (!take_text(
			from, client->redirects[i], AUTH_CLIENT_TEXT_MAX))
			return false;
	return from->len == 0;
}

enum rc auth_client_decode(struct view bytes, struct auth_client *ret_client)
{
	struct auth_client read = {.scopes = 0};
	if (bytes.len < 14 || bytes.ptr[0] != VERSION ||
	    (unsigned char)bytes.ptr[1] > 1)
		return RC_CORRUPT;
	read.used = bytes.ptr[1];
	uint64_t seen = get_le64(bytes.ptr + 2);
	read.scopes = get_le32(bytes.ptr + 10);
	read.seen = (int64_t)(seen & INT64_MAX);
	bytes = view_from(bytes, 14);
	if (seen > INT64_MAX ||
	    !take_text(&bytes, read.name, AUTH_CREDENTIAL_NAME_MAX) ||
	    !take_text(&bytes, read.uri, AUTH_CLIENT_TEXT_MAX) ||
	    !take_text(&bytes, read.software_id, AUTH_CLIENT_TEXT_MAX) ||
	    !take_text(&bytes, read.software_version, AUTH_CLIENT_TEXT_MAX) ||
	    !take_redirects(&bytes, &read))
		return RC_CORRUPT;
	*ret_client = read;
	return RC_OK;
}

// ---- Reading ---------------------------------------------------------------

static bool key_of(struct view id, struct auth_row_key *ret_key)
{
	struct view prefix = VIEW(AUTH_CLIENT_PREFIX);
	if (!base64url_is(id) || prefix.len + id.len > AUTH_ROW_KEY_MAX ||
	    id.len > AUTH_CLIENT_ID_MAX)
		return false;
	memcpy(ret_key->bytes, prefix.ptr, prefix.len);
	memcpy(ret_key->bytes + prefix.len, id.ptr, id.len);
	ret_key->len = prefix.len + id.len;
	return true;
}

static void set_id(struct auth_client *client, struct view id)
{
	memset(client->id, 0, sizeof(client->id));
	memcpy(client->id, id.ptr, id.len);
}

enum rc auth_client_read(struct engine *engine, struct engine_snapshot *from,
    struct view id, struct auth_client *ret_client)
{
	struct auth_row_key key;
	struct buf bytes;
	if (!key_of(id, &key))
		return RC_NOT_FOUND;
	struct view name = auth_row_view(&key);
	buf_init(&bytes, AUTH_CLIENT_RECORD_MAX);
	enum rc rc = from ? engine_snapshot_get(from, name, &bytes)
			  : engine_get(engine, AUTH_PARTITION, name, &bytes);
	if (rc == RC_OK)
		rc = auth_client_decode(buf_view(&bytes), ret_client);
	buf_done(&bytes);
	if (rc == RC_OK)
		set_id(ret_client, id);
	return rc == RC_LIMIT ? RC_CORRUPT : rc;
}

enum rc auth_client_find(
    struct auth *auth, struct view id, struct auth_client *ret_client)
{
	return auth_client_read(auth->engine, NULL, id, ret_client);
}

void auth_client_put(
    struct engine_batch *batch, const struct auth_client *client)
{
	struct auth_row_key key;
	struct buf bytes;
	if (!key_of(view_of_string(client->id), &key))
		return;
	buf_init(&bytes, AUTH_CLIENT_RECORD_MAX);
	auth_client_encode(client, &bytes);
	engine_batch_put(batch, auth_row_view(&key), buf_view(&bytes));
	buf_done(&bytes);
}

// ---- Registering -----------------------------------------------------------

// Makes a text fit to be shown and stored.
static void clean(char *text, size_t max)
{
	struct buf room;
	buf_init(&room, 4 * max);
	utf8_add_valid(&room, view_trim(view_of_string(text)));
	utf8_blank_controls(&room, 0);
	struct view kept = utf8_truncate(buf_view(&room), max);
	memset(text, 0, max);
	for (size_t i = 0; i < kept.len; i++)
		text[i] = kept.ptr[i] == '\t' ? ' ' : kept.ptr[i];
	buf_done(&room);
}

static void make_id(const struct auth *auth, struct auth_client *client)
{
	unsigned char id[AUTH_KEYED_ID_LEN];
	struct buf words;
	buf_init(&words, AUTH_CLIENT_RECORD_MAX);
	encode_words(client, &words);
	auth_keyed_id(auth, "oauth client", buf_view(&words), id);
	buf_reset(&words);
	base64url_encode(view_of(id, sizeof(id)), &words);
	set_id(client, buf_view(&words));
	buf_done(&words);
}

static enum rc prepare(struct auth *auth, bool device,
    struct auth_client *client, struct fault *fault)
{
	clean(client->name, AUTH_CREDENTIAL_NAME_MAX);
	clean(client->uri, AUTH_CLIENT_TEXT_MAX);
	clean(client->software_id, AUTH_CLIENT_TEXT_MAX);
	clean(client->software_version, AUTH_CLIENT_TEXT_MAX);
	client->scopes &= AUTH_SCOPES_MAIL;
	if (client->scopes == 0)
		client->scopes = AUTH_SCOPES_MAIL; // it named none
	client->seen = clock_wall_seconds(auth->clock);
	client->used = false;
	if (client->redirect_count > AUTH_CLIENT_REDIRECTS_MAX ||
	    (client->redirect_count == 0 && !device))
		return fault_set(fault, RC_INVALID,
		    "a client has 1 to %d redirect URIs",
		    AUTH_CLIENT_REDIRECTS_MAX);
	for (size_t i = 0; i < client->redirect_count; i++)
		if (!auth_redirect_is_allowed(
			view_of_string(client->redirects[i])))
			return fault_set(fault, RC_INVALID,
			    "a redirect URI is http://127.0.0.1/, "
			    "http://[::1]/ or a private scheme with a dot");
	make_id(auth, client);
	return RC_OK;
}

struct registering {
	struct auth_client *client;
	struct engine_batch *batch;
	size_t count;
	uint32_t limit;
};

static bool is_forgotten(const struct auth_client *client, int64_t now)
{
	return !client->used && now - client->seen >= AUTH_CLIENT_SECONDS;
}

static enum rc count_client(void *context, struct view key, struct view value)
{
	struct registering *registering = context;
	struct auth_client client;
	if (auth_client_decode(value, &client) != RC_OK ||
	    is_forgotten(&client, registering->client->seen))
		engine_batch_delete(registering->batch, key);
	else
		registering->count++;
	return RC_OK;
}

static enum rc make_client(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	struct registering *registering = context;
	struct auth_client *client = registering->client;
	struct auth_client known;
	enum rc rc =
	    auth_client_read(NULL, from, view_of_string(client->id), &known);
	registering->batch = batch;
	registering->count = 0;
	if (rc == RC_NOT_FOUND)
		rc = engine_snapshot_scan(from, VIEW(AUTH_CLIENT_PREFIX),
		    VIEW(""), count_client, registering);
	else if (rc == RC_OK)
		client->used = known.used;
	else if (rc == RC_CORRUPT)
		rc = RC_OK;
	if (rc != RC_OK)
		return rc;
	if (registering->count >= AUTH_CLIENTS_MAX)
		return fault_set(fault, RC_LIMIT,
		    "too many programs have registered; try again later");
	auth_client_put(batch, client);
	return RC_OK;
}

enum rc auth_client_register(struct auth *auth,
    const struct auth_channel *channel, bool device, struct auth_client *client,
    struct fault *fault)
{
	struct registering registering = {.client = client};
	enum rc rc = prepare(auth, device, client, fault);
	if (rc != RC_OK)
		return rc;
	if (!tally_allow(auth->registrations, channel->peer_address,
		AUTH_CLIENTS_PER_HOUR, clock_monotonic_ms()))
		return fault_set(fault, RC_LIMIT,
		    "too many programs have registered from this address; try "
		    "again in an hour");
	return engine_change(
	    auth->engine, AUTH_PARTITION, make_client, &registering, fault);
}

// ---- Sweeping --------------------------------------------------------------

struct sweep {
	struct map used; // ids of clients that somebody has allowed something
	struct engine_batch *batch;
	int64_t now;
};

static enum rc note_user(void *context, struct view key, struct view value)
{
	struct sweep *sweep = context;
	struct auth_credential credential;
	(void)key;
	if (auth_credential_decode(value, &credential) == RC_OK &&
	    credential.client[0] != '\0')
		map_put(&sweep->used, view_of_string(credential.client), sweep);
	return RC_OK;
}

static enum rc sweep_client(void *context, struct view key, struct view value)
{
	struct sweep *sweep = context;
	struct auth_client client;
	struct view id = view_from(key, sizeof(AUTH_CLIENT_PREFIX) - 1);
	bool whole = auth_client_decode(value, &client) == RC_OK;
	client.used = whole && map_get(&sweep->used, id) != NULL;
	if (!whole || is_forgotten(&client, sweep->now))
		engine_batch_delete(sweep->batch, key);
	return RC_OK;
}

static enum rc make_sweep(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	struct sweep *sweep = context;
	(void)fault;
	sweep->batch = batch;
	map_done(&sweep->used);
	map_init(&sweep->used);
	enum rc rc = engine_snapshot_scan(
	    from, VIEW(AUTH_CREDENTIAL_PREFIX), VIEW(""), note_user, sweep);
	return rc == RC_OK
		   ? engine_snapshot_scan(from, VIEW(AUTH_CLIENT_PREFIX),
			 VIEW(""), sweep_client, sweep)
		   : rc;
}

enum rc auth_clients_sweep(struct auth *auth, struct fault *fault)
{
	struct sweep sweep = {.now = clock_wall_seconds(auth->clock)};
	map_init(&sweep.used);
	enum rc rc = engine_change(
	    auth->engine, AUTH_PARTITION, make_sweep, &sweep, fault);
	map_done(&sweep.used);
	return rc;
}

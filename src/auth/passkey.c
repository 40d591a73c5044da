// SPDX-License-Identifier: Apache-2.0
// Passkeys of users: challenges, adding, and the proof.
//
// A challenge is not stored: it has its end and a MAC with the server's secret
// over what it is for. Which ones were used is remembered in memory until they
// end.
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "auth/impl.h"
#include "auth/rows.h"
#include "auth/second_rows.h"
#include "base/bytes.h"
#include "base/mem.h"

// ---- Challenges ------------------------------------------------------------

#define MAC_AT 24 // after the end (8) and random bytes (16)
_Static_assert(AUTH_CHALLENGE_LEN == MAC_AT + AUTH_KEYED_ID_LEN, "all of it");
#define BINDING_MAX 64

static bool compute_mac(const struct auth *auth, const char *use,
    struct view binding, const unsigned char challenge[AUTH_CHALLENGE_LEN],
    unsigned char ret_mac[AUTH_KEYED_ID_LEN])
{
	char bytes[MAC_AT + BINDING_MAX];
	char name[32];
	if (binding.len > BINDING_MAX)
		return false;
	memcpy(bytes, challenge, MAC_AT);
	if (binding.len)
		memcpy(bytes + MAC_AT, binding.ptr, binding.len);
	snprintf(name, sizeof(name), "challenge %s", use);
	auth_keyed_id(
	    auth, name, view_of(bytes, MAC_AT + binding.len), ret_mac);
	return true;
}

enum rc auth_challenge_make(const struct auth *auth, const char *use,
    struct view binding, unsigned char ret_challenge[AUTH_CHALLENGE_LEN])
{
	int64_t end = clock_wall_seconds(auth->clock) + AUTH_CHALLENGE_SECONDS;
	put_le64(ret_challenge, (uint64_t)end);
	if (RAND_bytes(ret_challenge + 8, MAC_AT - 8) != 1)
		return RC_IO;
	return compute_mac(
		   auth, use, binding, ret_challenge, ret_challenge + MAC_AT)
		   ? RC_OK
		   : RC_LIMIT;
}

// Whether it is one of ours, for this, not over, and comes for the first time.
static bool take_challenge(struct auth *auth, const char *use,
    struct view binding, struct view challenge)
{
	unsigned char mac[AUTH_KEYED_ID_LEN];
	struct auth_cache_tag tag;
	if (challenge.len != AUTH_CHALLENGE_LEN ||
	    !compute_mac(auth, use, binding,
		(const unsigned char *)challenge.ptr, mac) ||
	    CRYPTO_memcmp(mac, challenge.ptr + MAC_AT, sizeof(mac)) != 0 ||
	    (int64_t)get_le64(challenge.ptr) <=
		clock_wall_seconds(auth->clock) ||
	    !auth_cache_tag(
		auth->challenges, VIEW(""), VIEW("challenge"), challenge, &tag))
		return false;
	return auth_cache_add_new(auth->challenges, &tag);
}

void auth_user_handle(
    uint64_t account, unsigned char ret_handle[AUTH_USER_HANDLE_LEN])
{
	put_be64(ret_handle, account);
}

// ---- Adding and removing ---------------------------------------------------

static struct auth_passkey *find_passkey(
    struct auth_second *second, struct view id)
{
	for (size_t i = 0; i < second->passkey_count; i++) {
		struct auth_passkey *passkey = &second->passkeys[i];
		if (view_eq(view_of(passkey->id, passkey->id_len), id))
			return passkey;
	}
	return NULL;
}

struct adding {
	const struct auth_webauthn_registration *made;
	struct view name;
};

static void set_name(struct auth_passkey *passkey, struct view name)
{
	struct auth_credential clean;
	auth_credential_set_name(&clean, name);
	memcpy(passkey->name, clean.name, sizeof(passkey->name));
}

static enum rc edit_add(struct auth_second_change *change,
    struct auth_second *second, struct fault *fault)
{
	const struct adding *adding = change->context;
	const struct auth_webauthn_registration *made = adding->made;
	if (find_passkey(second, made->id))
		return fault_set(
		    fault, RC_EXISTS, "this passkey is there already");
	if (second->passkey_count == AUTH_PASSKEYS_MAX)
		return fault_set(fault, RC_LIMIT,
		    "there are %d passkeys already; remove one that is not "
		    "needed",
		    AUTH_PASSKEYS_MAX);
	struct auth_passkey *passkey =
	    &second->passkeys[second->passkey_count++];
	memset(passkey, 0, sizeof(*passkey));
	memcpy(passkey->id, made->id.ptr, made->id.len);
	passkey->id_len = made->id.len;
	passkey->key = made->key;
	passkey->counter = made->state.counter;
	passkey->backed_up = made->state.backed_up;
	passkey->created = change->now;
	set_name(passkey, adding->name);
	return RC_OK;
}

enum rc auth_passkey_add(struct auth *auth, const struct auth_user *user,
    const struct auth_webauthn_site *site,
    const struct auth_passkey_order *order, struct fault *fault)
{
	struct auth_webauthn_registration made;
	struct adding adding = {&made, order->name};
	struct auth_second_change change = {
	    .edit = edit_add, .auth = auth, .user = user, .context = &adding};
	if (!take_challenge(auth, "register", order->binding, order->challenge))
		return fault_set(
		    fault, RC_INVALID, "the challenge has expired; try again");
	enum rc rc = auth_webauthn_register(site, order->challenge,
	    order->client_data, order->attestation, fault, &made);
	if (rc == RC_OK)
		rc = auth_second_carry_out(&change, fault);
	if (rc == RC_OK)
		auth_second_log(auth, user, "passkey added");
	return rc;
}

struct naming {
	struct view id;
	struct view name;
};

static enum rc edit_rename(struct auth_second_change *change,
    struct auth_second *second, struct fault *fault)
{
	const struct naming *naming = change->context;
	struct auth_passkey *passkey = find_passkey(second, naming->id);
	if (!passkey)
		return fault_set(
		    fault, RC_NOT_FOUND, "there is no such passkey");
	set_name(passkey, naming->name);
	return RC_OK;
}

enum rc auth_passkey_rename(struct auth *auth, const struct auth_user *user,
    struct view id, struct view name, struct fault *fault)
{
	struct naming naming = {id, name};
	struct auth_second_change change = {.edit = edit_rename,
	    .auth = auth,
	    .user = user,
	    .context = &naming};
	return auth_second_carry_out(&change, fault);
}

static enum rc edit_remove(struct auth_second_change *change,
    struct auth_second *second, struct fault *fault)
{
	const struct naming *naming = change->context;
	struct auth_passkey *passkey = find_passkey(second, naming->id);
	if (!passkey)
		return fault_set(
		    fault, RC_NOT_FOUND, "there is no such passkey");
	size_t index = (size_t)(passkey - second->passkeys);
	second->passkey_count--;
	memmove(passkey, passkey + 1,
	    (second->passkey_count - index) * sizeof(*passkey));
	return RC_OK;
}

enum rc auth_passkey_remove(struct auth *auth, const struct auth_user *user,
    struct view id, struct fault *fault)
{
	struct naming naming = {.id = id};
	struct auth_second_change change = {.edit = edit_remove,
	    .auth = auth,
	    .user = user,
	    .context = &naming};
	enum rc rc = auth_second_carry_out(&change, fault);
	if (rc == RC_OK)
		auth_second_log(auth, user, "passkey removed");
	return rc;
}

// ---- The proof -------------------------------------------------------------

// Who says to be the owner of the passkey, by the user handle. RC_NOT_FOUND.
static enum rc find_owner(
    struct auth *auth, struct view handle, struct auth_user *ret_user)
{
	if (handle.len != AUTH_USER_HANDLE_LEN)
		return RC_NOT_FOUND;
	struct auth_second *second = mem_zalloc(sizeof(*second));
	uint64_t account = get_be64(handle.ptr);
	enum rc rc = auth_second_get(auth, account, second);
	if (rc == RC_OK)
		rc = auth_user_find(
		    auth, auth_name_view(&second->user), ret_user);
	if (rc == RC_OK && ret_user->account != account)
		rc = RC_NOT_FOUND;
	OPENSSL_cleanse(second, sizeof(*second));
	free(second);
	return rc;
}

struct proving {
	const struct auth_webauthn_site *site;
	const struct auth_passkey_proof *proof;
	bool alone; // there was no password
	const char *why;
	struct fault fault;
};

static enum rc fail(struct proving *proving, const char *why)
{
	proving->why = why;
	return RC_AUTH;
}

static enum rc edit_prove(struct auth_second_change *change,
    struct auth_second *second, struct fault *fault)
{
	struct proving *proving = change->context;
	const struct auth_passkey_proof *proof = proving->proof;
	struct auth_passkey *passkey = find_passkey(second, proof->id);
	struct auth_webauthn_state state;
	(void)fault;
	if (!passkey)
		return fail(proving, "it is not a passkey of this user");
	enum rc rc = auth_webauthn_assert(proving->site, proof->challenge,
	    &passkey->key, proof->client_data, proof->authenticator_data,
	    proof->signature, &proving->fault, &state);
	if (rc != RC_OK)
		return fail(proving, proving->fault.text);
	if (proving->alone && !state.verified)
		return fail(proving, "the user was not verified");
	if (auth_webauthn_is_copy(passkey->counter, state.counter))
		return fail(proving, "its counter did not grow: it was copied");
	passkey->counter = state.counter;
	passkey->backed_up = state.backed_up;
	passkey->used = change->now;
	return RC_OK;
}

static void log_failure(const struct auth_try *try, const char *why)
{
	struct log_line line;
	log_begin(&line, try->auth->log, LOG_LEVEL_WARN, "passkey_refused");
	log_add_u64(&line, "session", try->channel->session_id);
	log_add(&line, "address", try->channel->peer_address);
	log_add_string(&line, "text", why);
	log_add(&line, "user", auth_name_view(&try->name));
	log_end(&line);
}

static enum rc refuse_passkey(
    struct auth_try *try, const char *why, struct auth_verdict *ret_verdict)
{
	log_failure(try, why);
	return auth_try_refuse(try, RC_AUTH, AUTH_REASON_CODE, ret_verdict);
}

static enum rc prove(struct auth_try *try, struct proving *proving,
    const struct auth_user *user, struct auth_user *ret_user,
    struct auth_verdict *ret_verdict)
{
	const struct auth_passkey_proof *proof = proving->proof;
	struct auth_second_change change = {.edit = edit_prove,
	    .auth = try->auth,
	    .user = user,
	    .context = proving};
	struct fault fault;
	if (!take_challenge(
		try->auth, "login", proof->binding, proof->challenge))
		return refuse_passkey(
		    try, "the challenge has expired", ret_verdict);
	enum rc rc = auth_second_carry_out(&change, &fault);
	if (rc == RC_AUTH)
		return refuse_passkey(try, proving->why, ret_verdict);
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

static enum rc try_passkey(struct auth_try *try, struct proving *proving,
    const struct auth_user *user, struct auth_user *ret_user,
    struct auth_verdict *ret_verdict)
{
	struct auth_user owner = {0};
	enum rc rc = RC_OK;
	if (!auth_channel_is_private(try->channel))
		return auth_try_refuse(
		    try, RC_DENIED, AUTH_REASON_PRIVACY, ret_verdict);
	if (user)
		owner = *user;
	else
		rc = find_owner(try->auth, proving->proof->user_handle, &owner);
	if (rc == RC_NOT_FOUND)
		return refuse_passkey(
		    try, "it is nobody's passkey", ret_verdict);
	if (rc != RC_OK)
		return auth_try_refuse(
		    try, RC_IO, AUTH_REASON_UNAVAILABLE, ret_verdict);
	try->given = try->name = owner.name;
	// Nobody can guess a signature, so no failures keep the owner out.
	bool fresh;
	try->known = auth_places_find(try->auth->places,
	    auth_name_view(&try->name), try->channel->peer_address,
	    clock_wall_seconds(try->auth->clock), &fresh);
	try->fresh = fresh;
	return prove(try, proving, &owner, ret_user, ret_verdict);
}

enum rc auth_second_passkey(struct auth *auth,
    const struct auth_channel *channel, const struct auth_webauthn_site *site,
    const struct auth_passkey_proof *proof, const struct auth_user *user,
    struct auth_user *ret_user, struct auth_verdict *ret_verdict)
{
	struct proving proving = {
	    .site = site, .proof = proof, .alone = !user, .why = "?"};
	struct auth_try try = {
	    .auth = auth, .channel = channel, .mechanism = "passkey"};
	struct auth_user found = {0};
	enum rc rc;
	*ret_verdict = (struct auth_verdict){.reason = AUTH_REASON_NONE};
	if (!auth_try_begin(&try, &rc, ret_verdict))
		return rc;
	rc = try_passkey(&try, &proving, user, &found, ret_verdict);
	if (rc == RC_OK)
		*ret_user = found;
	return rc;
}

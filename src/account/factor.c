// SPDX-License-Identifier: Apache-2.0
#include "account/factor.h"

#include "http/origin.h"
#include "wire/base64url.h"

#define BYTES_MAX ((size_t)8192) // decoded

// ---- Lists -----------------------------------------------------------------

// Adds "factors": […]: what the user has, the easiest first.
static void add_factors(
    struct json_text *json, const struct auth_second *second)
{
	json_key(json, "factors");
	json_begin_array(json);
	if (second->passkey_count > 0)
		json_add_string(json, VIEW("passkey"));
	if (second->totp)
		json_add_string(json, VIEW("totp"));
	if (second->recovery_count > 0)
		json_add_string(json, VIEW("recovery"));
	json_end_array(json);
}

enum http_step account_answer_second(struct http_exchange *exchange,
    uint64_t account, const struct auth_token_text *ticket)
{
	struct auth_second *second =
	    arena_zalloc(&exchange->arena, sizeof(*second));
	struct account_out out;
	enum rc rc = auth_second_get(
	    account_of(exchange)->options.auth, account, second);
	if (rc != RC_OK)
		return account_answer_rc(exchange, rc);
	account_out_begin(&out);
	json_member_string(&out.json, "status", VIEW("second-factor"));
	add_factors(&out.json, second);
	if (ticket)
		json_member_string(
		    &out.json, "ticket", view_of_string(ticket->text));
	return account_out_end(&out, exchange, 200);
}

// ---- Bytes -----------------------------------------------------------------

void account_add_base64(
    struct json_text *json, const char *name, struct view bytes)
{
	struct buf text;
	buf_init(&text, 2 * BYTES_MAX);
	base64url_encode(bytes, &text);
	json_member_string(json, name, buf_view(&text));
	buf_done(&text);
}

static bool decode(
    struct http_exchange *exchange, struct view text, struct view *ret_bytes)
{
	struct buf bytes;
	buf_init(&bytes, BYTES_MAX);
	bool good = base64url_decode(text, &bytes) == RC_OK;
	if (good)
		*ret_bytes = arena_copy(&exchange->arena, buf_view(&bytes));
	buf_done(&bytes);
	return good;
}

bool account_read_bytes(struct http_exchange *exchange,
    const struct account_json_object *json, const char *name,
    struct view *ret_bytes)
{
	struct view text;
	return account_json_string(json, name, &text) && text.len > 0 &&
	       decode(exchange, text, ret_bytes);
}

struct view account_binding(struct http_exchange *exchange, uint64_t id)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%llu", (unsigned long long)id);
	return arena_copy(&exchange->arena, view_of(text, (size_t)len));
}

// ---- The browser's part ----------------------------------------------------

void account_site(
    struct http_exchange *exchange, struct auth_webauthn_site *ret_site)
{
	const struct http_request *request = &exchange->request;
	struct view *origin = arena_alloc(&exchange->arena, sizeof(*origin));
	struct buf text;
	buf_init(&text, 500);
	http_add_own_origin(request, &text);
	*origin = arena_copy(&exchange->arena, buf_view(&text));
	buf_done(&text);
	*ret_site = (struct auth_webauthn_site){
	    .rp_id = request->host,
	    .origins = origin,
	    .origin_count = 1,
	};
}

enum rc account_json_get_options(struct http_exchange *exchange,
    struct json_text *json, struct view binding,
    const struct auth_second *second)
{
	unsigned char challenge[AUTH_CHALLENGE_LEN];
	enum rc rc = auth_challenge_make(
	    account_of(exchange)->options.auth, "login", binding, challenge);
	if (rc != RC_OK)
		return rc;
	json_key(json, "publicKey");
	json_begin_object(json);
	account_add_base64(
	    json, "challenge", view_of(challenge, sizeof(challenge)));
	json_member_string(json, "rpId", exchange->request.host);
	json_member_u64(json, "timeout", AUTH_CHALLENGE_SECONDS * 1000);
	// Without a name and a password the passkey is both factors.
	json_member_string(json, "userVerification",
	    second ? VIEW("preferred") : VIEW("required"));
	json_key(json, "allowCredentials");
	json_begin_array(json);
	for (size_t i = 0; second && i < second->passkey_count; i++) {
		json_begin_object(json);
		json_member_string(json, "type", VIEW("public-key"));
		account_add_base64(json, "id",
		    view_of(
			second->passkeys[i].id, second->passkeys[i].id_len));
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
	return RC_OK;
}

bool account_read_challenge(struct http_exchange *exchange,
    struct view client_data, struct view *ret_challenge)
{
	struct account_json_object json;
	return account_json_read(&exchange->arena, client_data, &json) &&
	       account_read_bytes(exchange, &json, "challenge", ret_challenge);
}

bool account_read_proof(struct http_exchange *exchange,
    const struct account_json_object *json, struct view binding,
    struct auth_passkey_proof *ret_proof)
{
	struct auth_passkey_proof proof = {.binding = binding};
	struct account_json_object response;
	account_json_open(
	    &exchange->arena, account_json_get(json, "response"), &response);
	if (!account_read_bytes(exchange, json, "rawId", &proof.id) ||
	    !account_read_bytes(
		exchange, &response, "clientDataJSON", &proof.client_data) ||
	    !account_read_bytes(exchange, &response, "authenticatorData",
		&proof.authenticator_data) ||
	    !account_read_bytes(
		exchange, &response, "signature", &proof.signature) ||
	    !account_read_challenge(
		exchange, proof.client_data, &proof.challenge))
		return false;
	if (!account_read_bytes(
		exchange, &response, "userHandle", &proof.user_handle))
		proof.user_handle = VIEW("");
	*ret_proof = proof;
	return true;
}

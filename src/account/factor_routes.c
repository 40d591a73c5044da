// SPDX-License-Identifier: Apache-2.0
// The user's second factors: an authenticator app, passkeys, recovery codes.
// Whatever changes them needs a new proof, by a second factor if there is one.
#include <openssl/crypto.h>

#include "account/factor.h"
#include "setup/profile.h"

static struct auth *auth_of(const struct http_exchange *exchange)
{
	return account_of(exchange)->options.auth;
}

static enum rc read_second(struct http_exchange *exchange,
    const struct account_call *call, struct auth_second **ret_second)
{
	*ret_second = arena_zalloc(&exchange->arena, sizeof(**ret_second));
	return auth_second_get(
	    auth_of(exchange), call->user.account, *ret_second);
}

// ---- GET /account/factors --------------------------------------------------

static void add_passkeys(
    struct json_text *json, const struct auth_second *second)
{
	json_key(json, "passkeys");
	json_begin_array(json);
	for (size_t i = 0; i < second->passkey_count; i++) {
		const struct auth_passkey *passkey = &second->passkeys[i];
		json_begin_object(json);
		account_add_base64(
		    json, "id", view_of(passkey->id, passkey->id_len));
		json_member_string(json, "name", view_of_string(passkey->name));
		account_json_time(json, "created", passkey->created);
		account_json_time(json, "lastUsed", passkey->used);
		json_member_bool(json, "backedUp", passkey->backed_up);
		json_end_object(json);
	}
	json_end_array(json);
}

static enum http_step list(
    struct http_exchange *exchange, struct account_call *call)
{
	struct auth_second *second;
	struct account_out out;
	enum rc rc = read_second(exchange, call, &second);
	if (rc != RC_OK)
		return account_answer_rc(exchange, rc);
	account_out_begin(&out);
	json_member_bool(&out.json, "on", auth_second_is_on(second));
	json_member_bool(&out.json, "totp", second->totp);
	json_member_u64(&out.json, "recovery", second->recovery_count);
	add_passkeys(&out.json, second);
	return account_out_end(&out, exchange, 200);
}

// ---- Recovery codes --------------------------------------------------------

static enum rc add_codes(struct http_exchange *exchange,
    const struct account_call *call, struct json_text *json)
{
	struct auth_recovery_codes codes;
	struct fault fault;
	enum rc rc =
	    auth_recovery_make(auth_of(exchange), &call->user, &fault, &codes);
	if (rc != RC_OK)
		return rc;
	json_key(json, "recovery");
	json_begin_array(json);
	for (size_t i = 0; i < AUTH_RECOVERY_CODES; i++)
		json_add_string(json, view_of_string(codes.codes[i]));
	json_end_array(json);
	OPENSSL_cleanse(&codes, sizeof(codes));
	return RC_OK;
}

// Other browsers have given the password alone.
static enum rc end_others(
    struct http_exchange *exchange, const struct account_call *call)
{
	struct fault fault;
	size_t count;
	return auth_credentials_revoke(auth_of(exchange), call->user.account,
	    AUTH_KIND_BIT(AUTH_KIND_SESSION) | AUTH_KIND_BIT(AUTH_KIND_PENDING),
	    call->session.id, &fault, &count);
}

// A factor was added. The first one brings recovery codes, so that nobody is
// without: a phone gets lost.
static enum http_step answer_added(struct http_exchange *exchange,
    const struct account_call *call, enum rc rc, bool always)
{
	struct auth_second *second;
	struct account_out out;
	if (rc == RC_OK)
		rc = read_second(exchange, call, &second);
	if (rc != RC_OK)
		return rc == RC_AUTH ? account_answer(exchange, 400, "wrong")
				     : account_answer_rc(exchange, rc);
	account_out_begin(&out);
	json_member_string(&out.json, "status", VIEW("ok"));
	if (!always && second->recovery_count == 0)
		rc = end_others(exchange, call);
	if (rc == RC_OK && (always || second->recovery_count == 0))
		rc = add_codes(exchange, call, &out.json);
	enum http_step step = account_out_end(&out, exchange, 200);
	return rc == RC_OK ? step : account_answer_rc(exchange, rc);
}

static enum http_step new_codes(
    struct http_exchange *exchange, struct account_call *call)
{
	return answer_added(exchange, call, RC_OK, true);
}

// ---- An authenticator app --------------------------------------------------

static enum http_step begin_totp(
    struct http_exchange *exchange, struct account_call *call)
{
	unsigned char secret[AUTH_TOTP_SECRET_LEN];
	struct account_out out;
	struct fault fault;
	struct buf text, picture;
	enum rc rc =
	    auth_totp_begin(auth_of(exchange), &call->user, &fault, secret);
	if (rc != RC_OK)
		return account_answer_rc(exchange, rc);
	account_out_begin(&out);
	buf_init(&text, 1000);
	buf_init(&picture, 65536);
	json_member_string(&out.json, "status", VIEW("ok"));
	auth_totp_write_secret(secret, &text);
	json_member_string(&out.json, "secret", buf_view(&text));
	buf_truncate(&text, 0);
	auth_totp_write_uri(secret,
	    view_of_string(account_of(exchange)->options.server_name),
	    view_of_string(call->user.name.text), &text);
	json_member_string(&out.json, "uri", buf_view(&text));
	// A very long name gives no code; the secret can be typed.
	if (setup_qr_svg(buf_view(&text), &picture) == RC_OK)
		json_member_string(&out.json, "qr", buf_view(&picture));
	OPENSSL_cleanse(secret, sizeof(secret));
	buf_done_secret(&text);
	buf_done_secret(&picture);
	return account_out_end(&out, exchange, 200);
}

static enum http_step confirm_totp(
    struct http_exchange *exchange, struct account_call *call)
{
	struct view code;
	struct fault fault;
	if (!account_json_string(&call->json, "code", &code))
		return account_answer(exchange, 400, "invalid");
	return answer_added(exchange, call,
	    auth_totp_confirm(auth_of(exchange), &call->user, code, &fault),
	    false);
}

static enum http_step remove_totp(
    struct http_exchange *exchange, struct account_call *call)
{
	struct fault fault;
	return account_answer_rc(
	    exchange, auth_totp_remove(auth_of(exchange), &call->user, &fault));
}

// ---- Passkeys --------------------------------------------------------------

static void add_excluded(
    struct json_text *json, const struct auth_second *second)
{
	json_key(json, "excludeCredentials");
	json_begin_array(json);
	for (size_t i = 0; i < second->passkey_count; i++) {
		json_begin_object(json);
		json_member_string(json, "type", VIEW("public-key"));
		account_add_base64(json, "id",
		    view_of(
			second->passkeys[i].id, second->passkeys[i].id_len));
		json_end_object(json);
	}
	json_end_array(json);
}

static void add_algorithms(struct json_text *json)
{
	static const int64_t algorithms[] = {-7, -8, -257};
	json_key(json, "pubKeyCredParams");
	json_begin_array(json);
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
		json_begin_object(json);
		json_member_string(json, "type", VIEW("public-key"));
		json_key(json, "alg");
		json_add_i64(json, algorithms[i]);
		json_end_object(json);
	}
	json_end_array(json);
}

static void add_user(struct json_text *json, const struct auth_user *user)
{
	unsigned char handle[AUTH_USER_HANDLE_LEN];
	struct view name = view_of_string(user->name.text);
	auth_user_handle(user->account, handle);
	json_key(json, "user");
	json_begin_object(json);
	account_add_base64(json, "id", view_of(handle, sizeof(handle)));
	json_member_string(json, "name", name);
	json_member_string(json, "displayName", name);
	json_end_object(json);
}

// For navigator.credentials.create().
static enum http_step begin_passkey(
    struct http_exchange *exchange, struct account_call *call)
{
	unsigned char challenge[AUTH_CHALLENGE_LEN];
	struct auth_second *second;
	struct account_out out;
	struct json_text *json = &out.json;
	enum rc rc = read_second(exchange, call, &second);
	if (rc == RC_OK && second->passkey_count == AUTH_PASSKEYS_MAX)
		rc = RC_LIMIT;
	if (rc == RC_OK)
		rc = auth_challenge_make(auth_of(exchange), "register",
		    account_binding(exchange, call->session.id), challenge);
	if (rc != RC_OK)
		return account_answer_rc(exchange, rc);
	account_out_begin(&out);
	json_member_string(json, "status", VIEW("ok"));
	json_key(json, "publicKey");
	json_begin_object(json);
	account_add_base64(
	    json, "challenge", view_of(challenge, sizeof(challenge)));
	json_key(json, "rp");
	json_begin_object(json);
	json_member_string(json, "id", exchange->request.host);
	json_member_string(json, "name", exchange->request.host);
	json_end_object(json);
	add_user(json, &call->user);
	add_algorithms(json);
	add_excluded(json, second);
	json_member_u64(json, "timeout", AUTH_CHALLENGE_SECONDS * 1000);
	json_member_string(json, "attestation", VIEW("none"));
	json_key(json, "authenticatorSelection");
	json_begin_object(json);
	// One that can be found without a name, if the device can do that.
	json_member_string(json, "residentKey", VIEW("preferred"));
	json_member_string(json, "userVerification", VIEW("preferred"));
	json_end_object(json);
	json_end_object(json);
	return account_out_end(&out, exchange, 200);
}

static enum http_step finish_passkey(
    struct http_exchange *exchange, struct account_call *call)
{
	struct auth_webauthn_site site;
	struct account_json_object response;
	struct fault fault;
	struct auth_passkey_order order = {
	    .binding = account_binding(exchange, call->session.id)};
	account_json_open(&exchange->arena,
	    account_json_get(&call->json, "response"), &response);
	if (!account_json_string(&call->json, "name", &order.name) ||
	    view_trim(order.name).len == 0 ||
	    order.name.len > AUTH_CREDENTIAL_NAME_MAX ||
	    !account_read_bytes(
		exchange, &response, "clientDataJSON", &order.client_data) ||
	    !account_read_bytes(
		exchange, &response, "attestationObject", &order.attestation) ||
	    !account_read_challenge(
		exchange, order.client_data, &order.challenge))
		return account_answer(exchange, 400, "invalid");
	account_site(exchange, &site);
	enum rc rc = auth_passkey_add(
	    auth_of(exchange), &call->user, &site, &order, &fault);
	if (rc == RC_EXISTS)
		return account_answer(exchange, 409, "exists");
	return answer_added(exchange, call, rc, false);
}

// The id behind the route's path; false: it is none.
static bool read_passkey_id(struct http_exchange *exchange, struct view *ret_id)
{
	const struct account_json_object json = {
	    &(struct account_json_member){
		VIEW("id"), {ACCOUNT_JSON_STRING, exchange->request.rest}},
	    1};
	return account_read_bytes(exchange, &json, "id", ret_id);
}

static enum http_step rename_passkey(
    struct http_exchange *exchange, struct account_call *call)
{
	struct view id, name;
	struct fault fault;
	if (!account_json_string(&call->json, "name", &name) ||
	    view_trim(name).len == 0 || name.len > AUTH_CREDENTIAL_NAME_MAX)
		return account_answer(exchange, 400, "invalid");
	if (!read_passkey_id(exchange, &id))
		return account_answer(exchange, 404, "not-found");
	return account_answer_rc(
	    exchange, auth_passkey_rename(
			  auth_of(exchange), &call->user, id, name, &fault));
}

static enum http_step remove_passkey(
    struct http_exchange *exchange, struct account_call *call)
{
	struct view id;
	struct fault fault;
	if (!read_passkey_id(exchange, &id))
		return account_answer(exchange, 404, "not-found");
	return account_answer_rc(exchange,
	    auth_passkey_remove(auth_of(exchange), &call->user, id, &fault));
}

#define READ   (ACCOUNT_NEED_PAGE | ACCOUNT_NEED_SESSION)
#define CHANGE (READ | ACCOUNT_NEED_FRESH)
#define JSON   (CHANGE | ACCOUNT_NEED_JSON)

const struct account_route account_factor_routes[] = {
    {HTTP_GET, "/account/factors", READ, list},
    {HTTP_POST, "/account/factors/totp/begin", CHANGE, begin_totp},
    {HTTP_POST, "/account/factors/totp/confirm", JSON, confirm_totp},
    {HTTP_DELETE, "/account/factors/totp", CHANGE, remove_totp},
    {HTTP_POST, "/account/factors/recovery", CHANGE, new_codes},
    {HTTP_POST, "/account/factors/passkeys/begin", CHANGE, begin_passkey},
    {HTTP_POST, "/account/factors/passkeys/finish", JSON, finish_passkey},
    {HTTP_POST, "/account/factors/passkeys/", JSON, rename_passkey},
    {HTTP_DELETE, "/account/factors/passkeys/", CHANGE, remove_passkey},
    {0, NULL, 0, NULL},
};

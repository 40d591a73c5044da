// SPDX-License-Identifier: Apache-2.0
// Authorization codes, grants, and their tokens. Whatever a request changes is
// one commit: a code or a refresh token that is used twice at the same moment
// gives tokens once.
#include "auth/oauth.h"

#include <openssl/crypto.h>

#include "auth/epoch.h"
#include "auth/impl.h"
#include "auth/oauth_rows.h"
#include "auth/rows.h"
#include "auth/standing.h"
#include "auth/token_text.h"
#include "base/ascii.h"
#include "wire/base64url.h"

#define VERIFIER_MIN 43 // RFC 7636 section 4.1
#define VERIFIER_MAX 128

void auth_tokens_done(struct auth_tokens *tokens)
{
	OPENSSL_cleanse(tokens, sizeof(*tokens));
}

enum rc auth_oauth_refuse(struct auth *auth, const struct auth_channel *channel,
    struct view text, struct fault *fault)
{
	struct auth_channel quick = *channel;
	struct auth_verdict verdict;
	quick.turn = NULL; // the answer is not delayed, but counted
	struct auth_try try = {
	    .auth = auth, .channel = &quick, .mechanism = "oauth"};
	try.again = auth_token_was_tried(auth, text);
	(void)auth_try_refuse(&try, RC_AUTH, AUTH_REASON_TOKEN, &verdict);
	return fault_set(fault, RC_AUTH, "this is no token of this server");
}

// ---- A new grant -----------------------------------------------------------

enum rc auth_grant_begin(struct auth *auth, const struct auth_channel *channel,
    struct auth_new_grant *ret_new)
{
	static const struct auth_user nobody = {0};
	*ret_new = (struct auth_new_grant){.tokens = {.expires_in = 0}};
	auth_credential_begin(
	    auth, channel, &nobody, AUTH_KIND_GRANT, &ret_new->grant);
	auth_credential_begin(
	    auth, channel, &nobody, AUTH_KIND_ACCESS, &ret_new->access);
	return auth_token_new_id(&ret_new->grant.id);
}

// The texts depend on the account.
static enum rc make_texts(
    struct auth *auth, struct auth_new_grant *fresh, uint64_t account)
{
	struct auth_credential *grant = &fresh->grant;
	struct auth_credential *access = &fresh->access;
	access->account = grant->account = account;
	access->id = grant->id;
	enum rc rc = auth_token_make(auth, AUTH_KIND_GRANT, account, grant->id,
	    &fresh->tokens.refresh, grant->hash);
	return rc == RC_OK ? auth_token_make(auth, AUTH_KIND_ACCESS, account,
				 grant->id, &fresh->tokens.access, access->hash)
			   : rc;
}

// Adds the access token, for `scopes`.
static enum rc add_access(struct auth *auth, struct engine_snapshot *from,
    struct engine_batch *batch, struct auth_new_grant *fresh, uint32_t scopes,
    struct fault *fault)
{
	uint32_t seconds = auth->settings.tokens.access_seconds;
	fresh->access.user = fresh->grant.user;
	fresh->access.scopes = scopes;
	fresh->access.expires = fresh->access.created + seconds;
	fresh->tokens.expires_in = seconds;
	fresh->tokens.scopes = scopes;
	return auth_row_add(auth, from, batch, &fresh->access, fault);
}

enum rc auth_grant_add(struct auth *auth, struct engine_snapshot *from,
    struct engine_batch *batch, struct auth_new_grant *fresh, uint64_t account,
    const struct auth_name *user, struct view client, uint32_t scopes,
    struct fault *fault)
{
	struct auth_client found;
	struct auth_credential *grant = &fresh->grant;
	enum rc rc = auth_client_read(NULL, from, client, &found);
	if (rc == RC_OK)
		rc = make_texts(auth, fresh, account);
	if (rc != RC_OK)
		return rc;
	grant->user = *user;
	grant->scopes = scopes;
	grant->rotated = grant->created;
	grant->idle_seconds = auth->settings.tokens.grant_idle_seconds;
	auth_credential_set_name(grant, view_of_string(found.name));
	memcpy(grant->client, found.id, sizeof(grant->client));
	rc = auth_row_add(auth, from, batch, grant, fault);
	if (rc == RC_OK)
		rc = add_access(auth, from, batch, fresh, scopes, fault);
	if (rc == RC_OK && !found.used) {
		found.used = true;
		auth_client_put(batch, &found);
	}
	return rc;
}

void auth_grant_log(struct auth *auth, const struct auth_channel *channel,
    const struct auth_new_grant *fresh)
{
	auth_credential_log(auth, channel, &fresh->grant);
}

// ---- Codes -----------------------------------------------------------------

// The challenge is 32 bytes in base64url (RFC 7636 section 4.2).
static bool read_challenge(
    struct view text, unsigned char ret_challenge[AUTH_HASH_LEN])
{
	struct buf bytes;
	buf_init(&bytes, AUTH_HASH_LEN);
	bool read = text.len == VERIFIER_MIN &&
		    base64url_decode(text, &bytes) == RC_OK &&
		    bytes.len == AUTH_HASH_LEN;
	if (read)
		memcpy(ret_challenge, bytes.ptr, AUTH_HASH_LEN);
	buf_done(&bytes);
	return read;
}

static bool is_redirect_of(const struct auth_client *client, struct view uri)
{
	for (size_t i = 0; i < client->redirect_count; i++)
		if (auth_redirect_matches(
			view_of_string(client->redirects[i]), uri))
			return true;
	return false;
}

struct coding {
	struct auth *auth;
	const struct auth_code_order *order;
	struct auth_credential code;
};

static enum rc make_code(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	struct coding *coding = context;
	const struct auth_code_order *order = coding->order;
	struct auth_client client;
	enum rc rc = auth_client_read(NULL, from, order->client, &client);
	if (rc != RC_OK)
		return fault_set(fault, rc, "there is no such client");
	if (!is_redirect_of(&client, order->redirect_uri))
		return fault_set(fault, RC_INVALID,
		    "the redirect URI is not one of the client's");
	if (order->scopes & ~client.scopes)
		return fault_set(fault, RC_INVALID,
		    "the client has not registered all of these scopes");
	memcpy(coding->code.client, client.id, sizeof(client.id));
	return auth_row_add(coding->auth, from, batch, &coding->code, fault);
}

enum rc auth_code_make(struct auth *auth, const struct auth_channel *channel,
    const struct auth_user *user, const struct auth_code_order *order,
    struct fault *fault, struct auth_token_text *ret_code)
{
	struct coding coding = {.auth = auth, .order = order};
	struct auth_credential *code = &coding.code;
	auth_credential_begin(auth, channel, user, AUTH_KIND_CODE, code);
	code->scopes = order->scopes;
	code->expires = code->created + AUTH_CODE_SECONDS;
	if (order->scopes == 0 || (order->scopes & ~AUTH_SCOPES_MAIL))
		return fault_set(
		    fault, RC_INVALID, "there are no scopes to allow");
	if (!read_challenge(order->challenge, code->challenge))
		return fault_set(fault, RC_INVALID,
		    "code_challenge is not a SHA-256 in base64url");
	auth_sha256(order->redirect_uri, code->redirect);
	enum rc rc = auth_token_new_id(&code->id);
	if (rc == RC_OK)
		rc = auth_token_make(auth, AUTH_KIND_CODE, code->account,
		    code->id, ret_code, code->hash);
	if (rc != RC_OK)
		return fault_set(fault, rc, "the system gives no random bytes");
	rc = engine_change(
	    auth->engine, AUTH_PARTITION, make_code, &coding, fault);
	if (rc != RC_OK)
		auth_token_text_done(ret_code);
	return rc;
}

// ---- Requests for tokens ---------------------------------------------------

struct request {
	struct auth *auth;
	struct view client;
	struct auth_token token; // the code or the refresh token
	// What the code needs: SHA-256 of both.
	unsigned char redirect[AUTH_HASH_LEN];
	unsigned char verifier[AUTH_HASH_LEN];
	uint32_t scopes; // what a refresh asks for; 0: all
	int64_t now;
	struct auth_new_grant fresh;
	// The result after the commit: the token was used before, and the grant
	// is revoked.
	bool reused;
	struct auth_name user;
};

static enum rc refuse(struct fault *fault, const char *why)
{
	return fault_set(fault, RC_AUTH, "%s", why);
}

static enum rc revoke_reused(struct request *request,
    struct engine_snapshot *from, struct engine_batch *batch, uint64_t grant,
    const struct auth_credential *credential)
{
	uint64_t epoch;
	request->reused = true;
	request->user = credential->user;
	auth_row_drop(batch, credential->account, grant);
	return auth_epoch_raise(from, &credential->user, batch, &epoch);
}

static bool is_of_client(
    const struct auth_credential *credential, struct view client)
{
	return view_eq(view_of_string(credential->client), client);
}

static enum rc make_exchange(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	struct request *request = context;
	const struct auth_token *token = &request->token;
	struct auth_credential code;
	struct auth_row_key key = auth_row_of(token->account, token->id);
	request->reused = false;
	enum rc rc = auth_row_get(NULL, from, &key, &code);
	if (rc == RC_NOT_FOUND ||
	    (rc == RC_OK && (code.kind != AUTH_KIND_CODE ||
				!auth_hash_eq(code.hash, token->hash))))
		return refuse(fault, "the code has expired");
	if (rc != RC_OK)
		return rc;
	if (!is_of_client(&code, request->client))
		return refuse(fault, "the code is another client's");
	if (code.grant != 0) { // RFC 6749 section 4.1.2
		auth_row_drop(batch, code.account, code.id);
		return revoke_reused(request, from, batch, code.grant, &code);
	}
	if (request->now >= code.expires)
		return refuse(fault, "the code has expired");
	if (!auth_hash_eq(code.redirect, request->redirect))
		return refuse(fault, "redirect_uri is not that of the request");
	if (!auth_hash_eq(code.challenge, request->verifier))
		return refuse(fault, "code_verifier is not that of the code");
	rc = auth_grant_add(request->auth, from, batch, &request->fresh,
	    code.account, &code.user, request->client, code.scopes, fault);
	code.grant = request->fresh.grant.id;
	if (rc == RC_OK)
		auth_row_put(batch, &code);
	return rc;
}

static void log_reuse(struct auth *auth, const struct auth_channel *channel,
    const struct request *request, const char *what)
{
	struct log_line line;
	log_begin(&line, auth->log, LOG_LEVEL_WARN, "token_reused");
	log_add_u64(&line, "session", channel->session_id);
	log_add(&line, "address", channel->peer_address);
	log_add_string(&line, "what", what);
	log_add(&line, "user", auth_name_view(&request->user));
	log_end(&line);
}

// After the change: gives the tokens, or says why not.
static enum rc conclude(struct auth *auth, const struct auth_channel *channel,
    struct request *request, enum rc rc, const char *what, struct fault *fault,
    struct auth_tokens *ret_tokens)
{
	auth_epoch_read(auth); // a grant may be gone
	if (rc == RC_OK && request->reused) {
		log_reuse(auth, channel, request, what);
		rc = fault_set(fault, RC_AUTH,
		    "the %s was used before, and all that it gave is revoked",
		    what);
	} else if (rc == RC_GONE || rc == RC_NOT_FOUND) {
		rc = fault_set(fault, RC_AUTH,
		    "the user or the client is not there any more");
	} else if (rc == RC_OK) {
		*ret_tokens = request->fresh.tokens;
	}
	OPENSSL_cleanse(&request->fresh.tokens, sizeof(request->fresh.tokens));
	return rc;
}

// RFC 7636 section 4.1: the characters that need no escape in a URL.
static bool is_verifier(struct view text)
{
	if (text.len < VERIFIER_MIN || text.len > VERIFIER_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!ascii_is_alnum(text.ptr[i]) &&
		    view_find_char(VIEW("-._~"), text.ptr[i]) == SIZE_MAX)
			return false;
	return true;
}

enum rc auth_code_redeem(struct auth *auth, const struct auth_channel *channel,
    struct view client, struct view code, struct view redirect_uri,
    struct view verifier, struct fault *fault, struct auth_tokens *ret_tokens)
{
	struct request request = {.auth = auth,
	    .client = client,
	    .now = clock_wall_seconds(auth->clock)};
	if (!auth_token_read(auth, code, &request.token) ||
	    request.token.kind != AUTH_KIND_CODE)
		return auth_oauth_refuse(auth, channel, code, fault);
	if (!is_verifier(verifier))
		return refuse(fault, "code_verifier is not that of the code");
	auth_sha256(redirect_uri, request.redirect);
	auth_sha256(verifier, request.verifier);
	enum rc rc = auth_grant_begin(auth, channel, &request.fresh);
	if (rc != RC_OK)
		return fault_set(fault, rc, "the system gives no random bytes");
	rc = engine_change(
	    auth->engine, AUTH_PARTITION, make_exchange, &request, fault);
	if (rc == RC_OK && !request.reused)
		auth_grant_log(auth, channel, &request.fresh);
	return conclude(auth, channel, &request, rc, "code", fault, ret_tokens);
}

// Whether the refresh token before the last one comes soon after it was
// replaced: the client did not get the answer.
static bool is_repeat(
    const struct request *request, const struct auth_credential *grant)
{
	return auth_hash_eq(grant->before, request->token.hash) &&
	       request->now - grant->rotated < AUTH_REFRESH_GRACE_SECONDS;
}

static enum rc rotate(struct request *request, struct engine_snapshot *from,
    struct engine_batch *batch, struct auth_credential *grant, bool repeat,
    struct fault *fault)
{
	struct auth_new_grant *fresh = &request->fresh;
	uint32_t scopes = request->scopes ? request->scopes : grant->scopes;
	if (scopes & ~grant->scopes)
		return fault_set(fault, RC_DENIED,
		    "the user has not allowed all of these scopes");
	fresh->grant.id = grant->id;
	enum rc rc = make_texts(request->auth, fresh, grant->account);
	if (rc != RC_OK)
		return rc;
	if (!repeat) {
		memcpy(grant->before, grant->hash, AUTH_HASH_LEN);
		grant->rotated = request->now;
	}
	memcpy(grant->hash, fresh->grant.hash, AUTH_HASH_LEN);
	fresh->grant.user = grant->user;
	rc = add_access(request->auth, from, batch, fresh, scopes, fault);
	if (rc == RC_OK)
		auth_row_put(batch, grant);
	return rc;
}

static enum rc make_refresh(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	struct request *request = context;
	const struct auth_token *token = &request->token;
	struct auth_credential grant;
	struct auth_row_key key = auth_row_of(token->account, token->id);
	request->reused = false;
	enum rc rc = auth_row_get(NULL, from, &key, &grant);
	if (rc == RC_NOT_FOUND ||
	    (rc == RC_OK && grant.kind != AUTH_KIND_GRANT))
		return refuse(fault, "the refresh token was revoked");
	if (rc != RC_OK)
		return rc;
	if (!is_of_client(&grant, request->client))
		return refuse(fault, "the refresh token is another client's");
	auth_uses_find(
	    request->auth->uses, grant.account, grant.id, &grant.used);
	if (!auth_credential_lives(&grant, request->now))
		return refuse(fault, "the refresh token has expired");
	bool repeat = is_repeat(request, &grant);
	if (!repeat && !auth_hash_eq(grant.hash, token->hash))
		return revoke_reused(request, from, batch, grant.id, &grant);
	return rotate(request, from, batch, &grant, repeat, fault);
}

enum rc auth_grant_refresh(struct auth *auth,
    const struct auth_channel *channel, struct view client, struct view refresh,
    uint32_t scopes, struct fault *fault, struct auth_tokens *ret_tokens)
{
	struct request request = {.auth = auth,
	    .client = client,
	    .scopes = scopes,
	    .now = clock_wall_seconds(auth->clock)};
	if (!auth_token_read(auth, refresh, &request.token) ||
	    request.token.kind != AUTH_KIND_GRANT)
		return auth_oauth_refuse(auth, channel, refresh, fault);
	enum rc rc = auth_grant_begin(auth, channel, &request.fresh);
	if (rc != RC_OK)
		return fault_set(fault, rc, "the system gives no random bytes");
	rc = engine_change(
	    auth->engine, AUTH_PARTITION, make_refresh, &request, fault);
	return conclude(
	    auth, channel, &request, rc, "refresh token", fault, ret_tokens);
}

// ---- Giving back (RFC 7009) ------------------------------------------------

static enum rc make_surrender(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	const struct request *request = context;
	const struct auth_token *token = &request->token;
	struct auth_credential grant;
	struct auth_row_key key = auth_row_of(token->account, token->id);
	struct auth_row_key access =
	    auth_row_of_access(token->account, token->id, token->hash);
	uint64_t epoch;
	(void)fault;
	enum rc rc = auth_row_get(NULL, from, &key, &grant);
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc != RC_OK || grant.kind != AUTH_KIND_GRANT ||
	    !is_of_client(&grant, request->client))
		return rc;
	if (token->kind == AUTH_KIND_ACCESS)
		engine_batch_delete(batch, auth_row_view(&access));
	else
		auth_row_drop(batch, grant.account, grant.id);
	return auth_epoch_raise(from, &grant.user, batch, &epoch);
}

enum rc auth_token_surrender(struct auth *auth, struct view client,
    struct view token, struct fault *fault)
{
	struct request request = {.auth = auth, .client = client};
	if (!auth_token_read(auth, token, &request.token) ||
	    (request.token.kind != AUTH_KIND_GRANT &&
		request.token.kind != AUTH_KIND_ACCESS))
		return RC_OK;
	enum rc rc = engine_change(
	    auth->engine, AUTH_PARTITION, make_surrender, &request, fault);
	auth_epoch_read(auth);
	return rc;
}

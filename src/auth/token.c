// SPDX-License-Identifier: Apache-2.0
#include "auth/token.h"

#include <openssl/crypto.h>

#include "auth/impl.h"
#include "auth/rows.h"
#include "auth/token_text.h"

// ---- Making ----------------------------------------------------------------

struct making {
	struct auth *auth;
	const struct auth_credential *credential;
};

static enum rc make_credential(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	const struct making *making = context;
	return auth_row_add(
	    making->auth, from, batch, making->credential, fault);
}

static enum rc store(struct auth *auth,
    const struct auth_credential *credential, struct fault *fault)
{
	struct making making = {auth, credential};
	enum rc rc = engine_change(
	    auth->engine, AUTH_PARTITION, make_credential, &making, fault);
	auth_epoch_read(auth); // another one may have had to go
	return rc;
}

void auth_credential_log(struct auth *auth, const struct auth_channel *channel,
    const struct auth_credential *credential)
{
	struct log_line line;
	struct buf scopes;
	buf_init(&scopes, 128);
	auth_scopes_write(credential->scopes, ',', &scopes);
	log_begin(&line, auth->log, LOG_LEVEL_INFO, "credential_made");
	log_add_u64(&line, "session", channel->session_id);
	log_add(&line, "address", channel->peer_address);
	log_add_string(&line, "kind", auth_kind_word(credential->kind));
	log_add_u64(&line, "id", credential->id);
	log_add(&line, "scopes", buf_view(&scopes));
	log_add(&line, "user", auth_name_view(&credential->user));
	log_end(&line);
	buf_done(&scopes);
}

void auth_credential_begin(struct auth *auth,
    const struct auth_channel *channel, const struct auth_user *user,
    enum auth_kind kind, struct auth_credential *ret_credential)
{
	struct view address = view_slice(
	    channel->peer_address, 0, sizeof(ret_credential->address) - 1);
	*ret_credential = (struct auth_credential){
	    .kind = kind,
	    .account = user->account,
	    .user = user->name,
	    .created = clock_wall_seconds(auth->clock),
	};
	if (address.len)
		memcpy(ret_credential->address, address.ptr, address.len);
}

static uint32_t shorter(uint32_t wanted, uint32_t most)
{
	return wanted != 0 && wanted < most ? wanted : most;
}

enum rc auth_session_open(struct auth *auth, const struct auth_channel *channel,
    const struct auth_user *user, const struct auth_session_order *order,
    struct fault *fault, struct auth_token_text *ret_token, uint64_t *ret_id)
{
	const struct auth_token_settings *settings = &auth->settings.tokens;
	bool pending = order->kind == AUTH_KIND_PENDING;
	uint32_t scopes = order->scopes ? order->scopes : AUTH_SCOPES_ALL;
	struct auth_credential session;
	auth_credential_begin(auth, channel, user,
	    pending ? AUTH_KIND_PENDING : AUTH_KIND_SESSION, &session);
	auth_credential_set_name(&session, order->name);
	session.scopes = pending ? AUTH_SCOPE_SECOND : scopes & AUTH_SCOPES_ALL;
	session.proved = session.created;
	session.idle_seconds = pending ? 0
				       : shorter(order->idle_seconds,
					     settings->session_idle_seconds);
	session.expires =
	    session.created + (pending ? AUTH_PENDING_SECONDS
				       : shorter(order->max_seconds,
					     settings->session_max_seconds));
	enum rc rc = auth_token_new_id(&session.id);
	if (rc == RC_OK)
		rc = auth_token_make(auth, session.kind, session.account,
		    session.id, ret_token, session.hash);
	if (rc != RC_OK)
		return fault_set(fault, rc, "the system gives no random bytes");
	rc = store(auth, &session, fault);
	if (rc != RC_OK) {
		auth_token_text_done(ret_token);
		return rc;
	}
	if (!pending)
		auth_credential_log(auth, channel, &session);
	*ret_id = session.id;
	return RC_OK;
}

struct proving {
	uint64_t account;
	uint64_t id;
	int64_t now;
};

static enum rc make_proof(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	const struct proving *proving = context;
	struct auth_credential session;
	struct auth_row_key key = auth_row_of(proving->account, proving->id);
	enum rc rc = auth_row_get(NULL, from, &key, &session);
	if (rc == RC_OK && session.kind != AUTH_KIND_SESSION)
		rc = RC_NOT_FOUND;
	if (rc != RC_OK)
		return fault_set(fault, rc, "there is no such session");
	session.proved = proving->now;
	auth_row_put(batch, &session);
	return RC_OK;
}

enum rc auth_session_prove(
    struct auth *auth, uint64_t account, uint64_t id, struct fault *fault)
{
	struct proving proving = {account, id, clock_wall_seconds(auth->clock)};
	return engine_change(
	    auth->engine, AUTH_PARTITION, make_proof, &proving, fault);
}

enum rc auth_app_password_make(struct auth *auth,
    const struct auth_channel *channel, const struct auth_user *user,
    const struct auth_app_password_order *order, struct fault *fault,
    struct auth_token_text *ret_password, uint64_t *ret_id)
{
	struct auth_credential made;
	if (auth->settings.tokens.no_app_passwords)
		return fault_set(fault, RC_DENIED,
		    "this server gives no application passwords");
	auth_credential_begin(
	    auth, channel, user, AUTH_KIND_APP_PASSWORD, &made);
	auth_credential_set_name(&made, order->name);
	made.scopes = order->scopes & AUTH_SCOPES_MAIL;
	made.expires = order->expires;
	if (made.name[0] == '\0')
		return fault_set(
		    fault, RC_INVALID, "an application password needs a name");
	if (made.scopes == 0 || made.scopes != order->scopes)
		return fault_set(fault, RC_INVALID,
		    "an application password is for imap, pop3, smtp or jmap");
	if (made.expires != 0 && made.expires <= made.created)
		return fault_set(fault, RC_INVALID,
		    "an application password cannot end before it begins");
	enum rc rc = auth_app_password_new(
	    made.account, ret_password, &made.id, made.hash);
	if (rc != RC_OK)
		return fault_set(fault, rc, "the system gives no random bytes");
	rc = store(auth, &made, fault);
	if (rc != RC_OK) {
		auth_token_text_done(ret_password);
		return rc;
	}
	auth_credential_log(auth, channel, &made);
	*ret_id = made.id;
	return RC_OK;
}

// ---- Application passwords -------------------------------------------------

enum rc auth_try_app_password(
    const struct auth_try *try, struct view password, struct auth_user *user)
{
	struct auth *auth = try->auth;
	struct auth_credential found;
	unsigned char hash[AUTH_HASH_LEN];
	uint64_t id;
	if (!auth_app_password_read(user->account, password, &id, hash))
		return RC_NOT_FOUND;
	struct auth_row_key key = auth_row_of(user->account, id);
	enum rc rc = auth_row_get(auth->engine, NULL, &key, &found);
	if (rc != RC_OK || found.kind != AUTH_KIND_APP_PASSWORD ||
	    !auth_hash_eq(hash, found.hash))
		return RC_NOT_FOUND;
	if (!auth_credential_lives(&found, clock_wall_seconds(auth->clock)))
		return RC_GONE;
	if (!(found.scopes & try->channel->scopes))
		return RC_DENIED;
	user->credential = found.id;
	user->scopes = found.scopes;
	return RC_OK;
}

// ---- Tokens ----------------------------------------------------------------

// Reads the token's record, and the user's. RC_GONE: the token was revoked.
// RC_AUTH: the user is disabled.
static enum rc read_entry(struct auth *auth, const struct auth_token *token,
    struct auth_token_entry *entry)
{
	struct auth_credential found = {0};
	struct auth_record record;
	struct auth_use use;
	bool access = token->kind == AUTH_KIND_ACCESS;
	struct auth_row_key key =
	    access ? auth_row_of_access(token->account, token->id, token->hash)
		   : auth_row_of(token->account, token->id);
	entry->user = (struct auth_user){.seen = auth_epoch(auth)};
	enum rc rc = auth_row_get(auth->engine, NULL, &key, &found);
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? RC_GONE : rc;
	if (found.kind != token->kind || !auth_hash_eq(found.hash, token->hash))
		return RC_GONE;
	rc = auth_directory_lookup(auth->engine, auth_name_view(&found.user),
	    &entry->user.name, &record);
	if (rc == RC_OK && record.account == token->account) {
		entry->user.account = record.account;
		entry->user.epoch = record.epoch;
	} else if (rc == RC_OK || rc == RC_NOT_FOUND) {
		rc = RC_GONE;
	}
	bool disabled = rc == RC_OK && record.disabled;
	OPENSSL_cleanse(&record, sizeof(record));
	if (rc != RC_OK)
		return rc;
	auth_uses_find(auth->uses, token->account, token->id, &use);
	memcpy(entry->hash, token->hash, AUTH_HASH_LEN);
	entry->user.credential = found.id;
	entry->user.scopes = found.scopes;
	entry->kind = found.kind;
	entry->expires = found.expires;
	entry->idle_seconds = found.idle_seconds;
	entry->used = use.last > found.created ? use.last : found.created;
	return disabled ? RC_AUTH : RC_OK;
}

// Whether it was checked lately, and nobody was shut out since.
static bool is_remembered(struct auth *auth, const struct auth_token *token,
    struct auth_token_entry *entry)
{
	return auth_token_cache_find(auth->tokens, token->hash, entry) &&
	       entry->kind == token->kind &&
	       entry->user.seen == auth_epoch(auth);
}

static bool has_expired(const struct auth_token_entry *entry, int64_t now)
{
	return (entry->expires != 0 && now >= entry->expires) ||
	       (entry->idle_seconds != 0 &&
		   now - entry->used >= entry->idle_seconds);
}

bool auth_token_was_tried(struct auth *auth, struct view token)
{
	struct auth_cache *wrong = auth->wrong;
	struct auth_cache_tag tag;
	if (!auth_cache_tag(wrong, VIEW(""), VIEW("token"), token, &tag))
		return false;
	if (auth_cache_has(wrong, &tag))
		return true;
	auth_cache_add(wrong, &tag);
	return false;
}

static enum rc judge(struct auth_try *try, const struct auth_token_entry *entry,
    enum rc rc, struct view authzid, enum auth_reason *ret_reason)
{
	int64_t now = clock_wall_seconds(try->auth->clock);
	*ret_reason = AUTH_REASON_UNAVAILABLE;
	if (rc == RC_GONE || (rc == RC_OK && has_expired(entry, now))) {
		*ret_reason = AUTH_REASON_EXPIRED;
		return RC_AUTH;
	}
	if (rc == RC_AUTH)
		*ret_reason = AUTH_REASON_DISABLED;
	if (rc != RC_OK)
		return rc;
	if (!(entry->user.scopes & try->channel->scopes)) {
		*ret_reason = AUTH_REASON_SCOPE;
		return RC_DENIED;
	}
	if (!auth_try_is_same(try, authzid)) {
		*ret_reason = AUTH_REASON_AUTHZID;
		return RC_DENIED;
	}
	*ret_reason = AUTH_REASON_NONE;
	return RC_OK;
}

static enum rc try_token(struct auth_try *try, enum auth_kind kind,
    struct view authzid, struct view text, struct auth_user *ret_user,
    struct auth_verdict *ret_verdict)
{
	struct auth *auth = try->auth;
	struct auth_token token;
	struct auth_token_entry entry = {.user = {0}};
	enum auth_reason reason;
	if (!auth_channel_is_private(try->channel))
		return auth_try_refuse(
		    try, RC_DENIED, AUTH_REASON_PRIVACY, ret_verdict);
	bool fits = auth_token_parse(text, &token) && token.kind == kind;
	bool remembered = fits && is_remembered(auth, &token, &entry);
	// What is remembered was ours, so its MAC need not be computed again.
	if (!fits || (!remembered && !auth_token_is_ours(auth, &token))) {
		try->again = auth_token_was_tried(auth, text);
		return auth_try_refuse(
		    try, RC_AUTH, AUTH_REASON_TOKEN, ret_verdict);
	}
	enum rc rc = remembered ? RC_OK : read_entry(auth, &token, &entry);
	OPENSSL_cleanse(token.bytes, sizeof(token.bytes));
	if (entry.user.account != 0)
		try->given = try->name = entry.user.name;
	rc = judge(try, &entry, rc, authzid, &reason);
	if (rc != RC_OK)
		return auth_try_refuse(try, rc, reason, ret_verdict);
	entry.used = clock_wall_seconds(auth->clock);
	if (kind != AUTH_KIND_PENDING)
		auth_token_cache_put(auth->tokens, &entry);
	*ret_user = entry.user;
	return RC_OK;
}

enum rc auth_try_token(struct auth_try *try, enum auth_kind kind,
    struct view authzid, struct view token, struct auth_user *ret_user,
    struct auth_verdict *ret_verdict)
{
	enum rc rc;
	*ret_verdict = (struct auth_verdict){.reason = AUTH_REASON_NONE};
	if (!auth_try_begin(try, &rc, ret_verdict))
		return rc;
	return try_token(try, kind, authzid, token, ret_user, ret_verdict);
}

static const char *mechanism_of(enum auth_kind kind)
{
	return kind == AUTH_KIND_ACCESS ? "bearer" : "cookie";
}

enum rc auth_token_verify(struct auth *auth, const struct auth_channel *channel,
    enum auth_kind kind, struct view token, struct auth_user *ret_user,
    struct auth_verdict *ret_verdict)
{
	struct auth_try try = {
	    .auth = auth, .channel = channel, .mechanism = mechanism_of(kind)};
	enum rc rc =
	    auth_try_token(&try, kind, VIEW(""), token, ret_user, ret_verdict);
	if (rc == RC_OK && kind != AUTH_KIND_PENDING)
		auth_try_note(&try, ret_user);
	else if (rc == RC_OK && channel->turn)
		channel->turn->began = false;
	return rc;
}

// SPDX-License-Identifier: Apache-2.0
// Requests about what users log in with besides the password
// (auth/credential.h) and about their second factors.
#include "admin/verbs.h"
#include "auth/second.h"
#include "auth/token.h"
#include "base/mem.h"

#define DAY_SECONDS 86400

static enum rc find_user(const struct verb_call *call, struct fault *fault,
    struct auth_user *ret_user)
{
	struct view name = link_member(call->request, "user");
	enum rc rc = auth_user_find(call->host->auth, name, ret_user);
	if (rc == RC_NOT_FOUND)
		return fault_set(
		    fault, rc, "there is no user %.*s", VIEW_FMT(name));
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "user %.*s: %s", VIEW_FMT(name), rc_text(rc));
	return rc;
}

// ---- List ------------------------------------------------------------------

static void add_text(json_t *note, const char *key, const char *text)
{
	if (text[0])
		json_object_set_new(note, key, link_text(view_of_string(text)));
}

static enum rc send_credential(
    void *context, const struct auth_credential *credential)
{
	const struct verb_call *call = context;
	struct buf scopes;
	json_t *note = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I}", "note",
	    "credential", "kind", auth_kind_word(credential->kind), "id",
	    (json_int_t)credential->id, "created",
	    (json_int_t)credential->created, "expires",
	    (json_int_t)credential->expires, "last",
	    (json_int_t)credential->used.last);
	buf_init(&scopes, 128);
	auth_scopes_write(credential->scopes, ',', &scopes);
	json_object_set_new(note, "for", link_text(buf_view(&scopes)));
	buf_done(&scopes);
	add_text(note, "name", credential->name);
	add_text(note, "address", credential->used.address);
	add_text(note, "protocol", credential->used.protocol);
	return link_send(call->link, note, VIEW(""));
}

static enum rc tell_second(
    struct verb_call *call, const struct auth_user *user, struct fault *fault)
{
	struct auth_second *second = mem_zalloc(sizeof(*second));
	enum rc rc = auth_second_get(call->host->auth, user->account, second);
	if (rc == RC_OK) {
		json_object_set_new(
		    call->answer, "app", json_boolean(second->totp));
		json_object_set_new(call->answer, "passkeys",
		    json_integer((json_int_t)second->passkey_count));
		json_object_set_new(call->answer, "recovery_codes",
		    json_integer((json_int_t)second->recovery_count));
	} else {
		fault_set(fault, rc, "the second factor of %s: %s",
		    user->name.text, rc_text(rc));
	}
	explicit_bzero(second, sizeof(*second));
	free(second);
	return rc;
}

enum rc verb_user_credentials(struct verb_call *call, struct fault *fault)
{
	struct auth_user user;
	enum rc rc = find_user(call, fault, &user);
	if (rc != RC_OK)
		return rc;
	rc = auth_credentials_list(
	    call->host->auth, user.account, send_credential, call);
	if (rc != RC_OK)
		return fault_set(fault, rc, "the credentials of %s: %s",
		    user.name.text, rc_text(rc));
	return tell_second(call, &user, fault);
}

// ---- Revoke ----------------------------------------------------------------

enum rc verb_user_revoke(struct verb_call *call, struct fault *fault)
{
	struct auth *auth = call->host->auth;
	struct view what = link_member(call->request, "what");
	struct auth_user user;
	uint64_t id;
	size_t count = 1;
	enum rc rc = find_user(call, fault, &user);
	if (rc != RC_OK)
		return rc;
	if (view_eq(what, VIEW("second-factor")))
		return auth_second_reset(auth, &user, fault);
	if (view_eq(what, VIEW("all")))
		rc = auth_credentials_revoke(
		    auth, user.account, AUTH_KINDS_ALL, 0, fault, &count);
	else if (view_to_u64(what, &id))
		rc = auth_credential_revoke(auth, user.account, id, fault);
	else
		return fault_set(fault, RC_INVALID,
		    "\"%.*s\" is neither an id nor all nor second-factor",
		    VIEW_FMT(what));
	if (rc == RC_OK)
		json_object_set_new(
		    call->answer, "revoked", json_integer((json_int_t)count));
	return rc;
}

// ---- A new application password --------------------------------------------

static enum rc read_order(struct verb_call *call, struct fault *fault,
    struct auth_app_password_order *order)
{
	const json_t *request = call->request;
	struct view scopes = link_member(request, "for");
	json_int_t days = json_integer_value(json_object_get(request, "days"));
	order->name = link_member(request, "name");
	order->scopes = AUTH_SCOPES_MAIL;
	if (order->name.len > AUTH_CREDENTIAL_NAME_MAX)
		return fault_set(fault, RC_LIMIT,
		    "the label has more than %d bytes",
		    AUTH_CREDENTIAL_NAME_MAX);
	if (scopes.len > 0 && auth_scopes_read(scopes, &order->scopes) != RC_OK)
		return fault_set(fault, RC_INVALID,
		    "an application password is for imap, pop3, smtp or jmap, "
		    "not for \"%.*s\"",
		    VIEW_FMT(scopes));
	if (days < 0 || days > 36500)
		return fault_set(fault, RC_INVALID,
		    "an application password lasts for 1 to 36500 days");
	if (days > 0)
		order->expires = clock_wall_seconds(NULL) + days * DAY_SECONDS;
	return RC_OK;
}

enum rc verb_user_app_password(struct verb_call *call, struct fault *fault)
{
	struct auth_channel channel = {
	    .protocol = "admin", .peer_address = VIEW("")};
	struct auth_app_password_order order = {.expires = 0};
	struct auth_token_text text;
	struct auth_user user;
	uint64_t id;
	enum rc rc = find_user(call, fault, &user);
	if (rc == RC_OK)
		rc = read_order(call, fault, &order);
	if (rc == RC_OK)
		rc = auth_app_password_make(call->host->auth, &channel, &user,
		    &order, fault, &text, &id);
	if (rc != RC_OK)
		return rc;
	json_object_set_new(
	    call->answer, "password", link_text(view_of_string(text.text)));
	json_object_set_new(call->answer, "id", json_integer((json_int_t)id));
	auth_token_text_done(&text);
	return RC_OK;
}

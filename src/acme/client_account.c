// SPDX-License-Identifier: Apache-2.0
// Directory, nonces, account, renewal information.
#include "acme/client_state.h"
#include "acme/jws.h"
#include "wire/base64url.h"

#define EAB_MAX ((size_t)16384)

// ---- Directory (RFC 8555 section 7.1.1) ------------------------------------

const char *acme_ask_directory(struct acme_client *client)
{
	return client->settings.directory;
}

// What the job does first.
static enum acme_state begin(const struct acme_client *client)
{
	if (client->job.count == 0)
		return ACME_STATE_RENEWAL_INFO;
	if (!client->account[0])
		return ACME_STATE_ACCOUNT;
	if (!client->contact_known)
		return ACME_STATE_CONTACT;
	return client->order[0] ? ACME_STATE_ORDER : ACME_STATE_NEW_ORDER;
}

void acme_take_directory(
    struct acme_client *client, const struct acme_taken *taken)
{
	const json_t *meta = json_object_get(taken->json, "meta");
	const char *terms =
	    json_string_value(json_object_get(meta, "termsOfService"));
	client->terms[0] = '\0';
	client->renewal_info[0] = '\0';
	if (!acme_client_url(taken->json, "newNonce", client->new_nonce) ||
	    !acme_client_url(taken->json, "newAccount", client->new_account) ||
	    !acme_client_url(taken->json, "newOrder", client->new_order)) {
		acme_client_fail(client, ACME_UNREACHABLE,
		    "%s is not the directory of a certificate authority: "
		    "correct acme_directory",
		    client->settings.directory);
		return;
	}
	if (json_object_get(taken->json, "renewalInfo") &&
	    !acme_client_url(taken->json, "renewalInfo", client->renewal_info))
		client->renewal_info[0] = '\0';
	if (terms)
		snprintf(client->terms, sizeof(client->terms), "%s", terms);
	client->external_required =
	    json_is_true(json_object_get(meta, "externalAccountRequired"));
	if (client->job.count == 0 &&
	    (!client->renewal_info[0] || !client->job.replaces))
		acme_client_done(client);
	else
		client->state = begin(client);
}

// ---- Renewal information (RFC 9773 section 4) ------------------------------

const char *acme_ask_renewal_info(struct acme_client *client)
{
	size_t len = strlen(client->renewal_info);
	bool slash = len > 0 && client->renewal_info[len - 1] == '/';
	snprintf(client->url, sizeof(client->url), "%s%s%s",
	    client->renewal_info, slash ? "" : "/", client->job.replaces);
	return client->url;
}

static bool read_time(const json_t *window, const char *key, int64_t *ret_time)
{
	const char *text = json_string_value(json_object_get(window, key));
	return text && acme_time_read(view_of_string(text), ret_time) == RC_OK;
}

void acme_take_renewal_info(
    struct acme_client *client, const struct acme_taken *taken)
{
	struct acme_window window;
	struct acme_result *result = &client->result;
	const json_t *json = json_object_get(taken->json, "suggestedWindow");
	const char *page =
	    json_string_value(json_object_get(taken->json, "explanationURL"));
	if (!read_time(json, "start", &window.start) ||
	    !read_time(json, "end", &window.end) ||
	    window.end <= window.start) {
		acme_client_fail(client, ACME_UNREACHABLE,
		    "the authority's renewal information has no window");
		return;
	}
	result->window = window;
	result->retry_after = acme_retry_after(taken->answer->retry_after,
	    clock_wall_seconds(client->settings.clock));
	if (page)
		snprintf(client->explanation, sizeof(client->explanation), "%s",
		    page);
	acme_client_done(client);
}

// ---- Nonces (RFC 8555 section 7.2) -----------------------------------------

const char *acme_ask_nonce(struct acme_client *client)
{
	return client->new_nonce;
}

void acme_take_nonce(struct acme_client *client, const struct acme_taken *taken)
{
	(void)taken;
	if (!client->nonce[0])
		acme_client_fail(client, ACME_UNREACHABLE,
		    "the authority gives no nonce (Replay-Nonce)");
}

// ---- Account (RFC 8555 section 7.3) ----------------------------------------

static json_t *contacts(const struct acme_client *client)
{
	json_t *all = json_array();
	struct view rest = view_of_string(client->settings.contact), one;
	while (view_split(&rest, ' ', &one)) {
		char text[512];
		if (one.len == 0)
			continue;
		snprintf(text, sizeof(text), "mailto:%.*s", VIEW_FMT(one));
		json_array_append_new(all, json_string(text));
	}
	return all;
}

// RFC 8555 section 7.3.4: our public key, signed with the key that the
// authority gave.
static json_t *external_account(const struct acme_client *client)
{
	struct buf jwk, out;
	buf_init(&jwk, EAB_MAX);
	buf_init(&out, EAB_MAX);
	acme_jwk(client->settings.account_key, &jwk);
	acme_jws_hs256(client->settings.eab_key,
	    &(struct acme_jws_head){.url = client->new_account,
		.account = client->settings.eab_key_id},
	    buf_view(&jwk), &out);
	json_t *json = json_loadb(out.ptr ? out.ptr : "", out.len, 0, NULL);
	buf_done(&jwk);
	buf_done(&out);
	return json;
}

const char *acme_ask_account(struct acme_client *client)
{
	json_t *payload = json_pack("{s:b, s:o}", "termsOfServiceAgreed", true,
	    "contact", contacts(client));
	if (client->settings.eab_key_id[0])
		json_object_set_new(payload, "externalAccountBinding",
		    external_account(client));
	acme_client_sign_json(client, client->new_account, payload);
	return client->new_account;
}

void acme_take_account(
    struct acme_client *client, const struct acme_taken *taken)
{
	struct view url = taken->answer->location;
	const char *status =
	    json_string_value(json_object_get(taken->json, "status"));
	json_t *holder =
	    json_pack("{s:s%}", "url", url.ptr ? url.ptr : "", url.len);
	bool good = acme_client_url(holder, "url", client->account);
	json_decref(holder);
	if (!good) {
		client->account[0] = '\0';
		acme_client_fail(client, ACME_UNREACHABLE,
		    "the authority gives no address for the account");
		return;
	}
	if (!status || strcmp(status, "valid") != 0) {
		client->account[0] = '\0';
		acme_client_fail(client, ACME_REFUSED,
		    "the account at the authority is %s: remove the file "
		    "account.pem to make another",
		    status ? status : "not valid");
		return;
	}
	// Status 200: there was one for this key, perhaps with another contact.
	client->contact_known = taken->answer->status == 201;
	client->state = begin(client);
}

// RFC 8555 section 7.3.2.
const char *acme_ask_contact(struct acme_client *client)
{
	acme_client_sign_json(client, client->account,
	    json_pack("{s:o}", "contact", contacts(client)));
	return client->account;
}

void acme_take_contact(
    struct acme_client *client, const struct acme_taken *taken)
{
	(void)taken;
	client->contact_known = true;
	client->state = begin(client);
}

// SPDX-License-Identifier: Apache-2.0
// An order: its authorizations, its challenges, its certificate (RFC 8555
// section 7.4 to 7.5).
#include "acme/client_state.h"
#include "acme/jws.h"
#include "base/mem.h"
#include "wire/base64url.h"

#define CSR_MAX   ((size_t)64 << 10)
#define TOKEN_MAX 256
#define KEY_MAX   512

static const char *status_of(const json_t *json)
{
	const char *text = json_string_value(json_object_get(json, "status"));
	return text ? text : "";
}

static bool is_status(const json_t *json, const char *status)
{
	return strcmp(status_of(json), status) == 0;
}

// ---- The order -------------------------------------------------------------

const char *acme_ask_new_order(struct acme_client *client)
{
	json_t *all = json_array();
	for (size_t i = 0; i < client->job.count; i++)
		json_array_append_new(
		    all, json_pack("{s:s, s:s}", "type", "dns", "value",
			     client->job.names[i]));
	json_t *payload = json_pack("{s:o}", "identifiers", all);
	// RFC 9773 section 5: only to an authority that knows it.
	if (client->job.replaces && client->renewal_info[0] &&
	    !client->replaces_refused)
		json_object_set_new(
		    payload, "replaces", json_string(client->job.replaces));
	acme_client_sign_json(client, client->new_order, payload);
	return client->new_order;
}

const char *acme_ask_order(struct acme_client *client)
{
	acme_client_sign(client, client->order, VIEW(""));
	return client->order;
}

static void go_on(struct acme_client *client, enum acme_state state)
{
	client->state = state;
	client->polls = 0;
	client->at = 0;
}

// Reads the addresses of the authorizations: one for each name.
static bool take_authorizations(struct acme_client *client, const json_t *json)
{
	const json_t *all = json_object_get(json, "authorizations");
	size_t count = json_array_size(all);
	if (count == 0 || count > ACME_NAMES_MAX)
		return false;
	for (size_t i = 0; i < count; i++) {
		char url[ACME_URL_MAX];
		json_t *holder = json_object();
		json_object_set(holder, "url", json_array_get(all, i));
		bool good = acme_client_url(holder, "url", url);
		json_decref(holder);
		if (!good)
			return false;
		struct acme_authorization *one =
		    &client->authorizations[client->authorization_count++];
		one->url = mem_strdup(url);
		buf_init(&one->key_authorization, KEY_MAX);
	}
	return true;
}

static void take_pending(
    struct acme_client *client, const struct acme_taken *taken)
{
	if (client->authorization_count > 0) {
		// All challenges are met; the order will be ready soon.
		client->state = ACME_STATE_ORDER;
		acme_client_poll(client, taken->answer);
		return;
	}
	if (take_authorizations(client, taken->json))
		go_on(client, ACME_STATE_AUTHORIZATION);
	else
		acme_client_fail(client, ACME_UNREACHABLE,
		    "the authority's order has no list of authorizations");
}

static void take_invalid(
    struct acme_client *client, const struct acme_taken *taken)
{
	const json_t *error = json_object_get(taken->json, "error");
	if (client->resumed) {
		acme_client_drop_order(client);
		client->state = ACME_STATE_NEW_ORDER;
	} else if (error) {
		acme_client_fail_problem(client, error, 0, NULL);
	} else {
		acme_client_fail(client, ACME_REFUSED,
		    "the authority has refused the order, and gives no reason");
	}
}

void acme_take_order(struct acme_client *client, const struct acme_taken *taken)
{
	const json_t *json = taken->json;
	struct view location = taken->answer->location;
	if (client->state == ACME_STATE_NEW_ORDER) {
		json_t *holder = json_pack("{s:s%}", "url",
		    location.ptr ? location.ptr : "", location.len);
		bool good = acme_client_url(holder, "url", client->order);
		json_decref(holder);
		if (!good) {
			client->order[0] = '\0';
			acme_client_fail(client, ACME_UNREACHABLE,
			    "the authority gives no address for the order");
			return;
		}
	}
	if (!acme_client_url(json, "finalize", client->finalize)) {
		acme_client_fail(client, ACME_UNREACHABLE,
		    "the authority's order has no address to finish it at");
	} else if (is_status(json, "pending")) {
		take_pending(client, taken);
	} else if (is_status(json, "ready")) {
		go_on(client, ACME_STATE_FINALIZE);
	} else if (is_status(json, "processing")) {
		client->state = ACME_STATE_ORDER;
		acme_client_poll(client, taken->answer);
	} else if (!is_status(json, "valid")) {
		take_invalid(client, taken);
	} else if (!acme_client_url(json, "certificate", client->certificate)) {
		acme_client_fail(client, ACME_UNREACHABLE,
		    "the authority gives no address for the certificate");
	} else {
		go_on(client, ACME_STATE_CERTIFICATE);
	}
}

// ---- Authorizations (RFC 8555 section 7.5) ---------------------------------

const char *acme_ask_authorization(struct acme_client *client)
{
	const char *url = client->authorizations[client->at].url;
	acme_client_sign(client, url, VIEW(""));
	return url;
}

static enum acme_challenge_kind kind_of(const json_t *challenge)
{
	const char *type =
	    json_string_value(json_object_get(challenge, "type"));
	if (type && strcmp(type, "http-01") == 0)
		return ACME_HTTP_01;
	if (type && strcmp(type, "tls-alpn-01") == 0)
		return ACME_TLS_ALPN_01;
	return 0;
}

// RFC 8555 section 8.3: the token becomes a part of a path, so it may have no
// other characters.
static bool is_token(const char *text)
{
	size_t len = text ? strlen(text) : 0;
	return len > 0 && len <= TOKEN_MAX && base64url_is(view_of(text, len));
}

// The first challenge that we can answer. Returns false if there is none.
static bool choose(struct acme_client *client, const json_t *json,
    struct acme_authorization *one)
{
	const json_t *all = json_object_get(json, "challenges");
	char url[ACME_URL_MAX];
	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *challenge = json_array_get(all, i);
		enum acme_challenge_kind kind = kind_of(challenge);
		const char *token =
		    json_string_value(json_object_get(challenge, "token"));
		if (!(kind & client->settings.challenges) || !is_token(token) ||
		    !acme_client_url(challenge, "url", url))
			continue;
		one->kind = kind;
		one->token = mem_strdup(token);
		one->challenge_url = mem_strdup(url);
		one->open = true;
		one->answered = is_status(challenge, "processing");
		acme_key_authorization(client->settings.account_key,
		    view_of_string(token), &one->key_authorization);
		return true;
	}
	return false;
}

// Tells what the authority said about the challenge that failed.
static void fail_authorization(struct acme_client *client, const json_t *json,
    const struct acme_authorization *one)
{
	const json_t *all = json_object_get(json, "challenges");
	const json_t *error = NULL;
	struct acme_problem problem;
	for (size_t i = 0; i < json_array_size(all) && !error; i++)
		error = json_object_get(json_array_get(all, i), "error");
	acme_problem_read(error, &problem);
	if (!error)
		acme_text(
		    problem.text, "the authorization is %s", status_of(json));
	acme_client_fail_name(client, one->name, &problem);
}

static void next_authorization(struct acme_client *client)
{
	if (++client->at < client->authorization_count)
		return;
	if (client->result.failed_count > 0 && client->job.count == 1)
		acme_client_fail(
		    client, ACME_NAMES_FAILED, "%s", client->failed[0].text);
	else
		go_on(client, ACME_STATE_PRESENT);
}

static bool is_over(const json_t *json)
{
	return is_status(json, "invalid") || is_status(json, "deactivated") ||
	       is_status(json, "expired") || is_status(json, "revoked");
}

void acme_take_authorization(
    struct acme_client *client, const struct acme_taken *taken)
{
	struct acme_authorization *one = &client->authorizations[client->at];
	const json_t *json = taken->json;
	one->name = acme_client_name(client,
	    json_string_value(
		json_object_get(json_object_get(json, "identifier"), "value")));
	if (!one->name) {
		acme_client_fail(client, ACME_UNREACHABLE,
		    "the authority's order is for other names");
		return;
	}
	if (is_over(json))
		fail_authorization(client, json, one);
	else if (!is_status(json, "valid") && !choose(client, json, one))
		acme_client_fail_name(client, one->name,
		    &(struct acme_problem){
			.text =
			    "the authority offers no challenge that the "
			    "listeners "
			    "can answer: add an http or https listener, see "
			    "acme_challenge"});
	next_authorization(client);
}

// ---- Challenges ------------------------------------------------------------

const char *acme_ask_response(struct acme_client *client)
{
	const char *url = client->authorizations[client->at].challenge_url;
	acme_client_sign(client, url, VIEW("{}"));
	return url;
}

// Goes to the next authorization whose challenge is open, and answered or not.
// Returns false if there is none.
static bool find_open(struct acme_client *client, bool answered)
{
	while (client->at < client->authorization_count) {
		const struct acme_authorization *one =
		    &client->authorizations[client->at];
		if (one->open && one->answered == answered)
			return true;
		client->at++;
	}
	return false;
}

void acme_client_respond(struct acme_client *client)
{
	go_on(client, ACME_STATE_RESPONSE);
	if (find_open(client, false))
		return;
	go_on(client, ACME_STATE_OUTCOME);
	if (find_open(client, true))
		return;
	if (client->result.failed_count > 0)
		acme_client_fail(client, ACME_NAMES_FAILED, "%s: %s",
		    client->failed[0].name, client->failed[0].text);
	else
		go_on(client, ACME_STATE_ORDER);
}

void acme_take_response(
    struct acme_client *client, const struct acme_taken *taken)
{
	client->authorizations[client->at].answered = true;
	acme_client_respond(client);
	if (client->state == ACME_STATE_OUTCOME)
		acme_client_poll(client, taken->answer);
}

void acme_take_outcome(
    struct acme_client *client, const struct acme_taken *taken)
{
	struct acme_authorization *one = &client->authorizations[client->at];
	if (!is_over(taken->json) && !is_status(taken->json, "valid")) {
		acme_client_poll(client, taken->answer);
		return;
	}
	if (is_over(taken->json))
		fail_authorization(client, taken->json, one);
	one->open = false;
	acme_client_respond(client);
}

// ---- The certificate -------------------------------------------------------

const char *acme_ask_finalize(struct acme_client *client)
{
	struct buf der, text;
	buf_init(&der, CSR_MAX);
	buf_init(&text, 2 * CSR_MAX);
	// The names were checked before; the authority refuses an empty
	// request.
	enum rc rc = acme_csr(
	    client->job.key, client->job.names, client->job.count, &der);
	if (rc == RC_OK)
		base64url_encode(buf_view(&der), &text);
	buf_add_char(&text, '\0');
	acme_client_sign_json(client, client->finalize,
	    json_pack("{s:s}", "csr", text.ptr ? text.ptr : ""));
	buf_done(&der);
	buf_done(&text);
	return client->finalize;
}

const char *acme_ask_certificate(struct acme_client *client)
{
	acme_client_sign(client, client->certificate, VIEW(""));
	return client->certificate;
}

void acme_take_certificate(
    struct acme_client *client, const struct acme_taken *taken)
{
	struct fault fault;
	struct view chain = taken->answer->body;
	if (acme_chain_check(chain, client->job.key, client->job.names,
		client->job.count, &fault) != RC_OK) {
		acme_client_fail(client, ACME_REFUSED, "%s", fault.text);
		return;
	}
	buf_add(&client->chain, chain);
	acme_client_done(client);
}

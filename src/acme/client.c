// SPDX-License-Identifier: Apache-2.0
// The frame of the dialogue: steps, nonces, waits, problems. What is asked in
// each state is in client_account.c and client_order.c.
#include "acme/client.h"

#include <stdarg.h>

#include "acme/client_state.h"
#include "acme/jws.h"
#include "base/ascii.h"
#include "base/mem.h"

#define BODY_MAX ((size_t)1 << 20)
// RFC 8555 section 6.5: a refused nonce is no failure.
#define NONCES_BAD_MAX 30
// Of one job.
#define REQUESTS_MAX 5000
#define WAITED_MAX   1800 // seconds
// Seconds between two looks at what the authority is working on.
#define POLL_FIRST 1
#define POLL_LAST  30

struct acme_client *acme_client_new(const struct acme_settings *settings)
{
	struct acme_client *client = mem_zalloc(sizeof(*client));
	client->settings = *settings;
	client->state = ACME_STATE_DONE;
	if (strlen(settings->account) < sizeof(client->account))
		memcpy(client->account, settings->account,
		    strlen(settings->account) + 1);
	client->contact_known =
	    strcmp(settings->contact, settings->account_contact) == 0;
	buf_init(&client->body, BODY_MAX);
	buf_init(&client->chain, ACME_PEM_MAX);
	return client;
}

static void drop_authorizations(struct acme_client *client)
{
	for (size_t i = 0; i < client->authorization_count; i++) {
		struct acme_authorization *one = &client->authorizations[i];
		free(one->url);
		free(one->challenge_url);
		free(one->token);
		buf_done(&one->key_authorization);
	}
	memset(client->authorizations, 0, sizeof(client->authorizations));
	client->authorization_count = 0;
	client->at = 0;
}

void acme_client_drop_order(struct acme_client *client)
{
	drop_authorizations(client);
	client->order[0] = '\0';
	client->finalize[0] = '\0';
	client->certificate[0] = '\0';
	client->resumed = false;
}

void acme_client_free(struct acme_client **client)
{
	struct acme_client *gone = *client;
	*client = NULL;
	if (!gone)
		return;
	drop_authorizations(gone);
	buf_done(&gone->body);
	buf_done(&gone->chain);
	free(gone);
}

void acme_client_begin(struct acme_client *client, const struct acme_job *job)
{
	acme_client_drop_order(client);
	client->job = *job;
	client->state = ACME_STATE_DIRECTORY;
	client->replaces_refused = false;
	client->account_renewed = false;
	client->wait = client->waited = client->polls = 0;
	client->requests = client->nonces_bad = 0;
	client->explanation[0] = '\0';
	buf_reset(&client->chain);
	client->result = (struct acme_result){
	    .failed = client->failed, .explanation = client->explanation};
	if (job->order && strlen(job->order) < sizeof(client->order)) {
		memcpy(client->order, job->order, strlen(job->order) + 1);
		client->resumed = true;
	}
}

// ---- Helpers of the states -------------------------------------------------

void acme_client_done(struct acme_client *client)
{
	client->state = ACME_STATE_DONE;
	client->result.chain = buf_view(&client->chain);
}

void acme_client_fail(struct acme_client *client, enum acme_outcome outcome,
    const char *format, ...)
{
	char text[ACME_TEXT_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	acme_text(client->result.text, "%s", text);
	client->result.outcome = outcome;
	client->state = ACME_STATE_DONE;
}

static void explain(char to[ACME_TEXT_MAX], const struct acme_problem *problem)
{
	acme_text(to, "%s%s%s%s", problem->text, problem->mend ? " (" : "",
	    problem->mend ? problem->mend : "", problem->mend ? ")" : "");
}

void acme_client_fail_name(struct acme_client *client, const char *name,
    const struct acme_problem *problem)
{
	struct acme_result *result = &client->result;
	for (size_t i = 0; i < result->failed_count; i++)
		if (client->failed[i].name == name)
			return;
	if (result->failed_count == ACME_NAMES_MAX)
		return;
	struct acme_failed_name *failed =
	    &client->failed[result->failed_count++];
	failed->name = name;
	explain(failed->text, problem);
}

const char *acme_client_name(const struct acme_client *client, const char *name)
{
	for (size_t i = 0; name && i < client->job.count; i++)
		if (view_eq_nocase(view_of_string(client->job.names[i]),
			view_of_string(name)))
			return client->job.names[i];
	return NULL;
}

// RFC 8555 section 6.7.1: each subproblem may be about one name.
static void take_subproblems(struct acme_client *client, const json_t *json)
{
	const json_t *all = json_object_get(json, "subproblems");
	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *one = json_array_get(all, i);
		struct acme_problem problem;
		const char *name = acme_client_name(
		    client, json_string_value(json_object_get(
				json_object_get(one, "identifier"), "value")));
		acme_problem_read(one, &problem);
		if (name)
			acme_client_fail_name(client, name, &problem);
	}
}

void acme_client_fail_problem(struct acme_client *client, const json_t *json,
    unsigned status, const struct acme_answer *answer)
{
	struct acme_problem problem;
	char text[ACME_TEXT_MAX];
	enum acme_outcome outcome = ACME_REFUSED;
	acme_problem_read(json, &problem);
	explain(text, &problem);
	if (answer)
		client->result.retry_after =
		    acme_retry_after(answer->retry_after,
			clock_wall_seconds(client->settings.clock));
	take_subproblems(client, json);
	if (client->result.failed_count > 0)
		outcome = ACME_NAMES_FAILED;
	else if (problem.kind == ACME_RATE_LIMITED || status == 429)
		outcome = ACME_LIMITED;
	else if (status >= 500)
		outcome = ACME_UNREACHABLE;
	acme_client_fail(client, outcome, "%s", text);
}

void acme_client_poll(
    struct acme_client *client, const struct acme_answer *answer)
{
	uint32_t told = acme_retry_after(
	    answer->retry_after, clock_wall_seconds(client->settings.clock));
	uint32_t wait = POLL_FIRST + client->polls / 3;
	client->polls++;
	if (told > wait)
		wait = told;
	client->wait = wait > POLL_LAST ? POLL_LAST : wait;
}

// Only https, without characters that end a line or a URL (RFC 8555 section
// 6.1).
static bool is_url(const char *text)
{
	size_t len = text ? strlen(text) : 0;
	if (len <= 8 || len >= ACME_URL_MAX ||
	    !view_starts_with_nocase(view_of(text, len), VIEW("https://")))
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || (unsigned char)text[i] >= 0x7f)
			return false;
	return true;
}

bool acme_client_url(const json_t *json, const char *key, char to[ACME_URL_MAX])
{
	const char *text = json_string_value(json_object_get(json, key));
	if (!is_url(text))
		return false;
	memcpy(to, text, strlen(text) + 1);
	return true;
}

void acme_client_sign(
    struct acme_client *client, const char *url, struct view payload)
{
	acme_jws_es256(client->settings.account_key,
	    &(struct acme_jws_head){.url = url,
		.nonce = client->nonce,
		.account = client->state == ACME_STATE_ACCOUNT
			       ? NULL
			       : client->account},
	    payload, &client->body);
	client->nonce[0] = '\0';
}

void acme_client_sign_json(
    struct acme_client *client, const char *url, json_t *payload)
{
	char *text = json_dumps(payload, JSON_COMPACT);
	if (!text)
		abort(); // out of memory
	acme_client_sign(client, url, view_of_string(text));
	free(text);
	json_decref(payload);
}

// ---- Steps -----------------------------------------------------------------

static const struct {
	const char *(*ask)(struct acme_client *client);
	void (*take)(
	    struct acme_client *client, const struct acme_taken *taken);
} states[] = {
#define X(name, ask, take) [ACME_STATE_##name] = {acme_##ask, acme_##take},
    ACME_STATE_TABLE(X)
#undef X
};

static bool is_signed(enum acme_state state)
{
	return state != ACME_STATE_DIRECTORY && state != ACME_STATE_NONCE &&
	       state != ACME_STATE_RENEWAL_INFO;
}

static void give_challenge(struct acme_client *client, struct acme_step *step)
{
	const struct acme_authorization *one =
	    &client->authorizations[client->at++];
	*step = (struct acme_step){
	    .kind = ACME_PRESENT,
	    .challenge =
		{
		    .kind = one->kind,
		    .name = one->name,
		    .token = one->token,
		    .key_authorization = buf_view(&one->key_authorization),
		},
	};
}

// Goes to the next challenge that is to be answered, or on to the next state.
static void find_challenge(struct acme_client *client)
{
	while (client->at < client->authorization_count &&
	       !client->authorizations[client->at].open)
		client->at++;
	if (client->at == client->authorization_count)
		acme_client_respond(client);
}

static void give_request(struct acme_client *client, struct acme_step *step)
{
	enum acme_state state = client->state;
	// Each signed request uses up a nonce; most answers bring the next one.
	if (is_signed(state) && client->nonce[0] == '\0')
		state = ACME_STATE_NONCE;
	buf_reset(&client->body);
	const char *url = states[state].ask(client);
	*step = (struct acme_step){
	    .kind = ACME_REQUEST,
	    .request = {.method = is_signed(state)            ? ACME_POST
				  : state == ACME_STATE_NONCE ? ACME_HEAD
							      : ACME_GET,
		.url = url,
		.body = buf_view(&client->body)},
	};
}

void acme_client_step(struct acme_client *client, struct acme_step *ret_step)
{
	if (client->state == ACME_STATE_PRESENT)
		find_challenge(client);
	if (client->state == ACME_STATE_PRESENT) {
		give_challenge(client, ret_step);
		return;
	}
	if (client->state != ACME_STATE_DONE &&
	    (client->waited > WAITED_MAX || client->requests++ > REQUESTS_MAX))
		acme_client_fail(client, ACME_UNREACHABLE,
		    "the authority does not come to an end with the order");
	if (client->state == ACME_STATE_DONE) {
		*ret_step = (struct acme_step){.kind = ACME_DONE};
		return;
	}
	if (client->wait > 0) {
		*ret_step = (struct acme_step){
		    .kind = ACME_WAIT, .seconds = client->wait};
		client->waited += client->wait;
		client->wait = 0;
		return;
	}
	give_request(client, ret_step);
}

// ---- Answers ---------------------------------------------------------------

static void keep_nonce(
    struct acme_client *client, const struct acme_answer *answer)
{
	struct view nonce = answer->nonce;
	client->nonce[0] = '\0';
	if (nonce.len == 0 || nonce.len >= sizeof(client->nonce))
		return;
	for (size_t i = 0; i < nonce.len; i++)
		if (!ascii_is_alnum(nonce.ptr[i]) && nonce.ptr[i] != '-' &&
		    nonce.ptr[i] != '_')
			return; // RFC 8555 section 6.5.1
	memcpy(client->nonce, nonce.ptr, nonce.len);
	client->nonce[nonce.len] = '\0';
}

// Whether the request that was answered named the account.
static bool knows_account(const struct acme_client *client)
{
	return client->state > ACME_STATE_ACCOUNT && client->body.len > 0;
}

// The authority does not know the account: another database, or it was removed.
// Makes it anew, once.
static bool renew_account(struct acme_client *client)
{
	if (client->account_renewed || !knows_account(client))
		return false;
	client->account_renewed = true;
	client->account[0] = '\0';
	acme_client_drop_order(client);
	client->state = ACME_STATE_ACCOUNT;
	return true;
}

// An order of an earlier job that is gone is no failure.
static bool give_up_resumed(struct acme_client *client, unsigned status)
{
	if (!client->resumed || !knows_account(client) ||
	    client->state == ACME_STATE_CONTACT || status == 429 ||
	    status >= 500)
		return false;
	acme_client_drop_order(client);
	client->state = ACME_STATE_NEW_ORDER;
	return true;
}

static void take_refusal(
    struct acme_client *client, const struct acme_taken *taken)
{
	struct acme_problem problem;
	unsigned status = taken->answer->status;
	acme_problem_read(taken->json, &problem);
	if (problem.kind == ACME_BAD_NONCE &&
	    client->nonces_bad++ < NONCES_BAD_MAX)
		return; // the same request again, with another nonce
	if (problem.kind == ACME_ACCOUNT_MISSING && renew_account(client))
		return;
	if (problem.kind == ACME_ALREADY_REPLACED &&
	    !client->replaces_refused) {
		client->replaces_refused = true;
		return;
	}
	if (give_up_resumed(client, status))
		return;
	if (!taken->json || !json_object_get(taken->json, "type"))
		acme_client_fail(client,
		    status >= 500 ? ACME_UNREACHABLE : ACME_REFUSED,
		    "the authority answers with the status %u, and says no "
		    "reason",
		    status);
	else
		acme_client_fail_problem(
		    client, taken->json, status, taken->answer);
}

static void take_answer(
    struct acme_client *client, const struct acme_taken *taken)
{
	unsigned status = taken->answer->status;
	// A nonce may have been fetched in any state.
	enum acme_state state = client->state;
	if (is_signed(state) && client->body.len == 0)
		state = ACME_STATE_NONCE;
	if (status >= 300 && status < 400)
		acme_client_fail(client, ACME_UNREACHABLE,
		    "the authority answers with a redirection (status %u): set "
		    "acme_directory to its right address",
		    status);
	else if (status < 200 || status >= 300)
		take_refusal(client, taken);
	else if (!taken->json && state != ACME_STATE_NONCE &&
		 state != ACME_STATE_CERTIFICATE)
		acme_client_fail(client, ACME_UNREACHABLE,
		    "what answers at %s is no certificate authority: it sends "
		    "no JSON",
		    client->settings.directory);
	else {
		if (state != ACME_STATE_NONCE)
			client->nonces_bad = 0;
		states[state].take(client, taken);
	}
}

void acme_client_answer(
    struct acme_client *client, const struct acme_answer *answer)
{
	if (client->state == ACME_STATE_DONE ||
	    client->state == ACME_STATE_PRESENT)
		return;
	if (answer->status == 0) {
		acme_client_fail(client, ACME_UNREACHABLE,
		    "the authority cannot be reached: %s",
		    answer->failure ? answer->failure : "no answer");
		return;
	}
	keep_nonce(client, answer);
	// RFC 8259 section 4: what has a member twice is read in different ways
	// by different programs.
	json_t *json = json_loadb(answer->body.ptr ? answer->body.ptr : "",
	    answer->body.len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(json)) {
		json_decref(json);
		json = NULL;
	}
	struct acme_taken taken = {.answer = answer, .json = json};
	take_answer(client, &taken);
	json_decref(json);
}

const char *acme_client_order(const struct acme_client *client)
{
	return client->order[0] ? client->order : NULL;
}

const char *acme_client_account(const struct acme_client *client)
{
	return client->contact_known ? client->account : "";
}

const char *acme_client_terms(const struct acme_client *client)
{
	return client->terms;
}

const struct acme_result *acme_client_result(const struct acme_client *client)
{
	return &client->result;
}

// SPDX-License-Identifier: Apache-2.0
// The dialogue with an authority that the test plays: a list of the requests
// that have to come, each with its answer.
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "acme/client.h"
#include "acme/jws.h"
#include "base/test.h"
#include "wire/base64url.h"

// In the lists of requests, what is not named is not there.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define CA    "https://ca.test"
#define ERROR "urn:ietf:params:acme:error:"
#define DIRECTORY                                                              \
	"{\"newNonce\":\"" CA "/nonce\",\"newAccount\":\"" CA                  \
	"/account\",\"newOrder\":\"" CA "/order\",\"meta\":{"                  \
	"\"termsOfService\":\"" CA "/terms\"}}"
#define DIRECTORY_ARI                                                          \
	"{\"newNonce\":\"" CA "/nonce\",\"newAccount\":\"" CA                  \
	"/account\",\"newOrder\":\"" CA "/order\",\"renewalInfo\":\"" CA       \
	"/ari\"}"
#define ORDER(status, more)                                                    \
	"{\"status\":\"" status "\",\"authorizations\":[\"" CA "/z/a\",\"" CA  \
	"/z/b\"],\"finalize\":\"" CA "/finish\"" more "}"
#define AUTHORIZATION(name, status, challenge, more)                           \
	"{\"status\":\"" status "\",\"identifier\":{\"type\":\"dns\","         \
	"\"value\":\"" name "\"},\"challenges\":[{\"type\":\"dns-01\","        \
	"\"url\":\"" CA "/c/0\",\"token\":\"t0\"},{\"type\":\"http-01\","      \
	"\"url\":\"" CA "/c/" challenge "\",\"token\":\"t-" challenge          \
	"\"" more "}]}"
#define CERTIFICATE ",\"certificate\":\"" CA "/crt\""
#define CHAIN       "(the chain)" // the test puts it in

static const char *const names[] = {"a.test", "b.test"};

// One request and its answer.
struct turn {
	enum acme_method method;
	const char *path; // after CA
	unsigned status;
	const char *body, *location, *retry_after;
	const char *payload; // that the request must have in its payload; NULL
	const char *nonce;   // NULL: "n"; "": none
};

struct bed {
	EVP_PKEY *account_key, *key;
	struct acme_settings settings;
	struct acme_client *client;
	struct buf chain;
	struct acme_job job;
	unsigned presented;
	uint32_t waited;
	char last_nonce[100];
};

static int set_up(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	bed->account_key = acme_key_new();
	bed->key = acme_key_new();
	bed->settings = (struct acme_settings){
	    .directory = CA "/dir",
	    .contact = "",
	    .eab_key_id = "",
	    .account_key = bed->account_key,
	    .account = CA "/me",
	    .account_contact = "",
	    .challenges = ACME_HTTP_01,
	};
	bed->job =
	    (struct acme_job){.names = names, .count = 2, .key = bed->key};
	buf_init(&bed->chain, ACME_PEM_MAX);
	*state = bed;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;
	acme_client_free(&bed->client);
	buf_done(&bed->chain);
	EVP_PKEY_free(bed->account_key);
	EVP_PKEY_free(bed->key);
	free(bed);
	return 0;
}

static void make_chain(struct bed *bed, EVP_PKEY *key, const char *san)
{
	char *bytes;
	X509 *certificate = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());
	X509_set_version(certificate, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 9000);
	X509_set_pubkey(certificate, key);
	X509_EXTENSION *extension =
	    X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
	X509_sign(certificate, key, EVP_sha256());
	PEM_write_bio_X509(bio, certificate);
	long len = BIO_get_mem_data(bio, &bytes);
	buf_reset(&bed->chain);
	buf_add(&bed->chain, view_of(bytes, (size_t)len));
	BIO_free(bio);
	X509_free(certificate);
}

// What a request's body has under `key`, decoded.
static void decode_part(struct view body, const char *key, struct buf *out)
{
	json_t *json = json_loadb(body.ptr, body.len, 0, NULL);
	const char *text = json_string_value(json_object_get(json, key));
	assert_non_null(text);
	assert_int_equal(base64url_decode(view_of_string(text), out), RC_OK);
	json_decref(json);
}

static void check_request(struct bed *bed, const struct turn *turn,
    const struct acme_request *request)
{
	struct buf part;
	char url[200];
	snprintf(url, sizeof(url), CA "%s", turn->path);
	assert_string_equal(request->url, url);
	assert_int_equal(request->method, turn->method);
	if (turn->method != ACME_POST)
		return;
	buf_init(&part, 100000);
	decode_part(request->body, "protected", &part);
	char want[200];
	snprintf(want, sizeof(want), "\"nonce\":\"%s\"", bed->last_nonce);
	assert_int_not_equal(
	    view_find(buf_view(&part), view_of_string(want)), SIZE_MAX);
	buf_reset(&part);
	decode_part(request->body, "payload", &part);
	if (turn->payload)
		assert_int_not_equal(
		    view_find(buf_view(&part), view_of_string(turn->payload)),
		    SIZE_MAX);
	buf_done(&part);
}

static void answer_request(struct bed *bed, const struct turn *turn)
{
	const char *nonce = turn->nonce ? turn->nonce : "n";
	struct acme_answer answer = {
	    .status = turn->status,
	    .failure = "connection refused",
	    .body = view_of_string(turn->body),
	    .nonce = view_of_string(nonce),
	    .location = view_of_string(turn->location),
	    .retry_after = view_of_string(turn->retry_after),
	};
	if (turn->body && strcmp(turn->body, CHAIN) == 0)
		answer.body = buf_view(&bed->chain);
	snprintf(bed->last_nonce, sizeof(bed->last_nonce), "%s", nonce);
	acme_client_answer(bed->client, &answer);
}

// Plays the list. Every request has to come, and no other.
static const struct acme_result *play(
    struct bed *bed, const struct turn *turns, size_t count)
{
	struct acme_step step;
	size_t at = 0;
	if (!bed->client)
		bed->client = acme_client_new(&bed->settings);
	acme_client_begin(bed->client, &bed->job);
	for (;;) {
		acme_client_step(bed->client, &step);
		switch (step.kind) {
		case ACME_REQUEST:
			if (at == count)
				fail_msg(
				    "one more request: %s", step.request.url);
			check_request(bed, &turns[at], &step.request);
			answer_request(bed, &turns[at]);
			at++;
			break;
		case ACME_WAIT: bed->waited += step.seconds; break;
		case ACME_PRESENT:
			bed->presented++;
			assert_true(
			    view_starts_with(step.challenge.key_authorization,
				view_of_string(step.challenge.token)));
			break;
		case ACME_DONE:
			assert_int_equal(at, count);
			return acme_client_result(bed->client);
		}
	}
}
#define PLAY(bed, turns) play((bed), (turns), ARRAY_LEN(turns))

// The parts of dialogues.
#define BEGIN                                                                  \
	{ACME_GET, "/dir", 200, DIRECTORY, .nonce = ""},                       \
	{                                                                      \
		ACME_HEAD, "/nonce", 200                                       \
	}
#define NEW_ORDER                                                              \
	{                                                                      \
		ACME_POST, "/order", 201, ORDER("pending", ""), CA "/o/1",     \
		    .payload = "{\"type\":\"dns\",\"value\":\"b.test\"}"       \
	}
#define LOOK_AT_BOTH                                                           \
	{ACME_POST, "/z/a", 200, AUTHORIZATION("a.test", "pending", "a", "")}, \
	{                                                                      \
		ACME_POST, "/z/b", 200,                                        \
		    AUTHORIZATION("b.test", "pending", "b", "")                \
	}
#define ANSWER_BOTH                                                            \
	{ACME_POST, "/c/a", 200, "{}", .payload = "{}"},                       \
	{                                                                      \
		ACME_POST, "/c/b", 200, "{}", .payload = "{}"                  \
	}
#define A_IS_VALID                                                             \
	{                                                                      \
		ACME_POST, "/z/a", 200,                                        \
		    AUTHORIZATION("a.test", "valid", "a", "")                  \
	}
#define FINISH                                                                 \
	{ACME_POST, "/finish", 200, ORDER("processing", ""), CA "/o/1",        \
	    .payload = "\"csr\":"},                                            \
	    {ACME_POST, "/o/1", 200, ORDER("valid", CERTIFICATE)},             \
	{                                                                      \
		ACME_POST, "/crt", 200, CHAIN                                  \
	}

// ---- The whole way ---------------------------------------------------------

static void certificate_is_ordered(void **state)
{
	struct bed *bed = *state;
	static const struct turn turns[] = {BEGIN, NEW_ORDER, LOOK_AT_BOTH,
	    ANSWER_BOTH,
	    {ACME_POST, "/z/a", 200,
		AUTHORIZATION("a.test", "pending", "a", ""), NULL, "7"},
	    A_IS_VALID,
	    {ACME_POST, "/z/b", 200, AUTHORIZATION("b.test", "valid", "b", "")},
	    {ACME_POST, "/o/1", 200, ORDER("ready", "")}, FINISH};
	make_chain(bed, bed->key, "DNS:a.test,DNS:b.test");
	const struct acme_result *result = PLAY(bed, turns);
	assert_string_equal(result->text, "");
	assert_int_equal(result->outcome, ACME_OK);
	assert_view_equal(result->chain, buf_view(&bed->chain));
	assert_int_equal(bed->presented, 2);
	assert_true(bed->waited >= 7);
	assert_string_equal(acme_client_order(bed->client), CA "/o/1");
	assert_string_equal(acme_client_terms(bed->client), CA "/terms");
}

static void valid_authorizations_are_used_again(void **state)
{
	struct bed *bed = *state;
	static const struct turn turns[] = {BEGIN,
	    {ACME_POST, "/order", 201, ORDER("ready", ""), CA "/o/1"}, FINISH};
	make_chain(bed, bed->key, "DNS:a.test,DNS:b.test");
	assert_int_equal(PLAY(bed, turns)->outcome, ACME_OK);
	assert_int_equal(bed->presented, 0);
}

// RFC 8555 section 6.5: the error brings a nonce, with which the request is
// made again.
static void bad_nonce_is_no_failure(void **state)
{
	struct bed *bed = *state;
#define BAD                                                                    \
	{                                                                      \
		ACME_POST, "/order", 400, "{\"type\":\"" ERROR "badNonce\"}",  \
		    .nonce = "n2"                                              \
	}
	static const struct turn turns[] = {BEGIN, BAD, BAD, BAD,
	    {ACME_POST, "/order", 201, ORDER("ready", ""), CA "/o/1"}, FINISH};
	make_chain(bed, bed->key, "DNS:a.test,DNS:b.test");
	assert_int_equal(PLAY(bed, turns)->outcome, ACME_OK);
}

static void missing_nonce_is_fetched(void **state)
{
	struct bed *bed = *state;
	static const struct turn turns[] = {BEGIN,
	    {ACME_POST, "/order", 201, ORDER("ready", ""), CA "/o/1",
		.nonce = ""},
	    {ACME_HEAD, "/nonce", 204, .nonce = "n3"}, FINISH};
	make_chain(bed, bed->key, "DNS:a.test,DNS:b.test");
	assert_int_equal(PLAY(bed, turns)->outcome, ACME_OK);
}

// ---- Accounts --------------------------------------------------------------

static void account_is_made_with_its_binding(void **state)
{
	struct bed *bed = *state;
	static const struct turn turns[] = {BEGIN,
	    {ACME_POST, "/account", 201, "{\"status\":\"valid\"}", CA "/me/2",
		.payload = "\"externalAccountBinding\":{\"protected\":"},
	    {ACME_POST, "/order", 201, ORDER("ready", ""), CA "/o/1"}, FINISH};
	bed->settings.account = "";
	bed->settings.contact = "root@a.test";
	bed->settings.eab_key_id = "kid";
	bed->settings.eab_key = VIEW("secret");
	make_chain(bed, bed->key, "DNS:a.test,DNS:b.test");
	assert_int_equal(PLAY(bed, turns)->outcome, ACME_OK);
	assert_string_equal(acme_client_account(bed->client), CA "/me/2");
}

static void account_agrees_to_the_terms_and_tells_the_contact(void **state)
{
	struct bed *bed = *state;
	static const struct turn turns[] = {BEGIN,
	    {ACME_POST, "/account", 200, "{\"status\":\"valid\"}", CA "/me/2",
		.payload = "{\"termsOfServiceAgreed\":true,"
			   "\"contact\":[\"mailto:r@a.test\","
			   "\"mailto:s@a.test\"]}"},
	    // It existed, perhaps with another contact.
	    {ACME_POST, "/me/2", 200, "{}",
		.payload = "{\"contact\":[\"mailto:r@a.test\","
			   "\"mailto:s@a.test\"]}"},
	    {ACME_POST, "/order", 403,
		"{\"type\":\"" ERROR "unauthorized\",\"detail\":\"no\"}"}};
	bed->settings.account = "";
	bed->settings.contact = "r@a.test s@a.test";
	assert_int_equal(PLAY(bed, turns)->outcome, ACME_REFUSED);
}

static void lost_account_is_made_anew(void **state)
{
	struct bed *bed = *state;
	static const struct turn turns[] = {BEGIN,
	    {ACME_POST, "/order", 400,
		"{\"type\":\"" ERROR "accountDoesNotExist\"}"},
	    {ACME_POST, "/account", 201, "{\"status\":\"valid\"}", CA "/me/2"},
	    {ACME_POST, "/order", 400,
		"{\"type\":\"" ERROR "accountDoesNotExist\"}"}};
	assert_int_equal(PLAY(bed, turns)->outcome, ACME_REFUSED);
}

static void account_that_is_none_ends_the_job(void **state)
{
	static const struct {
		const char *body, *location;
		enum acme_outcome outcome;
	} table[] = {
	    {"{\"status\":\"valid\"}", NULL, ACME_UNREACHABLE},
	    {"{\"status\":\"valid\"}", "http://ca.test/me", ACME_UNREACHABLE},
	    {"{\"status\":\"deactivated\"}", CA "/me/2", ACME_REFUSED},
	    {"{\"status\":7}", CA "/me/2", ACME_REFUSED},
	};
	struct bed *bed = *state;
	bed->settings.account = "";
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct turn turns[] = {
		    BEGIN, {ACME_POST, "/account", 201, table[i].body,
			       table[i].location}};
		assert_int_equal(PLAY(bed, turns)->outcome, table[i].outcome);
		assert_string_equal(acme_client_account(bed->client), "");
		acme_client_free(&bed->client);
	}
}

static void authority_without_nonces_ends_the_job(void **state)
{
	struct bed *bed = *state;
	static const struct turn turns[] = {
	    {ACME_GET, "/dir", 200, DIRECTORY, .nonce = ""},
	    {ACME_HEAD, "/nonce", 200, .nonce = ""}};
	assert_int_equal(PLAY(bed, turns)->outcome, ACME_UNREACHABLE);
}

static void wish_for_a_binding_is_explained(void **state)
{
	struct bed *bed = *state;
	static const struct turn turns[] = {
	    BEGIN, {ACME_POST, "/account", 403,
		       "{\"type\":\"" ERROR "externalAccountRequired\","
		       "\"detail\":\"no binding\"}"}};
	bed->settings.account = "";
	const struct acme_result *result = PLAY(bed, turns);
	assert_int_equal(result->outcome, ACME_REFUSED);
	assert_non_null(strstr(result->text, "no binding"));
	assert_non_null(strstr(result->text, "acme_eab_key_id"));
}

// ---- Names that fail -------------------------------------------------------

static void failed_name_is_told_and_the_others_go_on(void **state)
{
	struct bed *bed = *state;
	static const struct turn turns[] = {BEGIN, NEW_ORDER, LOOK_AT_BOTH,
	    ANSWER_BOTH,
	    {ACME_POST, "/z/a", 200,
		AUTHORIZATION("a.test", "invalid", "a",
		    ",\"status\":\"invalid\",\"error\":{\"type\":\"" ERROR
		    "connection\",\"detail\":\"Timeout during connect\"}")},
	    {ACME_POST, "/z/b", 200,
		AUTHORIZATION("b.test", "valid", "b", "")}};
	const struct acme_result *result = PLAY(bed, turns);
	assert_int_equal(result->outcome, ACME_NAMES_FAILED);
	assert_int_equal(result->failed_count, 1);
	assert_string_equal(result->failed[0].name, "a.test");
	assert_non_null(
	    strstr(result->failed[0].text, "Timeout during connect"));
	assert_non_null(strstr(result->failed[0].text, "port 80"));
}

static void refused_names_are_found_in_subproblems(void **state)
{
	struct bed *bed = *state;
	static const struct turn turns[] = {BEGIN,
	    {ACME_POST, "/order", 403,
		"{\"type\":\"" ERROR "malformed\",\"detail\":\"some\","
		"\"subproblems\":[{\"type\":\"" ERROR "rejectedIdentifier\","
		"\"detail\":\"forbidden\",\"identifier\":{\"type\":\"dns\","
		"\"value\":\"B.test\"}},{\"identifier\":7},9]}"}};
	const struct acme_result *result = PLAY(bed, turns);
	assert_int_equal(result->outcome, ACME_NAMES_FAILED);
	assert_int_equal(result->failed_count, 1);
	assert_string_equal(result->failed[0].name, "b.test");
}

static void name_without_a_challenge_for_us_fails(void **state)
{
	struct bed *bed = *state;
	static const struct turn turns[] = {BEGIN, NEW_ORDER, LOOK_AT_BOTH};
	bed->settings.challenges = ACME_TLS_ALPN_01;
	const struct acme_result *result = PLAY(bed, turns);
	assert_int_equal(result->outcome, ACME_NAMES_FAILED);
	assert_int_equal(result->failed_count, 2);
	assert_int_equal(bed->presented, 0);
}

static void rate_limit_is_a_wait(void **state)
{
	struct bed *bed = *state;
	static const struct turn turns[] = {BEGIN,
	    {ACME_POST, "/order", 429,
		"{\"type\":\"" ERROR "rateLimited\",\"detail\":\"too many\"}",
		NULL, "3600"}};
	const struct acme_result *result = PLAY(bed, turns);
	assert_int_equal(result->outcome, ACME_LIMITED);
	assert_int_equal(result->retry_after, 3600);
	assert_string_equal(result->text, "rateLimited: too many");
}

// ---- Restarts and renewals -------------------------------------------------

static void order_of_an_earlier_run_goes_on(void **state)
{
	struct bed *bed = *state;
	static const struct turn turns[] = {BEGIN,
	    {ACME_POST, "/o/1", 200, ORDER("valid", CERTIFICATE)},
	    {ACME_POST, "/crt", 200, CHAIN}};
	bed->job.order = CA "/o/1";
	make_chain(bed, bed->key, "DNS:a.test,DNS:b.test");
	assert_int_equal(PLAY(bed, turns)->outcome, ACME_OK);
}

static void order_that_is_gone_is_made_anew(void **state)
{
	static const struct {
		unsigned status;
		const char *body;
	} table[] = {{404, "{\"type\":\"" ERROR "malformed\"}"},
	    {404, "<html>"}, {200, ORDER("invalid", "")}};
	struct bed *bed = *state;
	bed->job.order = CA "/o/0";
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct turn turns[] = {BEGIN,
		    {ACME_POST, "/o/0", table[i].status, table[i].body},
		    {ACME_POST, "/order", 201, ORDER("ready", ""), CA "/o/1"},
		    FINISH};
		make_chain(bed, bed->key, "DNS:a.test,DNS:b.test");
		assert_int_equal(PLAY(bed, turns)->outcome, ACME_OK);
		acme_client_free(&bed->client);
	}
}

// RFC 9773 section 5.
static void renewal_says_what_it_replaces(void **state)
{
	struct bed *bed = *state;
	static const struct turn turns[] = {
	    {ACME_GET, "/dir", 200, DIRECTORY_ARI, .nonce = ""},
	    {ACME_HEAD, "/nonce", 200},
	    {ACME_POST, "/order", 409,
		"{\"type\":\"" ERROR "alreadyReplaced\"}",
		.payload = "\"replaces\":\"key.serial\""},
	    {ACME_POST, "/order", 201, ORDER("ready", ""), CA "/o/1",
		.payload = "{\"type\":\"dns\",\"value\":\"b.test\"}]}"},
	    FINISH};
	bed->job.replaces = "key.serial";
	make_chain(bed, bed->key, "DNS:a.test,DNS:b.test");
	assert_int_equal(PLAY(bed, turns)->outcome, ACME_OK);
}

static void renewal_window_is_asked_for(void **state)
{
	struct bed *bed = *state;
	static const struct turn turns[] = {
	    {ACME_GET, "/dir", 200, DIRECTORY_ARI},
	    {ACME_GET, "/ari/key.serial", 200,
		"{\"suggestedWindow\":{\"start\":\"2025-01-02T04:00:00Z\","
		"\"end\":\"2025-01-03T04:00:00Z\"},\"explanationURL\":\"" CA
		"/why\"}",
		NULL, "21600"}};
	bed->job = (struct acme_job){.replaces = "key.serial"};
	const struct acme_result *result = PLAY(bed, turns);
	assert_int_equal(result->outcome, ACME_OK);
	assert_int_equal(result->window.start, 1735790400);
	assert_int_equal(result->window.end, 1735876800);
	assert_int_equal(result->retry_after, 21600);
	assert_string_equal(result->explanation, CA "/why");
}

static void renewal_window_has_to_be_one(void **state)
{
	static const char *const bodies[] = {
	    "{}",
	    "{\"suggestedWindow\":7}",
	    "{\"suggestedWindow\":{\"start\":\"2025-01-02T04:00:00Z\"}}",
	    "{\"suggestedWindow\":{\"start\":\"2025-01-02\","
	    "\"end\":\"2025-01-03T04:00:00Z\"}}",
	    "{\"suggestedWindow\":{\"start\":\"2025-01-03T04:00:00Z\","
	    "\"end\":\"2025-01-02T04:00:00Z\"}}",
	};
	struct bed *bed = *state;
	bed->job = (struct acme_job){.replaces = "key.serial"};
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		const struct turn turns[] = {
		    {ACME_GET, "/dir", 200, DIRECTORY_ARI},
		    {ACME_GET, "/ari/key.serial", 200, bodies[i]}};
		assert_int_equal(PLAY(bed, turns)->outcome, ACME_UNREACHABLE);
		acme_client_free(&bed->client);
	}
}

static void authority_without_renewal_information_is_not_asked(void **state)
{
	struct bed *bed = *state;
	static const struct turn turns[] = {{ACME_GET, "/dir", 200, DIRECTORY}};
	bed->job = (struct acme_job){.replaces = "key.serial"};
	const struct acme_result *result = PLAY(bed, turns);
	assert_int_equal(result->outcome, ACME_OK);
	assert_int_equal(result->window.start, 0);
}

// ---- Authorities that are none ---------------------------------------------

static const struct {
	const char *what;
	struct turn turn; // the answer to the first request, or to the order
	bool first;
	const char *says;
} nonsense[] = {
    {"no answer", {ACME_GET, "/dir", 0}, true, "connection refused"},
    {"a page", {ACME_GET, "/dir", 200, "<html>"}, true, "no JSON"},
    {"an array", {ACME_GET, "/dir", 200, "[]"}, true, "no JSON"},
    {"other JSON", {ACME_GET, "/dir", 200, "{\"a\":1}"}, true,
	"acme_directory"},
    {"a member twice",
	{ACME_GET, "/dir", 200,
	    "{\"newNonce\":\"https://a.test/\","
	    "\"newNonce\":\"https://b.test/\"}"},
	true, "no JSON"},
    {"addresses without TLS",
	{ACME_GET, "/dir", 200,
	    "{\"newNonce\":\"http://ca.test/n\",\"newAccount\":\"" CA
	    "/a\",\"newOrder\":\"" CA "/o\"}"},
	true, "acme_directory"},
    {"a redirection", {ACME_GET, "/dir", 302, ""}, true, "redirection"},
    {"no such page", {ACME_GET, "/dir", 404, ""}, true, "status 404"},
    {"an account that nobody named",
	{ACME_GET, "/dir", 400, "{\"type\":\"" ERROR "accountDoesNotExist\"}"},
	true, "accountDoesNotExist"},
    {"status 500", {ACME_GET, "/dir", 500, "{}"}, true, "status 500"},
    {"no address of the order",
	{ACME_POST, "/order", 201, ORDER("pending", "")}, false,
	"no address for the order"},
    {"no authorizations",
	{ACME_POST, "/order", 201,
	    "{\"status\":\"pending\",\"finalize\":\"" CA "/f\"}", CA "/o/1"},
	false, "authorizations"},
    {"an address with a line end",
	{ACME_POST, "/order", 201,
	    "{\"status\":\"pending\",\"finalize\":\"" CA "/f\","
	    "\"authorizations\":[\"https://ca.test/\\nx\"]}",
	    CA "/o/1"},
	false, "authorizations"},
    {"no address to finish at",
	{ACME_POST, "/order", 201, "{\"status\":\"ready\"}", CA "/o/1"}, false,
	"to finish it at"},
    {"an unknown status",
	{ACME_POST, "/order", 201, ORDER("odd", ""), CA "/o/1"}, false,
	"no reason"},
};

static void nonsense_ends_the_job_with_a_sentence(void **state)
{
	struct bed *bed = *state;
	for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
		const struct turn all[] = {BEGIN, nonsense[i].turn};
		bool first = nonsense[i].first;
		// Without a directory nobody knows how to make another order.
		bed->job.order = first ? CA "/o/0" : NULL;
		const struct acme_result *result =
		    play(bed, first ? &nonsense[i].turn : all, first ? 1 : 3);
		if (result->outcome == ACME_OK ||
		    !strstr(result->text, nonsense[i].says))
			fail_msg("%s: %d, \"%s\"", nonsense[i].what,
			    result->outcome, result->text);
		acme_client_free(&bed->client);
	}
}

// RFC 8555 section 8.3: the token becomes a part of a path.
static void token_must_be_base64url(void **state)
{
	struct bed *bed = *state;
	static const struct turn turns[] = {BEGIN, NEW_ORDER,
	    {ACME_POST, "/z/a", 200,
		AUTHORIZATION("a.test", "pending", "../../etc", "")},
	    {ACME_POST, "/z/b", 200,
		AUTHORIZATION("b.test", "pending", "a b", "")}};
	const struct acme_result *result = PLAY(bed, turns);
	assert_int_equal(result->outcome, ACME_NAMES_FAILED);
	assert_int_equal(bed->presented, 0);
}

static void authorization_of_another_name_is_refused(void **state)
{
	struct bed *bed = *state;
	static const struct turn turns[] = {BEGIN, NEW_ORDER,
	    {ACME_POST, "/z/a", 200,
		AUTHORIZATION("other.test", "pending", "a", "")}};
	assert_int_equal(PLAY(bed, turns)->outcome, ACME_UNREACHABLE);
}

static void chain_is_checked(void **state)
{
	struct bed *bed = *state;
	static const struct turn turns[] = {BEGIN,
	    {ACME_POST, "/order", 201, ORDER("ready", ""), CA "/o/1"}, FINISH};
	make_chain(bed, bed->account_key, "DNS:a.test,DNS:b.test");
	const struct acme_result *result = PLAY(bed, turns);
	assert_int_equal(result->outcome, ACME_REFUSED);
	assert_non_null(strstr(result->text, "another key"));
	make_chain(bed, bed->key, "DNS:a.test");
	bed->last_nonce[0] = '\0';
	acme_client_free(&bed->client);
	result = PLAY(bed, turns);
	assert_non_null(strstr(result->text, "without b.test"));
	acme_client_free(&bed->client);
	make_chain(bed, bed->key, "DNS:a.test,DNS:b.test");
	struct buf key;
	buf_init(&key, ACME_KEY_PEM_MAX);
	acme_key_write(bed->key, &key); // a block that is no certificate
	buf_add(&bed->chain, buf_view(&key));
	buf_done(&key);
	result = PLAY(bed, turns);
	assert_non_null(strstr(result->text, "no chain"));
}

// An authority that never comes to an end must not hold us for ever.
static void endless_order_ends(void **state)
{
	struct bed *bed = *state;
	struct acme_step step;
	unsigned requests = 0;
	bed->client = acme_client_new(&bed->settings);
	bed->job.order = CA "/o/1";
	acme_client_begin(bed->client, &bed->job);
	for (;;) {
		acme_client_step(bed->client, &step);
		if (step.kind == ACME_DONE)
			break;
		if (step.kind != ACME_REQUEST)
			continue;
		requests++;
		acme_client_answer(bed->client,
		    &(struct acme_answer){.status = 200,
			.nonce = VIEW("n"),
			.body = view_of_string(step.request.method == ACME_GET
						   ? DIRECTORY
						   : ORDER("processing", ""))});
	}
	assert_true(requests < 5000);
	assert_int_equal(
	    acme_client_result(bed->client)->outcome, ACME_UNREACHABLE);
}

#define IN_BED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_BED(certificate_is_ordered),
	    IN_BED(valid_authorizations_are_used_again),
	    IN_BED(bad_nonce_is_no_failure),
	    IN_BED(missing_nonce_is_fetched),
	    IN_BED(authority_without_nonces_ends_the_job),
	    IN_BED(account_is_made_with_its_binding),
	    IN_BED(account_agrees_to_the_terms_and_tells_the_contact),
	    IN_BED(lost_account_is_made_anew),
	    IN_BED(account_that_is_none_ends_the_job),
	    IN_BED(wish_for_a_binding_is_explained),
	    IN_BED(failed_name_is_told_and_the_others_go_on),
	    IN_BED(refused_names_are_found_in_subproblems),
	    IN_BED(name_without_a_challenge_for_us_fails),
	    IN_BED(rate_limit_is_a_wait),
	    IN_BED(order_of_an_earlier_run_goes_on),
	    IN_BED(order_that_is_gone_is_made_anew),
	    IN_BED(renewal_says_what_it_replaces),
	    IN_BED(renewal_window_is_asked_for),
	    IN_BED(renewal_window_has_to_be_one),
	    IN_BED(authority_without_renewal_information_is_not_asked),
	    IN_BED(nonsense_ends_the_job_with_a_sentence),
	    IN_BED(token_must_be_base64url),
	    IN_BED(authorization_of_another_name_is_refused),
	    IN_BED(chain_is_checked),
	    IN_BED(endless_order_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// For the tests of OAuth: an office with a clock, a user and a client.
#ifndef ROOST_AUTH_OAUTH_TEST_TOOLS_H
#define ROOST_AUTH_OAUTH_TEST_TOOLS_H

#include "auth/auth_test_tools.h"
#include "auth/oauth.h"
#include "auth/oauth_rows.h"
#include "auth/rows.h"
#include "base/tally.h"

#define NOW 1800000000

// RFC 7636 appendix B.
#define VERIFIER  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define REDIRECT  "http://127.0.0.1/done"
#define GIVEN     "http://127.0.0.1:49152/done"

static inline int64_t tell_time(void *context)
{
	return *(const int64_t *)context;
}

struct office {
	struct engine *engine;
	struct auth *auth;
	struct auth_user user;
	struct auth_client client;
	int64_t now;
	struct clock clock;
};

static inline struct auth_channel web_channel(void)
{
	struct auth_channel channel = channel_from("192.0.2.1");
	channel.protocol = "http";
	channel.scopes = AUTH_SCOPE_JMAP;
	return channel;
}

// `room` is long enough, and is zero behind the text.
static inline void set(char *room, const char *text)
{
	memcpy(room, text, strlen(text) + 1);
}

static inline struct auth_client a_client(const char *name)
{
	struct auth_client client = {
	    .scopes = AUTH_SCOPES_MAIL, .redirect_count = 1};
	set(client.name, name);
	set(client.redirects[0], REDIRECT);
	return client;
}

static inline int set_up_office(void **state)
{
	struct office *office = mem_zalloc(sizeof(*office));
	struct auth_channel channel = web_channel();
	uint64_t account;
	office->engine = engine_memory_new();
	office->now = NOW;
	office->clock = (struct clock){tell_time, &office->now};
	office->client = a_client("Mail program");
	assert_int_equal(auth_new(office->engine, &settings, NULL,
			     &office->clock, NULL, &office->auth),
	    RC_OK);
	assert_int_equal(auth_user_add(office->auth, VIEW("anna"),
			     VIEW("pencil"), NULL, &account),
	    RC_OK);
	assert_int_equal(
	    auth_user_find(office->auth, VIEW("anna"), &office->user), RC_OK);
	assert_int_equal(auth_client_register(office->auth, &channel, false,
			     &office->client, NULL),
	    RC_OK);
	*state = office;
	return 0;
}

static inline int tear_down_office(void **state)
{
	struct office *office = *state;
	auth_free(&office->auth);
	engine_close(&office->engine);
	free(office);
	return 0;
}

static inline enum auth_reason use_access(
    struct office *office, const struct auth_tokens *tokens)
{
	struct auth_channel channel = web_channel();
	struct auth_user user;
	struct auth_verdict verdict;
	(void)!auth_token_verify(office->auth, &channel, AUTH_KIND_ACCESS,
	    view_of_string(tokens->access.text), &user, &verdict);
	return verdict.reason;
}

static inline struct auth_token_text make_code(
    struct office *office, uint32_t scopes)
{
	struct auth_channel channel = web_channel();
	struct auth_token_text code;
	struct auth_code_order order = {
	    .client = view_of_string(office->client.id),
	    .redirect_uri = VIEW(GIVEN),
	    .challenge = VIEW(CHALLENGE),
	    .scopes = scopes};
	assert_int_equal(auth_code_make(office->auth, &channel, &office->user,
			     &order, NULL, &code),
	    RC_OK);
	return code;
}

static inline enum rc redeem(struct office *office,
    const struct auth_token_text *code, const char *client,
    const char *redirect, const char *verifier, struct auth_tokens *ret_tokens)
{
	struct auth_channel channel = web_channel();
	struct fault fault;
	return auth_code_redeem(office->auth, &channel, view_of_string(client),
	    view_of_string(code->text), view_of_string(redirect),
	    view_of_string(verifier), &fault, ret_tokens);
}

static inline enum rc exchange(struct office *office,
    const struct auth_token_text *code, struct auth_tokens *ret_tokens)
{
	return redeem(
	    office, code, office->client.id, GIVEN, VERIFIER, ret_tokens);
}

static inline struct auth_tokens get_tokens(struct office *office)
{
	struct auth_tokens tokens;
	struct auth_token_text code = make_code(office, AUTH_SCOPES_MAIL);
	assert_int_equal(exchange(office, &code, &tokens), RC_OK);
	return tokens;
}

static inline enum rc refresh(struct office *office,
    const struct auth_tokens *tokens, uint32_t scopes,
    struct auth_tokens *ret_tokens)
{
	struct auth_channel channel = web_channel();
	struct fault fault;
	return auth_grant_refresh(office->auth, &channel,
	    view_of_string(office->client.id),
	    view_of_string(tokens->refresh.text), scopes, &fault, ret_tokens);
}

#define OFFICE(name)                                                           \
	cmocka_unit_test_setup_teardown(name, set_up_office, tear_down_office)

#endif

// SPDX-License-Identifier: Apache-2.0
// For the tests of credentials: an office with a clock and two users.
#ifndef ROOST_AUTH_TOKEN_TEST_TOOLS_H
#define ROOST_AUTH_TOKEN_TEST_TOOLS_H

#include "auth/auth_test_tools.h"
#include "auth/rows.h"
#include "auth/token.h"
#include "auth/token_text.h"

#define NOW 1800000000

static inline int64_t tell_time(void *context)
{
	return *(const int64_t *)context;
}

struct office {
	struct engine *engine;
	struct auth *auth;
	struct auth_user user;
	int64_t now;
	struct clock clock;
};

static inline int set_up_office(void **state)
{
	struct office *office = mem_zalloc(sizeof(*office));
	uint64_t account;
	office->engine = engine_memory_new();
	office->now = NOW;
	office->clock = (struct clock){tell_time, &office->now};
	assert_int_equal(auth_new(office->engine, &settings, NULL,
			     &office->clock, NULL, &office->auth),
	    RC_OK);
	assert_int_equal(auth_user_add(office->auth, VIEW("anna"),
			     VIEW("pencil"), NULL, &account),
	    RC_OK);
	assert_int_equal(auth_user_add(office->auth, VIEW("ben"),
			     VIEW("pencil"), NULL, &account),
	    RC_OK);
	assert_int_equal(
	    auth_user_find(office->auth, VIEW("anna"), &office->user), RC_OK);
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

static inline struct auth_channel web_channel(void)
{
	struct auth_channel channel = channel_from("192.0.2.1");
	channel.protocol = "http";
	channel.scopes = AUTH_SCOPE_JMAP;
	return channel;
}

static inline struct auth_token_text open_session(
    struct office *office, const char *name, uint64_t *ret_id)
{
	struct auth_channel channel = web_channel();
	struct auth_token_text text;
	struct auth_session_order order = {
	    .kind = AUTH_KIND_SESSION, .name = view_of_string(name)};
	assert_int_equal(auth_session_open(office->auth, &channel,
			     &office->user, &order, NULL, &text, ret_id),
	    RC_OK);
	return text;
}

static inline enum auth_reason verify_at(struct office *office,
    const struct auth_channel *channel, enum auth_kind kind, struct view token,
    struct auth_user *ret_user)
{
	struct auth_verdict verdict;
	enum rc rc = auth_token_verify(
	    office->auth, channel, kind, token, ret_user, &verdict);
	assert_int_equal(rc == RC_OK, verdict.reason == AUTH_REASON_NONE);
	if (verdict.reason == AUTH_REASON_SCOPE)
		assert_int_equal(rc, RC_DENIED);
	return verdict.reason;
}

static inline enum auth_reason verify(
    struct office *office, const struct auth_token_text *token)
{
	struct auth_channel channel = web_channel();
	struct auth_user user;
	return verify_at(office, &channel, AUTH_KIND_SESSION,
	    view_of_string(token->text), &user);
}

static inline struct auth_token_text make_app_password(
    struct office *office, uint32_t scopes, int64_t expires, uint64_t *ret_id)
{
	struct auth_channel channel = web_channel();
	struct auth_token_text text;
	struct auth_app_password_order order = {
	    .name = VIEW("Mutt"), .scopes = scopes, .expires = expires};
	assert_int_equal(auth_app_password_make(office->auth, &channel,
			     &office->user, &order, NULL, &text, ret_id),
	    RC_OK);
	return text;
}

static inline enum auth_reason log_in(struct office *office, uint32_t scopes,
    const char *name, const char *password, struct auth_user *ret_user)
{
	struct auth_channel channel = channel_from("192.0.2.1");
	struct auth_verdict verdict;
	channel.scopes = scopes;
	(void)!auth_verify(office->auth, &channel, view_of_string(name),
	    view_of_string(password), ret_user, &verdict);
	return verdict.reason;
}

#define OFFICE(name)                                                           \
	cmocka_unit_test_setup_teardown(name, set_up_office, tear_down_office)

#endif

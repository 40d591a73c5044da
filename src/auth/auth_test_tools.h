// SPDX-License-Identifier: Apache-2.0
// For the tests of log-ins: an office with one user, and attempts.
#ifndef ROOST_AUTH_AUTH_TEST_TOOLS_H
#define ROOST_AUTH_AUTH_TEST_TOOLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sys/mman.h>
#include <unistd.h>

#include "auth/impl.h"
#include "base/mem.h"

static const struct auth_settings settings = {
    .hashing = {.cost = 1, .scram_iterations = AUTH_SCRAM_ITERATIONS_MIN},
    .address_failures = 4,
    .user_failures = 6};

struct fixture {
	struct engine *engine;
	struct auth *auth;
	struct log log;
};

static inline int set_up(void **state)
{
	struct fixture *fixture = mem_zalloc(sizeof(*fixture));
	fixture->engine = engine_memory_new();
	fixture->log.fd = memfd_create("log", MFD_CLOEXEC);
	assert_true(fixture->log.fd >= 0);
	assert_int_equal(auth_new(fixture->engine, &settings, &fixture->log,
			     NULL, NULL, &fixture->auth),
	    RC_OK);
	uint64_t account;
	assert_int_equal(auth_user_add(fixture->auth, VIEW("user"),
			     VIEW("pencil"), NULL, &account),
	    RC_OK);
	assert_int_equal(account, 1000);
	*state = fixture;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *fixture = *state;
	auth_free(&fixture->auth);
	engine_close(&fixture->engine);
	close(fixture->log.fd);
	free(fixture);
	return 0;
}

static inline struct auth_channel channel_from(const char *address)
{
	return (struct auth_channel){.protocol = "imap",
	    .session_id = 42,
	    .tls = true,
	    .peer_address = view_of_string(address)};
}

// Tries to log in; returns the reason, AUTH_REASON_NONE for success.
static inline enum auth_reason try_from(struct fixture *fixture,
    const char *address, const char *name, const char *password)
{
	struct auth_channel channel = channel_from(address);
	struct auth_user user = {0};
	struct auth_verdict verdict;
	enum rc rc = auth_verify(fixture->auth, &channel, view_of_string(name),
	    view_of_string(password), &user, &verdict);
	assert_int_equal(rc == RC_OK, verdict.reason == AUTH_REASON_NONE);
	assert_int_equal(rc == RC_OK, user.account != 0);
	assert_true(rc == RC_OK || rc == RC_AUTH);
	return verdict.reason;
}

static inline enum auth_reason try(
    struct fixture *fixture, const char *name, const char *password)
{
	return try_from(fixture, "127.0.0.1", name, password);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif

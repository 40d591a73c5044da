// SPDX-License-Identifier: Apache-2.0
// Numbers for texts: the same after a restart, different for everything else.
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "auth/auth.h"

static const struct auth_settings settings = {
    .hashing = {.cost = 1, .scram_iterations = AUTH_SCRAM_ITERATIONS_MIN}};

static void number(struct engine *engine, const char *use, struct view text,
    unsigned char ret_id[AUTH_KEYED_ID_LEN])
{
	struct auth *auth;
	assert_int_equal(
	    auth_new(engine, &settings, NULL, NULL, NULL, &auth), RC_OK);
	auth_keyed_id(auth, use, text, ret_id);
	auth_free(&auth);
}

static void a_number_stays_and_nobody_else_has_it(void **state)
{
	struct engine *here = engine_memory_new();
	struct engine *there = engine_memory_new();
	unsigned char ids[5][AUTH_KEYED_ID_LEN];
	(void)state;
	number(here, "use", VIEW("text"), ids[0]);
	number(here, "use", VIEW("text"), ids[1]);
	assert_memory_equal(ids[0], ids[1], AUTH_KEYED_ID_LEN);
	number(here, "use", VIEW("other"), ids[1]);
	number(here, "other", VIEW("text"), ids[2]);
	number(there, "use", VIEW("text"), ids[3]);
	number(here, "use", VIEW(""), ids[4]);
	for (size_t i = 0; i < 5; i++)
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(
			    ids[i], ids[j], AUTH_KEYED_ID_LEN);
	engine_close(&here);
	engine_close(&there);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_number_stays_and_nobody_else_has_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

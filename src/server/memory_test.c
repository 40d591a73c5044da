// SPDX-License-Identifier: Apache-2.0
// How much memory is allowed, how much is used, and what a stage means.
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/test.h"
#include "server/memory.h"

#define MIB ((size_t)1 << 20)
#define GIB ((size_t)1 << 30)

// ---- What is allowed -------------------------------------------------------

static void write_file(const char *root, const char *path, const char *text)
{
	char name[512];
	int len = snprintf(name, sizeof(name), "%s/", root);
	snprintf(name + len, sizeof(name) - (size_t)len, "%s", path);
	for (char *slash = name + len; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		(void)mkdir(name, 0700);
		*slash = '/';
	}
	FILE *file = fopen(name, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void remove_folder(const char *root)
{
	char command[128];
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

// The machine has 8 GiB.
static void half_of_the_machine_or_what_its_group_allows(void **state)
{
	(void)state;
	static const struct {
		const char *groups;
		size_t mib;
	} rows[] = {
	    {"", 4096},
	    {"rubbish\n\n::\n", 4096},
	    {"0::/none\n", 4096},
	    {"0::/large\n", 4096},
	    {"0::/small\n", 768},
	    {"0::/small/unlimited\n", 768}, // a group around it
	    {"0::/small/high\n", 384},
	    {"0::/broken\n", 4096},
	    {"5:cpu,memory:/old\n", 1536},
	    {"5:memory:/old/inner\n", 1536},
	    {"5:cpu:/old\n", 4096},
	    {"0::/\n7:memory:/old\n", 1536},
	};
	char root[] = "/tmp/roost-memory-XXXXXX";
	assert_non_null(mkdtemp(root));
	write_file(root, "large/memory.max", "9223372036854771712\n");
	write_file(root, "small/memory.max", "1073741824\n");
	write_file(root, "small/unlimited/memory.max", "max\n");
	write_file(root, "small/high/memory.max", "max\n");
	write_file(root, "small/high/memory.high", "536870912\n");
	write_file(root, "broken/memory.max", "much\n");
	write_file(root, "memory/old/memory.limit_in_bytes", "2147483648\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t allowed = memory_allowed_in(
		    8 * GIB, view_of_string(rows[i].groups), root);
		if (allowed != rows[i].mib * MIB)
			fail_msg("%s: %zu MiB", rows[i].groups, allowed / MIB);
	}
	remove_folder(root);
	assert_true(memory_allowed() > 16 * MIB);
}

static void the_database_gets_its_share(void **state)
{
	(void)state;
	static const struct {
		size_t limit, cache, buffer; // MiB
	} rows[] = {{64, 16, 8}, {256, 16, 8}, {1024, 64, 32}, {4096, 256, 64},
	    {65536, 512, 64}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t limit = rows[i].limit * MIB;
		assert_int_equal(memory_cache(limit), rows[i].cache * MIB);
		assert_int_equal(
		    memory_write_buffer(limit), rows[i].buffer * MIB);
	}
}

static void the_status_is_read(void **state)
{
	(void)state;
	size_t bytes = 1;
	assert_true(memory_parse_status(
	    VIEW("Name:\troost\nVmRSS:\t  9999 kB\nRssAnon:\t    2048 kB\n"
		 "VmSwap:\t     1024 kB\n"),
	    &bytes));
	assert_int_equal(bytes, 3 * MIB);
	assert_true(memory_parse_status(VIEW("RssAnon:\t7 kB"), &bytes));
	assert_int_equal(bytes, 7 * 1024);
	assert_false(memory_parse_status(VIEW(""), &bytes));
	assert_false(memory_parse_status(VIEW("RssAnon:\n"), &bytes));
	assert_false(memory_parse_status(VIEW("RssAnon:\tx kB\n"), &bytes));
}

static void a_running_one_measures(void **state)
{
	(void)state;
	struct fault fault;
	struct memory *memory = memory_new(GIB, NULL);
	assert_int_equal(memory_start(memory, &fault), RC_OK);
	assert_true(budget_used(memory_budget(memory)) > 100 * 1024);
	memory_free(&memory);
	assert_null(memory);
	memory_free(&memory);
}

// ---- Stages ----------------------------------------------------------------

static void stages_come_and_go(void **state)
{
	(void)state;
	static const struct {
		size_t measured, held; // of 1000 MiB; `held` after measuring
		enum budget_stage stage;
	} rows[] = {
	    {0, 0, BUDGET_CALM},
	    {799, 0, BUDGET_CALM},
	    {801, 0, BUDGET_NO_STRANGERS},
	    {801, 60, BUDGET_NO_MAIL},
	    {861, 60, BUDGET_NO_MAIL}, // the 60 are measured now
	    {861, 120, BUDGET_SHED},
	    {951, 120, BUDGET_LAST},
	    {965, 60, BUDGET_SHED}, // the connections gave it back
	    {100, 0, BUDGET_CALM},
	    {5000, 0, BUDGET_LAST},
	    {0, 0, BUDGET_CALM},
	};
	struct budget budget;
	size_t held = 0;
	budget_init(&budget, 1000 * MIB);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		budget_measured(&budget, rows[i].measured * MIB);
		budget_hold(&budget, held, rows[i].held * MIB);
		held = rows[i].held * MIB;
		if (budget_stage(&budget) != rows[i].stage)
			fail_msg("row %zu: %s", i,
			    budget_stage_name(budget_stage(&budget)));
		assert_int_equal(budget_held(&budget), held);
	}
	budget_init(&budget, 0);
	budget_measured(&budget, 5000 * MIB);
	assert_int_equal(budget_stage(&budget), BUDGET_CALM);
	assert_int_equal(budget_stage(NULL), BUDGET_CALM);
	budget_hold(NULL, 0, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(half_of_the_machine_or_what_its_group_allows),
	    cmocka_unit_test(the_database_gets_its_share),
	    cmocka_unit_test(the_status_is_read),
	    cmocka_unit_test(a_running_one_measures),
	    cmocka_unit_test(stages_come_and_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

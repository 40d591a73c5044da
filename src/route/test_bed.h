// SPDX-License-Identifier: Apache-2.0
// What the tests of this room share: domains, users and aliases of one server,
// and tables of where addresses lead.
#ifndef ROOST_ROUTE_TEST_BED_H
#define ROOST_ROUTE_TEST_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "route/impl.h"

static const struct auth_credentials some = {.hash = "$y$j9T$some"};

struct bed {
	struct engine *engine;
	struct route *route;
	struct arena arena;
};

static inline struct view v(const char *text)
{
	return view_of_string(text);
}

static inline uint64_t add_user(struct bed *bed, const char *name)
{
	uint64_t account = 0;
	assert_int_equal(
	    auth_directory_add(bed->engine, v(name), &some, 1, NULL, &account),
	    RC_OK);
	return account;
}

static inline struct auth_user user_of(struct bed *bed, const char *name)
{
	struct auth_user user;
	struct auth_record record;
	assert_int_equal(
	    auth_directory_lookup(bed->engine, v(name), &user.name, &record),
	    RC_OK);
	user.account = record.account;
	return user;
}

static inline enum rc add_domain(struct bed *bed, const char *name,
    const char *alias_of, const char *catch_all)
{
	return route_domain_add(bed->route,
	    &(struct route_domain){.name = v(name),
		.alias_of = v(alias_of),
		.catch_all = v(catch_all)},
	    NULL);
}

// `targets` is split at spaces.
static inline enum rc alias(struct bed *bed,
    enum rc (*change)(struct route *route, const struct route_alias *alias,
	struct fault *fault),
    const char *address, const char *targets)
{
	struct view list[100];
	struct view rest = v(targets);
	size_t count = 0;
	while (view_split(&rest, ' ', &list[count]))
		count++;
	return change(
	    bed->route, &(struct route_alias){v(address), list, count}, NULL);
}

static inline void open_with(struct bed *bed, const char *postmaster)
{
	struct route_settings settings = {.postmaster = v(postmaster)};
	route_free(&bed->route);
	bed->route = route_new(bed->engine, NULL, &settings);
}

static inline int set_up_empty(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	bed->engine = engine_memory_new();
	bed->route = route_new(bed->engine, NULL, NULL);
	arena_init(&bed->arena);
	*state = bed;
	return 0;
}

static inline int tear_down(void **state)
{
	struct bed *bed = *state;
	route_free(&bed->route);
	engine_close(&bed->engine);
	arena_done(&bed->arena);
	free(bed);
	return 0;
}

// The server that the tables describe.
static inline int set_up(void **state)
{
	static const char *const users[] = {"anna", "bert",
	    "cleo@second.example", "jos\u00e9", "stra\u00dfe", "off", "twin",
	    "twin@ours.example", "dora@b\u00fccher.example",
	    "emil@xn--bcher-kva.example", "a+b", "foreign@other.example"};
	static const char *const aliases[][2] = {
	    {"sales@ours.example", "anna bert"},
	    {"Info@Ours.Example", "sales@ours.example cleo@second.example"},
	    {"out@ours.example", "Someone@Other.example anna"},
	    {"dup@ours.example",
		"anna anna@ours.example sales@ours.example x@other.example "
		"X@other.example x@OTHER.example"},
	    {"bert@ours.example", "bert@ours.example archive@other.example"},
	    {"self@ours.example", "self@ours.example"},
	    {"one@ours.example", "two@ours.example"},
	    {"two@ours.example", "three@ours.example"},
	    {"three@ours.example", "one@ours.example anna"},
	    {"gone@ours.example", "nobody@ours.example anna"},
	    {"allgone@ours.example", "nobody@ours.example"},
	    {"alloff@ours.example", "off"},
	    {"someoff@ours.example", "off anna"},
	    {"exact+detail@ours.example", "bert@second.example anna"},
	    {"tofolder@ours.example", "anna+Lists@ours.example"},
	    {"\u00c4rger@ours.example", "anna"},
	    {"\"odd name\"@ours.example", "anna"},
	    {"\"at@sign\"@ours.example", "anna"},
	    {"per%cent@ours.example", "anna"},
	    {"list@second.example", "cleo@second.example"},
	    {"d1@ours.example", "d2@ours.example d3@ours.example"},
	    {"d2@ours.example", "d4@ours.example"},
	    {"d3@ours.example", "d4@ours.example"},
	    {"d4@ours.example", "anna"},
	    {"viaalias@ours.example", "anna@alias.example"},
	    {"any@catch.example", "anna bert"},
	};
	set_up_empty(state);
	struct bed *bed = *state;
	for (size_t i = 0; i < ARRAY_LEN(users); i++)
		add_user(bed, users[i]);
	assert_int_equal(
	    auth_directory_set_disabled(bed->engine, v("off"), true, NULL),
	    RC_OK);
	assert_int_equal(add_domain(bed, "ours.example", "", ""), RC_OK);
	assert_int_equal(add_domain(bed, "second.example", "", ""), RC_OK);
	assert_int_equal(
	    add_domain(bed, "alias.example", "ours.example", ""), RC_OK);
	assert_int_equal(
	    add_domain(bed, "catch.example", "", "any@catch.example"), RC_OK);
	assert_int_equal(
	    add_domain(bed, "lost.example", "", "nobody@lost.example"), RC_OK);
	assert_int_equal(add_domain(bed, "mine.example", "", "anna"), RC_OK);
	assert_int_equal(add_domain(bed, "B\u00dcCHER.example", "", ""), RC_OK);
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		assert_int_equal(
		    alias(bed, route_alias_set, aliases[i][0], aliases[i][1]),
		    RC_OK);
	return 0;
}

// ---- Asking ----------------------------------------------------------------

static inline void parse(
    struct bed *bed, const char *address, struct smtp_mailbox *ret_mailbox)
{
	struct view text = v(address);
	enum rc rc = RC_OK;
	if (*address == '<')
		rc = smtp_path_parse(
		    &bed->arena, &text, SMTP_PATH_FORWARD, NULL, ret_mailbox);
	else
		rc = smtp_mailbox_parse(&bed->arena, text, NULL, ret_mailbox);
	if (rc != RC_OK)
		fail_msg("%s does not parse", address);
}

// Writes "anna bert/Folder x@other.example", or why the address leads nowhere.
static inline void lead(struct bed *bed, const char *address, struct buf *out)
{
	static const char *const words[] = {[ROUTE_OK] = "",
	    [ROUTE_FOREIGN] = "foreign ",
	    [ROUTE_UNKNOWN] = "unknown",
	    [ROUTE_DISABLED] = "disabled",
	    [ROUTE_LOOP] = "loop"};
	struct smtp_mailbox mailbox;
	struct route_result result;
	struct buf explain;
	buf_init(&explain, 100000);
	parse(bed, address, &mailbox);
	assert_int_equal(
	    route_resolve(bed->route, &bed->arena, &mailbox, &explain, &result),
	    RC_OK);
	assert_true(explain.len > 0);
	assert_true(view_ends_with(buf_view(&explain), VIEW("\n")));
	buf_done(&explain);
	buf_add_string(out, words[result.verdict]);
	for (size_t i = 0; i < result.count; i++) {
		const struct route_target *t = &result.targets[i];
		if (i > 0)
			buf_add_char(out, ' ');
		buf_add(out, t->kind == ROUTE_USER ? t->user : t->address);
		if (t->folder.len > 0)
			buf_printf(out, "/%.*s", VIEW_FMT(t->folder));
		assert_true(t->address.len > 0);
	}
}

struct row {
	const char *address, *want;
};

static inline void check_rows(
    struct bed *bed, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct buf out;
		buf_init(&out, 100000);
		lead(bed, rows[i].address, &out);
		buf_add_char(&out, '\0');
		if (strcmp(out.ptr, rows[i].want) != 0)
			fail_msg("%s leads to \"%s\", not \"%s\"",
			    rows[i].address, out.ptr, rows[i].want);
		buf_done(&out);
	}
}

#define WITH(setup, test)                                                      \
	cmocka_unit_test_setup_teardown(test, setup, tear_down)

#endif

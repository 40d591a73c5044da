// SPDX-License-Identifier: Apache-2.0
// Domains and aliases are added, changed and removed; refusals, and damaged
// records.
#include "base/test.h"
#include "route/test_bed.h"

// ---- Domains ---------------------------------------------------------------

static void domains_come_and_go(void **state)
{
	struct bed *bed = *state;
	struct route_domain domain;
	bool local;
	assert_int_equal(
	    route_domain_next(bed->route, VIEW(""), &bed->arena, &domain),
	    RC_END);
	assert_int_equal(add_domain(bed, "B.example", "", ""), RC_OK);
	assert_int_equal(add_domain(bed, "b.EXAMPLE", "", ""), RC_EXISTS);
	assert_int_equal(add_domain(bed, "b\u00fc.example", "", ""), RC_OK);
	assert_int_equal(add_domain(bed, "a.example", "b.example", ""), RC_OK);
	assert_int_equal(route_domain_find(bed->route, VIEW("b.example"),
			     &bed->arena, &domain),
	    RC_OK);
	assert_true(domain.primary);
	assert_int_equal(
	    route_domain_next(bed->route, VIEW(""), &bed->arena, &domain),
	    RC_OK);
	assert_view_equal(domain.name, VIEW("a.example"));
	assert_view_equal(domain.alias_of, VIEW("b.example"));
	assert_false(domain.primary);
	assert_int_equal(
	    route_domain_next(bed->route, domain.name, &bed->arena, &domain),
	    RC_OK);
	assert_view_equal(domain.name, VIEW("b.example"));
	assert_int_equal(
	    route_domain_next(bed->route, domain.name, &bed->arena, &domain),
	    RC_OK);
	assert_view_equal(domain.name, VIEW("xn--b-eha.example"));
	assert_int_equal(
	    route_domain_next(bed->route, domain.name, &bed->arena, &domain),
	    RC_END);
	assert_int_equal(
	    route_is_local_domain(bed->route, VIEW("a.example"), &local),
	    RC_OK);
	assert_true(local);
	assert_int_equal(
	    route_is_local_domain(bed->route, VIEW("c.example"), &local),
	    RC_OK);
	assert_false(local);
	assert_int_equal(
	    route_is_local_domain(bed->route, VIEW(""), &local), RC_OK);
	assert_false(local);
#define REMOVE(name) route_domain_remove(bed->route, VIEW(name), NULL)
	assert_int_equal(REMOVE("b.example"), RC_IN_USE);
	assert_int_equal(REMOVE("c.example"), RC_NOT_FOUND);
	assert_int_equal(REMOVE("a.example"), RC_OK);
	assert_int_equal(REMOVE("b.example"), RC_IN_USE); // primary
	assert_int_equal(REMOVE("B\u00dc.example"), RC_OK);
	assert_int_equal(
	    alias(bed, route_alias_set, "x@b.example", "y@other.example"),
	    RC_OK);
	assert_int_equal(REMOVE("b.example"), RC_IN_USE);
	assert_int_equal(
	    route_alias_remove(bed->route, VIEW("X@B.example"), NULL), RC_OK);
	assert_int_equal(REMOVE("b.example"), RC_OK);
	assert_int_equal(add_domain(bed, "c.example", "", ""), RC_OK);
	assert_int_equal(route_domain_find(bed->route, VIEW("c.example"),
			     &bed->arena, &domain),
	    RC_OK);
	assert_true(domain.primary);
}

static void domains_are_changed(void **state)
{
	static const struct {
		struct route_domain domain;
		enum rc want;
	} table[] = {
	    {{.name = {"second.example", 14}, .catch_all = {"anna", 4}}, RC_OK},
	    {{.name = {"second.example", 14}, .catch_all = {"ANNA", 4}}, RC_OK},
	    {{.name = {"second.example", 14}, .catch_all = {"nope", 4}},
		RC_INVALID},
	    {{.name = {"second.example", 14}, .catch_all = {"a@", 2}},
		RC_INVALID},
	    {{.name = {"third.example", 13}}, RC_NOT_FOUND},
	    {{.name = {"no domain", 9}}, RC_INVALID},
	    {{.name = {"ours.example", 12}}, RC_INVALID}, // still primary
	    {{.name = {"second.example", 14}, .alias_of = {"ours.example", 12}},
		RC_IN_USE}, // has aliases
	    {{.name = {"mine.example", 12}, .alias_of = {"none.example", 12}},
		RC_INVALID},
	    {{.name = {"mine.example", 12}, .alias_of = {"mine.example", 12}},
		RC_INVALID},
	    {{.name = {"mine.example", 12}, .alias_of = {"alias.example", 13}},
		RC_INVALID},
	    {{.name = {"mine.example", 12},
		 .alias_of = {"ours.example", 12},
		 .catch_all = {"anna", 4}},
		RC_INVALID},
	    {{.name = {"mine.example", 12},
		 .alias_of = {"ours.example", 12},
		 .primary = true},
		RC_INVALID},
	    {{.name = {"ours.example", 12},
		 .primary = true,
		 .alias_of = {"second.example", 14}},
		RC_INVALID},
	    {{.name = {"mine.example", 12}, .alias_of = {"ours.example", 12}},
		RC_OK},
	    {{.name = {"second.example", 14}, .primary = true}, RC_OK},
	};
	struct bed *bed = *state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		enum rc rc =
		    route_domain_set(bed->route, &table[i].domain, NULL);
		if (rc != table[i].want)
			fail_msg("row %zu: %s", i, rc_name(rc));
	}
	static const struct row rows[] = {
	    {"anna@second.example", "anna"},
	    {"sales@mine.example", "anna bert"},
	    {"jos\u00e9@ours.example", "unknown"},
	    {"jos\u00e9@second.example", "jos\u00e9"},
	};
	check_rows(bed, rows, ARRAY_LEN(rows));
}

static void an_address_of_a_host_is_no_domain(void **state)
{
	struct bed *bed = *state;
	assert_int_equal(add_domain(bed, "192.0.2.1", "", ""), RC_INVALID);
	assert_int_equal(add_domain(bed, "example.1", "", ""), RC_INVALID);
	assert_int_equal(add_domain(bed, "1.example", "", ""), RC_OK);
	assert_int_equal(add_domain(bed, "a1", "", ""), RC_OK);
}

static void a_user_with_anothers_address_is_found(void **state)
{
	struct bed *bed = *state;
	static const struct {
		const char *name, *twin; // NULL: none
	} table[] = {
	    {"anna@ours.example", "anna"},
	    {"ANNA@OURS.example", "anna"},
	    {"anna", NULL}, // a user is not its own twin
	    {"anna@second.example", NULL},
	    {"anna@alias.example", NULL},
	    {"anna+x@ours.example", NULL},
	    {"a+b@ours.example", "a+b"},
	    {"twin", "twin@ours.example"},
	    {"twin@ours.example", "twin"},
	    {"off@ours.example", "off"}, // disabled, but it exists
	    {"cleo", NULL},
	    {"dora@xn--bcher-kva.example", "dora@b\u00fccher.example"},
	    {"emil@b\u00fccher.example", "emil@xn--bcher-kva.example"},
	    {"foreign@other.example", NULL},
	    {"new", NULL},
	    {"new@ours.example", NULL},
	    {"x@", NULL},
	    {"a b", NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct view twin = VIEW("");
		enum rc rc = route_user_twin(
		    bed->route, v(table[i].name), &bed->arena, &twin);
		if (rc != (table[i].twin ? RC_OK : RC_NOT_FOUND) ||
		    (table[i].twin && !view_eq(twin, v(table[i].twin))))
			fail_msg("%s: %s, %.*s", table[i].name, rc_name(rc),
			    VIEW_FMT(twin));
	}
}

// ---- Aliases ---------------------------------------------------------------

static void aliases_come_and_go(void **state)
{
	struct bed *bed = *state;
	static const struct {
		char what;
		const char *address, *targets;
		enum rc want;
		const char *leads;
	} table[] = {
	    {'+', "new@ours.example", "anna", RC_OK, "anna"},
	    // A target without a domain means the user, even if an alias has
	    // that name.
	    {'+', "NEW@ours.example", "bert anna twin", RC_OK,
		"anna bert twin"},
	    {'-', "new@ours.example", "bert nobody", RC_NOT_FOUND,
		"anna bert twin"},
	    {'-', "new@ours.example", "BERT", RC_OK, "anna twin"},
	    {'=', "new@ours.example", "twin", RC_OK, "twin"},
	    {'-', "new@ours.example", "twin", RC_OK, "unknown"},
	    {'-', "new@ours.example", "twin", RC_NOT_FOUND, "unknown"},
	    {'+', "new@ours.example", "nobody", RC_INVALID, "unknown"},
	    {'+', "new@ours.example", "", RC_INVALID, "unknown"},
	    {'+', "new@ours.example", "a@b@c", RC_INVALID, "unknown"},
	    {'+', "new@ours.example", "nobody@ours.example", RC_OK, "unknown"},
	    {'+', "new@other.example", "anna", RC_INVALID, NULL},
	    {'+', "new@alias.example", "anna", RC_INVALID, NULL},
	    {'+', "new@[192.0.2.1]", "anna", RC_INVALID, NULL},
	    {'+', "new", "anna", RC_INVALID, NULL},
	    {'+', "@ours.example", "anna", RC_INVALID, NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		enum rc rc = alias(bed,
		    table[i].what == '+'   ? route_alias_add
		    : table[i].what == '-' ? route_alias_subtract
					   : route_alias_set,
		    table[i].address, table[i].targets);
		if (rc != table[i].want)
			fail_msg("row %zu: %s", i, rc_name(rc));
		struct row row = {"new@ours.example", table[i].leads};
		if (row.want)
			check_rows(bed, &row, 1);
	}
	assert_int_equal(
	    route_alias_remove(bed->route, VIEW("new@ours.example"), NULL),
	    RC_OK);
	assert_int_equal(
	    route_alias_remove(bed->route, VIEW("new@ours.example"), NULL),
	    RC_NOT_FOUND);
}

static void a_removed_user_can_be_taken_out(void **state)
{
	struct bed *bed = *state;
	assert_int_equal(
	    auth_directory_remove(bed->engine, v("bert"), NULL), RC_OK);
	static const struct row rows[] = {{"sales@ours.example", "anna"}};
	check_rows(bed, rows, 1);
	assert_int_equal(
	    alias(bed, route_alias_subtract, "sales@ours.example", "bert"),
	    RC_OK);
}

static void aliases_are_listed(void **state)
{
	struct bed *bed = *state;
	struct route_alias found = {.address = VIEW("")};
	struct view before = VIEW("");
	size_t count = 0;
	enum rc rc;
	while ((rc = route_alias_next(
		    bed->route, found.address, &bed->arena, &found)) == RC_OK) {
		assert_true(found.count > 0);
		assert_false(view_eq(before, found.address));
		before = found.address;
		count++;
	}
	assert_int_equal(rc, RC_END);
	assert_int_equal(count, 26);
	assert_int_equal(route_alias_next(bed->route, VIEW("@second.example"),
			     &bed->arena, &found),
	    RC_OK);
	assert_view_equal(found.address, VIEW("list@second.example"));
	assert_int_equal(route_alias_next(bed->route, VIEW("@OURS.example"),
			     &bed->arena, &found),
	    RC_OK);
	assert_view_equal(found.address, VIEW("allgone@ours.example"));
	assert_int_equal(
	    route_alias_next(bed->route, VIEW("nonsense"), &bed->arena, &found),
	    RC_INVALID);
}

// ---- Records ---------------------------------------------------------------

static void damage_is_found(void **state)
{
	static const struct view bad_aliases[] = {{"", 0}, {"\1\0\0\0\0", 5},
	    {"\2\1\0\0\0\1\0a", 8}, {"\1\1\0\0\0\2\0a", 8},
	    {"\1\1\0\0\0\1\0ab", 9}, {"\1\1\0\0\0\0\0", 7},
	    {"\1\377\377\377\377\1\0a", 8}, {"\1\351\3\0\0\1\0a", 8}};
	static const struct view bad_domains[] = {{"", 0}, {"\1", 1},
	    {"\1\0\0", 3}, {"\2\0\0\0\0", 5}, {"\1\0\0\0\0x", 6},
	    {"\1\1\0\0\0", 5}};
	struct bed *bed = *state;
	struct route_domain domain;
	struct view *targets;
	size_t count;
	for (size_t i = 0; i < ARRAY_LEN(bad_aliases); i++)
		assert_int_equal(route_alias_decode(&bed->arena, bad_aliases[i],
				     &targets, &count),
		    RC_CORRUPT);
	for (size_t i = 0; i < ARRAY_LEN(bad_domains); i++)
		assert_int_equal(
		    route_domain_decode(bad_domains[i], &domain), RC_CORRUPT);
	assert_int_equal(route_alias_decode(&bed->arena,
			     view_of("\1\1\0\0\0\1\0a", 8), &targets, &count),
	    RC_OK);
	assert_int_equal(
	    route_domain_decode(view_of("\1\0\0\0\0", 5), &domain), RC_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH(set_up_empty, domains_come_and_go),
	    WITH(set_up, domains_are_changed),
	    WITH(set_up_empty, an_address_of_a_host_is_no_domain),
	    WITH(set_up, a_user_with_anothers_address_is_found),
	    WITH(set_up, aliases_come_and_go),
	    WITH(set_up, a_removed_user_can_be_taken_out),
	    WITH(set_up, aliases_are_listed),
	    WITH(set_up_empty, damage_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

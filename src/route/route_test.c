// SPDX-License-Identifier: Apache-2.0
// Where addresses lead, as tables: each row is an address and its targets.
#include "base/test.h"
#include "route/test_bed.h"

static void addresses_lead_to_users(void **state)
{
	static const struct row rows[] = {
	    {"anna@ours.example", "anna"},
	    {"ANNA@OURS.EXAMPLE", "anna"},
	    {"anna@second.example", "unknown"},
	    {"cleo@second.example", "cleo@second.example"},
	    {"cleo@ours.example", "unknown"},
	    {"CLEO@alias.example", "unknown"},
	    {"anna@alias.example", "anna"},
	    {"twin@ours.example", "twin@ours.example"},
	    {"nobody@ours.example", "unknown"},
	    {"off@ours.example", "disabled"},
	    {"foreign@other.example", "foreign foreign@other.example"},
	    {"Some.One@Other.Example", "foreign Some.One@other.example"},
	    {"x@[192.0.2.1]", "foreign x@[192.0.2.1]"},
	    {"x@sub.ours.example", "foreign x@sub.ours.example"},
	    {"x@example", "foreign x@example"},
	    {"x@ours.example.other", "foreign x@ours.example.other"},
	};
	check_rows(*state, rows, ARRAY_LEN(rows));
}

static void names_are_not_only_ascii(void **state)
{
	static const struct row rows[] = {
	    {"jos\u00e9@ours.example", "jos\u00e9"},
	    {"JOS\u00c9@ours.example", "jos\u00e9"},
	    {"jose\u0301@ours.example", "jos\u00e9"},
	    {"jose@ours.example", "unknown"},
	    {"stra\u00dfe@ours.example", "stra\u00dfe"},
	    {"strasse@ours.example", "unknown"},
	    {"\u00e4RGER@ours.example", "anna"},
	    {"a\u0308rger@alias.example", "anna"},
	    {"dora@b\u00fccher.example", "dora@b\u00fccher.example"},
	    {"Dora@XN--BCHER-KVA.example", "dora@b\u00fccher.example"},
	    {"emil@b\u00fccher.example", "emil@xn--bcher-kva.example"},
	    {"x@xn--bcher-kva.example", "unknown"},
	    {"x@xn--kxae4bafwg.example", "foreign x@xn--kxae4bafwg.example"},
	};
	check_rows(*state, rows, ARRAY_LEN(rows));
}

static void look_alikes_are_what_they_are(void **state)
{
	static const struct row rows[] = {
	    // UTS 46 maps full-width letters and the ideographic full stop to
	    // usual ones.
	    {"anna@\uff4f\uff55\uff52\uff53.example", "anna"},
	    {"anna@ours\u3002example", "anna"},
	    {"anna@ours\uff0eexample", "anna"},
	    // A Cyrillic o makes another domain.
	    {"anna@\u043eurs.example", "foreign anna@xn--urs-red.example"},
	    // A Cyrillic a makes another name.
	    {"\u0430nna@ours.example", "unknown"},
	    // Source routes of old times are plain names here, and nobody has
	    // them.
	    {"x%other.example@ours.example", "unknown"},
	    {"anna%ours.example@other.example",
		"foreign anna%ours.example@other.example"},
	    {"other.example!x@ours.example", "unknown"},
	    {"<@other.example:anna@ours.example>", "anna"},
	    {"<@ours.example:x@other.example>", "foreign x@other.example"},
	    // Quotes are not part of a name, and do not make it an address.
	    {"\"anna\"@ours.example", "anna"},
	    {"\"an\\na\"@ours.example", "anna"},
	    {"\"x@other.example\"@ours.example", "unknown"},
	    {"\"foreign@other.example\"@ours.example", "unknown"},
	    {"\"anna@ours.example\"@ours.example", "unknown"},
	    {"\"cleo@second.example\"@ours.example", "unknown"},
	    {"\"anna@ours.example\"@other.example",
		"foreign \"anna@ours.example\"@other.example"},
	    {"\" anna\"@ours.example", "unknown"},
	    {"\"odd  name\"@ours.example", "unknown"},
	    {"\"Odd Name\"@ours.example", "anna"},
	    {"\"at@sign\"@ours.example", "anna"},
	    {"per%cent@ours.example", "anna"},
	    {"a/b@ours.example", "unknown"},
	    {"anna.@ours.example", "unknown"},
	};
	check_rows(*state, rows, ARRAY_LEN(rows));
}

static void aliases_are_followed(void **state)
{
	static const struct row rows[] = {
	    {"sales@ours.example", "anna bert"},
	    {"SALES@alias.example", "anna bert"},
	    {"sales@second.example", "unknown"},
	    {"info@ours.example", "anna bert cleo@second.example"},
	    {"out@ours.example", "Someone@other.example anna"},
	    {"dup@ours.example", "anna bert x@other.example X@other.example"},
	    {"viaalias@ours.example", "anna"},
	    {"list@second.example", "cleo@second.example"},
	    {"d1@ours.example", "anna"},
	    // A target that is the alias's own name means the user.
	    {"bert@ours.example", "bert archive@other.example"},
	    {"self@ours.example", "loop"},
	    {"one@ours.example", "loop"},
	    {"three@ours.example", "loop"},
	    // A target that no longer exists is skipped if there are others.
	    {"gone@ours.example", "anna"},
	    {"allgone@ours.example", "unknown"},
	    {"someoff@ours.example", "anna"},
	    {"alloff@ours.example", "disabled"},
	};
	check_rows(*state, rows, ARRAY_LEN(rows));
}

static void details_lead_where_the_user_wants(void **state)
{
	static const struct row rows[] = {
	    {"anna+Lists@ours.example", "anna/Lists"},
	    {"ANNA+Lists@alias.example", "anna/Lists"},
	    {"anna+a+b@ours.example", "anna/a+b"},
	    {"anna+@ours.example", "anna"},
	    {"anna+Entw\u00fcrfe@ours.example", "anna/Entw\u00fcrfe"},
	    {"\"anna+Two words\"@ours.example", "anna/Two words"},
	    {"twin+x@ours.example", "twin@ours.example"},
	    {"jos\u00e9+x@ours.example", "unknown"},
	    {"jos\u00e9@ours.example", "jos\u00e9"},
	    {"nobody+x@ours.example", "unknown"},
	    {"+x@ours.example", "unknown"},
	    // The name of a user may contain "+".
	    {"a+b@ours.example", "a+b"},
	    // With an alias: first the exact name, then without the detail; no
	    // folder.
	    {"exact+detail@ours.example", "anna"},
	    {"sales+x@ours.example", "anna bert"},
	    {"exact+other@ours.example", "unknown"},
	    {"bert+x@ours.example", "bert archive@other.example"},
	    {"tofolder@ours.example", "anna/Lists"},
	    {"tofolder+x@ours.example", "anna/Lists"},
	    {"x+anna@ours.example", "unknown"},
	    {"off+x@ours.example", "disabled"},
	};
	struct bed *bed = *state;
	struct auth_user anna = user_of(bed, "anna");
	struct auth_user jose = user_of(bed, "jos\u00e9");
	enum route_detail detail;
	assert_int_equal(route_detail_get(bed->route, &anna, &detail), RC_OK);
	assert_int_equal(detail, ROUTE_DETAIL_INBOX);
	assert_int_equal(
	    route_detail_set(bed->route, &anna, ROUTE_DETAIL_FOLDER, NULL),
	    RC_OK);
	assert_int_equal(
	    route_detail_set(bed->route, &jose, ROUTE_DETAIL_REFUSE, NULL),
	    RC_OK);
	assert_int_equal(route_detail_get(bed->route, &anna, &detail), RC_OK);
	assert_int_equal(detail, ROUTE_DETAIL_FOLDER);
	check_rows(bed, rows, ARRAY_LEN(rows));
	assert_int_equal(
	    route_detail_set(bed->route, &anna, ROUTE_DETAIL_INBOX, NULL),
	    RC_OK);
	static const struct row inbox[] = {{"anna+Lists@ours.example", "anna"}};
	check_rows(bed, inbox, 1);
}

static void catch_alls_catch(void **state)
{
	static const struct row rows[] = {
	    {"whoever@catch.example", "anna bert"},
	    {"whoever+x@catch.example", "anna bert"},
	    {"x@mine.example", "anna"},
	    {"anna@mine.example", "anna"},
	    // An alias that leads nowhere is not a loop.
	    {"x@lost.example", "unknown"},
	    {"nobody@lost.example", "unknown"},
	};
	check_rows(*state, rows, ARRAY_LEN(rows));
}

static void postmaster_is_somebody(void **state)
{
	static const struct row without[] = {
	    {"postmaster@ours.example", "unknown"},
	    {"<postmaster>", "unknown"},
	    {"postmaster@mine.example", "anna"},
	};
	static const struct row with[] = {
	    {"postmaster@ours.example", "bert archive@other.example"},
	    {"PostMaster@alias.example", "bert archive@other.example"},
	    {"postmaster@mine.example", "bert archive@other.example"},
	    {"<Postmaster>", "bert archive@other.example"},
	    {"postmaster+x@ours.example", "unknown"},
	    {"postmaster@second.example", "cleo@second.example"},
	    {"postmaster@other.example", "foreign postmaster@other.example"},
	};
	static const struct row lost[] = {
	    {"postmaster@ours.example", "unknown"},
	    {"<postmaster>", "unknown"}};
	struct bed *bed = *state;
	check_rows(bed, without, ARRAY_LEN(without));
	open_with(bed, "bert@ours.example");
	assert_int_equal(
	    alias(bed, route_alias_set, "postmaster@second.example",
		"cleo@second.example"),
	    RC_OK);
	check_rows(bed, with, ARRAY_LEN(with));
	open_with(bed, "postmaster@ours.example");
	check_rows(bed, lost, ARRAY_LEN(lost));
}

static void without_a_domain_all_is_foreign(void **state)
{
	static const struct row rows[] = {
	    {"anna@ours.example", "foreign anna@ours.example"},
	    {"<postmaster>", "anna"},
	};
	struct bed *bed = *state;
	struct view address;
	add_user(bed, "anna");
	struct auth_user anna = user_of(bed, "anna");
	open_with(bed, "anna");
	check_rows(bed, rows, ARRAY_LEN(rows));
	assert_int_equal(
	    route_user_address(bed->route, &anna, &bed->arena, &address),
	    RC_NOT_FOUND);
}

// ---- The user alone --------------------------------------------------------

// For mail that comes from the queue, whose aliases were followed before.
static void an_address_has_one_user_of_its_own(void **state)
{
	static const struct {
		const char *address;
		enum route_verdict want;
		const char *user;
	} table[] = {
	    {"anna@ours.example", ROUTE_OK, "anna"},
	    {"bert@ours.example", ROUTE_OK, "bert"},
	    {"bert@alias.example", ROUTE_OK, "bert"},
	    {"jos\u00e9+x@ours.example", ROUTE_OK, "jos\u00e9"},
	    {"off@ours.example", ROUTE_DISABLED, NULL},
	    {"sales@ours.example", ROUTE_UNKNOWN, NULL},
	    {"whoever@catch.example", ROUTE_UNKNOWN, NULL},
	    {"postmaster@ours.example", ROUTE_UNKNOWN, NULL},
	    {"x@other.example", ROUTE_FOREIGN, NULL},
	};
	struct bed *bed = *state;
	struct auth_user jose = user_of(bed, "jos\u00e9");
	open_with(bed, "anna");
	assert_int_equal(
	    route_detail_set(bed->route, &jose, ROUTE_DETAIL_REFUSE, NULL),
	    RC_OK);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct smtp_mailbox mailbox;
		struct route_result result;
		parse(bed, table[i].address, &mailbox);
		assert_int_equal(route_resolve_user(bed->route, &bed->arena,
				     &mailbox, &result),
		    RC_OK);
		assert_int_equal(result.verdict, table[i].want);
		if (!table[i].user)
			continue;
		assert_int_equal(result.count, 1);
		assert_view_equal_row(
		    i, result.targets[0].user, v(table[i].user));
	}
}

// ---- Limits ----------------------------------------------------------------

static void name_alias(char name[64], unsigned n)
{
	snprintf(name, 64, "c%u@ours.example", n);
}

static void chains_end_somewhere(void **state)
{
	struct bed *bed = *state;
	char from[64], to[64];
	for (unsigned i = 0; i < ROUTE_ALIASES_MAX; i++) {
		name_alias(from, i);
		name_alias(to, i + 1);
		assert_int_equal(alias(bed, route_alias_set, from,
				     i + 1 < ROUTE_ALIASES_MAX ? to : "anna"),
		    RC_OK);
	}
	static const struct row good[] = {{"c0@ours.example", "anna"}};
	check_rows(bed, good, 1);
	name_alias(from, ROUTE_ALIASES_MAX - 1);
	name_alias(to, ROUTE_ALIASES_MAX);
	assert_int_equal(alias(bed, route_alias_set, from, to), RC_OK);
	assert_int_equal(alias(bed, route_alias_set, to, "anna"), RC_OK);
	static const struct row bad[] = {
	    {"c0@ours.example", "loop"}, {"c1@ours.example", "anna"}};
	check_rows(bed, bad, 2);
}

// Adds an alias of `count` targets; `format` makes each from its number.
static enum rc alias_many(struct bed *bed, const char *address,
    const char *domain, unsigned first, unsigned count)
{
	struct view *targets =
	    arena_alloc(&bed->arena, count * sizeof(*targets));
	for (unsigned i = 0; i < count; i++) {
		char text[64];
		snprintf(text, sizeof(text), "t%u@%s", first + i, domain);
		targets[i] = arena_copy(&bed->arena, v(text));
	}
	return route_alias_set(bed->route,
	    &(struct route_alias){v(address), targets, count}, NULL);
}

static size_t count_targets(
    struct bed *bed, const char *address, enum route_verdict want)
{
	struct smtp_mailbox mailbox;
	struct route_result result;
	parse(bed, address, &mailbox);
	assert_int_equal(
	    route_resolve(bed->route, &bed->arena, &mailbox, NULL, &result),
	    RC_OK);
	assert_int_equal(result.verdict, want);
	return result.count;
}

static void so_many_targets_and_no_more(void **state)
{
	struct bed *bed = *state;
	assert_int_equal(alias_many(bed, "many@ours.example", "other.example",
			     0, ROUTE_TARGETS_MAX),
	    RC_OK);
	assert_int_equal(count_targets(bed, "many@ours.example", ROUTE_OK),
	    ROUTE_TARGETS_MAX);
	assert_int_equal(alias_many(bed, "many@ours.example", "other.example",
			     0, ROUTE_TARGETS_MAX + 1),
	    RC_LIMIT);
	// Another alias adds a target; a second alias to the same targets adds
	// none.
	assert_int_equal(alias(bed, route_alias_set, "more@ours.example",
			     "many@ours.example t5@other.example"),
	    RC_OK);
	assert_int_equal(count_targets(bed, "more@ours.example", ROUTE_OK),
	    ROUTE_TARGETS_MAX);
	assert_int_equal(alias(bed, route_alias_add, "more@ours.example",
			     "one@other.example"),
	    RC_OK);
	assert_int_equal(
	    count_targets(bed, "more@ours.example", ROUTE_LOOP), 0);
	assert_int_equal(alias(bed, route_alias_add, "many@ours.example",
			     "one@other.example"),
	    RC_LIMIT);
}

// A thousand aliases, each of which leads to all the others: a million ways.
static void ways_are_bounded(void **state)
{
	struct bed *bed = *state;
	char name[64];
	assert_int_equal(alias_many(bed, "top@ours.example", "ours.example", 0,
			     ROUTE_TARGETS_MAX),
	    RC_OK);
	for (unsigned i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "t%u@ours.example", i);
		assert_int_equal(alias_many(bed, name, "ours.example", 20,
				     ROUTE_TARGETS_MAX),
		    RC_OK);
	}
	assert_int_equal(count_targets(bed, "top@ours.example", ROUTE_LOOP), 0);
}

// ---- Sending as ------------------------------------------------------------

static void who_may_send_as_whom(void **state)
{
	static const struct {
		const char *user, *address;
		bool may;
	} table[] = {
	    {"anna", "anna@ours.example", true},
	    {"anna", "Anna@Alias.example", true},
	    {"anna", "anna+any@ours.example", true},
	    {"anna", "sales@ours.example", true},
	    {"anna", "sales+x@ours.example", true},
	    {"anna", "info@ours.example", true},
	    {"anna", "out@ours.example", true},
	    {"anna", "bert@ours.example", false},
	    {"bert", "bert@ours.example", true},
	    {"bert", "anna@ours.example", false},
	    {"cleo@second.example", "sales@ours.example", false},
	    {"cleo@second.example", "cleo@second.example", true},
	    {"twin", "twin@ours.example", false},
	    {"twin@ours.example", "twin@ours.example", true},
	    // An address with a detail that the user refuses still belongs to
	    // the user.
	    {"jos\u00e9", "jos\u00e9+x@ours.example", true},
	    // Of a catch-all, only if the user gets it alone.
	    {"anna", "whoever@mine.example", true},
	    {"anna", "whoever@catch.example", false},
	    {"anna", "any@catch.example", true},
	    {"anna", "nobody@ours.example", false},
	    {"anna", "anna@other.example", false},
	    {"foreign@other.example", "foreign@other.example", false},
	    {"anna", "one@ours.example", false},
	    {"anna", "anna@[192.0.2.1]", false},
	    {"anna", "\"anna@ours.example\"@other.example", false},
	    {"anna", "\"anna\"@ours.example", true},
	};
	struct bed *bed = *state;
	struct auth_user jose = user_of(bed, "jos\u00e9");
	assert_int_equal(
	    route_detail_set(bed->route, &jose, ROUTE_DETAIL_REFUSE, NULL),
	    RC_OK);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct smtp_mailbox mailbox;
		struct auth_user user = user_of(bed, table[i].user);
		parse(bed, table[i].address, &mailbox);
		enum rc rc = route_may_send_as(bed->route, &user, &mailbox);
		if (rc != (table[i].may ? RC_OK : RC_DENIED))
			fail_msg("%s as %s: %s", table[i].user,
			    table[i].address, rc_name(rc));
	}
	struct smtp_mailbox null = {0};
	struct auth_user anna = user_of(bed, "anna");
	assert_int_equal(
	    route_may_send_as(bed->route, &anna, &null), RC_DENIED);
}

static void users_have_addresses(void **state)
{
	static const struct row rows[] = {
	    {"anna", "anna@ours.example"},
	    {"cleo@second.example", "cleo@second.example"},
	    {"dora@b\u00fccher.example", "dora@xn--bcher-kva.example"},
	    {"jos\u00e9", "jos\u00e9@ours.example"},
	    {"foreign@other.example", "foreign@other.example"},
	};
	struct bed *bed = *state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct view address;
		struct auth_user user = user_of(bed, rows[i].address);
		assert_int_equal(route_user_address(
				     bed->route, &user, &bed->arena, &address),
		    RC_OK);
		assert_view_equal_row(i, address, v(rows[i].want));
	}
}

static void result_has_addresses(void **state)
{
	struct bed *bed = *state;
	struct smtp_mailbox mailbox;
	struct route_result result;
	parse(bed, "ANNA+x@Alias.example", &mailbox);
	assert_int_equal(
	    route_resolve(bed->route, &bed->arena, &mailbox, NULL, &result),
	    RC_OK);
	assert_int_equal(result.count, 1);
	assert_view_equal(result.targets[0].address, VIEW("anna@ours.example"));
	assert_int_equal(
	    result.targets[0].account, user_of(bed, "anna").account);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH(set_up, addresses_lead_to_users),
	    WITH(set_up, names_are_not_only_ascii),
	    WITH(set_up, look_alikes_are_what_they_are),
	    WITH(set_up, aliases_are_followed),
	    WITH(set_up, details_lead_where_the_user_wants),
	    WITH(set_up, catch_alls_catch),
	    WITH(set_up, postmaster_is_somebody),
	    WITH(set_up_empty, without_a_domain_all_is_foreign),
	    WITH(set_up, an_address_has_one_user_of_its_own),
	    WITH(set_up, chains_end_somewhere),
	    WITH(set_up, so_many_targets_and_no_more),
	    WITH(set_up, ways_are_bounded),
	    WITH(set_up, who_may_send_as_whom),
	    WITH(set_up, users_have_addresses),
	    WITH(set_up, result_has_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

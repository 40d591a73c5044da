// SPDX-License-Identifier: Apache-2.0
// roost domain …, roost alias …
#include "admin/commands.h"
#include "admin/place.h"
#include "admin/show.h"

static void set_text(json_t *request, const char *key, const char *text)
{
	json_object_set_new(request, key, link_text(view_of_string(text)));
}

static json_t *about(const char *verb, const char *key, const char *name)
{
	json_t *request = json_pack("{s:s}", "do", verb);
	if (name)
		set_text(request, key, name);
	return request;
}

// ---- Domains ---------------------------------------------------------------

// The options that add and set share.
static void add_options(const struct cli_call *call, json_t *request)
{
	const char *alias_of = cli_value(call, "alias-of");
	const char *catch_all = cli_value(call, "catch-all");
	bool no_alias = cli_value(call, "no-alias") != NULL;
	bool no_catch_all = cli_value(call, "no-catch-all") != NULL;
	if (alias_of || no_alias)
		set_text(request, "alias_of", alias_of ? alias_of : "");
	if (catch_all || no_catch_all)
		set_text(request, "catch_all", catch_all ? catch_all : "");
	if (cli_value(call, "primary"))
		json_object_set_new(request, "primary", json_true());
}

static enum cli_exit change_domain(const struct cli_call *call,
    const char *verb, bool create, const char *done)
{
	json_t *request = about(verb, "domain", call->arguments[0]);
	add_options(call, request);
	return place_change(call, create, request, done);
}

enum cli_exit cmd_domain_add(const struct cli_call *call)
{
	return change_domain(call, "domain.add", true, "added");
}

enum cli_exit cmd_domain_set(const struct cli_call *call)
{
	return change_domain(call, "domain.set", false, "changed");
}

enum cli_exit cmd_domain_remove(const struct cli_call *call)
{
	return place_command(call, false,
	    about("domain.remove", "domain", call->arguments[0]), NULL, NULL);
}

// "bücher.example (xn--bcher-kva.example)": for people and for DNS.
static void print_name(const json_t *message, const char *key)
{
	struct view name = link_member(message, key);
	struct view shown = link_member(message, "shown");
	if (shown.len > 0) {
		show_print(stdout, shown);
		printf(" (%.*s)", VIEW_FMT(name));
	} else {
		show_print(stdout, name);
	}
}

static void print_domain(void *context, const json_t *message)
{
	struct view alias_of = link_member(message, "alias_of");
	struct view catch_all = link_member(message, "catch_all");
	(void)context;
	print_name(message, "domain");
	if (json_is_true(json_object_get(message, "primary")))
		printf(", primary");
	if (alias_of.len > 0)
		printf(", alias of %.*s", VIEW_FMT(alias_of));
	if (catch_all.len > 0) {
		printf(", catch-all ");
		show_print(stdout, catch_all);
	}
	putchar('\n');
}

enum cli_exit cmd_domain_list(const struct cli_call *call)
{
	return place_command(
	    call, false, about("domain.list", NULL, NULL), print_domain, NULL);
}

// ---- Check -----------------------------------------------------------------

// The output is a zone file. The explanation of each record is a comment above
// the record.
static void print_record(void *context, const json_t *message)
{
	bool *first = context;
	struct view state = link_member(message, "state");
	struct view found = link_member(message, "found");
	if (!*first)
		putchar('\n');
	*first = false;
	printf("; ");
	if (state.len > 0)
		printf("%.*s: ", VIEW_FMT(state));
	printf("%.*s\n", VIEW_FMT(link_member(message, "purpose")));
	if (found.len > 0) {
		printf("; DNS says: ");
		show_print(stdout, found);
		putchar('\n');
	}
	printf("%.*s\n", VIEW_FMT(link_member(message, "line")));
	fflush(stdout); // the next look-up may take long
}

enum cli_exit cmd_domain_check(const struct cli_call *call)
{
	json_t *answer;
	bool first = true;
	json_t *request = about("domain.check", "domain", call->arguments[0]);
	json_object_set_new(
	    request, "lookup", json_boolean(!cli_value(call, "no-lookup")));
	enum cli_exit code =
	    place_fetch(call, false, request, print_record, &first, &answer);
	if (code == CLI_OK &&
	    json_integer_value(json_object_get(answer, "wrong")) > 0)
		code = CLI_PROBLEM;
	json_decref(answer);
	return code;
}

// ---- Aliases ---------------------------------------------------------------

static json_t *alias_request(const struct cli_call *call, const char *verb)
{
	json_t *request = about(verb, "address", call->arguments[0]);
	json_t *targets = json_array();
	for (unsigned i = 1; i < call->argument_count; i++)
		json_array_append_new(
		    targets, link_text(view_of_string(call->arguments[i])));
	json_object_set_new(request, "targets", targets);
	return request;
}

enum cli_exit cmd_alias_add(const struct cli_call *call)
{
	return place_change(
	    call, false, alias_request(call, "alias.add"), "added");
}

enum cli_exit cmd_alias_remove(const struct cli_call *call)
{
	return place_change(
	    call, false, alias_request(call, "alias.remove"), "changed");
}

static void print_alias(void *context, const json_t *message)
{
	size_t i;
	json_t *target;
	(void)context;
	print_name(message, "address");
	putchar(':');
	json_array_foreach(json_object_get(message, "targets"), i, target)
	{
		struct view text = view_of(
		    json_string_value(target), json_string_length(target));
		printf("%s", i ? ", " : " ");
		show_print(stdout, text);
	}
	putchar('\n');
}

enum cli_exit cmd_alias_list(const struct cli_call *call)
{
	const char *domain = call->argument_count ? call->arguments[0] : NULL;
	return place_command(call, false, about("alias.list", "domain", domain),
	    print_alias, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// roost dkim …
#include <time.h>

#include "admin/commands.h"
#include "admin/place.h"
#include "admin/show.h"

static json_t *about_keys(const struct cli_call *call, const char *verb)
{
	json_t *request = json_pack("{s:s}", "do", verb);
	if (call->argument_count > 0)
		json_object_set_new(request, "domain",
		    link_text(view_of_string(call->arguments[0])));
	return request;
}

static void print_dns(void *context, const json_t *message)
{
	unsigned *count = context;
	printf("%.*s\n", VIEW_FMT(link_member(message, "dns")));
	++*count;
}

enum cli_exit cmd_dkim_new(const struct cli_call *call)
{
	const char *selector = cli_value(call, "selector");
	const char *algorithm = cli_value(call, "algorithm");
	const char *bits = cli_value(call, "bits");
	uint32_t number = 0;
	unsigned count = 0;
	if (!algorithm)
		algorithm = selector ? "rsa" : "both";
	if (selector && view_eq(view_of_string(algorithm), VIEW("both"))) {
		cli_complain("two keys cannot have one selector: say "
			     "--algorithm rsa or ed25519");
		return CLI_USAGE;
	}
	if (bits &&
	    (!view_to_u32(view_of_string(bits), &number) || number == 0)) {
		cli_complain(
		    "--bits takes a number from 1024 to 4096, not %s", bits);
		return CLI_USAGE;
	}
	if (bits && view_eq(view_of_string(algorithm), VIEW("ed25519"))) {
		cli_complain("--bits is for RSA keys; one of ed25519 has 256");
		return CLI_USAGE;
	}
	json_t *request = about_keys(call, "dkim.new");
	json_object_set_new(
	    request, "algorithm", link_text(view_of_string(algorithm)));
	if (selector)
		json_object_set_new(
		    request, "selector", link_text(view_of_string(selector)));
	json_object_set_new(request, "bits", json_integer(number));
	return place_command(call, false, request, print_dns, &count);
}

static enum cli_exit no_key(const struct cli_call *call)
{
	cli_complain("%s has no key: roost dkim new %s", call->arguments[0],
	    call->arguments[0]);
	return CLI_NOT_FOUND;
}

static const struct show_column key_columns[] = {
    {.title = "DOMAIN"},
    {.title = "SELECTOR"},
    {.title = "ALGORITHM"},
    {.title = "BITS", .right = true},
    {.title = "CREATED"},
};

static void add_key_row(void *context, const json_t *message)
{
	struct show_table *table = context;
	char date[16] = "";
	struct tm day;
	time_t created =
	    (time_t)json_integer_value(json_object_get(message, "created"));
	if (gmtime_r(&created, &day))
		strftime(date, sizeof(date), "%Y-%m-%d", &day);
	show_table_add(table, link_member(message, "domain"));
	show_table_add(table, link_member(message, "selector"));
	show_table_add(table, link_member(message, "algorithm"));
	show_table_add_number(
	    table, json_integer_value(json_object_get(message, "bits")));
	show_table_add(table, view_of_string(date));
}

enum cli_exit cmd_dkim_list(const struct cli_call *call)
{
	struct show_table table;
	show_table_init(&table, key_columns, ARRAY_LEN(key_columns));
	enum cli_exit code = place_command(
	    call, false, about_keys(call, "dkim.list"), add_key_row, &table);
	show_table_print(&table);
	bool none = table.cell_count == 0 && call->argument_count > 0;
	show_table_done(&table);
	return code == CLI_OK && none ? no_key(call) : code;
}

enum cli_exit cmd_dkim_dns(const struct cli_call *call)
{
	unsigned count = 0;
	enum cli_exit code = place_command(
	    call, false, about_keys(call, "dkim.list"), print_dns, &count);
	return code == CLI_OK && count == 0 ? no_key(call) : code;
}

enum cli_exit cmd_dkim_remove(const struct cli_call *call)
{
	json_t *request = about_keys(call, "dkim.remove");
	json_object_set_new(
	    request, "selector", link_text(view_of_string(call->arguments[1])));
	return place_command(call, false, request, NULL, NULL);
}

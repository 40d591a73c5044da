// SPDX-License-Identifier: Apache-2.0
// roost certificate list, roost certificate renew
#include <time.h>

#include "admin/commands.h"
#include "admin/place.h"
#include "admin/show.h"

static const struct show_column columns[] = {
    {.title = "CERTIFICATE"},
    {.title = "NAMES", .right = true},
    {.title = "ISSUER"},
    {.title = "DAYS LEFT", .right = true},
    {.title = "RENEWAL"},
};

static json_int_t number(const json_t *message, const char *key)
{
	return json_integer_value(json_object_get(message, key));
}

static struct view time_text(json_int_t seconds, char to[32])
{
	struct tm parts;
	time_t time = (time_t)seconds;
	size_t len = 0;
	if (seconds > 0 && localtime_r(&time, &parts))
		len = strftime(to, 32, "%F %H:%M", &parts);
	return view_of(to, len);
}

static size_t count_names(const json_t *certificate)
{
	const json_t *names = json_object_get(certificate, "names");
	size_t count = 0;
	for (size_t i = 0; i < json_array_size(names); i++)
		count += !json_object_get(json_array_get(names, i), "problem");
	return count;
}

static void add_row(struct show_table *table, const json_t *one, time_t now)
{
	char text[32];
	json_int_t end = number(one, "not_after");
	bool kept = json_is_true(json_object_get(one, "kept"));
	show_table_add(table, link_member(one, "certificate"));
	show_table_add_number(table, (long long)count_names(one));
	if (end == 0) {
		show_table_add(table, VIEW("none yet"));
		show_table_add(table, VIEW(""));
	} else {
		show_table_add(table, link_member(one, "issuer"));
		show_table_add_number(table, (end - now) / 86400);
	}
	if (json_is_true(json_object_get(one, "busy")))
		show_table_add(table, VIEW("under way"));
	else if (json_is_true(json_object_get(one, "stand_in")))
		show_table_add(table, VIEW("stand-in"));
	else if (kept)
		show_table_add(table, time_text(number(one, "renewal"), text));
	else
		show_table_add(table, VIEW("by hand"));
}

static void print_line(const char *what, struct view text)
{
	printf("  %s: ", what);
	show_print(stdout, text);
	putchar('\n');
}

// Prints what keeps a certificate from being whole. Returns false if there is
// nothing.
static bool print_problems(const json_t *one, time_t now)
{
	const json_t *names = json_object_get(one, "names");
	char text[32];
	bool error = json_object_get(one, "error");
	json_int_t end = number(one, "not_after");
	bool expired = end > 0 && end <= now, any = error || expired;
	for (size_t i = 0; i < json_array_size(names); i++)
		any |= json_object_get(json_array_get(names, i), "problem") !=
		       NULL;
	if (!any && !json_object_get(one, "explanation"))
		return false;
	putchar('\n');
	show_print(stdout, link_member(one, "certificate"));
	puts(":");
	if (expired)
		print_line("expired", time_text(end, text));
	if (error) {
		print_line("last error", link_member(one, "error"));
		print_line(
		    "next attempt", time_text(number(one, "next"), text));
	}
	for (size_t i = 0; i < json_array_size(names); i++) {
		const json_t *name = json_array_get(names, i);
		if (!json_object_get(name, "problem"))
			continue;
		printf("  without ");
		show_print(stdout, link_member(name, "name"));
		printf(": ");
		show_print(stdout, link_member(name, "problem"));
		putchar('\n');
	}
	if (json_object_get(one, "explanation"))
		print_line("the authority about its renewal",
		    link_member(one, "explanation"));
	return error || expired;
}

// Returns CLI_PROBLEM if a certificate is missing, has expired, or could not be
// renewed.
static enum cli_exit print_all(const json_t *answer)
{
	struct show_table table;
	const json_t *all = json_object_get(answer, "certificates");
	time_t now = time(NULL);
	enum cli_exit code = CLI_OK;
	show_table_init(&table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < json_array_size(all); i++)
		add_row(&table, json_array_get(all, i), now);
	show_table_print(&table);
	show_table_done(&table);
	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *one = json_array_get(all, i);
		bool missing = !number(one, "not_after") &&
			       json_is_true(json_object_get(one, "needed"));
		if (print_problems(one, now) || missing)
			code = CLI_PROBLEM;
	}
	if (!json_is_true(json_object_get(answer, "acme")))
		puts("\nNo certificates are fetched by the server: see acme in "
		     "its configuration.");
	return code;
}

static enum cli_exit ask(const struct cli_call *call, json_t *request)
{
	json_t *answer;
	enum cli_exit code =
	    place_fetch(call, false, request, NULL, NULL, &answer);
	if (code == CLI_OK)
		code = print_all(answer);
	json_decref(answer);
	return code;
}

enum cli_exit cmd_certificate_list(const struct cli_call *call)
{
	return ask(call, json_pack("{s:s}", "do", "certificate.list"));
}

enum cli_exit cmd_certificate_renew(const struct cli_call *call)
{
	json_t *request = json_pack("{s:s}", "do", "certificate.renew");
	const char *name = call->argument_count > 0 ? call->arguments[0] : "";
	json_object_set_new(
	    request, "certificate", link_text(view_of_string(name)));
	return ask(call, request);
}

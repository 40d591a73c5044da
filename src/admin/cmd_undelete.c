// SPDX-License-Identifier: Apache-2.0
// roost undelete: lists mail that was deleted for good, brings it back, or
// removes it at once.
#include "admin/commands.h"
#include "admin/place.h"
#include "admin/show.h"
#include "wire/date.h"

static const struct show_column columns[] = {
    {.title = "ID", .right = true},
    {.title = "DELETED"},
    {.title = "MAILBOX"},
    {.title = "BYTES", .right = true},
    {.title = "FROM"},
    {.title = "SUBJECT"},
};

static void add_time(struct show_table *table, const json_t *seconds)
{
	struct buf text;
	buf_init(&text, 64);
	date_format_rfc3339((int64_t)json_integer_value(seconds), &text);
	show_table_add(table, buf_view(&text));
	buf_done(&text);
}

static void add_row(void *context, const json_t *note)
{
	struct show_table *table = context;
	show_table_add_number(
	    table, json_integer_value(json_object_get(note, "id")));
	add_time(table, json_object_get(note, "removed"));
	show_table_add(table, link_member(note, "mailbox"));
	show_table_add_number(
	    table, json_integer_value(json_object_get(note, "size")));
	show_table_add(table, link_member(note, "from"));
	show_table_add(table, link_member(note, "subject"));
}

// "2026-11-20" to the day's first second, in UTC.
static bool read_day(const char *text, int64_t *ret_seconds)
{
	char whole[40];
	struct date date;
	int len = snprintf(whole, sizeof(whole), "%.20sT00:00:00Z", text);
	if (len < 0 ||
	    date_parse_rfc3339(view_of(whole, (size_t)len), &date) != RC_OK)
		return false;
	*ret_seconds = date.seconds;
	return true;
}

static bool add_ids(const char *text, json_t *request)
{
	struct view rest = view_of_string(text), one;
	json_t *ids = json_array();
	json_object_set_new(request, "ids", ids);
	while (view_split(&rest, ',', &one)) {
		uint64_t id;
		if (!view_to_u64(one, &id) || id > INT64_MAX)
			return false;
		json_array_append_new(ids, json_integer((json_int_t)id));
	}
	return true;
}

static bool add_options(const struct cli_call *call, json_t *request)
{
	static const char *const names[] = {
	    "mailbox", "subject", "from", "into"};
	const char *since = cli_value(call, "since");
	const char *id = cli_value(call, "id");
	int64_t seconds = 0;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (cli_value(call, names[i]))
			json_object_set_new(request, names[i],
			    link_text(
				view_of_string(cli_value(call, names[i]))));
	if (since && !read_day(since, &seconds)) {
		cli_complain(
		    "--since takes a day like 2026-11-20, not %s", since);
		return false;
	}
	json_object_set_new(
	    request, "since", json_integer((json_int_t)seconds));
	if (id && !add_ids(id, request)) {
		cli_complain(
		    "--id takes numbers of the list, 12,15, not %s", id);
		return false;
	}
	if (cli_value(call, "into") && !cli_value(call, "restore")) {
		cli_complain("--into goes with --restore");
		return false;
	}
	return true;
}

enum cli_exit cmd_undelete(const struct cli_call *call)
{
	struct show_table table;
	json_t *answer;
	const char *act = cli_value(call, "restore") ? "restore"
			  : cli_value(call, "purge") ? "purge"
						     : "list";
	json_t *request = json_pack("{s:s, s:s}", "do", "undelete", "act", act);
	json_object_set_new(
	    request, "user", link_text(view_of_string(call->arguments[0])));
	if (!add_options(call, request)) {
		json_decref(request);
		return CLI_USAGE;
	}
	show_table_init(&table, columns, ARRAY_LEN(columns));
	enum cli_exit code =
	    place_fetch(call, false, request, add_row, &table, &answer);
	show_table_print(&table);
	show_table_done(&table);
	long long done =
	    (long long)json_integer_value(json_object_get(answer, "done"));
	if (code == CLI_OK && cli_value(call, "restore"))
		printf("%lld brought back\n", done);
	if (code == CLI_OK && cli_value(call, "purge"))
		printf("%lld removed for good\n", done);
	bool none = json_integer_value(json_object_get(answer, "matched")) == 0;
	json_decref(answer);
	return code == CLI_OK && none && cli_value(call, "id") ? CLI_NOT_FOUND
							       : code;
}

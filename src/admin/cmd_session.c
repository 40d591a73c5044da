// SPDX-License-Identifier: Apache-2.0
// roost user sessions, roost user kick, roost user logins
#include <time.h>

#include "admin/commands.h"
#include "admin/place.h"
#include "admin/show.h"

static const struct show_column session_columns[] = {
    {.title = "USER"},
    {.title = "PROTOCOL"},
    {.title = "ADDRESS"},
    {.title = "SINCE"},
    {.title = "TLS"},
    {.title = "SESSION", .right = true},
    {.title = "CLIENT"},
};

static void add_time(struct show_table *table, json_int_t seconds)
{
	char text[32];
	struct tm parts;
	time_t time = (time_t)seconds;
	size_t len = 0;
	if (localtime_r(&time, &parts))
		len = strftime(text, sizeof(text), "%F %T", &parts);
	show_table_add(table, view_of(text, len));
}

static void add_session(void *context, const json_t *message)
{
	struct show_table *table = context;
	bool tls = json_is_true(json_object_get(message, "tls"));
	show_table_add(table, link_member(message, "user"));
	show_table_add(table, link_member(message, "protocol"));
	show_table_add(table, link_member(message, "address"));
	add_time(table, json_integer_value(json_object_get(message, "since")));
	show_table_add(table, tls ? VIEW("yes") : VIEW("no"));
	show_table_add_number(
	    table, json_integer_value(json_object_get(message, "session")));
	show_table_add(table, link_member(message, "client"));
}

static void add_user(const struct cli_call *call, json_t *request)
{
	if (call->argument_count > 0)
		json_object_set_new(request, "user",
		    link_text(view_of_string(call->arguments[0])));
}

enum cli_exit cmd_user_sessions(const struct cli_call *call)
{
	struct show_table table;
	json_t *request = json_pack("{s:s}", "do", "user.sessions");
	add_user(call, request);
	show_table_init(&table, session_columns, ARRAY_LEN(session_columns));
	enum cli_exit code =
	    place_command(call, false, request, add_session, &table);
	show_table_print(&table);
	show_table_done(&table);
	return code;
}

enum cli_exit cmd_user_kick(const struct cli_call *call)
{
	json_t *answer;
	json_t *request = json_pack("{s:s}", "do", "user.kick");
	add_user(call, request);
	enum cli_exit code =
	    place_fetch(call, false, request, NULL, NULL, &answer);
	if (code == CLI_OK)
		printf("%lld sessions ended\n",
		    (long long)json_integer_value(
			json_object_get(answer, "sessions")));
	json_decref(answer);
	return code;
}

// ---- Log-ins ---------------------------------------------------------------

static const struct show_column login_columns[] = {
    {.title = "LAST"},
    {.title = "FIRST"},
    {.title = "PROTOCOL"},
    {.title = "TLS"},
    {.title = "ADDRESS"},
};

static void add_login(void *context, const json_t *message)
{
	struct show_table *table = context;
	bool tls = json_is_true(json_object_get(message, "tls"));
	add_time(table, json_integer_value(json_object_get(message, "last")));
	add_time(table, json_integer_value(json_object_get(message, "first")));
	show_table_add(table, link_member(message, "protocol"));
	show_table_add(table, tls ? VIEW("yes") : VIEW("no"));
	show_table_add(table, link_member(message, "address"));
}

enum cli_exit cmd_user_logins(const struct cli_call *call)
{
	struct show_table table;
	json_t *request = json_pack("{s:s, s:b}", "do", "user.logins", "forget",
	    cli_value(call, "forget") != NULL);
	add_user(call, request);
	show_table_init(&table, login_columns, ARRAY_LEN(login_columns));
	enum cli_exit code =
	    place_command(call, false, request, add_login, &table);
	show_table_print(&table);
	show_table_done(&table);
	return code;
}

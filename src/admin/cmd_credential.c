// SPDX-License-Identifier: Apache-2.0
// roost user credentials, roost user revoke, roost user app-password
#include <time.h>

#include "admin/commands.h"
#include "admin/place.h"
#include "admin/show.h"

static const struct show_column columns[] = {
    {.title = "ID", .right = true},
    {.title = "KIND"},
    {.title = "NAME"},
    {.title = "FOR"},
    {.title = "CREATED"},
    {.title = "EXPIRES"},
    {.title = "LAST USE"},
    {.title = "PROTOCOL"},
    {.title = "ADDRESS"},
};

static void add_time(struct show_table *table, const json_t *note,
    const char *key, struct view none)
{
	char text[32];
	struct tm parts;
	time_t time = (time_t)json_integer_value(json_object_get(note, key));
	size_t len = 0;
	if (time != 0 && localtime_r(&time, &parts))
		len = strftime(text, sizeof(text), "%F %T", &parts);
	show_table_add(table, time == 0 ? none : view_of(text, len));
}

static void add_credential(void *context, const json_t *note)
{
	struct show_table *table = context;
	show_table_add_number(
	    table, json_integer_value(json_object_get(note, "id")));
	show_table_add(table, link_member(note, "kind"));
	show_table_add(table, link_member(note, "name"));
	show_table_add(table, link_member(note, "for"));
	add_time(table, note, "created", VIEW(""));
	add_time(table, note, "expires", VIEW("never"));
	add_time(table, note, "last", VIEW("never"));
	show_table_add(table, link_member(note, "protocol"));
	show_table_add(table, link_member(note, "address"));
}

static json_t *request_for(const struct cli_call *call, const char *verb)
{
	json_t *request = json_pack("{s:s}", "do", verb);
	json_object_set_new(
	    request, "user", link_text(view_of_string(call->arguments[0])));
	return request;
}

static long long number_of(const json_t *answer, const char *key)
{
	return (long long)json_integer_value(json_object_get(answer, key));
}

static void print_second(const json_t *answer)
{
	bool app = json_is_true(json_object_get(answer, "app"));
	long long passkeys = number_of(answer, "passkeys");
	if (!app && passkeys == 0) {
		printf("Second factor: none\n");
		return;
	}
	printf("Second factor: %s, passkeys: %lld, recovery codes left: %lld\n",
	    app ? "authenticator app" : "no authenticator app", passkeys,
	    number_of(answer, "recovery_codes"));
}

enum cli_exit cmd_user_credentials(const struct cli_call *call)
{
	struct show_table table;
	json_t *answer;
	show_table_init(&table, columns, ARRAY_LEN(columns));
	enum cli_exit code =
	    place_fetch(call, false, request_for(call, "user.credentials"),
		add_credential, &table, &answer);
	show_table_print(&table);
	show_table_done(&table);
	if (code == CLI_OK)
		print_second(answer);
	json_decref(answer);
	return code;
}

enum cli_exit cmd_user_revoke(const struct cli_call *call)
{
	json_t *answer;
	json_t *request = request_for(call, "user.revoke");
	json_object_set_new(
	    request, "what", link_text(view_of_string(call->arguments[1])));
	enum cli_exit code =
	    place_fetch(call, false, request, NULL, NULL, &answer);
	if (code == CLI_OK && json_object_get(answer, "revoked"))
		printf("%lld revoked\n", number_of(answer, "revoked"));
	json_decref(answer);
	return code;
}

enum cli_exit cmd_user_app_password(const struct cli_call *call)
{
	json_t *answer;
	const char *scopes = cli_value(call, "for");
	const char *days = cli_value(call, "days");
	uint32_t number;
	json_t *request = request_for(call, "user.app-password");
	json_object_set_new(
	    request, "name", link_text(view_of_string(call->arguments[1])));
	if (scopes)
		json_object_set_new(
		    request, "for", link_text(view_of_string(scopes)));
	if (days && (!view_to_u32(view_of_string(days), &number) ||
			number == 0 || number > 36500)) {
		cli_complain(
		    "--days wants a number from 1 to 36500, not %s", days);
		json_decref(request);
		return CLI_USAGE;
	}
	if (days)
		json_object_set_new(request, "days", json_integer(number));
	enum cli_exit code =
	    place_fetch(call, false, request, NULL, NULL, &answer);
	if (code == CLI_OK)
		printf("%s\n",
		    json_string_value(json_object_get(answer, "password")));
	json_decref(answer);
	return code;
}

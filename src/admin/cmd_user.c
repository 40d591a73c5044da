// SPDX-License-Identifier: Apache-2.0
// roost user …
#include <unistd.h>

#include "admin/ask.h"
#include "admin/commands.h"
#include "admin/place.h"
#include "admin/show.h"
#include "wire/utf8.h"

// Gets the password in the way that the options say. An empty one is refused
// later.
static bool get_password(const struct cli_call *call, char *to, size_t size)
{
	if (cli_value(call, "generate")) {
		return ask_generate(to);
	}
	if (cli_value(call, "password-stdin") ||
	    cli_value(call, "hash-stdin")) {
		bool good = ask_line(to, size);
		if (!good)
			cli_complain("no line of standard input, or too long a "
				     "one");
		return good;
	}
	if (isatty(STDIN_FILENO))
		return ask_new_password(to, size);
	cli_complain("no terminal to ask for the password: use "
		     "--password-stdin or --generate");
	return false;
}

// Flushes the output at once: if the password cannot be written, nobody knows
// it, and the person must be told.
static bool print_generated(const struct cli_call *call, const char *password)
{
	if (printf("%s\n", password) > 0 && fflush(stdout) == 0)
		return true;
	cli_complain("the password is set, but could not be written; set "
		     "another one: roost user passwd %s",
	    call->arguments[0]);
	return false;
}

static enum cli_exit send_password(
    const struct cli_call *call, const char *verb, bool create)
{
	char password[1024];
	if (!get_password(call, password, sizeof(password)))
		return CLI_USAGE;
	if (!utf8_is_valid(view_of_string(password))) {
		explicit_bzero(password, sizeof(password));
		cli_complain("the password is not UTF-8");
		return CLI_REFUSED;
	}
	const char *key = cli_value(call, "hash-stdin") ? "stored" : "password";
	json_t *request = json_pack("{s:s}", "do", verb);
	json_object_set_new(
	    request, "user", link_text(view_of_string(call->arguments[0])));
	json_object_set_new(request, key, link_text(view_of_string(password)));
	json_t *answer;
	enum cli_exit code =
	    place_fetch(call, create, request, NULL, NULL, &answer);
	if (code == CLI_OK) {
		bool generated = cli_value(call, "generate") != NULL;
		code = place_doubt(call, answer, "added");
		if (generated && !print_generated(call, password))
			code = CLI_FAILED;
	}
	explicit_bzero(password, sizeof(password));
	json_decref(answer);
	return code;
}

enum cli_exit cmd_user_add(const struct cli_call *call)
{
	return send_password(call, "user.add", true);
}

enum cli_exit cmd_user_passwd(const struct cli_call *call)
{
	return send_password(call, "user.passwd", false);
}

static enum cli_exit about_user(
    const struct cli_call *call, const char *verb, bool disabled)
{
	json_t *request =
	    json_pack("{s:s, s:b}", "do", verb, "disabled", disabled);
	json_object_set_new(
	    request, "user", link_text(view_of_string(call->arguments[0])));
	return place_command(call, false, request, NULL, NULL);
}

enum cli_exit cmd_user_disable(const struct cli_call *call)
{
	return about_user(call, "user.disable", true);
}

enum cli_exit cmd_user_enable(const struct cli_call *call)
{
	return about_user(call, "user.disable", false);
}

enum cli_exit cmd_user_remove(const struct cli_call *call)
{
	char answer[16];
	if (!cli_value(call, "yes")) {
		if (!isatty(STDIN_FILENO)) {
			cli_complain("removing a user deletes all of the mail: "
				     "say --yes");
			return CLI_USAGE;
		}
		fprintf(stderr, "Delete %s and all of the mail? Type yes: ",
		    call->arguments[0]);
		if (!ask_line(answer, sizeof(answer)) ||
		    strcmp(answer, "yes") != 0)
			return CLI_REFUSED;
	}
	return about_user(call, "user.remove", true);
}

// ---- List ------------------------------------------------------------------

static const struct show_column user_columns[] = {
    {.title = "USER"},
    {.title = "STATE"},
    {.title = "ACCOUNT", .right = true},
    {.title = "MAILBOXES", .right = true},
    {.title = "MESSAGES", .right = true},
    {.title = "BYTES", .right = true},
    {.title = "ADDRESS"},
};

static void add_user_row(void *context, const json_t *message)
{
	static const char *const numbers[] = {
	    "account", "mailboxes", "messages", "size"};
	struct show_table *table = context;
	struct view state = VIEW("enabled");
	if (json_is_true(json_object_get(message, "disabled")))
		state = VIEW("disabled");
	if (json_is_true(json_object_get(message, "damaged")))
		state = VIEW("damaged");
	show_table_add(table, link_member(message, "name"));
	show_table_add(table, state);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		show_table_add_number(table,
		    json_integer_value(json_object_get(message, numbers[i])));
	show_table_add(table, link_member(message, "address"));
}

enum cli_exit cmd_user_list(const struct cli_call *call)
{
	struct show_table table;
	show_table_init(&table, user_columns, ARRAY_LEN(user_columns));
	enum cli_exit code = place_command(call, false,
	    json_pack("{s:s}", "do", "user.list"), add_user_row, &table);
	show_table_print(&table);
	show_table_done(&table);
	return code;
}

// ---- Details ---------------------------------------------------------------

enum cli_exit cmd_user_detail(const struct cli_call *call)
{
	json_t *answer;
	json_t *request = json_pack("{s:s}", "do", "user.detail");
	json_object_set_new(
	    request, "user", link_text(view_of_string(call->arguments[0])));
	if (call->argument_count > 1)
		json_object_set_new(request, "detail",
		    link_text(view_of_string(call->arguments[1])));
	enum cli_exit code =
	    place_fetch(call, false, request, NULL, NULL, &answer);
	if (code == CLI_OK && call->argument_count == 1)
		printf("%.*s\n", VIEW_FMT(link_member(answer, "detail")));
	json_decref(answer);
	return code;
}

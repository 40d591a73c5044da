// SPDX-License-Identifier: Apache-2.0
// roost user sending
#include <stdlib.h>
#include <time.h>

#include "admin/commands.h"
#include "admin/place.h"
#include "admin/show.h"

static const struct show_column columns[] = {
    {.title = "USER"},
    {.title = "MESSAGES", .right = true},
    {.title = "OF", .right = true},
    {.title = "RECIPIENTS", .right = true},
    {.title = "OF", .right = true},
    {.title = "LIMITS"},
    {.title = "WAITING", .right = true},
    {.title = "ROOM AT"},
};

static long long number(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

static struct view time_text(long long seconds, char *to, size_t size)
{
	struct tm day;
	time_t time = (time_t)seconds;
	if (seconds == 0 || !gmtime_r(&time, &day))
		return VIEW("now");
	return view_of(to, strftime(to, size, "%Y-%m-%d %H:%M:%S UTC", &day));
}

static void add_kind(struct show_table *table, const json_t *kind)
{
	long long day = number(kind, "day");
	show_table_add_number(table, number(kind, "today"));
	if (day)
		show_table_add_number(table, day);
	else
		show_table_add(table, VIEW("any"));
}

static void add_row(void *context, const json_t *note)
{
	struct show_table *table = context;
	char text[40];
	const json_t *messages = json_object_get(note, "messages");
	show_table_add(table, link_member(note, "name"));
	if (json_is_true(json_object_get(note, "damaged"))) {
		for (size_t i = 1; i < ARRAY_LEN(columns); i++)
			show_table_add(table, VIEW("damaged"));
		return;
	}
	add_kind(table, messages);
	add_kind(table, json_object_get(note, "recipients"));
	show_table_add(table, link_member(messages, "limits"));
	show_table_add_number(table, number(note, "waiting"));
	show_table_add(
	    table, time_text(number(note, "room"), text, sizeof(text)));
}

static enum cli_exit list(const struct cli_call *call)
{
	struct show_table table;
	show_table_init(&table, columns, ARRAY_LEN(columns));
	enum cli_exit code = place_command(call, false,
	    json_pack("{s:s}", "do", "user.sending"), add_row, &table);
	show_table_print(&table);
	show_table_done(&table);
	return code;
}

// ---- One user --------------------------------------------------------------

static void print_limit(long long limit, const char *span)
{
	if (limit)
		printf(", %lld in %s", limit, span);
	else
		printf(", any number in %s", span);
}

static void print_kind(const char *what, const json_t *kind)
{
	struct view limits = link_member(kind, "limits");
	printf("%s today: %lld; may be", what, number(kind, "today"));
	print_limit(number(kind, "hour"), "an hour");
	print_limit(number(kind, "day"), "a day");
	printf(" (%.*s)", VIEW_FMT(limits));
	if (number(kind, "ordinary"))
		printf("; on an ordinary day: %lld", number(kind, "ordinary"));
	putchar('\n');
}

static void print_user(void *context, const json_t *note)
{
	char text[40];
	(void)context;
	if (json_is_true(json_object_get(note, "damaged"))) {
		puts("damaged; no message is taken from the user until you say "
		     "'default' or 'limit'");
		return;
	}
	print_kind("messages", json_object_get(note, "messages"));
	print_kind("recipients", json_object_get(note, "recipients"));
	printf("messages that wait: %lld\n", number(note, "waiting"));
	printf("room for more: %.*s\n",
	    VIEW_FMT(time_text(number(note, "room"), text, sizeof(text))));
}

// Reads a number of messages or recipients in a day.
static bool read_limit(
    const struct cli_call *call, unsigned at, json_t *request, const char *key)
{
	uint32_t limit;
	if (at >= call->argument_count ||
	    !view_to_u32(view_of_string(call->arguments[at]), &limit)) {
		cli_complain("say how many %s in a day (0: any)", key);
		return false;
	}
	json_object_set_new(request, key, json_integer(limit));
	return true;
}

// Reads what is to be done, with its numbers.
static bool read_act(const struct cli_call *call, json_t *request)
{
	struct view word = view_of_string(call->arguments[1]);
	json_object_set_new(request, "act", link_text(word));
	if (view_eq(word, VIEW("limit")))
		return read_limit(call, 2, request, "messages") &&
		       read_limit(call, 3, request, "recipients");
	if (!view_eq(word, VIEW("default")) &&
	    !view_eq(word, VIEW("release")) && !view_eq(word, VIEW("remove"))) {
		cli_complain("say limit, default, release or remove, not %.*s",
		    VIEW_FMT(word));
		return false;
	}
	if (call->argument_count == 2)
		return true;
	cli_complain("%.*s takes no numbers", VIEW_FMT(word));
	return false;
}

enum cli_exit cmd_user_sending(const struct cli_call *call)
{
	if (call->argument_count == 0)
		return list(call);
	json_t *request = json_pack("{s:s}", "do", "user.sending");
	json_object_set_new(
	    request, "user", link_text(view_of_string(call->arguments[0])));
	if (call->argument_count == 1)
		return place_command(call, false, request, print_user, NULL);
	if (!read_act(call, request)) {
		json_decref(request);
		return CLI_USAGE;
	}
	json_t *answer;
	enum cli_exit code =
	    place_fetch(call, false, request, NULL, NULL, &answer);
	if (code == CLI_OK && json_object_get(answer, "messages"))
		printf("%lld messages\n", number(answer, "messages"));
	json_decref(answer);
	return code;
}

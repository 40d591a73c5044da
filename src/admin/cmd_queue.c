// SPDX-License-Identifier: Apache-2.0
// roost queue …
#include <time.h>

#include "admin/commands.h"
#include "admin/place.h"
#include "admin/show.h"
#include "base/ascii.h"

static long long number(const json_t *message, const char *key)
{
	return (long long)json_integer_value(json_object_get(message, key));
}

// "4 minutes", "2 days"; whole units, rounded.
static void print_span(long long seconds)
{
	static const struct {
		long long seconds;
		const char *name;
	} units[] = {
	    {24 * 3600, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
	size_t unit = 0;
	while (unit + 1 < ARRAY_LEN(units) && seconds < 2 * units[unit].seconds)
		unit++;
	long long count =
	    (seconds + units[unit].seconds / 2) / units[unit].seconds;
	printf("%lld %s%s", count, units[unit].name, count == 1 ? "" : "s");
}

static void print_time(long long seconds)
{
	char text[40];
	struct tm day;
	time_t time = (time_t)seconds;
	if (gmtime_r(&time, &day) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &day) > 0)
		printf("%s", text);
}

static void print_until(const json_t *recipient, const char *why)
{
	printf("waits until ");
	print_time(number(recipient, "next"));
	printf(", %s", why);
}

static void print_state(const json_t *recipient)
{
	struct view state = link_member(recipient, "state");
	long long attempts = number(recipient, "attempts");
	long long wait =
	    number(recipient, "next") - (long long)clock_wall_seconds(NULL);
	if (view_eq(state, VIEW("sending")))
		printf("is being sent now");
	else if (view_eq(state, VIEW("held")))
		printf("held");
	else if (view_eq(state, VIEW("later")))
		print_until(recipient, "as its sender wants");
	else if (view_eq(state, VIEW("limited")))
		print_until(recipient, "because its user has sent much");
	else if (view_eq(state, VIEW("off")))
		printf("not sent, mail for others waits (relay = no)");
	else if (wait <= 0)
		printf("due now");
	else {
		printf("next try in ");
		print_span(wait);
	}
	if (attempts > 0)
		printf(", after %lld %s", attempts,
		    attempts == 1 ? "try" : "tries");
}

static void print_recipient(const json_t *recipient)
{
	struct view reply = link_member(recipient, "reply");
	struct view remote = link_member(recipient, "remote");
	printf("    to ");
	show_print(stdout, link_member(recipient, "address"));
	printf(": ");
	print_state(recipient);
	putchar('\n');
	if (reply.len == 0)
		return;
	printf("       ");
	if (remote.len) {
		show_print(stdout, remote);
		printf("%s ", ascii_is_digit(reply.ptr[0]) ? " said:" : ":");
	}
	show_print(stdout, reply);
	putchar('\n');
}

static void print_sender(const json_t *message)
{
	struct view sender = link_member(message, "sender");
	if (sender.len) {
		printf("from ");
		show_print(stdout, sender);
	} else {
		printf("a report (no sender)");
	}
}

// ---- List ------------------------------------------------------------------

static void print_listed(void *context, const json_t *message)
{
	unsigned long long *count = context;
	size_t i;
	const json_t *one;
	const json_t *recipients = json_object_get(message, "recipients");
	++*count;
	printf("%.*s  ", VIEW_FMT(link_member(message, "id")));
	print_sender(message);
	printf(", %lld bytes, for ", number(message, "size"));
	print_span(
	    (long long)clock_wall_seconds(NULL) - number(message, "created"));
	putchar('\n');
	json_array_foreach(recipients, i, one) print_recipient(one);
	long long more =
	    number(message, "count") - (long long)json_array_size(recipients);
	if (more > 0)
		printf("    and to %lld more\n", more);
}

static json_t *request_new(const struct cli_call *call, const char *verb)
{
	json_t *request = json_pack("{s:s}", "do", verb);
	const char *domain = cli_value(call, "domain");
	if (call->argument_count > 0)
		json_object_set_new(request, "id",
		    link_text(view_of_string(call->arguments[0])));
	if (domain)
		json_object_set_new(
		    request, "domain", link_text(view_of_string(domain)));
	return request;
}

enum cli_exit cmd_queue_list(const struct cli_call *call)
{
	unsigned long long count = 0;
	enum cli_exit exit = place_command(
	    call, false, request_new(call, "queue.list"), print_listed, &count);
	if (exit == CLI_OK && count == 0)
		printf("nothing waits\n");
	else if (exit == CLI_OK)
		printf("%llu message%s\n", count, count == 1 ? "" : "s");
	return exit;
}

// ---- Show ------------------------------------------------------------------

static void print_envelope(const json_t *message)
{
	struct view hop = link_member(message, "hop");
	struct view envid = link_member(message, "envid");
	printf("Message %.*s, ", VIEW_FMT(link_member(message, "id")));
	print_sender(message);
	printf("\n    size: %lld bytes\n    came: ", number(message, "size"));
	print_time(number(message, "created"));
	if (hop.len) {
		printf(" from ");
		show_print(stdout, hop);
	}
	printf("\n    tried until: ");
	print_time(number(message, "expires"));
	if (number(message, "release")) {
		printf("\n    not before: ");
		print_time(number(message, "release"));
	}
	if (number(message, "account"))
		printf("\n    sent by the user of account %lld",
		    number(message, "account"));
	if (envid.len) {
		printf("\n    envelope id: ");
		show_print(stdout, envid);
	}
	printf("\n\n");
}

// Prints a part of a message: its line ends and tabs stay.
static void print_text(struct view text)
{
	struct view line, piece;
	while (view_split(&text, '\n', &line)) {
		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		bool first = true;
		while (view_split(&line, '\t', &piece)) {
			if (!first)
				putchar('\t');
			show_print(stdout, piece);
			first = false;
		}
		putchar('\n');
	}
}

static void print_shown(void *context, const json_t *message)
{
	struct view note = link_member(message, "note");
	(void)context;
	if (view_eq(note, VIEW("message")))
		print_envelope(message);
	else if (view_eq(note, VIEW("recipient")))
		print_recipient(message);
	else {
		putchar('\n');
		print_text(link_member(message, "text"));
	}
}

enum cli_exit cmd_queue_show(const struct cli_call *call)
{
	return place_command(
	    call, false, request_new(call, "queue.show"), print_shown, NULL);
}

// ---- Changes ---------------------------------------------------------------

enum cli_exit cmd_queue_retry(const struct cli_call *call)
{
	unsigned given = call->argument_count;
	given += cli_value(call, "all") != NULL;
	given += cli_value(call, "domain") != NULL;
	if (given != 1) {
		cli_complain("which messages? One of an ID, --domain and --all "
			     "is needed");
		return CLI_USAGE;
	}
	return place_command(
	    call, false, request_new(call, "queue.retry"), NULL, NULL);
}

enum cli_exit cmd_queue_hold(const struct cli_call *call)
{
	return place_command(
	    call, false, request_new(call, "queue.hold"), NULL, NULL);
}

enum cli_exit cmd_queue_release(const struct cli_call *call)
{
	return place_command(
	    call, false, request_new(call, "queue.release"), NULL, NULL);
}

enum cli_exit cmd_queue_remove(const struct cli_call *call)
{
	json_t *request = request_new(call, "queue.remove");
	json_object_set_new(
	    request, "report", json_boolean(cli_value(call, "bounce") != NULL));
	return place_command(call, false, request, NULL, NULL);
}

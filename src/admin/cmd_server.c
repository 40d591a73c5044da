// SPDX-License-Identifier: Apache-2.0
// roost check, roost trace, roost status, roost metrics
#include <unistd.h>

#include "admin/commands.h"
#include "admin/place.h"
#include "admin/show.h"

// ---- Check -----------------------------------------------------------------

static long long number(const json_t *message, const char *key)
{
	return (long long)json_integer_value(json_object_get(message, key));
}

static void print_problem(void *context, const json_t *message)
{
	bool *terminal = context;
	struct view note = link_member(message, "note");
	struct view place = link_member(message, "place");
	if (*terminal)
		fputs("\r\033[K", stderr);
	if (view_eq(note, VIEW("problem"))) {
		show_print(stdout, place);
		printf(": ");
		show_print(stdout, link_member(message, "text"));
		putchar('\n');
	} else if (*terminal) {
		fprintf(stderr, "checking ");
		show_print(stderr, place);
	}
}

static enum cli_exit check_all(
    const struct cli_call *call, bool mend, bool drop_derived)
{
	json_t *answer;
	bool terminal = isatty(STDERR_FILENO);
	json_t *request = json_pack("{s:s, s:b, s:b}", "do", "check", "mend",
	    mend, "drop_derived", drop_derived);
	enum cli_exit code = place_fetch(
	    call, false, request, print_problem, &terminal, &answer);
	if (terminal)
		fputs("\r\033[K", stderr);
	long long problems = number(answer, "problems");
	if (code == CLI_OK)
		printf("%lld users, %lld mailboxes, %lld messages: "
		       "%lld problems, %lld mended\n",
		    number(answer, "users"), number(answer, "mailboxes"),
		    number(answer, "messages"), problems,
		    number(answer, "mended"));
	if (answer && drop_derived)
		printf("derived data of %lld users dropped\n",
		    number(answer, "dropped"));
	json_decref(answer);
	return code == CLI_OK && problems > 0 ? CLI_PROBLEM : code;
}

enum cli_exit cmd_check(const struct cli_call *call)
{
	return check_all(call, cli_value(call, "mend") != NULL,
	    cli_value(call, "drop-derived") != NULL);
}

enum cli_exit cmd_repair(const struct cli_call *call)
{
	struct cli_call repairing = *call;
	if (place_is_served(&call->place)) {
		cli_complain("a server runs; stop it before the repair");
		return CLI_PROBLEM;
	}
	repairing.place.repair = true;
	return check_all(&repairing, true, true);
}

// ---- The running server ----------------------------------------------------

enum cli_exit cmd_trace(const struct cli_call *call)
{
	struct view word = view_of_string(call->arguments[1]);
	bool on = view_eq(word, VIEW("on"));
	if (!on && !view_eq(word, VIEW("off"))) {
		cli_complain("say on or off, not %s", call->arguments[1]);
		return CLI_USAGE;
	}
	json_t *request = json_pack("{s:s, s:b}", "do", "trace", "on", on);
	json_object_set_new(
	    request, "user", link_text(view_of_string(call->arguments[0])));
	return place_command(call, false, request, NULL, NULL);
}

static void print_status(const json_t *answer)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)answer, key, value)
	{
		struct view name = view_of_string(key);
		if (view_eq(name, VIEW("result")))
			continue;
		if (json_is_string(value))
			printf("%s=%s\n", key, json_string_value(value));
		else if (json_is_integer(value))
			printf("%s=%lld\n", key,
			    (long long)json_integer_value(value));
		else if (json_is_boolean(value))
			printf(
			    "%s=%s\n", key, json_is_true(value) ? "yes" : "no");
	}
}

enum cli_exit cmd_status(const struct cli_call *call)
{
	struct place place;
	struct fault fault = {0};
	json_t *answer;
	enum rc rc = place_open(&call->place, false, &fault, &place);
	if (rc != RC_OK)
		return cli_fail(rc, &fault);
	bool serving = place.serving;
	rc = place_ask(&place, json_pack("{s:s}", "do", "status"), NULL, NULL,
	    &fault, &answer);
	place_close(&place);
	if (rc == RC_OK)
		print_status(answer);
	json_decref(answer);
	if (rc != RC_OK)
		return cli_fail(rc, &fault);
	return serving ? CLI_OK : CLI_NOT_FOUND;
}

enum cli_exit cmd_metrics(const struct cli_call *call)
{
	json_t *answer;
	enum cli_exit code = place_fetch(call, false,
	    json_pack("{s:s}", "do", "metrics"), NULL, NULL, &answer);
	struct view text = link_member(answer, "text");
	if (code == CLI_OK)
		fwrite(text.ptr, 1, text.len, stdout);
	json_decref(answer);
	return code;
}

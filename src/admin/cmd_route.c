// SPDX-License-Identifier: Apache-2.0
// roost route
#include "admin/commands.h"
#include "admin/place.h"
#include "admin/show.h"

static void print_line(void *context, const json_t *message)
{
	(void)context;
	show_print(stdout, link_member(message, "text"));
	putchar('\n');
}

// The answer has a result for users here and a result for other servers. The
// exit code shows the worse one.
static enum cli_exit exit_of(const json_t *answer)
{
	static const struct {
		const char *key;
		const char *word;
		enum cli_exit code;
	} table[] = {
	    {"verdict", "unknown", CLI_NOT_FOUND},
	    {"verdict", "disabled", CLI_REFUSED},
	    {"verdict", "loop", CLI_PROBLEM},
	    {"hops", "nowhere", CLI_NOT_FOUND},
	    {"hops", "some", CLI_PROBLEM},
	    {"hops", "later", CLI_PROBLEM},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (view_eq(link_member(answer, table[i].key),
			view_of_string(table[i].word)))
			return table[i].code;
	return CLI_OK;
}

enum cli_exit cmd_route(const struct cli_call *call)
{
	json_t *answer;
	json_t *request = json_pack("{s:s}", "do", "route");
	json_object_set_new(
	    request, "address", link_text(view_of_string(call->arguments[0])));
	enum cli_exit code =
	    place_fetch(call, false, request, print_line, NULL, &answer);
	if (code == CLI_OK)
		code = exit_of(answer);
	json_decref(answer);
	return code;
}

// SPDX-License-Identifier: Apache-2.0
// roost route
#include "admin/commands.h"
#include "admin/place.h"

static void print_line(void *context, const json_t *message)
{
	(void)context;
	printf("%.*s\n", VIEW_FMT(link_member(message, "text")));
}

static enum cli_exit exit_of(struct view verdict)
{
	if (view_eq(verdict, VIEW("unknown")))
		return CLI_NOT_FOUND;
	if (view_eq(verdict, VIEW("disabled")))
		return CLI_REFUSED;
	if (view_eq(verdict, VIEW("loop")))
		return CLI_PROBLEM;
	return CLI_OK;
}

enum cli_exit cmd_route(const struct cli_call *call)
{
	struct place place;
	struct fault fault = {0};
	json_t *answer;
	enum rc rc = place_open(&call->place, false, &fault, &place);
	if (rc != RC_OK)
		return cli_fail(rc, &fault);
	json_t *request = json_pack("{s:s}", "do", "route");
	json_object_set_new(
	    request, "address", link_text(view_of_string(call->arguments[0])));
	rc = place_ask(&place, request, print_line, NULL, &fault, &answer);
	place_close(&place);
	enum cli_exit code = exit_of(link_member(answer, "verdict"));
	json_decref(answer);
	return rc == RC_OK ? code : cli_fail(rc, &fault);
}

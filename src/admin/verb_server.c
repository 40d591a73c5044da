// SPDX-License-Identifier: Apache-2.0
// Requests about the running server.
#include "admin/verbs.h"

enum rc verb_status(struct verb_call *call, struct fault *fault)
{
	const struct control_server *server = call->host->server;
	(void)fault;
	json_object_set_new(
	    call->answer, "version", json_string(call->host->version));
	json_object_set_new(
	    call->answer, "serving", json_boolean(server != NULL));
	if (server)
		server->status(server->context, call->answer);
	return RC_OK;
}

enum rc verb_trace(struct verb_call *call, struct fault *fault)
{
	const struct control_server *server = call->host->server;
	struct auth_name name;
	struct auth_record record;
	struct view user = link_member(call->request, "user");
	if (!server)
		return fault_set(fault, RC_NOT_FOUND,
		    "no server is running that could be traced");
	bool on = json_is_true(json_object_get(call->request, "on"));
	enum rc rc =
	    auth_directory_lookup(call->host->engine, user, &name, &record);
	if (rc != RC_OK && on)
		return fault_set(
		    fault, rc, "there is no user %.*s", VIEW_FMT(user));
	if (rc != RC_OK)
		rc = auth_name_prepare(user, fault, &name);
	if (rc == RC_OK)
		server->trace(server->context, auth_name_view(&name), on);
	return rc;
}

// SPDX-License-Identifier: Apache-2.0
// Requests about the running server.
#include "admin/verbs.h"

#include "base/metrics.h"

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

enum rc verb_metrics(struct verb_call *call, struct fault *fault)
{
	const struct control_server *server = call->host->server;
	if (!server)
		return fault_set(fault, RC_NOT_FOUND, "no server is running");
	struct buf text;
	buf_init(&text, METRICS_MAX);
	server->metrics(server->context, false, &text);
	enum rc rc = buf_status(&text);
	if (rc == RC_OK)
		json_object_set_new(
		    call->answer, "text", link_text(buf_view(&text)));
	buf_done(&text);
	return rc == RC_OK ? RC_OK
			   : fault_set(fault, rc, "the metrics are too long");
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

static enum rc need_server(
    const struct control_server *server, struct fault *fault)
{
	if (server)
		return RC_OK;
	return fault_set(fault, RC_NOT_FOUND,
	    "no server is running whose certificates these would be");
}

enum rc verb_certificate_list(struct verb_call *call, struct fault *fault)
{
	const struct control_server *server = call->host->server;
	enum rc rc = need_server(server, fault);
	if (rc == RC_OK)
		server->certificates(server->context, call->answer);
	return rc;
}

enum rc verb_certificate_renew(struct verb_call *call, struct fault *fault)
{
	const struct control_server *server = call->host->server;
	enum rc rc = need_server(server, fault);
	if (rc == RC_OK)
		rc = server->renew(server->context,
		    link_member(call->request, "certificate"), fault);
	if (rc == RC_OK)
		server->certificates(server->context, call->answer);
	return rc;
}

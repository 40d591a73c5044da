// SPDX-License-Identifier: Apache-2.0
// Requests about the users who are logged in, and about their log-ins.
#include "admin/verbs.h"
#include "auth/places.h"

// How long sessions have to say their last words, and then to be cut off.
#define END_MS 3000
#define CUT_MS 5000

// The name of the request's user. Somebody who was removed a moment ago may
// still have sessions, so only a name with neither is refused.
static enum rc name_of(const struct verb_call *call, struct fault *fault,
    struct auth_name *ret_name)
{
	const struct control_host *host = call->host;
	struct view user = link_member(call->request, "user");
	struct auth_record record;
	enum rc rc = auth_name_prepare(user, fault, ret_name);
	if (rc != RC_OK)
		return rc;
	struct view name = auth_name_view(ret_name);
	if (host->sessions && session_registry_count(host->sessions, name) > 0)
		return RC_OK;
	rc = auth_directory_lookup(host->engine, name, ret_name, &record);
	explicit_bzero(&record, sizeof(record));
	if (rc == RC_NOT_FOUND)
		return fault_set(
		    fault, rc, "there is no user %.*s", VIEW_FMT(user));
	return RC_OK;
}

size_t verb_sessions_end(const struct control_host *host, struct view user)
{
	if (!host->sessions)
		return 0;
	size_t count = session_registry_kick(host->sessions, user);
	if (session_registry_wait(host->sessions, user, END_MS))
		return count;
	session_registry_cut(host->sessions, user);
	(void)session_registry_wait(host->sessions, user, CUT_MS);
	return count;
}

// ---- List ------------------------------------------------------------------

// The registry is locked while a session is told, so the notes are sent later.
static void add_note(void *context, const struct session_info *info)
{
	json_t *note = json_pack("{s:s, s:s, s:s, s:I, s:I, s:b}", "note",
	    "session", "protocol", info->protocol, "address", info->address,
	    "session", (json_int_t)info->id, "since", (json_int_t)info->since,
	    "tls", info->tls);
	json_object_set_new(note, "user", link_text(info->user));
	if (info->client)
		json_object_set_new(
		    note, "client", link_text(view_of_string(info->client)));
	json_array_append_new(context, note);
}

static enum rc send_notes(struct verb_call *call, json_t *notes)
{
	enum rc rc = RC_OK;
	size_t i;
	json_t *note;
	json_array_foreach(notes, i, note)
	{
		if (rc == RC_OK)
			rc = link_send(call->link, json_incref(note), VIEW(""));
	}
	return rc;
}

enum rc verb_user_sessions(struct verb_call *call, struct fault *fault)
{
	struct session_registry *sessions = call->host->sessions;
	struct auth_name name = {""};
	enum rc rc = RC_OK;
	if (link_member(call->request, "user").len > 0)
		rc = name_of(call, fault, &name);
	if (rc != RC_OK || !sessions)
		return rc;
	json_t *notes = json_array();
	session_registry_each(sessions, auth_name_view(&name), add_note, notes);
	rc = send_notes(call, notes);
	json_decref(notes);
	return rc;
}

// ---- Kick ------------------------------------------------------------------

enum rc verb_user_kick(struct verb_call *call, struct fault *fault)
{
	struct auth_name name;
	enum rc rc = name_of(call, fault, &name);
	if (rc != RC_OK)
		return rc;
	size_t count = verb_sessions_end(call->host, auth_name_view(&name));
	json_object_set_new(
	    call->answer, "sessions", json_integer((json_int_t)count));
	return RC_OK;
}

// ---- Log-ins ---------------------------------------------------------------

static enum rc send_place(
    struct verb_call *call, const struct auth_place *place)
{
	json_t *note = json_pack("{s:s, s:s, s:s, s:b, s:I, s:I}", "note",
	    "login", "protocol", place->protocol, "address", place->address,
	    "tls", place->tls, "first", (json_int_t)place->first, "last",
	    (json_int_t)place->last);
	return link_send(call->link, note, VIEW(""));
}

// Sends a note for each place from which the user logged in, the last log-in
// first; with "forget" forgets them afterwards.
enum rc verb_user_logins(struct verb_call *call, struct fault *fault)
{
	struct auth *auth = call->host->auth;
	struct auth_place_list list;
	struct auth_name name;
	enum rc rc = name_of(call, fault, &name);
	if (rc == RC_OK)
		rc =
		    auth_user_places(auth, auth_name_view(&name), fault, &list);
	for (size_t i = 0; rc == RC_OK && i < list.count; i++)
		rc = send_place(call, &list.places[i]);
	if (rc == RC_OK &&
	    json_is_true(json_object_get(call->request, "forget")))
		rc =
		    auth_user_forget_places(auth, auth_name_view(&name), fault);
	return rc;
}

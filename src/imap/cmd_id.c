// SPDX-License-Identifier: Apache-2.0
// ID (RFC 2971): the server logs what the client says of itself, and tells the
// client what it is.
#include "imap/commands.h"
#include "imap/session.h"

#define PAIRS_MAX 30 // RFC 2971 section 3.3
#define FIELD_MAX 30
#define VALUE_MAX 1024

// What the client says of itself. Only these are logged, so that a client
// cannot invent keys of the log.
struct client {
	struct view name;
	struct view version;
};

static MUST_CHECK enum rc parse_pair(
    struct imap_cursor *args, struct client *client)
{
	struct view field, value;
	enum rc rc = imap_parse_string(args, &field);
	if (rc == RC_OK && field.len > FIELD_MAX)
		rc = imap_reject(args, RC_SYNTAX,
		    "a field of ID is longer than %d bytes", FIELD_MAX);
	if (rc == RC_OK)
		rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_nstring(args, &value);
	if (rc == RC_OK && value.len > VALUE_MAX)
		rc = imap_reject(args, RC_SYNTAX,
		    "a value of ID is longer than %d bytes", VALUE_MAX);
	if (rc == RC_OK && view_eq_nocase(field, VIEW("name")))
		client->name = value;
	if (rc == RC_OK && view_eq_nocase(field, VIEW("version")))
		client->version = value;
	return rc;
}

static MUST_CHECK enum rc parse_list(
    struct imap_cursor *args, struct client *client)
{
	if (imap_take_word(args, VIEW("NIL")))
		return RC_OK;
	enum rc rc = imap_parse_open(args);
	bool more = rc == RC_OK && imap_peek(args) != ')';
	for (int pairs = 0; more; pairs++) {
		if (pairs == PAIRS_MAX)
			return imap_reject(args, RC_SYNTAX,
			    "more than %d fields in ID", PAIRS_MAX);
		rc = parse_pair(args, client);
		more = rc == RC_OK && imap_take_next(args);
	}
	return rc == RC_OK ? imap_parse_close(args) : rc;
}

// Keeps what the client said for `roost user sessions`, and logs it once.
static void note_client(
    struct imap_session *session, const struct client *client)
{
	char text[256];
	bool versioned = client->version.len > 0;
	int len =
	    snprintf(text, sizeof(text), "%.*s%s%.*s", VIEW_FMT(client->name),
		versioned ? " " : "", VIEW_FMT(client->version));
	size_t max = sizeof(text) - 1;
	if (len > 0)
		session_set_client(&session->base,
		    view_of(text, (size_t)len < max ? (size_t)len : max));
	if (session->client_logged)
		return;
	session->client_logged = true;
	struct log_line line;
	session_log_begin(&session->base, &line, LOG_LEVEL_INFO, "imap_client");
	if (client->name.len > 0)
		log_add(&line, "client", client->name);
	if (versioned)
		log_add(&line, "version", client->version);
	log_end(&line);
}

enum imap_step imap_id_begin(struct imap_command *command)
{
	const struct imap_server *server = command->session->server;
	struct imap_cursor *args = &command->args;
	struct client client = {0};
	enum rc rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = parse_list(args, &client);
	if (rc == RC_OK)
		rc = imap_parse_end(args);
	if (rc != RC_OK)
		return imap_bad_arguments(command, rc);
	note_client(command->session, &client);

	buf_add_literal(command->out, "* ID (\"name\" ");
	imap_write_quoted(
	    command->out, view_of_string(server->base.name), false);
	if (server->version) {
		buf_add_literal(command->out, " \"version\" ");
		imap_write_quoted(
		    command->out, view_of_string(server->version), false);
	}
	buf_add_literal(command->out, ")\r\n");
	return imap_ok(command, "ID completed");
}

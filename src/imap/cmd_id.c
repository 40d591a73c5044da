// SPDX-License-Identifier: Apache-2.0
// ID (RFC 2971): the server logs what the client says of itself, and tells the
// client what it is.
#include "imap/commands.h"
#include "imap/session.h"

#define PAIRS_MAX 30 // RFC 2971 section 3.3
#define FIELD_MAX 30
#define VALUE_MAX 1024

static MUST_CHECK enum rc parse_pair(
    struct imap_cursor *args, struct log_line *line)
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
	// Only these are logged, so that a client cannot invent keys of the
	// log.
	if (rc == RC_OK && view_eq_nocase(field, VIEW("name")))
		log_add(line, "client", value);
	if (rc == RC_OK && view_eq_nocase(field, VIEW("version")))
		log_add(line, "version", value);
	return rc;
}

static MUST_CHECK enum rc parse_list(
    struct imap_cursor *args, struct log_line *line)
{
	if (imap_take_word(args, VIEW("NIL")))
		return RC_OK;
	enum rc rc = imap_parse_open(args);
	bool more = rc == RC_OK && imap_peek(args) != ')';
	for (int pairs = 0; more; pairs++) {
		if (pairs == PAIRS_MAX)
			return imap_reject(args, RC_SYNTAX,
			    "more than %d fields in ID", PAIRS_MAX);
		rc = parse_pair(args, line);
		more = rc == RC_OK && imap_take_next(args);
	}
	return rc == RC_OK ? imap_parse_close(args) : rc;
}

enum imap_step imap_id_begin(struct imap_command *command)
{
	const struct imap_server *server = command->session->server;
	struct imap_cursor *args = &command->args;
	struct log_line line;
	struct log *log =
	    command->session->client_logged ? NULL : server->base.log;
	log_begin(&line, log, LOG_LEVEL_INFO, "imap_client");
	log_add_u64(&line, "session", command->session->base.id);
	enum rc rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = parse_list(args, &line);
	if (rc == RC_OK)
		rc = imap_parse_end(args);
	log_end(&line);
	command->session->client_logged = true;
	if (rc != RC_OK)
		return imap_bad_arguments(command, rc);

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

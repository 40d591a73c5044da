// SPDX-License-Identifier: Apache-2.0
// Finds lines in the input: commands, and the client's lines in AUTH's
// exchange. Only CRLF ends a line. A line that is too long is dropped as it
// comes. The line stays in the network's buffer and is not copied.
#include "smtp/commands.h"

static void refuse_long_line(struct smtp_session *session)
{
	bool sasl = session->call != NULL;
	smtp_command_end(session);
	// RFC 4954 section 4, RFC 5321 section 4.2.4.
	smtp_answer(session, 500, sasl ? ENHANCED(5, 5, 6) : ENHANCED(5, 5, 2),
	    "The line is too long");
}

static void refuse_endless_line(struct smtp_session *session)
{
	smtp_hang_up(session, "endless line", 500, ENHANCED(5, 5, 2),
	    "The line is too long");
}

// Only CRLF ends a line (RFC 5321 section 2.3.8).
static void refuse_bare_lf(struct smtp_session *session)
{
	smtp_command_end(session);
	smtp_answer(session, 500, ENHANCED(5, 5, 2),
	    "A line ends with CRLF, not with LF");
}

static size_t line_max(const struct smtp_session *session, struct view line)
{
	return session->call || smtp_verb_of(line) == SMTP_VERB_AUTH
		   ? SMTP_AUTH_LINE_MAX
		   : SMTP_LINE_MAX;
}

// The unread input has no line end.
static void wait_for_line(struct smtp_session *session, struct view *input)
{
	struct smtp_line *line = &session->line;
	line->scanned = input->len;
	// The byte after the longest line may be the CR.
	if (line->skipped == 0 && input->len <= line_max(session, *input) + 1)
		return;
	line->skipped += input->len;
	line->scanned = 0;
	*input = VIEW("");
	if (line->skipped > SMTP_SKIP_MAX)
		refuse_endless_line(session);
}

static void run_line(struct smtp_session *session, struct view line, bool more)
{
	size_t skipped = session->line.skipped;
	session->line = (struct smtp_line){0};
	bool bare = !view_ends_with(line, VIEW("\r"));
	if (!bare)
		line.len--;
	if (skipped + line.len > SMTP_SKIP_MAX)
		refuse_endless_line(session);
	else if (skipped > 0 || line.len > line_max(session, line))
		refuse_long_line(session);
	else if (bare)
		refuse_bare_lf(session);
	else if (session->call)
		smtp_command_line(session, line, more);
	else
		smtp_command_run(session, line, more);
}

// A TLS client at a port without TLS: it would wait for a handshake, and we for
// a line. Its first bytes are those of a record (RFC 8446 section 5.1).
static bool refuse_handshake(struct smtp_session *session, struct view input)
{
	if (session->helo || !view_starts_with(input, VIEW("\x16\x03")))
		return false;
	smtp_hang_up(session, "TLS without STARTTLS", 554, ENHANCED(5, 5, 1),
	    "Connections here do not begin with TLS");
	return true;
}

bool smtp_line_take(struct smtp_session *session, struct view *input)
{
	if (refuse_handshake(session, *input))
		return true;
	// Bytes that were searched before are not searched again.
	size_t scanned = session->line.scanned;
	size_t from = scanned < input->len ? scanned : input->len;
	size_t at = view_find_char(view_from(*input, from), '\n');
	if (at == SIZE_MAX) {
		wait_for_line(session, input);
		return session->base.next != NET_READ;
	}
	struct view line = view_slice(*input, 0, from + at);
	*input = view_from(*input, line.len + 1);
	run_line(session, line, input->len > 0);
	return true;
}

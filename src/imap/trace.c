// SPDX-License-Identifier: Apache-2.0
// What the trace shows of IMAP (session/session.h). By default nothing is
// shown; a command is shown only if its type is known and not secret. Literals
// are left out.
#include "imap/trace.h"

#include "base/ascii.h"
#include "imap/session.h"

// Gives the size of the literal that `line` announces at its end; false when
// there is none.
static bool announces_literal(struct view line, uint64_t *ret_size)
{
	if (!view_ends_with(line, VIEW("}")))
		return false;
	size_t at = line.len - 1;
	if (at > 0 && line.ptr[at - 1] == '+')
		at--;
	size_t end = at;
	while (at > 0 && ascii_is_digit(line.ptr[at - 1]))
		at--;
	return at > 0 && line.ptr[at - 1] == '{' &&
	       view_to_u64(view_slice(line, at, end - at), ret_size);
}

// Removes the next line from the front of `*text` and gives it without its line
// end.
static struct view next_line(struct view *text)
{
	size_t len = view_find_char(*text, '\n');
	struct view line = view_slice(*text, 0, len);
	*text = len == SIZE_MAX ? VIEW("") : view_from(*text, len + 1);
	if (view_ends_with(line, VIEW("\r")))
		line.len--;
	return line;
}

// ---- The client ------------------------------------------------------------

static void tell_client(struct imap_session *session, struct view text)
{
	uint64_t skip = 0;
	while (text.len > 0) {
		struct view line = next_line(&text);
		session_trace_client(&session->base, line);
		if (announces_literal(line, &skip))
			text = skip < text.len ? view_from(text, (size_t)skip)
					       : VIEW("");
	}
}

// Gives the position where the arguments of a command begin, if they may be
// shown; otherwise 0.
static size_t shown_head(struct view text, bool *ret_secret)
{
	struct view rest = text, word;
	*ret_secret = true;
	for (int i = 0; i < 3; i++) { // the tag, perhaps UID, and the name
		if (!view_split(&rest, ' ', &word))
			return 0;
		const struct imap_command_type *type =
		    i > 0 ? imap_command_find(word) : NULL;
		if (!type)
			continue;
		*ret_secret = (type->flags & IMAP_COMMAND_SECRET) != 0;
		return text.len - rest.len;
	}
	return 0;
}

static void tell_command(struct imap_session *session, struct view text)
{
	bool secret;
	size_t head = shown_head(text, &secret);
	if (head == 0) {
		session_trace_command(&session->base, VIEW(""), true, text);
	} else if (secret) {
		session_trace_command(
		    &session->base, view_slice(text, 0, head), true, text);
	} else {
		tell_client(session, text);
	}
}

void imap_trace_command(
    struct imap_session *session, const struct imap_event *event)
{
	if (!session_is_traced(&session->base))
		return;
	if (session->mode == IMAP_MODE_ANSWER)
		session_trace_secret(&session->base);
	else if (session->mode == IMAP_MODE_IDLE || event->continued)
		tell_client(session, event->text);
	else
		tell_command(session, event->text);
}

void imap_trace_literal(
    struct imap_session *session, const struct imap_event *event)
{
	if (!session_is_traced(&session->base))
		return;
	if (event->continued)
		tell_client(session, event->text);
	else
		tell_command(session, event->text);
}

// ---- The server ------------------------------------------------------------

static void tell_server(struct session *session, struct view line)
{
	struct view tag, rest = line;
	char shown[IMAP_TEXT_MAX];
	// If a password was sent where a command was expected, the answer
	// repeats it as the tag.
	if (session_is_stranger(session) && line.len > 0 &&
	    line.ptr[0] != '*' && line.ptr[0] != '+' &&
	    view_split(&rest, ' ', &tag)) {
		int len = snprintf(shown, sizeof(shown), "(tag) %.*s",
		    (int)(rest.len < 400 ? rest.len : 400), rest.ptr);
		line = view_of(shown, (size_t)len);
	}
	session_trace_line(session, false, line);
}

void imap_trace_said(struct session *session, struct view said)
{
	for (;;) {
		uint64_t skip = session->trace_skip;
		size_t len = skip < said.len ? (size_t)skip : said.len;
		said = view_from(said, len);
		session->trace_skip -= len;
		if (said.len == 0)
			return;
		struct view line = next_line(&said);
		tell_server(session, line);
		if (!announces_literal(line, &session->trace_skip))
			session->trace_skip = 0;
	}
}

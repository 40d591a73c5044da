// SPDX-License-Identifier: Apache-2.0
// The protocol trace. All that is shown of a command is shown because its type
// is known and not secret; nothing is shown by default.
#include "imap/trace.h"

#include "base/ascii.h"
#include "imap/session.h"

static bool is_wanted(const struct imap_session *session)
{
	const struct net_trace *trace = session->server->trace;
	return trace != NULL &&
	       trace->wants(trace->context, view_of_string(session->user));
}

static void tell(
    const struct imap_session *session, bool from_client, struct view line)
{
	const struct net_trace *trace = session->server->trace;
	struct view user = view_of_string(session->user);
	struct view tag, rest = line;
	char shown[IMAP_TEXT_MAX];
	// A password that was typed into the void comes back as a tag.
	if (!from_client && session->user == NULL && line.len > 0 &&
	    line.ptr[0] != '*' && line.ptr[0] != '+' &&
	    view_split(&rest, ' ', &tag)) {
		int len = snprintf(shown, sizeof(shown), "(tag) %.*s",
		    (int)(rest.len < 400 ? rest.len : 400), rest.ptr);
		line = view_of(shown, (size_t)len);
	}
	trace->line(trace->context, session->id, user, from_client, line);
}

// The size of the literal that `line` announces at its end; false when none.
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

// Takes the next line off the front of `*text`, without its line end.
static struct view next_line(struct view *text)
{
	size_t len = view_find_char(*text, '\n');
	struct view line = view_slice(*text, 0, len);
	*text = len == SIZE_MAX ? VIEW("") : view_from(*text, len + 1);
	if (view_ends_with(line, VIEW("\r")))
		line.len--;
	return line;
}

// Tells the lines of `text`, literals left out; gives how many bytes of the
// last one are still to come.
static uint64_t tell_lines(const struct imap_session *session, bool from_client,
    struct view text, uint64_t skip)
{
	for (;;) {
		size_t skipped = skip < text.len ? (size_t)skip : text.len;
		text = view_from(text, skipped);
		skip -= skipped;
		if (text.len == 0)
			return skip;
		struct view line = next_line(&text);
		tell(session, from_client, line);
		if (!announces_literal(line, &skip))
			skip = 0;
	}
}

// Where the arguments of a command begin, if they may be shown; else 0.
static size_t shown_head(struct view text, bool *ret_secret)
{
	struct view rest = text, word;
	*ret_secret = true;
	for (int i = 0; i < 3; i++) { // tag, perhaps UID, name
		if (!view_split(&rest, ' ', &word))
			return 0;
		const struct imap_command_type *type =
		    i > 0 ? imap_command_find(word) : NULL;
		if (type == NULL)
			continue;
		*ret_secret = (type->flags & IMAP_COMMAND_SECRET) != 0;
		return text.len - rest.len;
	}
	return 0;
}

static void tell_command(const struct imap_session *session, struct view text)
{
	bool secret;
	size_t head = shown_head(text, &secret);
	if (head == 0)
		tell(session, true, VIEW("(not a known command)"));
	else if (!secret)
		tell_lines(session, true, text, 0);
	else {
		tell(session, true, view_slice(text, 0, head));
		tell(session, true, VIEW("(secret)"));
	}
}

void imap_trace_command(
    const struct imap_session *session, const struct imap_event *event)
{
	if (!is_wanted(session))
		return;
	if (session->plain_line && session->idle_tag == NULL)
		tell(session, true, VIEW("(secret)"));
	else if (session->plain_line || event->continued)
		tell_lines(session, true, event->text, 0);
	else
		tell_command(session, event->text);
}

void imap_trace_literal(
    const struct imap_session *session, const struct imap_event *event)
{
	if (!is_wanted(session))
		return;
	if (event->continued)
		tell_lines(session, true, event->text, 0);
	else
		tell_command(session, event->text);
}

void imap_trace_output(struct imap_session *session, struct view output)
{
	if (!is_wanted(session)) {
		session->trace_skip = 0;
		return;
	}
	session->trace_skip =
	    tell_lines(session, false, output, session->trace_skip);
}

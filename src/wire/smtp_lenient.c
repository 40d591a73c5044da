// SPDX-License-Identifier: Apache-2.0
#include "wire/smtp_lenient.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "wire/smtp_command.h"

static void skip_blanks(struct view *text)
{
	while (text->len && ascii_is_blank(text->ptr[0]))
		*text = view_from(*text, 1);
}

// Returns the length of the text before the first character of `ends` that is
// not in quotes. If there is none, returns the length of all the text.
static size_t length_to(struct view text, struct view ends)
{
	bool quoted = false;
	for (size_t at = 0; at < text.len; at++) {
		char c = text.ptr[at];
		if (quoted && c == '\\')
			at++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && view_find_char(ends, c) != SIZE_MAX)
			return at;
	}
	return text.len;
}

// Takes "FROM:" or "TO:". Blanks may come before the word, before the ":" and
// after it.
static bool take_label(struct view *text, struct view word)
{
	skip_blanks(text);
	if (!view_starts_with_nocase(*text, word))
		return false;
	*text = view_from(*text, word.len);
	skip_blanks(text);
	if (!text->len || text->ptr[0] != ':')
		return false;
	*text = view_from(*text, 1);
	skip_blanks(text);
	return true;
}

// Takes the address, with or without its brackets.
static bool take_address(struct view *text, struct view *ret_address)
{
	bool open = view_starts_with(*text, VIEW("<"));
	struct view rest = open ? view_from(*text, 1) : *text;
	size_t len = length_to(rest, open ? VIEW(">") : VIEW(" \t<>"));
	bool closed = len < rest.len && rest.ptr[len] == '>';
	// A ">" without "<" is ambiguous, and so is a name before the address.
	if (closed != open ||
	    (!open && (len == 0 ||
			  (len < rest.len && !ascii_is_blank(rest.ptr[len])))))
		return false;
	*ret_address = view_trim(view_slice(rest, 0, len));
	*text = view_from(rest, open ? len + 1 : len);
	return true;
}

static struct view made_strict(
    struct arena *arena, struct view line, struct view word)
{
	struct view rest = line;
	struct view address;
	struct buf strict;
	struct view verb = view_slice(line, 0, 4);
	rest = view_from(rest, 4);
	if (!take_label(&rest, word) || !take_address(&rest, &address) ||
	    (rest.len && !ascii_is_blank(rest.ptr[0])))
		return line;
	buf_init(&strict, line.len + 8);
	buf_add(&strict, verb);
	buf_add_char(&strict, ' ');
	buf_add(&strict, word);
	buf_add_literal(&strict, ":<");
	buf_add(&strict, address);
	buf_add_char(&strict, '>');
	for (skip_blanks(&rest); rest.len; skip_blanks(&rest)) {
		struct view parameter =
		    view_slice(rest, 0, length_to(rest, VIEW(" \t")));
		buf_add_char(&strict, ' ');
		buf_add(&strict, parameter);
		rest = view_from(rest, parameter.len);
	}
	struct view copy = arena_copy(arena, buf_view(&strict));
	buf_done(&strict);
	return copy;
}

struct view smtp_line_made_strict(struct arena *arena, struct view line)
{
	// The line must begin with the verb and a blank. All other lines are
	// neither MAIL nor RCPT.
	if (line.len < 5 || !ascii_is_blank(line.ptr[4]))
		return line;
	switch ((int)smtp_verb_of(line)) {
	case SMTP_VERB_MAIL: return made_strict(arena, line, VIEW("FROM"));
	case SMTP_VERB_RCPT: return made_strict(arena, line, VIEW("TO"));
	default: return line;
	}
}

// SPDX-License-Identifier: Apache-2.0
// One pass. A run of words and dots is collected; what follows says what the
// run was: "@" a local part, "<" a display name, ":" the name of a group.
#include "wire/mailbox_list.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "wire/utf8.h"

#define COMMENT_DEPTH_MAX 64

struct reader {
	struct arena *arena;
	struct view rest;
	struct mailbox_list *list;
	struct buf text; // of the run, the comment, or the domain
	enum rc rc;      // the first mistake
};

// A run of words and dots.
struct run {
	struct view text; // with a space between words that no dot joins
	bool is_local;    // can be a local part: no two words side by side
	bool starts_with_word;
	bool any;
};

static void fail(struct reader *reader, enum rc rc)
{
	if (reader->rc == RC_OK)
		reader->rc = rc;
	reader->rest.len = 0;
}

static char front(const struct reader *reader)
{
	return reader->rest.len ? reader->rest.ptr[0] : '\0';
}

static void skip(struct reader *reader, size_t len)
{
	reader->rest = view_from(reader->rest, len);
}

// The text so far, as a view of its own; the buffer is empty afterwards.
static struct view take_text(struct reader *reader)
{
	struct view copy = arena_copy(reader->arena, buf_view(&reader->text));
	buf_reset(&reader->text);
	return copy;
}

static void add_name(struct reader *reader, struct view name)
{
	struct mailbox_list *list = reader->list;
	if (list->name_count == MAILBOX_LIST_NAMES_MAX)
		fail(reader, RC_LIMIT);
	else
		list->names[list->name_count++] = name;
}

// ---- White space and comments ----------------------------------------------

// The length of white space at the front. A line end counts if a blank follows
// (folding), or at the end of the value.
static size_t space_len(struct view text)
{
	if (text.len == 0)
		return 0;
	if (ascii_is_blank(text.ptr[0]))
		return 1;
	bool crlf = view_starts_with(text, VIEW("\r\n"));
	if (!crlf && text.ptr[0] != '\n')
		return 0;
	size_t len = crlf ? 2 : 1;
	return len == text.len || ascii_is_blank(text.ptr[len]) ? len : 0;
}

// Adds the character at the front, or the one that a backslash quotes.
static void take_quotable(struct reader *reader)
{
	if (front(reader) == '\\') {
		skip(reader, 1);
		if (reader->rest.len == 0) {
			fail(reader, RC_SYNTAX);
			return;
		}
	}
	char c = front(reader);
	size_t space = space_len(reader->rest);
	if (space > 1 || c == '\n') {
		skip(reader, space ? space : 1); // folding
		if (!space)
			fail(reader, RC_SYNTAX);
		return;
	}
	if (ascii_is_control(c) && c != '\t')
		fail(reader, RC_SYNTAX);
	else
		buf_add_char(&reader->text, c == '\t' ? ' ' : c);
	skip(reader, 1);
}

static void take_comment(struct reader *reader)
{
	struct buf before = reader->text;
	buf_init(&reader->text, before.max);
	size_t depth = 1;
	skip(reader, 1);
	while (depth > 0 && reader->rest.len) {
		char c = front(reader);
		depth += c == '(';
		depth -= c == ')';
		if (depth > COMMENT_DEPTH_MAX)
			fail(reader, RC_SYNTAX);
		else if (depth > 0)
			take_quotable(reader);
	}
	if (depth > 0)
		fail(reader, RC_SYNTAX);
	else
		skip(reader, 1);
	add_name(reader, take_text(reader));
	buf_done(&reader->text);
	reader->text = before;
}

// Skips CFWS.
static void skip_space(struct reader *reader)
{
	while (reader->rest.len) {
		size_t len = space_len(reader->rest);
		if (len)
			skip(reader, len);
		else if (front(reader) == '(')
			take_comment(reader);
		else
			return;
	}
}

// ---- Words -----------------------------------------------------------------

// atext of RFC 5322 section 3.2.3, with UTF-8.
static bool is_atext(char c)
{
	return (unsigned char)c >= 0x80 || ascii_is_alnum(c) ||
	       (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static void take_quoted(struct reader *reader)
{
	skip(reader, 1);
	while (reader->rest.len && front(reader) != '"')
		take_quotable(reader);
	if (front(reader) != '"')
		fail(reader, RC_SYNTAX);
	else
		skip(reader, 1);
}

static void take_atom(struct reader *reader)
{
	size_t len = 0;
	while (len < reader->rest.len && is_atext(reader->rest.ptr[len]))
		len++;
	buf_add(&reader->text, view_slice(reader->rest, 0, len));
	skip(reader, len);
}

static struct run take_run(struct reader *reader)
{
	struct run run = {.is_local = true};
	bool after_word = false;
	buf_reset(&reader->text);
	for (;;) {
		skip_space(reader);
		char c = front(reader);
		bool word = reader->rest.len && (c == '"' || is_atext(c));
		if (!word && c != '.')
			break;
		if (word && after_word) {
			run.is_local = false;
			buf_add_char(&reader->text, ' ');
		}
		if (!run.any)
			run.starts_with_word = word;
		if (c == '"')
			take_quoted(reader);
		else if (word)
			take_atom(reader);
		else {
			buf_add_char(&reader->text, '.');
			skip(reader, 1);
		}
		after_word = word;
		run.any = true;
	}
	run.text = take_text(reader);
	return run;
}

// ---- Mailboxes -------------------------------------------------------------

static void take_literal(struct reader *reader)
{
	size_t end = view_find_char(reader->rest, ']');
	if (end == SIZE_MAX) {
		fail(reader, RC_SYNTAX);
		return;
	}
	for (size_t i = 0; i <= end; i++) {
		char c = reader->rest.ptr[i];
		if (ascii_is_control(c) || c == ' ' || c == '\\' ||
		    (i > 0 && c == '['))
			fail(reader, RC_SYNTAX);
	}
	buf_add(&reader->text, view_slice(reader->rest, 0, end + 1));
	skip(reader, end + 1);
}

static struct view take_domain(struct reader *reader)
{
	buf_reset(&reader->text);
	skip_space(reader);
	if (front(reader) == '[') {
		take_literal(reader);
	} else {
		for (;;) {
			size_t before = reader->text.len;
			skip_space(reader);
			take_atom(reader);
			if (reader->text.len == before)
				fail(reader, RC_SYNTAX);
			skip_space(reader);
			if (front(reader) != '.')
				break;
			buf_add_char(&reader->text, '.');
			skip(reader, 1);
		}
	}
	skip_space(reader);
	return take_text(reader);
}

// Behind a run: "@" and a domain.
static void take_mailbox(struct reader *reader, const struct run *run)
{
	struct mailbox_list *list = reader->list;
	if (front(reader) != '@' || !run->any || !run->is_local) {
		fail(reader, RC_SYNTAX);
		return;
	}
	skip(reader, 1);
	struct view domain = take_domain(reader);
	if (reader->rc != RC_OK)
		return;
	if (list->count == MAILBOX_LIST_MAX) {
		fail(reader, RC_LIMIT);
		return;
	}
	list->mailboxes[list->count++] =
	    (struct mailbox_list_mailbox){run->text, domain};
}

static void take_angle(struct reader *reader, const struct run *name)
{
	if (name->any && !name->starts_with_word)
		fail(reader, RC_SYNTAX);
	else if (name->any)
		add_name(reader, name->text);
	skip(reader, 1);
	struct run local = take_run(reader);
	take_mailbox(reader, &local);
	if (front(reader) != '>')
		fail(reader, RC_SYNTAX);
	else
		skip(reader, 1);
	skip_space(reader);
}

static void begin_group(
    struct reader *reader, const struct run *name, bool in_group)
{
	if (in_group || !name->any || !name->starts_with_word)
		fail(reader, RC_SYNTAX);
	else
		add_name(reader, name->text);
	reader->list->groups++;
	skip(reader, 1);
}

// Takes an element with the separator behind it; returns whether the next one
// is in a group.
static bool take_element(struct reader *reader, bool in_group)
{
	struct run run = take_run(reader);
	char c = front(reader);
	if (reader->rc == RC_OK && c == ':') {
		begin_group(reader, &run, in_group);
		return true;
	}
	if (c == '<')
		take_angle(reader, &run);
	else if (run.any || c == '@')
		take_mailbox(reader, &run);
	if (in_group && front(reader) == ';') {
		skip(reader, 1);
		skip_space(reader);
		in_group = false;
	}
	if (front(reader) == ',')
		skip(reader, 1);
	else if (reader->rest.len)
		fail(reader, RC_SYNTAX);
	return in_group;
}

enum rc mailbox_list_parse(
    struct arena *arena, struct view value, struct mailbox_list *ret_list)
{
	struct reader reader = {
	    .arena = arena, .rest = value, .list = ret_list};
	bool in_group = false;
	*ret_list = (struct mailbox_list){.count = 0};
	if (!utf8_is_valid(value))
		return RC_SYNTAX;
	buf_init(&reader.text, 2 * value.len + 16);
	while (reader.rest.len)
		in_group = take_element(&reader, in_group);
	buf_done(&reader.text);
	if (reader.rc == RC_OK && in_group)
		return RC_SYNTAX;
	return reader.rc;
}

// SPDX-License-Identifier: Apache-2.0
// The parser reads the value once, one token at a time, and collects the parts
// of the current address. A separator ends the address. The meaning of a token
// depends on its place: in a phrase, after an "@" in a phrase, or inside "<>".
// The parser sometimes looks ahead for the end of a comment or a quoted string.
// If there is no such end, the parser remembers this and does not look again,
// so its time stays linear.
#include "wire/address.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "wire/encoded_word.h"

struct parser {
	struct arena *arena;
	struct view rest;
	struct address_list list;
	struct address *last;
	bool in_group;
	bool nested_comments; // nested comments may still close
	bool comments;        // a ")" may still come
	bool quotes;          // a '"' may still come

	// The members below are about the current address.
	struct buf text;    // the text outside of "<>", which may be its name
	struct buf comment; // the last comment
	struct buf route;
	struct buf local; // text before "@" (in a phrase: last dotted word)
	struct buf host;
	size_t name_len; // length of `text` before `local` or before "<"
	bool angle;      // "<" was seen
	bool at_sign;    // "@" was seen
	bool host_ended; // a word came after the host
	bool space;      // white space comes before the next token
	bool any;        // the address has at least one token
};

// ---- What comes out -----------------------------------------------------

static struct view place(char **room, struct view bytes)
{
	struct view placed = view_of(*room, bytes.len);
	if (bytes.len)
		memcpy(*room, bytes.ptr, bytes.len);
	*room += bytes.len;
	return placed;
}

// Adds an entry with copies of its parts. A part with a NULL ptr is NIL.
static void add_entry(struct parser *parser, struct view name,
    struct view route, struct view mailbox, struct view host)
{
	struct address *entry = arena_alloc(parser->arena,
	    sizeof(*entry) + name.len + route.len + mailbox.len + host.len);
	char *room = (char *)(entry + 1);
	entry->next = NULL;
	entry->name = name.ptr ? place(&room, name) : name;
	entry->route = route.ptr ? place(&room, route) : route;
	entry->mailbox = mailbox.ptr ? place(&room, mailbox) : mailbox;
	entry->host = host.ptr ? place(&room, host) : host;
	if (parser->last)
		parser->last->next = entry;
	else
		parser->list.first = entry;
	parser->last = entry;
	parser->list.count++;
}

static const struct view nil = {NULL, 0};

static struct view nil_if_empty(struct view text)
{
	return text.len ? text : nil;
}

static struct view never_nil(struct view text)
{
	return text.len ? text : VIEW("");
}

static void reset_address(struct parser *parser)
{
	buf_reset(&parser->text);
	buf_reset(&parser->comment);
	buf_reset(&parser->route);
	buf_reset(&parser->local);
	buf_reset(&parser->host);
	parser->name_len = 0;
	parser->angle = false;
	parser->at_sign = false;
	parser->host_ended = false;
	parser->space = false;
	parser->any = false;
}

// Returns the name of an address without "<>". The name is the text before the
// local part. If there is none, it is the text after the host.
static struct view name_around(struct parser *parser)
{
	struct view text = buf_view(&parser->text);
	struct view name = view_trim(view_slice(text, 0, parser->name_len));
	if (name.len == 0 && parser->host_ended) {
		size_t space = view_find_char(text, ' ');
		name = view_trim(view_from(text, space));
	}
	return name;
}

static void finish_address(struct parser *parser)
{
	if (!parser->any)
		return;
	if (!parser->angle && parser->text.len == 0) {
		reset_address(parser); // the address was only a comment or ""
		return;
	}
	struct view name = view_trim(buf_view(&parser->text));
	struct view mailbox = buf_view(&parser->local);
	struct view host = buf_view(&parser->host);
	if (!parser->angle && parser->at_sign) {
		name = name_around(parser);
	} else if (!parser->angle) {
		// There is no "@". The parser takes a single word ("root") as a
		// mailbox and several words as a name.
		bool one_word = parser->name_len == 0;
		mailbox = one_word ? mailbox : nil;
		name = one_word ? nil : name;
	}
	if (name.len == 0)
		name = view_trim(buf_view(&parser->comment));
	add_entry(parser, nil_if_empty(name),
	    nil_if_empty(buf_view(&parser->route)), never_nil(mailbox),
	    never_nil(host));
	reset_address(parser);
}

static void begin_group(struct parser *parser)
{
	struct view name = view_trim(buf_view(&parser->text));
	add_entry(parser, nil, nil, never_nil(name), nil);
	reset_address(parser);
	parser->in_group = true;
}

static void end_group(struct parser *parser)
{
	finish_address(parser);
	if (parser->in_group)
		add_entry(parser, nil, nil, nil, nil);
	parser->in_group = false;
}

// ---- Tokens -------------------------------------------------------------

static void skip(struct parser *parser, size_t len)
{
	parser->rest.ptr += len;
	parser->rest.len -= len;
}

// Adds bytes without control characters. It keeps the blanks of a folded line.
static void add_clean(struct buf *out, struct view bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.ptr[i] == '\t' ? ' ' : bytes.ptr[i];
		if (!ascii_is_control(c))
			buf_add_char(out, c);
	}
}

// Adds bytes as add_clean() does, but also removes backslash escapes.
static void add_unescaped(struct buf *out, struct view bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		if (bytes.ptr[i] == '\\' && i + 1 < bytes.len)
			i++;
		add_clean(out, view_of(bytes.ptr + i, 1));
	}
}

// Returns the length of the quoted string at the front with both quotes.
// Returns 0 if the string has no end.
static size_t quoted_len(struct view text)
{
	for (size_t i = 1; i < text.len; i++) {
		if (text.ptr[i] == '\\')
			i++;
		else if (text.ptr[i] == '"')
			return i + 1;
	}
	return 0;
}

static size_t nested_comment_len(struct view text)
{
	size_t depth = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '\\')
			i++;
		else if (c == '(' && ++depth > ADDRESS_COMMENT_DEPTH_MAX)
			return 0;
		else if (c == ')' && --depth == 0)
			return i + 1;
	}
	return 0;
}

// Returns the length of the comment at the front. If its parentheses do not
// match, the comment ends at the first ")". Returns 0 if there is no ")"; the
// "(" is then an ordinary character.
static size_t comment_len(struct parser *parser)
{
	size_t len = 0;
	if (parser->nested_comments)
		len = nested_comment_len(parser->rest);
	if (len == 0 && parser->comments) {
		parser->nested_comments = false;
		len = view_find_char(parser->rest, ')') + 1; // 0: no ")"
		parser->comments = len > 0;
	}
	return len;
}

// Skips white space and comments. Returns true if there was any.
static bool skip_space(struct parser *parser)
{
	const char *start = parser->rest.ptr;
	while (parser->rest.len) {
		char c = parser->rest.ptr[0];
		if (ascii_is_space(c)) {
			skip(parser, 1);
			continue;
		}
		size_t len = c == '(' ? comment_len(parser) : 0;
		if (len == 0)
			break;
		buf_reset(&parser->comment);
		add_unescaped(
		    &parser->comment, view_slice(parser->rest, 1, len - 2));
		parser->any = true;
		skip(parser, len);
	}
	return parser->rest.ptr != start;
}

// An encoded word is one token even if it contains a forbidden character such
// as a comma (RFC 2047 section 5 (3)). This does not apply if it contains a
// blank, a "<" or a quote.
static size_t encoded_word_len(struct view text)
{
	struct encoded_word word;
	if (!encoded_word_read(text, &word))
		return 0;
	for (size_t i = 0; i < word.text.len; i++)
		if (ascii_is_space(word.text.ptr[i]) ||
		    word.text.ptr[i] == '<' || word.text.ptr[i] == '"')
			return 0;
	return word.len;
}

// Returns the length of the atom at the front, which is at least 1. An atom has
// dots and all other characters that do not separate tokens.
static size_t atom_len(struct view text)
{
	size_t len = encoded_word_len(text);
	if (len)
		return len;
	len = 1;
	while (len < text.len && !ascii_is_space(text.ptr[len]) &&
	       !memchr("()<>@,;:\\\"", text.ptr[len], 10))
		len++;
	return len;
}

// Takes an atom or a quoted string and adds it to `out` without quotes and
// escapes.
static void take_word(struct parser *parser, struct buf *out)
{
	char c = parser->rest.ptr[0];
	if (c == '"') {
		size_t len = parser->quotes ? quoted_len(parser->rest) : 0;
		parser->quotes = parser->quotes && len > 0;
		if (len)
			add_unescaped(
			    out, view_slice(parser->rest, 1, len - 2));
		skip(parser, len ? len : 1);
		return;
	}
	if (c == '\\' && parser->rest.len > 1) {
		add_clean(out, view_slice(parser->rest, 1, 1));
		skip(parser, 2);
		return;
	}
	size_t len = atom_len(parser->rest);
	add_clean(out, view_slice(parser->rest, 0, len));
	skip(parser, len);
}

// Takes a whole domain literal such as "[IPv6:2001:db8::1]" (RFC 5321 section
// 4.1.3). The "]" must be among the first 255 bytes.
static bool take_literal(struct parser *parser)
{
	if (parser->rest.ptr[0] != '[' || parser->host.len)
		return false;
	size_t end = view_find_char(view_slice(parser->rest, 0, 255), ']');
	if (end == SIZE_MAX)
		return false;
	add_clean(&parser->host, view_slice(parser->rest, 0, end + 1));
	skip(parser, end + 1);
	return true;
}

// If this is the second "@", the earlier host is really a part of the mailbox.
static void take_at_sign(struct parser *parser)
{
	if (parser->at_sign) {
		buf_add_char(&parser->local, '@');
		buf_add(&parser->local, buf_view(&parser->host));
		buf_reset(&parser->host);
	}
	parser->at_sign = true;
}

// ---- Within "<>" --------------------------------------------------------

// Reads an obs-route: "@a,@b:". If no ":" ends the route, it is a host without
// a mailbox.
static void parse_route(struct parser *parser)
{
	while (parser->rest.len) {
		skip_space(parser);
		if (parser->rest.len == 0)
			break;
		char c = parser->rest.ptr[0];
		if (c == '>' || c == ';' || c == '<')
			break;
		if (c == ':') {
			skip(parser, 1);
			return;
		}
		if (c == '@' || c == ',') {
			buf_add_char(&parser->route, c);
			skip(parser, 1);
		} else {
			take_word(parser, &parser->route);
		}
	}
	struct view host = buf_view(&parser->route);
	buf_add(&parser->host, view_from(host, 1));
	buf_reset(&parser->route);
}

// Reads the text after "<" and the ">". A "," or ";" also ends the text, but
// the function does not read past it.
static void parse_angle(struct parser *parser)
{
	parser->angle = true;
	parser->at_sign = false;
	buf_reset(&parser->local);
	buf_reset(&parser->host);
	skip_space(parser);
	if (parser->rest.len && parser->rest.ptr[0] == '@')
		parse_route(parser);
	while (parser->rest.len) {
		skip_space(parser);
		if (parser->rest.len == 0)
			return;
		char c = parser->rest.ptr[0];
		if (c == ',' || c == ';')
			return;
		if (c == '>') {
			skip(parser, 1);
			return;
		}
		if (c == '@') {
			take_at_sign(parser);
			skip(parser, 1);
		} else if (c == '<') {
			skip(parser, 1); // for "<<a@b>>"
		} else if (!parser->at_sign) {
			take_word(parser, &parser->local);
		} else if (!take_literal(parser)) {
			take_word(parser, &parser->host);
		}
	}
}

static void begin_angle(struct parser *parser)
{
	skip(parser, 1);
	if (parser->angle) {
		// A comma is missing in "A <a@b> B <c@d>". B is the name of the
		// next address.
		struct buf name;
		struct view text = buf_view(&parser->text);
		buf_init(&name, text.len);
		buf_add(&name, view_from(text, parser->name_len));
		buf_truncate(&parser->text, parser->name_len);
		finish_address(parser);
		buf_add(&parser->text, view_trim(buf_view(&name)));
		buf_done(&name);
	}
	parser->any = true;
	parser->name_len = parser->text.len;
	parse_angle(parser);
	parser->space = true;
}

// ---- Outside of "<>" ----------------------------------------------------

static void parse_at_sign(struct parser *parser)
{
	skip(parser, 1);
	if (!parser->angle && !parser->host_ended)
		take_at_sign(parser);
	buf_add_char(&parser->text, '@');
	parser->space = false;
	parser->any = true;
}

// Reads a word of a phrase, of a local part, or of a host. It adds the word to
// the text and also to the local part or the host.
static void parse_word(struct parser *parser)
{
	struct buf *text = &parser->text;
	size_t start = text->len;
	bool dotted = start && (text->ptr[start - 1] == '.' ||
				   text->ptr[start - 1] == '@');
	bool apart = parser->space && !dotted && parser->rest.ptr[0] != '.';
	if (parser->space && start && text->ptr[start - 1] != '@')
		buf_add_char(text, ' ');
	start = text->len;
	if (parser->at_sign && apart && parser->host.len)
		parser->host_ended = true;
	bool in_host = !parser->angle && parser->at_sign && !parser->host_ended;
	if (in_host && take_literal(parser)) {
		buf_add(text, buf_view(&parser->host));
	} else {
		take_word(parser, text);
		struct view word = view_from(buf_view(text), start);
		if (in_host) {
			buf_add(&parser->host, word);
		} else if (!parser->angle && !parser->at_sign) {
			if (apart) {
				buf_reset(&parser->local);
				parser->name_len = start;
			}
			buf_add(&parser->local, word);
		}
	}
	parser->space = false;
	parser->any = true;
}

static void parse_token(struct parser *parser)
{
	if (skip_space(parser))
		parser->space = true;
	if (parser->rest.len == 0)
		return;
	switch (parser->rest.ptr[0]) {
	case ',':
		skip(parser, 1);
		finish_address(parser);
		return;
	case ';':
		skip(parser, 1);
		end_group(parser);
		return;
	case ':':
		if (parser->in_group || parser->at_sign || parser->angle)
			break;
		skip(parser, 1);
		begin_group(parser);
		return;
	case '<': begin_angle(parser); return;
	case '>': skip(parser, 1); return;
	case '@': parse_at_sign(parser); return;
	default: break;
	}
	parse_word(parser);
}

void address_list_parse(
    struct arena *arena, struct view value, struct address_list *ret_list)
{
	struct parser parser = {
	    .arena = arena,
	    .rest = value,
	    .nested_comments = true,
	    .comments = true,
	    .quotes = true,
	};
	// The parser may add a space for each token, so the text is at most
	// twice as long as the value.
	size_t max = 2 * value.len + 16;
	struct buf *parts[] = {&parser.text, &parser.comment, &parser.route,
	    &parser.local, &parser.host};
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		buf_init(parts[i], max);
	while (parser.rest.len && parser.list.count < ADDRESS_LIST_MAX)
		parse_token(&parser);
	end_group(&parser);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		buf_done(parts[i]);
	*ret_list = parser.list;
}

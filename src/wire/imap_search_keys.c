// SPDX-License-Identifier: Apache-2.0
// This file reads the search keys of SEARCH, SORT and THREAD; see
// imap_search_syntax.h.
#include "wire/imap_search_syntax.h"

#include "base/ascii.h"

// A shape says which arguments follow the word of a key and what the parser
// makes of them.
enum shape {
	SHAPE_ALONE,
	SHAPE_FLAG,     // the flag `text` is set, or not set if `negated`
	SHAPE_KEYWORD,  // SP flag-keyword
	SHAPE_DATE,     // SP date
	SHAPE_NUMBER,   // SP number64
	SHAPE_INTERVAL, // SP nz-number
	SHAPE_STRING,   // SP astring
	SHAPE_FIELD,    // SP astring; `text` names the header field
	SHAPE_HEADER,   // SP header-fld-name SP astring
	SHAPE_UID,      // SP sequence-set
	SHAPE_MODSEQ,
	SHAPE_ID, // SP objectid
	SHAPE_NEW,
	SHAPE_OR,
};

struct word {
	struct view name;
	enum shape shape;
	enum search_key_type type;
	const char *text;
	bool negated;
};

#define WORD(text, ...)                                                        \
	{                                                                      \
		.name = {text, sizeof(text) - 1}, __VA_ARGS__                  \
	}

static const struct word words[] = {
    WORD("ALL", SHAPE_ALONE, SEARCH_ALL),
    WORD("ANSWERED", SHAPE_FLAG, SEARCH_FLAG, "\\Answered"),
    WORD("BCC", SHAPE_FIELD, SEARCH_HEADER, "Bcc"),
    WORD("BEFORE", SHAPE_DATE, SEARCH_BEFORE),
    WORD("BODY", SHAPE_STRING, SEARCH_BODY),
    WORD("CC", SHAPE_FIELD, SEARCH_HEADER, "Cc"),
    WORD("DELETED", SHAPE_FLAG, SEARCH_FLAG, "\\Deleted"),
    WORD("DRAFT", SHAPE_FLAG, SEARCH_FLAG, "\\Draft"),
    WORD("EMAILID", SHAPE_ID, SEARCH_EMAIL_ID),
    WORD("FLAGGED", SHAPE_FLAG, SEARCH_FLAG, "\\Flagged"),
    WORD("FROM", SHAPE_FIELD, SEARCH_HEADER, "From"),
    WORD("HEADER", SHAPE_HEADER, SEARCH_HEADER),
    WORD("KEYWORD", SHAPE_KEYWORD, SEARCH_FLAG),
    WORD("LARGER", SHAPE_NUMBER, SEARCH_LARGER),
    WORD("MODSEQ", SHAPE_MODSEQ, SEARCH_MODSEQ),
    WORD("NEW", SHAPE_NEW, SEARCH_AND),
    WORD("OLD", SHAPE_FLAG, SEARCH_FLAG, "\\Recent", .negated = true),
    WORD("OLDER", SHAPE_INTERVAL, SEARCH_OLDER),
    WORD("ON", SHAPE_DATE, SEARCH_ON),
    WORD("OR", SHAPE_OR, SEARCH_OR),
    WORD("RECENT", SHAPE_FLAG, SEARCH_FLAG, "\\Recent"),
    WORD("SAVEDATESUPPORTED", SHAPE_ALONE, SEARCH_SAVED_SUPPORTED),
    WORD("SAVEDBEFORE", SHAPE_DATE, SEARCH_SAVED_BEFORE),
    WORD("SAVEDON", SHAPE_DATE, SEARCH_SAVED_ON),
    WORD("SAVEDSINCE", SHAPE_DATE, SEARCH_SAVED_SINCE),
    WORD("SEEN", SHAPE_FLAG, SEARCH_FLAG, "\\Seen"),
    WORD("SENTBEFORE", SHAPE_DATE, SEARCH_SENT_BEFORE),
    WORD("SENTON", SHAPE_DATE, SEARCH_SENT_ON),
    WORD("SENTSINCE", SHAPE_DATE, SEARCH_SENT_SINCE),
    WORD("SINCE", SHAPE_DATE, SEARCH_SINCE),
    WORD("SMALLER", SHAPE_NUMBER, SEARCH_SMALLER),
    WORD("SUBJECT", SHAPE_FIELD, SEARCH_HEADER, "Subject"),
    WORD("TEXT", SHAPE_STRING, SEARCH_TEXT),
    WORD("THREADID", SHAPE_ID, SEARCH_THREAD_ID),
    WORD("TO", SHAPE_FIELD, SEARCH_HEADER, "To"),
    WORD("UID", SHAPE_UID, SEARCH_UID),
    WORD("UNANSWERED", SHAPE_FLAG, SEARCH_FLAG, "\\Answered", .negated = true),
    WORD("UNDELETED", SHAPE_FLAG, SEARCH_FLAG, "\\Deleted", .negated = true),
    WORD("UNDRAFT", SHAPE_FLAG, SEARCH_FLAG, "\\Draft", .negated = true),
    WORD("UNFLAGGED", SHAPE_FLAG, SEARCH_FLAG, "\\Flagged", .negated = true),
    WORD("UNKEYWORD", SHAPE_KEYWORD, SEARCH_FLAG, NULL, .negated = true),
    WORD("UNSEEN", SHAPE_FLAG, SEARCH_FLAG, "\\Seen", .negated = true),
    WORD("YOUNGER", SHAPE_INTERVAL, SEARCH_YOUNGER),
};

struct parser {
	struct imap_cursor *cursor;
	struct imap_search *search;
	size_t keys;
};

static enum rc parse_key(struct parser *parser, struct search_key **ret_key);

static enum rc new_key(struct parser *parser, enum search_key_type type,
    struct search_key **ret_key)
{
	if (parser->keys == IMAP_SEARCH_KEYS_MAX)
		return imap_reject(parser->cursor, RC_LIMIT,
		    "more search keys than the limit of %d",
		    IMAP_SEARCH_KEYS_MAX);
	parser->keys++;
	struct search_key *key =
	    arena_zalloc(parser->cursor->arena, sizeof(*key));
	key->type = type;
	*ret_key = key;
	return RC_OK;
}

static enum rc negate(struct parser *parser, struct search_key **key)
{
	struct search_key *key_not = NULL;
	enum rc rc = new_key(parser, SEARCH_NOT, &key_not);
	if (rc != RC_OK || !key_not)
		return rc;
	key_not->children = *key;
	*key = key_not;
	return RC_OK;
}

// Reads entry-name SP entry-type-req SP (RFC 7162 section 7) if the client sent
// them.
static enum rc parse_modseq_entry(
    struct imap_cursor *cursor, struct search_key *key)
{
	if (imap_peek(cursor) != '"')
		return RC_OK;
	const char *at = cursor->at;
	enum rc rc = imap_parse_string(cursor, &key->field);
	if (rc != RC_OK)
		return rc;
	if (!view_starts_with_nocase(key->field, VIEW("/flags/"))) {
		cursor->at = at;
		return imap_expected(cursor, "an entry name \"/flags/...\"");
	}
	rc = imap_parse_sp(cursor);
	if (rc != RC_OK)
		return rc;
	if (!imap_take_word(cursor, VIEW("priv")) &&
	    !imap_take_word(cursor, VIEW("shared")) &&
	    !imap_take_word(cursor, VIEW("all")))
		return imap_expected(cursor, "priv, shared or all");
	return imap_parse_sp(cursor);
}

static enum rc parse_modseq(struct parser *parser, struct search_key *key)
{
	parser->search->has_modseq = true;
	enum rc rc = parse_modseq_entry(parser->cursor, key);
	if (rc == RC_OK)
		rc = imap_parse_modseq(parser->cursor, &key->number);
	return rc;
}

static enum rc parse_string(struct parser *parser, struct search_key *key)
{
	parser->search->has_strings = true;
	return imap_parse_astring(
	    parser->cursor, "a string to search for", &key->text);
}

static enum rc parse_header(struct parser *parser, struct search_key *key)
{
	enum rc rc = imap_parse_astring(
	    parser->cursor, "a header field's name", &key->field);
	if (rc == RC_OK)
		rc = imap_parse_sp(parser->cursor);
	return rc == RC_OK ? parse_string(parser, key) : rc;
}

// objectid = 1*255(ALPHA / DIGIT / "_" / "-") (RFC 8474 section 7)
static enum rc parse_id(struct imap_cursor *cursor, struct search_key *key)
{
	const char *at = cursor->at;
	enum rc rc = imap_parse_astring(cursor, "an object id", &key->text);
	if (rc != RC_OK)
		return rc;
	bool good = key->text.len >= 1 && key->text.len <= 255;
	for (size_t i = 0; good && i < key->text.len; i++) {
		char c = key->text.ptr[i];
		good = ascii_is_alnum(c) || c == '_' || c == '-';
	}
	if (good)
		return RC_OK;
	cursor->at = at;
	return imap_expected(cursor, "an object id");
}

// The grammar is flag-keyword = atom, but some programs put it in quotes.
static enum rc parse_keyword(struct imap_cursor *cursor, struct search_key *key)
{
	const char *at = cursor->at;
	enum rc rc = imap_parse_astring(cursor, "a keyword", &key->text);
	bool good = key->text.len > 0;
	for (size_t i = 0; rc == RC_OK && good && i < key->text.len; i++)
		good = imap_is_atom_char(key->text.ptr[i]);
	if (rc != RC_OK || good)
		return rc;
	cursor->at = at;
	return imap_expected(cursor, "a keyword");
}

static enum rc parse_set(
    struct parser *parser, const char *what, struct search_key *key)
{
	struct imap_cursor *cursor = parser->cursor;
	if (!ascii_is_digit(imap_peek(cursor)) && imap_peek(cursor) != '*' &&
	    imap_peek(cursor) != '$')
		return imap_expected(cursor, what);
	enum rc rc = imap_parse_set(cursor, &key->set);
	if (rc == RC_OK)
		parser->search->has_saved |= key->set.has_saved;
	return rc;
}

static enum rc parse_interval(
    struct imap_cursor *cursor, struct search_key *key)
{
	uint32_t seconds = 0;
	enum rc rc = imap_parse_nz_number(cursor, &seconds);
	key->number = seconds;
	return rc;
}

// Reads the argument after the word of the key and its space.
static enum rc parse_argument(
    struct parser *parser, const struct word *word, struct search_key *key)
{
	struct imap_cursor *cursor = parser->cursor;
	switch (word->shape) {
	case SHAPE_KEYWORD: return parse_keyword(cursor, key);
	case SHAPE_DATE: return imap_parse_date(cursor, &key->day);
	case SHAPE_NUMBER: return imap_parse_number64(cursor, &key->number);
	case SHAPE_INTERVAL: return parse_interval(cursor, key);
	case SHAPE_STRING: return parse_string(parser, key);
	case SHAPE_FIELD:
		key->field = view_of_string(word->text);
		return parse_string(parser, key);
	case SHAPE_HEADER: return parse_header(parser, key);
	case SHAPE_UID: return parse_set(parser, "a set of UIDs", key);
	case SHAPE_MODSEQ: return parse_modseq(parser, key);
	case SHAPE_ID: return parse_id(cursor, key);
	case SHAPE_ALONE:
	case SHAPE_FLAG:
	case SHAPE_NEW:
	case SHAPE_OR: break;
	}
	return RC_OK;
}

static enum rc parse_with_argument(
    struct parser *parser, const struct word *word, struct search_key **ret_key)
{
	struct search_key *key = NULL;
	enum rc rc = new_key(parser, word->type, &key);
	if (rc == RC_OK)
		rc = imap_parse_sp(parser->cursor);
	if (rc == RC_OK)
		rc = parse_argument(parser, word, key);
	if (rc == RC_OK && word->negated)
		rc = negate(parser, &key);
	if (rc == RC_OK)
		*ret_key = key;
	return rc;
}

static enum rc make_flag(struct parser *parser, const char *flag, bool negated,
    struct search_key **ret_key)
{
	enum rc rc = new_key(parser, SEARCH_FLAG, ret_key);
	if (rc != RC_OK)
		return rc;
	(*ret_key)->text = view_of_string(flag);
	return negated ? negate(parser, ret_key) : RC_OK;
}

// NEW means (RECENT UNSEEN) (RFC 3501 section 6.4.4).
static enum rc make_new(struct parser *parser, struct search_key **ret_key)
{
	struct search_key *both = NULL;
	enum rc rc = new_key(parser, SEARCH_AND, &both);
	if (rc == RC_OK)
		rc = make_flag(parser, "\\Recent", false, &both->children);
	if (rc == RC_OK)
		rc = make_flag(parser, "\\Seen", true, &both->children->next);
	if (rc == RC_OK)
		*ret_key = both;
	return rc;
}

// Reads "OR" SP search-key SP search-key. Programs write long chains such as
// "OR a OR b OR c d". Such a chain becomes one key with many children, so it
// adds no nesting.
static enum rc parse_or(struct parser *parser, struct search_key **ret_key)
{
	struct imap_cursor *cursor = parser->cursor;
	struct search_key *any = NULL;
	enum rc rc = new_key(parser, SEARCH_OR, &any);
	struct search_key **end = rc == RC_OK ? &any->children : NULL;
	bool more = true;
	while (rc == RC_OK && more) {
		rc = imap_parse_sp(cursor);
		if (rc == RC_OK)
			rc = parse_key(parser, end);
		if (rc == RC_OK)
			rc = imap_parse_sp(cursor);
		if (rc != RC_OK)
			break;
		end = &(*end)->next;
		more = imap_take_word(cursor, VIEW("OR"));
		if (!more)
			rc = parse_key(parser, end);
	}
	if (rc == RC_OK)
		*ret_key = any;
	return rc;
}

// Reads search-key *(SP search-key), up to `end` or the end of the command. The
// result is the one key, or an AND of all the keys.
static enum rc parse_keys(struct parser *parser, struct search_key **ret_key)
{
	struct search_key *first = NULL;
	struct search_key **end = &first;
	enum rc rc;
	do {
		rc = parse_key(parser, end);
		if (rc != RC_OK)
			return rc;
		end = &(*end)->next;
	} while (imap_take_next(parser->cursor));
	if (!first->next) {
		*ret_key = first;
		return RC_OK;
	}
	struct search_key *all = NULL;
	rc = new_key(parser, SEARCH_AND, &all);
	if (rc == RC_OK) {
		all->children = first;
		*ret_key = all;
	}
	return rc;
}

static const struct word *find_word(struct imap_cursor *cursor)
{
	struct view rest = imap_cursor_rest(cursor);
	size_t len = 0;
	while (len < rest.len && ascii_is_alpha(rest.ptr[len]))
		len++;
	if (len < rest.len && imap_is_atom_char(rest.ptr[len]))
		return NULL;
	struct view name = view_slice(rest, 0, len);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (view_eq_nocase(name, words[i].name)) {
			cursor->at += len;
			return &words[i];
		}
	}
	return NULL;
}

static enum rc parse_word(struct parser *parser, struct search_key **ret_key)
{
	const struct word *word = find_word(parser->cursor);
	if (!word)
		return imap_expected(parser->cursor, "a search key");
	switch (word->shape) {
	case SHAPE_ALONE: return new_key(parser, word->type, ret_key);
	case SHAPE_FLAG:
		return make_flag(parser, word->text, word->negated, ret_key);
	case SHAPE_NEW: return make_new(parser, ret_key);
	case SHAPE_OR: return parse_or(parser, ret_key);
	case SHAPE_KEYWORD:
	case SHAPE_DATE:
	case SHAPE_NUMBER:
	case SHAPE_INTERVAL:
	case SHAPE_STRING:
	case SHAPE_FIELD:
	case SHAPE_HEADER:
	case SHAPE_UID:
	case SHAPE_MODSEQ:
	case SHAPE_ID: break;
	}
	return parse_with_argument(parser, word, ret_key);
}

static enum rc parse_positive(
    struct parser *parser, struct search_key **ret_key)
{
	struct imap_cursor *cursor = parser->cursor;
	char c = imap_peek(cursor);
	if (imap_take_open(cursor)) {
		enum rc rc = parse_keys(parser, ret_key);
		return rc == RC_OK ? imap_parse_close(cursor) : rc;
	}
	if (!ascii_is_digit(c) && c != '*' && c != '$')
		return parse_word(parser, ret_key);
	parser->search->has_sequence = true;
	enum rc rc = new_key(parser, SEARCH_SEQUENCE, ret_key);
	return rc == RC_OK ? parse_set(parser, "a sequence set", *ret_key) : rc;
}

static enum rc parse_key(struct parser *parser, struct search_key **ret_key)
{
	struct imap_cursor *cursor = parser->cursor;
	struct search_key *key = NULL;
	bool negated = false;
	enum rc rc = imap_enter(cursor);
	// Several NOTs in a row do not count as nesting.
	while (rc == RC_OK && imap_take_word(cursor, VIEW("NOT"))) {
		negated = !negated;
		rc = imap_parse_sp(cursor);
	}
	if (rc == RC_OK)
		rc = parse_positive(parser, &key);
	if (rc == RC_OK && negated)
		rc = negate(parser, &key);
	if (rc != RC_OK)
		return rc;
	imap_leave(cursor);
	*ret_key = key;
	return RC_OK;
}

enum rc imap_search_parse_keys(
    struct imap_cursor *cursor, struct imap_search *search)
{
	struct parser parser = {.cursor = cursor, .search = search};
	return parse_keys(&parser, &search->root);
}

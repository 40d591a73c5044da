// SPDX-License-Identifier: Apache-2.0
// Reads the words of the IMAP grammar (RFC 9051 section 9), one after another,
// from the text of a command that imap_reader.h has produced. Each function
// reads exactly the word that it is named after, moves the cursor behind it and
// returns RC_OK. If the word is not there, the function writes a sentence to
// the cursor's fault ("expected a sequence set at column 12, found "x"") and
// returns RC_SYNTAX, RC_LIMIT or, where noted, RC_INVALID. Results are views of
// the text, or of the arena if they had to be made. So they are valid as long
// as both exist.
//
// Blanks are read leniently, as mail programs write them: several may stand in
// place of one, and some may stand behind "(", before ")" and at the end of a
// command. A missing blank is an error, and so is a blank within a word or a
// section.
#ifndef ROOST_WIRE_IMAP_PARSE_H
#define ROOST_WIRE_IMAP_PARSE_H

#include "base/arena.h"
#include "base/rc.h"
#include "wire/date.h"
#include "wire/imap_set.h"

// How deep parentheses and operators may be nested, in any command.
#define IMAP_DEPTH_MAX 100

struct imap_cursor {
	struct arena *arena;
	struct fault *fault; // must not be NULL
	const char *start;
	const char *at;
	const char *end;
	bool utf8; // UTF8=ACCEPT or IMAP4rev2 is enabled: mailbox names are
		   // UTF-8, and 8-bit quoted strings must be
	bool
	    secret; // sentences quote nothing of the text (LOGIN, AUTHENTICATE)
	unsigned depth;
};

void imap_cursor_init(struct imap_cursor *cursor, struct arena *arena,
    struct view text, struct fault *fault);

// The remaining text; whether it is empty; and its first byte, or NUL when it
// is empty.
struct view imap_cursor_rest(const struct imap_cursor *cursor);
bool imap_at_end(const struct imap_cursor *cursor);
char imap_peek(const struct imap_cursor *cursor);

// For failures that the caller finds. The first writes "expected WHAT at column
// 12, found "…"" and returns RC_SYNTAX. The second writes the sentence and then
// " at column 12".
enum rc imap_expected(struct imap_cursor *cursor, const char *what);
enum rc imap_reject(struct imap_cursor *cursor, enum rc rc, const char *format,
    ...) PRINTF_LIKE(3, 4);

// If the byte, or the word, comes next, reads it and returns true. Otherwise
// returns false and does not move the cursor. A word may be in any case; it
// ends at a byte that no atom has, or at "[" or "<".
bool imap_take_char(struct imap_cursor *cursor, char c);
bool imap_take_word(struct imap_cursor *cursor, struct view word);

MUST_CHECK enum rc imap_parse_sp(struct imap_cursor *cursor); // one or more
MUST_CHECK enum rc imap_parse_char(struct imap_cursor *cursor, char c);
MUST_CHECK enum rc imap_parse_end(
    struct imap_cursor *cursor); // the end of the command

// For lists, and for arguments that may be left out. imap_take_next() skips the
// blanks before a further word and returns true. When ")", the end of the
// command, or something without a blank before it comes next, it returns false
// and does not move the cursor.
//
//	rc = imap_parse_open(cursor);
//	while (rc == RC_OK) {
//		rc = parse_item(cursor);
//		if (!imap_take_next(cursor))
//			break;
//	}
//	if (rc == RC_OK)
//		rc = imap_parse_close(cursor);
bool imap_take_open(struct imap_cursor *cursor);
bool imap_take_next(struct imap_cursor *cursor);
MUST_CHECK enum rc imap_parse_open(struct imap_cursor *cursor);
MUST_CHECK enum rc imap_parse_close(struct imap_cursor *cursor);

// Call these around everything that can be nested. RC_LIMIT when it is nested
// deeper than IMAP_DEPTH_MAX.
MUST_CHECK enum rc imap_enter(struct imap_cursor *cursor);
void imap_leave(struct imap_cursor *cursor);

MUST_CHECK enum rc imap_parse_tag(
    struct imap_cursor *cursor, struct view *ret_tag);
// `what` names the atom in the sentence: "a command", "a charset".
MUST_CHECK enum rc imap_parse_atom(
    struct imap_cursor *cursor, const char *what, struct view *ret_atom);
// Reads a quoted string or a literal. A literal may not contain NUL, and a
// quoted string neither CR nor LF. Both may contain 8-bit bytes: clients that
// have enabled nothing send them in quoted strings, too. With `utf8` the 8-bit
// bytes of a quoted string must be UTF-8.
MUST_CHECK enum rc imap_parse_string(
    struct imap_cursor *cursor, struct view *ret_text);
MUST_CHECK enum rc imap_parse_astring(
    struct imap_cursor *cursor, const char *what, struct view *ret_text);
// Reads a string or NIL. For NIL the view's ptr is NULL, which it never is for
// an empty string.
MUST_CHECK enum rc imap_parse_nstring(
    struct imap_cursor *cursor, struct view *ret_text);

// Reads a mailbox name as UTF-8, spelled as the client spells it. It is decoded
// from modified UTF-7 unless `utf8`. RC_INVALID: the encoding is not valid. The
// store checks the rest: INBOX, normalization, length, levels and characters.
MUST_CHECK enum rc imap_parse_mailbox(
    struct imap_cursor *cursor, struct view *ret_name);
// Reads a list-mailbox, which may have wildcards, and decodes it in the same
// way. The cursor is behind it also after RC_INVALID.
MUST_CHECK enum rc imap_parse_list_mailbox(
    struct imap_cursor *cursor, struct view *ret_pattern);

MUST_CHECK enum rc imap_parse_number(
    struct imap_cursor *cursor, uint32_t *ret_number);
MUST_CHECK enum rc imap_parse_nz_number(
    struct imap_cursor *cursor, uint32_t *ret_number);
MUST_CHECK enum rc imap_parse_number64( // at most 2^63-1
    struct imap_cursor *cursor, uint64_t *ret_number);
// Reads mod-sequence-valzer, 0 to 2^63-1 (RFC 7162 section 7). It is also used
// where the grammar has mod-sequence-value, which begins at 1: a client that
// sends 0 there has seen no change yet.
MUST_CHECK enum rc imap_parse_modseq(
    struct imap_cursor *cursor, uint64_t *ret_modseq);
MUST_CHECK enum rc imap_parse_set(
    struct imap_cursor *cursor, struct imap_set *ret_set);

// The first reads the date-time of APPEND, in quotes, with
// date_parse_nearest(). If there is no date in the quotes, it returns RC_OK and
// `*ret_is_date` is false, because a message is worth more than its date. The
// second reads the date of SEARCH, with or without quotes, as days since
// 1970-01-01.
MUST_CHECK enum rc imap_parse_date_time(
    struct imap_cursor *cursor, bool *ret_is_date, struct date *ret_date);
MUST_CHECK enum rc imap_parse_date(
    struct imap_cursor *cursor, int64_t *ret_day);

enum imap_system_flag {
	IMAP_FLAG_ANSWERED = 1,
	IMAP_FLAG_FLAGGED = 2,
	IMAP_FLAG_DELETED = 4,
	IMAP_FLAG_SEEN = 8,
	IMAP_FLAG_DRAFT = 16,
	IMAP_FLAG_RECENT = 32, // for writing only; clients may not set it
};

struct imap_flags {
	unsigned system;       // bits of enum imap_system_flag
	struct view *keywords; // in the arena; as written; may have duplicates
	size_t count;
};

// The first reads a flag-list in parentheses. The second is for STORE: a list,
// or flags without parentheses. An unknown "\Name" is skipped, and so is
// \Recent, which clients may not set. RFC 9051 section 7.1 (PERMANENTFLAGS)
// allows a server to ignore flags that it does not keep, and programs that copy
// mail send every flag that they saw on another server.
MUST_CHECK enum rc imap_parse_flag_list(
    struct imap_cursor *cursor, struct imap_flags *ret_flags);
MUST_CHECK enum rc imap_parse_store_flags(
    struct imap_cursor *cursor, struct imap_flags *ret_flags);

// Classes of bytes; also used for writing.
bool imap_is_atom_char(char c);
bool imap_is_astring_char(char c); // atom or "]"

#endif

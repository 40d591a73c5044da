// SPDX-License-Identifier: Apache-2.0
// The words of the IMAP grammar (RFC 9051 section 9), read one after another
// off a command's text as imap_reader.h gives it. Each function reads exactly
// what it is named after, nothing before or behind it, moves the cursor behind
// it and gives RC_OK; or it leaves a sentence in the cursor's fault ("expected
// a sequence set at column 12, found "x"") and says RC_SYNTAX, RC_LIMIT or,
// where noted, RC_INVALID. Results are views of the text, or of the arena where
// they had to be made; so they last as long as the shorter-lived of the two.
//
// Blanks are read leniently, as mail programs write them: several for one, and
// some behind "(", before ")" and at the end of a command. A blank that is
// missing is an error, and so is one within a word or a section.
#ifndef ROOST_WIRE_IMAP_PARSE_H
#define ROOST_WIRE_IMAP_PARSE_H

#include "base/arena.h"
#include "base/rc.h"
#include "wire/date.h"
#include "wire/imap_set.h"

// How deep parentheses and operators may nest, in any command.
#define IMAP_DEPTH_MAX 100

struct imap_cursor {
	struct arena *arena;
	struct fault *fault; // not NULL
	const char *start;
	const char *at;
	const char *end;
	bool utf8;   // UTF8=ACCEPT or IMAP4rev2 is enabled: mailbox names are
		     // UTF-8, and so must 8-bit quoted strings be
	bool secret; // no excerpts in sentences (LOGIN, AUTHENTICATE)
	unsigned depth;
};

void imap_cursor_init(struct imap_cursor *cursor, struct arena *arena,
    struct view text, struct fault *fault);

// What is left, and whether that is nothing. The next byte, or NUL at the end.
struct view imap_cursor_rest(const struct imap_cursor *cursor);
bool imap_at_end(const struct imap_cursor *cursor);
char imap_peek(const struct imap_cursor *cursor);

// Failures of the caller's own. The first: "expected WHAT at column 12, found
// "…"", RC_SYNTAX. The second: the sentence, then " at column 12".
enum rc imap_expected(struct imap_cursor *cursor, const char *what);
enum rc imap_reject(struct imap_cursor *cursor, enum rc rc, const char *format,
    ...) PRINTF_LIKE(3, 4);

// Takes the byte, or the word (in any case, up to a byte no atom has or "["
// or "<"), when it is next; false and nothing taken when not.
bool imap_take_char(struct imap_cursor *cursor, char c);
bool imap_take_word(struct imap_cursor *cursor, struct view word);

MUST_CHECK enum rc imap_parse_sp(struct imap_cursor *cursor); // at least one
MUST_CHECK enum rc imap_parse_char(struct imap_cursor *cursor, char c);
MUST_CHECK enum rc imap_parse_end(struct imap_cursor *cursor); // of the command

// Lists, and arguments that may be left out. take_next() takes the blanks
// before a further word; it gives false, and takes nothing, when ")" or the end
// of the command comes next, or something that has no blank before it.
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

// Around what may nest: RC_LIMIT past IMAP_DEPTH_MAX.
MUST_CHECK enum rc imap_enter(struct imap_cursor *cursor);
void imap_leave(struct imap_cursor *cursor);

MUST_CHECK enum rc imap_parse_tag(
    struct imap_cursor *cursor, struct view *ret_tag);
// `what` is for the sentence: "a command", "a charset".
MUST_CHECK enum rc imap_parse_atom(
    struct imap_cursor *cursor, const char *what, struct view *ret_atom);
// quoted or literal. A literal may not hold NUL; a quoted string neither CR nor
// LF. 8-bit bytes are taken in both: clients that enabled nothing send them in
// quoted strings, too. With `utf8` those of a quoted string must be UTF-8.
MUST_CHECK enum rc imap_parse_string(
    struct imap_cursor *cursor, struct view *ret_text);
// string or literal8, which may hold NUL.
MUST_CHECK enum rc imap_parse_binary(
    struct imap_cursor *cursor, struct view *ret_text);
MUST_CHECK enum rc imap_parse_astring(
    struct imap_cursor *cursor, const char *what, struct view *ret_text);
// string or NIL, which gives a view with ptr NULL (an empty string never has).
MUST_CHECK enum rc imap_parse_nstring(
    struct imap_cursor *cursor, struct view *ret_text);

// A mailbox's name as UTF-8, as the client spells it: decoded from modified
// UTF-7 unless `utf8`. RC_INVALID: it is no well-formed name. Its spelling
// (INBOX, normalization), length, levels and characters are the store's
// business.
MUST_CHECK enum rc imap_parse_mailbox(
    struct imap_cursor *cursor, struct view *ret_name);
// list-mailbox, decoded the same way, wildcards in it. After RC_INVALID, too,
// the cursor is behind it.
MUST_CHECK enum rc imap_parse_list_mailbox(
    struct imap_cursor *cursor, struct view *ret_pattern);

MUST_CHECK enum rc imap_parse_number(
    struct imap_cursor *cursor, uint32_t *ret_number);
MUST_CHECK enum rc imap_parse_nz_number(
    struct imap_cursor *cursor, uint32_t *ret_number);
MUST_CHECK enum rc imap_parse_number64( // to 2^63-1
    struct imap_cursor *cursor, uint64_t *ret_number);
// mod-sequence-valzer, 0 to 2^63-1 (RFC 7162 section 7). Also where the grammar
// has mod-sequence-value, from 1: a client that says 0 there has seen nothing.
MUST_CHECK enum rc imap_parse_modseq(
    struct imap_cursor *cursor, uint64_t *ret_modseq);
MUST_CHECK enum rc imap_parse_set(
    struct imap_cursor *cursor, struct imap_set *ret_set);

// date-time (APPEND), in quotes: what date_parse_nearest() makes of it. When
// the quotes hold no date at all `*ret_is_date` is false, and that is no
// failure: a message is worth more than its date. date (SEARCH), with or
// without quotes, as days since 1970-01-01.
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
	IMAP_FLAG_RECENT = 32, // for writing; no client may set it
};

struct imap_flags {
	unsigned system;       // enum imap_system_flag, or-ed
	struct view *keywords; // in the arena; as written, may repeat
	size_t count;
};

// flag-list, in parentheses; and STORE's: a list, or flags without them. A
// "\Name" of no known meaning is passed over, as is \Recent, which clients may
// not set: RFC 9051 section 7.1 (PERMANENTFLAGS) lets a server ignore flags
// that it does not keep, and programs that copy mail send every flag that they
// saw on another server.
MUST_CHECK enum rc imap_parse_flag_list(
    struct imap_cursor *cursor, struct imap_flags *ret_flags);
MUST_CHECK enum rc imap_parse_store_flags(
    struct imap_cursor *cursor, struct imap_flags *ret_flags);

// Byte classes, for writing as well.
bool imap_is_atom_char(char c);
bool imap_is_astring_char(char c); // atom or "]"

#endif

// SPDX-License-Identifier: Apache-2.0
// For the tables of wrong words and arguments of IMAP commands: each gets a
// sentence that says what was expected, where, and what was found.
#ifndef ROOST_WIRE_IMAP_WRONG_H
#define ROOST_WIRE_IMAP_WRONG_H

#include "base/test.h"
#include "wire/imap_parse.h"

struct wrong_row {
	int kind; // for `parse`
	const char *input;
	const char *sentence;
};

// A word may be read well and something be left behind it, which is as wrong.
static inline void wrong_check(const struct wrong_row *wrong, size_t count,
    enum rc (*parse)(struct imap_cursor *cursor, int kind))
{
	struct arena arena;
	arena_init(&arena);
	for (size_t i = 0; i < count; i++) {
		struct imap_cursor cursor;
		struct fault fault = {0};
		imap_cursor_init(
		    &cursor, &arena, view_of_string(wrong[i].input), &fault);
		enum rc rc = parse(&cursor, wrong[i].kind);
		if (rc == RC_OK)
			rc = imap_parse_end(&cursor);
		assert_string_equal(fault.text, wrong[i].sentence);
		assert_int_not_equal(rc, RC_OK);
		assert_int_equal(rc, fault.rc);
		arena_reset(&arena);
	}
	arena_done(&arena);
}

#endif

// SPDX-License-Identifier: Apache-2.0
// For unit tests: cmocka, and views compared so that a failure shows both, and
// which row of a table it was.
#ifndef ROOST_BASE_TEST_H
#define ROOST_BASE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/view.h"

// Fails unless both views hold the same bytes.
#define assert_view_equal(a, b)                                                \
	test_view_equal((a), (b), SIZE_MAX, __FILE__, __LINE__)
// The same for row `row` (a size_t) of a table.
#define assert_view_equal_row(row, a, b)                                       \
	test_view_equal((a), (b), (row), __FILE__, __LINE__)

static inline void test_print_view(struct view text)
{
	print_error("\"");
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c == '\r')
			print_error("\\r");
		else if (c == '\n')
			print_error("\\n");
		else if (c == '"' || c == '\\')
			print_error("\\%c", c);
		else if (c < ' ' || c >= 0x7f)
			print_error("\\x%02x", c);
		else
			print_error("%c", c);
	}
	print_error("\"");
}

static inline void test_view_equal(
    struct view a, struct view b, size_t row, const char *file, int line)
{
	if (view_eq(a, b))
		return;
	if (row != SIZE_MAX)
		print_error("row %zu: ", row);
	test_print_view(a);
	print_error("\n != ");
	test_print_view(b);
	print_error("\n");
	_fail(file, line);
}

#endif

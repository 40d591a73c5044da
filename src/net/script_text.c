// SPDX-License-Identifier: Apache-2.0
#include "net/script_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/ascii.h"

#define SCRIPTS_MAX 150

bool script_line_matches(struct view pattern, struct view line)
{
	size_t dots = view_find(pattern, VIEW("..."));
	if (dots == SIZE_MAX)
		return view_eq(pattern, line);
	if (!view_starts_with(line, view_slice(pattern, 0, dots)))
		return false;
	struct view rest = view_from(pattern, dots + 3);
	if (rest.len == 0)
		return true;
	for (size_t i = dots; i <= line.len; i++) {
		if (script_line_matches(rest, view_from(line, i)))
			return true;
	}
	return false;
}

void script_unescape(struct view text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] != '\\' || i + 1 == text.len) {
			buf_add_char(out, text.ptr[i]);
			continue;
		}
		char c = text.ptr[++i];
		if (c == 'r') {
			buf_add_char(out, '\r');
		} else if (c == 'n') {
			buf_add_char(out, '\n');
		} else if (c == 'x' && i + 2 < text.len) {
			buf_add_char(
			    out, (char)(ascii_hex_value(text.ptr[i + 1]) * 16 +
					ascii_hex_value(text.ptr[i + 2])));
			i += 2;
		} else {
			buf_add_char(out, c);
		}
	}
}

int script_run_group(
    const void *scripts, size_t size, size_t count, void (*run)(void **state))
{
	struct CMUnitTest tests[SCRIPTS_MAX] = {{0}};
	assert_in_range(count, 1, SCRIPTS_MAX);
	for (size_t i = 0; i < count; i++) {
		const void *script = (const char *)scripts + i * size;
		tests[i].name = *(const char *const *)script;
		tests[i].test_func = run;
		tests[i].initial_state = (void *)(uintptr_t)script;
	}
	return _cmocka_run_group_tests("scripts", tests, count, NULL, NULL);
}

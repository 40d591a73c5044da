// SPDX-License-Identifier: Apache-2.0
// What all scripts share, whatever they test (script.h): their lines, and
// running them as tests.
#ifndef ROOST_NET_SCRIPT_TEXT_H
#define ROOST_NET_SCRIPT_TEXT_H

#include "base/buf.h"

// Whether `line` matches `pattern`, in which "..." stands for any text.
bool script_line_matches(struct view pattern, struct view line);
// Adds `text` with its C escapes decoded.
void script_unescape(struct view text, struct buf *out);

// The sizes of the pieces in which every script is run.
#define SCRIPT_PIECES                                                          \
	{                                                                      \
		0, 1, 7                                                        \
	}

// For a test program that only has scripts: runs them and returns what main()
// returns. `scripts` are `count` structs of `size` bytes that begin with a name
// (a const char *). `run` gets one of them as its state.
int script_run_group(
    const void *scripts, size_t size, size_t count, void (*run)(void **state));

#endif

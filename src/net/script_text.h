// SPDX-License-Identifier: Apache-2.0
// What all scripts share, whoever talks in them (script.h): their lines, and
// running them as tests.
#ifndef ROOST_NET_SCRIPT_TEXT_H
#define ROOST_NET_SCRIPT_TEXT_H

#include "base/buf.h"

// Whether `line` is what `pattern` says, where "..." is any text.
bool script_line_matches(struct view pattern, struct view line);
// Adds `text` with its C escapes undone.
void script_unescape(struct view text, struct buf *out);

// Pieces that every script is played in.
#define SCRIPT_PIECES                                                          \
	{                                                                      \
		0, 1, 7                                                        \
	}

// A test program of nothing but scripts: what main() returns. `scripts` are
// `count` structs of `size` bytes that begin with a name (a const char *);
// `run` gets one of them as its state.
int script_run_group(
    const void *scripts, size_t size, size_t count, void (*run)(void **state));

#endif

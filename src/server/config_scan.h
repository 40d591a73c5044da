// SPDX-License-Identifier: Apache-2.0
// The words of a configuration file: names, texts in double quotes (with \" and
// \\), and = { } , with # before a comment. Lines matter only for telling where
// a mistake is. Inside the room only.
#ifndef ROOST_SERVER_CONFIG_SCAN_H
#define ROOST_SERVER_CONFIG_SCAN_H

#include "base/arena.h"

enum config_token_kind {
	CONFIG_TOKEN_END,
	CONFIG_TOKEN_TEXT,
	CONFIG_TOKEN_EQUALS,
	CONFIG_TOKEN_OPEN,
	CONFIG_TOKEN_CLOSE,
	CONFIG_TOKEN_COMMA,
	CONFIG_TOKEN_WRONG, // a quoted text that its line does not close
};

struct config_token {
	enum config_token_kind kind;
	struct view text; // of TEXT; in the file or in the arena
	unsigned line;
};

struct config_scan {
	struct arena *arena;
	struct view rest;
	unsigned line; // of what is left
};

struct config_token config_scan_next(struct config_scan *scan);
// Skips what is left of the line.
void config_scan_skip_line(struct config_scan *scan);

#endif

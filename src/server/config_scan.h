// SPDX-License-Identifier: Apache-2.0
// The words of a configuration file: names, texts in double quotes (with \" and
// \\), and = { } , with # before a comment. Lines matter only for saying where
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
	// A quoted text without its closing quote in the line.
	CONFIG_TOKEN_WRONG,
};

struct config_token {
	enum config_token_kind kind;
	struct view text; // of TEXT; in the file or in the arena
	unsigned line;
};

struct config_scan {
	struct arena *arena;
	struct view rest;
	unsigned line; // of the rest
};

struct config_token config_scan_next(struct config_scan *scan);
// Skips the rest of the line.
void config_scan_skip_line(struct config_scan *scan);

#endif

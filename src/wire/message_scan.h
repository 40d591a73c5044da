// SPDX-License-Identifier: Apache-2.0
// What kinds of bytes a message holds, at memory speed, for message_parser.c.
#ifndef ROOST_WIRE_MESSAGE_SCAN_H
#define ROOST_WIRE_MESSAGE_SCAN_H

#include "base/view.h"

struct message_scan {
	uint64_t cr;   // carriage returns
	uint64_t lf;   // line feeds
	uint64_t crlf; // of these, pairs
	bool has_nul;
	bool has_8bit;
	char last; // of the piece before; 0 at the beginning
};

void message_scan_push(struct message_scan *scan, struct view piece);

#endif

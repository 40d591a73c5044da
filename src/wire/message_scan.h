// SPDX-License-Identifier: Apache-2.0
// Finds out what kinds of bytes a message has, as fast as memory can be read;
// for message_parser.c.
#ifndef ROOST_WIRE_MESSAGE_SCAN_H
#define ROOST_WIRE_MESSAGE_SCAN_H

#include "base/view.h"

struct message_scan {
	uint64_t cr;   // carriage returns
	uint64_t lf;   // line feeds
	uint64_t crlf; // pairs of the two
	bool has_nul;
	bool has_8bit;
	char last; // the last byte of the piece before; 0 at the beginning
};

void message_scan_push(struct message_scan *scan, struct view piece);

#endif

// SPDX-License-Identifier: Apache-2.0
// How many connections a site may have: as many as its servers have shown that
// they accept. No side effects, no lock, no clock.
//
// The window moves both ways. When a further connection finds no server, the
// window shrinks to the connections that exist (negative feedback). When as
// many messages as the window is wide were answered while all of its
// connections were in use, it grows by one (positive feedback, 1/window for
// each message). Servers with a fixed number of connections would have to
// refuse one after each such round. Therefore each growth that is taken back at
// once doubles the number of messages until the next growth, and each growth
// that lasts halves it again.
#ifndef ROOST_RELAY_WINDOW_H
#define ROOST_RELAY_WINDOW_H

#include <stdbool.h>

#define RELAY_CAUTION_MAX 6 // how often the number of messages may be doubled

struct relay_window {
	unsigned size; // connections, at least 1
	unsigned max;
	unsigned answered; // messages since the window last moved
	unsigned caution;  // how often the number of messages until a growth is
			   // doubled
	bool grew;         // its last move was a growth
};

void relay_window_init(struct relay_window *window, unsigned max);
// One of `links` connections had a message answered.
void relay_window_answered(struct relay_window *window, unsigned links);
// A connection found no server while `others` (at least 1) were open.
void relay_window_refused(struct relay_window *window, unsigned others);
// The whole site was dead. It is tried with one connection first.
void relay_window_dead(struct relay_window *window);

#endif

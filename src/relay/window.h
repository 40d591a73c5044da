// SPDX-License-Identifier: Apache-2.0
// How many connections a site may have: as many as its servers have shown that
// they bear. Pure: no lock, no clock.
//
// It moves both ways. A further connection that finds no server takes it back
// to those that there are (negative feedback). As many messages answered as the
// window is wide, with all of its connections in use, make it wider by one
// (positive feedback, 1/window a message). Servers that stand still at their
// number would refuse a connection each such round: so each growth that was
// taken back at once doubles the messages until the next, and each that held
// halves them again.
#ifndef ROOST_RELAY_WINDOW_H
#define ROOST_RELAY_WINDOW_H

#include <stdbool.h>

#define RELAY_CAUTION_MAX 6 // doublings

struct relay_window {
	unsigned size; // connections, at least 1
	unsigned max;
	unsigned answered; // messages, since it moved
	unsigned caution;  // doublings of what it takes to grow
	bool grew;         // its last move
};

void relay_window_init(struct relay_window *window, unsigned max);
// A message was answered, by one of `links` connections.
void relay_window_answered(struct relay_window *window, unsigned links);
// A connection beside `others` (at least 1) found no server.
void relay_window_refused(struct relay_window *window, unsigned others);
// The whole site was dead: it is tried with one connection first.
void relay_window_dead(struct relay_window *window);

#endif

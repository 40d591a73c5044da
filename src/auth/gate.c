// SPDX-License-Identifier: Apache-2.0
// Places, and two lines of turns that wait for one, first come first served. A
// place that is given back goes directly to the first turn in a line, so that
// nobody overtakes.
#include "auth/gate.h"

#include <pthread.h>

#include "base/mem.h"

// If more than this many wait in a line, it is an attack, or the last would
// wait for too long.
#define LINE_MAX_TURNS 1000

struct line {
	unsigned waiting;
	struct auth_turn *first;
	struct auth_turn *last;
};

struct auth_gate {
	pthread_mutex_t lock; // guards all this, and every known turn
	unsigned free;
	// Those who are preferred, and the others. However many strangers wait,
	// users who come from where they always come are before them.
	struct line lines[2];
};

static struct line *line_of(
    struct auth_gate *gate, const struct auth_turn *turn)
{
	return &gate->lines[turn->preferred ? 0 : 1];
}

struct auth_gate *auth_gate_new(unsigned places)
{
	struct auth_gate *gate = mem_zalloc(sizeof(*gate));
	pthread_mutex_init(&gate->lock, NULL);
	gate->free = places;
	return gate;
}

void auth_gate_free(struct auth_gate **gate)
{
	struct auth_gate *old = *gate;
	if (!old)
		return;
	*gate = NULL;
	pthread_mutex_destroy(&old->lock);
	free(old);
}

static void join_line(struct line *line, struct auth_turn *turn)
{
	turn->state = AUTH_TURN_WAITS;
	turn->next = NULL;
	turn->previous = line->last;
	if (line->last)
		line->last->next = turn;
	else
		line->first = turn;
	line->last = turn;
	line->waiting++;
}

static void leave_line(struct line *line, struct auth_turn *turn)
{
	if (turn->previous)
		turn->previous->next = turn->next;
	else
		line->first = turn->next;
	if (turn->next)
		turn->next->previous = turn->previous;
	else
		line->last = turn->previous;
	line->waiting--;
}

static enum rc enter(
    struct auth_gate *gate, struct auth_turn *turn, bool preferred)
{
	switch (turn->state) {
	case AUTH_TURN_HOLDS: return RC_OK;
	case AUTH_TURN_WAITS: return RC_IN_USE;
	case AUTH_TURN_NONE: break;
	}
	if (gate->free > 0) {
		gate->free--;
		turn->state = AUTH_TURN_HOLDS;
		return RC_OK;
	}
	turn->preferred = preferred;
	if (line_of(gate, turn)->waiting >= LINE_MAX_TURNS)
		return RC_LIMIT;
	join_line(line_of(gate, turn), turn);
	return RC_IN_USE;
}

enum rc auth_gate_enter(
    struct auth_gate *gate, struct auth_turn *turn, bool preferred)
{
	if (!turn)
		return RC_OK;
	pthread_mutex_lock(&gate->lock);
	enum rc rc = enter(gate, turn, preferred);
	pthread_mutex_unlock(&gate->lock);
	return rc;
}

// The lock is held in wake(), so that the turn cannot be freed meanwhile.
static void pass_on(struct auth_gate *gate)
{
	struct auth_turn *turn = gate->lines[0].first;
	if (!turn)
		turn = gate->lines[1].first;
	if (!turn) {
		gate->free++;
		return;
	}
	leave_line(line_of(gate, turn), turn);
	turn->state = AUTH_TURN_HOLDS;
	turn->wake(turn->context);
}

void auth_gate_leave(struct auth_gate *gate, struct auth_turn *turn)
{
	if (!turn)
		return;
	pthread_mutex_lock(&gate->lock);
	enum auth_turn_state before = turn->state;
	turn->state = AUTH_TURN_NONE;
	if (before == AUTH_TURN_WAITS)
		leave_line(line_of(gate, turn), turn);
	else if (before == AUTH_TURN_HOLDS)
		pass_on(gate);
	pthread_mutex_unlock(&gate->lock);
}

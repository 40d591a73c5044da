// SPDX-License-Identifier: Apache-2.0
// Private to the room: a gate that every call on an engine passes, and that can
// be closed for the moment in which the database behind it is exchanged.
// Passing costs two additions to a counter that few threads share.
//
// A thread passes the gate before it takes any other lock of the engine, and
// passes it once only: a thread inside that enters again could wait for itself.
#ifndef ROOST_ENGINE_GATE_H
#define ROOST_ENGINE_GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define GATE_STRIPES 16

struct gate_stripe {
	_Alignas(64) _Atomic unsigned inside; // threads
};

struct gate {
	struct gate_stripe stripes[GATE_STRIPES];
	_Atomic bool closed;
	pthread_mutex_t lock;
	pthread_cond_t changed; // closed, or a thread has left a closed gate
};

void gate_init(struct gate *gate);
void gate_done(struct gate *gate);
// Waits while the gate is closed.
void gate_enter(struct gate *gate);
void gate_leave(struct gate *gate);
// Returns when nobody is inside; nobody comes in until it is opened. Only one
// thread closes and opens.
void gate_close(struct gate *gate);
void gate_open(struct gate *gate);

#endif

// SPDX-License-Identifier: Apache-2.0
#include "engine/gate.h"

#include <stdint.h>

void gate_init(struct gate *gate)
{
	for (size_t i = 0; i < GATE_STRIPES; i++)
		atomic_init(&gate->stripes[i].inside, 0);
	atomic_init(&gate->closed, false);
	pthread_mutex_init(&gate->lock, NULL);
	pthread_cond_init(&gate->changed, NULL);
}

void gate_done(struct gate *gate)
{
	pthread_mutex_destroy(&gate->lock);
	pthread_cond_destroy(&gate->changed);
}

// The same one for each call of a thread.
static struct gate_stripe *own(struct gate *gate)
{
	uint64_t self = (uint64_t)(uintptr_t)pthread_self();
	return &gate->stripes[(self * 0x9e3779b97f4a7c15u) >> 60];
}

static void step_out(struct gate *gate)
{
	atomic_fetch_sub(&own(gate)->inside, 1);
	if (!atomic_load(&gate->closed))
		return;
	pthread_mutex_lock(&gate->lock);
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->lock);
}

void gate_enter(struct gate *gate)
{
	for (;;) {
		// Counted first, then looked at; gate_close() does it the other
		// way round. So at least one of the two sees the other.
		atomic_fetch_add(&own(gate)->inside, 1);
		if (!atomic_load(&gate->closed))
			return;
		step_out(gate);
		pthread_mutex_lock(&gate->lock);
		while (atomic_load(&gate->closed))
			pthread_cond_wait(&gate->changed, &gate->lock);
		pthread_mutex_unlock(&gate->lock);
	}
}

void gate_leave(struct gate *gate)
{
	step_out(gate);
}

static bool is_empty(struct gate *gate)
{
	for (size_t i = 0; i < GATE_STRIPES; i++)
		if (atomic_load(&gate->stripes[i].inside) > 0)
			return false;
	return true;
}

void gate_close(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	atomic_store(&gate->closed, true);
	while (!is_empty(gate))
		pthread_cond_wait(&gate->changed, &gate->lock);
	pthread_mutex_unlock(&gate->lock);
}

void gate_open(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	atomic_store(&gate->closed, false);
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->lock);
}

// SPDX-License-Identifier: Apache-2.0
// The parts of a server. Used inside this room only.
#ifndef ROOST_NET_SERVER_STATE_H
#define ROOST_NET_SERVER_STATE_H

#include "net/admission.h"
#include "net/connection.h"

#define LISTENERS_MAX 64

struct listener {
	struct reactor_task task; // must be the first member
	struct net_server *server;
	struct net_listener_config config;
	bool open;
	_Atomic bool paused; // rests until the next tick
	uint32_t count;      // connections; protected by the server's lock
};

// The log says at once that a connection was refused for a reason, and then
// once a minute how many more were.
struct refusals {
	uint64_t next_ms[ADMISSION_REFUSALS]; // of the next line
	uint64_t more[ADMISSION_REFUSALS];    // since the last line
};

struct net_server {
	struct connection_host host; // must be the first member
	struct net_server_config config;
	struct listener listeners[LISTENERS_MAX];
	uint32_t listener_count;
	bool started;
	_Atomic uint64_t accepted;
	_Atomic uint64_t refused;
	pthread_mutex_t lock;   // protects the members below
	pthread_cond_t changed; // signalled when something has ended for which
				// a stop may wait
	bool connectable;       // the server has started and is not stopping
	uint32_t connecting;    // calls of net_connect() that have not returned
	uint32_t open;          // connections in both directions
	uint32_t open_listeners;
	struct admission admission;
	struct refusals refusals;
};

#endif

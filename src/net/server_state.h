// SPDX-License-Identifier: Apache-2.0
// What a server is made of. Inside the room only.
#ifndef ROOST_NET_SERVER_STATE_H
#define ROOST_NET_SERVER_STATE_H

#include "net/admission.h"
#include "net/connection.h"

#define LISTENERS_MAX 64

struct listener {
	struct reactor_task task; // first
	struct net_server *server;
	struct net_listener_config config;
	bool open;
	_Atomic bool paused; // until the next tick
	uint32_t count;      // connections; guarded by the server's lock
};

struct net_server {
	struct connection_host host; // first
	struct net_server_config config;
	struct listener listeners[LISTENERS_MAX];
	uint32_t listener_count;
	bool started;
	_Atomic uint64_t accepted;
	_Atomic uint64_t refused;
	pthread_mutex_t lock;   // guards what follows
	pthread_cond_t changed; // something that a stop waits for has ended
	bool connectable;       // started, and not stopping
	uint32_t connecting;    // calls of net_connect() under way
	uint32_t open;          // connections, both ways
	uint32_t open_listeners;
	struct admission admission;
};

#endif

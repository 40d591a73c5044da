// SPDX-License-Identifier: Apache-2.0
// What the parts of a connection's state machine share. Inside the room only.
#ifndef ROOST_NET_CONNECTION_STEP_H
#define ROOST_NET_CONNECTION_STEP_H

#include "net/connection.h"

// What comes after a step.
enum progress {
	GO_ON,
	WAIT,
	YIELD, // go on when others have had their turn
};

const struct net_session_ops *connection_ops(
    const struct connection *connection);

// Notes how it ends. What came first is the cause of what follows.
void connection_conclude(
    struct connection *connection, enum net_end end, const char *reason);
// The same, and nothing more is sent or read.
enum progress connection_die(
    struct connection *connection, enum net_end end, const char *reason);
// The same once all is sent, and the peer has so long to read it.
enum progress connection_linger(struct connection *connection);

void connection_begin_line(const struct connection *connection,
    struct log_line *line, enum log_level level, const char *event);

// What every call of the session ends in.
enum progress connection_after_call(
    struct connection *connection, enum net_next next);

// From the socket to a session that has greeted, and to TLS.
enum progress connection_step_connect(
    struct connection *connection, struct reactor_thread *thread);
enum progress connection_step_new(
    struct connection *connection, struct reactor_thread *thread);
enum progress connection_start_tls(struct connection *connection);
enum progress connection_step_handshake(
    struct connection *connection, struct reactor_thread *thread);

#endif

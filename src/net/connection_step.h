// SPDX-License-Identifier: Apache-2.0
// What the parts of a connection's state machine share. Used inside this room
// only.
#ifndef ROOST_NET_CONNECTION_STEP_H
#define ROOST_NET_CONNECTION_STEP_H

#include "net/connection.h"

// What comes after a step.
enum progress {
	GO_ON,
	WAIT,
	YIELD, // go on after others have had their turn
};

const struct net_session_ops *connection_ops(
    const struct connection *connection);

// Records how the connection ends. Only the first call counts, because the
// first reason is the cause of the others.
void connection_conclude(
    struct connection *connection, enum net_end end, const char *reason);
// Does the same, and sends and reads nothing more.
enum progress connection_die(
    struct connection *connection, enum net_end end, const char *reason);
// Does the same after all output is sent, and gives the peer time to read it.
enum progress connection_linger(struct connection *connection);

void connection_begin_line(const struct connection *connection,
    struct log_line *line, enum log_level level, const char *event);

// Handles the result of a call of the session; used after each.
enum progress connection_after_call(
    struct connection *connection, enum net_next next);

// The steps from the socket to a session that has greeted, and to TLS.
enum progress connection_step_connect(
    struct connection *connection, struct reactor_thread *thread);
enum progress connection_step_new(
    struct connection *connection, struct reactor_thread *thread);
enum progress connection_start_tls(struct connection *connection);
enum progress connection_step_handshake(
    struct connection *connection, struct reactor_thread *thread);

#endif

// SPDX-License-Identifier: Apache-2.0
// The first steps of a connection: connect(), the session, TLS.
#include "net/connection_step.h"

#include "base/clock.h"
#include "net/tls_challenge.h"
#include "net/tls_session.h"

static void wake_connection(void *context)
{
	struct connection *connection = context;
	reactor_post(
	    connection->host->reactor, &connection->task, REACTOR_WAKE);
}

static void cut_connection(void *context)
{
	struct connection *connection = context;
	reactor_post(connection->host->reactor, &connection->task, REACTOR_CUT);
}

static void make_session(struct connection *connection)
{
	struct net_peer peer = {.session_id = connection->session_id};
	address_format(&connection->peer, peer.address, sizeof(peer.address));
	peer.port = connection->peer.port;
	struct sockaddr_storage at = {0};
	socklen_t len = sizeof(at);
	getsockname(connection->transport.fd, (void *)&at, &len);
	struct address local = address_of(&at);
	address_format(&local, peer.local_address, sizeof(peer.local_address));
	peer.local_port = local.port;
	struct net_waker waker = {
	    .wake = wake_connection,
	    .cut = cut_connection,
	    .context = connection,
	};
	if (connection->outgoing)
		connection->outgoing->told = true;
	connection->session = connection->listener->session_new(
	    connection->listener->context, &peer, waker);
}

// The connection is ready for the session. A new session greets; a session that
// asked for TLS is told that TLS has started.
static enum progress greet(
    struct connection *connection, const struct net_tls_info *tls)
{
	connection->phase = CONNECTION_OPEN;
	connection->active_ms = clock_monotonic_ms();
	const struct net_session_ops *ops = connection_ops(connection);
	if (connection->session)
		return connection_after_call(
		    connection, ops->tls_started(connection->session, tls,
				    &connection->out));
	make_session(connection);
	if (!connection->session)
		return connection_die(connection, NET_END_CLOSED, "refused");
	return connection_after_call(
	    connection, ops->start(connection->session, tls, &connection->out));
}

enum progress connection_step_connect(
    struct connection *connection, struct reactor_thread *thread)
{
	(void)thread;
	enum net_end end;
	if (connection->stopping)
		return connection_die(
		    connection, NET_END_STOPPED, "server stopped");
	switch (outgoing_check(
	    connection->outgoing, &connection->transport, &end)) {
	case IO_OK: break;
	case IO_BLOCKED: return WAIT;
	case IO_EOF:
	case IO_FAILED:
		return connection_die(
		    connection, end, connection->outgoing->why);
	}
	connection->phase = CONNECTION_NEW;
	connection->active_ms = clock_monotonic_ms();
	return GO_ON;
}

// Returns false when there is no TLS on this connection.
static bool begin_tls(struct connection *connection)
{
	const struct outgoing *outgoing = connection->outgoing;
	struct transport *transport = &connection->transport;
	if (transport->ssl)
		return false;
	if (outgoing)
		return outgoing->tls &&
		       tls_client_begin(outgoing->tls, outgoing->check,
			   outgoing->server_name, transport);
	if (!connection->listener->tls)
		return false;
	transport_start_tls(
	    transport, connection->listener->tls, connection->listener->alpn);
	return true;
}

enum progress connection_start_tls(struct connection *connection)
{
	if (!begin_tls(connection))
		return connection_die(connection, NET_END_TLS,
		    "TLS is not available on this connection");
	connection->phase = CONNECTION_HANDSHAKE;
	connection->active_ms = clock_monotonic_ms();
	return GO_ON;
}

enum progress connection_step_new(
    struct connection *connection, struct reactor_thread *thread)
{
	(void)thread;
	struct log_line line;
	connection_begin_line(connection, &line, LOG_LEVEL_DEBUG, "connect");
	log_end(&line);
	if (connection->stopping)
		return connection_die(
		    connection, NET_END_STOPPED, "server stopped");
	if (connection->listener->implicit_tls)
		return connection_start_tls(connection);
	return greet(connection, NULL);
}

static enum progress fail_handshake(struct connection *connection)
{
	const char *reason = tls_session_reason();
	struct log_line line;
	if (connection->outgoing) {
		outgoing_explain_tls(
		    connection->outgoing, &connection->transport);
		reason = connection->outgoing->why;
	}
	connection_begin_line(connection, &line, LOG_LEVEL_INFO, "tls_failed");
	log_add_string(&line, "reason", reason);
	log_end(&line);
	connection_conclude(connection, NET_END_TLS,
	    connection->outgoing ? reason : "TLS handshake failed");
	// An alert tells the peer what failed, and must not get lost.
	return connection_linger(connection);
}

enum progress connection_step_handshake(
    struct connection *connection, struct reactor_thread *thread)
{
	(void)thread;
	struct net_tls_info info;
	struct log_line line;
	if (connection->stopping)
		return connection_die(
		    connection, NET_END_STOPPED, "server stopped");
	switch (transport_handshake(&connection->transport)) {
	case IO_OK: break;
	case IO_BLOCKED: return WAIT;
	case IO_EOF:
		return connection_die(
		    connection, NET_END_TLS, "closed in the TLS handshake");
	case IO_FAILED: return fail_handshake(connection);
	}
	if (tls_challenges_met(connection->transport.ssl))
		return connection_die(connection, NET_END_CLOSED,
		    "an authority has checked a name"); // RFC 8737 section 3
	tls_session_info(&connection->transport, &info);
	connection_begin_line(connection, &line, LOG_LEVEL_DEBUG, "tls");
	log_add_string(&line, "version", info.version);
	log_add_string(&line, "cipher", info.cipher);
	log_add_string(&line, "name", info.server_name);
	if (connection->outgoing)
		log_add_string(
		    &line, "verified", info.verified ? "yes" : info.unverified);
	log_end(&line);
	return greet(connection, &info);
}

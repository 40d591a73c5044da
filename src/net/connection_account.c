// SPDX-License-Identifier: Apache-2.0
// What a connection counts for, between its runs.
#include "base/budget.h"
#include "net/connection.h"

// About what OpenSSL holds for a connection, during its handshake and later,
// when nothing is under way (measured with tests/crowd).
#define HANDSHAKE_BYTES ((size_t)45 * 1024)
#define TLS_BYTES       ((size_t)15 * 1024)
// About what both streams of DEFLATE hold (compress.c).
#define COMPRESS_BYTES ((size_t)104 * 1024)

static size_t tls_memory_of(const struct connection *connection)
{
	if (!connection->transport.ssl)
		return 0;
	return connection->phase == CONNECTION_HANDSHAKE ? HANDSHAKE_BYTES
							 : TLS_BYTES;
}

static size_t memory_of(const struct connection *connection)
{
	const struct transport *transport = &connection->transport;
	const struct net_session_ops *ops = connection->listener->ops;
	size_t session = connection->session && ops->memory
			     ? ops->memory(connection->session)
			     : 0;
	return session + connection->in_capacity + connection->out.capacity +
	       transport->wire.capacity + tls_memory_of(connection) +
	       (transport->compress ? COMPRESS_BYTES : 0);
}

static bool is_known(const struct connection *connection)
{
	const struct net_session_ops *ops = connection->listener->ops;
	if (!connection->session || !ops->is_known)
		return connection->known; // as it was to the end
	return ops->is_known(connection->session);
}

void connection_account(struct connection *connection)
{
	struct connection_host *host = connection->host;
	if (host->budget) {
		size_t held = memory_of(connection);
		budget_hold(host->budget, connection->held, held);
		connection->held = held;
	}
	bool known = is_known(connection);
	if (connection->outgoing || known == connection->known)
		return;
	connection->known = known;
	host->known(host, &connection->peer, connection->listener, known);
}

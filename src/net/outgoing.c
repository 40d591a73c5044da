// SPDX-License-Identifier: Apache-2.0
// Makes an outgoing connection, or explains why there is none.
#include "net/outgoing.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include "net/tls_session.h"

static const char *words_of(int error)
{
	switch (error) {
	case ECONNREFUSED: return "connection refused";
	case ECONNRESET: return "connection reset";
	case ENETUNREACH: return "network unreachable";
	case EHOSTUNREACH: return "no route to host";
	case ETIMEDOUT: return "connection timed out";
	case EADDRNOTAVAIL: return "no such local address, or no port left";
	default: return strerror(error);
	}
}

enum net_end outgoing_explain(struct outgoing *outgoing, int error)
{
	snprintf(outgoing->why, sizeof(outgoing->why), "%s", words_of(error));
	return error == ETIMEDOUT ? NET_END_TIMEOUT : NET_END_REFUSED;
}

enum io outgoing_check(struct outgoing *outgoing, struct transport *transport,
    enum net_end *ret_end)
{
	int error = 0;
	socklen_t len = sizeof(error);
	struct sockaddr_storage peer;
	socklen_t peer_len = sizeof(peer);
	if (!transport->writable)
		return IO_BLOCKED;
	if (getsockopt(transport->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error == 0 &&
	    getpeername(transport->fd, (void *)&peer, &peer_len) == 0)
		return IO_OK;
	if (error == 0) {
		// The edge was about something else.
		transport->writable = false;
		return IO_BLOCKED;
	}
	*ret_end = outgoing_explain(outgoing, error);
	return IO_FAILED;
}

void outgoing_explain_tls(
    struct outgoing *outgoing, const struct transport *transport)
{
	long verdict = SSL_get_verify_result(transport->ssl);
	bool unverified = ERR_GET_REASON(ERR_peek_error()) ==
			      SSL_R_CERTIFICATE_VERIFY_FAILED &&
			  verdict != X509_V_OK;
	if (unverified)
		snprintf(outgoing->why, sizeof(outgoing->why),
		    "TLS: the certificate is not trusted: %s",
		    X509_verify_cert_error_string(verdict));
	else
		snprintf(outgoing->why, sizeof(outgoing->why), "TLS: %s",
		    tls_session_reason());
}

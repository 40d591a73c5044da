// SPDX-License-Identifier: Apache-2.0
// Begins an outgoing connection. The connection's own steps do the rest.
#include "net/connect.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/outgoing.h"
#include "net/server_state.h"

#define CONNECT_S           30
#define CONNECT_SECONDS_MAX 86400

struct target {
	struct sockaddr_storage address;
	socklen_t len;
	struct sockaddr_storage local; // family 0: any address
	socklen_t local_len;
};

static enum rc parse_target(const struct net_connect_config *config,
    struct target *ret_target, struct fault *fault)
{
	struct target target = {0};
	if (!address_parse(
		config->address, config->port, &target.address, &target.len))
		return fault_set(fault, RC_INVALID,
		    "\"%s\" is not a numeric address", config->address);
	if (config->local_address && !address_parse(config->local_address, 0,
					 &target.local, &target.local_len))
		return fault_set(fault, RC_INVALID,
		    "\"%s\" is not a numeric address", config->local_address);
	if (config->local_address &&
	    target.local.ss_family != target.address.ss_family)
		return fault_set(fault, RC_INVALID,
		    "%s and %s are not of the same address family",
		    config->local_address, config->address);
	*ret_target = target;
	return RC_OK;
}

static enum rc check_tls(
    const struct net_connect_config *config, struct fault *fault)
{
	if (config->implicit_tls && !config->tls)
		return fault_set(fault, RC_INVALID,
		    "TLS is asked for, but there is no TLS client");
	if (config->tls && config->check == NET_TLS_REQUIRED &&
	    !config->server_name)
		return fault_set(fault, RC_INVALID,
		    "a certificate can be required only for a name");
	if (config->server_name &&
	    strlen(config->server_name) >= OUTGOING_NAME_MAX)
		return fault_set(fault, RC_INVALID,
		    "the server's name is "
		    "too long");
	return RC_OK;
}

static uint32_t milliseconds(uint32_t seconds, uint32_t otherwise_ms)
{
	if (seconds == 0)
		return otherwise_ms;
	return 1000 *
	       (seconds < CONNECT_SECONDS_MAX ? seconds : CONNECT_SECONDS_MAX);
}

static struct outgoing *make_outgoing(
    const struct net_server *server, const struct net_connect_config *config)
{
	struct outgoing *outgoing = mem_zalloc(sizeof(*outgoing));
	outgoing->shape = (struct net_listener_config){
	    .fd = -1,
	    .implicit_tls = config->implicit_tls,
	    .ops = config->ops,
	    .session_new = config->session_new,
	    .context = config->context,
	};
	outgoing->failed = config->failed;
	outgoing->tls = config->tls;
	outgoing->check = config->check;
	outgoing->connect_ms =
	    milliseconds(config->connect_seconds, CONNECT_S * 1000);
	outgoing->handshake_ms =
	    milliseconds(config->handshake_seconds, server->host.handshake_ms);
	const char *name = config->server_name ? config->server_name : "";
	size_t len = strlen(name);
	// The DNS allows a full stop at the end of a name; certificates do not
	// have it.
	if (len > 0 && name[len - 1] == '.')
		len--;
	memcpy(outgoing->server_name, name, len);
	return outgoing;
}

// Only when no descriptor can be made does the call fail. Errors of connect()
// and bind() are reported as the end of the connection.
static enum rc make_socket(const struct target *target, int *ret_fd,
    int *ret_error, struct fault *fault)
{
	int fd = socket(target->address.ss_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fault_set(fault,
		    errno == EAFNOSUPPORT ? RC_UNSUPPORTED : RC_LIMIT,
		    "cannot make a socket: %s", strerror(errno));
	int one = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	// Without this option bind() would reserve a port that no other
	// connection could use, whatever its destination.
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	*ret_error = 0;
	if ((target->local_len && bind(fd, (const void *)&target->local,
				      target->local_len) != 0) ||
	    (connect(fd, (const void *)&target->address, target->len) != 0 &&
		errno != EINPROGRESS))
		*ret_error = errno;
	*ret_fd = fd;
	return RC_OK;
}

// Counts the connection, and this call, for which net_server_stop() waits.
static enum rc enter(struct net_server *server, struct fault *fault)
{
	struct admission *admission = &server->admission;
	enum rc rc = RC_OK;
	pthread_mutex_lock(&server->lock);
	if (!server->connectable) {
		rc = fault_set(fault, RC_CLOSED, "the server is not running");
	} else if (admission->outgoing >= admission->max_outgoing) {
		rc = fault_set(fault, RC_LIMIT,
		    "%u outgoing connections are open",
		    (unsigned)admission->outgoing);
	} else {
		admission->outgoing++;
		server->open++;
		server->connecting++;
	}
	pthread_mutex_unlock(&server->lock);
	return rc;
}

static void leave(struct net_server *server, bool connecting)
{
	pthread_mutex_lock(&server->lock);
	if (!connecting) {
		server->admission.outgoing--;
		server->open--;
	}
	server->connecting--;
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->lock);
}

static enum rc begin(struct net_server *server,
    const struct net_connect_config *config, const struct target *target,
    struct fault *fault)
{
	int fd = -1;
	int error = 0;
	enum rc rc = make_socket(target, &fd, &error, fault);
	if (rc != RC_OK)
		return rc;
	struct connection *connection = slots_take(server->host.slots);
	if (!connection) {
		close(fd);
		return fault_set(fault, RC_LIMIT, "too many connections");
	}
	struct address peer = address_of(&target->address);
	connection_open_outgoing(connection, &server->host,
	    make_outgoing(server, config), fd, &peer, error);
	return RC_OK;
}

enum rc net_connect(struct net_server *server,
    const struct net_connect_config *config, struct fault *fault)
{
	struct target target;
	enum rc rc = parse_target(config, &target, fault);
	if (rc == RC_OK)
		rc = check_tls(config, fault);
	if (rc == RC_OK)
		rc = enter(server, fault);
	if (rc != RC_OK)
		return rc;
	rc = begin(server, config, &target, fault);
	leave(server, rc == RC_OK);
	return rc;
}

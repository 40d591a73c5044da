// SPDX-License-Identifier: Apache-2.0
// Whether this machine reaches port 25 of others. Many providers block it. To
// see that, it connects to the mail servers of domains that everybody knows,
// and closes the connection without a word.
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns/dns.h"
#include "server/installer_impl.h"

#define CONNECT_MS 8000

enum reach {
	REACHED,
	BLOCKED,
	UNKNOWN, // nobody was found to be tried
};

static const char *const known_domains[] = {"gmail.com", "outlook.com"};

static bool can_connect(
    const char *address, unsigned port, const char **ret_why)
{
	struct sockaddr_in to = {
	    .sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int error = 0;
	socklen_t len = sizeof(error);
	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		return false;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
		error = errno;
	if (error == EINPROGRESS) {
		struct pollfd at = {.fd = fd, .events = POLLOUT};
		error = ETIMEDOUT;
		if (poll(&at, 1, CONNECT_MS) == 1)
			getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	}
	close(fd);
	*ret_why = strerror(error);
	return error == 0;
}

static enum reach try_domain(
    struct installer *in, struct dns *dns, const char *domain, struct buf *out)
{
	struct dns_answer mx, host;
	const char *why = "";
	dns_lookup_wait(dns, &in->arena, view_of_string(domain), DNS_MX, &mx);
	if (mx.status != DNS_FOUND)
		return UNKNOWN;
	dns_lookup_wait(dns, &in->arena, mx.records[0].value, DNS_A, &host);
	if (host.status != DNS_FOUND)
		return UNKNOWN;
	const char *address = arena_string(&in->arena, host.records[0].value);
	if (can_connect(address, in->config->relay_port, &why))
		return REACHED;
	buf_reset(out);
	buf_printf(
	    out, "%.*s (%s): %s", VIEW_FMT(mx.records[0].value), address, why);
	return BLOCKED;
}

// REACHED if one can be reached: a single server may be down.
static int try_all(struct installer *in, struct buf *out)
{
	struct dns *dns;
	struct fault fault;
	enum reach best = UNKNOWN;
	if (dns_new(&in->place.dns, &fault, &dns) != RC_OK)
		return UNKNOWN;
	for (size_t i = 0; i < ARRAY_LEN(known_domains) && best != REACHED;
	     i++) {
		enum reach reach = try_domain(in, dns, known_domains[i], out);
		best = reach < best ? reach : best;
	}
	dns_free(&dns);
	return best;
}

static enum installer_end tell(
    struct installer *in, int reach, struct view detail)
{
	switch (reach) {
	case REACHED:
		installer_say(in, INSTALLER_OK,
		    "Other mail servers can be reached at port 25.");
		return INSTALLER_OK;
	case BLOCKED:
		return installer_fail(in, INSTALLER_LATER, MEND_PORT_25, NULL,
		    NULL,
		    "Other mail servers cannot be reached at port 25, so no "
		    "mail leaves this machine: %.*s.",
		    VIEW_FMT(detail));
	default:
		installer_say(in, INSTALLER_NOTE,
		    "Whether other mail servers can be reached was not seen: "
		    "none could be looked up.");
		return INSTALLER_NOTE;
	}
}

enum installer_end installer_port25_act(struct installer *in)
{
	struct buf detail;
	if (in->config->relay_host[0] || !in->config->relay) {
		installer_say(in, INSTALLER_SKIPPED,
		    "The configuration says that this server does not send "
		    "to others by itself.");
		return INSTALLER_SKIPPED;
	}
	buf_init(&detail, INSTALLER_TEXT_MAX);
	int reach = installer_apart(in, try_all, &detail);
	enum installer_end end = tell(in, reach, buf_view(&detail));
	buf_done(&detail);
	return end;
}

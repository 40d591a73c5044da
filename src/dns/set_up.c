// SPDX-License-Identifier: Apache-2.0
#include "dns/set_up.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound.h>

#define ANCHOR_LINE_MAX 4096

static enum rc set_servers(struct ub_ctx *unbound,
    const struct dns_settings *settings, struct fault *fault)
{
	if (settings->server_count > DNS_SERVERS_MAX)
		return fault_set(fault, RC_LIMIT,
		    "more than %d DNS servers are configured", DNS_SERVERS_MAX);
	for (size_t i = 0; i < settings->server_count; i++) {
		if (ub_ctx_set_fwd(unbound, settings->servers[i]) != 0)
			return fault_set(fault, RC_INVALID,
			    "\"%s\" is not a DNS server's address",
			    settings->servers[i]);
	}
	// Without that file libunbound asks the root servers itself.
	if (settings->server_count == 0)
		ub_ctx_resolvconf(unbound, NULL);
	return RC_OK;
}

// Reads one line of a file as RFC 5011 trackers and dns-root-data write it.
static enum rc add_anchor(struct ub_ctx *unbound, char *line)
{
	size_t end = view_find_char(view_of_string(line), ';');
	if (end != SIZE_MAX)
		line[end] = '\0';
	if (view_trim(view_of_string(line)).len == 0)
		return RC_OK;
	return ub_ctx_add_ta(unbound, line) == 0 ? RC_OK : RC_SYNTAX;
}

// Reads the file now, because libunbound would read it at the first question.
static enum rc set_anchor(
    struct ub_ctx *unbound, const char *path, struct fault *fault)
{
	char line[ANCHOR_LINE_MAX];
	enum rc rc = RC_OK;
	if (!path)
		return RC_OK;
	// Opening a pipe would wait until somebody writes to it; read in this
	// way, it is at its end.
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	if (!file)
		return fault_set(fault, RC_IO, "%s: %s", path, strerror(errno));
	while (rc == RC_OK && fgets(line, sizeof(line), file))
		rc = add_anchor(unbound, line);
	if (rc != RC_OK)
		fault_set(fault, rc, "%s is not a file of trust anchors", path);
	fclose(file);
	return rc;
}

// The most milliseconds that libunbound waits for an answer before it asks
// again. It doubles its wait while a server is silent; names that nobody
// answers for are enough for that. A server at this limit, or at 12 seconds,
// has one question at a time, and all others fail at once: libunbound takes it
// for one that is down. Before 1.23 only the 12 seconds counted, so that a
// lower limit kept a server from ever getting there. Since then a lower limit
// would only make a server reach it sooner.
static const char *longest_wait(void)
{
	const char *version = ub_version();
	char *end;
	unsigned long major = strtoul(version, &end, 10);
	unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
	return major == 1 && minor < 23 ? "4000" : "12000";
}

enum rc dns_set_up(struct ub_ctx *unbound, const struct dns_settings *settings,
    struct fault *fault)
{
	const char *const options[][2] = {
	    // The usual resolver runs on this machine.
	    {"do-not-query-localhost:", "no"},
	    // libunbound must not answer for private networks by itself; the
	    // resolver that is asked decides.
	    {"unblock-lan-zones:", "yes"},
	    {"local-zone:", "test. transparent"},
	    {"local-zone:", "home.arpa. transparent"},
	    // The number of questions at a time. The library's default is 16;
	    // then 16 names whose servers do not answer would block all other
	    // names.
	    {"outgoing-range:", "512"},
	    {"num-queries-per-thread:", "1024"},
	    // A resolver that does not answer for some names is still asked for
	    // others.
	    {"infra-keep-probing:", "yes"},
	    {"infra-cache-max-rtt:", longest_wait()},
	    // Records that are missing now may be added at any minute.
	    {"cache-max-negative-ttl:", "60"},
	};
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		ub_ctx_set_option(unbound, options[i][0], options[i][1]);
	ub_ctx_debugout(unbound, NULL); // by default libunbound logs nothing
	ub_ctx_async(unbound, 1);
	ub_ctx_hosts(unbound, NULL); // the file may be missing
	enum rc rc = set_servers(unbound, settings, fault);
	if (rc == RC_OK)
		rc = set_anchor(unbound, settings->trust_anchor, fault);
	// Makes the settings take effect now, so that mistakes in them are
	// reported.
	if (rc == RC_OK && ub_ctx_zone_remove(unbound, "roost.invalid.") != 0)
		rc = fault_set(fault, RC_INVALID,
		    "the DNS resolver does not start with these settings");
	return rc;
}

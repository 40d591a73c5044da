// SPDX-License-Identifier: Apache-2.0
#include "dns/set_up.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unbound.h>

#define ANCHOR_LINE_MAX 4096

static enum rc set_servers(struct ub_ctx *unbound,
    const struct dns_settings *settings, struct fault *fault)
{
	if (settings->server_count > DNS_SERVERS_MAX)
		return fault_set(fault, RC_LIMIT,
		    "more than %d DNS servers are named", DNS_SERVERS_MAX);
	for (size_t i = 0; i < settings->server_count; i++) {
		if (ub_ctx_set_fwd(unbound, settings->servers[i]) != 0)
			return fault_set(fault, RC_INVALID,
			    "\"%s\" is not a DNS server's address",
			    settings->servers[i]);
	}
	// Without the file libunbound begins at the root by itself.
	if (settings->server_count == 0)
		ub_ctx_resolvconf(unbound, NULL);
	return RC_OK;
}

// One line of a file as RFC 5011 trackers and dns-root-data have it.
static enum rc add_anchor(struct ub_ctx *unbound, char *line)
{
	size_t end = view_find_char(view_of_string(line), ';');
	if (end != SIZE_MAX)
		line[end] = '\0';
	if (view_trim(view_of_string(line)).len == 0)
		return RC_OK;
	return ub_ctx_add_ta(unbound, line) == 0 ? RC_OK : RC_SYNTAX;
}

// libunbound itself would read the file at the first question.
static enum rc set_anchor(
    struct ub_ctx *unbound, const char *path, struct fault *fault)
{
	char line[ANCHOR_LINE_MAX];
	enum rc rc = RC_OK;
	if (!path)
		return RC_OK;
	FILE *file = fopen(path, "re");
	if (!file)
		return fault_set(fault, RC_IO, "%s: %s", path, strerror(errno));
	while (rc == RC_OK && fgets(line, sizeof(line), file))
		rc = add_anchor(unbound, line);
	if (rc != RC_OK)
		fault_set(fault, rc, "%s is no file of trust anchors", path);
	fclose(file);
	return rc;
}

enum rc dns_set_up(struct ub_ctx *unbound, const struct dns_settings *settings,
    struct fault *fault)
{
	static const char *const options[][2] = {
	    // A resolver on this machine is the usual case.
	    {"do-not-query-localhost:", "no"},
	    // What is answered without asking anyone, for private networks,
	    // is for the resolver that is asked to decide.
	    {"unblock-lan-zones:", "yes"},
	    {"local-zone:", "test. transparent"},
	    {"local-zone:", "home.arpa. transparent"},
	    // Questions at a time; a library's own are 16, which as many
	    // names that nobody answers for would keep from all others.
	    {"outgoing-range:", "512"},
	    {"num-queries-per-thread:", "1024"},
	    // A resolver that is silent about some names is asked for others.
	    {"infra-keep-probing:", "yes"},
	    {"infra-cache-max-rtt:", "4000"},
	    // What is missing may be put in place any minute.
	    {"cache-max-negative-ttl:", "60"},
	};
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		ub_ctx_set_option(unbound, options[i][0], options[i][1]);
	ub_ctx_debugout(unbound, NULL); // it says nothing by itself
	ub_ctx_async(unbound, 1);
	ub_ctx_hosts(unbound, NULL); // may be missing
	enum rc rc = set_servers(unbound, settings, fault);
	if (rc == RC_OK)
		rc = set_anchor(unbound, settings->trust_anchor, fault);
	// Has the settings take effect now, with their mistakes.
	if (rc == RC_OK && ub_ctx_zone_remove(unbound, "roost.invalid.") != 0)
		rc = fault_set(fault, RC_INVALID,
		    "the DNS resolver does not start with these settings");
	return rc;
}

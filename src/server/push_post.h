// SPDX-License-Identifier: Apache-2.0
// Sends push messages to push services, by libcurl, several at a time. Only
// https, no redirections, no proxy. The URLs come from users: what is connected
// to is an address of the Internet, never of this machine or a private network,
// unless the configuration says so.
#ifndef ROOST_SERVER_PUSH_POST_H
#define ROOST_SERVER_PUSH_POST_H

#include "base/log.h"
#include "dns/dns.h"
#include "jmap/jmap.h"
#include "net/networks.h"

struct push_post;

struct push_post_settings {
	const char *ca_file; // NULL: the system's
	uint16_t port;       // the only one that the sandbox lets through
	struct net_networks networks; // that are allowed besides the Internet
	struct log *log;
};

// Reads files, so it must be called before the process shuts itself in, and
// before any thread is started.
MUST_CHECK enum rc push_post_new(const struct push_post_settings *settings,
    struct fault *fault, struct push_post **ret_post);
// May be NULL. After the poster's cancel(), and after the resolver's end: a
// look-up that is under way answers then.
void push_post_free(struct push_post **post);
// Before the first request.
void push_post_set_dns(struct push_post *post, struct dns *dns);
struct jmap_poster push_post_poster(struct push_post *post);

#endif

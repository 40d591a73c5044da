// SPDX-License-Identifier: Apache-2.0
// DNS look-ups by libunbound, which validates DNSSEC. Answers come on a thread
// of this room. A caller may also wait for an answer.
#ifndef ROOST_DNS_DNS_H
#define ROOST_DNS_DNS_H

#include "base/arena.h"
#include "base/log.h"

struct dns;

#define DNS_SERVERS_MAX 8
#define DNS_RECORDS_MAX 64 // of one answer; further ones are ignored
#define DNS_TIMEOUT_MS  30000

struct dns_settings {
	// The resolvers to ask: "address" or "address@port". If there are none,
	// those of /etc/resolv.conf are asked.
	const char *servers[DNS_SERVERS_MAX];
	size_t server_count;
	const char *trust_anchor; // a file (RFC 5011 format); NULL: no anchor
	uint32_t timeout_ms;      // for a whole look-up; 0: DNS_TIMEOUT_MS
	struct log *log;          // may be NULL
};

// Reads all files now, so it must be called before the process enters its
// sandbox. The first look-up starts the thread.
MUST_CHECK enum rc dns_new(const struct dns_settings *settings,
    struct fault *fault, struct dns **ret_dns);
// First answers the look-ups that are under way with DNS_FAILED.
void dns_free(struct dns **dns);

enum dns_type {
	DNS_A = 1,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_TLSA = 52,
};

enum dns_status {
	DNS_FOUND,
	DNS_NO_DATA, // the name exists, but has no such records
	DNS_NO_NAME, // NXDOMAIN
	DNS_FAILED,  // time-out, SERVFAIL or bogus: try again later
};

struct dns_record {
	uint16_t preference; // MX; for SRV: priority
	uint16_t weight;     // SRV
	uint16_t port;       // SRV
	// MX, SRV, PTR: a host in lower case without the final dot, "" for the
	// root (null MX, RFC 7505). A, AAAA: the address as text. TXT: the
	// strings, joined. TLSA: raw bytes.
	struct view value;
};

struct dns_answer {
	enum dns_status status;
	bool secure;        // validated by DNSSEC
	const char *reason; // why it failed, for a person; NULL if it did not
	uint32_t ttl;       // seconds
	struct dns_record *records; // MX and SRV are sorted by preference
	size_t count;
};

// `done` is called once, on the room's thread or perhaps before this function
// returns. The answer is valid during that call. `name` consists of A-labels.
void dns_lookup(struct dns *dns, struct view name, enum dns_type type,
    void (*done)(void *context, const struct dns_answer *answer),
    void *context);
// The same for names that strangers bring, and for which no user waits. Such
// look-ups have a resolver of their own. So a stranger who brings thousands of
// names whose servers never answer delays only other look-ups of this kind.
void dns_lookup_bulk(struct dns *dns, struct view name, enum dns_type type,
    void (*done)(void *context, const struct dns_answer *answer),
    void *context);
// Waits for the answer, which lives in `arena`. For the administrator's
// commands.
void dns_lookup_wait(struct dns *dns, struct arena *arena, struct view name,
    enum dns_type type, struct dns_answer *ret_answer);

// The name that has the PTR record of an IPv4 or IPv6 address; with `list`, the
// name under which a DNS blocklist has it (RFC 5782 section 2). Empty if the
// text is not an address.
struct view dns_reverse_name(
    struct arena *arena, struct view address, const char *list);

#endif

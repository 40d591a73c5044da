// SPDX-License-Identifier: Apache-2.0
// DNS lookups by libunbound, which validates DNSSEC. Answers come on a thread
// of this room; they may be waited for as well.
#ifndef ROOST_DNS_DNS_H
#define ROOST_DNS_DNS_H

#include "base/arena.h"
#include "base/log.h"

struct dns;

#define DNS_SERVERS_MAX 8
#define DNS_RECORDS_MAX 64 // of one answer; the rest is not looked at
#define DNS_TIMEOUT_MS  30000

struct dns_settings {
	// Where to ask: "address" or "address@port". None: as
	// /etc/resolv.conf says.
	const char *servers[DNS_SERVERS_MAX];
	size_t server_count;
	const char *trust_anchor; // a file (RFC 5011 format); NULL: none
	uint32_t timeout_ms;      // for a whole lookup; 0: DNS_TIMEOUT_MS
	struct log *log;          // may be NULL
};

// Reads its files here, so before the process shuts itself in; the thread is
// started by the first lookup.
MUST_CHECK enum rc dns_new(const struct dns_settings *settings,
    struct fault *fault, struct dns **ret_dns);
// Lookups under way are answered with DNS_FAILED first.
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
	DNS_NO_DATA, // the name exists, without such records
	DNS_NO_NAME, // NXDOMAIN
	DNS_FAILED,  // timed out, SERVFAIL, bogus: try again later
};

struct dns_record {
	uint16_t preference; // MX; SRV: priority
	uint16_t weight;     // SRV
	uint16_t port;       // SRV
	// MX, SRV, PTR: a host in lower case without the final dot, "" for the
	// root (null MX, RFC 7505); A, AAAA: text; TXT: the strings joined;
	// TLSA: raw bytes.
	struct view value;
};

struct dns_answer {
	enum dns_status status;
	bool secure;                // DNSSEC validated
	const char *reason;         // a failure's, for a person; NULL
	uint32_t ttl;               // seconds
	struct dns_record *records; // MX, SRV by preference
	size_t count;
};

// `done` is called once, on the room's thread, maybe before this returns; the
// answer is valid during the call. `name` is in A-labels.
void dns_lookup(struct dns *dns, struct view name, enum dns_type type,
    void (*done)(void *context, const struct dns_answer *answer),
    void *context);
// Waits; for the administration. All of the answer lives in `arena`.
void dns_lookup_wait(struct dns *dns, struct arena *arena, struct view name,
    enum dns_type type, struct dns_answer *ret_answer);

#endif

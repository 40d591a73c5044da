// SPDX-License-Identifier: Apache-2.0
// The connection test of an account, at any server: finds the servers as mail
// programs do, tries them side by side, and says which settings work, or what
// is wrong. It waits until it has an answer; the whole time is bounded.
#ifndef ROOST_PROBE_ACCOUNT_H
#define ROOST_PROBE_ACCOUNT_H

#include "dns/dns.h"
#include "probe/candidates.h"

#define PROBE_SECONDS      30
#define PROBE_FINDINGS_MAX 24

struct probe_account_settings {
	const char *address; // whole
	// What the user's mail program was told; NULL, 0, -1: nothing.
	const char *server;
	uint16_t port;
	int protocol;         // enum probe_protocol
	int security;         // enum probe_security
	const char *user;     // NULL: the address, or the part before the @
	const char *password; // NULL: nobody logs in
	bool insecure;        // send it to servers that are not proven, too
	// Follow the domain also to addresses that are not of the Internet:
	// this machine's, and of private networks. `server` needs no leave.
	bool private_allowed;
	uint32_t seconds; // [PROBE_SECONDS]
	const char *helo;
	const char *authorities; // a PEM file; NULL: the system's
	struct dns_settings dns;
	struct log *log; // may be NULL
};

// One server that was tried.
struct probe_trial {
	struct probe_candidate candidate;
	enum probe_security security; // that was tried
	bool swapped; // it is not the candidate's, which had failed
	char address[64];
	bool ipv6;
	bool login; // with the password
	bool ended;
	struct probe_outcome outcome;
};

// Settings that work, as far as they were tried.
struct probe_working {
	enum probe_protocol protocol;
	enum probe_security security;
	const char *host;
	uint16_t port;
	const char *user; // what to type as the user's name
	bool logged_in;   // with this name
	enum probe_source source;
	int64_t certificate_end; // seconds since 1970-01-01 UTC; 0: unknown
	char tls_version[16];
};

struct probe_finding {
	enum probe_cause cause;
	enum probe_protocol protocol;
	struct probe_words words;
};

struct probe_report {
	struct probe_working working[PROBE_PROTOCOLS]; // one for each protocol
	size_t working_count;
	struct probe_finding findings[PROBE_FINDINGS_MAX]; // faults first
	size_t finding_count;
	const struct probe_trial *const *trials;
	size_t trial_count;
};

// Everything in the report is in `arena`. RC_INVALID: settings that make no
// sense (a port that has no usual protocol, without a protocol). A wrong
// address is a finding.
MUST_CHECK enum rc probe_account(struct arena *arena,
    const struct probe_account_settings *settings, struct fault *fault,
    struct probe_report *ret_report);

#endif

// SPDX-License-Identifier: Apache-2.0
// Many look-ups at once; inside the room only.
#ifndef ROOST_PROBE_LOOKUP_H
#define ROOST_PROBE_LOOKUP_H

#include <pthread.h>

#include "dns/dns.h"

#define PROBE_RECORDS_MAX 8 // of one answer; further ones are ignored

struct probe_lookup {
	struct probe_lookups *all;
	struct probe_lookup *next;
	const char *name;
	enum dns_type type;
	// Below: guarded by the lock until `done`.
	bool done;
	enum dns_status status;
	bool secure; // validated by DNSSEC
	char reason[120];
	struct dns_record records[PROBE_RECORDS_MAX]; // values are strings
	size_t count;
};

struct probe_lookups {
	struct dns *dns;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct arena arena;
	struct probe_lookup *first;
	size_t pending;
};

void probe_lookups_init(struct probe_lookups *lookups, struct dns *dns);
// Only after dns_free(), which answers what is under way.
void probe_lookups_done(struct probe_lookups *lookups);
// Begins a look-up, or gives the one that was begun before.
struct probe_lookup *probe_lookup(
    struct probe_lookups *lookups, const char *name, enum dns_type type);
// Waits for all of them, at most to this moment (clock_monotonic_ms()).
void probe_lookups_wait(struct probe_lookups *lookups, uint64_t end_ms);
// Whether the answer has come. Its other members may then be read.
bool probe_lookup_done(struct probe_lookup *lookup);

#endif

// SPDX-License-Identifier: Apache-2.0
// The checks of `roost doctor`; inside the room only.
#ifndef ROOST_SERVER_DOCTOR_IMPL_H
#define ROOST_SERVER_DOCTOR_IMPL_H

#include <jansson.h>

#include "admin/place.h"
#include "net/tls_client.h"
#include "server/config.h"

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_NOTE, // nothing to mend, but to know
	DOCTOR_DOUBT,
	DOCTOR_WRONG,
};

struct doctor {
	const struct cli_call *call;
	struct config *config;
	struct arena arena;
	bool running; // a server answers
	bool place_is_open;
	struct place place;
	struct fault place_fault; // why it is not open
	json_t *status;           // what the server says of itself; NULL
	json_t *domains;          // the notes of domain.list
	// The public addresses of the server's name, as DNS has them.
	const char *addresses[16];
	size_t address_count;
	bool is_weak;    // root's rights were given up
	bool dns_tried;  // to open
	struct dns *dns; // NULL: look-ups are not possible
	// Nothing more is looked up, because each look-up would take long.
	bool resolver_dead;
	struct net_tls_client *tls; // NULL: the same for TLS
	bool certificate_told;      // what is wrong with it was said
	const char *check;          // the id of the check that runs
	json_t *findings;
	enum doctor_state worst;
};

// Adds a finding. `mend` may be NULL.
void doctor_say(struct doctor *doctor, enum doctor_state state,
    const char *mend, const char *format, ...) PRINTF_LIKE(4, 5);

// Asks the process that has the store. Calls `note` for each note. False if it
// cannot be asked, or refused; `ret_answer` may be NULL, and is dropped with
// json_decref() otherwise.
bool doctor_ask(struct doctor *doctor, json_t *request,
    void (*note)(void *context, const json_t *message), void *context,
    json_t **ret_answer);

// A number of the server's status; 0 if no server runs.
long long doctor_number(const struct doctor *doctor, const char *key);

// How to run a command for a mend, in the arena.
const char *doctor_text(struct doctor *doctor, const char *format, ...)
    PRINTF_LIKE(2, 3);

// With whose rights a check runs, when the doctor was started as root. They
// only become fewer.
enum doctor_rights {
	DOCTOR_AS_STARTED, // sees every limit and file; meets nobody
	DOCTOR_AS_SERVER,  // sees the files that the server's user sees
	DOCTOR_AS_NOBODY,  // meets others: the server's user, or "nobody"
};

// Identifier, what it looks at, function, rights. In the order in which they
// run; nothing that needs root comes after somebody else was met.
#define DOCTOR_TABLE(X)                                                        \
	X("configuration", "the configuration", doctor_configuration,          \
	    AS_STARTED)                                                        \
	X("server", "the server's process and its storage", doctor_server,     \
	    AS_STARTED)                                                        \
	X("clock", "the clock", doctor_clock, AS_STARTED)                      \
	X("files", "the limit of open files", doctor_files, AS_STARTED)        \
	X("disk", "space on the disk, and how fast it syncs", doctor_disk,     \
	    AS_STARTED)                                                        \
	X("rights", "who may read the data, the keys and the configuration",   \
	    doctor_rights, AS_STARTED)                                         \
	X("sandbox", "the sandbox", doctor_sandbox, AS_STARTED)                \
	X("memory", "memory and its limit", doctor_memory, AS_STARTED)         \
	X("certificates", "certificates: chain, expiry and names",             \
	    doctor_certificates, AS_SERVER)                                    \
	X("resolver", "the DNS resolver", doctor_resolver, AS_NOBODY)          \
	X("names", "the host's name, its addresses and their names",           \
	    doctor_names, AS_NOBODY)                                           \
	X("records", "the DNS records of each domain", doctor_records,         \
	    AS_NOBODY)                                                         \
	X("blocklists", "the lists that the setting names", doctor_blocklists, \
	    AS_NOBODY)                                                         \
	X("ports", "ports, reached through the public addresses",              \
	    doctor_ports, AS_NOBODY)                                           \
	X("domains", "domains and catch-alls", doctor_domains, AS_NOBODY)      \
	X("aliases", "aliases and where they lead", doctor_aliases, AS_NOBODY) \
	X("queue", "mail that waits to be sent", doctor_queue, AS_NOBODY)      \
	X("logins", "refused log-ins", doctor_logins, AS_NOBODY)

#define X(id, text, function, rights) void function(struct doctor *doctor);
DOCTOR_TABLE(X)
#undef X

#endif

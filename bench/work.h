// SPDX-License-Identifier: Apache-2.0
// The works of the load program. Each prints one JSON object on standard
// output; times are in milliseconds, CPU time in microseconds.
#ifndef ROOST_BENCH_WORK_H
#define ROOST_BENCH_WORK_H

#include "conn.h"

#define WORK_CONNS_MAX 5000

struct work_options {
	const char *user;   // one user, or the part before a number (users > 0)
	unsigned users;     // connection i logs in as user<i % users>
	const char *domain; // of recipients
	const char *mailbox; // selected after log-in; NULL: none
	const char *corpus;  // path without .bin and .idx
	unsigned conns;
	unsigned depth;  // commands under way at once on a connection
	unsigned rounds; // measured
	unsigned warm;   // before them, not measured
	unsigned count;  // messages; or recipients of each
	unsigned size;   // bytes of a message
	double seconds;  // of a closed loop
	char **commands;
	int command_count;
};

struct work_span {
	uint64_t start_ns;
	uint64_t server_ns;
	uint64_t own_ns;
};

void work_begin(struct work_span *span, const struct loop *loop);
// Prints "seconds", "server_us", "client_us" and "ops".
void work_end(
    const struct work_span *span, const struct loop *loop, uint64_t ops);
// `conns` connections, logged in, the mailbox selected.
struct conn *work_open(struct loop *loop, const struct work_options *options);
void work_close(struct conn *conns, unsigned count);
double work_ms_since(uint64_t start_ns);
void work_print_list(const char *name, const double *numbers, unsigned count);

// Times each of the commands, round by round ("!" before one: not timed).
void work_time(struct loop *loop, const struct work_options *options);
// A QRESYNC re-select by a new connection, after `count` changes.
void work_resync(struct loop *loop, const struct work_options *options);
// Fills the mailbox with `count` messages of the corpus, by MULTIAPPEND.
void work_fill(struct loop *loop, const struct work_options *options);
// Closed loops over all connections for so many seconds.
void work_noop(struct loop *loop, const struct work_options *options);
void work_append(struct loop *loop, const struct work_options *options);
void work_store(struct loop *loop, const struct work_options *options);
void work_partial(struct loop *loop, const struct work_options *options);
void work_login(struct loop *loop, const struct work_options *options);
// The same by LMTP: mails of `size` bytes to the user of the connection, or to
// `count` users of the domain each.
void work_lmtp(struct loop *loop, const struct work_options *options);
// Reads a whole mailbox by POP3, `depth` RETR commands at once.
void work_pop3(struct loop *loop, const struct work_options *options);
// `conns` connections in IDLE until standard input closes.
void work_hold(struct loop *loop, const struct work_options *options);
// How long a change takes to reach a session, or `conns` sessions, in IDLE.
void work_delay(struct loop *loop, const struct work_options *options);
void work_fan(struct loop *loop, const struct work_options *options);

#endif

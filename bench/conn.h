// SPDX-License-Identifier: Apache-2.0
// Connections of the load program: one thread, one epoll set. A response is cut
// into lines and IMAP's literals are skipped, without looking further, so that
// the client costs little beside the server. Anything unexpected (a refused
// command, a closed connection, nothing for LOOP_PATIENCE_MS) ends the program.
#ifndef ROOST_BENCH_CONN_H
#define ROOST_BENCH_CONN_H

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/types.h>

#include "base/buf.h"

#define LOOP_PATIENCE_MS 120000
#define CONN_OUT_MAX     (64U << 20)
#define CONN_LINE_MAX    (8U << 20)
#define LOOP_READ_BYTES  (256U << 10)

struct loop {
	int epoll;
	SSL_CTX *tls; // NULL: plain
	struct sockaddr_in server;
	pid_t server_pid; // whose CPU time is counted; 0: nobody's
	char *read_buffer;
	const char *password;
};

struct conn {
	struct loop *loop;
	int fd;
	SSL *ssl;
	struct buf out;
	size_t out_at;      // bytes of `out` that were sent
	struct buf partial; // the beginning of a line not read whole
	uint64_t literal_left;
	bool mid_line;    // what comes continues a line after a literal
	bool can_refuse;  // NO and BAD are counted in `refused`
	unsigned pending; // commands (and greeting) not answered
	unsigned tag;
	uint64_t bytes;
	uint64_t lines;
	uint64_t refused;
	uint32_t exists;
	uint64_t uid_validity;
	uint64_t highest_modseq;
	// Called for each whole line, and after `pending` went down.
	void (*on_untagged)(struct conn *conn, struct view line);
	void (*on_done)(struct conn *conn);
	// Of another protocol than IMAP: called for each line instead.
	void (*on_line)(struct conn *conn, struct view line);
	void *context;
	unsigned number; // the work's own
	uint64_t serial; // the work's own
};

void die(const char *format, ...) PRINTF_LIKE(1, 2) __attribute__((noreturn));

void loop_init(struct loop *loop, uint16_t port, bool tls);
void loop_done(struct loop *loop);
// Waits for something to happen, at most `timeout_ms`, and handles it; false
// when nothing did.
bool loop_step(struct loop *loop, int timeout_ms);

// Begins to connect; the greeting counts as one pending answer.
void conn_start(struct conn *conn, struct loop *loop);
void conn_close(struct conn *conn);
// A whole command after its tag, CRLF added. conn_flush() sends.
void conn_queue(struct conn *conn, const char *format, ...) PRINTF_LIKE(2, 3);
// The same in pieces: tag and space; then conn->out; then CRLF by the caller.
void conn_begin(struct conn *conn);
void conn_flush(struct conn *conn);
// Until nothing is pending.
void conn_wait(struct conn *conn);
void conn_run(struct conn *conn, const char *format, ...) PRINTF_LIKE(2, 3);
// Connects and logs in, and waits for both.
void conn_open(struct conn *conn, struct loop *loop, const char *user);

#endif

// SPDX-License-Identifier: Apache-2.0
// Fills a mailbox: many mails in one APPEND (MULTIAPPEND), two commands under
// way. Without a corpus: `count` mails of `size` random bytes in base64.
#include "base/mem.h"
#include "spool.h"
#include "work.h"

#define FILL_BATCH_MAILS 250
#define FILL_BATCH_BYTES (8U << 20)

static void add_large(unsigned n, unsigned size, struct buf *out)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct buf mail;
	uint64_t random = 88172645463325252U + n;
	buf_init(&mail, (size_t)size + 1024);
	buf_printf(&mail,
	    "From: a@example.org\r\nTo: b@example.org\r\nSubject: File %u\r\n"
	    "Message-ID: <file.%u@example.org>\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: application/octet-stream; name=\"file.bin\"\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n",
	    n, n);
	while (mail.len < size) {
		char line[78];
		for (unsigned i = 0; i < 76; i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			line[i] = letters[random >> 58];
		}
		line[76] = '\r';
		line[77] = '\n';
		buf_add(&mail, view_of(line, sizeof(line)));
	}
	buf_printf(out, "(\\Seen) {%zu+}\r\n", mail.len);
	buf_add(out, buf_view(&mail));
	buf_done(&mail);
}

void work_fill(struct loop *loop, const struct work_options *options)
{
	struct work_options one = *options;
	struct spool spool = {.count = 0};
	struct work_span span;
	unsigned n = 0;
	one.mailbox = NULL;
	one.conns = 1;
	if (options->corpus != NULL)
		spool_open(&spool, options->corpus);
	struct conn *conn = work_open(loop, &one);
	work_begin(&span, loop);
	while (n < options->count) {
		unsigned end = n + FILL_BATCH_MAILS;
		conn_begin(conn);
		size_t start = conn->out.len;
		buf_printf(&conn->out, "APPEND %s", options->mailbox);
		for (; n < end && n < options->count &&
		       conn->out.len - start < FILL_BATCH_BYTES;
		     n++) {
			buf_add_char(&conn->out, ' ');
			if (spool.count > 0)
				spool_add(&spool, n, &conn->out);
			else
				add_large(n, options->size, &conn->out);
		}
		buf_add_literal(&conn->out, "\r\n");
		conn_flush(conn);
		while (conn->pending > 1) {
			if (!loop_step(loop, LOOP_PATIENCE_MS))
				die("no answer");
		}
	}
	conn_wait(conn);
	printf("{");
	work_end(&span, loop, options->count);
	printf("}\n");
	work_close(conn, 1);
	if (spool.count > 0)
		spool_close(&spool);
}

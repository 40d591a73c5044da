// SPDX-License-Identifier: Apache-2.0
// A growable run of bytes with a maximum length that is given when it is made.
// An addition that does not fit is refused as a whole, and the buffer remembers
// that. So a caller can add many things and ask buf_status() once at the end.
#ifndef ROOST_BASE_BUF_H
#define ROOST_BASE_BUF_H

#include "base/rc.h"
#include "base/view.h"

struct buf {
	char *ptr;       // owned; NULL until something is added
	size_t len;      // bytes in use
	size_t capacity; // bytes allocated
	size_t max;      // len never passes this
	bool overflowed; // something was refused since the last reset
};

void buf_init(struct buf *buf, size_t max_bytes); // allocates nothing yet
void buf_done(struct buf *buf);                   // frees; safe to repeat
void buf_done_secret(struct buf *buf);            // overwrites, then frees
void buf_reset(struct buf *buf); // makes it empty, keeps the memory

void buf_add(struct buf *buf, struct view bytes);
void buf_add_char(struct buf *buf, char c);
void buf_add_string(struct buf *buf, const char *text);
void buf_add_u64(struct buf *buf, uint64_t number); // decimal
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
#define buf_add_literal(buf, literal) buf_add((buf), VIEW(literal))

// Makes room for `len` bytes at the end. The caller writes them and then calls
// buf_commit() to make them part of the buffer. NULL (and `overflowed`) when
// they would pass the maximum.
char *buf_reserve(struct buf *buf, size_t len);
void buf_commit(struct buf *buf, size_t len);

// Drops `len` bytes from the front, or everything after the first `len`.
void buf_consume(struct buf *buf, size_t len);
void buf_truncate(struct buf *buf, size_t len);

static inline struct view buf_view(const struct buf *buf)
{
	return view_of(buf->ptr, buf->len);
}

// RC_LIMIT when an addition was refused, otherwise RC_OK.
MUST_CHECK enum rc buf_status(const struct buf *buf);

// Gives the bytes to the caller, who frees them with free(). The buffer is
// empty afterwards.
char *buf_take(struct buf *buf, size_t *ret_len);

#endif

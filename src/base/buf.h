// SPDX-License-Identifier: Apache-2.0
// A growable run of bytes with a ceiling given when it is made. What does not
// fit is refused whole, and the buffer remembers it: add as much as you like,
// then ask buf_status() once.
#ifndef ROOST_BASE_BUF_H
#define ROOST_BASE_BUF_H

#include "base/rc.h"
#include "base/view.h"

struct buf {
	char *ptr;       // owned; NULL while nothing was added
	size_t len;      // bytes in use
	size_t capacity; // bytes allocated
	size_t max;      // len never passes this
	bool overflowed; // something was refused since the last reset
};

void buf_init(struct buf *buf, size_t max_bytes); // allocates nothing yet
void buf_done(struct buf *buf);                   // frees; safe to repeat
void buf_done_secret(struct buf *buf);            // overwrites, then frees
void buf_reset(struct buf *buf);                  // empty, keeps the room

void buf_add(struct buf *buf, struct view bytes);
void buf_add_char(struct buf *buf, char c);
void buf_add_string(struct buf *buf, const char *text);
void buf_add_u64(struct buf *buf, uint64_t number); // decimal
void buf_add_i64(struct buf *buf, int64_t number);  // decimal
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
#define buf_add_literal(buf, literal) buf_add((buf), VIEW(literal))

// Room for `len` bytes at the end, to be written by the caller and then made
// part of the buffer by buf_commit(); NULL (and overflowed) when over the
// ceiling.
char *buf_reserve(struct buf *buf, size_t len);
void buf_commit(struct buf *buf, size_t len);

// Drops `len` bytes from the front, or all that comes after the first `len`.
void buf_consume(struct buf *buf, size_t len);
void buf_truncate(struct buf *buf, size_t len);

static inline struct view buf_view(const struct buf *buf)
{
	return view_of(buf->ptr, buf->len);
}

// RC_LIMIT when anything was refused, else RC_OK.
MUST_CHECK enum rc buf_status(const struct buf *buf);

// The bytes change hands: the caller frees them with free(); the buffer is
// empty afterwards.
char *buf_take(struct buf *buf, size_t *ret_len);

#endif

// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"

#include <stdarg.h>

#include "base/mem.h"

void buf_init(struct buf *buf, size_t max_bytes)
{
	*buf = (struct buf){.max = max_bytes};
}

void buf_done(struct buf *buf)
{
	free(buf->ptr);
	*buf = (struct buf){.max = buf->max};
}

void buf_done_secret(struct buf *buf)
{
	if (buf->ptr)
		explicit_bzero(buf->ptr, buf->capacity);
	buf_done(buf);
}

void buf_reset(struct buf *buf)
{
	buf->len = 0;
	buf->overflowed = false;
}

char *buf_reserve(struct buf *buf, size_t len)
{
	if (len > buf->max - buf->len) {
		buf->overflowed = true;
		return NULL;
	}
	size_t need = buf->len + len;
	if (need > buf->capacity || !buf->ptr) {
		size_t wanted = buf->capacity < 64 ? 64 : buf->capacity * 2;
		if (wanted < need)
			wanted = need;
		if (wanted > buf->max)
			wanted = buf->max;
		buf->ptr = mem_realloc(buf->ptr, wanted);
		buf->capacity = wanted;
	}
	return buf->ptr + buf->len;
}

void buf_commit(struct buf *buf, size_t len)
{
	if (len > buf->capacity - buf->len)
		abort();
	buf->len += len;
}

void buf_add(struct buf *buf, struct view bytes)
{
	if (bytes.len == 0)
		return;
	char *room = buf_reserve(buf, bytes.len);
	if (!room)
		return;
	memcpy(room, bytes.ptr, bytes.len);
	buf->len += bytes.len;
}

void buf_add_char(struct buf *buf, char c)
{
	if (buf->len < buf->capacity) {
		buf->ptr[buf->len++] = c;
		return;
	}
	buf_add(buf, view_of(&c, 1));
}

void buf_add_string(struct buf *buf, const char *text)
{
	buf_add(buf, view_of_string(text));
}

void buf_add_u64(struct buf *buf, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	buf_add(buf, view_of(digits + at, sizeof(digits) - at));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	// vsnprintf() also writes a NUL, which is not part of the buffer. So a
	// short text is formatted into this array; a longer one is formatted
	// again, directly into the buffer.
	char small[256];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(small, sizeof(small), format, args);
	va_end(args);
	if (len <= 0)
		return;
	if ((size_t)len < sizeof(small)) {
		buf_add(buf, view_of(small, (size_t)len));
		return;
	}
	char *room = mem_alloc((size_t)len + 1);
	va_start(args, format);
	vsnprintf(room, (size_t)len + 1, format, args);
	va_end(args);
	buf_add(buf, view_of(room, (size_t)len));
	free(room);
}

void buf_consume(struct buf *buf, size_t len)
{
	if (len >= buf->len) {
		buf->len = 0;
		return;
	}
	memmove(buf->ptr, buf->ptr + len, buf->len - len);
	buf->len -= len;
}

void buf_truncate(struct buf *buf, size_t len)
{
	if (len < buf->len)
		buf->len = len;
}

enum rc buf_status(const struct buf *buf)
{
	return buf->overflowed ? RC_LIMIT : RC_OK;
}

char *buf_take(struct buf *buf, size_t *ret_len)
{
	char *ptr = buf->ptr;
	*ret_len = buf->len;
	*buf = (struct buf){.max = buf->max};
	return ptr;
}

// SPDX-License-Identifier: Apache-2.0
// Writing into reserved space: FETCH reserves space for a message in the output
// once, and fills it without further checks, because this is a hot path. Each
// function returns the position after what it wrote.
#ifndef ROOST_IMAP_PUT_H
#define ROOST_IMAP_PUT_H

#include <stdint.h>
#include <string.h>

#include "base/view.h"

#define PUT_U64_MAX 20 // the most bytes that put_u64() writes

static inline char *put_view(char *at, struct view text)
{
	memcpy(at, text.ptr, text.len);
	return at + text.len;
}

#define put_literal(at, literal) put_view((at), VIEW(literal))

static inline char *put_char(char *at, char c)
{
	*at = c;
	return at + 1;
}

static inline char *put_u64(char *at, uint64_t number)
{
	char digits[PUT_U64_MAX];
	size_t from = sizeof(digits);
	do {
		digits[--from] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	memcpy(at, digits + from, sizeof(digits) - from);
	return at + (sizeof(digits) - from);
}

static inline char *put_u32(char *at, uint32_t number)
{
	char digits[10];
	size_t from = sizeof(digits);
	do {
		digits[--from] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	memcpy(at, digits + from, sizeof(digits) - from);
	return at + (sizeof(digits) - from);
}

#endif

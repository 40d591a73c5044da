// SPDX-License-Identifier: Apache-2.0
// Writing into room that is known to be enough: the hot paths of FETCH reserve
// a message's worth in the output once, and fill it without further checks.
// Each function returns the place behind what it wrote.
#ifndef ROOST_IMAP_PUT_H
#define ROOST_IMAP_PUT_H

#include <stdint.h>
#include <string.h>

#include "base/view.h"

#define PUT_U64_MAX 20 // bytes put_u64() writes at most

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

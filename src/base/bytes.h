// SPDX-License-Identifier: Apache-2.0
// Fixed-width integers as bytes. Keys are big-endian, so that keys in byte
// order are in numeric order. Stored records are little-endian.
#ifndef ROOST_BASE_BYTES_H
#define ROOST_BASE_BYTES_H

#include <stdint.h>
#include <string.h>

static inline void put_be16(void *at, uint16_t n)
{
	n = __builtin_bswap16(n);
	memcpy(at, &n, sizeof(n));
}

static inline void put_be32(void *at, uint32_t n)
{
	n = __builtin_bswap32(n);
	memcpy(at, &n, sizeof(n));
}

static inline void put_be64(void *at, uint64_t n)
{
	n = __builtin_bswap64(n);
	memcpy(at, &n, sizeof(n));
}

static inline uint16_t get_be16(const void *at)
{
	uint16_t n;
	memcpy(&n, at, sizeof(n));
	return __builtin_bswap16(n);
}

static inline uint32_t get_be32(const void *at)
{
	uint32_t n;
	memcpy(&n, at, sizeof(n));
	return __builtin_bswap32(n);
}

static inline uint64_t get_be64(const void *at)
{
	uint64_t n;
	memcpy(&n, at, sizeof(n));
	return __builtin_bswap64(n);
}

static inline void put_le32(void *at, uint32_t n)
{
	memcpy(at, &n, sizeof(n));
}

static inline void put_le64(void *at, uint64_t n)
{
	memcpy(at, &n, sizeof(n));
}

static inline uint32_t get_le32(const void *at)
{
	uint32_t n;
	memcpy(&n, at, sizeof(n));
	return n;
}

static inline uint64_t get_le64(const void *at)
{
	uint64_t n;
	memcpy(&n, at, sizeof(n));
	return n;
}

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "Roost's stored records are read in place: little-endian machines only"
#endif

#endif

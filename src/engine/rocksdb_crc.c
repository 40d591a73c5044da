// SPDX-License-Identifier: Apache-2.0
// CRC-32C, for us and for RocksDB. Debian builds RocksDB without the
// instructions that processors have for it, so that RocksDB's own takes two
// thirds of the CPU of reading a long message. RocksDB's function is therefore
// replaced: a program's own functions come before those of its libraries. If
// a library is built so that this has no effect, it is only slower.
#include <pthread.h>

#include "base/bytes.h"
#include "engine/rocksdb_log.h"

#define POLYNOMIAL 0x82f63b78u // reversed

static uint32_t crc_tables[8][256];
static pthread_once_t crc_tables_made = PTHREAD_ONCE_INIT;

static void make_crc_tables(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
		crc_tables[0][i] = crc;
	}
	for (int t = 1; t < 8; t++)
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t before = crc_tables[t - 1][i];
			crc_tables[t][i] =
			    (before >> 8) ^ crc_tables[0][before & 0xff];
		}
}

static uint32_t crc_by_tables(uint32_t crc, struct view bytes)
{
	pthread_once(&crc_tables_made, make_crc_tables);
	crc = ~crc;
	const unsigned char *at = (const unsigned char *)bytes.ptr;
	size_t len = bytes.len;
	for (; len >= 8; len -= 8, at += 8) {
		uint32_t low = get_le32(at) ^ crc;
		uint32_t high = get_le32(at + 4);
		crc = crc_tables[7][low & 0xff] ^
		      crc_tables[6][(low >> 8) & 0xff] ^
		      crc_tables[5][(low >> 16) & 0xff] ^
		      crc_tables[4][low >> 24] ^ crc_tables[3][high & 0xff] ^
		      crc_tables[2][(high >> 8) & 0xff] ^
		      crc_tables[1][(high >> 16) & 0xff] ^
		      crc_tables[0][high >> 24];
	}
	for (; len; len--, at++)
		crc = (crc >> 8) ^ crc_tables[0][(crc ^ *at) & 0xff];
	return ~crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t crc_by_processor(
    uint32_t crc, struct view bytes)
{
	uint64_t sum = ~crc;
	const char *at = bytes.ptr;
	size_t len = bytes.len;
	for (; len >= 8; len -= 8, at += 8)
		sum = __builtin_ia32_crc32di(sum, get_le64(at));
	uint32_t rest = (uint32_t)sum;
	for (; len; len--, at++)
		rest = __builtin_ia32_crc32qi(rest, (unsigned char)*at);
	return ~rest;
}
#endif

uint32_t rocks_crc32c(uint32_t crc, struct view bytes)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return crc_by_processor(crc, bytes);
#endif
	return crc_by_tables(crc, bytes);
}

// rocksdb::crc32c::Extend(unsigned int, char const *, size_t)
uint32_t _ZN7rocksdb6crc32c6ExtendEjPKcm(
    uint32_t crc, const char *data, size_t len);
uint32_t _ZN7rocksdb6crc32c6ExtendEjPKcm(
    uint32_t crc, const char *data, size_t len)
{
	return rocks_crc32c(crc, view_of(data, len));
}

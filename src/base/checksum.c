// SPDX-License-Identifier: Apache-2.0
#include "base/checksum.h"

#include <string.h>

#include "base/bytes.h"

#define LANES 4

// Four bits at a time, where the processor cannot; the polynomial reflected.
static uint32_t crc_software(uint32_t crc, const char *ptr, size_t len)
{
	static const uint32_t table[16] = {
	    0x00000000,
	    0x105ec76f,
	    0x20bd8ede,
	    0x30e349b1,
	    0x417b1dbc,
	    0x5125dad3,
	    0x61c69362,
	    0x7198540d,
	    0x82f63b78,
	    0x92a8fc17,
	    0xa24bb5a6,
	    0xb21572c9,
	    0xc38d26c4,
	    0xd3d3e1ab,
	    0xe330a81a,
	    0xf36e6f75,
	};
	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)ptr[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return crc;
}

static size_t quarter_of(size_t len)
{
	return len / (8 * LANES) * 8;
}

static void lanes_software(struct view bytes, uint32_t crc[LANES])
{
	size_t quarter = quarter_of(bytes.len);
	for (size_t i = 0; i < LANES; i++)
		crc[i] = crc_software(UINT32_MAX, bytes.ptr + i * quarter,
		    i < LANES - 1 ? quarter : bytes.len - i * quarter);
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static void lanes_sse42(
    struct view bytes, uint32_t crc[LANES])
{
	size_t quarter = quarter_of(bytes.len);
	const char *ptr = bytes.ptr;
	uint64_t a = UINT32_MAX, b = UINT32_MAX, c = UINT32_MAX, d = UINT32_MAX;
	for (size_t i = 0; i < quarter; i += 8) {
		a = __builtin_ia32_crc32di(a, get_le64(ptr + i));
		b = __builtin_ia32_crc32di(b, get_le64(ptr + i + quarter));
		c = __builtin_ia32_crc32di(c, get_le64(ptr + i + 2 * quarter));
		d = __builtin_ia32_crc32di(d, get_le64(ptr + i + 3 * quarter));
	}
	for (size_t i = LANES * quarter; i < bytes.len; i++)
		d = __builtin_ia32_crc32qi((uint32_t)d, (unsigned char)ptr[i]);
	crc[0] = (uint32_t)a;
	crc[1] = (uint32_t)b;
	crc[2] = (uint32_t)c;
	crc[3] = (uint32_t)d;
}
#endif

static void lanes_of(struct view bytes, uint32_t crc[LANES])
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2")) {
		lanes_sse42(bytes, crc);
		return;
	}
#endif
	lanes_software(bytes, crc);
}

uint32_t checksum_of(struct view bytes)
{
	uint32_t crc[LANES];
	char sums[LANES * 4];
	if (!bytes.ptr)
		bytes = VIEW("");
	lanes_of(bytes, crc);
	for (size_t i = 0; i < LANES; i++)
		put_le32(sums + 4 * i, crc[i] ^ UINT32_MAX);
	return crc_software(UINT32_MAX, sums, sizeof(sums)) ^ UINT32_MAX;
}

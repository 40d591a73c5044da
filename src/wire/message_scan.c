// SPDX-License-Identifier: Apache-2.0
// The code reads sixteen bytes at a time with the compiler's vectors (SSE2,
// NEON). Each lane has a counter of one byte, so the code adds up the counters
// before they can overflow.
#include "wire/message_scan.h"

#include <string.h>

#define LANES      16
#define ROUNDS_MAX 255 // the maximum of a one-byte counter

typedef uint8_t lanes __attribute__((vector_size(LANES)));

static lanes lanes_load(const char *at)
{
	lanes loaded;
	memcpy(&loaded, at, sizeof(loaded));
	return loaded;
}

static uint64_t lanes_sum(lanes counts)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < LANES; i++)
		sum += counts[i];
	return sum;
}

// Scans `rounds` blocks of LANES bytes, at most ROUNDS_MAX. The caller makes
// sure that at[-1] can be read.
static void scan_rounds(
    struct message_scan *scan, const char *at, size_t rounds)
{
	lanes high = {0}, nul = {0}, cr = {0}, lf = {0}, crlf = {0};
	for (size_t i = 0; i < rounds; i++) {
		lanes now = lanes_load(at + i * LANES);
		lanes before = lanes_load(at + i * LANES - 1);
		lanes is_lf = (lanes)(now == '\n');
		high |= now;
		nul |= (lanes)(now == 0);
		cr -= (lanes)(now == '\r'); // a match is 0xff, which is -1
		lf -= is_lf;
		crlf -= is_lf & (lanes)(before == '\r');
	}
	scan->cr += lanes_sum(cr);
	scan->lf += lanes_sum(lf);
	scan->crlf += lanes_sum(crlf);
	for (size_t i = 0; i < LANES; i++) {
		scan->has_nul |= nul[i] != 0;
		scan->has_8bit |= high[i] >= 0x80;
	}
}

static void scan_bytes(struct message_scan *scan, const char *at, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		scan->cr += at[i] == '\r';
		scan->lf += at[i] == '\n';
		scan->crlf += at[i] == '\n' && scan->last == '\r';
		scan->has_nul |= at[i] == '\0';
		scan->has_8bit |= (unsigned char)at[i] >= 0x80;
		scan->last = at[i];
	}
}

void message_scan_push(struct message_scan *scan, struct view piece)
{
	if (!piece.len)
		return;
	const char *at = piece.ptr;
	const char *end = at + piece.len;
	scan_bytes(scan, at++, 1); // the next block needs a byte before it
	while ((size_t)(end - at) >= LANES) {
		size_t rounds = (size_t)(end - at) / LANES;
		if (rounds > ROUNDS_MAX)
			rounds = ROUNDS_MAX;
		scan_rounds(scan, at, rounds);
		at += rounds * LANES;
	}
	scan->last = at[-1];
	scan_bytes(scan, at, (size_t)(end - at));
}

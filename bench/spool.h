// SPDX-License-Identifier: Apache-2.0
// The corpus bench/corpus made: mails with places for a serial number and a
// date, so that few thousand mails make any number of different ones.
#ifndef ROOST_BENCH_SPOOL_H
#define ROOST_BENCH_SPOOL_H

#include <stdint.h>

#include "base/buf.h"

struct spool_entry {
	uint64_t offset;
	uint32_t length;
	uint32_t header; // bytes of the header
	uint32_t date;   // offset of the date, SPOOL_DATE_LEN bytes
	int64_t epoch;   // of the original
};

struct spool {
	char *bytes;
	size_t len;
	struct spool_entry *entries;
	size_t count;
};

#define SPOOL_DATE_LEN 31 // Thu, 01 Jan 1970 00:00:00 +0000
#define SPOOL_TOKEN    "zq00000qz"

void spool_open(struct spool *spool, const char *path); // or dies
void spool_close(struct spool *spool);
// Adds flags, internal date, literal header and the mail number `n`, as APPEND
// wants them.
void spool_add(const struct spool *spool, uint64_t n, struct buf *out);

#endif

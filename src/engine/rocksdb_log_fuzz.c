// SPDX-License-Identifier: Apache-2.0
// Reads a write-ahead log and a MANIFEST of any bytes. Records are found in
// order, inside the file; each is taken or rejected, and the end is reached.
#include <stdint.h>
#include <stdlib.h>

#include "engine/rocksdb_folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ssize_t read_at(void *context, uint64_t offset, void *to, size_t len)
{
	struct view part =
	    view_slice(*(const struct view *)context, (size_t)offset, len);
	if (part.len)
		memcpy(to, part.ptr, part.len);
	return (ssize_t)part.len;
}

static uint64_t read_batch(struct view record)
{
	struct rocks_log_batch batch;
	struct rocks_log_op op;
	uint64_t bytes = 0;
	if (rocks_log_batch_open(record, &batch) != RC_OK)
		return 0;
	while (rocks_log_batch_next(&batch, &op) == RC_OK)
		bytes += op.key.len + op.value.len;
	if (bytes > record.len)
		abort();
	return bytes;
}

static void read_log(struct view bytes, bool reject)
{
	struct rocks_log *log = mem_alloc(sizeof(*log));
	struct rocks_manifest manifest;
	struct rocks_edits *edits = rocks_edits_new(&manifest);
	uint64_t last = 0;
	enum rocks_log_found found;
	rocks_log_init(log, read_at, &bytes);
	while ((found = rocks_log_next(log)) != ROCKS_LOG_END) {
		if (found == ROCKS_LOG_UNREADABLE || log->offset < last ||
		    log->offset > bytes.len)
			abort();
		last = log->offset;
		if (found == ROCKS_LOG_DAMAGE)
			continue;
		read_batch(log->record);
		if (rocks_edits_add(edits, log->record) != RC_OK && reject)
			rocks_log_reject(log);
	}
	rocks_log_done(log);
	free(log);
	rocks_edits_free(&edits);
	rocks_manifest_done(&manifest);
}

// The input without its checksums is a log, too: a fuzzer cannot guess them.
// Each fragment is a type, a length and its bytes.
static void read_framed(struct view input)
{
	struct buf log;
	buf_init(&log, 1 << 20);
	while (input.len >= 3) {
		char header[ROCKS_LOG_HEADER];
		const unsigned char *field = (const unsigned char *)input.ptr;
		size_t len = field[1] | (size_t)field[2] << 8;
		struct view payload = view_slice(input, 3, len);
		put_le32(header, 0);
		header[4] = (char)payload.len;
		header[5] = (char)(payload.len >> 8);
		header[6] = (char)(field[0] % 6);
		uint32_t crc = rocks_crc32c(0, view_of(header + 6, 1));
		crc = rocks_crc32c(crc, payload);
		put_le32(header, rocks_crc_mask(crc) + (field[0] > 250));
		buf_add(&log, view_of(header, sizeof(header)));
		buf_add(&log, payload);
		input = view_from(input, 3 + payload.len);
	}
	read_log(buf_view(&log), false);
	read_log(buf_view(&log), true);
	buf_done(&log);
}

// One flipped bit is found again.
static void flip(struct view bytes)
{
	if (bytes.len < ROCKS_LOG_HEADER + 1 || bytes.len > ROCKS_LOG_BLOCK)
		return;
	char *copy = mem_alloc(bytes.len);
	memcpy(copy, bytes.ptr, bytes.len);
	size_t len = bytes.len - ROCKS_LOG_HEADER;
	uint64_t bit = get_le32(copy) % (8 * bytes.len);
	uint64_t found = UINT64_MAX;
	copy[4] = (char)len;
	copy[5] = (char)(len >> 8);
	copy[6] = 1;
	put_le32(
	    copy, rocks_crc_mask(rocks_crc32c(0, view_of(copy + 6, len + 1))));
	copy[bit / 8] ^= (char)(1 << bit % 8);
	if (rocks_log_flipped(view_of(copy, bytes.len), &found) != RC_OK ||
	    found != bit)
		abort();
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view input = view_of(data, size);
	read_log(input, false);
	read_framed(input);
	flip(input);
	read_batch(input);
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
// The format is described in RocksDB's db/log_format.h and db/write_batch.cc.
#include "engine/rocksdb_log.h"

#include "base/bytes.h"

// ---- Fragments -------------------------------------------------------------

enum fragment_type {
	FRAGMENT_FULL = 1,
	FRAGMENT_FIRST = 2,
	FRAGMENT_MIDDLE = 3,
	FRAGMENT_LAST = 4,
};

// Whether a fragment with a right checksum is at the start of `bytes`.
static bool fragment_at(
    struct view bytes, enum fragment_type *ret_type, struct view *ret_payload)
{
	if (bytes.len < ROCKS_LOG_HEADER)
		return false;
	const unsigned char *header = (const unsigned char *)bytes.ptr;
	size_t len = header[4] | (size_t)header[5] << 8;
	unsigned type = header[6];
	if (type < FRAGMENT_FULL || type > FRAGMENT_LAST ||
	    len > bytes.len - ROCKS_LOG_HEADER)
		return false;
	uint32_t crc = rocks_crc32c(0, view_slice(bytes, 6, 1 + len));
	if (rocks_crc_mask(crc) != get_le32(header))
		return false;
	*ret_type = (enum fragment_type)type;
	*ret_payload = view_slice(bytes, ROCKS_LOG_HEADER, len);
	return true;
}

// ---- Records ---------------------------------------------------------------

void rocks_log_init(struct rocks_log *log,
    ssize_t (*read)(void *context, uint64_t offset, void *to, size_t len),
    void *context)
{
	log->read = read;
	log->context = context;
	log->record = view_of(NULL, 0);
	log->offset = 0;
	log->damage_offset = 0;
	log->block_offset = 0;
	log->block_len = 0;
	log->at = 0;
	log->trusted = 0;
	log->searching = false;
	log->ended = false;
	buf_init(&log->joined, SIZE_MAX / 2);
}

void rocks_log_done(struct rocks_log *log)
{
	buf_done(&log->joined);
}

static uint64_t place(const struct rocks_log *log)
{
	return log->block_offset + log->at;
}

// Reads the next block; false at the end of the file, or when reading fails
// (`*ret_found` says which).
static bool next_block(struct rocks_log *log, enum rocks_log_found *ret_found)
{
	*ret_found = ROCKS_LOG_END;
	if (log->ended)
		return false;
	uint64_t offset = log->block_offset + log->block_len;
	size_t len = 0;
	while (len < ROCKS_LOG_BLOCK) {
		ssize_t got = log->read(log->context, offset + len,
		    log->block + len, ROCKS_LOG_BLOCK - len);
		if (got < 0) {
			*ret_found = ROCKS_LOG_UNREADABLE;
			log->ended = true;
			return false;
		}
		if (got == 0)
			break;
		len += (size_t)got;
	}
	log->ended = len < ROCKS_LOG_BLOCK;
	log->block_offset = offset;
	log->block_len = len;
	log->at = 0;
	log->trusted = 0;
	return len > 0;
}

static enum rocks_log_found damage(
    struct rocks_log *log, uint64_t begin, uint64_t fragment)
{
	log->offset = begin;
	log->damage_offset = fragment;
	log->searching = true;
	buf_reset(&log->joined);
	return ROCKS_LOG_DAMAGE;
}

// Steps over a fragment that cannot be read. If its length is right, the next
// one begins behind it.
static void pass(struct rocks_log *log)
{
	struct view rest =
	    view_of(log->block + log->at, log->block_len - log->at);
	if (!log->searching && rest.len >= ROCKS_LOG_HEADER) {
		const unsigned char *header = (const unsigned char *)rest.ptr;
		log->trusted = log->at + ROCKS_LOG_HEADER +
			       (header[4] | (size_t)header[5] << 8);
	}
	log->at++;
}

// Looks in the block for the next fragment that may begin a record; false if
// there is none.
static bool search(struct rocks_log *log)
{
	for (; log->at < log->block_len; log->at++) {
		enum fragment_type type;
		struct view payload;
		if (!fragment_at(
			view_of(log->block + log->at, log->block_len - log->at),
			&type, &payload))
			continue;
		bool at_start = log->at == 0 || log->at == log->trusted;
		if (type == FRAGMENT_FULL ||
		    (type == FRAGMENT_FIRST && at_start))
			return true;
		if (at_start) // the end of a record whose begin is lost
			log->trusted = log->at + ROCKS_LOG_HEADER + payload.len;
	}
	return false;
}

// The end of a block that holds nothing more. False if there is half a header.
static bool block_is_over(const struct rocks_log *log)
{
	return log->at == log->block_len ||
	       (log->block_len == ROCKS_LOG_BLOCK &&
		   log->block_len - log->at < ROCKS_LOG_HEADER);
}

// What a fragment with a right checksum means for the record.
static bool take_fragment(struct rocks_log *log, enum fragment_type type,
    struct view payload, bool *inside, enum rocks_log_found *ret_found)
{
	uint64_t here = place(log);
	bool begins = type == FRAGMENT_FULL || type == FRAGMENT_FIRST;
	if (begins == *inside) {
		uint64_t begin = *inside ? log->offset : here;
		if (!begins)
			log->at += ROCKS_LOG_HEADER + payload.len;
		*ret_found = damage(log, begin, here);
		log->trusted = log->at;
		return true;
	}
	log->at += ROCKS_LOG_HEADER + payload.len;
	log->searching = false;
	if (begins) {
		log->offset = here;
		buf_reset(&log->joined);
	}
	if (type == FRAGMENT_FULL) {
		log->record = payload;
		*ret_found = ROCKS_LOG_RECORD;
		return true;
	}
	buf_add(&log->joined, payload);
	*inside = true;
	if (type != FRAGMENT_LAST)
		return false;
	log->record = buf_view(&log->joined);
	*ret_found = ROCKS_LOG_RECORD;
	return true;
}

enum rocks_log_found rocks_log_next(struct rocks_log *log)
{
	bool inside = false;
	enum rocks_log_found found;
	for (;;) {
		if (log->searching && !inside && !search(log))
			log->at = log->block_len;
		if (block_is_over(log)) {
			uint64_t end = log->block_offset + log->block_len;
			if (next_block(log, &found))
				continue;
			if (found == ROCKS_LOG_END && inside)
				return damage(log, log->offset, end);
			return found;
		}
		enum fragment_type type;
		struct view payload;
		if (!fragment_at(
			view_of(log->block + log->at, log->block_len - log->at),
			&type, &payload)) {
			uint64_t here = place(log);
			pass(log);
			return damage(log, inside ? log->offset : here, here);
		}
		if (take_fragment(log, type, payload, &inside, &found))
			return found;
	}
}

void rocks_log_reject(struct rocks_log *log)
{
	log->searching = true;
	// A record that began in an earlier block began at a trusted place:
	// the search goes on behind it.
	if (log->offset >= log->block_offset)
		log->at = (size_t)(log->offset - log->block_offset) + 1;
}

// ---- Batches ---------------------------------------------------------------

bool rocks_log_varint(struct view *bytes, uint64_t *ret_number)
{
	uint64_t number = 0;
	for (size_t i = 0; i < bytes->len && i < 10; i++) {
		unsigned char byte = (unsigned char)bytes->ptr[i];
		if (i == 9 && byte > 1)
			return false;
		number |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte & 0x80)
			continue;
		*bytes = view_from(*bytes, i + 1);
		*ret_number = number;
		return true;
	}
	return false;
}

bool rocks_log_string(struct view *bytes, struct view *ret_string)
{
	uint64_t len;
	if (!rocks_log_varint(bytes, &len) || len > bytes->len)
		return false;
	*ret_string = view_slice(*bytes, 0, (size_t)len);
	*bytes = view_from(*bytes, (size_t)len);
	return true;
}

enum rc rocks_log_batch_open(
    struct view record, struct rocks_log_batch *ret_batch)
{
	if (record.len < 12)
		return RC_CORRUPT;
	*ret_batch = (struct rocks_log_batch){
	    .sequence = get_le64(record.ptr),
	    .count = get_le32(record.ptr + 8),
	    .rest = view_from(record, 12),
	};
	// RocksDB uses 56 bits.
	if (ret_batch->sequence >> 56)
		return RC_CORRUPT;
	return RC_OK;
}

// What follows a tag.
static const struct {
	enum rocks_log_kind kind;
	bool known, has_family, has_key, has_value;
} tags[] = {
    [0x0] = {ROCKS_LOG_DELETE, true, false, true, false},
    [0x1] = {ROCKS_LOG_PUT, true, false, true, true},
    [0x3] = {ROCKS_LOG_NOTE, true, false, false, true},
    [0x4] = {ROCKS_LOG_DELETE, true, true, true, false},
    [0x5] = {ROCKS_LOG_PUT, true, true, true, true},
    [0xe] = {ROCKS_LOG_DELETE_RANGE, true, true, true, true},
    [0xf] = {ROCKS_LOG_DELETE_RANGE, true, false, true, true},
};

enum rc rocks_log_batch_next(
    struct rocks_log_batch *batch, struct rocks_log_op *ret_op)
{
	struct view *rest = &batch->rest;
	if (rest->len == 0)
		return batch->seen == batch->count ? RC_END : RC_CORRUPT;
	unsigned char tag = (unsigned char)rest->ptr[0];
	if (tag >= sizeof(tags) / sizeof(tags[0]) || !tags[tag].known)
		return RC_CORRUPT;
	*rest = view_from(*rest, 1);
	uint64_t family = 0;
	*ret_op = (struct rocks_log_op){.kind = tags[tag].kind};
	if (tags[tag].has_family &&
	    (!rocks_log_varint(rest, &family) || family > UINT32_MAX))
		return RC_CORRUPT;
	if (tags[tag].has_key && !rocks_log_string(rest, &ret_op->key))
		return RC_CORRUPT;
	if (tags[tag].has_value && !rocks_log_string(rest, &ret_op->value))
		return RC_CORRUPT;
	ret_op->family = (uint32_t)family;
	if (ret_op->kind != ROCKS_LOG_NOTE)
		batch->seen++;
	return RC_OK;
}

#define POLYNOMIAL 0x82f63b78u // of CRC-32C, reversed

// ---- One flipped bit -------------------------------------------------------

// Whether the header is right when its bit `bit` is turned around.
static bool header_bit(struct view bytes, unsigned bit)
{
	char header[ROCKS_LOG_HEADER];
	memcpy(header, bytes.ptr, sizeof(header));
	header[bit / 8] ^= (char)(1 << bit % 8);
	const unsigned char *field = (const unsigned char *)header;
	size_t len = field[4] | (size_t)field[5] << 8;
	if (field[6] < FRAGMENT_FULL || field[6] > FRAGMENT_LAST ||
	    len > bytes.len - ROCKS_LOG_HEADER)
		return false;
	uint32_t crc = rocks_crc32c(0, view_of(header + 6, 1));
	crc = rocks_crc32c(crc, view_slice(bytes, ROCKS_LOG_HEADER, len));
	return rocks_crc_mask(crc) == get_le32(header);
}

// A CRC is linear: one flipped bit changes it by a value that depends only on
// how far the bit is from the end. So the bytes need not be read again.
enum rc rocks_crc_flipped(
    struct view bytes, uint32_t difference, uint64_t *ret_bit)
{
	uint32_t change = POLYNOMIAL; // of the last bit: bit 7 of the last byte
	for (size_t i = bytes.len; i-- > 0;)
		for (unsigned bit = 8; bit-- > 0;) {
			if (change == difference) {
				*ret_bit = i * 8 + bit;
				return RC_OK;
			}
			change = (change >> 1) ^ (change & 1 ? POLYNOMIAL : 0);
		}
	return RC_NOT_FOUND;
}

static enum rc payload_bit(struct view bytes, uint64_t *ret_bit)
{
	const unsigned char *header = (const unsigned char *)bytes.ptr;
	size_t len = header[4] | (size_t)header[5] << 8;
	if (header[6] < FRAGMENT_FULL || header[6] > FRAGMENT_LAST ||
	    len > bytes.len - ROCKS_LOG_HEADER)
		return RC_NOT_FOUND;
	uint32_t difference = rocks_crc32c(0, view_slice(bytes, 6, 1 + len)) ^
			      rocks_crc_unmask(get_le32(header));
	enum rc rc = rocks_crc_flipped(
	    view_slice(bytes, ROCKS_LOG_HEADER, len), difference, ret_bit);
	if (rc == RC_OK)
		*ret_bit += 8 * ROCKS_LOG_HEADER;
	return rc;
}

enum rc rocks_log_flipped(struct view bytes, uint64_t *ret_bit)
{
	if (bytes.len < ROCKS_LOG_HEADER)
		return RC_NOT_FOUND;
	for (unsigned bit = 0; bit < 8 * ROCKS_LOG_HEADER; bit++)
		if (header_bit(bytes, bit)) {
			*ret_bit = bit;
			return RC_OK;
		}
	return payload_bit(bytes, ret_bit);
}

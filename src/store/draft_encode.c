// SPDX-License-Identifier: Apache-2.0
// Encodes the parts of a draft with the encoding "binary" in base64 (see
// email.h). Reads the old draft from where it was written, piece by piece, and
// writes a new one, which is parsed like any other. All other bytes are copied
// as they are.
#include "store/draft.h"
#include "wire/base64.h"
#include "wire/header.h"

#define LINE_BYTES 57 // gives lines of 76 characters: RFC 2045 section 6.8
#define PIECE_MAX  ((size_t)1024 * LINE_BYTES)
// A part with a longer header stays as it is.
#define HEADER_MAX ((size_t)64 << 10)

struct encoding {
	struct store_draft *from;
	struct store_draft *to;
	uint64_t done;    // bytes of `from` that `to` already has
	struct buf bytes; // of `from`
	struct buf text;  // base64
};

static bool is_binary(const struct message_record_part *part)
{
	return part->kind == MESSAGE_LEAF &&
	       part->encoding == TRANSFER_BINARY &&
	       part->header_len <= HEADER_MAX && part->body_len > 0;
}

static MUST_CHECK enum rc find_binary(const struct message_record *record,
    uint32_t from, uint32_t *ret_index, struct message_record_part *ret_part)
{
	for (uint32_t i = from; i < record->part_count; i++) {
		enum rc rc = message_record_part(record, i, ret_part);
		if (rc != RC_OK)
			return rc;
		if (is_binary(ret_part)) {
			*ret_index = i;
			return RC_OK;
		}
	}
	return RC_NOT_FOUND;
}

static MUST_CHECK enum rc read(
    struct encoding *encoding, uint64_t offset, size_t len)
{
	buf_reset(&encoding->bytes);
	enum rc rc =
	    store_draft_read(encoding->from, offset, len, &encoding->bytes);
	return rc == RC_OK && encoding->bytes.len != len ? RC_CORRUPT : rc;
}

static size_t piece_len(const struct encoding *encoding, uint64_t end)
{
	uint64_t left = end - encoding->done;
	return left < PIECE_MAX ? (size_t)left : PIECE_MAX;
}

static MUST_CHECK enum rc copy(struct encoding *encoding, uint64_t end)
{
	enum rc rc = RC_OK;
	while (rc == RC_OK && encoding->done < end) {
		size_t len = piece_len(encoding, end);
		rc = read(encoding, encoding->done, len);
		if (rc == RC_OK)
			rc = store_draft_add(
			    encoding->to, buf_view(&encoding->bytes));
		encoding->done += len;
	}
	return rc;
}

// Writes the part's header, which begins at `done`.
static MUST_CHECK enum rc put_header(
    struct encoding *encoding, const struct message_record_part *part)
{
	enum rc rc = read(encoding, encoding->done, part->header_len);
	if (rc != RC_OK)
		return rc;
	struct view header = buf_view(&encoding->bytes);
	struct header_field field;
	// if there are several, the first one counts
	if (!header_find(header, VIEW("Content-Transfer-Encoding"), &field))
		return RC_CORRUPT;
	size_t at = (size_t)(field.whole.ptr - header.ptr);
	rc = store_draft_add(encoding->to, view_slice(header, 0, at));
	if (rc == RC_OK)
		rc = store_draft_add(encoding->to,
		    VIEW("Content-Transfer-Encoding: base64\r\n"));
	if (rc == RC_OK)
		rc = store_draft_add(
		    encoding->to, view_from(header, at + field.whole.len));
	encoding->done += part->header_len;
	return rc;
}

// Writes a part's body, which ends at `end`. The line end before a boundary is
// not part of the body; at the end of a message, a line end is added.
static MUST_CHECK enum rc put_body(struct encoding *encoding, uint64_t end)
{
	bool last = end == store_draft_size(encoding->from);
	enum rc rc = RC_OK;
	while (rc == RC_OK && encoding->done < end) {
		size_t len = piece_len(encoding, end);
		rc = read(encoding, encoding->done, len);
		if (rc != RC_OK)
			break;
		encoding->done += len;
		buf_reset(&encoding->text);
		struct view rest = buf_view(&encoding->bytes);
		while (rest.len) {
			struct view line = view_slice(rest, 0, LINE_BYTES);
			rest = view_from(rest, line.len);
			base64_encode(line, &encoding->text);
			if (rest.len || encoding->done < end || last)
				buf_add_literal(&encoding->text, "\r\n");
		}
		rc = store_draft_add(encoding->to, buf_view(&encoding->text));
	}
	return rc;
}

static MUST_CHECK enum rc encode(
    struct encoding *encoding, const struct message_record *record)
{
	struct message_record_part part;
	uint32_t index = 0;
	enum rc rc;
	for (;; index++) {
		rc = find_binary(record, index, &index, &part);
		if (rc != RC_OK)
			break;
		rc = copy(encoding, part.header_offset);
		if (rc == RC_OK)
			rc = put_header(encoding, &part);
		if (rc == RC_OK)
			rc = copy(encoding, part.body_offset);
		if (rc == RC_OK)
			rc = put_body(encoding,
			    (uint64_t)part.body_offset + part.body_len);
		if (rc != RC_OK)
			return rc;
	}
	if (rc != RC_NOT_FOUND)
		return rc;
	rc = copy(encoding, store_draft_size(encoding->from));
	return rc == RC_OK ? store_draft_finish(encoding->to) : rc;
}

enum rc store_draft_encode_binary(struct store_draft **draft)
{
	struct message_record record;
	struct message_record_part part;
	uint32_t index;
	enum rc rc = message_record_open(draft_record(*draft), &record);
	if (rc != RC_OK)
		return rc;
	// A part that lies beyond a limit of the parser may be of any type. It
	// could be a multipart, which may not be base64 (RFC 2045 section 6.4).
	if (!(record.flags & MESSAGE_RECORD_NUL) ||
	    record.flags & MESSAGE_RECORD_TRUNCATED)
		return RC_OK;
	rc = find_binary(&record, 0, &index, &part);
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	struct encoding encoding = {
	    .from = *draft,
	    .to = store_draft_new(draft_store(*draft)),
	};
	if (draft_is_shared(*draft))
		store_draft_share(encoding.to);
	buf_init(&encoding.bytes, HEADER_MAX);
	buf_init(&encoding.text, PIECE_MAX / LINE_BYTES * 78);
	rc = encode(&encoding, &record);
	buf_done(&encoding.bytes);
	buf_done(&encoding.text);
	if (rc == RC_OK) {
		*draft = encoding.to;
		encoding.to = encoding.from;
	}
	store_draft_free(&encoding.to);
	return rc == RC_LIMIT ? RC_OK : rc;
}

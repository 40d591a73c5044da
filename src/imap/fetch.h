// SPDX-License-Identifier: Apache-2.0
// The inside of FETCH: what it holds while it goes from message to message, and
// the pieces it is made of. cmd_fetch.c has the loop.
#ifndef ROOST_IMAP_FETCH_H
#define ROOST_IMAP_FETCH_H

#include "imap/view.h"
#include "store/email.h"
#include "wire/imap_fetch_syntax.h"
#include "wire/transfer.h"

// Encoded parts up to this are decoded at once and held; longer ones are
// decoded twice, first to count.
#define FETCH_DECODE_HELD ((size_t)256 * 1024)
// Bytes of messages that are read at a time.
#define FETCH_READ_STEP ENGINE_CHUNK
// A step that only computes takes about this long.
#define FETCH_SLICE_MS 50

// Bytes on their way into the output, of which there may be more than fit.
struct fetch_stream {
	enum {
		FETCH_STREAM_NONE,
		FETCH_STREAM_BYTES,   // `bytes`
		FETCH_STREAM_STORED,  // `left` bytes of the message
		FETCH_STREAM_DECODED, // `left` bytes that come of decoding it
	} kind;
	bool binary; // into a literal8: NUL goes as it is
	struct view bytes;
	uint64_t offset;     // in the message, of what is read next
	uint64_t raw_left;   // DECODED: encoded bytes that are still to read
	uint64_t skip, left; // DECODED: decoded bytes to leave out, to send
	struct transfer_decoder decoder;
};

struct fetch_state {
	struct imap_command *command;
	struct imap_view *view;
	struct imap_fetch fetch;
	bool add_uid;       // UID goes with every message, though not asked for
	bool add_modseq;    // so does MODSEQ
	bool with_seen;     // reading sets \Seen
	uint64_t slice_end; // of the monotonic clock

	struct rangeset uids;
	struct imap_view_cursor cursor;
	struct store_reader *reader; // NULL until needed

	// The message being written; none while `item` is 0 and `busy` false.
	bool busy;
	struct imap_view_message message;
	size_t start;   // of its response, in `out`: to take it back
	size_t item;    // the next one
	bool has_items; // something stands behind "("
	bool has_record;
	struct message_record record;
	uint64_t thread_id;
	struct fetch_stream stream;
	struct buf scratch; // what `stream` may point into
	struct buf raw;     // encoded bytes

	// Setting \Seen: a batch of messages at a time.
	bool syncing;
	uint32_t seen_until; // UIDs up to here are done
	struct rangeset seen_uids;
	struct rangeset seen_told;
	struct imap_view_echo seen_echo;
	struct store_flags_change seen_change;

	// What the tagged response will have to say.
	bool expunged;    // a message is gone
	bool unknown_cte; // BINARY could not decode (RFC 3516 section 4.3)
	bool broken;      // a literal was begun that cannot be completed
	enum rc failure;
};

// ---- fetch_seen.c ----------------------------------------------------------

// Sets \Seen on the message at hand and the next ones of the set that lack it;
// DONE: nothing had to be done, or it is.
enum imap_step fetch_set_seen(struct fetch_state *state);

// ---- fetch_items.c ---------------------------------------------------------

// Writes an item with the space before it, or begins it and leaves the rest to
// the stream; nothing when it could not be had.
void fetch_write_item(
    struct fetch_state *state, const struct imap_fetch_item *item);
// The same for what comes of the message's entry alone and was not asked for.
void fetch_write_value(
    struct fetch_state *state, enum imap_fetch_type type, struct view label);
// Reads the description of the message, once; RC_GONE.
MUST_CHECK enum rc fetch_record(struct fetch_state *state);
// Writes " LABEL " (the space in front unless it is the first item).
void fetch_write_label(struct fetch_state *state, struct view label);
// Remembers that something of the message could not be had.
void fetch_note(struct fetch_state *state, enum rc rc);

// ---- fetch_stream.c --------------------------------------------------------

static inline uint64_t fetch_email_id(const struct fetch_state *state)
{
	return state->message.message.email_id;
}

// The part of `size` bytes that the item's <offset.length> takes.
void fetch_clip(const struct imap_fetch_item *item, uint64_t size,
    uint64_t *ret_skip, uint64_t *ret_len);
// Each begins an item, and the stream of its bytes: `bytes`, which stay; or
// those of the message from `offset` on; or NIL (BINARY.SIZE: 0).
void fetch_send_bytes(struct fetch_state *state,
    const struct imap_fetch_item *item, struct view bytes, bool binary);
void fetch_send_stored(struct fetch_state *state,
    const struct imap_fetch_item *item, uint64_t offset, uint64_t size,
    bool binary);
void fetch_send_nil(
    struct fetch_state *state, const struct imap_fetch_item *item);
void fetch_begin_literal(struct fetch_state *state,
    const struct imap_fetch_item *item, uint64_t size, bool binary);
// Decodes the stream's next piece into `scratch`, from the start of it. RC_END
// with the last one.
MUST_CHECK enum rc fetch_decode_some(struct fetch_state *state);
// Writes as much of the stream as fits; true when it is at its end.
bool fetch_pump(struct fetch_state *state);

// ---- fetch_body.c, fetch_binary.c ------------------------------------------

// BODY[…], BINARY[…], BINARY.SIZE[…]: writes the item's beginning and leaves
// the rest to the stream.
void fetch_write_body(
    struct fetch_state *state, const struct imap_fetch_item *item);
void fetch_write_binary(
    struct fetch_state *state, const struct imap_fetch_item *item);

// ---- fetch_fields.c --------------------------------------------------------

// The fields of `header` whose names are among `names` (or, with `invert`, are
// not), with the blank line at its end, added to `out`. Case does not count.
void fetch_fields_pick(struct view header, const struct view *names,
    size_t count, bool invert, struct buf *out);

#endif

// SPDX-License-Identifier: Apache-2.0
// The inside of FETCH: the state that it keeps while it goes from message to
// message, and its functions. cmd_fetch.c has the loop.
#ifndef ROOST_IMAP_FETCH_H
#define ROOST_IMAP_FETCH_H

#include "imap/view.h"
#include "store/email.h"
#include "wire/imap_fetch_syntax.h"
#include "wire/transfer.h"

// An encoded part up to this size is decoded at once and held. A longer one is
// decoded twice, the first time only to count. What was counted is kept in the
// view (fetch_places.h).
#define FETCH_DECODE_HELD ((size_t)256 * 1024)
// How many short parts or headers are read between two looks at the clock.
#define FETCH_LOOK_EVERY 8
// How many bytes of a message are read at a time.
#define FETCH_READ_STEP ENGINE_CHUNK

// Bytes that are being written to the output, of which there may be more than
// fit.
struct fetch_stream {
	enum {
		FETCH_STREAM_NONE,
		// A part is decoded, but only to count.
		FETCH_STREAM_COUNTED,
		FETCH_STREAM_BYTES,  // `bytes`
		FETCH_STREAM_STORED, // `left` bytes of the message
		// `left` bytes of the result of decoding the message's bytes.
		FETCH_STREAM_DECODED,
	} kind;
	bool binary; // into a literal8, which may hold NUL
	struct view bytes;
	uint64_t offset; // in the message, of what will be read next
	// COUNTED: the item that will be written then.
	const struct imap_fetch_item *item;
	// COUNTED, DECODED: the part, and where its decoder stands.
	struct fetch_places *places;
	struct fetch_place at;
	// DECODED: how many decoded bytes to skip, and then to send.
	uint64_t skip, left;
};

struct fetch_state {
	struct imap_command *command;
	struct imap_view *view;
	struct imap_fetch fetch;
	// Every response has UID, although it was not asked for.
	bool add_uid;
	// Every response has MODSEQ, although it was not asked for.
	bool add_modseq;
	bool with_seen; // reading sets \Seen
	unsigned reads; // how often it has asked whether to pause

	struct rangeset uids;
	struct imap_view_cursor cursor;
	struct store_reader *reader; // NULL until needed

	// The message that is being written. There is none while `item` is 0
	// and `busy` is false.
	bool busy;
	struct imap_view_message message;
	// Where its response begins in `out`, so that it can be removed.
	size_t start;
	size_t item;    // the next item
	bool has_items; // there is an item after "("
	// "* 1 FETCH (" was removed from `out`, because a pause came before the
	// first item.
	bool headless;
	bool has_record;
	struct message_record record;
	uint64_t thread_id;
	struct fetch_stream stream;
	struct buf scratch; // `stream` may point into it
	struct buf raw;     // encoded bytes

	// Setting \Seen, for a batch of messages at a time.
	bool syncing;
	uint32_t seen_until; // UIDs up to here have been handled
	struct rangeset seen_uids;
	struct rangeset seen_told;
	struct imap_view_echo seen_echo;
	struct store_flags_change seen_change;

	// What the tagged response will have to report.
	bool expunged;    // a message is gone
	bool unknown_cte; // BINARY could not decode (RFC 3516 section 4.3)
	bool broken;      // a literal has begun that cannot be completed
	enum rc failure;
};

// ---- fetch_seen.c ----------------------------------------------------------

// Sets \Seen on the current message and on the next ones of the set that lack
// it. DONE: it is set, or nothing had to be set.
enum imap_step fetch_set_seen(struct fetch_state *state);

// ---- fetch_items.c ---------------------------------------------------------

// Writes an item with a space before it, or begins it and leaves the rest to
// the stream. Writes nothing when the item cannot be read.
void fetch_write_item(
    struct fetch_state *state, const struct imap_fetch_item *item);
// The same for an item that was not asked for and that comes from the message's
// entry alone.
void fetch_write_value(
    struct fetch_state *state, enum imap_fetch_type type, struct view label);
// Reads the description of the message, if it has not been read; RC_GONE.
MUST_CHECK enum rc fetch_record(struct fetch_state *state);
// Writes " LABEL " (without the first space if it is the first item).
void fetch_write_label(struct fetch_state *state, struct view label);
// Notes that something of the message could not be read.
void fetch_note(struct fetch_state *state, enum rc rc);

// ---- fetch_stream.c --------------------------------------------------------

static inline uint64_t fetch_email_id(const struct fetch_state *state)
{
	return state->message.message.email_id;
}

// Gives the part that the item's <offset.length> selects out of `size` bytes.
void fetch_clip(const struct imap_fetch_item *item, uint64_t size,
    uint64_t *ret_skip, uint64_t *ret_len);
// Each of these begins an item and the stream of its bytes. They are `bytes`,
// which must stay; or those of the message from `offset` on; or NIL (0 for
// BINARY.SIZE).
void fetch_send_bytes(struct fetch_state *state,
    const struct imap_fetch_item *item, struct view bytes, bool binary);
void fetch_send_stored(struct fetch_state *state,
    const struct imap_fetch_item *item, uint64_t offset, uint64_t size,
    bool binary);
void fetch_send_nil(
    struct fetch_state *state, const struct imap_fetch_item *item);
void fetch_begin_literal(struct fetch_state *state,
    const struct imap_fetch_item *item, uint64_t size, bool binary);
// Begins to send the part of an item, which has been counted.
void fetch_send_decoded(struct fetch_state *state,
    const struct imap_fetch_item *item, struct fetch_places *places);
// Begins to count a part for an item.
void fetch_count_decoded(struct fetch_state *state,
    const struct imap_fetch_item *item, struct fetch_places *places);
// Writes as much of the stream as fits, and works for a slice of time; true
// when all of it is written.
bool fetch_pump(struct fetch_state *state);

// ---- fetch_body.c, fetch_binary.c ------------------------------------------

// Writes the beginning of BODY[…], BINARY[…] or BINARY.SIZE[…] and leaves the
// rest to the stream.
void fetch_write_body(
    struct fetch_state *state, const struct imap_fetch_item *item);
void fetch_write_binary(
    struct fetch_state *state, const struct imap_fetch_item *item);
// Goes on with an item whose part has been counted.
void fetch_binary_counted(struct fetch_state *state,
    const struct imap_fetch_item *item, struct fetch_places *places);

// ---- fetch_fields.c --------------------------------------------------------

// Adds to `out` the fields of `header` whose names are in `names` (with
// `invert`: are not in `names`), and the blank line at its end. Case is
// ignored.
void fetch_fields_pick(struct view header, const struct view *names,
    size_t count, bool invert, struct buf *out);

#endif

// SPDX-License-Identifier: Apache-2.0
// One record of an account's change log: all that one commit changed. Its form
// is
//
//   format (1 byte), then items, each
//     kind (1 byte), mailbox (number), and then, depending on the kind,
//       a mailbox made, gone:  nothing
//       a mailbox changed:     what (number)
//       an object:             its kind in the place of the mailbox; its id
//                              (number)
//       flags:                 runs of: gap + 1, length - 1
//       a place made, gone, hidden, shown:
//                              runs of: gap + 1, length - 1, email step
//       an email gone of another thread (CHANGE_RECORD_GONE_OF_THREAD):
//                              runs of the same, and: how far the thread's id
//                              is below the first email's
//     a 0 in the place of a gap ends the runs
//
// Numbers have 7 bits in each byte, the low ones first, and are as short as
// possible. A gap counts the UIDs since the last run (since UID 1 in the
// first). An email step is the difference between the last run's last email and
// this run's first one, a number with its sign in the lowest bit. A run is as
// long as possible, and so is an item, so that the same changes always make the
// same bytes.
#ifndef ROOST_STORE_CHANGE_RECORD_H
#define ROOST_STORE_CHANGE_RECORD_H

#include "base/buf.h"
#include "store/changes.h"

// An item without a mailbox: the commit changed more than the log can tell, and
// a reader from before it has to read everything.
#define CHANGE_RECORD_ALL 9

// An item of emails that are gone, whose thread had another id than their own.
#define CHANGE_RECORD_GONE_OF_THREAD 15
// Added to the kind of an item of places that are gone: they had \Deleted.
#define CHANGE_RECORD_HIDDEN 0x20

// A record that would be longer contains CHANGE_RECORD_ALL instead.
#define CHANGE_RECORD_MAX ((size_t)4 << 20)

// ---- Writing ---------------------------------------------------------------

struct change_record_writer {
	struct buf *out;
	uint8_t item; // the first byte of the item that is open; 0: none
	uint64_t mailbox_id;
	struct store_change run; // not written yet; count 0: none
	uint32_t last_uid;       // of the run written last
	uint64_t last_email;
};

// Begins a record at the end of `out`.
void change_record_begin(struct change_record_writer *writer, struct buf *out);
// Adds a change; its `version` and `number` are ignored. Places of one kind and
// mailbox must be added one after another, in the order of UIDs.
void change_record_add(
    struct change_record_writer *writer, const struct store_change *change);
void change_record_add_all(struct change_record_writer *writer);
void change_record_end(struct change_record_writer *writer);

// ---- Reading ---------------------------------------------------------------

struct change_record_reader {
	struct view rest;
	uint8_t item; // the first byte of the item that is open; 0: none
	uint64_t mailbox_id;
	bool first; // the next run is the item's first
	uint32_t last_uid;
	uint64_t last_email;
	uint64_t last_thread;
	uint64_t version;
	uint64_t number;
};

// `record` must stay valid while it is read. RC_CORRUPT for another format.
MUST_CHECK enum rc change_record_open(
    struct change_record_reader *reader, uint64_t version, struct view record);
// Gives the next run of changes. RC_END; RC_GONE for CHANGE_RECORD_ALL;
// RC_CORRUPT.
MUST_CHECK enum rc change_record_next(
    struct change_record_reader *reader, struct store_change *ret_change);

static inline bool change_is_of_places(enum store_change_kind kind)
{
	return (kind >= STORE_CHANGE_EMAIL_MADE &&
		   kind <= STORE_CHANGE_EMAIL_GONE) ||
	       kind == STORE_CHANGE_HIDDEN || kind == STORE_CHANGE_SHOWN;
}

static inline bool change_is_of_objects(enum store_change_kind kind)
{
	return kind >= STORE_CHANGE_OBJECT_MADE &&
	       kind <= STORE_CHANGE_OBJECT_GONE;
}

#endif

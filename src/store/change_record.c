// SPDX-License-Identifier: Apache-2.0
// Writing and reading a record of the change log; the header describes its
// form. The reader accepts only records that the writer could have made, byte
// for byte.
#include "store/change_record.h"

#define FORMAT 1

#define WHAT_ALL                                                               \
	(STORE_CHANGED_NAME | STORE_CHANGED_SPECIAL_USE |                      \
	    STORE_CHANGED_SUBSCRIPTION)

// Email ids are below this, so that an email step fits into a number.
#define EMAIL_ID_END ((uint64_t)1 << 62)

// The first byte of an item.
static uint8_t item_of(const struct store_change *change)
{
	uint8_t item = (uint8_t)change->kind;
	if (change->kind == STORE_CHANGE_EMAIL_GONE && change->thread_id)
		item = CHANGE_RECORD_GONE_OF_THREAD;
	return change->hidden ? item | CHANGE_RECORD_HIDDEN : item;
}

static enum store_change_kind kind_of(uint8_t item)
{
	item &= (uint8_t)~CHANGE_RECORD_HIDDEN;
	return item == CHANGE_RECORD_GONE_OF_THREAD ? STORE_CHANGE_EMAIL_GONE
						    : item;
}

static bool has_thread(uint8_t item)
{
	return (item & ~CHANGE_RECORD_HIDDEN) == CHANGE_RECORD_GONE_OF_THREAD;
}

// ---- Writing ---------------------------------------------------------------

static void add_number(struct buf *out, uint64_t number)
{
	while (number >= 0x80) {
		buf_add_char(out, (char)(number | 0x80));
		number >>= 7;
	}
	buf_add_char(out, (char)number);
}

void change_record_begin(struct change_record_writer *writer, struct buf *out)
{
	*writer = (struct change_record_writer){.out = out};
	buf_add_char(out, FORMAT);
}

static void add_run(struct change_record_writer *writer)
{
	struct store_change *run = &writer->run;
	if (run->count == 0)
		return;
	add_number(writer->out, (uint64_t)run->uid - writer->last_uid);
	add_number(writer->out, run->count - 1);
	writer->last_uid = run->uid + run->count - 1;
	if (run->kind != STORE_CHANGE_FLAGS) {
		int64_t step =
		    (int64_t)run->email_id - (int64_t)writer->last_email;
		uint64_t sign = step < 0 ? UINT64_MAX : 0;
		add_number(writer->out, ((uint64_t)step << 1) ^ sign);
		writer->last_email = run->email_id + run->count - 1;
	}
	if (has_thread(writer->item))
		add_number(writer->out, run->email_id - run->thread_id);
	run->count = 0;
}

static void end_item(struct change_record_writer *writer)
{
	if (writer->item && change_is_of_places(kind_of(writer->item))) {
		add_run(writer);
		buf_add_char(writer->out, 0);
	}
	writer->item = 0;
}

static bool continues(
    const struct store_change *run, const struct store_change *change)
{
	return run->count > 0 && change->uid == run->uid + run->count &&
	       change->thread_id == run->thread_id &&
	       (change->kind == STORE_CHANGE_FLAGS ||
		   change->email_id == run->email_id + run->count);
}

// The beginning of an item, or all of one that is not of places.
static void add_head(struct buf *out, const struct store_change *change)
{
	bool object = change_is_of_objects(change->kind);
	buf_add_char(out, (char)item_of(change));
	add_number(out, object ? change->object_kind : change->mailbox_id);
	if (object)
		add_number(out, change->object_id);
	else if (change->kind == STORE_CHANGE_MAILBOX)
		add_number(out, change->what);
}

void change_record_add(
    struct change_record_writer *writer, const struct store_change *change)
{
	bool places = change_is_of_places(change->kind);
	if (!places || item_of(change) != writer->item ||
	    change->mailbox_id != writer->mailbox_id) {
		end_item(writer);
		writer->item = item_of(change);
		writer->mailbox_id = change->mailbox_id;
		writer->last_uid = 0;
		writer->last_email = 0;
		add_head(writer->out, change);
	}
	if (!places)
		return;
	if (continues(&writer->run, change)) {
		writer->run.count += change->count;
		return;
	}
	add_run(writer);
	writer->run = *change;
}

void change_record_add_all(struct change_record_writer *writer)
{
	end_item(writer);
	buf_add_char(writer->out, CHANGE_RECORD_ALL);
}

void change_record_end(struct change_record_writer *writer)
{
	end_item(writer);
}

// ---- Reading ---------------------------------------------------------------

static bool take_number(struct view *rest, uint64_t *ret_number)
{
	uint64_t number = 0;
	for (unsigned i = 0; i < 10 && i < rest->len; i++) {
		uint8_t byte = (uint8_t)rest->ptr[i];
		if (i == 9 && byte > 1)
			return false; // has more than 64 bits
		number |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte & 0x80)
			continue;
		if (i > 0 && byte == 0)
			return false; // is longer than necessary
		*rest = view_from(*rest, i + 1);
		*ret_number = number;
		return true;
	}
	return false;
}

enum rc change_record_open(
    struct change_record_reader *reader, uint64_t version, struct view record)
{
	if (record.len == 0 || record.ptr[0] != FORMAT)
		return RC_CORRUPT;
	*reader = (struct change_record_reader){
	    .rest = view_from(record, 1), .version = version};
	return RC_OK;
}

static bool item_is_known(uint8_t item)
{
	enum store_change_kind kind = kind_of(item);
	if (item & CHANGE_RECORD_HIDDEN)
		return kind == STORE_CHANGE_PLACE_GONE ||
		       kind == STORE_CHANGE_EMAIL_GONE;
	return kind >= STORE_CHANGE_MAILBOX_MADE &&
	       kind <= STORE_CHANGE_SHOWN && item != CHANGE_RECORD_ALL;
}

// Reads an item about an object.
static enum rc take_object(struct change_record_reader *reader, uint8_t item,
    struct store_change *change)
{
	uint64_t object_kind;
	uint64_t id;
	if (!take_number(&reader->rest, &object_kind) || object_kind == 0 ||
	    object_kind > UINT8_MAX || !take_number(&reader->rest, &id) ||
	    id == 0)
		return RC_CORRUPT;
	reader->item = item;
	reader->mailbox_id = 0;
	*change = (struct store_change){.kind = kind_of(item),
	    .object_kind = (unsigned)object_kind,
	    .object_id = id,
	    .count = 1};
	return RC_OK;
}

// Reads the next item if it is about a mailbox itself or an object; otherwise
// reads its beginning, and the runs follow.
static enum rc open_item(
    struct change_record_reader *reader, struct store_change *change)
{
	uint8_t item = (uint8_t)reader->rest.ptr[0];
	enum store_change_kind kind = kind_of(item);
	uint64_t mailbox_id = 0;
	uint64_t what = 0;
	reader->rest = view_from(reader->rest, 1);
	if (item == CHANGE_RECORD_ALL)
		return reader->rest.len ? RC_CORRUPT : RC_GONE;
	if (!item_is_known(item))
		return RC_CORRUPT;
	if (change_is_of_objects(kind))
		return take_object(reader, item, change);
	if (!take_number(&reader->rest, &mailbox_id))
		return RC_CORRUPT;
	if (kind == STORE_CHANGE_MAILBOX &&
	    (!take_number(&reader->rest, &what) || what == 0 ||
		what & ~(uint64_t)WHAT_ALL))
		return RC_CORRUPT;
	if (mailbox_id == 0 && what != STORE_CHANGED_SUBSCRIPTION)
		return RC_CORRUPT;
	bool places = change_is_of_places(kind);
	if (places && item == reader->item && mailbox_id == reader->mailbox_id)
		return RC_CORRUPT; // the item before should go on
	reader->item = item;
	reader->mailbox_id = mailbox_id;
	reader->first = true;
	reader->last_uid = 0;
	reader->last_email = 0;
	reader->last_thread = 0;
	*change = (struct store_change){.kind = kind,
	    .mailbox_id = mailbox_id,
	    .what = (unsigned)what,
	    .count = places ? 0 : 1};
	return RC_OK;
}

// Reads the emails of a run, and their thread. `adjacent`: its first UID
// follows the last one of the run before.
static bool take_emails(struct change_record_reader *reader, bool adjacent,
    struct store_change *change)
{
	uint64_t zigzag;
	uint64_t below = 0;
	if (!take_number(&reader->rest, &zigzag))
		return false;
	uint64_t step = zigzag >> 1 ^ (zigzag & 1 ? UINT64_MAX : 0);
	uint64_t email_id = reader->last_email + step; // modulo 2^64
	if (email_id == 0 || email_id >= EMAIL_ID_END - change->count)
		return false;
	if (has_thread(reader->item) && (!take_number(&reader->rest, &below) ||
					    below == 0 || below >= email_id))
		return false;
	change->email_id = email_id;
	change->thread_id = below ? email_id - below : 0;
	if (adjacent && email_id == reader->last_email + 1 &&
	    change->thread_id == reader->last_thread)
		return false; // the run before should be longer
	reader->last_email = email_id + change->count - 1;
	reader->last_thread = change->thread_id;
	return true;
}

// Reads the next run of the open item; RC_END after its last one.
static enum rc next_run(
    struct change_record_reader *reader, struct store_change *change)
{
	uint64_t gap;
	uint64_t more;
	if (!take_number(&reader->rest, &gap))
		return RC_CORRUPT;
	if (gap == 0)
		return reader->first ? RC_CORRUPT : RC_END;
	if (!take_number(&reader->rest, &more) || gap > UINT32_MAX ||
	    more >= UINT32_MAX ||
	    reader->last_uid + gap + more > (uint64_t)UINT32_MAX)
		return RC_CORRUPT;
	*change = (struct store_change){
	    .kind = kind_of(reader->item),
	    .hidden = reader->item & CHANGE_RECORD_HIDDEN,
	    .mailbox_id = reader->mailbox_id,
	    .uid = reader->last_uid + (uint32_t)gap,
	    .count = (uint32_t)more + 1,
	};
	bool adjacent = gap == 1 && !reader->first;
	if (change->kind == STORE_CHANGE_FLAGS
		? adjacent
		: !take_emails(reader, adjacent, change))
		return RC_CORRUPT;
	reader->first = false;
	reader->last_uid = change->uid + change->count - 1;
	return RC_OK;
}

enum rc change_record_next(
    struct change_record_reader *reader, struct store_change *ret_change)
{
	struct store_change change = {.count = 0};
	bool in_item = reader->item &&
		       change_is_of_places(kind_of(reader->item)) &&
		       reader->last_uid != 0;
	while (change.count == 0) {
		enum rc rc = RC_OK;
		if (!in_item && reader->rest.len == 0)
			return RC_END;
		if (!in_item)
			rc = open_item(reader, &change);
		if (rc == RC_OK && change.count == 0)
			rc = next_run(reader, &change);
		if (rc == RC_END) {
			reader->last_uid = 0; // no item is open
			in_item = false;
			continue;
		}
		if (rc != RC_OK)
			return rc;
	}
	change.version = reader->version;
	change.number = reader->number;
	reader->number += change.count;
	*ret_change = change;
	return RC_OK;
}

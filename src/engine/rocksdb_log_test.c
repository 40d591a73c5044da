// SPDX-License-Identifier: Apache-2.0
// What the readers of a write-ahead log and of a MANIFEST find in files that
// are whole, torn or damaged.
#include <errno.h>
#include <fcntl.h>

#include "base/test.h"
#include "engine/engine_test_folder.h"
#include "engine/rocksdb_folder.h"

// ---- Writing logs ----------------------------------------------------------

static void add_fragment(
    struct buf *log, unsigned type, struct view payload, bool wrong)
{
	char header[ROCKS_LOG_HEADER] = {0};
	header[4] = (char)payload.len;
	header[5] = (char)(payload.len >> 8);
	header[6] = (char)type;
	uint32_t crc = rocks_crc32c(0, view_of(header + 6, 1));
	crc = rocks_crc32c(crc, payload);
	put_le32(header, rocks_crc_mask(wrong ? crc ^ 0x00ff00ff : crc));
	buf_add(log, view_of(header, sizeof(header)));
	buf_add(log, payload);
}

// Writes a log from words: "F=abc" is a whole record, "B=", "M=" and "E=" are
// the begin, the middle and the end of one, "5=" and "0=" are types that do not
// exist; "!" before it makes the checksum wrong. "~" fills the block with a
// whole record of zeros, "^" with the begin of one, "-3" adds three zeros.
static void write_log(const char *words, struct buf *log)
{
	struct view rest = view_of_string(words), word;
	while (view_split(&rest, ' ', &word)) {
		static const char zeros[ROCKS_LOG_BLOCK];
		bool wrong = view_starts_with(word, VIEW("!"));
		word = view_from(word, wrong);
		size_t left = ROCKS_LOG_BLOCK - log->len % ROCKS_LOG_BLOCK;
		struct view payload = view_from(word, 2);
		if (word.len == 0)
			continue;
		switch (word.ptr[0]) {
		case 'F': add_fragment(log, 1, payload, wrong); break;
		case 'B': add_fragment(log, 2, payload, wrong); break;
		case 'M': add_fragment(log, 3, payload, wrong); break;
		case 'E': add_fragment(log, 4, payload, wrong); break;
		case '~':
			add_fragment(log, 1,
			    view_of(zeros, left - ROCKS_LOG_HEADER), wrong);
			break;
		case '^':
			add_fragment(log, 2,
			    view_of(zeros, left - ROCKS_LOG_HEADER), wrong);
			break;
		case '-':
			buf_add(
			    log, view_of(zeros, (size_t)(word.ptr[1] - '0')));
			break;
		default:
			add_fragment(
			    log, (unsigned)(word.ptr[0] - '0'), payload, wrong);
			break;
		}
	}
}

// ---- Records ---------------------------------------------------------------

static ssize_t read_at(void *context, uint64_t offset, void *to, size_t len)
{
	struct view part =
	    view_slice(*(const struct view *)context, (size_t)offset, len);
	if (part.len)
		memcpy(to, part.ptr, part.len);
	return (ssize_t)part.len;
}

// Adds a word for each thing that is found: the bytes of a record (of a long
// one, its length), or "damage@BEGIN/FRAGMENT". Records with the text `reject`
// are rejected.
static void find_all(struct view log, const char *reject, struct buf *out)
{
	struct rocks_log *reader = mem_alloc(sizeof(*reader));
	enum rocks_log_found found;
	rocks_log_init(reader, read_at, &log);
	while ((found = rocks_log_next(reader)) != ROCKS_LOG_END) {
		assert_true(
		    found == ROCKS_LOG_RECORD || found == ROCKS_LOG_DAMAGE);
		if (out->len > 0)
			buf_add_char(out, ' ');
		if (found == ROCKS_LOG_DAMAGE)
			buf_printf(out, "damage@%llu/%llu",
			    (unsigned long long)reader->offset,
			    (unsigned long long)reader->damage_offset);
		else if (reader->record.len > 100)
			buf_printf(out, "%zu", reader->record.len);
		else
			buf_add(out, reader->record);
		if (reject && found == ROCKS_LOG_RECORD &&
		    view_find(reader->record, view_of_string(reject)) !=
			SIZE_MAX)
			rocks_log_reject(reader);
	}
	rocks_log_done(reader);
	free(reader);
}

static const struct {
	const char *log;
	const char *found;
	const char *reject;
} logs[] = {
    {"", "", NULL},
    {"F=abc", "abc", NULL},
    {"F=abc F=def", "abc def", NULL},
    {"B=ab E=cd F=ef", "abcd ef", NULL},
    {"B=ab M=cd M= E=ef", "abcdef", NULL},
    // Over the ends of blocks. Less than a header at the end is skipped.
    {"^ E=cd F=ef", "32763 ef", NULL},
    {"~ F=ef", "32761 ef", NULL},
    // A wrong checksum, and what follows it.
    {"!F=abc F=def", "damage@0/0 def", NULL},
    {"F=abc !F=def F=ghi", "abc damage@10/10 ghi", NULL},
    {"!F=abc !F=def F=ghi", "damage@0/0 ghi", NULL},
    {"!F=abc", "damage@0/0", NULL},
    {"!~ F=abc", "damage@0/0 abc", NULL},
    // A record of which a fragment is damaged is damaged from its begin on; the
    // rest of it is no record.
    {"B=ab !M=cd E=ef F=gh", "damage@0/9 gh", NULL},
    {"B=ab M=cd !E=ef F=gh", "damage@0/18 gh", NULL},
    {"!B=ab E=cd F=ef", "damage@0/0 ef", NULL},
    {"!^ E=cd F=ef", "damage@0/0 ef", NULL},
    {"^ !E=cd F=ef", "damage@0/32768 ef", NULL},
    // A begin or an end that is missing.
    {"E=ab F=cd", "damage@0/0 cd", NULL},
    {"M=ab E=cd F=ef", "damage@0/0 ef", NULL},
    {"B=ab F=cd", "damage@0/9 cd", NULL},
    {"B=ab B=cd E=ef", "damage@0/9 cdef", NULL},
    {"F=ab B=cd", "ab damage@9/18", NULL},
    {"^", "damage@0/32768", NULL},
    // Types that do not exist, zeros, half a header at the end.
    {"5=ab F=cd", "damage@0/0 cd", NULL},
    {"0=ab F=cd", "damage@0/0 cd", NULL},
    {"F=ab -9", "ab damage@9/9", NULL},
    {"F=ab -3", "ab damage@9/9", NULL},
    // Behind a record that is rejected the search goes on, byte by byte.
    {"F=bad F=good", "bad good", "bad"},
    {"B=b E=ad F=good", "bad good", "bad"},
    {"!F=x F=bad F=good", "damage@0/0 bad good", "bad"},
    {"~ ^ E=bad F=good", "32761 32764 good", "bad"},
};

static void test_records_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(logs); i++) {
		struct buf log, found;
		buf_init(&log, 1 << 20);
		buf_init(&found, 1000);
		write_log(logs[i].log, &log);
		find_all(buf_view(&log), logs[i].reject, &found);
		assert_view_equal_row(
		    i, buf_view(&found), view_of_string(logs[i].found));
		buf_done(&log);
		buf_done(&found);
	}
}

// A sender's bytes may look like a record. They are found only behind damage,
// and when they are rejected the real ones are found.
static void test_a_record_inside_a_record(void **state)
{
	(void)state;
	struct buf inner, log, found;
	buf_init(&inner, 1000);
	buf_init(&log, 1000);
	buf_init(&found, 1000);
	write_log("F=evil", &inner);
	add_fragment(&log, 1, buf_view(&inner), false);
	write_log("F=good", &log);
	struct rocks_log *reader = mem_alloc(sizeof(*reader));
	struct view whole = buf_view(&log);
	rocks_log_init(reader, read_at, &whole);
	assert_int_equal(rocks_log_next(reader), ROCKS_LOG_RECORD);
	assert_view_equal(reader->record, buf_view(&inner));
	rocks_log_done(reader);
	free(reader);
	log.ptr[0] ^= 1; // the checksum of the outer one
	find_all(buf_view(&log), "evil", &found);
	assert_view_equal(buf_view(&found), VIEW("damage@0/0 evil good"));
	buf_done(&inner);
	buf_done(&log);
	buf_done(&found);
}

static ssize_t read_fails(void *context, uint64_t offset, void *to, size_t len)
{
	if (offset > 0) {
		errno = EIO;
		return -1;
	}
	// A disk that gives little at a time.
	return read_at(context, offset, to, len < 1000 ? len : 1000);
}

static void test_a_disk_that_cannot_be_read(void **state)
{
	(void)state;
	struct buf log;
	buf_init(&log, 1 << 20);
	write_log("F=ab ~ F=cd", &log);
	struct view bytes = buf_view(&log);
	struct rocks_log *reader = mem_alloc(sizeof(*reader));
	rocks_log_init(reader, read_fails, &bytes);
	assert_int_equal(rocks_log_next(reader), ROCKS_LOG_UNREADABLE);
	assert_int_equal(errno, EIO);
	assert_int_equal(rocks_log_next(reader), ROCKS_LOG_END);
	rocks_log_done(reader);
	free(reader);
	buf_done(&log);
}

// ---- Numbers and batches ---------------------------------------------------

static void test_numbers(void **state)
{
	const struct {
		struct view bytes;
		size_t used; // 0: no number
		uint64_t number;
	} varints[] = {
	    {VIEW("\x00"), 1, 0},
	    {VIEW("\x7f\x01"), 1, 127},
	    {VIEW("\x80\x01"), 2, 128},
	    {VIEW("\x80\x00"), 2, 0},
	    {VIEW("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 10, UINT64_MAX},
	    {VIEW("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), 0, 0},
	    {VIEW("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), 0, 0},
	    {VIEW("\x80"), 0, 0},
	    {VIEW(""), 0, 0},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(varints); i++) {
		struct view rest = varints[i].bytes;
		uint64_t number = 0;
		bool good = rocks_log_varint(&rest, &number);
		if (good != (varints[i].used > 0) ||
		    number != varints[i].number ||
		    rest.len != varints[i].bytes.len - varints[i].used)
			fail_msg("row %zu", i);
	}
}

#define SEQUENCE                 "\x07\0\0\0\0\0\0"
#define BATCH(count, operations) VIEW(SEQUENCE "\0" count "\0\0\0" operations)

static enum rc read_batch(struct view record, struct buf *out)
{
	struct rocks_log_batch batch;
	struct rocks_log_op op;
	enum rc rc = rocks_log_batch_open(record, &batch);
	if (rc != RC_OK)
		return rc;
	assert_int_equal(batch.sequence, 7);
	while ((rc = rocks_log_batch_next(&batch, &op)) == RC_OK) {
		unsigned family = op.family;
		switch (op.kind) {
		case ROCKS_LOG_PUT:
			buf_printf(out, "+%u %.*s=%.*s;", family,
			    VIEW_FMT(op.key), VIEW_FMT(op.value));
			break;
		case ROCKS_LOG_DELETE:
			buf_printf(out, "-%u %.*s;", family, VIEW_FMT(op.key));
			break;
		case ROCKS_LOG_DELETE_RANGE:
			buf_printf(out, "-%u %.*s..%.*s;", family,
			    VIEW_FMT(op.key), VIEW_FMT(op.value));
			break;
		case ROCKS_LOG_NOTE:
			buf_printf(out, "note %.*s;", VIEW_FMT(op.value));
			break;
		}
	}
	return rc;
}

static void test_batches(void **state)
{
	// "+family key=value", "-family key", "-family key..end", "note value".
	const struct {
		struct view record;
		const char *operations; // NULL: it is no batch of the engine
	} batches[] = {
	    {BATCH("\x00", ""), ""},
	    {BATCH("\x01", "\x01\x01k\x02vw"), "+0 k=vw;"},
	    {BATCH("\x02", "\x05\x02\x01k\x00\x04\x82\x01\x01k"),
		"+2 k=;-130 k;"},
	    {BATCH("\x01", "\x00\x01k"), "-0 k;"},
	    {BATCH("\x02", "\x0e\x01\x01\x61\x01z\x0f\x01\x61\x01z"),
		"-1 a..z;-0 a..z;"},
	    {BATCH("\x00", "\x03\x02hi"), "note hi;"}, // it has no number
	    {BATCH("\x01", "\x03\x02hi\x01\x00\x00"), "note hi;+0 =;"},
	    // Too many operations, or too few.
	    {BATCH("\x00", "\x00\x01k"), NULL},
	    {BATCH("\x02", "\x00\x01k"), NULL},
	    {BATCH("\x01", "\x03\x02hi"), NULL},
	    // Kinds that the engine does not write: merge, single delete, no
	    // kind.
	    {BATCH("\x01", "\x02\x01k\x01v"), NULL},
	    {BATCH("\x01", "\x07\x01k"), NULL},
	    {BATCH("\x01", "\x10\x01k"), NULL},
	    {BATCH("\x01", "\xff\x01k"), NULL},
	    // Lengths beyond the end; a family that does not fit.
	    {BATCH("\x01", "\x01\x02k"), NULL},
	    {BATCH("\x01", "\x01\x01k\x02v"), NULL},
	    {BATCH("\x01", "\x01\x01k"), NULL},
	    {BATCH("\x01", "\x01"), NULL},
	    {BATCH("\x01", "\x05"), NULL},
	    {BATCH("\x01", "\x03\x80"), NULL},
	    {BATCH("\x01", "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01k"),
		NULL},
	    {BATCH("\x01", "\x04\x80\x80\x80\x80\x10\x01k"), NULL},
	    // A header that is too short, a number over 56 bits.
	    {VIEW(SEQUENCE "\0\x00\0\0"), NULL},
	    {VIEW(""), NULL},
	    {VIEW(SEQUENCE "\x01\x00\0\0\0"), NULL},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(batches); i++) {
		struct buf out;
		buf_init(&out, 1000);
		enum rc rc = read_batch(batches[i].record, &out);
		if (rc != (batches[i].operations ? RC_END : RC_CORRUPT))
			fail_msg("row %zu: %s", i, rc_name(rc));
		if (batches[i].operations)
			assert_view_equal_row(i, buf_view(&out),
			    view_of_string(batches[i].operations));
		buf_done(&out);
	}
}

// ---- One flipped bit -------------------------------------------------------

static void test_one_flipped_bit_is_found(void **state)
{
	(void)state;
	struct buf log;
	buf_init(&log, 1000);
	write_log("F=abcdef F=x", &log);
	size_t first = ROCKS_LOG_HEADER + 6;
	for (uint64_t bit = 0; bit < first * 8; bit++) {
		uint64_t found = UINT64_MAX;
		log.ptr[bit / 8] ^= (char)(1 << bit % 8);
		if (rocks_log_flipped(buf_view(&log), &found) != RC_OK ||
		    found != bit)
			fail_msg("bit %llu", (unsigned long long)bit);
		log.ptr[bit / 8] ^= (char)(1 << bit % 8);
	}
	buf_done(&log);
}

static void test_more_than_one_bit_is_not(void **state)
{
	static const struct {
		const char *log;
		size_t cut; // bytes taken from the end
	} rows[] = {
	    {"!F=abcdef", 0},
	    {"F=abcdef", 1}, // torn: the length is beyond the end
	    {"F=abcdef", 6},
	    {"F=abcdef", 7},
	    {"-9", 0},
	    {"!7=abcdef", 0}, // a type that does not exist
	    {"", 0},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf log;
		uint64_t bit;
		buf_init(&log, 1000);
		write_log(rows[i].log, &log);
		struct view bytes =
		    view_slice(buf_view(&log), 0, log.len - rows[i].cut);
		if (rocks_log_flipped(bytes, &bit) != RC_NOT_FOUND)
			fail_msg("row %zu", i);
		buf_done(&log);
	}
}

// ---- Edits of a MANIFEST ---------------------------------------------------

#define NEW_FILE(level, number)                                                \
	"\x67" level number "\x09\x01\x61\x01z\x05\x06\x01"

static void describe(const struct rocks_manifest *manifest, struct buf *out)
{
	buf_printf(out, "log %llu, last %llu",
	    (unsigned long long)manifest->first_log,
	    (unsigned long long)manifest->last_sequence);
	for (size_t i = 0; i < manifest->tables.count; i++) {
		const struct rocks_table *table = &manifest->tables.items[i];
		buf_printf(out, ", %llu: %u %u %.*s-%.*s",
		    (unsigned long long)table->number, table->level,
		    table->family, VIEW_FMT(buf_view(&table->smallest)),
		    VIEW_FMT(buf_view(&table->largest)));
	}
}

static void test_edits(void **state)
{
	// The edits of a row end with "|"; then what the manifest says, or NULL
	// if the last edit is refused: first log, last sequence number, and
	// each table with its level, family and keys.
	const struct {
		struct view edits[4];
		const char *manifest;
	} edits[] = {
	    {{VIEW("")}, "log 0, last 0"},
	    {{VIEW("\x01\x03"
		   "abc\x03\x09\x09\x00\xcb\x01\x02")},
		"log 0, last 0"},
	    {{VIEW("\x02\x05\x04\x87\x01")}, "log 5, last 135"},
	    {{VIEW("\x02\x05"), VIEW("\x02\x03")}, "log 5, last 0"},
	    {{VIEW("\x02\x05"), VIEW("\x0a\x09")}, "log 9, last 0"},
	    // Tables come and go.
	    {{VIEW(NEW_FILE("\x00", "\x0c"))}, "log 0, last 0, 12: 0 0 a-z"},
	    {{VIEW(NEW_FILE("\x00", "\x0c")), VIEW("\x06\x00\x0c")},
		"log 0, last 0"},
	    {{VIEW(NEW_FILE("\x00", "\x0c")),
		 VIEW("\x06\x00\x0c" NEW_FILE("\x06", "\x0c"))},
		"log 0, last 0, 12: 6 0 a-z"},
	    {{VIEW(NEW_FILE("\x00", "\x0c")), VIEW("\x06\x00\x0d")},
		"log 0, last 0, 12: 0 0 a-z"},
	    {{VIEW("\xc8\x01\x02" NEW_FILE("\x01", "\x0c"))},
		"log 0, last 0, 12: 1 2 a-z"},
	    // The fields of a table: an unknown one, and one with the first
	    // log.
	    {{VIEW("\x67\x00\x0c\x09\x01\x61\x01z\x05\x06\x05\x02hi\x03\x08\x21"
		   "\0\0\0\0\0\0\0\x01")},
		"log 33, last 0, 12: 0 0 a-z"},
	    // The oldest log that a living family needs.
	    {{VIEW("\x02\x09"), VIEW("\xc8\x01\x02\xc9\x01\x01x\x02\x03")},
		"log 3, last 0"},
	    {{VIEW("\x02\x09"), VIEW("\xc8\x01\x02\xc9\x01\x01x\x02\x03"),
		 VIEW("\xc8\x01\x02\xca\x01")},
		"log 9, last 0"},
	    // What is passed over: cursors, groups, blob files and their
	    // garbage, and what later versions may add.
	    {{VIEW("\x05\x01\x02hi\xac\x02\x03")}, "log 0, last 0"},
	    {{VIEW("\x90\x03\x0c\x01\x63\x01m\x01v\x07\x01q\x00")},
		"log 0, last 0"},
	    {{VIEW("\x91\x03\x0c\x01\x63\x07\x01q\x00")}, "log 0, last 0"},
	    {{VIEW("\x81\x40\x02hi")}, "log 0, last 0"},
	    // Tags that do not exist.
	    {{VIEW("\x07\x01")}, NULL},
	    {{VIEW("\x63\x01\x61")}, NULL},
	    {{VIEW("\x80")}, NULL},
	    // Numbers and texts that are missing or cut.
	    {{VIEW("\x02")}, NULL},
	    {{VIEW("\x04\x80")}, NULL},
	    {{VIEW("\x01\x04"
		   "abc")},
		NULL},
	    {{VIEW("\x05\x01\x03hi")}, NULL},
	    {{VIEW("\x81\x40\x03hi")}, NULL},
	    {{VIEW("\x67")}, NULL},
	    {{VIEW("\x67\x00")}, NULL},
	    {{VIEW("\x67\x00\x0c\x09\x05\x61")}, NULL},
	    {{VIEW("\x67\x00\x0c\x09\x01\x61")}, NULL},
	    {{VIEW("\x67\x00\x0c\x09\x01\x61\x01z\x05\x06")}, NULL}, // no end
	    {{VIEW("\x67\x00\x0c\x09\x01\x61\x01z\x05\x06\x05\x05hi\x01")},
		NULL},
	    {{VIEW("\x06\x00")}, NULL},
	    {{VIEW("\x06")}, NULL},
	    {{VIEW("\x90\x03\x0c\x01\x63\x01m\x01")}, NULL},
	    {{VIEW("\x90\x03\x0c\x01\x63\x01m\x01v\x07\x01q")}, NULL},
	    {{VIEW("\x91\x03\x0c\x01")}, NULL},
	    // Levels and families that cannot be.
	    {{VIEW(NEW_FILE("\x41", "\x0c"))}, NULL},
	    {{VIEW("\x06\x41\x0c")}, NULL},
	    {{VIEW("\xc8\x01\x40")}, NULL},
	    {{VIEW("\xc8\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")}, NULL},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
		struct rocks_manifest manifest;
		struct rocks_edits *reader = rocks_edits_new(&manifest);
		struct buf out;
		enum rc rc = RC_OK;
		buf_init(&out, 1000);
		for (size_t e = 0; e < 4 && rc == RC_OK; e++)
			if (e == 0 || edits[i].edits[e].len > 0)
				rc = rocks_edits_add(reader, edits[i].edits[e]);
		if (rc != (edits[i].manifest ? RC_OK : RC_CORRUPT))
			fail_msg("row %zu: %s", i, rc_name(rc));
		describe(&manifest, &out);
		if (edits[i].manifest)
			assert_view_equal_row(i, buf_view(&out),
			    view_of_string(edits[i].manifest));
		rocks_edits_free(&reader);
		rocks_manifest_done(&manifest);
		buf_done(&out);
	}
}

// ---- The file --------------------------------------------------------------

#define NAME "MANIFEST-000005"

// "\x04" and a character: the last sequence number. "\x07": no edit.
static const struct {
	const char *log;
	size_t cut;  // bytes taken from the end
	size_t flip; // this bit is turned around
	enum rc rc;  // of rocks_manifest_read()
	uint64_t last_sequence;
	const char *fault;
	uint64_t cut_offset; // of rocks_manifest_read_cut()
} files[] = {
    {.log = "F=\x04\x31 F=\x04\x32", .last_sequence = '2'},
    {.log = ""},
    // A torn end is left out.
    {.log = "F=\x04\x31 F=\x04\x32", .cut = 1, .last_sequence = '1'},
    {.log = "F=\x04\x31 F=\x04\x32", .cut = 9, .last_sequence = '1'},
    {.log = "F=\x04\x31 B=\x04", .last_sequence = '1'},
    {.log = "F=\x04\x31 !F=\x04\x32", .last_sequence = '1'},
    // One flipped bit is damage, also at the end.
    {.log = "F=\x04\x31 F=\x04\x32",
	.flip = 9 * 8 + 63,
	.rc = RC_CORRUPT,
	.fault = "is damaged at byte 9"},
    {.log = "F=\x04\x31 F=\x04\x32",
	.flip = 7 * 8 + 1,
	.rc = RC_CORRUPT,
	.fault = "is damaged at byte 0"},
    // Whole, but no edit.
    {.log = "F=\x04\x31 F=\x07\x32",
	.rc = RC_CORRUPT,
	.fault = "is damaged at byte 9"},
    // More follows: RocksDB may have been writing both.
    {.log = "F=\x04\x31 !F=\x04\x32 F=\x04\x33",
	.rc = RC_CORRUPT,
	.fault = "is damaged at byte 9",
	.cut_offset = 9,
	.last_sequence = '1'},
    {.log = "F=\x04\x31 !F=\x04\x32 -9 F=\x04\x33",
	.rc = RC_CORRUPT,
	.fault = "is damaged at byte 9",
	.cut_offset = 9,
	.last_sequence = '1'},
    {.log = "!F=\x04\x32 F=\x04\x33",
	.rc = RC_CORRUPT,
	.fault = "is damaged at byte 0"},
};

static void make_file(const struct test_folder *folder, struct view bytes)
{
	char path[200];
	snprintf(path, sizeof(path), "%s/" NAME, folder->path);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	if (bytes.len > 0)
		assert_int_equal(
		    fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
	assert_int_equal(fclose(file), 0);
}

static void check_file(const struct test_folder *folder, size_t i)
{
	struct rocks_manifest manifest;
	struct fault fault = {0};
	enum rc rc = rocks_manifest_read(folder->path, NAME, &fault, &manifest);
	if (rc != files[i].rc)
		fail_msg("row %zu: %s", i, rc_name(rc));
	if (rc == RC_OK) {
		assert_int_equal(
		    manifest.last_sequence, files[i].last_sequence);
		rocks_manifest_done(&manifest);
	} else if (!strstr(fault.text, files[i].fault)) {
		fail_msg("row %zu: %s", i, fault.text);
	}
	rc = rocks_manifest_read_cut(folder->path, NAME, &fault, &manifest);
	bool may_be_torn = files[i].cut_offset > 0;
	assert_int_equal(rc, may_be_torn ? RC_OK : files[i].rc);
	if (rc != RC_OK)
		return;
	assert_int_equal(manifest.cut, files[i].cut_offset);
	assert_int_equal(manifest.last_sequence, files[i].last_sequence);
	rocks_manifest_done(&manifest);
}

static void test_manifests_torn_and_damaged(void **state)
{
	struct test_folder folder;
	(void)state;
	assert_int_equal(test_folder_make(&folder), 0);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct buf log;
		buf_init(&log, 1000);
		write_log(files[i].log, &log);
		if (files[i].flip)
			log.ptr[files[i].flip / 8] ^=
			    (char)(1 << files[i].flip % 8);
		make_file(&folder,
		    view_slice(buf_view(&log), 0, log.len - files[i].cut));
		check_file(&folder, i);
		buf_done(&log);
	}
	test_folder_remove(&folder);
}

static void test_a_manifest_that_cannot_be_read(void **state)
{
	struct test_folder folder;
	struct rocks_manifest manifest;
	struct fault fault;
	char path[200];
	(void)state;
	assert_int_equal(test_folder_make(&folder), 0);
	assert_int_not_equal(
	    rocks_manifest_read(folder.path, NAME, &fault, &manifest), RC_OK);
	// A folder can be opened, but reading it fails.
	snprintf(path, sizeof(path), "%s/" NAME, folder.path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(
	    rocks_manifest_read(folder.path, NAME, &fault, &manifest), RC_IO);
	assert_non_null(strstr(fault.text, NAME ": "));
	assert_int_equal(rmdir(path), 0);
	test_folder_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_records_are_found),
	    cmocka_unit_test(test_a_record_inside_a_record),
	    cmocka_unit_test(test_a_disk_that_cannot_be_read),
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_batches),
	    cmocka_unit_test(test_one_flipped_bit_is_found),
	    cmocka_unit_test(test_more_than_one_bit_is_not),
	    cmocka_unit_test(test_edits),
	    cmocka_unit_test(test_manifests_torn_and_damaged),
	    cmocka_unit_test(test_a_manifest_that_cannot_be_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

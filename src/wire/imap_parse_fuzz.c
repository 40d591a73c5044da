// SPDX-License-Identifier: Apache-2.0
// Any bytes to every parser of the IMAP grammar; the first byte chooses. What
// was read is inside what was given, and says the same when it is read again
// from what can be written of it.
#include "wire/imap_match_naive.h"
#include "wire/imap_syntax_dump.h"
#include "wire/imap_utf7.h"
#include "wire/imap_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                       \
	do {                                                                   \
		if (!(condition))                                              \
			abort();                                               \
	} while (false)

static void check_fault(
    const struct imap_cursor *cursor, enum rc rc, const struct fault *fault)
{
	CHECK(cursor->at >= cursor->start && cursor->at <= cursor->end);
	if (rc == RC_OK)
		return;
	CHECK(fault->rc == rc && fault->text[0]);
	for (const char *at = fault->text; *at; at++)
		CHECK(*at >= 0x20 && *at < 0x7f);
}

// The labels of sections are items themselves, of the same sections.
static void check_label(struct arena *arena, const struct imap_fetch_item *item)
{
	size_t open = view_find_char(item->label, '[');
	if (item->type != IMAP_FETCH_BODY || open == SIZE_MAX)
		return;
	struct fault fault;
	struct imap_cursor cursor;
	// With a partial, "<17>" for "<17.4>" stands at the end.
	struct view label = item->label;
	while (item->has_partial && label.ptr[label.len - 1] != ']')
		label.len--;
	imap_cursor_init(&cursor, arena, label, &fault);
	struct imap_fetch fetch;
	CHECK(imap_fetch_parse(&cursor, &fetch) == RC_OK);
	CHECK(fetch.count == 1 && fetch.items[0].type == IMAP_FETCH_BODY);
	const struct imap_section *again = &fetch.items[0].section;
	CHECK(again->what == item->section.what);
	CHECK(again->part_count == item->section.part_count);
	CHECK(again->field_count == item->section.field_count);
	for (size_t i = 0; i < again->part_count; i++)
		CHECK(again->parts[i] == item->section.parts[i]);
	for (size_t i = 0; i < again->field_count; i++)
		CHECK(view_eq(again->fields[i], item->section.fields[i]));
}

static void fuzz_fetch(struct arena *arena, struct imap_cursor *cursor)
{
	struct imap_fetch fetch;
	enum rc rc = imap_fetch_parse(cursor, &fetch);
	check_fault(cursor, rc, cursor->fault);
	if (rc != RC_OK)
		return;
	CHECK(imap_at_end(cursor));
	CHECK(fetch.count && fetch.count <= IMAP_FETCH_ITEMS_MAX);
	for (size_t i = 0; i < fetch.count; i++)
		check_label(arena, &fetch.items[i]);
}

static unsigned count_keys(const struct search_key *key, unsigned depth)
{
	unsigned count = 1;
	unsigned children = 0;
	CHECK(depth <= 3 * IMAP_DEPTH_MAX);
	for (const struct search_key *child = key->children; child;
	     child = child->next, children++)
		count += count_keys(child, depth + 1);
	if (key->type == SEARCH_AND || key->type == SEARCH_OR)
		CHECK(children >= 2);
	else
		CHECK(children == (key->type == SEARCH_NOT));
	return count;
}

static void fuzz_search(
    struct imap_cursor *cursor, enum imap_search_command command)
{
	struct imap_search search;
	enum rc rc = imap_search_parse(cursor, command, &search);
	check_fault(cursor, rc, cursor->fault);
	if (rc != RC_OK)
		return;
	CHECK(imap_at_end(cursor));
	CHECK(cursor->depth == 0);
	CHECK(count_keys(search.root, 0) <= IMAP_SEARCH_KEYS_MAX);
	struct buf dump;
	buf_init(&dump, (size_t)1024 * 1024);
	dump_search(&dump, &search);
	buf_done(&dump);
}

// A set, against a map of small numbers.
static void fuzz_set(struct imap_cursor *cursor, struct view text)
{
	struct imap_set written;
	size_t bad = 0;
	if (imap_set_parse(cursor->arena, text, &written, &bad) != RC_OK) {
		CHECK(bad <= text.len);
		return;
	}
	uint32_t max = (uint32_t)(text.len % 9);
	bool expected[40] = {false};
	for (size_t i = 0; i < written.count; i++) {
		struct range range = written.ranges[i];
		bool star =
		    range.first == IMAP_SET_STAR || range.last == IMAP_SET_STAR;
		if (star && max == 0)
			continue;
		uint32_t a = range.first == IMAP_SET_STAR ? max : range.first;
		uint32_t b = range.last == IMAP_SET_STAR ? max : range.last;
		for (uint32_t n = 0; n < ARRAY_LEN(expected); n++)
			expected[n] |= (a <= n && n <= b) || (b <= n && n <= a);
	}
	struct rangeset set;
	rangeset_init(&set);
	imap_set_resolve(&written, max, NULL, &set);
	for (uint32_t n = 0; n < ARRAY_LEN(expected); n++)
		CHECK(rangeset_has(&set, n) == expected[n]);
	for (size_t i = 1; i < set.count; i++)
		CHECK(set.ranges[i - 1].last + 1 < set.ranges[i].first);
	rangeset_done(&set);
}

static void fuzz_utf7(struct view text)
{
	struct buf out;
	struct buf back;
	buf_init(&out, 100000);
	buf_init(&back, 100000);
	if (imap_utf7_decode(text, &out, NULL) == RC_OK) {
		CHECK(imap_utf7_encode(buf_view(&out), &back) == RC_OK);
		CHECK(view_eq(buf_view(&back), text));
	}
	buf_reset(&out);
	buf_reset(&back);
	if (imap_utf7_encode(text, &out) == RC_OK) {
		CHECK(imap_utf7_decode(buf_view(&out), &back, NULL) == RC_OK);
		CHECK(view_eq(buf_view(&back), text));
	}
	buf_done(&out);
	buf_done(&back);
}

static void fuzz_match(struct arena *arena, struct view text)
{
	struct view pattern_text;
	if (!view_split(&text, '\n', &pattern_text) || text.len > 200)
		return;
	struct imap_pattern pattern;
	if (imap_pattern_make(arena, VIEW(""), pattern_text, &pattern) != RC_OK)
		return;
	CHECK(imap_pattern_matches(&pattern, text) ==
	      naive_matches(pattern_text, text));
	if (pattern_text.len < 200)
		CHECK(imap_pattern_matches_below(&pattern, text) ==
		      naive_matches_below(pattern_text, text));
}

// What is written as an astring is read back as it was, but for NUL.
static void fuzz_write(struct arena *arena, struct view text, bool utf8)
{
	struct buf out;
	buf_init(&out, 100000);
	imap_write_astring(&out, text, utf8);
	struct fault fault;
	struct imap_cursor cursor;
	imap_cursor_init(&cursor, arena, buf_view(&out), &fault);
	cursor.utf8 = utf8;
	struct view back;
	CHECK(imap_parse_astring(&cursor, "x", &back) == RC_OK);
	CHECK(imap_at_end(&cursor) && back.len == text.len);
	for (size_t i = 0; i < text.len; i++)
		CHECK(back.ptr[i] == (text.ptr[i] ? text.ptr[i] : (char)0x80));
	buf_reset(&out);
	imap_write_quoted(&out, text, utf8);
	imap_cursor_init(&cursor, arena, buf_view(&out), &fault);
	cursor.utf8 = utf8;
	CHECK(imap_parse_string(&cursor, &back) == RC_OK);
	CHECK(imap_at_end(&cursor));
	buf_done(&out);
}

static void fuzz_words(struct imap_cursor *cursor)
{
	struct view text;
	struct date date;
	bool is_date;
	struct imap_flags flags;
	int64_t day;
	const char *start = cursor->at;
	check_fault(cursor, imap_parse_mailbox(cursor, &text), cursor->fault);
	cursor->at = start;
	check_fault(
	    cursor, imap_parse_list_mailbox(cursor, &text), cursor->fault);
	cursor->at = start;
	check_fault(cursor, imap_parse_nstring(cursor, &text), cursor->fault);
	cursor->at = start;
	check_fault(
	    cursor, imap_parse_store_flags(cursor, &flags), cursor->fault);
	cursor->at = start;
	check_fault(cursor, imap_parse_date_time(cursor, &is_date, &date),
	    cursor->fault);
	cursor->at = start;
	check_fault(cursor, imap_parse_date(cursor, &day), cursor->fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > 8192)
		return 0;
	struct view text = view_of(data + 1, size - 1);
	bool utf8 = data[0] & 0x80;
	struct arena arena;
	arena_init(&arena);
	struct fault fault = {0};
	struct imap_cursor cursor;
	imap_cursor_init(&cursor, &arena, text, &fault);
	cursor.utf8 = utf8;
	switch (data[0] % 9) {
	case 0: fuzz_fetch(&arena, &cursor); break;
	case 1: fuzz_search(&cursor, IMAP_SEARCH_COMMAND); break;
	case 2: fuzz_search(&cursor, IMAP_SORT_COMMAND); break;
	case 3: fuzz_search(&cursor, IMAP_THREAD_COMMAND); break;
	case 4: fuzz_set(&cursor, text); break;
	case 5: fuzz_utf7(text); break;
	case 6: fuzz_match(&arena, text); break;
	case 7: fuzz_write(&arena, text, utf8); break;
	case 8: fuzz_words(&cursor); break;
	}
	arena_done(&arena);
	return 0;
}

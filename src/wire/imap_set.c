// SPDX-License-Identifier: Apache-2.0
// This file parses, writes and resolves sequence sets; see the header.
#include "wire/imap_set.h"

#include "base/ascii.h"
#include "base/mem.h"

struct scanner {
	struct view text;
	size_t at;
};

// Reads seq-number = nz-number / "*" (RFC 9051 section 9). "*" gives
// IMAP_SET_STAR.
static bool scan_number(struct scanner *scanner, uint32_t *ret_number)
{
	struct view text = scanner->text;
	size_t at = scanner->at;
	if (at < text.len && text.ptr[at] == '*') {
		scanner->at++;
		*ret_number = IMAP_SET_STAR;
		return true;
	}
	// An nz-number cannot begin with "0".
	if (at == text.len || !ascii_is_digit(text.ptr[at]) ||
	    text.ptr[at] == '0')
		return false;
	uint64_t number = 0;
	for (; at < text.len && ascii_is_digit(text.ptr[at]); at++) {
		number = number * 10 + (uint64_t)(text.ptr[at] - '0');
		if (number > UINT32_MAX)
			return false;
	}
	scanner->at = at;
	*ret_number = (uint32_t)number;
	return true;
}

static bool scan_range(struct scanner *scanner, struct range *ret_range)
{
	struct range range;
	if (!scan_number(scanner, &range.first))
		return false;
	range.last = range.first;
	if (scanner->at < scanner->text.len &&
	    scanner->text.ptr[scanner->at] == ':') {
		scanner->at++;
		if (!scan_number(scanner, &range.last))
			return false;
	}
	// RFC 9051 section 9: "2:4 and 4:2 are equivalent".
	if (range.first > range.last && range.last != IMAP_SET_STAR) {
		uint32_t first = range.first;
		range.first = range.last;
		range.last = first;
	}
	*ret_range = range;
	return true;
}

static bool has_star(struct range range)
{
	return range.first == IMAP_SET_STAR || range.last == IMAP_SET_STAR;
}

// Counts the items. There are no more ranges than items, so one allocation is
// enough.
static size_t count_items(struct view text)
{
	size_t count = 1;
	struct view part;
	while (view_split(&text, ',', &part))
		count++;
	return count;
}

static bool scan_item(struct scanner *scanner, struct imap_set *set)
{
	if (scanner->at < scanner->text.len &&
	    scanner->text.ptr[scanner->at] == '$') {
		scanner->at++;
		set->has_saved = true;
		return true;
	}
	struct range range;
	if (!scan_range(scanner, &range))
		return false;
	if (has_star(range)) {
		set->has_star = true;
		set->ascending = false;
	} else if (set->count &&
		   range.first <= set->ranges[set->count - 1].last) {
		set->ascending = false;
	}
	set->ranges[set->count++] = range;
	return true;
}

enum rc imap_set_parse(struct arena *arena, struct view text,
    struct imap_set *ret_set, size_t *ret_bad)
{
	struct scanner scanner = {.text = text};
	struct imap_set set = {.ascending = true};
	set.ranges =
	    arena_alloc(arena, count_items(text) * sizeof(*set.ranges));
	bool ok = scan_item(&scanner, &set);
	while (ok && scanner.at < text.len && text.ptr[scanner.at] == ',') {
		scanner.at++;
		ok = scan_item(&scanner, &set);
	}
	if (!ok || scanner.at < text.len) {
		if (ret_bad)
			*ret_bad = scanner.at;
		return RC_SYNTAX;
	}
	*ret_set = set;
	return RC_OK;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct range *left = a;
	const struct range *right = b;
	return (left->first > right->first) - (left->first < right->first);
}

// Replaces "*" by `max`. Returns false if the range has a "*" but `max` is 0.
static bool resolve_range(struct range *range, uint32_t max)
{
	if (has_star(*range) && max == 0)
		return false;
	if (range->first == IMAP_SET_STAR)
		range->first = max;
	if (range->last == IMAP_SET_STAR)
		range->last = max;
	if (range->first > range->last) {
		uint32_t first = range->first;
		range->first = range->last;
		range->last = first;
	}
	return true;
}

void imap_set_resolve(const struct imap_set *written, uint32_t max,
    const struct rangeset *saved, struct rangeset *set)
{
	if (!written->has_saved)
		saved = NULL;
	if (written->ascending && !saved && set->count == 0) {
		for (size_t i = 0; i < written->count; i++)
			rangeset_add(set, written->ranges[i].first,
			    written->ranges[i].last);
		return;
	}
	// The numbers already in `set` are sorted together with the new ones.
	// If the code added each number below the end, it would cost O(ranges)
	// each time.
	size_t total = written->count + (saved ? saved->count : 0) + set->count;
	struct range *all = mem_alloc((total + 1) * sizeof(*all));
	size_t count = 0;
	for (size_t i = 0; i < written->count; i++) {
		all[count] = written->ranges[i];
		count += resolve_range(&all[count], max);
	}
	for (size_t i = 0; saved && i < saved->count; i++)
		all[count++] = saved->ranges[i];
	for (size_t i = 0; i < set->count; i++)
		all[count++] = set->ranges[i];
	qsort(all, count, sizeof(*all), compare_ranges);
	rangeset_reset(set);
	for (size_t i = 0; i < count; i++)
		rangeset_add(set, all[i].first, all[i].last);
	free(all);
}

uint32_t imap_set_highest(const struct imap_set *written)
{
	uint32_t highest = 0;
	for (size_t i = 0; i < written->count; i++) {
		struct range range = written->ranges[i];
		uint32_t end =
		    range.last > range.first ? range.last : range.first;
		if (end > highest)
			highest = end;
	}
	return highest;
}

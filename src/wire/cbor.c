// SPDX-License-Identifier: Apache-2.0
#include "wire/cbor.h"

#include "wire/utf8.h"

#define MAP_PAIRS_MAX 64 // of a map in which a key is looked for

// Reads the number of a head. RC_SYNTAX also if a shorter form would do, or for
// an indefinite length (31).
static enum rc read_number(
    struct view *from, unsigned info, uint64_t *ret_number)
{
	if (info < 24) {
		*ret_number = info;
		return RC_OK;
	}
	if (info > 27)
		return RC_SYNTAX;
	size_t len = (size_t)1 << (info - 24);
	uint64_t number = 0;
	if (from->len < len)
		return RC_SYNTAX;
	for (size_t i = 0; i < len; i++)
		number = number << 8 | (unsigned char)from->ptr[i];
	*from = view_from(*from, len);
	uint64_t least = len == 1 ? 24 : (uint64_t)1 << (len * 4);
	if (number < least)
		return RC_SYNTAX;
	*ret_number = number;
	return RC_OK;
}

static enum rc read_string(struct view *from, struct cbor_item *item)
{
	if (item->number > from->len)
		return RC_SYNTAX;
	item->bytes = view_slice(*from, 0, (size_t)item->number);
	*from = view_from(*from, (size_t)item->number);
	if (item->type == CBOR_TEXT && !utf8_is_valid(item->bytes))
		return RC_SYNTAX;
	return RC_OK;
}

enum rc cbor_next(struct view *from, struct cbor_item *ret_item)
{
	struct view rest = *from;
	if (rest.len == 0)
		return RC_SYNTAX;
	unsigned head = (unsigned char)rest.ptr[0];
	struct cbor_item item = {.type = (enum cbor_type)(head >> 5)};
	rest = view_from(rest, 1);
	enum rc rc = read_number(&rest, head & 31, &item.number);
	if (rc != RC_OK)
		return rc;
	switch (item.type) {
	case CBOR_UNSIGNED:
	case CBOR_NEGATIVE: break;
	case CBOR_BYTES:
	case CBOR_TEXT: rc = read_string(&rest, &item); break;
	case CBOR_ARRAY:
	case CBOR_MAP:
		// Each item takes at least one byte.
		if (item.number > rest.len)
			rc = RC_SYNTAX;
		break;
	case CBOR_TAG: rc = RC_SYNTAX; break;
	case CBOR_SIMPLE:
		if (item.number < 20 || item.number > 22)
			rc = RC_SYNTAX;
		break;
	}
	if (rc != RC_OK)
		return rc;
	*ret_item = item;
	*from = rest;
	return RC_OK;
}

// Without recursion: `left` counts the items that are still to come at each
// depth.
enum rc cbor_skip(struct view *from)
{
	struct view rest = *from;
	uint64_t left[CBOR_DEPTH_MAX + 1] = {1};
	size_t depth = 0;
	for (;;) {
		struct cbor_item item;
		while (left[depth] == 0 && depth > 0)
			depth--;
		if (left[depth] == 0)
			break;
		left[depth]--;
		enum rc rc = cbor_next(&rest, &item);
		if (rc != RC_OK)
			return rc;
		if (item.type != CBOR_ARRAY && item.type != CBOR_MAP)
			continue;
		if (depth == CBOR_DEPTH_MAX)
			return RC_LIMIT;
		left[++depth] =
		    item.type == CBOR_MAP ? 2 * item.number : item.number;
	}
	*from = rest;
	return RC_OK;
}

struct search {
	struct view key; // the encoded key
	struct view value;
};

static enum rc search_map(struct view map, struct search *search)
{
	struct cbor_item item;
	bool found = false;
	enum rc rc = cbor_next(&map, &item);
	if (rc != RC_OK || item.type != CBOR_MAP)
		return RC_SYNTAX;
	if (item.number > MAP_PAIRS_MAX)
		return RC_LIMIT;
	search->value = VIEW("");
	for (uint64_t i = 0; i < item.number; i++) {
		struct view start = map;
		rc = cbor_skip(&map);
		if (rc != RC_OK)
			return rc;
		struct view key = view_slice(start, 0, start.len - map.len);
		if (view_eq(key, search->key) && found)
			return RC_SYNTAX;
		start = map;
		rc = cbor_skip(&map);
		if (rc != RC_OK)
			return rc;
		if (!view_eq(key, search->key))
			continue;
		found = true;
		search->value = view_slice(start, 0, start.len - map.len);
	}
	return RC_OK;
}

enum rc cbor_map_find(struct view map, struct view key, struct view *ret_value)
{
	char bytes[24];
	struct search search = {.key = {bytes, key.len + 1}};
	if (key.len >= sizeof(bytes))
		return RC_SYNTAX;
	bytes[0] = (char)(CBOR_TEXT << 5 | key.len);
	memcpy(bytes + 1, key.ptr, key.len);
	enum rc rc = search_map(map, &search);
	if (rc == RC_OK)
		*ret_value = search.value;
	return rc;
}

// Writes the head of a number in its shortest form; returns its length.
static size_t write_number(int64_t number, char bytes[9])
{
	uint64_t n = number < 0 ? (uint64_t)(-1 - number) : (uint64_t)number;
	unsigned major = number < 0 ? CBOR_NEGATIVE << 5 : CBOR_UNSIGNED << 5;
	unsigned info = 24;
	size_t len = 1;
	if (n < 24) {
		bytes[0] = (char)(major | (unsigned)n);
		return 1;
	}
	while (len < 8 && n >> (8 * len)) {
		len *= 2;
		info++;
	}
	bytes[0] = (char)(major | info);
	for (size_t i = 0; i < len; i++)
		bytes[1 + i] = (char)(n >> (8 * (len - 1 - i)));
	return 1 + len;
}

enum rc cbor_map_find_number(
    struct view map, int64_t key, struct view *ret_value)
{
	char bytes[9];
	struct search search = {.key = {bytes, write_number(key, bytes)}};
	enum rc rc = search_map(map, &search);
	if (rc == RC_OK)
		*ret_value = search.value;
	return rc;
}

enum rc cbor_number(struct view from, int64_t *ret_number)
{
	struct cbor_item item;
	enum rc rc = cbor_next(&from, &item);
	if (rc != RC_OK)
		return rc;
	if ((item.type != CBOR_UNSIGNED && item.type != CBOR_NEGATIVE) ||
	    item.number > INT64_MAX)
		return RC_SYNTAX;
	*ret_number = item.type == CBOR_NEGATIVE ? -1 - (int64_t)item.number
						 : (int64_t)item.number;
	return RC_OK;
}

enum rc cbor_string(
    struct view from, enum cbor_type type, struct view *ret_bytes)
{
	struct cbor_item item;
	enum rc rc = cbor_next(&from, &item);
	if (rc != RC_OK)
		return rc;
	if (item.type != type)
		return RC_SYNTAX;
	*ret_bytes = item.bytes;
	return RC_OK;
}

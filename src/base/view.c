// SPDX-License-Identifier: Apache-2.0
#include "base/view.h"

#include "base/ascii.h"
#include "base/mem.h"

struct view view_of_string(const char *text)
{
	return view_of(text, text ? strlen(text) : 0);
}

bool view_eq(struct view a, struct view b)
{
	return a.len == b.len &&
	       (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool view_eq_nocase(struct view a, struct view b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i]))
			return false;
	return true;
}

int view_compare(struct view a, struct view b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common ? memcmp(a.ptr, b.ptr, common) : 0;
	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

bool view_starts_with(struct view text, struct view prefix)
{
	return text.len >= prefix.len &&
	       view_eq(view_slice(text, 0, prefix.len), prefix);
}

bool view_starts_with_nocase(struct view text, struct view prefix)
{
	return text.len >= prefix.len &&
	       view_eq_nocase(view_slice(text, 0, prefix.len), prefix);
}

bool view_ends_with(struct view text, struct view suffix)
{
	return text.len >= suffix.len &&
	       view_eq(view_from(text, text.len - suffix.len), suffix);
}

size_t view_find_char(struct view text, char c)
{
	const char *at = text.len ? memchr(text.ptr, c, text.len) : NULL;
	return at ? (size_t)(at - text.ptr) : SIZE_MAX;
}

size_t view_find(struct view text, struct view needle)
{
	if (needle.len == 0)
		return 0;
	if (text.len < needle.len)
		return SIZE_MAX;
	const char *at = memmem(text.ptr, text.len, needle.ptr, needle.len);
	return at ? (size_t)(at - text.ptr) : SIZE_MAX;
}

struct view view_slice(struct view text, size_t offset, size_t len)
{
	if (offset >= text.len)
		return view_of(NULL, 0);
	if (len > text.len - offset)
		len = text.len - offset;
	return view_of(text.ptr + offset, len);
}

struct view view_trim(struct view text)
{
	while (text.len && ascii_is_space(text.ptr[0]))
		text = view_from(text, 1);
	while (text.len && ascii_is_space(text.ptr[text.len - 1]))
		text.len--;
	return text;
}

bool view_split(struct view *text, char separator, struct view *ret_part)
{
	if (text->len == 0)
		return false;
	size_t at = view_find_char(*text, separator);
	if (at == SIZE_MAX) {
		*ret_part = *text;
		*text = view_of(NULL, 0);
	} else {
		*ret_part = view_slice(*text, 0, at);
		*text = view_from(*text, at + 1);
	}
	return true;
}

bool view_to_u64(struct view text, uint64_t *ret_number)
{
	uint64_t number = 0;
	if (text.len == 0)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!ascii_is_digit(text.ptr[i]))
			return false;
		uint64_t digit = (uint64_t)(text.ptr[i] - '0');
		if (number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*ret_number = number;
	return true;
}

bool view_to_u32(struct view text, uint32_t *ret_number)
{
	uint64_t number;
	if (!view_to_u64(text, &number) || number > UINT32_MAX)
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

char *view_to_string(struct view text)
{
	return mem_strndup(text.ptr, text.len);
}

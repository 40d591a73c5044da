// SPDX-License-Identifier: Apache-2.0
#include "jmap/keyword.h"

#include "base/ascii.h"

static const struct {
	const char *keyword;
	unsigned flag;
} system_flags[] = {
    {"$seen", STORE_FLAG_SEEN},
    {"$answered", STORE_FLAG_ANSWERED},
    {"$flagged", STORE_FLAG_FLAGGED},
    {"$draft", STORE_FLAG_DRAFT},
};

unsigned jmap_system_flag(struct view keyword)
{
	for (size_t i = 0; i < ARRAY_LEN(system_flags); i++)
		if (view_eq_nocase(
			keyword, view_of_string(system_flags[i].keyword)))
			return system_flags[i].flag;
	return 0;
}

bool jmap_keyword_is_valid(struct view keyword)
{
	for (size_t i = 0; i < keyword.len; i++) {
		char c = keyword.ptr[i];
		if (c < 0x21 || c > 0x7e ||
		    view_find_char(VIEW("(){]%*\"\\"), c) != SIZE_MAX)
			return false;
	}
	return keyword.len > 0 && keyword.len <= STORE_KEYWORD_NAME_MAX;
}

enum rc jmap_keywords_read(
    struct arena *arena, json_t *set, struct store_flags *ret_flags)
{
	const char *key;
	json_t *value;
	struct store_flags flags = {0};
	struct view *names =
	    arena_alloc(arena, (json_object_size(set) + 1) * sizeof(*names));
	if (!json_is_object(set))
		return RC_INVALID;
	json_object_foreach(set, key, value)
	{
		struct view name = view_of_string(key);
		unsigned flag = jmap_system_flag(name);
		if (!json_is_true(value) || !jmap_keyword_is_valid(name))
			return RC_INVALID;
		if (flag)
			flags.system |= flag;
		else
			names[flags.keyword_count++] = arena_copy(arena, name);
	}
	flags.keywords = names;
	*ret_flags = flags;
	return RC_OK;
}

void jmap_keywords_write(struct json_text *out, unsigned flags,
    const struct view *keywords, size_t count)
{
	json_begin_object(out);
	for (size_t i = 0; i < ARRAY_LEN(system_flags); i++)
		if (flags & system_flags[i].flag)
			json_member_bool(out, system_flags[i].keyword, true);
	for (size_t i = 0; i < count; i++) {
		char name[STORE_KEYWORD_NAME_MAX + 1];
		size_t len = keywords[i].len < sizeof(name) ? keywords[i].len
							    : sizeof(name) - 1;
		for (size_t n = 0; n < len; n++)
			name[n] = ascii_lower(keywords[i].ptr[n]);
		json_key_view(out, view_of(name, len));
		json_add_bool(out, true);
	}
	json_end_object(out);
}

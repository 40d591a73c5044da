// SPDX-License-Identifier: Apache-2.0
#include "account/params.h"

#include "base/ascii.h"
#include "wire/utf8.h"

struct view account_param(const struct account_params *params, const char *name)
{
	for (size_t i = 0; i < params->count; i++)
		if (view_eq(params->items[i].name, view_of_string(name)))
			return params->items[i].value;
	return VIEW("");
}

static bool is_clean(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (ascii_is_control(text.ptr[i]))
			return false;
	return utf8_is_valid(text);
}

static void add(
    struct account_params *params, struct view name, struct view value)
{
	bool again = account_param(params, name.ptr).len > 0 &&
		     !view_eq(name, VIEW("resource"));
	if (again || params->count == ACCOUNT_PARAMS_MAX || !is_clean(value)) {
		params->bad = true;
		return;
	}
	params->items[params->count++] = (struct account_param){name, value};
}

void account_params_read(
    struct arena *arena, struct view form, struct account_params *ret_params)
{
	struct view name, value;
	ret_params->count = 0;
	ret_params->bad = false;
	while (http_form_next(arena, &form, &name, &value)) {
		if (!is_clean(name))
			ret_params->bad = true;
		else if (value.len > 0)
			add(ret_params,
			    view_of(arena_string(arena, name), name.len),
			    value);
	}
}

// ---- PKCE ------------------------------------------------------------------

static bool is_unreserved(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

bool account_is_verifier(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_unreserved(text.ptr[i]))
			return false;
	return text.len >= 43 && text.len <= 128;
}

// Base64url of 32 bytes: two bits of the last of 43 characters are not used.
bool account_is_challenge(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!ascii_is_alnum(text.ptr[i]) && text.ptr[i] != '-' &&
		    text.ptr[i] != '_')
			return false;
	return text.len == 43 && view_find_char(VIEW("AEIMQUYcgkosw048"),
				     text.ptr[42]) != SIZE_MAX;
}

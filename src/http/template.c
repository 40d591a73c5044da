// SPDX-License-Identifier: Apache-2.0
#include "http/template.h"

#include "base/ascii.h"

// ---- Filling in ------------------------------------------------------------

// Takes the text before the next "{{", and what stands in these braces. False:
// there are none.
static bool take_mark(
    struct view *text, struct view *ret_before, struct view *ret_mark)
{
	size_t open = view_find(*text, VIEW("{{"));
	*ret_before = view_slice(*text, 0, open);
	if (open == SIZE_MAX)
		return false;
	*text = view_from(*text, open + 2);
	size_t close = view_find(*text, VIEW("}}"));
	*ret_mark = view_slice(*text, 0, close);
	*text = close == SIZE_MAX ? VIEW("") : view_from(*text, close + 2);
	return true;
}

// Takes what stands before the "{{/}}" of a part that was begun.
static struct view take_inner(struct view *text)
{
	struct view whole = *text, before, mark;
	unsigned depth = 1;
	while (depth > 0 && take_mark(text, &before, &mark)) {
		if (view_eq(mark, VIEW("/")))
			depth--;
		else if (mark.len > 0 &&
			 (mark.ptr[0] == '?' || mark.ptr[0] == '#'))
			depth++;
	}
	return view_slice(whole, 0, whole.len - text->len - 5);
}

void http_template_fill(const struct http_template *template,
    const void *context, struct view text, struct buf *out)
{
	struct view before, mark;
	while (take_mark(&text, &before, &mark)) {
		buf_add(out, before);
		char kind = mark.len > 0 ? mark.ptr[0] : '\0';
		struct view name = view_from(mark, 1);
		if (kind != '?' && kind != '#') {
			template->value(context, mark, out);
			continue;
		}
		struct view inner = take_inner(&text);
		if (kind == '#')
			template->each(context, name, inner, out);
		else if (template->holds(context, name))
			http_template_fill(template, context, inner, out);
	}
	buf_add(out, before);
}

// ---- Languages -------------------------------------------------------------

// "zh", "zh-Hans-CN" and "zh-TW" are Chinese: better than a foreign language.
static bool find_language(const char *const *tags, size_t count,
    struct view wanted, size_t *ret_language)
{
	struct view primary =
	    view_slice(wanted, 0, view_find_char(wanted, '-'));
	for (size_t i = 0; i < count; i++) {
		struct view own = view_slice(view_of_string(tags[i]), 0, 2);
		if (!view_eq_nocase(primary, own))
			continue;
		*ret_language = i;
		return true;
	}
	return false;
}

// The weight behind a language, in thousandths (RFC 9110 section 12.4.2). What
// cannot be read weighs nothing.
static unsigned weight_of(struct view parameter)
{
	struct view text = view_trim(parameter), digits;
	unsigned weight = 0, unit = 100;
	if (text.len == 0)
		return 1000;
	if (text.len < 3 || ascii_lower(text.ptr[0]) != 'q' ||
	    text.ptr[1] != '=' || (text.ptr[2] != '0' && text.ptr[2] != '1'))
		return 0;
	if (text.ptr[2] == '1')
		return 1000;
	digits = view_from(text, 4);
	for (size_t i = 0; i < digits.len && i < 3; i++, unit /= 10)
		if (ascii_is_digit(digits.ptr[i]))
			weight += (unsigned)(digits.ptr[i] - '0') * unit;
	return weight;
}

size_t http_language_choose(const char *const *tags, size_t count,
    struct view chosen, struct view accept)
{
	size_t best = 0, language;
	unsigned best_weight = 0;
	struct view range, tag;
	if (find_language(tags, count, chosen, &language))
		return language;
	while (view_split(&accept, ',', &range)) {
		if (!view_split(&range, ';', &tag) ||
		    !find_language(tags, count, view_trim(tag), &language))
			continue;
		unsigned weight = weight_of(range);
		if (weight <= best_weight)
			continue;
		best = language;
		best_weight = weight;
	}
	return best;
}

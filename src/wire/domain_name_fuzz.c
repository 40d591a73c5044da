// SPDX-License-Identifier: Apache-2.0
// Domain names: what comes out is canonical, within its limits, and stays so;
// look-ups of local parts fold once and for all.
#include "wire/domain_name.h"
#include "wire/smtp_path.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

static void check_canonical(
    struct arena *arena, struct view name, enum domain_name_rule rule)
{
	struct view ascii;
	struct view again;
	if (domain_name_to_ascii(arena, name, rule, &ascii) != RC_OK)
		return;
	must(ascii.len > 0 && ascii.len <= DOMAIN_NAME_MAX);
	must(domain_name_is_valid(ascii));
	for (size_t i = 0; i < ascii.len; i++)
		must(ascii.ptr[i] < 'A' || ascii.ptr[i] > 'Z');
	must(domain_name_to_ascii(arena, ascii, rule, &again) == RC_OK);
	must(view_eq(ascii, again));
	struct view shown = domain_name_to_unicode(arena, name);
	must(utf8_is_valid(shown));
	must(domain_name_to_ascii(arena, shown, rule, &again) == RC_OK);
	must(view_eq(ascii, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct view text = view_of(data, size);
	arena_init(&arena);
	check_canonical(&arena, text, DOMAIN_NAME_HOST);
	check_canonical(&arena, text, DOMAIN_NAME_UNDERSCORE);
	struct view folded = smtp_local_fold(&arena, text);
	must(utf8_is_valid(folded) == utf8_is_valid(text));
	if (size <= SMTP_PATH_MAX / 4)
		must(view_eq(folded, smtp_local_fold(&arena, folded)));
	arena_done(&arena);
	return 0;
}

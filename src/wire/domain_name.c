// SPDX-License-Identifier: Apache-2.0
// This file checks plain US-ASCII names itself; nearly all names are plain. All
// other names, and names with A-labels, go through ICU's UTS 46. An A-label
// must be valid.
#include "wire/domain_name.h"

#include <string.h>
#include <unicode/uidna.h>

#include "base/ascii.h"
#include "wire/utf8.h"

// This is the space for ICU's result in UTF-8, before the check for length.
#define WORK_MAX ((int32_t)4 * DOMAIN_NAME_INPUT_MAX)

// Real host names have hyphens at the 3rd and 4th place ("r3---sn-…"), so these
// are allowed. The length and empty labels are checked in the result.
#define TOLERATED_ERRORS                                                       \
	((uint32_t)(UIDNA_ERROR_HYPHEN_3_4 | UIDNA_ERROR_LABEL_TOO_LONG |      \
		    UIDNA_ERROR_DOMAIN_NAME_TOO_LONG |                         \
		    UIDNA_ERROR_EMPTY_LABEL))
#define HYPHEN_ERRORS                                                          \
	((uint32_t)(UIDNA_ERROR_LEADING_HYPHEN | UIDNA_ERROR_TRAILING_HYPHEN))

static enum rc check_label(struct view label, enum domain_name_rule rule)
{
	if (label.len == 0)
		return RC_SYNTAX;
	if (label.len > DOMAIN_LABEL_MAX)
		return RC_LIMIT;
	if (label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
		return RC_SYNTAX;
	for (size_t i = 0; i < label.len; i++) {
		char c = label.ptr[i];
		if (!ascii_is_alnum(c) && c != '-' &&
		    !(c == '_' && rule == DOMAIN_NAME_UNDERSCORE))
			return RC_SYNTAX;
	}
	return RC_OK;
}

// Checks a US-ASCII name by RFC 1035 section 2.3.1 and RFC 1123 section 2.1.
static enum rc check_ascii(struct view name, enum domain_name_rule rule)
{
	if (name.len > DOMAIN_NAME_MAX)
		return RC_LIMIT;
	for (;;) {
		size_t dot = view_find_char(name, '.');
		enum rc rc = check_label(view_slice(name, 0, dot), rule);
		if (rc != RC_OK || dot == SIZE_MAX)
			return rc;
		name = view_from(name, dot + 1);
	}
}

// Tells whether a label begins with "xn--". Such a label must be a valid
// A-label.
static bool has_a_label(struct view name)
{
	while (name.len >= 4) {
		if (view_starts_with_nocase(name, VIEW("xn--")))
			return true;
		size_t dot = view_find_char(name, '.');
		if (dot == SIZE_MAX)
			return false;
		name = view_from(name, dot + 1);
	}
	return false;
}

static struct view lower_copy(struct arena *arena, struct view name)
{
	char *copy = arena_string(arena, name);
	for (size_t i = 0; i < name.len; i++)
		copy[i] = ascii_lower(copy[i]);
	return view_of(copy, name.len);
}

enum direction { TO_ASCII, TO_UNICODE };

// Converts by UTS 46 into `out`, which has space for WORK_MAX bytes.
static enum rc convert(struct view name, enum direction direction, char *out,
    struct view *ret_name)
{
	UErrorCode error = U_ZERO_ERROR;
	UIDNA *idna = uidna_openUTS46(UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ |
					  UIDNA_NONTRANSITIONAL_TO_ASCII |
					  UIDNA_NONTRANSITIONAL_TO_UNICODE,
	    &error);
	if (U_FAILURE(error))
		abort(); // ICU has no data, so the server cannot work
	UIDNAInfo info = UIDNA_INFO_INITIALIZER;
	int32_t len;
	if (direction == TO_ASCII)
		len = uidna_nameToASCII_UTF8(idna, name.ptr, (int32_t)name.len,
		    out, WORK_MAX, &info, &error);
	else
		len = uidna_nameToUnicodeUTF8(idna, name.ptr, (int32_t)name.len,
		    out, WORK_MAX, &info, &error);
	uidna_close(idna);
	if (U_FAILURE(error) || len < 0 || len > WORK_MAX)
		return RC_LIMIT;
	if (info.errors & ~TOLERATED_ERRORS & ~HYPHEN_ERRORS)
		return RC_INVALID;
	if (info.errors & HYPHEN_ERRORS)
		return RC_SYNTAX;
	*ret_name = view_of(out, (size_t)len);
	return RC_OK;
}

// Refuses an A-label if its decoded label also begins with "xn--". After
// decoding, such a label would look like a different name.
static enum rc check_decoded(struct view ascii)
{
	char work[WORK_MAX];
	struct view rest;
	struct view label;
	enum rc rc = convert(ascii, TO_UNICODE, work, &rest);
	while (rc == RC_OK && view_split(&rest, '.', &label))
		if (!utf8_is_ascii(label) && has_a_label(label))
			rc = RC_INVALID;
	return rc;
}

enum rc domain_name_to_ascii(struct arena *arena, struct view name,
    enum domain_name_rule rule, struct view *ret_ascii)
{
	char work[WORK_MAX];
	if (name.len > DOMAIN_NAME_INPUT_MAX)
		return RC_LIMIT;
	if (!utf8_is_ascii(name) || has_a_label(name)) {
		if (!utf8_is_valid(name))
			return RC_SYNTAX;
		enum rc rc = convert(name, TO_ASCII, work, &name);
		if (rc == RC_OK)
			rc = check_decoded(name);
		if (rc != RC_OK)
			return rc;
	}
	enum rc rc = check_ascii(name, rule);
	if (rc == RC_OK)
		*ret_ascii = lower_copy(arena, name);
	return rc;
}

struct view domain_name_to_unicode(struct arena *arena, struct view name)
{
	char work[WORK_MAX];
	struct view ascii;
	struct view unicode;
	if (!has_a_label(name) ||
	    domain_name_to_ascii(arena, name, DOMAIN_NAME_UNDERSCORE, &ascii) !=
		RC_OK ||
	    convert(ascii, TO_UNICODE, work, &unicode) != RC_OK)
		return name;
	return arena_copy(arena, unicode);
}

bool domain_name_is_valid(struct view name)
{
	return check_ascii(name, DOMAIN_NAME_UNDERSCORE) == RC_OK;
}

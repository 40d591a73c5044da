// SPDX-License-Identifier: Apache-2.0
// This file has address literals and the form of a local part that the server
// uses to find a user.
#include <arpa/inet.h>
#include <string.h>
#include <unicode/ucasemap.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/ascii.h"
#include "wire/smtp_path.h"
#include "wire/utf8.h"

// ---- Literals ------------------------------------------------------------

enum rc smtp_literal_parse(struct view text, struct smtp_literal *ret_literal)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	char address[INET6_ADDRSTRLEN];
	struct smtp_literal literal = {.len = 4};
	if (text.len < 2 || text.ptr[0] != '[' || text.ptr[text.len - 1] != ']')
		return RC_SYNTAX;
	struct view inside = view_slice(text, 1, text.len - 2);
	if (view_starts_with_nocase(inside, VIEW("IPv6:"))) {
		literal.len = 16;
		inside = view_from(inside, 5);
	}
	if (inside.len == 0 || inside.len >= sizeof(address) ||
	    view_find_char(inside, '\0') != SIZE_MAX)
		return RC_SYNTAX;
	memcpy(address, inside.ptr, inside.len);
	address[inside.len] = '\0';
	int family = literal.len == 4 ? AF_INET : AF_INET6;
	if (inet_pton(family, address, literal.address) != 1)
		return RC_SYNTAX;
	if (literal.len == 16 &&
	    memcmp(literal.address, mapped, sizeof(mapped)) == 0) {
		literal.len = 4;
		memmove(literal.address, literal.address + 12, 4);
	}
	*ret_literal = literal;
	return RC_OK;
}

void smtp_literal_print(const struct smtp_literal *literal, struct buf *out)
{
	char address[INET6_ADDRSTRLEN];
	int family = literal->len == 4 ? AF_INET : AF_INET6;
	if (!inet_ntop(family, literal->address, address, sizeof(address)))
		abort(); // there is always enough space
	buf_add_string(out, literal->len == 4 ? "[" : "[IPv6:");
	buf_add_string(out, address);
	buf_add_char(out, ']');
}

// ---- Folding -------------------------------------------------------------

static struct view fold_ascii(struct arena *arena, struct view local)
{
	char *copy = arena_string(arena, local);
	for (size_t i = 0; i < local.len; i++)
		copy[i] = ascii_lower(copy[i]);
	return view_of(copy, local.len);
}

// Normalizes `text` with `normalizer`. The result is UTF-16 in `arena`. Returns
// -1 if ICU fails.
static int32_t normalize(struct arena *arena, const UNormalizer2 *normalizer,
    const UChar *text, int32_t len, UChar **ret_text)
{
	// A code point becomes at most 18 UTF-16 units (4 with NFC or NFD).
	int32_t room = len * 4 + 8;
	UErrorCode error = U_ZERO_ERROR;
	*ret_text = arena_alloc(arena, (size_t)room * sizeof(UChar));
	len = unorm2_normalize(normalizer, text, len, *ret_text, room, &error);
	return U_FAILURE(error) ? -1 : len;
}

// Computes NFC(toCasefold(NFD(text))) in UTF-16.
static int32_t fold_units(
    struct arena *arena, const UChar *text, int32_t len, UChar **ret_text)
{
	UErrorCode error = U_ZERO_ERROR;
	const UNormalizer2 *nfd = unorm2_getNFDInstance(&error);
	const UNormalizer2 *nfc = unorm2_getNFCInstance(&error);
	if (U_FAILURE(error))
		abort(); // ICU has no data, so the server cannot work
	UChar *apart;
	len = normalize(arena, nfd, text, len, &apart);
	if (len < 0)
		return -1;
	int32_t room = len * 3 + 8; // full case folding makes at most three
	UChar *folded = arena_alloc(arena, (size_t)room * sizeof(UChar));
	len = u_strFoldCase(
	    folded, room, apart, len, U_FOLD_CASE_DEFAULT, &error);
	if (U_FAILURE(error))
		return -1;
	return normalize(arena, nfc, folded, len, ret_text);
}

struct view smtp_local_fold(struct arena *arena, struct view local)
{
	if (utf8_is_ascii(local) || !utf8_is_valid(local) ||
	    local.len > SMTP_PATH_MAX)
		return fold_ascii(arena, local);
	UErrorCode error = U_ZERO_ERROR;
	int32_t room = (int32_t)local.len + 1; // always enough UTF-16 units
	UChar *units = arena_alloc(arena, (size_t)room * sizeof(UChar));
	int32_t len;
	u_strFromUTF8(units, room, &len, local.ptr, (int32_t)local.len, &error);
	UChar *folded;
	len = U_FAILURE(error) ? -1 : fold_units(arena, units, len, &folded);
	if (len < 0)
		return fold_ascii(arena, local);
	char *bytes = arena_alloc(arena, (size_t)len * 3 + 1);
	int32_t bytes_len;
	u_strToUTF8(bytes, len * 3 + 1, &bytes_len, folded, len, &error);
	if (U_FAILURE(error))
		return fold_ascii(arena, local);
	return view_of(bytes, (size_t)bytes_len);
}

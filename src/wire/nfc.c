// SPDX-License-Identifier: Apache-2.0
#include "wire/nfc.h"

#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/mem.h"
#include "wire/utf8.h"

// NFC makes at most three code units from one (UAX #15, section 3.2.1).
#define GROWTH 3

static MUST_CHECK enum rc normalize(const UChar *units, int32_t len,
    UChar *normal, int32_t room, struct buf *out)
{
	UErrorCode status = U_ZERO_ERROR;
	const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
	int32_t normal_len =
	    unorm2_normalize(nfc, units, len, normal, room, &status);
	if (U_FAILURE(status))
		return RC_INVALID;
	// A UTF-16 unit needs at most three bytes.
	char *text = mem_alloc((size_t)normal_len * 3);
	int32_t text_len = 0;
	u_strToUTF8(
	    text, normal_len * 3, &text_len, normal, normal_len, &status);
	buf_add(out, view_of(text, (size_t)text_len));
	free(text);
	return U_FAILURE(status) ? RC_INVALID : buf_status(out);
}

enum rc nfc_add(struct view text, struct buf *out)
{
	if (utf8_is_ascii(text)) {
		buf_add(out, text);
		return buf_status(out);
	}
	if (text.len > INT32_MAX / (GROWTH + 1) || !utf8_is_valid(text))
		return RC_INVALID;
	// A text has at most as many UTF-16 units as UTF-8 bytes.
	int32_t room = (int32_t)text.len * GROWTH;
	UChar *units = mem_alloc(text.len * (GROWTH + 1) * sizeof(UChar));
	UErrorCode status = U_ZERO_ERROR;
	int32_t len = 0;
	u_strFromUTF8(units, (int32_t)text.len, &len, text.ptr,
	    (int32_t)text.len, &status);
	enum rc rc = U_FAILURE(status)
			 ? RC_INVALID
			 : normalize(units, len, units + text.len, room, out);
	free(units);
	return rc;
}

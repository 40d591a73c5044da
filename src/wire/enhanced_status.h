// SPDX-License-Identifier: Apache-2.0
// Enhanced mail system status codes (RFC 3463 section 2): class.subject.detail,
// as in replies (RFC 2034) and delivery reports (RFC 3464).
#ifndef ROOST_WIRE_ENHANCED_STATUS_H
#define ROOST_WIRE_ENHANCED_STATUS_H

#include "base/buf.h"

// `class` is 2, 4 or 5, or 0 when there is no code. Subject and detail have at
// most three digits.
struct enhanced_status {
	uint16_t class;
	uint16_t subject;
	uint16_t detail;
};

#define ENHANCED_NONE ((struct enhanced_status){0, 0, 0})
#define ENHANCED(class, subject, detail)                                       \
	((struct enhanced_status){(class), (subject), (detail)})
#define ENHANCED_TEXT_MAX 9 // bytes in "5.999.999"

static inline bool enhanced_status_is_none(struct enhanced_status status)
{
	return status.class == 0;
}

// If `*text` begins with a code, removes it and the white space after it and
// returns true. After the code must come the end of the text, SP or HTAB.
// Otherwise returns false and leaves `*text`.
bool enhanced_status_take(
    struct view *text, struct enhanced_status *ret_status);

// Adds "5.1.1"; nothing for ENHANCED_NONE.
void enhanced_status_print(struct enhanced_status status, struct buf *out);

#endif

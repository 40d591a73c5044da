// SPDX-License-Identifier: Apache-2.0
// What JMAP reads from the value of a header field (RFC 8621 section 4.1.2). A
// value is what header.h calls so; it may be folded. Nothing fails: broken
// values give what can be read of them.
#ifndef ROOST_WIRE_HEADER_VALUE_H
#define ROOST_WIRE_HEADER_VALUE_H

#include "wire/address.h"
#include "wire/charset.h"
#include "wire/date.h"
#include "wire/header.h"

// Raw: all that is between the colon and the line end, without NUL. The bytes
// may be anything.
void header_raw(const struct header_field *field, struct buf *out);
// Text: unfolded, encoded words decoded, in normalization form C. Words that
// stand where RFC 2047 does not allow them are left as they are.
void header_text(
    struct charset_cache *cache, struct view value, struct buf *out);
// The display name of an address, or of a group (its `mailbox`), as text.
void header_name(
    struct charset_cache *cache, struct view name, struct buf *out);
// The addr-spec of an address: "joe@example.org", `"joe a"@example.org`. It has
// no "@" when there is no domain.
void header_email(const struct address *address, struct buf *out);

// Removes the next identifier from the front of `*rest`, without "<" ">",
// comments and white space. Other text is skipped. False: there is none.
bool header_id_next(
    struct arena *arena, struct view *rest, struct view *ret_id);
// The same for the URLs of RFC 2369. A value that begins with anything but a
// URL has none ("NO").
bool header_url_next(
    struct arena *arena, struct view *rest, struct view *ret_url);

#endif

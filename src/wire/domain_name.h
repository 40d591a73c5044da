// SPDX-License-Identifier: Apache-2.0
// Domain names in mail: US-ASCII or internationalised (IDNA 2008 by UTS 46,
// nontransitional). Policy, look-ups and comparisons use a single form:
// A-labels in lower case. UTS 46 has then mapped full-width letters, the
// ideographic full stop and similar characters to the characters that they look
// like.
#ifndef ROOST_WIRE_DOMAIN_NAME_H
#define ROOST_WIRE_DOMAIN_NAME_H

#include "base/arena.h"
#include "base/rc.h"

#define DOMAIN_NAME_MAX  253 // bytes of a name as A-labels (RFC 1035 2.3.4)
#define DOMAIN_LABEL_MAX 63
// Maximum length of a name before conversion, in UTF-8. Longer names are
// refused at once. SMTP has 255 (RFC 5321 section 4.5.3.1.2); U-labels may be
// longer than A-labels.
#define DOMAIN_NAME_INPUT_MAX 1024

enum domain_name_rule {
	DOMAIN_NAME_HOST,       // letters, digits, hyphens (STD 3)
	DOMAIN_NAME_UNDERSCORE, // also "_", which is found in mail, and in SRV
				// names
};

// Converts to the canonical form: A-labels in lower case, in `arena`. Nothing
// is stripped: a final dot makes an empty label. RC_SYNTAX: not UTF-8, an empty
// name or label, a character that is not allowed, a label that begins or ends
// with a hyphen. RC_INVALID: not a name by UTS 46 (BiDi, joiners, a false
// A-label). RC_LIMIT: too long.
MUST_CHECK enum rc domain_name_to_ascii(struct arena *arena, struct view name,
    enum domain_name_rule rule, struct view *ret_ascii);

// Converts to a form for people: U-labels, in `arena`. A label without a valid
// U-label is not changed. Text that is not a name is returned as it is.
struct view domain_name_to_unicode(struct arena *arena, struct view name);

// Whether `name` can be the argument of EHLO (RFC 5321 section 4.1.1.1, without
// literals): US-ASCII labels of letters, digits, hyphens and, leniently, "_". A
// single label is a name, and so are digits alone. U-labels are not allowed
// (RFC 6531 section 3.7.1: EHLO has A-labels).
bool domain_name_is_valid(struct view name);

#endif

// SPDX-License-Identifier: Apache-2.0
// Domain names as mail uses them: US-ASCII or internationalised (IDNA 2008 by
// UTS 46, nontransitional). The one form that policy, look-ups and comparisons
// use is the A-label form in lower case: full-width letters, the ideographic
// full stop and whatever else UTS 46 maps have become what they look like.
#ifndef ROOST_WIRE_DOMAIN_NAME_H
#define ROOST_WIRE_DOMAIN_NAME_H

#include "base/arena.h"
#include "base/rc.h"

#define DOMAIN_NAME_MAX  253 // bytes of a name as A-labels (RFC 1035 2.3.4)
#define DOMAIN_LABEL_MAX 63
// Bytes of a name as it is given, UTF-8: longer ones are not looked at. SMTP
// has 255 (RFC 5321 section 4.5.3.1.2); U-labels may take more than A-labels.
#define DOMAIN_NAME_INPUT_MAX 1024

enum domain_name_rule {
	DOMAIN_NAME_HOST,       // letters, digits, hyphens (STD 3)
	DOMAIN_NAME_UNDERSCORE, // "_" too: mail found in the wild, SRV names
};

// The canonical form: A-labels, lower case, in `arena`. Strips nothing: a final
// dot makes an empty label. RC_SYNTAX: not UTF-8, an empty name or label, a
// character that is not allowed, a label that begins or ends with a hyphen.
// RC_INVALID: not a name by UTS 46 (BiDi, joiners, a false A-label). RC_LIMIT:
// too long.
MUST_CHECK enum rc domain_name_to_ascii(struct arena *arena, struct view name,
    enum domain_name_rule rule, struct view *ret_ascii);

// For a person to read: U-labels, in `arena`; labels that have no valid one
// stay as they are. What is no name comes back as it came.
struct view domain_name_to_unicode(struct arena *arena, struct view name);

// Whether both have the same canonical form; false when one is no name.
bool domain_name_equal(struct view a, struct view b);

// Whether `name` can be what EHLO gives (RFC 5321 section 4.1.1.1, not the
// literals): US-ASCII labels of letters, digits, hyphens and, leniently, "_".
// One label and digits alone are names; U-labels are not (RFC 6531 section
// 3.7.1: EHLO has A-labels).
bool domain_name_is_valid(struct view name);

#endif

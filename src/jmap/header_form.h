// SPDX-License-Identifier: Apache-2.0
// Names of properties that are header fields (RFC 8621 sections 4.1.2 and
// 4.1.3): "header:To:asAddresses:all", and short ones such as "to".
#ifndef ROOST_JMAP_HEADER_FORM_H
#define ROOST_JMAP_HEADER_FORM_H

#include "base/view.h"

enum header_form {
	HEADER_FORM_RAW,
	HEADER_FORM_TEXT,
	HEADER_FORM_ADDRESSES,
	HEADER_FORM_GROUPED_ADDRESSES,
	HEADER_FORM_MESSAGE_IDS,
	HEADER_FORM_DATE,
	HEADER_FORM_URLS,
};

struct header_property {
	struct view field; // "To"; static, or in the name that was read
	enum header_form form;
	bool all; // a list of every field of this name
};

// Reads a name that begins with "header:". False: the form is unknown, or the
// field cannot have it (section 4.1.2).
MUST_CHECK bool header_property_read(
    struct view name, struct header_property *ret_property);
// The same for "messageId", "inReplyTo", "references", "sender", "from", "to",
// "cc", "bcc", "replyTo", "subject" and "sentAt". False: it is none of these.
MUST_CHECK bool header_property_short(
    struct view name, struct header_property *ret_property);

#endif

// SPDX-License-Identifier: Apache-2.0
// What the account says of mail (RFC 8621 section 1.3.1).
#include "jmap/impl.h"
#include "jmap/session.h"
#include "store/change.h"

void jmap_mail_capability(const struct jmap *jmap, struct json_text *out)
{
	static const char *const sorts[] = {"receivedAt", "sentAt", "size",
	    "from", "to", "subject", "hasKeyword", "allInThreadHaveKeyword",
	    "someInThreadHaveKeyword"};
	json_member_u64(out, "maxMailboxesPerEmail", STORE_PLACES_MAX);
	json_member_u64(out, "maxMailboxDepth", STORE_LEVELS_MAX);
	json_member_u64(out, "maxSizeMailboxName", STORE_NAME_MAX);
	// Base64 makes a third more of it.
	json_member_u64(out, "maxSizeAttachmentsPerEmail",
	    store_message_max(jmap->options.store) / 4 * 3);
	json_key(out, "emailQuerySortOptions");
	json_begin_array(out);
	for (size_t i = 0; i < ARRAY_LEN(sorts); i++)
		json_add_string(out, view_of_string(sorts[i]));
	json_end_array(out);
	json_member_bool(out, "mayCreateTopLevelMailbox", true);
}

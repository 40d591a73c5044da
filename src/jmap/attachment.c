// SPDX-License-Identifier: Apache-2.0
#include "jmap/attachment.h"

// A part that is text, and is not called an attachment, is part of the body.
// Pictures that the text shows are called "inline" (RFC 2183).
bool jmap_has_attachment(const struct message_record *record)
{
	bool other = false;
	for (uint32_t i = 0; i < record->part_count; i++) {
		struct message_record_part part;
		if (message_record_part(record, i, &part) != RC_OK)
			return false;
		if (part.attachment)
			return true;
		if (i > 0 && part.kind == MESSAGE_MESSAGE)
			other = true;
		if (part.kind == MESSAGE_LEAF &&
		    (part.media == MESSAGE_MEDIA_OTHER ||
			part.media == MESSAGE_MEDIA_MESSAGE))
			other = true;
	}
	struct view structure = record->text[MESSAGE_RECORD_BODYSTRUCTURE];
	return other && view_find(structure, VIEW("(\"inline\"")) == SIZE_MAX &&
	       view_find(structure, VIEW("(\"INLINE\"")) == SIZE_MAX;
}

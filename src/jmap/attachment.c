// SPDX-License-Identifier: Apache-2.0
#include "jmap/attachment.h"

#include "jmap/email.h"

// A message that is one text and nothing else: most.
static bool is_one_text(const struct message_record *record)
{
	struct message_record_part part;
	return record->part_count == 1 &&
	       message_record_part(record, 0, &part) == RC_OK &&
	       !part.attachment &&
	       (part.media == MESSAGE_MEDIA_TEXT_PLAIN ||
		   part.media == MESSAGE_MEDIA_TEXT_HTML);
}

bool jmap_has_attachment(const struct message_record *record)
{
	struct arena arena;
	struct jmap_email_parts *parts;
	if (is_one_text(record))
		return false;
	arena_init(&arena);
	bool has = jmap_email_parts_read(&arena, record, &parts) == RC_OK &&
		   parts->has_attachment;
	arena_done(&arena);
	return has;
}

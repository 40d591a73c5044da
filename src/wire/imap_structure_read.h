// SPDX-License-Identifier: Apache-2.0
// Reads the BODYSTRUCTURE of a message record (imap_structure.h): what the
// header fields of each part say, without the message itself.
#ifndef ROOST_WIRE_IMAP_STRUCTURE_READ_H
#define ROOST_WIRE_IMAP_STRUCTURE_READ_H

#include "base/arena.h"
#include "wire/message_record.h"
#include "wire/param_value.h"

// The values of a part, as they stand in its fields, unfolded. A view without a
// value has a NULL ptr.
struct structure_part {
	struct view type, subtype; // in capitals, unless they are very long
	const struct param *params;
	size_t param_count;
	struct view id; // Content-ID, with its brackets; multiparts: NULL
	struct view disposition;
	const struct param *disposition_params;
	size_t disposition_param_count;
	const struct view *languages;
	size_t language_count;
	struct view location;
};

// Gives an array in the arena, one for each part of the record, in its order.
// If the record has only a plain description of a very large structure, types
// are as good as the part table knows them, and the rest is missing.
// RC_CORRUPT. The views point into the record or the arena.
MUST_CHECK enum rc imap_structure_read(struct arena *arena,
    const struct message_record *record, struct structure_part **ret_parts);

#endif

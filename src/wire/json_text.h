// SPDX-License-Identifier: Apache-2.0
// Writes JSON (RFC 8259) piece by piece, without a tree in memory. The caller
// keeps the grammar: a key, then its value; what was begun is ended. Commas are
// added here.
#ifndef ROOST_WIRE_JSON_TEXT_H
#define ROOST_WIRE_JSON_TEXT_H

#include <stdint.h>

#include "base/buf.h"

#define JSON_DEPTH_MAX 64 // of what is written

struct json_text {
	struct buf *out; // borrowed
	unsigned depth;
	uint64_t filled; // bit n: the object or array at depth n has a member
	bool keyed;      // a key was written, and its value follows
};

void json_text_init(struct json_text *text, struct buf *out);

void json_begin_object(struct json_text *text);
void json_end_object(struct json_text *text);
void json_begin_array(struct json_text *text);
void json_end_array(struct json_text *text);
void json_key(struct json_text *text, const char *name);
void json_key_view(struct json_text *text, struct view name);

// UTF-8. A byte that is not becomes U+FFFD; control characters are escaped.
void json_add_string(struct json_text *text, struct view value);
void json_add_u64(struct json_text *text, uint64_t value);
void json_add_i64(struct json_text *text, int64_t value);
void json_add_bool(struct json_text *text, bool value);
void json_add_null(struct json_text *text);
// "1996-12-20T00:39:57Z" (UTCDate of RFC 8620 section 1.4).
void json_add_utc_date(struct json_text *text, int64_t seconds);
// A value that is JSON already.
void json_add_raw(struct json_text *text, struct view json);

// A member with its key, in one call.
void json_member_string(
    struct json_text *text, const char *name, struct view value);
void json_member_u64(struct json_text *text, const char *name, uint64_t value);
void json_member_bool(struct json_text *text, const char *name, bool value);
void json_member_null(struct json_text *text, const char *name);

#endif

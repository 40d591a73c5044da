// SPDX-License-Identifier: Apache-2.0
// Chooses the header fields that are signed, and names them in h= (RFC 6376
// section 5.4). Fields of one name are signed from the last one up. If a second
// copy of a field would change what a person sees, the name is given once more
// than there are such fields, so that no field of that name can be added later
// (section 8.15).
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/vec.h"
#include "dkim/canon.h"
#include "dkim/impl.h"

enum over {
	ONLY_THERE, // sign the fields that are there
	MORE,       // if there is any, name it once more
	ALWAYS,     // name it once more, also if there is none
};

// The list of RFC 6376 section 5.4.1 and what was added later: Message-ID (a
// replayed message has the same one), and the fields that say how the body is
// read. Not signed are fields that are added (Received,
// Authentication-Results), changed (Return-Path) or removed (Bcc) on the way.
// Sender and the fields of mailing lists are signed only when they are there,
// because a list sets its own.
static const struct {
	struct view name;
	enum over over;
} chosen[] = {
    {{"from", 4}, ALWAYS},
    {{"to", 2}, ALWAYS},
    {{"cc", 2}, ALWAYS},
    {{"subject", 7}, ALWAYS},
    {{"date", 4}, ALWAYS},
    {{"reply-to", 8}, ALWAYS},
    {{"message-id", 10}, ALWAYS},
    {{"sender", 6}, ONLY_THERE},
    {{"in-reply-to", 11}, MORE},
    {{"references", 10}, MORE},
    {{"mime-version", 12}, MORE},
    {{"content-type", 12}, MORE},
    {{"content-transfer-encoding", 25}, MORE},
    {{"resent-date", 11}, ONLY_THERE},
    {{"resent-from", 11}, ONLY_THERE},
    {{"resent-to", 9}, ONLY_THERE},
    {{"resent-cc", 9}, ONLY_THERE},
    {{"list-id", 7}, ONLY_THERE},
    {{"list-help", 9}, ONLY_THERE},
    {{"list-unsubscribe", 16}, ONLY_THERE},
    // RFC 8058 section 4: this field must be signed.
    {{"list-unsubscribe-post", 21}, ONLY_THERE},
    {{"list-subscribe", 14}, ONLY_THERE},
    {{"list-post", 9}, ONLY_THERE},
    {{"list-owner", 10}, ONLY_THERE},
    {{"list-archive", 12}, ONLY_THERE},
};

#define NONE ((size_t)-1)

struct field {
	struct view text; // the whole field, without the CRLF at its end
	size_t above;     // index of the field of the same name before it; NONE
};

struct header {
	VEC(struct field) fields; // the chosen fields, in order
	// The index of the last field of each name; NONE.
	size_t last[ARRAY_LEN(chosen)];
};

static size_t find_name(struct view name)
{
	for (size_t i = 0; i < ARRAY_LEN(chosen); i++)
		if (view_eq_nocase(name, chosen[i].name))
			return i;
	return NONE;
}

static void add_field(struct header *header, struct view text)
{
	size_t colon = view_find_char(text, ':');
	if (colon == SIZE_MAX)
		return;
	size_t n = find_name(view_trim(view_slice(text, 0, colon)));
	if (n == NONE)
		return;
	size_t above = header->last[n];
	header->last[n] = header->fields.count;
	vec_push(&header->fields, (struct field){text, above});
}

// The length of the first field of `text`, including its CRLF. The field ends
// at a CRLF that no white space follows.
static size_t field_length(struct view text)
{
	size_t at = 0;
	for (;;) {
		const char *lf = memchr(text.ptr + at, '\n', text.len - at);
		if (!lf)
			return text.len;
		at = (size_t)(lf - text.ptr) + 1;
		bool crlf = at >= 2 && text.ptr[at - 2] == '\r';
		if (crlf && (at == text.len || !ascii_is_blank(text.ptr[at])))
			return at;
		if (at == text.len)
			return at;
	}
}

static void read_header(struct header *header, struct view text)
{
	*header = (struct header){0};
	for (size_t i = 0; i < ARRAY_LEN(chosen); i++)
		header->last[i] = NONE;
	while (text.len > 0) {
		size_t len = field_length(text);
		add_field(header, view_slice(text, 0, len));
		text = view_from(text, len);
	}
}

// Adds a name to h=, with a colon between names.
static void add_name(struct view name, struct buf *names)
{
	if (names->len > 0)
		buf_add_char(names, ':');
	buf_add(names, name);
}

static size_t sign_name(const struct header *header, size_t n, size_t room,
    void (*sink)(void *context, struct view bytes), void *context,
    struct buf *names)
{
	size_t count = 0;
	size_t at = header->last[n];
	struct buf canonical;
	buf_init(&canonical, SIZE_MAX / 2); // no longer than the header
	for (; at != NONE && count < room;
	     at = header->fields.items[at].above) {
		buf_reset(&canonical);
		dkim_canon_field(header->fields.items[at].text, &canonical);
		buf_add_literal(&canonical, "\r\n");
		sink(context, buf_view(&canonical));
		add_name(chosen[n].name, names);
		count++;
	}
	buf_done(&canonical);
	// NONE: there is no further field. Naming the field once more says so.
	bool more =
	    chosen[n].over == ALWAYS || (chosen[n].over == MORE && count > 0);
	if (more && at == NONE && count < room) {
		add_name(chosen[n].name, names);
		count++;
	}
	return count;
}

enum rc dkim_fields_choose(struct view text,
    void (*sink)(void *context, struct view bytes), void *context,
    struct buf *ret_names)
{
	struct header header;
	read_header(&header, text);
	// RFC 6376 section 5.4: From MUST be signed.
	if (header.last[0] == NONE) {
		vec_done(&header.fields);
		return RC_INVALID;
	}
	size_t room = DKIM_FIELDS_MAX;
	for (size_t i = 0; i < ARRAY_LEN(chosen); i++)
		room -= sign_name(&header, i, room, sink, context, ret_names);
	vec_done(&header.fields);
	return RC_OK;
}

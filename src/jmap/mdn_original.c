// SPDX-License-Identifier: Apache-2.0
#include "jmap/mdn_original.h"

#include "base/map.h"
#include "jmap/mdn.h"
#include "wire/field_write.h"
#include "wire/header_value.h"

#define VALUE_MAX 900 // with the field's name it stays in a line of SMTP

bool mdn_value_is_valid(struct view value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] < ' ' || value.ptr[i] > '~')
			return false;
	return value.len <= VALUE_MAX;
}

// Finds the only field of this name. False: there is none, or there are
// several.
static bool find_only(struct view header, struct view name, struct view *ret)
{
	struct header_field field;
	size_t count = 0;
	while (header_next(&header, &field))
		if (view_eq_nocase(field.name, name)) {
			*ret = field.value;
			count++;
		}
	return count == 1;
}

static struct view address_of(struct arena *arena, const struct address *of)
{
	struct buf text;
	buf_init(&text, SMTP_PATH_MAX * 2);
	header_email(of, &text);
	struct view copy = arena_copy(arena, buf_view(&text));
	bool good = buf_status(&text) == RC_OK;
	buf_done(&text);
	return good ? copy : VIEW("");
}

// RFC 8098 section 2.1: the field is there at most once. What in it is no
// address to send to is passed over.
MUST_CHECK static enum rc read_to(
    struct arena *arena, struct view header, struct mdn_original *original)
{
	struct view value;
	struct address_list list;
	struct smtp_mailbox mailbox;
	struct map seen;
	if (!find_only(header, VIEW("Disposition-Notification-To"), &value))
		return RC_NOT_FOUND;
	address_list_parse(arena, value, &list);
	original->to =
	    arena_alloc(arena, (list.count + 1) * sizeof(*original->to));
	map_init(&seen);
	for (const struct address *at = list.first; at; at = at->next) {
		struct view email =
		    at->host.ptr ? address_of(arena, at) : VIEW("");
		if (email.len > 0 &&
		    smtp_mailbox_parse(arena, email, NULL, &mailbox) == RC_OK &&
		    !map_put(&seen, email, original))
			original->to[original->to_count++] = email;
	}
	map_done(&seen);
	return original->to_count > 0 ? RC_OK : RC_NOT_FOUND;
}

// RFC 8098 section 2.1: there is one address, and it is that of Return-Path.
static bool may_be_automatic(struct arena *arena, struct view header,
    const struct mdn_original *original)
{
	struct view path;
	struct smtp_mailbox back, to;
	if (original->to_count != 1 ||
	    !find_only(header, VIEW("Return-Path"), &path))
		return false;
	path = view_trim(path);
	return smtp_path_parse(arena, &path, SMTP_PATH_REVERSE, NULL, &back) ==
		   RC_OK &&
	       smtp_mailbox_parse(arena, original->to[0], NULL, &to) == RC_OK &&
	       view_eq(back.local, to.local) &&
	       view_eq(back.domain_ascii, to.domain_ascii);
}

static struct view text_of(
    struct arena *arena, struct view header, struct view name)
{
	struct header_field field;
	struct charset_cache cache;
	struct buf text;
	if (!header_find(header, name, &field))
		return VIEW("");
	charset_cache_init(&cache);
	buf_init(&text, field.value.len * 8 + 100);
	header_text(&cache, field.value, &text);
	struct view copy = arena_copy(arena, buf_view(&text));
	buf_done(&text);
	charset_cache_done(&cache);
	return copy;
}

// Section 3.2.5.
static struct view message_id_of(struct arena *arena, struct view header)
{
	struct header_field field;
	struct view id;
	struct buf text;
	if (!header_find(header, VIEW("Message-ID"), &field) ||
	    !header_id_next(arena, &field.value, &id) ||
	    !field_id_is_valid(id) || !mdn_value_is_valid(id))
		return VIEW("");
	buf_init(&text, id.len + 2);
	buf_printf(&text, "<%.*s>", VIEW_FMT(id));
	struct view copy = arena_copy(arena, buf_view(&text));
	buf_done(&text);
	return copy;
}

// Section 3.2.3: with several such fields, as if there were none.
static struct view recipient_of(struct arena *arena, struct view header)
{
	struct view value;
	struct buf text;
	if (!find_only(header, VIEW("Original-Recipient"), &value))
		return VIEW("");
	buf_init(&text, value.len + 1);
	header_unfold(value, &text);
	struct view copy = arena_copy(arena, view_trim(buf_view(&text)));
	buf_done(&text);
	return mdn_recipient_is_valid(copy) && mdn_value_is_valid(copy)
		   ? copy
		   : VIEW("");
}

enum rc mdn_original_read(
    struct arena *arena, struct view header, struct mdn_original *ret_original)
{
	struct mdn_original original = {.to_count = 0};
	struct header_field field;
	enum rc rc = read_to(arena, header, &original);
	if (rc != RC_OK)
		return rc;
	original.may_be_automatic = may_be_automatic(arena, header, &original);
	original.is_mdn = header_find(header, VIEW("Content-Type"), &field) &&
			  mdn_is_report(arena, field.value);
	original.subject = text_of(arena, header, VIEW("Subject"));
	original.message_id = message_id_of(arena, header);
	original.recipient = recipient_of(arena, header);
	*ret_original = original;
	return RC_OK;
}

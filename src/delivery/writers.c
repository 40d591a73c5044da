// SPDX-License-Identifier: Apache-2.0
// As whom a user may write: From and Sender of a message that is submitted (RFC
// 6409 section 6.1). Readers trust a user's From, so it must have one meaning
// only (wire/mailbox_list.h), each of its addresses must be the user's, and its
// names must not hide addresses of others.
#include "base/ascii.h"
#include "delivery/impl.h"
#include "wire/encoded_word.h"
#include "wire/mailbox_list.h"

static enum delivery_allowed of_rc(enum rc rc)
{
	if (rc == RC_OK)
		return DELIVERY_ALLOWED;
	return rc == RC_DENIED ? DELIVERY_FORBIDDEN : DELIVERY_UNKNOWN;
}

// Writes an address of a header field in the envelope's syntax.
static bool as_mailbox(struct arena *arena,
    const struct mailbox_list_mailbox *from, struct smtp_mailbox *ret_mailbox)
{
	struct smtp_mailbox written = {
	    .local = from->local, .domain = from->domain};
	struct buf text;
	buf_init(&text, SMTP_MAILBOX_MAX * 2);
	smtp_mailbox_print(&written, &text);
	enum rc rc = buf_status(&text);
	if (rc == RC_OK)
		rc = smtp_mailbox_parse(arena,
		    arena_copy(arena, buf_view(&text)), NULL, ret_mailbox);
	buf_done(&text);
	return rc == RC_OK;
}

// ---- Names -----------------------------------------------------------------

static bool is_quote(char c)
{
	return c == '\'' || c == '"' || c == '`';
}

// The name without white space and quotes around it.
static struct view bare(struct view name)
{
	name = view_trim(name);
	while (name.len > 1 && is_quote(name.ptr[0]) &&
	       is_quote(name.ptr[name.len - 1]))
		name = view_trim(view_slice(name, 1, name.len - 2));
	return name;
}

// Whether the text is an address, and not one of the user's.
static enum delivery_allowed check_address(
    struct delivery *delivery, struct view text)
{
	struct smtp_mailbox mailbox;
	if (view_find_char(text, '@') == SIZE_MAX)
		return DELIVERY_ALLOWED;
	if (smtp_mailbox_parse(&delivery->scratch, text, NULL, &mailbox) !=
	    RC_OK)
		return DELIVERY_FORBIDDEN;
	return of_rc(route_may_send_as(
	    delivery->office->route, delivery->origin.user, &mailbox));
}

static bool is_one_word(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (ascii_is_space(text.ptr[i]))
			return false;
	return true;
}

// Looks for addresses in "<>".
static enum delivery_allowed check_brackets(
    struct delivery *delivery, struct view name)
{
	for (;;) {
		size_t open = view_find_char(name, '<');
		if (open == SIZE_MAX)
			return DELIVERY_ALLOWED;
		name = view_from(name, open + 1);
		struct view inside =
		    view_slice(name, 0, view_find_char(name, '>'));
		enum delivery_allowed allowed =
		    check_address(delivery, view_trim(inside));
		if (allowed != DELIVERY_ALLOWED)
			return allowed;
	}
}

// Some programs decode a field before they parse it, and some look for the
// first "<". So a name may not have an address of somebody else in "<>", and
// encoded words may not make one: an address needs no encoding, and is hidden
// in it from people and filters. A name that is plainly written as an address
// is a name.
static enum delivery_allowed check_name(
    struct delivery *delivery, struct view name)
{
	struct charset_cache cache;
	struct buf text;
	if (view_find(name, VIEW("=?")) == SIZE_MAX)
		return check_brackets(delivery, name);
	charset_cache_init(&cache);
	buf_init(&text, DELIVERY_HEADER_MAX * 4);
	encoded_word_decode(&cache, name, &text);
	charset_cache_done(&cache);
	struct view decoded = bare(buf_view(&text));
	enum delivery_allowed allowed = buf_status(&text) == RC_OK
					    ? check_brackets(delivery, decoded)
					    : DELIVERY_FORBIDDEN;
	if (allowed == DELIVERY_ALLOWED && is_one_word(decoded))
		allowed = check_address(delivery, decoded);
	buf_done(&text);
	return allowed;
}

// ---- The field -------------------------------------------------------------

static enum delivery_allowed check_list(struct delivery *delivery,
    const struct mailbox_list *list, struct view *ret_domain)
{
	for (size_t i = 0; i < list->count; i++) {
		struct smtp_mailbox mailbox;
		if (!as_mailbox(
			&delivery->scratch, &list->mailboxes[i], &mailbox))
			return DELIVERY_FORBIDDEN;
		enum delivery_allowed allowed = of_rc(route_may_send_as(
		    delivery->office->route, delivery->origin.user, &mailbox));
		if (allowed != DELIVERY_ALLOWED)
			return allowed;
		if (i == 0 && ret_domain)
			*ret_domain =
			    arena_copy(&delivery->arena, mailbox.domain_ascii);
	}
	for (size_t i = 0; i < list->name_count; i++) {
		enum delivery_allowed allowed =
		    check_name(delivery, list->names[i]);
		if (allowed == DELIVERY_FORBIDDEN)
			return DELIVERY_DISGUISED;
		if (allowed != DELIVERY_ALLOWED)
			return allowed;
	}
	return DELIVERY_ALLOWED;
}

enum delivery_allowed delivery_may_write_as(struct delivery *delivery,
    struct view value, bool is_sender, struct view *ret_domain)
{
	struct mailbox_list list;
	arena_reset(&delivery->scratch);
	if (mailbox_list_parse(&delivery->scratch, value, &list) != RC_OK)
		return DELIVERY_MALFORMED;
	if (list.count == 0)
		return DELIVERY_NO_ADDRESS;
	if (is_sender && (list.count > 1 || list.groups > 0))
		return DELIVERY_MALFORMED;
	return check_list(delivery, &list, ret_domain);
}

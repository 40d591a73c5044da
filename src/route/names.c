// SPDX-License-Identifier: Apache-2.0
// The one spelling of domains, addresses and targets.
#include "route/impl.h"
#include "wire/domain_name.h"

enum rc route_canonical_domain(struct arena *arena, struct view name,
    struct fault *fault, struct view *ret_name)
{
	enum rc rc =
	    domain_name_to_ascii(arena, name, DOMAIN_NAME_HOST, ret_name);
	if (rc == RC_OK)
		return rc;
	return fault_set(
	    fault, RC_INVALID, "\"%.*s\" is not a domain", VIEW_FMT(name));
}

enum rc route_canonical_alias(struct arena *arena, struct view address,
    struct fault *fault, struct view *ret_domain, struct view *ret_local)
{
	struct smtp_mailbox mailbox;
	enum rc rc = smtp_mailbox_parse(arena, address, NULL, &mailbox);
	if (rc != RC_OK)
		return fault_set(fault, RC_INVALID,
		    "\"%.*s\" is not an address", VIEW_FMT(address));
	if (mailbox.domain_is_literal)
		return fault_set(fault, RC_INVALID,
		    "%.*s: an alias needs a domain", VIEW_FMT(address));
	*ret_domain = mailbox.domain_ascii;
	*ret_local = smtp_local_fold(arena, mailbox.local);
	return RC_OK;
}

static enum rc user_target(struct route *route, struct arena *arena,
    struct view name, struct fault *fault, struct view *ret_target)
{
	struct auth_name prepared;
	struct auth_record record;
	enum rc rc =
	    auth_directory_lookup(route->engine, name, &prepared, &record);
	if (rc == RC_IO || rc == RC_CORRUPT)
		return fault_set(
		    fault, rc, "user %.*s: %s", VIEW_FMT(name), rc_text(rc));
	if (rc != RC_OK)
		return fault_set(fault, RC_INVALID,
		    "\"%.*s\" is neither an address nor a user",
		    VIEW_FMT(name));
	*ret_target = arena_copy(arena, auth_name_view(&prepared));
	return RC_OK;
}

enum rc route_canonical_target(struct route *route, struct arena *arena,
    struct view target, struct fault *fault, struct view *ret_target)
{
	struct smtp_mailbox mailbox;
	struct buf text;
	if (view_find_char(target, '@') == SIZE_MAX)
		return user_target(route, arena, target, fault, ret_target);
	enum rc rc = smtp_mailbox_parse(arena, target, NULL, &mailbox);
	if (rc != RC_OK)
		return fault_set(fault, RC_INVALID,
		    "\"%.*s\" is not an address", VIEW_FMT(target));
	buf_init(&text, ROUTE_TARGET_LEN_MAX);
	smtp_mailbox_print_ascii(&mailbox, &text);
	rc = buf_status(&text);
	*ret_target = arena_copy(arena, buf_view(&text));
	buf_done(&text);
	return rc;
}

struct view route_print_address(
    struct arena *arena, struct view local, struct view domain)
{
	struct smtp_mailbox mailbox = {
	    .local = local, .domain = domain, .domain_ascii = domain};
	struct buf text;
	buf_init(&text, 4096); // a folded local part may have grown
	smtp_mailbox_print_ascii(&mailbox, &text);
	struct view address = arena_copy(arena, buf_view(&text));
	buf_done(&text);
	return address;
}

size_t route_find_at(struct view name)
{
	for (size_t i = name.len; i > 0; i--)
		if (name.ptr[i - 1] == '@')
			return i - 1;
	return SIZE_MAX;
}

enum rc route_address_of(struct arena *arena, struct view name,
    struct view primary, struct view *ret_address)
{
	size_t at = route_find_at(name);
	struct view local = name;
	struct view domain = primary;
	if (at != SIZE_MAX) {
		local = view_slice(name, 0, at);
		if (local.len == 0 ||
		    domain_name_to_ascii(arena, view_from(name, at + 1),
			DOMAIN_NAME_HOST, &domain) != RC_OK)
			return RC_NOT_FOUND;
	}
	if (domain.len == 0)
		return RC_NOT_FOUND;
	*ret_address = route_print_address(arena, local, domain);
	return RC_OK;
}

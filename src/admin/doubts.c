// SPDX-License-Identifier: Apache-2.0
#include "admin/doubts.h"

#include "auth/prepare.h"

// How many addresses a warning names. It only counts the others.
#define NAMED_MAX 3
#define TEXT_MAX  ((size_t)8192)

static void set_doubt(struct verb_call *call, struct buf *doubt)
{
	if (doubt->len > 0)
		json_object_set_new(
		    call->answer, "doubt", link_text(buf_view(doubt)));
	buf_done(doubt);
}

static bool leads_to(const struct route_result *result, uint64_t account)
{
	for (size_t i = 0; i < result->count; i++)
		if (result->targets[i].kind == ROUTE_USER &&
		    result->targets[i].account == account)
			return true;
	return false;
}

static bool resolve(struct verb_call *call, struct arena *arena,
    struct view address, struct smtp_mailbox *ret_mailbox,
    struct route_result *ret_result)
{
	return smtp_mailbox_parse(arena, address, NULL, ret_mailbox) == RC_OK &&
	       route_resolve(call->host->route, arena, ret_mailbox, NULL,
		   ret_result) == RC_OK;
}

// ---- Users -----------------------------------------------------------------

void doubts_user(struct verb_call *call, struct arena *arena, uint64_t account)
{
	struct auth_user user = {.account = account};
	struct smtp_mailbox mailbox;
	struct route_result result;
	struct view address;
	struct buf doubt;
	struct route *route = call->host->route;
	if (!route ||
	    auth_name_prepare(link_member(call->request, "user"), NULL,
		&user.name) != RC_OK ||
	    route_user_address(route, &user, arena, &address) != RC_OK ||
	    !resolve(call, arena, address, &mailbox, &result))
		return;
	json_object_set_new(call->answer, "address", link_text(address));
	if (leads_to(&result, account))
		return;
	buf_init(&doubt, TEXT_MAX);
	if (result.verdict == ROUTE_FOREIGN)
		buf_printf(&doubt,
		    "%.*s is not a domain of ours: roost domain add %.*s",
		    VIEW_FMT(mailbox.domain_ascii),
		    VIEW_FMT(mailbox.domain_ascii));
	else
		buf_printf(&doubt,
		    "mail for %.*s does not reach this user: see roost route",
		    VIEW_FMT(address));
	set_doubt(call, &doubt);
}

// ---- Aliases ---------------------------------------------------------------

// Finds the user whose own address is `mailbox`. False if nobody has it, or if
// `mailbox` has a detail.
static bool find_owner(struct verb_call *call, struct arena *arena,
    const struct smtp_mailbox *mailbox, struct route_target *ret_owner)
{
	struct route_result users;
	struct smtp_mailbox own;
	if (route_resolve_user(call->host->route, arena, mailbox, &users) !=
		RC_OK ||
	    users.count != 1 ||
	    smtp_mailbox_parse(arena, users.targets[0].address, NULL, &own) !=
		RC_OK)
		return false;
	*ret_owner = users.targets[0];
	return view_eq(own.domain_ascii, mailbox->domain_ascii) &&
	       view_eq(smtp_local_fold(arena, own.local),
		   smtp_local_fold(arena, mailbox->local));
}

static void add_taken(struct verb_call *call, struct arena *arena,
    const struct smtp_mailbox *mailbox, const struct route_result *result,
    struct buf *doubt)
{
	struct route_target owner;
	if (!find_owner(call, arena, mailbox, &owner) ||
	    leads_to(result, owner.account))
		return;
	buf_printf(doubt,
	    "%sthe user %.*s, whose address it is, does not get that mail any "
	    "more (to change that: roost alias add %.*s %.*s)",
	    doubt->len > 0 ? "; and " : "", VIEW_FMT(owner.user),
	    VIEW_FMT(owner.address), VIEW_FMT(owner.address));
}

void doubts_alias(
    struct verb_call *call, struct arena *arena, struct view address)
{
	struct smtp_mailbox mailbox;
	struct route_result result;
	struct buf doubt;
	if (!resolve(call, arena, address, &mailbox, &result))
		return;
	buf_init(&doubt, TEXT_MAX);
	switch (result.verdict) {
	case ROUTE_OK:
	case ROUTE_FOREIGN: break;
	case ROUTE_UNKNOWN:
		buf_add_literal(&doubt, "it leads to nobody");
		break;
	case ROUTE_DISABLED:
		buf_add_literal(
		    &doubt, "it leads to nobody who is not disabled");
		break;
	case ROUTE_LOOP:
		buf_add_literal(&doubt, "it is a loop, or leads to too many");
		break;
	}
	add_taken(call, arena, &mailbox, &result, &doubt);
	set_doubt(call, &doubt);
}

void doubts_alias_less(
    struct verb_call *call, struct arena *arena, struct view address)
{
	struct smtp_mailbox mailbox;
	struct route_result result;
	struct buf doubt;
	if (!resolve(call, arena, address, &mailbox, &result))
		return;
	buf_init(&doubt, TEXT_MAX);
	add_taken(call, arena, &mailbox, &result, &doubt);
	set_doubt(call, &doubt);
}

// ---- Domains ---------------------------------------------------------------

// True if the user's address is in `domain`, but mail for it does not reach the
// user.
static bool misses_mail(struct verb_call *call, struct arena *arena,
    const struct auth_user *user, struct view domain, struct view *ret_address)
{
	struct smtp_mailbox mailbox;
	struct route_result result;
	return route_user_address(
		   call->host->route, user, arena, ret_address) == RC_OK &&
	       view_ends_with(*ret_address, domain) &&
	       resolve(call, arena, *ret_address, &mailbox, &result) &&
	       view_eq(mailbox.domain_ascii, domain) &&
	       result.verdict != ROUTE_DISABLED &&
	       !leads_to(&result, user->account);
}

void doubts_domain(
    struct verb_call *call, struct arena *arena, struct view domain)
{
	struct auth_user user = {.name = {""}};
	struct auth_record record;
	struct arena each;
	struct buf named, doubt;
	size_t count = 0;
	enum rc rc;
	domain = arena_copy(arena, domain);
	arena_init(&each);
	buf_init(&named, TEXT_MAX);
	for (;;) {
		struct view address;
		rc = auth_directory_next(
		    call->host->engine, &user.name, &user.name, &record);
		if (rc != RC_OK && rc != RC_CORRUPT)
			break;
		user.account = record.account;
		if (rc != RC_OK || record.disabled ||
		    !misses_mail(call, &each, &user, domain, &address))
			continue;
		if (count++ < NAMED_MAX)
			buf_printf(&named, "%s%.*s (user %s)",
			    named.len > 0 ? ", " : "", VIEW_FMT(address),
			    user.name.text);
		arena_reset(&each);
	}
	buf_init(&doubt, TEXT_MAX);
	if (count > NAMED_MAX)
		buf_printf(&named, " and %zu more", count - NAMED_MAX);
	if (count > 0)
		buf_printf(&doubt,
		    "mail does not reach the users who have these addresses: "
		    "%.*s; see roost route",
		    VIEW_FMT(buf_view(&named)));
	set_doubt(call, &doubt);
	buf_done(&named);
	arena_done(&each);
}

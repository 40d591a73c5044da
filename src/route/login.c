// SPDX-License-Identifier: Apache-2.0
// Finds the user who logs in with a name: by name, by address, and by a chain
// of aliases from an address to one user. About the same amount is read for a
// name that exists and for one that does not, so that the time reveals nothing.
#include <string.h>

#include "route/impl.h"
#include "wire/domain_name.h"

// ---- Users -----------------------------------------------------------------

enum rc route_find_user(struct engine *engine, struct view name,
    struct auth_name *ret_name, struct auth_record *ret_record)
{
	enum rc rc = auth_directory_lookup(engine, name, ret_name, ret_record);
	if (rc == RC_SYNTAX || rc == RC_INVALID || rc == RC_LIMIT)
		return RC_NOT_FOUND;
	return rc;
}

enum rc route_find_user_at(struct engine *engine, struct arena *arena,
    struct view local, struct view domain, struct view primary,
    struct auth_name *ret_name, struct auth_record *ret_record)
{
	struct buf name;
	enum rc rc;
	if (view_find_char(local, '@') != SIZE_MAX)
		return RC_NOT_FOUND;
	buf_init(&name, SMTP_LOCAL_MAX + 1 + DOMAIN_NAME_INPUT_MAX);
	buf_add(&name, local);
	buf_add_char(&name, '@');
	buf_add(&name, domain);
	rc = route_find_user(engine, buf_view(&name), ret_name, ret_record);
	if (rc == RC_NOT_FOUND && view_find(domain, VIEW("xn--")) != SIZE_MAX) {
		buf_truncate(&name, local.len + 1);
		buf_add(&name, domain_name_to_unicode(arena, domain));
		rc = route_find_user(
		    engine, buf_view(&name), ret_name, ret_record);
	}
	if (rc == RC_NOT_FOUND && view_eq(domain, primary))
		rc = route_find_user(engine, local, ret_name, ret_record);
	buf_done(&name);
	return rc;
}

// ---- A chain of aliases ----------------------------------------------------

struct login {
	struct route *route;
	struct arena *arena;
	struct engine_snapshot *from;
	struct view primary;
	struct auth_name *name; // the result
};

// An address on the way to the user.
struct stop {
	struct view local;
	struct view domain; // canonical, not a domain alias
	bool ours;
	// The key of the alias that leads here; its target may be its own name.
	struct view from_key;
};

static enum rc find_user(struct login *login, struct view local,
    struct view domain, struct auth_name *ret_name)
{
	struct auth_record record;
	enum rc rc = route_find_user_at(login->route->engine, login->arena,
	    local, domain, login->primary, ret_name, &record);
	explicit_bzero(&record, sizeof(record));
	return rc;
}

// Gets the only target of the alias; empty if it has several.
static enum rc find_alias(struct login *login, const struct stop *stop,
    struct view local, struct view *ret_key, struct view *ret_target)
{
	struct view *targets;
	size_t count;
	struct view key = route_alias_key(
	    login->arena, stop->domain, smtp_local_fold(login->arena, local));
	if (!stop->ours || view_eq(key, stop->from_key))
		return RC_NOT_FOUND;
	enum rc rc =
	    route_read_alias(login->from, login->arena, key, &targets, &count);
	if (rc != RC_OK)
		return rc;
	*ret_key = key;
	*ret_target = count == 1 ? targets[0] : VIEW("");
	return RC_OK;
}

// Finds out what a name at this stop is. RC_OK: a user, written to login->name;
// or an alias, if `ret_target` is not empty. RC_NOT_FOUND: it is neither, or it
// is an alias with several targets, and then `*ret_over` is set.
static enum rc try_local(struct login *login, const struct stop *stop,
    struct view local, struct view *ret_key, struct view *ret_target,
    bool *ret_over)
{
	struct view target = VIEW("");
	struct auth_name name;
	enum rc user = find_user(login, local, stop->domain, &name);
	enum rc alias = find_alias(login, stop, local, ret_key, &target);
	if (user != RC_OK && user != RC_NOT_FOUND)
		return user;
	if (alias != RC_OK && alias != RC_NOT_FOUND)
		return alias;
	// For mail, an alias comes before a user of the same name. Here the
	// user comes first: an alias must not lock the user out, or let the
	// user log in as somebody else.
	bool at_first = stop->from_key.len == 0;
	if (user == RC_OK && (at_first || alias != RC_OK)) {
		*login->name = name;
		return RC_OK;
	}
	if (alias != RC_OK)
		return RC_NOT_FOUND;
	*ret_target = target;
	*ret_over = target.len == 0;
	return *ret_over ? RC_NOT_FOUND : RC_OK;
}

// The local part without its detail.
static struct view without_detail(struct view local)
{
	size_t plus = view_find_char(local, '+');
	return plus == 0 ? local : view_slice(local, 0, plus);
}

static enum rc try_stop(struct login *login, const struct stop *stop,
    struct view *ret_key, struct view *ret_target)
{
	bool over = false;
	*ret_target = VIEW("");
	enum rc rc =
	    try_local(login, stop, stop->local, ret_key, ret_target, &over);
	struct view plain = without_detail(stop->local);
	if (rc == RC_NOT_FOUND && !over && plain.len < stop->local.len)
		rc = try_local(login, stop, plain, ret_key, ret_target, &over);
	return rc;
}

static enum rc stop_at(struct login *login, const struct smtp_mailbox *address,
    struct view from_key, struct stop *ret_stop)
{
	struct route_domain domain;
	struct stop stop = {.local = address->local,
	    .domain = address->domain_ascii,
	    .from_key = from_key};
	enum rc rc = RC_NOT_FOUND;
	if (stop.domain.len > 0 && !address->domain_is_literal)
		rc = route_read_domain(
		    login->from, login->arena, stop.domain, &domain);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	stop.ours = rc == RC_OK;
	if (stop.ours && domain.alias_of.len > 0)
		stop.domain = domain.alias_of;
	*ret_stop = stop;
	return RC_OK;
}

static enum rc follow(struct login *login, struct stop stop)
{
	struct smtp_mailbox mailbox;
	struct auth_record record;
	struct view target;
	struct view key = VIEW("");
	for (int aliases = 0; aliases <= ROUTE_ALIASES_MAX; aliases++) {
		enum rc rc = try_stop(login, &stop, &key, &target);
		if (rc != RC_OK || target.len == 0)
			return rc;
		if (view_find_char(target, '@') == SIZE_MAX) {
			rc = route_find_user(
			    login->route->engine, target, login->name, &record);
			explicit_bzero(&record, sizeof(record));
			return rc;
		}
		if (smtp_mailbox_parse(login->arena, target, NULL, &mailbox) !=
		    RC_OK)
			return RC_NOT_FOUND;
		rc = stop_at(login, &mailbox, key, &stop);
		if (rc != RC_OK)
			return rc;
		if (!stop.ours)
			return RC_NOT_FOUND; // the alias leads to another
					     // server
	}
	return RC_NOT_FOUND; // a loop, or too many aliases
}

// ---- A name ----------------------------------------------------------------

// The name in its prepared form, or as it is if it cannot be prepared.
static void name_or_text(struct view name, struct auth_name *ret_name)
{
	if (auth_name_prepare(name, NULL, ret_name) == RC_OK)
		return;
	size_t len = name.len < AUTH_NAME_MAX ? name.len : AUTH_NAME_MAX;
	if (len > 0)
		memcpy(ret_name->text, name.ptr, len);
	ret_name->text[len] = '\0';
}

// The address that the name is, or that it is in the primary domain.
static enum rc parse_name(
    struct login *login, struct view name, struct smtp_mailbox *ret_address)
{
	struct view text = name;
	if (name.len == 0)
		return RC_NOT_FOUND;
	if (route_find_at(name) == SIZE_MAX) {
		if (login->primary.len == 0)
			return RC_NOT_FOUND;
		text = route_print_address(login->arena, name, login->primary);
	}
	if (smtp_mailbox_parse(login->arena, text, NULL, ret_address) != RC_OK)
		return RC_NOT_FOUND;
	return RC_OK;
}

static enum rc find_by_address(struct login *login, struct view name)
{
	struct smtp_mailbox address;
	struct stop stop;
	enum rc rc =
	    route_read_primary(login->from, login->arena, &login->primary);
	if (rc == RC_OK)
		rc = parse_name(login, name, &address);
	if (rc == RC_OK)
		rc = stop_at(login, &address, VIEW(""), &stop);
	if (rc != RC_OK)
		return rc;
	struct view spelling = route_print_address(
	    login->arena, without_detail(stop.local), stop.domain);
	if (spelling.len <= AUTH_NAME_MAX)
		name_or_text(spelling, login->name);
	return follow(login, stop);
}

enum rc route_login_name(
    struct route *route, struct view name, struct auth_name *ret_name)
{
	struct auth_name given, exact, found;
	struct auth_record record;
	struct arena arena;
	name_or_text(name, &given);
	found = given;
	enum rc rc = route_find_user(
	    route->engine, auth_name_view(&given), &exact, &record);
	bool is_exact = rc == RC_OK;
	explicit_bzero(&record, sizeof(record));
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	// This is done for a known name as well, so that both cases do the same
	// work.
	struct login login = {.route = route, .arena = &arena, .name = &found};
	rc = engine_snapshot_open(route->engine, ROUTE_PARTITION, &login.from);
	if (rc != RC_OK)
		return rc;
	arena_init(&arena);
	rc = find_by_address(&login, auth_name_view(&given));
	arena_done(&arena);
	engine_snapshot_close(&login.from);
	*ret_name = is_exact ? exact : found;
	return is_exact ? RC_OK : rc;
}

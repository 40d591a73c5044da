// SPDX-License-Identifier: Apache-2.0
// Requests about domains and aliases.
#include "admin/doubts.h"
#include "wire/domain_name.h"

enum rc verb_need_route(const struct verb_call *call, struct fault *fault)
{
	if (call->host->route)
		return RC_OK;
	return fault_set(fault, RC_UNSUPPORTED, "this server carries no mail");
}

// Adds the member "shown" if people read the domain or address in another form:
// the domain is then in Unicode.
static void add_shown(json_t *to, struct arena *arena, struct view address)
{
	size_t at = address.len;
	struct buf shown;
	while (at > 0 && address.ptr[at - 1] != '@')
		at--;
	buf_init(&shown, 8192);
	buf_add(&shown, view_slice(address, 0, at));
	buf_add(&shown, domain_name_to_unicode(arena, view_from(address, at)));
	if (!view_eq(buf_view(&shown), address))
		json_object_set_new(to, "shown", link_text(buf_view(&shown)));
	buf_done(&shown);
}

static void set_text(json_t *to, const char *key, struct view text)
{
	json_object_set_new(to, key, link_text(text));
}

static bool has(const struct verb_call *call, const char *key)
{
	return json_object_get(call->request, key);
}

// ---- Domains ---------------------------------------------------------------

enum rc verb_find_domain(struct verb_call *call, struct arena *arena,
    struct fault *fault, struct route_domain *ret_domain)
{
	struct view name = link_member(call->request, "domain");
	enum rc rc = verb_need_route(call, fault);
	if (rc != RC_OK)
		return rc;
	rc = route_domain_find(call->host->route, name, arena, ret_domain);
	if (rc == RC_NOT_FOUND)
		return fault_set(
		    fault, rc, "%.*s is not a domain of ours", VIEW_FMT(name));
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "domain %.*s: %s", VIEW_FMT(name), rc_text(rc));
	return rc;
}

static void describe(
    json_t *to, struct arena *arena, const struct route_domain *domain)
{
	set_text(to, "domain", domain->name);
	add_shown(to, arena, domain->name);
	set_text(to, "alias_of", domain->alias_of);
	set_text(to, "catch_all", domain->catch_all);
	json_object_set_new(to, "primary", json_boolean(domain->primary));
}

// Copies the settings that the request has into `domain`, and leaves the
// others.
static void take_members(
    const struct verb_call *call, struct route_domain *domain)
{
	if (has(call, "alias_of"))
		domain->alias_of = link_member(call->request, "alias_of");
	if (has(call, "catch_all"))
		domain->catch_all = link_member(call->request, "catch_all");
	if (json_is_true(json_object_get(call->request, "primary")))
		domain->primary = true;
}

// Puts the domain's new state into the answer. With `moved`, also warns about
// users whom mail no longer reaches.
static enum rc answer_domain(struct verb_call *call, struct arena *arena,
    bool moved, struct fault *fault)
{
	struct route_domain domain;
	enum rc rc = verb_find_domain(call, arena, fault, &domain);
	if (rc != RC_OK)
		return rc;
	describe(call->answer, arena, &domain);
	if (moved)
		doubts_domain(call, arena, domain.name);
	return rc;
}

enum rc verb_domain_add(struct verb_call *call, struct fault *fault)
{
	struct arena arena;
	struct route_domain domain = {
	    .name = link_member(call->request, "domain")};
	enum rc rc = verb_need_route(call, fault);
	if (rc != RC_OK)
		return rc;
	arena_init(&arena);
	take_members(call, &domain);
	rc = route_domain_add(call->host->route, &domain, fault);
	if (rc == RC_OK)
		rc = answer_domain(call, &arena, true, fault);
	arena_done(&arena);
	return rc;
}

enum rc verb_domain_set(struct verb_call *call, struct fault *fault)
{
	struct arena arena;
	struct route_domain domain;
	arena_init(&arena);
	enum rc rc = verb_find_domain(call, &arena, fault, &domain);
	if (rc == RC_OK) {
		take_members(call, &domain);
		rc = route_domain_set(call->host->route, &domain, fault);
	}
	if (rc == RC_OK)
		rc = answer_domain(call, &arena,
		    has(call, "alias_of") || has(call, "primary"), fault);
	arena_done(&arena);
	return rc;
}

enum rc verb_domain_remove(struct verb_call *call, struct fault *fault)
{
	enum rc rc = verb_need_route(call, fault);
	if (rc == RC_OK)
		rc = route_domain_remove(call->host->route,
		    link_member(call->request, "domain"), fault);
	return rc;
}

enum rc verb_domain_list(struct verb_call *call, struct fault *fault)
{
	struct arena arena;
	struct route_domain domain = {.name = VIEW("")};
	char name[DOMAIN_NAME_MAX];
	enum rc rc = verb_need_route(call, fault);
	arena_init(&arena);
	while (rc == RC_OK) {
		struct view after = view_of(name, domain.name.len);
		rc = route_domain_next(
		    call->host->route, after, &arena, &domain);
		if (rc != RC_OK)
			break;
		json_t *note = json_pack("{s:s}", "note", "domain");
		describe(note, &arena, &domain);
		rc = link_send(call->link, note, VIEW(""));
		memcpy(name, domain.name.ptr, domain.name.len);
		arena_reset(&arena);
	}
	arena_done(&arena);
	return rc == RC_END ? RC_OK : rc;
}

// ---- Aliases ---------------------------------------------------------------

// Reads the names in the request's "targets".
static enum rc take_targets(const struct verb_call *call, struct arena *arena,
    struct fault *fault, struct route_alias *alias)
{
	const json_t *list = json_object_get(call->request, "targets");
	size_t count = json_array_size(list);
	if (count > ROUTE_TARGETS_MAX)
		return fault_set(fault, RC_LIMIT,
		    "an alias leads to at most %d", ROUTE_TARGETS_MAX);
	alias->address = link_member(call->request, "address");
	alias->targets = arena_alloc(arena, (count + 1) * sizeof(struct view));
	alias->count = count;
	for (size_t i = 0; i < count; i++) {
		const json_t *text = json_array_get(list, i);
		alias->targets[i] =
		    view_of(json_string_value(text), json_string_length(text));
	}
	return RC_OK;
}

enum rc verb_alias_add(struct verb_call *call, struct fault *fault)
{
	struct arena arena;
	struct route_alias alias;
	enum rc rc = verb_need_route(call, fault);
	if (rc != RC_OK)
		return rc;
	arena_init(&arena);
	rc = take_targets(call, &arena, fault, &alias);
	if (rc == RC_OK)
		rc = route_alias_add(call->host->route, &alias, fault);
	if (rc == RC_OK)
		doubts_alias(call, &arena, alias.address);
	arena_done(&arena);
	return rc;
}

enum rc verb_alias_remove(struct verb_call *call, struct fault *fault)
{
	struct arena arena;
	struct route_alias alias;
	enum rc rc = verb_need_route(call, fault);
	if (rc != RC_OK)
		return rc;
	arena_init(&arena);
	rc = take_targets(call, &arena, fault, &alias);
	if (rc == RC_OK && alias.count > 0)
		rc = route_alias_subtract(call->host->route, &alias, fault);
	else if (rc == RC_OK)
		rc =
		    route_alias_remove(call->host->route, alias.address, fault);
	if (rc == RC_OK)
		doubts_alias_less(call, &arena, alias.address);
	arena_done(&arena);
	return rc;
}

static enum rc send_alias(struct verb_call *call, struct arena *arena,
    const struct route_alias *alias)
{
	json_t *note = json_pack("{s:s}", "note", "alias");
	json_t *targets = json_array();
	for (size_t i = 0; i < alias->count; i++)
		json_array_append_new(targets, link_text(alias->targets[i]));
	set_text(note, "address", alias->address);
	add_shown(note, arena, alias->address);
	json_object_set_new(note, "targets", targets);
	return link_send(call->link, note, VIEW(""));
}

// Sends all aliases, or only those of the domain in the request.
static enum rc send_aliases(
    struct verb_call *call, struct view domain, struct fault *fault)
{
	struct arena arena;
	struct route_alias alias;
	struct buf after;
	enum rc rc = RC_OK;
	arena_init(&arena);
	buf_init(&after, 8192);
	if (domain.len > 0)
		buf_printf(&after, "@%.*s", VIEW_FMT(domain));
	while (rc == RC_OK) {
		arena_reset(&arena);
		rc = route_alias_next(
		    call->host->route, buf_view(&after), &arena, &alias);
		if (rc == RC_CORRUPT)
			rc = fault_set(fault, rc,
			    "an alias after %.*s is "
			    "damaged",
			    VIEW_FMT(buf_view(&after)));
		if (rc != RC_OK)
			break;
		buf_reset(&after);
		buf_printf(&after, "@%.*s", VIEW_FMT(domain));
		if (domain.len > 0 &&
		    !view_ends_with(alias.address, buf_view(&after)))
			break;
		buf_reset(&after);
		buf_add(&after, alias.address);
		rc = send_alias(call, &arena, &alias);
	}
	buf_done(&after);
	arena_done(&arena);
	return rc == RC_END ? RC_OK : rc;
}

enum rc verb_alias_list(struct verb_call *call, struct fault *fault)
{
	struct arena arena;
	struct route_domain domain = {.name = VIEW("")};
	arena_init(&arena);
	enum rc rc = verb_need_route(call, fault);
	if (rc == RC_OK && has(call, "domain"))
		rc = verb_find_domain(call, &arena, fault, &domain);
	if (rc == RC_OK)
		rc = send_aliases(call, domain.name, fault);
	arena_done(&arena);
	return rc;
}

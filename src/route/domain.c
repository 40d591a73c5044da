// SPDX-License-Identifier: Apache-2.0
// Local domains. The primary one is stored under a key of its own, so that
// there is never more than one.
#include "base/ascii.h"
#include "route/impl.h"

static enum rc no_such_domain(struct fault *fault, struct view name)
{
	return fault_set(fault, RC_NOT_FOUND, "%.*s is not a domain of ours",
	    VIEW_FMT(name));
}

// ---- What else is there ----------------------------------------------------

static enum rc note_key(void *context, struct view key, struct view value)
{
	bool *has = context;
	(void)key;
	(void)value;
	*has = true;
	return RC_END;
}

// Whether the domain has an alias.
static enum rc has_aliases(struct engine_snapshot *from, struct arena *arena,
    struct view domain, bool *ret_has)
{
	*ret_has = false;
	return engine_snapshot_scan(from,
	    route_alias_key(arena, domain, VIEW("")), VIEW(""), note_key,
	    ret_has);
}

struct look {
	struct arena *arena;
	struct view domain;
	size_t count;
	struct view stand_in;
};

static enum rc look_at(void *context, struct view key, struct view value)
{
	struct look *look = context;
	struct route_domain other;
	look->count++;
	if (route_domain_decode(value, &other) == RC_OK &&
	    view_eq(other.alias_of, look->domain))
		look->stand_in = arena_copy(look->arena,
		    view_from(key, sizeof(ROUTE_DOMAIN_PREFIX) - 1));
	return RC_OK;
}

// Counts the domains, and finds one that stands for `domain` (empty: there is
// none).
static enum rc look_around(struct engine_snapshot *from, struct arena *arena,
    struct view domain, size_t *ret_count, struct view *ret_stand_in)
{
	struct look look = {.arena = arena, .domain = domain};
	enum rc rc = engine_snapshot_scan(
	    from, VIEW(ROUTE_DOMAIN_PREFIX), VIEW(""), look_at, &look);
	*ret_count = look.count;
	*ret_stand_in = look.stand_in;
	return rc;
}

// RC_IN_USE if the domain has aliases, or other domains stand for it.
static enum rc check_unused(const struct route_change *change,
    struct arena *arena, struct engine_snapshot *from, struct view name,
    size_t *ret_count)
{
	struct view stand_in;
	bool has;
	enum rc rc = has_aliases(from, arena, name, &has);
	if (rc == RC_OK)
		rc = look_around(from, arena, name, ret_count, &stand_in);
	if (rc != RC_OK)
		return rc;
	if (has)
		return fault_set(change->fault, RC_IN_USE,
		    "%.*s has aliases: remove them first", VIEW_FMT(name));
	if (stand_in.len > 0)
		return fault_set(change->fault, RC_IN_USE,
		    "%.*s is an alias of %.*s: remove it first",
		    VIEW_FMT(stand_in), VIEW_FMT(name));
	return RC_OK;
}

// ---- Adding and changing ---------------------------------------------------

static enum rc check_alias_of(const struct route_change *change,
    struct arena *arena, struct engine_snapshot *from,
    const struct route_domain *domain)
{
	struct route_domain other;
	if (view_eq(domain->alias_of, domain->name))
		return fault_set(change->fault, RC_INVALID,
		    "%.*s cannot be an alias of itself",
		    VIEW_FMT(domain->name));
	if (domain->catch_all.len > 0)
		return fault_set(change->fault, RC_INVALID,
		    "a domain that stands for another one cannot have a "
		    "catch-all of its own");
	if (domain->primary)
		return fault_set(change->fault, RC_INVALID,
		    "the primary domain cannot be an alias");
	enum rc rc = route_read_domain(from, arena, domain->alias_of, &other);
	if (rc == RC_NOT_FOUND)
		return fault_set(change->fault, RC_INVALID,
		    "%.*s is not a domain of ours", VIEW_FMT(domain->alias_of));
	if (rc == RC_OK && other.alias_of.len > 0)
		return fault_set(change->fault, RC_INVALID,
		    "%.*s is an alias itself, of %.*s", VIEW_FMT(other.name),
		    VIEW_FMT(other.alias_of));
	return rc;
}

static void put_domain(struct engine_batch *batch, struct arena *arena,
    const struct route_domain *domain)
{
	struct buf value;
	buf_init(&value, ROUTE_DOMAIN_RECORD_MAX);
	route_domain_encode(domain, &value);
	engine_batch_put(
	    batch, route_domain_key(arena, domain->name), buf_view(&value));
	buf_done(&value);
	if (domain->primary)
		engine_batch_put(batch, VIEW(ROUTE_PRIMARY_KEY), domain->name);
}

static enum rc make_add(const struct route_change *change, struct arena *arena,
    struct engine_snapshot *from, struct engine_batch *batch)
{
	struct route_domain domain = *(const struct route_domain *)change->what;
	struct route_domain old;
	struct view primary;
	enum rc rc = route_read_domain(from, arena, domain.name, &old);
	if (rc == RC_OK || rc == RC_CORRUPT)
		return fault_set(change->fault, RC_EXISTS,
		    "%.*s is a domain of ours already", VIEW_FMT(domain.name));
	if (rc != RC_NOT_FOUND)
		return rc;
	rc = route_read_primary(from, arena, &primary);
	if (rc == RC_OK && domain.alias_of.len > 0)
		rc = check_alias_of(change, arena, from, &domain);
	if (rc != RC_OK)
		return rc;
	domain.primary = domain.primary || primary.len == 0;
	put_domain(batch, arena, &domain);
	return RC_OK;
}

static enum rc make_set(const struct route_change *change, struct arena *arena,
    struct engine_snapshot *from, struct engine_batch *batch)
{
	const struct route_domain *domain = change->what;
	struct route_domain old;
	size_t count;
	enum rc rc = route_read_domain(from, arena, domain->name, &old);
	if (rc == RC_NOT_FOUND)
		return no_such_domain(change->fault, domain->name);
	if (rc != RC_OK)
		return rc;
	if (old.primary && !domain->primary)
		return fault_set(change->fault, RC_INVALID,
		    "%.*s is the primary domain until another one is",
		    VIEW_FMT(domain->name));
	if (domain->alias_of.len > 0) {
		rc = check_alias_of(change, arena, from, domain);
		if (rc == RC_OK)
			rc = check_unused(
			    change, arena, from, domain->name, &count);
	}
	if (rc == RC_OK)
		put_domain(batch, arena, domain);
	return rc;
}

// RFC 1123 section 2.1: a name whose last label is digits is an IPv4 address.
static bool is_number(struct view name)
{
	for (size_t i = name.len; i > 0 && name.ptr[i - 1] != '.'; i--)
		if (!ascii_is_digit(name.ptr[i - 1]))
			return false;
	return true;
}

// Brings the names into their one spelling, then makes the change.
static enum rc change_domain(struct route *route,
    const struct route_domain *domain,
    enum rc (*make)(const struct route_change *change, struct arena *arena,
	struct engine_snapshot *from, struct engine_batch *batch),
    struct fault *fault)
{
	struct route_domain canonical = {.primary = domain->primary};
	struct arena arena;
	arena_init(&arena);
	enum rc rc = route_canonical_domain(
	    &arena, domain->name, fault, &canonical.name);
	if (rc == RC_OK && is_number(canonical.name))
		rc = fault_set(fault, RC_INVALID,
		    "\"%.*s\" is an IP address, not a domain",
		    VIEW_FMT(canonical.name));
	if (rc == RC_OK && domain->alias_of.len > 0)
		rc = route_canonical_domain(
		    &arena, domain->alias_of, fault, &canonical.alias_of);
	if (rc == RC_OK && domain->catch_all.len > 0)
		rc = route_canonical_target(route, &arena, domain->catch_all,
		    fault, &canonical.catch_all);
	if (rc == RC_OK)
		rc = route_carry_out(
		    route, &(struct route_change){make, &canonical, fault});
	arena_done(&arena);
	return rc;
}

enum rc route_domain_add(
    struct route *route, const struct route_domain *domain, struct fault *fault)
{
	return change_domain(route, domain, make_add, fault);
}

enum rc route_domain_set(
    struct route *route, const struct route_domain *domain, struct fault *fault)
{
	return change_domain(route, domain, make_set, fault);
}

// ---- Removing --------------------------------------------------------------

static enum rc make_remove(const struct route_change *change,
    struct arena *arena, struct engine_snapshot *from,
    struct engine_batch *batch)
{
	const struct view *name = change->what;
	struct view key = route_domain_key(arena, *name);
	struct view value;
	struct view primary;
	size_t count;
	enum rc rc =
	    route_read(from, arena, key, ROUTE_DOMAIN_RECORD_MAX, &value);
	if (rc == RC_NOT_FOUND)
		return no_such_domain(change->fault, *name);
	// A domain with a damaged record can be removed, too.
	if (rc == RC_OK || rc == RC_CORRUPT)
		rc = check_unused(change, arena, from, *name, &count);
	if (rc == RC_OK)
		rc = route_read_primary(from, arena, &primary);
	if (rc != RC_OK)
		return rc;
	if (view_eq(primary, *name)) {
		if (count > 1)
			return fault_set(change->fault, RC_IN_USE,
			    "%.*s is the primary domain: make another one "
			    "primary first",
			    VIEW_FMT(*name));
		engine_batch_delete(batch, VIEW(ROUTE_PRIMARY_KEY));
	}
	engine_batch_delete(batch, key);
	return RC_OK;
}

enum rc route_domain_remove(
    struct route *route, struct view name, struct fault *fault)
{
	struct arena arena;
	struct view canonical;
	arena_init(&arena);
	enum rc rc = route_canonical_domain(&arena, name, fault, &canonical);
	if (rc == RC_OK)
		rc = route_carry_out(route,
		    &(struct route_change){make_remove, &canonical, fault});
	arena_done(&arena);
	return rc;
}

// ---- Asking ----------------------------------------------------------------

enum rc route_domain_find(struct route *route, struct view name,
    struct arena *arena, struct route_domain *ret_domain)
{
	struct engine_snapshot *snapshot;
	struct view canonical;
	if (route_canonical_domain(arena, name, NULL, &canonical) != RC_OK)
		return RC_NOT_FOUND;
	enum rc rc =
	    engine_snapshot_open(route->engine, ROUTE_PARTITION, &snapshot);
	if (rc != RC_OK)
		return rc;
	rc = route_read_domain(snapshot, arena, canonical, ret_domain);
	engine_snapshot_close(&snapshot);
	return rc;
}

enum rc route_is_local_domain(
    struct route *route, struct view domain, bool *ret_local)
{
	struct arena arena;
	struct buf value;
	arena_init(&arena);
	buf_init(&value, ROUTE_DOMAIN_RECORD_MAX);
	struct view key = route_domain_key(&arena, domain);
	enum rc rc = RC_NOT_FOUND;
	if (domain.len > 0 && key.len <= ENGINE_KEY_MAX)
		rc = engine_get(route->engine, ROUTE_PARTITION, key, &value);
	if (rc == RC_OK || rc == RC_NOT_FOUND) {
		*ret_local = rc == RC_OK;
		rc = RC_OK;
	}
	buf_done(&value);
	arena_done(&arena);
	return rc;
}

struct first {
	struct arena *arena;
	struct view name; // of the domain; empty until one is found
};

static enum rc take_first(void *context, struct view key, struct view value)
{
	struct first *first = context;
	(void)value;
	first->name = arena_copy(
	    first->arena, view_from(key, sizeof(ROUTE_DOMAIN_PREFIX) - 1));
	return RC_END;
}

// Finds the first domain whose key is `from` or later.
static enum rc next_in(struct engine_snapshot *snapshot, struct view from,
    struct arena *arena, struct route_domain *ret_domain)
{
	struct first first = {.arena = arena};
	enum rc rc = engine_snapshot_scan(
	    snapshot, VIEW(ROUTE_DOMAIN_PREFIX), from, take_first, &first);
	if (rc != RC_OK)
		return rc;
	if (first.name.len == 0)
		return RC_END;
	return route_read_domain(snapshot, arena, first.name, ret_domain);
}

enum rc route_domain_next(struct route *route, struct view after,
    struct arena *arena, struct route_domain *ret_domain)
{
	struct engine_snapshot *snapshot;
	struct buf from;
	buf_init(&from, ENGINE_KEY_MAX);
	buf_add_literal(&from, ROUTE_DOMAIN_PREFIX);
	buf_add(&from, after);
	// The name with a NUL behind it is the smallest key after the name.
	if (after.len > 0)
		buf_add_char(&from, '\0');
	enum rc rc = buf_status(&from);
	if (rc == RC_OK)
		rc = engine_snapshot_open(
		    route->engine, ROUTE_PARTITION, &snapshot);
	if (rc == RC_OK) {
		rc = next_in(snapshot, buf_view(&from), arena, ret_domain);
		engine_snapshot_close(&snapshot);
	}
	buf_done(&from);
	return rc;
}

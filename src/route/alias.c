// SPDX-License-Identifier: Apache-2.0
// Aliases: addresses in local domains, and their targets.
#include "base/map.h"
#include "route/impl.h"

struct alias_change {
	struct view domain; // canonical
	struct view local;  // folded
	const struct view *targets;
	size_t count;
};

typedef enum rc alias_make(const struct route_change *change,
    struct arena *arena, struct engine_snapshot *from,
    struct engine_batch *batch);

// ---- Changes ---------------------------------------------------------------

static enum rc check_domain(const struct route_change *change,
    struct arena *arena, struct engine_snapshot *from)
{
	const struct alias_change *what = change->what;
	struct route_domain domain;
	enum rc rc = route_read_domain(from, arena, what->domain, &domain);
	if (rc == RC_NOT_FOUND)
		return fault_set(change->fault, RC_INVALID,
		    "%.*s is not a domain of ours", VIEW_FMT(what->domain));
	if (rc == RC_OK && domain.alias_of.len > 0)
		return fault_set(change->fault, RC_INVALID,
		    "%.*s stands for %.*s: add the alias there",
		    VIEW_FMT(domain.name), VIEW_FMT(domain.alias_of));
	return rc;
}

// Stores the targets in `old` and those of the change, each once.
static enum rc put_targets(const struct route_change *change,
    struct arena *arena, struct engine_batch *batch, const struct view *old,
    size_t old_count)
{
	const struct alias_change *what = change->what;
	struct map seen;
	struct buf value;
	struct view *all =
	    arena_alloc(arena, (old_count + what->count) * sizeof(*all));
	size_t count = 0;
	map_init(&seen);
	for (size_t i = 0; i < old_count + what->count; i++) {
		// `old` is NULL only if `old_count` is 0.
		struct view target =
		    // cppcheck-suppress nullPointer
		    i < old_count ? old[i] : what->targets[i - old_count];
		if (!map_put(&seen, target, all))
			all[count++] = target;
	}
	map_done(&seen);
	if (count > ROUTE_TARGETS_MAX)
		return fault_set(change->fault, RC_LIMIT,
		    "an alias can have at most %d targets", ROUTE_TARGETS_MAX);
	buf_init(&value, ROUTE_ALIAS_RECORD_MAX);
	route_alias_encode(all, count, &value);
	engine_batch_put(batch,
	    route_alias_key(arena, what->domain, what->local),
	    buf_view(&value));
	buf_done(&value);
	return RC_OK;
}

static enum rc make_set(const struct route_change *change, struct arena *arena,
    struct engine_snapshot *from, struct engine_batch *batch)
{
	enum rc rc = check_domain(change, arena, from);
	if (rc == RC_OK)
		rc = put_targets(change, arena, batch, NULL, 0);
	return rc;
}

static enum rc make_add(const struct route_change *change, struct arena *arena,
    struct engine_snapshot *from, struct engine_batch *batch)
{
	const struct alias_change *what = change->what;
	struct view *old = NULL;
	size_t count = 0;
	enum rc rc = check_domain(change, arena, from);
	if (rc == RC_OK) {
		rc = route_read_alias(from, arena,
		    route_alias_key(arena, what->domain, what->local), &old,
		    &count);
		if (rc == RC_NOT_FOUND)
			rc = RC_OK;
	}
	if (rc == RC_OK)
		rc = put_targets(change, arena, batch, old, count);
	return rc;
}

static enum rc no_such_alias(const struct route_change *change)
{
	const struct alias_change *what = change->what;
	return fault_set(change->fault, RC_NOT_FOUND,
	    "there is no alias %.*s@%.*s", VIEW_FMT(what->local),
	    VIEW_FMT(what->domain));
}

// Removes the targets of the change from `old`. RC_NOT_FOUND: one of them is
// not there.
static enum rc leave_out(const struct route_change *change, struct view *old,
    size_t count, size_t *ret_count)
{
	const struct alias_change *what = change->what;
	struct map there;
	enum rc rc = RC_OK;
	size_t left = 0;
	map_init(&there);
	for (size_t i = 0; i < count; i++)
		map_put(&there, old[i], old);
	for (size_t i = 0; i < what->count && rc == RC_OK; i++)
		if (!map_remove(&there, what->targets[i]))
			rc = fault_set(change->fault, RC_NOT_FOUND,
			    "%.*s@%.*s does not lead to %.*s",
			    VIEW_FMT(what->local), VIEW_FMT(what->domain),
			    VIEW_FMT(what->targets[i]));
	for (size_t i = 0; i < count; i++)
		if (map_get(&there, old[i]))
			old[left++] = old[i];
	map_done(&there);
	*ret_count = left;
	return rc;
}

static enum rc make_subtract(const struct route_change *change,
    struct arena *arena, struct engine_snapshot *from,
    struct engine_batch *batch)
{
	const struct alias_change *what = change->what;
	struct alias_change rest = *what;
	struct view key = route_alias_key(arena, what->domain, what->local);
	struct view *old;
	size_t count;
	enum rc rc = route_read_alias(from, arena, key, &old, &count);
	if (rc == RC_NOT_FOUND)
		return no_such_alias(change);
	if (rc == RC_OK)
		rc = leave_out(change, old, count, &rest.count);
	if (rc != RC_OK)
		return rc;
	if (rest.count == 0) {
		engine_batch_delete(batch, key);
		return RC_OK;
	}
	rest.targets = old;
	struct route_change put = {.what = &rest, .fault = change->fault};
	return put_targets(&put, arena, batch, NULL, 0);
}

static enum rc make_remove(const struct route_change *change,
    struct arena *arena, struct engine_snapshot *from,
    struct engine_batch *batch)
{
	const struct alias_change *what = change->what;
	struct view value;
	struct view key = route_alias_key(arena, what->domain, what->local);
	enum rc rc =
	    route_read(from, arena, key, ROUTE_ALIAS_RECORD_MAX, &value);
	if (rc == RC_NOT_FOUND)
		return no_such_alias(change);
	if (rc != RC_OK && rc != RC_CORRUPT)
		return rc;
	engine_batch_delete(batch, key);
	return RC_OK;
}

// ---- Names first -----------------------------------------------------------

// A target to remove may be a user who no longer exists, so it is only
// compared.
static enum rc canonical_targets(struct route *route, struct arena *arena,
    const struct route_alias *alias, bool must_exist, struct fault *fault,
    struct alias_change *what)
{
	struct view *targets =
	    arena_alloc(arena, (alias->count + 1) * sizeof(*targets));
	for (size_t i = 0; i < alias->count; i++) {
		struct auth_name name;
		struct view target = alias->targets[i];
		enum rc rc = route_canonical_target(
		    route, arena, target, fault, &targets[i]);
		if (rc == RC_INVALID && !must_exist &&
		    auth_name_prepare(target, NULL, &name) == RC_OK) {
			targets[i] = arena_copy(arena, auth_name_view(&name));
			rc = RC_OK;
		}
		if (rc != RC_OK)
			return rc;
	}
	what->targets = targets;
	what->count = alias->count;
	return RC_OK;
}

static enum rc change_alias(struct route *route,
    const struct route_alias *alias, alias_make *make, struct fault *fault)
{
	struct alias_change what = {.count = 0};
	struct arena arena;
	bool takes = make == make_set || make == make_add;
	if (alias->count > ROUTE_TARGETS_MAX)
		return fault_set(fault, RC_LIMIT,
		    "an alias can have at most %d targets", ROUTE_TARGETS_MAX);
	if (takes && alias->count == 0)
		return fault_set(fault, RC_INVALID, "an alias needs a target");
	arena_init(&arena);
	enum rc rc = route_canonical_alias(
	    &arena, alias->address, fault, &what.domain, &what.local);
	if (rc == RC_OK)
		rc = canonical_targets(
		    route, &arena, alias, takes, fault, &what);
	if (rc == RC_OK)
		rc = route_carry_out(
		    route, &(struct route_change){make, &what, fault});
	arena_done(&arena);
	return rc;
}

enum rc route_alias_set(
    struct route *route, const struct route_alias *alias, struct fault *fault)
{
	return change_alias(route, alias, make_set, fault);
}

enum rc route_alias_add(
    struct route *route, const struct route_alias *alias, struct fault *fault)
{
	return change_alias(route, alias, make_add, fault);
}

enum rc route_alias_subtract(
    struct route *route, const struct route_alias *alias, struct fault *fault)
{
	return change_alias(route, alias, make_subtract, fault);
}

enum rc route_alias_remove(
    struct route *route, struct view address, struct fault *fault)
{
	struct route_alias alias = {.address = address};
	return change_alias(route, &alias, make_remove, fault);
}

// ---- Listing ---------------------------------------------------------------

struct next {
	struct arena *arena;
	struct route_alias *alias;
	bool found;
};

static enum rc take_next(void *context, struct view key, struct view value)
{
	struct next *next = context;
	struct view domain;
	struct view local;
	if (!route_alias_key_split(key, &domain, &local))
		return RC_OK;
	next->found = true;
	next->alias->address = route_print_address(next->arena, local, domain);
	enum rc rc =
	    route_alias_decode(next->arena, arena_copy(next->arena, value),
		&next->alias->targets, &next->alias->count);
	return rc == RC_OK ? RC_END : rc;
}

// Makes the key at which the search for the alias after `after` begins.
static enum rc seek_key(
    struct arena *arena, struct view after, struct view *ret_key)
{
	struct view domain = VIEW("");
	struct view local = VIEW("");
	struct buf key;
	enum rc rc = RC_OK;
	if (after.len == 0) {
		*ret_key = VIEW(ROUTE_ALIAS_PREFIX);
		return RC_OK;
	}
	if (after.ptr[0] == '@')
		rc = route_canonical_domain(
		    arena, view_from(after, 1), NULL, &domain);
	else
		rc = route_canonical_alias(arena, after, NULL, &domain, &local);
	if (rc != RC_OK)
		return rc;
	buf_init(&key, ENGINE_KEY_MAX);
	buf_add(&key, route_alias_key(arena, domain, local));
	if (local.len > 0)
		buf_add_char(&key, '\0');
	*ret_key = arena_copy(arena, buf_view(&key));
	rc = buf_status(&key);
	buf_done(&key);
	return rc;
}

enum rc route_alias_next(struct route *route, struct view after,
    struct arena *arena, struct route_alias *ret_alias)
{
	struct next next = {arena, ret_alias, false};
	struct view from;
	enum rc rc = seek_key(arena, after, &from);
	if (rc == RC_OK)
		rc = engine_scan(route->engine, ROUTE_PARTITION,
		    VIEW(ROUTE_ALIAS_PREFIX), from, take_next, &next);
	return rc == RC_OK && !next.found ? RC_END : rc;
}

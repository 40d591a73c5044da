// SPDX-License-Identifier: Apache-2.0
// The room's object, guarded changes, and a user's details and addresses.
#include "route/route.h"

#include <stdlib.h>

#include "base/mem.h"
#include "route/impl.h"
#include "wire/domain_name.h"

struct route *route_new(struct engine *engine, struct auth *auth,
    const struct route_settings *settings)
{
	struct route *route = mem_zalloc(sizeof(*route));
	struct view postmaster = settings ? settings->postmaster : VIEW("");
	route->engine = engine;
	route->auth = auth;
	route->log = settings ? settings->log : NULL;
	route->postmaster = mem_strndup(
	    postmaster.len > 0 ? postmaster.ptr : "", postmaster.len);
	return route;
}

void route_free(struct route **route)
{
	if (!*route)
		return;
	free((*route)->postmaster);
	free(*route);
	*route = NULL;
}

// ---- Changing --------------------------------------------------------------

static enum rc make_change(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	const struct route_change *change = context;
	struct arena arena;
	(void)fault; // the fault is in the change
	arena_init(&arena);
	enum rc rc = change->make(change, &arena, from, batch);
	arena_done(&arena);
	return rc;
}

enum rc route_carry_out(struct route *route, struct route_change *change)
{
	return engine_change(
	    route->engine, ROUTE_PARTITION, make_change, change, change->fault);
}

// ---- Details ---------------------------------------------------------------

struct detail_change {
	uint64_t account;
	enum route_detail detail;
};

static enum rc make_detail(const struct route_change *change,
    struct arena *arena, struct engine_snapshot *from,
    struct engine_batch *batch)
{
	const struct detail_change *what = change->what;
	struct view key = route_detail_key(arena, what->account);
	char value = (char)what->detail;
	(void)from;
	if (what->detail == ROUTE_DETAIL_INBOX)
		engine_batch_delete(batch, key);
	else
		engine_batch_put(batch, key, view_of(&value, 1));
	return RC_OK;
}

enum rc route_detail_set(struct route *route, const struct auth_user *user,
    enum route_detail detail, struct fault *fault)
{
	struct detail_change what = {user->account, detail};
	return route_carry_out(
	    route, &(struct route_change){make_detail, &what, fault});
}

enum rc route_detail_get(struct route *route, const struct auth_user *user,
    enum route_detail *ret_detail)
{
	struct arena arena;
	struct buf value;
	arena_init(&arena);
	buf_init(&value, 1);
	enum rc rc = engine_get(route->engine, ROUTE_PARTITION,
	    route_detail_key(&arena, user->account), &value);
	arena_done(&arena);
	if (rc == RC_NOT_FOUND) {
		*ret_detail = ROUTE_DETAIL_INBOX;
		rc = RC_OK;
	} else if (rc == RC_LIMIT ||
		   (rc == RC_OK && (value.len != 1 || value.ptr[0] < 0 ||
				       value.ptr[0] > ROUTE_DETAIL_REFUSE))) {
		rc = RC_CORRUPT;
	} else if (rc == RC_OK) {
		*ret_detail = (enum route_detail)value.ptr[0];
	}
	buf_done(&value);
	return rc;
}

// ---- A user's addresses ----------------------------------------------------

static enum rc read_primary(
    struct route *route, struct arena *arena, struct view *ret_primary)
{
	struct engine_snapshot *snapshot;
	enum rc rc =
	    engine_snapshot_open(route->engine, ROUTE_PARTITION, &snapshot);
	if (rc != RC_OK)
		return rc;
	rc = route_read_primary(snapshot, arena, ret_primary);
	engine_snapshot_close(&snapshot);
	return rc;
}

enum rc route_user_address(struct route *route, const struct auth_user *user,
    struct arena *arena, struct view *ret_address)
{
	struct view primary;
	enum rc rc = read_primary(route, arena, &primary);
	if (rc == RC_OK)
		rc = route_address_of(
		    arena, auth_name_view(&user->name), primary, ret_address);
	return rc;
}

// Whether there is a user "local@domain" (empty domain: "local") other than
// `own`: RC_OK if so.
static enum rc find_other(struct route *route, struct view local,
    struct view domain, struct view own, struct arena *arena,
    struct view *ret_twin)
{
	struct auth_name name;
	struct auth_record record;
	struct buf text;
	buf_init(&text, 4096);
	buf_add(&text, local);
	if (domain.len > 0)
		buf_add_char(&text, '@');
	buf_add(&text, domain);
	enum rc rc = auth_directory_lookup(
	    route->engine, buf_view(&text), &name, &record);
	buf_done(&text);
	explicit_bzero(&record, sizeof(record));
	if (rc == RC_IO)
		return rc;
	if (rc != RC_OK || view_eq(auth_name_view(&name), own))
		return RC_NOT_FOUND;
	*ret_twin = arena_copy(arena, auth_name_view(&name));
	return RC_OK;
}

enum rc route_user_twin(struct route *route, struct view name,
    struct arena *arena, struct view *ret_twin)
{
	struct auth_name prepared;
	struct view primary, domain;
	if (auth_name_prepare(name, NULL, &prepared) != RC_OK)
		return RC_NOT_FOUND; // such text cannot be a user name
	struct view own = arena_copy(arena, auth_name_view(&prepared));
	size_t at = route_find_at(own);
	struct view local = view_slice(own, 0, at);
	enum rc rc = read_primary(route, arena, &primary);
	if (rc != RC_OK)
		return rc;
	domain = primary;
	if (at != SIZE_MAX &&
	    route_canonical_domain(
		arena, view_from(own, at + 1), NULL, &domain) != RC_OK)
		return RC_NOT_FOUND;
	if (domain.len == 0)
		return RC_NOT_FOUND;
	rc = find_other(route, local, domain, own, arena, ret_twin);
	if (rc == RC_NOT_FOUND)
		rc = find_other(route, local,
		    domain_name_to_unicode(arena, domain), own, arena,
		    ret_twin);
	if (rc == RC_NOT_FOUND && view_eq(domain, primary))
		rc = find_other(route, local, VIEW(""), own, arena, ret_twin);
	return rc;
}

enum rc route_may_send_as(struct route *route, const struct auth_user *user,
    const struct smtp_mailbox *address)
{
	struct arena arena;
	struct route_result result;
	bool by_catch_all;
	bool found = false;
	arena_init(&arena);
	enum rc rc = route_walk(
	    route, &arena, address, true, NULL, &result, &by_catch_all);
	if (rc == RC_OK) {
		for (size_t i = 0; i < result.count && !found; i++)
			found = result.targets[i].kind == ROUTE_USER &&
				result.targets[i].account == user->account;
		if (!found || result.verdict != ROUTE_OK ||
		    (by_catch_all && result.count > 1))
			rc = RC_DENIED;
	}
	arena_done(&arena);
	return rc;
}

enum rc route_resolve(struct route *route, struct arena *arena,
    const struct smtp_mailbox *address, struct buf *explain,
    struct route_result *ret_result)
{
	bool by_catch_all;
	return route_walk(
	    route, arena, address, false, explain, ret_result, &by_catch_all);
}

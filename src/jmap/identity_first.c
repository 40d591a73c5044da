// SPDX-License-Identifier: Apache-2.0
// The first identities of an account, made when they are first asked for. What
// becomes of them afterwards is the user's.
#include "jmap/identity.h"
#include "jmap/impl.h"

// So many aliases of the server are looked at.
#define ALIASES_LOOKED_MAX 20000
// So many identities are made at first.
#define FIRST_MAX 50
// Others may change the account at the same time.
#define TRIES_MAX 100

struct making {
	struct jmap_call *call;
	struct store_object_change changes[FIRST_MAX];
	size_t count;
};

static enum rc note_one(void *context, const struct store_object *object)
{
	(void)object;
	*(bool *)context = true;
	return RC_END;
}

static void add_first(struct making *making, struct view email, bool may_delete)
{
	json_t *identity = json_pack("{s:s, s:s%, s:n, s:n, s:s, s:s, s:b}",
	    "name", "", "email", email.ptr, email.len, "replyTo", "bcc",
	    "textSignature", "", "htmlSignature", "", "mayDelete", may_delete);
	if (!identity || making->count == FIRST_MAX) {
		json_decref(identity);
		return;
	}
	making->changes[making->count++] = (struct store_object_change){
	    .kind = STORE_OBJECT_IDENTITY,
	    .bytes = jmap_json_text(&making->call->arena, identity),
	};
	json_decref(identity);
}

static bool names_user(
    const struct route_alias *alias, struct view user, struct view address)
{
	return alias->count == 1 && (view_eq(alias->targets[0], user) ||
					view_eq(alias->targets[0], address));
}

MUST_CHECK static enum rc add_aliases(
    struct making *making, struct route *route, struct view own)
{
	struct view user =
	    auth_name_view(&making->call->request->user.user.name);
	struct route_alias alias = {.address = VIEW("")};
	struct arena arenas[2];
	enum rc rc = RC_OK;
	arena_init(&arenas[0]);
	arena_init(&arenas[1]);
	for (unsigned i = 0; rc == RC_OK && i < ALIASES_LOOKED_MAX; i++) {
		// The address before it is in the other one.
		arena_reset(&arenas[i & 1]);
		rc = route_alias_next(
		    route, alias.address, &arenas[i & 1], &alias);
		if (rc == RC_OK && names_user(&alias, user, own) &&
		    !view_eq(alias.address, own) &&
		    jmap_may_send_as(making->call, alias.address) == RC_OK)
			add_first(making, alias.address, true);
	}
	arena_done(&arenas[0]);
	arena_done(&arenas[1]);
	return rc == RC_END ? RC_OK : rc;
}

MUST_CHECK static enum rc gather(struct making *making)
{
	struct jmap_call *call = making->call;
	struct route *route = call->request->jmap->options.office->route;
	struct view own;
	making->count = 0;
	enum rc rc = route_user_address(
	    route, &call->request->user.user, &call->arena, &own);
	// A user without a domain has no address.
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc != RC_OK)
		return rc;
	add_first(making, own, false);
	return add_aliases(making, route, own);
}

// RC_GONE: somebody changed the account meanwhile.
MUST_CHECK static enum rc make(struct making *making, struct fault *fault)
{
	struct jmap_call *call = making->call;
	uint64_t version;
	bool any = false;
	enum rc rc = store_account_version(call->account, &version);
	if (rc == RC_OK)
		rc = store_objects_walk(&call->asker, call->account,
		    STORE_OBJECT_IDENTITY, 0, note_one, &any);
	if (rc != RC_OK || any)
		return rc;
	rc = gather(making);
	if (rc != RC_OK || making->count == 0)
		return rc;
	struct store_objects_set set = {.changes = making->changes,
	    .count = making->count,
	    .if_version = version};
	return store_objects_set(&call->asker, call->account, &set, fault);
}

bool jmap_identities_make(struct jmap_call *call)
{
	struct making *making =
	    arena_zalloc(&call->arena, sizeof(struct making));
	struct fault fault = {.text = ""};
	making->call = call;
	enum rc rc = RC_GONE;
	for (int i = 0; rc == RC_GONE && i < TRIES_MAX; i++)
		rc = make(making, &fault);
	if (rc != RC_OK)
		jmap_fail_rc(call, rc, &fault);
	return rc == RC_OK;
}

// SPDX-License-Identifier: Apache-2.0
// Follows an address to its targets: a depth-first walk over aliases. Each
// alias is read once. If it is met again while it is being followed, that is a
// loop. All reads of routes are from one snapshot.
#include <string.h>

#include "base/map.h"
#include "route/impl.h"
#include "wire/domain_name.h"

// Most targets that are visited, of all aliases together. Many aliases may
// share the same targets, so the number of results alone does not limit the
// work.
#define STEPS_MAX (10 * ROUTE_TARGETS_MAX)

struct walk {
	struct route *route;
	struct arena *arena;
	struct engine_snapshot *from;
	struct buf *explain; // may be NULL
	struct view primary;
	struct view alias;  // the one that is being followed
	struct map aliases; // by key: &walk->on_the_way or &followed
	char on_the_way;    // marks an alias that is being followed
	char followed;      // marks one that was followed
	struct map met;     // users (account) and addresses in the result
	struct route_target *targets;
	size_t count;
	size_t capacity;
	unsigned depth;
	size_t steps;
	bool any_detail;
	bool users_only;   // no alias, catch-all or postmaster
	bool disabled;     // one of the users is
	bool loop;         // aliases lead in a circle, or to too many targets
	bool by_catch_all; // the address itself led to a catch-all
	bool foreign;      // the address itself is on another server
};

// An address on the way: the local part as written, and folded.
struct stop {
	struct view local;
	struct view folded;
	struct view domain; // canonical, not a domain alias
	// The key of the alias that leads here; its target may be its own name.
	struct view from_key;
};

static enum rc go_to_address(struct walk *walk,
    const struct smtp_mailbox *mailbox, struct view from_key);

// ---- Explaining ------------------------------------------------------------

#define EXPLAIN(walk, ...)                                                     \
	do {                                                                   \
		if ((walk)->explain)                                           \
			buf_printf((walk)->explain, __VA_ARGS__);              \
	} while (0)

static void explain_targets(struct walk *walk, const char *what,
    struct view name, const struct view *targets, size_t count)
{
	if (!walk->explain)
		return;
	buf_printf(walk->explain, "%s%.*s leads to ", what, VIEW_FMT(name));
	for (size_t i = 0; i < count; i++)
		buf_printf(walk->explain, "%s%.*s", i ? ", " : "",
		    VIEW_FMT(targets[i]));
	buf_add_char(walk->explain, '\n');
}

// ---- Arriving --------------------------------------------------------------

// True if the result has the target already, or has no room for it.
static bool met_before(struct walk *walk, struct view key)
{
	if (map_get(&walk->met, key))
		return true;
	if (walk->count >= ROUTE_TARGETS_MAX) {
		EXPLAIN(walk,
		    "there are more than %d targets: nobody gets it\n",
		    ROUTE_TARGETS_MAX);
		walk->loop = true;
		return true;
	}
	map_put(&walk->met, key, walk);
	return false;
}

static void add_target(struct walk *walk, const struct route_target *target)
{
	walk->targets = arena_grow(walk->arena, walk->targets, &walk->capacity,
	    walk->count + 1, sizeof(*walk->targets));
	walk->targets[walk->count++] = *target;
}

static enum rc arrive_remote(struct walk *walk, const struct smtp_mailbox *to)
{
	struct buf text;
	struct route_target target = {
	    .kind = ROUTE_REMOTE, .alias = walk->alias};
	buf_init(&text, 2 * SMTP_MAILBOX_MAX + 2);
	smtp_mailbox_print_ascii(to, &text);
	target.address = arena_copy(walk->arena, buf_view(&text));
	buf_done(&text);
	EXPLAIN(walk, "%.*s is for another server\n", VIEW_FMT(target.address));
	if (!met_before(walk, target.address))
		add_target(walk, &target);
	return RC_OK;
}

// Reads what the user wants done with details. If the setting cannot be read,
// it is the default.
static enum rc read_detail(
    struct walk *walk, uint64_t account, enum route_detail *ret_detail)
{
	struct view value;
	enum rc rc = route_read(walk->from, walk->arena,
	    route_detail_key(walk->arena, account), 1, &value);
	*ret_detail = ROUTE_DETAIL_INBOX;
	if (rc == RC_OK && value.len == 1 && value.ptr[0] >= 0 &&
	    value.ptr[0] <= ROUTE_DETAIL_REFUSE)
		*ret_detail = (enum route_detail)value.ptr[0];
	return rc == RC_NOT_FOUND || rc == RC_CORRUPT ? RC_OK : rc;
}

static enum rc arrive_user(struct walk *walk, const struct auth_name *name,
    uint64_t account, struct view folder)
{
	struct route_target target = {
	    .kind = ROUTE_USER, .account = account, .alias = walk->alias};
	char key[1 + sizeof(account)] = {'\0'}; // no address begins with NUL
	memcpy(key + 1, &account, sizeof(account));
	target.user = arena_copy(walk->arena, auth_name_view(name));
	target.folder = arena_copy(walk->arena, folder);
	if (route_address_of(walk->arena, target.user, walk->primary,
		&target.address) != RC_OK)
		target.address = target.user;
	if (folder.len > 0)
		EXPLAIN(walk, "user %.*s gets it, in mailbox %.*s\n",
		    VIEW_FMT(target.user), VIEW_FMT(folder));
	else
		EXPLAIN(walk, "user %.*s gets it\n", VIEW_FMT(target.user));
	if (!met_before(walk, view_of(key, sizeof(key))))
		add_target(walk, &target);
	return RC_OK;
}

// ---- Users -----------------------------------------------------------------

static enum rc go_to_user(struct walk *walk, const struct auth_name *name,
    const struct auth_record *record, struct view detail, bool has_detail)
{
	enum route_detail what = ROUTE_DETAIL_INBOX;
	struct view folder = VIEW("");
	if (record->disabled) {
		EXPLAIN(walk, "user %s is disabled\n", name->text);
		walk->disabled = true;
		return RC_OK;
	}
	if (has_detail) {
		enum rc rc = read_detail(walk, record->account, &what);
		if (rc != RC_OK)
			return rc;
	}
	if (what == ROUTE_DETAIL_REFUSE && !walk->any_detail) {
		EXPLAIN(
		    walk, "user %s refuses addresses with \"+\"\n", name->text);
		return RC_OK;
	}
	if (what == ROUTE_DETAIL_FOLDER)
		folder = detail;
	return arrive_user(walk, name, record->account, folder);
}

// ---- Aliases ---------------------------------------------------------------

// Follows one target of an alias, of a catch-all, or of the settings.
static enum rc go_to_target(
    struct walk *walk, struct view target, struct view from_key)
{
	struct smtp_mailbox mailbox;
	struct auth_name name;
	struct auth_record record;
	enum rc rc;
	if (++walk->steps > STEPS_MAX) {
		EXPLAIN(walk, "there are too many targets to follow\n");
		walk->loop = true;
		return RC_OK;
	}
	if (view_find_char(target, '@') != SIZE_MAX) {
		rc = smtp_mailbox_parse(walk->arena, target, NULL, &mailbox);
		if (rc == RC_OK)
			return go_to_address(walk, &mailbox, from_key);
		rc = RC_NOT_FOUND;
	} else {
		rc = route_find_user(
		    walk->route->engine, target, &name, &record);
	}
	if (rc == RC_OK)
		return go_to_user(walk, &name, &record, VIEW(""), false);
	if (rc != RC_NOT_FOUND)
		return rc;
	EXPLAIN(walk, "there is no user %.*s\n", VIEW_FMT(target));
	return RC_OK;
}

// Marks an alias as being followed. False: it is being followed, or was before.
static bool begin_alias(struct walk *walk, struct view key)
{
	void *state = map_get(&walk->aliases, key);
	if (state == &walk->followed)
		return false;
	if (state == &walk->on_the_way || walk->depth >= ROUTE_ALIASES_MAX) {
		EXPLAIN(walk, state
				  ? "that is a loop\n"
				  : "there are too many aliases of aliases\n");
		walk->loop = true;
		return false;
	}
	map_put(&walk->aliases, key, &walk->on_the_way);
	walk->depth++;
	return true;
}

static void end_alias(struct walk *walk, struct view key)
{
	map_put(&walk->aliases, key, &walk->followed);
	walk->depth--;
}

// Follows the alias of exactly this name. RC_NOT_FOUND: there is none.
static enum rc try_alias(
    struct walk *walk, const struct stop *stop, struct view folded)
{
	struct view *targets;
	size_t count;
	struct view key = route_alias_key(walk->arena, stop->domain, folded);
	if (walk->users_only || view_eq(key, stop->from_key))
		return RC_NOT_FOUND;
	if (map_get(&walk->aliases, key)) {
		(void)begin_alias(walk, key);
		return RC_OK;
	}
	enum rc rc =
	    route_read_alias(walk->from, walk->arena, key, &targets, &count);
	if (rc != RC_OK)
		return rc;
	struct view address =
	    route_print_address(walk->arena, folded, stop->domain);
	explain_targets(walk, "alias ", address, targets, count);
	if (!begin_alias(walk, key))
		return RC_OK;
	struct view before = walk->alias;
	walk->alias = address;
	for (size_t i = 0; i < count && rc == RC_OK && !walk->loop; i++)
		rc = go_to_target(walk, targets[i], key);
	walk->alias = before;
	end_alias(walk, key);
	return rc;
}

// Follows a catch-all, or the settings' postmaster, like an alias with one
// target. RC_NOT_FOUND if it is being followed already. `key` is never the key
// of an alias.
static enum rc try_instead(struct walk *walk, const struct stop *stop,
    struct view key, const char *what, struct view name, struct view target)
{
	if (walk->users_only || target.len == 0 || map_get(&walk->aliases, key))
		return RC_NOT_FOUND;
	explain_targets(walk, what, name, &target, 1);
	if (!begin_alias(walk, key))
		return RC_OK;
	struct view before = walk->alias;
	walk->alias =
	    route_print_address(walk->arena, stop->folded, stop->domain);
	enum rc rc = go_to_target(walk, target, VIEW(""));
	walk->alias = before;
	end_alias(walk, key);
	return rc;
}

// ---- An address ------------------------------------------------------------

// Finds an alias or a user of that name; a detail has been removed from it.
static enum rc try_name(struct walk *walk, const struct stop *stop,
    struct view local, struct view folded, struct view detail, bool has_detail)
{
	struct auth_name name;
	struct auth_record record;
	enum rc rc = try_alias(walk, stop, folded);
	if (rc != RC_NOT_FOUND)
		return rc;
	rc = route_find_user_at(walk->route->engine, walk->arena, local,
	    stop->domain, walk->primary, &name, &record);
	if (rc == RC_OK)
		rc = go_to_user(walk, &name, &record, detail, has_detail);
	return rc;
}

static enum rc try_without_detail(struct walk *walk, const struct stop *stop)
{
	size_t plus = view_find_char(stop->local, '+');
	if (plus == SIZE_MAX || plus == 0)
		return RC_NOT_FOUND;
	struct view local = view_slice(stop->local, 0, plus);
	return try_name(walk, stop, local, smtp_local_fold(walk->arena, local),
	    view_from(stop->local, plus + 1), true);
}

static enum rc try_postmaster(struct walk *walk, const struct stop *stop)
{
	if (!view_eq(stop->folded, VIEW("postmaster")))
		return RC_NOT_FOUND;
	return try_instead(walk, stop, VIEW("postmaster"), "",
	    VIEW("postmaster"), view_of_string(walk->route->postmaster));
}

static enum rc try_catch_all(
    struct walk *walk, const struct stop *stop, struct view catch_all)
{
	bool first = walk->depth == 0;
	enum rc rc =
	    try_instead(walk, stop, route_domain_key(walk->arena, stop->domain),
		"the catch-all of ", stop->domain, catch_all);
	if (first && rc == RC_OK)
		walk->by_catch_all = true;
	return rc;
}

static enum rc go_to_name(
    struct walk *walk, const struct stop *stop, struct view catch_all)
{
	enum rc rc =
	    try_name(walk, stop, stop->local, stop->folded, VIEW(""), false);
	if (rc == RC_NOT_FOUND)
		rc = try_without_detail(walk, stop);
	if (rc == RC_NOT_FOUND)
		rc = try_postmaster(walk, stop);
	if (rc == RC_NOT_FOUND)
		rc = try_catch_all(walk, stop, catch_all);
	if (rc != RC_NOT_FOUND)
		return rc;
	struct view key =
	    route_alias_key(walk->arena, stop->domain, stop->folded);
	if (view_eq(key, stop->from_key)) {
		EXPLAIN(walk, "that is the alias itself, not a user\n");
		walk->loop = true;
		return RC_OK;
	}
	EXPLAIN(walk, "nobody is called %.*s at %.*s\n", VIEW_FMT(stop->local),
	    VIEW_FMT(stop->domain));
	return RC_OK;
}

static enum rc go_to_address(
    struct walk *walk, const struct smtp_mailbox *mailbox, struct view from_key)
{
	struct route_domain domain;
	struct stop stop = {.local = mailbox->local,
	    .domain = mailbox->domain_ascii,
	    .from_key = from_key};
	enum rc rc = RC_NOT_FOUND;
	if (mailbox->domain.len == 0)
		stop.domain = walk->primary; // <postmaster>
	if (stop.domain.len > 0 && !mailbox->domain_is_literal)
		rc = route_read_domain(
		    walk->from, walk->arena, stop.domain, &domain);
	if (rc == RC_OK && domain.alias_of.len > 0) {
		EXPLAIN(walk, "%.*s stands for %.*s\n", VIEW_FMT(domain.name),
		    VIEW_FMT(domain.alias_of));
		stop.domain = domain.alias_of;
		rc = route_read_domain(
		    walk->from, walk->arena, stop.domain, &domain);
	}
	if (rc == RC_OK) {
		stop.folded = smtp_local_fold(walk->arena, stop.local);
		return go_to_name(walk, &stop, domain.catch_all);
	}
	if (rc != RC_NOT_FOUND)
		return rc;
	if (mailbox->domain.len > 0) {
		walk->foreign = walk->depth == 0;
		return arrive_remote(walk, mailbox);
	}
	stop.folded = smtp_local_fold(walk->arena, stop.local);
	rc = try_postmaster(walk, &stop);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

// ---- The result ------------------------------------------------------------

static enum route_verdict verdict(const struct walk *walk)
{
	if (walk->loop)
		return ROUTE_LOOP;
	if (walk->foreign)
		return ROUTE_FOREIGN;
	if (walk->count > 0)
		return ROUTE_OK;
	return walk->disabled ? ROUTE_DISABLED : ROUTE_UNKNOWN;
}

static enum rc walk_from(struct walk *walk, const struct smtp_mailbox *address)
{
	enum rc rc =
	    route_read_primary(walk->from, walk->arena, &walk->primary);
	if (rc == RC_OK && !smtp_mailbox_is_null(address))
		rc = go_to_address(walk, address, VIEW(""));
	return rc;
}

MUST_CHECK static enum rc walk_all(struct walk *walk,
    const struct smtp_mailbox *address, struct route_result *ret_result)
{
	enum rc rc = engine_snapshot_open(
	    walk->route->engine, ROUTE_PARTITION, &walk->from);
	if (rc != RC_OK)
		return rc;
	map_init(&walk->aliases);
	map_init(&walk->met);
	rc = walk_from(walk, address);
	map_done(&walk->aliases);
	map_done(&walk->met);
	engine_snapshot_close(&walk->from);
	if (rc != RC_OK)
		return rc;
	*ret_result = (struct route_result){.verdict = verdict(walk)};
	if (ret_result->verdict != ROUTE_LOOP) {
		ret_result->targets = walk->targets;
		ret_result->count = walk->count;
	}
	return RC_OK;
}

enum rc route_walk(struct route *route, struct arena *arena,
    const struct smtp_mailbox *address, bool any_detail, struct buf *explain,
    struct route_result *ret_result, bool *ret_by_catch_all)
{
	struct walk walk = {.route = route,
	    .arena = arena,
	    .explain = explain,
	    .any_detail = any_detail};
	enum rc rc = walk_all(&walk, address, ret_result);
	if (rc == RC_OK)
		*ret_by_catch_all = walk.by_catch_all;
	return rc;
}

enum rc route_resolve_user(struct route *route, struct arena *arena,
    const struct smtp_mailbox *address, struct route_result *ret_result)
{
	struct walk walk = {.route = route,
	    .arena = arena,
	    .any_detail = true,
	    .users_only = true};
	return walk_all(&walk, address, ret_result);
}

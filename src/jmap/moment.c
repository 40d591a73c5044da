// SPDX-License-Identifier: Apache-2.0
// Taking a view with the catalog of its version, and keeping catalogs between
// requests.
#include "base/clock.h"
#include "jmap/catalog_impl.h"

// A catalog that nobody has used for so long is dropped when another one is
// released.
#define IDLE_MS ((uint64_t)15 * 60 * 1000)

struct jmap_catalogs {
	pthread_mutex_t lock;
	size_t bytes_max;
	// One for each account at most, the newest version.
	VEC(struct jmap_catalog *) items;
};

struct jmap_catalogs *jmap_catalogs_new(size_t bytes_max)
{
	struct jmap_catalogs *catalogs = mem_zalloc(sizeof(*catalogs));
	pthread_mutex_init(&catalogs->lock, NULL);
	catalogs->bytes_max = bytes_max;
	return catalogs;
}

void jmap_catalogs_free(struct jmap_catalogs **ret_catalogs)
{
	struct jmap_catalogs *catalogs = *ret_catalogs;
	for (size_t i = 0; i < catalogs->items.count; i++)
		catalog_free(catalogs->items.items[i]);
	vec_done(&catalogs->items);
	pthread_mutex_destroy(&catalogs->lock);
	free(catalogs);
	*ret_catalogs = NULL;
}

// ---- The list of all (with its lock held) ----------------------------------

static void unlist(struct jmap_catalogs *catalogs, size_t at)
{
	struct jmap_catalog *catalog = catalogs->items.items[at];
	vec_remove(&catalogs->items, at);
	catalog->inside->listed = false;
	if (catalog->inside->users == 0)
		catalog_free(catalog);
}

static size_t find(const struct jmap_catalogs *catalogs, uint64_t account_id)
{
	size_t at = 0;
	while (at < catalogs->items.count &&
	       catalogs->items.items[at]->account_id != account_id)
		at++;
	return at;
}

// The one that has not been used for the longest time; the count if all are
// used.
static size_t oldest(const struct jmap_catalogs *catalogs)
{
	size_t oldest = catalogs->items.count;
	for (size_t i = 0; i < catalogs->items.count; i++) {
		const struct catalog_inside *inside =
		    catalogs->items.items[i]->inside;
		if (inside->users == 0 &&
		    (oldest == catalogs->items.count ||
			inside->used_at <
			    catalogs->items.items[oldest]->inside->used_at))
			oldest = i;
	}
	return oldest;
}

static void make_room(struct jmap_catalogs *catalogs)
{
	uint64_t now = clock_coarse_ms();
	size_t bytes = 0;
	for (size_t i = 0; i < catalogs->items.count; i++)
		bytes += catalogs->items.items[i]->inside->bytes;
	for (;;) {
		size_t at = oldest(catalogs);
		if (at == catalogs->items.count || catalogs->items.count == 1)
			return;
		struct jmap_catalog *catalog = catalogs->items.items[at];
		if (bytes <= catalogs->bytes_max &&
		    now - catalog->inside->used_at < IDLE_MS)
			return;
		bytes -= catalog->inside->bytes;
		unlist(catalogs, at);
	}
}

// ---- Taking and releasing --------------------------------------------------

// Makes `catalog`, which is used once, the account's newest.
static void enlist(struct jmap_catalogs *catalogs, struct jmap_catalog *catalog)
{
	pthread_mutex_lock(&catalogs->lock);
	size_t at = find(catalogs, catalog->account_id);
	bool newest = at == catalogs->items.count ||
		      catalogs->items.items[at]->version < catalog->version;
	if (newest && at < catalogs->items.count)
		unlist(catalogs, at);
	if (newest)
		vec_push(&catalogs->items, catalog);
	catalog->inside->listed = newest;
	catalog->inside->users = 1;
	pthread_mutex_unlock(&catalogs->lock);
}

// Finds the account's catalog. If it has the version, it is taken. If it is
// older, it or a copy of it is what a newer one is built from. RC_CONFLICT: it
// is newer.
static enum rc look(struct jmap_catalogs *catalogs, uint64_t account_id,
    uint64_t version, struct jmap_moment *moment)
{
	struct jmap_catalog *to_copy = NULL;
	enum rc rc = RC_OK;
	pthread_mutex_lock(&catalogs->lock);
	size_t at = find(catalogs, account_id);
	if (at < catalogs->items.count &&
	    catalogs->items.items[at]->version == version &&
	    !catalog_fits(catalogs->items.items[at], moment->view)) {
		unlist(catalogs, at);
		at = catalogs->items.count;
	}
	if (at < catalogs->items.count) {
		struct jmap_catalog *found = catalogs->items.items[at];
		struct catalog_inside *inside = found->inside;
		if (found->version == version) {
			inside->users++;
			moment->catalog = found;
		} else if (found->version > version) {
			rc = RC_CONFLICT;
		} else if (inside->users == 0) {
			vec_remove(&catalogs->items, at);
			inside->listed = false;
			moment->building = found;
		} else {
			inside->users++;
			to_copy = found;
		}
	}
	pthread_mutex_unlock(&catalogs->lock);
	if (to_copy) {
		moment->building = catalog_clone(to_copy);
		struct jmap_moment other = {
		    .catalogs = catalogs, .catalog = to_copy};
		jmap_moment_done(&other);
	}
	return rc;
}

void jmap_moment_done(struct jmap_moment *moment)
{
	struct jmap_catalogs *catalogs = moment->catalogs;
	struct jmap_catalog *catalog = moment->catalog;
	if (catalog) {
		struct catalog_inside *inside = catalog->inside;
		pthread_mutex_lock(&inside->lock);
		size_t bytes = catalog_bytes(catalog);
		pthread_mutex_unlock(&inside->lock);
		pthread_mutex_lock(&catalogs->lock);
		inside->bytes = bytes;
		inside->used_at = clock_coarse_ms();
		bool last = --inside->users == 0 && !inside->listed;
		make_room(catalogs);
		pthread_mutex_unlock(&catalogs->lock);
		if (last)
			catalog_free(catalog);
	}
	catalog_free(moment->building);
	store_view_close(&moment->view);
	*moment = (struct jmap_moment){0};
}

static enum rc build(struct jmap_catalogs *catalogs, struct fault *fault,
    struct jmap_moment *moment)
{
	uint64_t account_id = moment->building->account_id;
	enum rc rc = catalog_update(moment->building, moment->view, fault);
	if (rc == RC_CONFLICT) {
		// The second time there is nothing to be in conflict with.
		catalog_free(moment->building);
		moment->building = catalog_new(account_id);
		rc = catalog_update(moment->building, moment->view, fault);
	}
	if (rc != RC_OK)
		return rc;
	moment->catalog = moment->building;
	moment->building = NULL;
	enlist(catalogs, moment->catalog);
	return RC_OK;
}

// How often a view is opened that is not older than the newest catalog.
#define TRIES 10

enum rc jmap_moment_open(struct jmap_catalogs *catalogs,
    const struct store_asker *asker, struct store_account *account,
    struct fault *fault, struct jmap_moment *moment)
{
	uint64_t id = store_account_id(account);
	moment->catalogs = catalogs;
	if (moment->building)
		return build(catalogs, fault, moment);
	for (int i = 0; i < TRIES; i++) {
		enum rc rc =
		    store_view_open(asker, account, fault, &moment->view);
		if (rc != RC_OK)
			return rc;
		rc = look(
		    catalogs, id, store_view_version(moment->view), moment);
		if (rc == RC_OK)
			break;
		store_view_close(&moment->view);
	}
	if (!moment->view)
		return fault_set(fault, RC_IN_USE, "try again");
	if (moment->catalog)
		return RC_OK;
	if (!moment->building)
		moment->building = catalog_new(id);
	return build(catalogs, fault, moment);
}

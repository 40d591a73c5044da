// SPDX-License-Identifier: Apache-2.0
// The inside of a catalog, for the files catalog*.c.
#ifndef ROOST_JMAP_CATALOG_IMPL_H
#define ROOST_JMAP_CATALOG_IMPL_H

#include <pthread.h>

#include "base/map.h"
#include "jmap/catalog.h"

// What one place of an email did since the catalog's version.
enum catalog_event_kind {
	CATALOG_EVENT_HIDDEN, // it is there, with \Deleted
	CATALOG_EVENT_MADE,
	CATALOG_EVENT_FLAGS,
	CATALOG_EVENT_GONE,
};

struct catalog_event {
	uint64_t email_id;
	int64_t received_at;
	uint32_t size;
	uint32_t box;
	uint32_t uid;
	uint8_t kind;
	uint8_t flags; // of this place
};

struct catalog_inside {
	unsigned users;   // guarded by the lock of the catalogs
	uint64_t used_at; // guarded likewise
	size_t bytes;     // guarded likewise
	bool listed;      // guarded likewise: in the list of all
	// Guards what is made when it is asked for.
	pthread_mutex_t lock;
	bool threads_known;
	size_t threads_read; // slots
	// Threads whose first email is not in the catalog: thread id (8 bytes)
	// -> head + 1.
	struct map heads;
	uint32_t free_more; // the first free one of `more`, or CATALOG_NONE
	// Of an update.
	VEC(struct catalog_event) events;
	size_t position; // the mailbox of the view that comes next
	uint32_t walked; // messages of it that were looked at
	bool begun;
	VEC(uint32_t) touched; // slots
};

struct jmap_catalog *catalog_new(uint64_t account_id);
void catalog_free(struct jmap_catalog *catalog);
struct jmap_catalog *catalog_clone(struct jmap_catalog *catalog);
size_t catalog_bytes(const struct jmap_catalog *catalog);

// ---- catalog_update.c ------------------------------------------------------

// Brings a catalog that nobody else uses to the version of the view. RC_MORE:
// call again with the same view. RC_CONFLICT: it cannot be, so make a new one.
MUST_CHECK enum rc catalog_update(
    struct jmap_catalog *catalog, struct store_view *view, struct fault *fault);

// Whether a catalog with the version of the view is of the same account: one
// that was removed and made again, from a backup, could have its number.
bool catalog_fits(
    const struct jmap_catalog *catalog, const struct store_view *view);

// ---- catalog_order.c -------------------------------------------------------

void catalog_order_add(
    struct jmap_catalog *catalog, struct catalog_order *order, uint32_t slot);
void catalog_order_remove(
    struct jmap_catalog *catalog, struct catalog_order *order, uint32_t slot);
// It is made again when it is needed.
void catalog_order_drop(struct catalog_order *order);

// ---- catalog_threads.c -----------------------------------------------------

// Reads the threads of the emails from this slot on, which are new.
MUST_CHECK enum rc catalog_threads_new(
    struct jmap_catalog *catalog, struct store_view *view, size_t first);

#endif

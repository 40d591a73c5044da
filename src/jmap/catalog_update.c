// SPDX-License-Identifier: Apache-2.0
// Brings a catalog to the version of a view: gathers what happened to the
// places in each mailbox by comparing its snapshots, then applies it email by
// email.
#include "base/clock.h"
#include "jmap/catalog_impl.h"
#include "net/session.h"
#include "store/sort_order.h"

// ---- Gathering -------------------------------------------------------------

static void add_event(struct jmap_catalog *catalog, uint32_t box,
    const struct store_message *message, enum catalog_event_kind kind)
{
	unsigned flags = message->flags & ~(unsigned)STORE_FLAG_DELETED;
	if (message->has_keywords)
		flags |= CATALOG_KEYWORDS;
	vec_push(
	    &catalog->inside->events, (struct catalog_event){
					  .email_id = message->email_id,
					  .received_at = message->internal_date,
					  .size = message->size,
					  .box = box,
					  .uid = message->uid,
					  .kind = (uint8_t)kind,
					  .flags = (uint8_t)flags,
				      });
}

static bool is_hidden(const struct store_message *message)
{
	return message->flags & STORE_FLAG_DELETED;
}

// All places of a box are gone.
static void gather_gone(struct jmap_catalog *catalog, uint32_t box)
{
	struct store_snapshot **snapshot = &catalog->boxes.items[box].snapshot;
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	if (!*snapshot)
		return;
	store_walk_init(&walk, *snapshot, 0);
	while (store_walk_next(&walk, &index, &message))
		if (!is_hidden(&message))
			add_event(catalog, box, &message, CATALOG_EVENT_GONE);
	store_snapshot_unref(snapshot);
}

#define PIECE 4096

// All places of a box are new. RC_MORE: this was a piece.
static enum rc gather_all(
    struct jmap_catalog *catalog, uint32_t box, struct store_snapshot *snapshot)
{
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	uint32_t count = 0;
	store_walk_init(&walk, snapshot, catalog->inside->walked);
	while (store_walk_next(&walk, &index, &message)) {
		add_event(catalog, box, &message,
		    is_hidden(&message) ? CATALOG_EVENT_HIDDEN
					: CATALOG_EVENT_MADE);
		if (++count == PIECE) {
			catalog->inside->walked += PIECE;
			return RC_MORE;
		}
	}
	catalog->inside->walked = 0;
	catalog->boxes.items[box].snapshot = store_snapshot_ref(snapshot);
	return RC_OK;
}

static void gather_changed_one(struct jmap_catalog *catalog, uint32_t box,
    const struct store_snapshot *before, const struct store_message *message)
{
	struct store_message old;
	uint32_t index;
	bool was = store_snapshot_find(before, message->uid, &index) == RC_OK;
	bool was_visible = false;
	if (was) {
		store_snapshot_get(before, index, &old);
		was_visible = !is_hidden(&old);
	}
	if (was_visible)
		add_event(catalog, box, message,
		    is_hidden(message) ? CATALOG_EVENT_GONE
				       : CATALOG_EVENT_FLAGS);
	else if (!is_hidden(message))
		add_event(catalog, box, message, CATALOG_EVENT_MADE);
	else if (!was)
		add_event(catalog, box, message, CATALOG_EVENT_HIDDEN);
}

static void gather_vanished(struct jmap_catalog *catalog, uint32_t box,
    const struct store_snapshot *before, const struct store_snapshot *after)
{
	struct rangeset uids;
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	rangeset_init(&uids);
	store_snapshot_vanished(before, after, &uids);
	for (size_t i = 0; i < uids.count; i++) {
		store_walk_init(&walk, before,
		    store_snapshot_rank(before, uids.ranges[i].first));
		while (store_walk_next(&walk, &index, &message) &&
		       message.uid <= uids.ranges[i].last)
			if (!is_hidden(&message))
				add_event(
				    catalog, box, &message, CATALOG_EVENT_GONE);
	}
	rangeset_done(&uids);
}

static void gather_changed(
    struct jmap_catalog *catalog, uint32_t box, struct store_snapshot *after)
{
	struct store_snapshot *before = catalog->boxes.items[box].snapshot;
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	gather_vanished(catalog, box, before, after);
	store_walk_init_changed(
	    &walk, after, store_snapshot_highestmodseq(before));
	while (store_walk_next(&walk, &index, &message))
		gather_changed_one(catalog, box, before, &message);
	store_snapshot_unref(&before);
	catalog->boxes.items[box].snapshot = store_snapshot_ref(after);
}

static bool is_current(const struct store_snapshot *snapshot,
    const struct store_mailbox_info *info)
{
	return snapshot &&
	       store_snapshot_highestmodseq(snapshot) == info->highestmodseq &&
	       store_snapshot_uidvalidity(snapshot) == info->uidvalidity &&
	       store_snapshot_count(snapshot) == info->messages;
}

bool catalog_fits(
    const struct jmap_catalog *catalog, const struct store_view *view)
{
	for (size_t i = 0; i < store_view_mailbox_count(view); i++) {
		const struct store_mailbox_info *info =
		    &store_view_mailbox(view, i)->info;
		uint32_t box = jmap_catalog_box(catalog, info->mailbox_id);
		if (box == CATALOG_NONE)
			return false;
		const struct store_snapshot *snapshot =
		    catalog->boxes.items[box].snapshot;
		if (snapshot && !is_current(snapshot, info))
			return false;
	}
	return true;
}

// RC_MORE: only a piece was done.
static enum rc gather_box(struct jmap_catalog *catalog, struct store_view *view,
    size_t position, struct fault *fault)
{
	const struct store_view_mailbox *shown =
	    store_view_mailbox(view, position);
	uint32_t number = jmap_catalog_box(catalog, shown->info.mailbox_id);
	struct catalog_box *box = &catalog->boxes.items[number];
	struct store_snapshot *snapshot;
	if (shown->info.rights & STORE_RIGHT_READ &&
	    is_current(box->snapshot, &shown->info))
		return RC_OK;
	enum rc rc = store_view_snapshot(view, position, fault, &snapshot);
	if (rc == RC_DENIED || rc == RC_CORRUPT) {
		gather_gone(catalog, number);
		return RC_OK;
	}
	if (rc != RC_OK)
		return rc;
	if (box->snapshot && store_snapshot_uidvalidity(box->snapshot) !=
				 store_snapshot_uidvalidity(snapshot))
		return RC_CONFLICT;
	if (!box->snapshot)
		return gather_all(catalog, number, snapshot);
	gather_changed(catalog, number, snapshot);
	return RC_OK;
}

static int compare_ids(const void *a, const void *b)
{
	const uint64_t *left = a;
	const uint64_t *right = b;
	return (*left > *right) - (*left < *right);
}

// Mailboxes that the catalog does not have become boxes. Their ids are higher
// than all before, or the asker has got rights to an old one.
static enum rc add_boxes(
    struct jmap_catalog *catalog, const struct store_view *view)
{
	VEC(uint64_t) ids = {0};
	enum rc rc = RC_OK;
	uint64_t last = catalog->boxes.count > 0
			    ? catalog->boxes.items[catalog->boxes.count - 1].id
			    : 0;
	for (size_t i = 0; i < store_view_mailbox_count(view); i++) {
		uint64_t id = store_view_mailbox(view, i)->info.mailbox_id;
		if (jmap_catalog_box(catalog, id) != CATALOG_NONE)
			continue;
		vec_push(&ids, id);
		if (id <= last)
			rc = RC_CONFLICT;
	}
	if (ids.count > 1)
		qsort(ids.items, ids.count, sizeof(*ids.items), compare_ids);
	for (size_t i = 0; i < ids.count; i++)
		vec_push(
		    &catalog->boxes, (struct catalog_box){.id = ids.items[i]});
	vec_done(&ids);
	return rc;
}

// Whether most of what the catalog knows is gone.
static bool is_stale(
    const struct jmap_catalog *catalog, const struct store_view *view)
{
	uint64_t messages = 0;
	for (size_t i = 0; i < store_view_mailbox_count(view); i++)
		messages += store_view_mailbox(view, i)->info.messages;
	return catalog->emails.count > 2 * messages + 10000 ||
	       catalog->boxes.count > 2 * store_view_mailbox_count(view) + 1000;
}

static enum rc begin(
    struct jmap_catalog *catalog, const struct store_view *view)
{
	struct catalog_inside *inside = catalog->inside;
	if (is_stale(catalog, view))
		return RC_CONFLICT;
	enum rc rc = add_boxes(catalog, view);
	if (rc != RC_OK)
		return rc;
	inside->begun = true;
	inside->position = 0;
	inside->walked = 0;
	inside->events.count = 0;
	size_t none = store_view_mailbox_count(view);
	for (size_t i = 0; i < catalog->boxes.count; i++) {
		struct catalog_box *box = &catalog->boxes.items[i];
		if (box->gone || store_view_find(view, box->id) != none)
			continue;
		gather_gone(catalog, (uint32_t)i);
		box->gone = true;
	}
	return RC_OK;
}

// ---- Places ----------------------------------------------------------------

static void add_place(
    struct jmap_catalog *catalog, uint32_t slot, struct catalog_place place)
{
	struct catalog_email *email = &catalog->emails.items[slot];
	struct catalog_inside *inside = catalog->inside;
	if (!jmap_catalog_in_box(catalog, email, place.box))
		catalog_order_add(
		    catalog, &catalog->boxes.items[place.box].order, slot);
	if (!catalog_is_visible(email)) {
		email->place = place;
		catalog_order_add(catalog, &catalog->order, slot);
		return;
	}
	uint32_t at = inside->free_more;
	if (at == CATALOG_NONE) {
		at = (uint32_t)catalog->more.count;
		vec_push(&catalog->more, (struct catalog_more){0});
	} else {
		inside->free_more = catalog->more.items[at].next;
	}
	catalog->more.items[at] = (struct catalog_more){place, email->more};
	email->more = at;
}

static void free_more(struct jmap_catalog *catalog, uint32_t *link)
{
	struct catalog_inside *inside = catalog->inside;
	uint32_t at = *link;
	*link = catalog->more.items[at].next;
	catalog->more.items[at].next = inside->free_more;
	inside->free_more = at;
}

static bool drop_place(struct jmap_catalog *catalog,
    struct catalog_email *email, struct catalog_place place)
{
	if (email->place.box == place.box && email->place.uid == place.uid) {
		if (email->more == CATALOG_NONE) {
			email->place.box = CATALOG_NONE;
		} else {
			email->place = catalog->more.items[email->more].place;
			free_more(catalog, &email->more);
		}
		return true;
	}
	for (uint32_t *link = &email->more; *link != CATALOG_NONE;
	     link = &catalog->more.items[*link].next) {
		struct catalog_place *at = &catalog->more.items[*link].place;
		if (at->box != place.box || at->uid != place.uid)
			continue;
		free_more(catalog, link);
		return true;
	}
	return false;
}

static void remove_place(
    struct jmap_catalog *catalog, uint32_t slot, struct catalog_place place)
{
	struct catalog_email *email = &catalog->emails.items[slot];
	if (!drop_place(catalog, email, place))
		return;
	if (!jmap_catalog_in_box(catalog, email, place.box))
		catalog_order_remove(
		    catalog, &catalog->boxes.items[place.box].order, slot);
	if (!catalog_is_visible(email))
		catalog_order_remove(catalog, &catalog->order, slot);
}

static unsigned flags_at(
    const struct jmap_catalog *catalog, struct catalog_place place)
{
	const struct store_snapshot *snapshot =
	    catalog->boxes.items[place.box].snapshot;
	struct store_message message;
	uint32_t index;
	if (!snapshot ||
	    store_snapshot_find(snapshot, place.uid, &index) != RC_OK)
		return 0;
	store_snapshot_get(snapshot, index, &message);
	return (message.flags & ~(unsigned)STORE_FLAG_DELETED) |
	       (message.has_keywords ? CATALOG_KEYWORDS : 0);
}

static unsigned flags_of(
    const struct jmap_catalog *catalog, const struct catalog_email *email)
{
	struct catalog_place place = email->place;
	uint32_t more = email->more;
	unsigned flags = 0;
	if (!catalog_is_visible(email))
		return 0;
	do
		flags |= flags_at(catalog, place);
	while (catalog_next_place(catalog, &more, &place));
	return flags;
}

// ---- Applying --------------------------------------------------------------

// The events of one email.
static void apply_email(struct jmap_catalog *catalog, uint32_t slot,
    const struct sort_item *items, size_t count)
{
	struct catalog_email *email = &catalog->emails.items[slot];
	bool simple = !catalog_is_visible(email);
	unsigned flags = 0;
	catalog->visible -= catalog_is_visible(email);
	for (size_t i = 0; i < count; i++) {
		const struct catalog_event *event =
		    &catalog->inside->events.items[items[i].index];
		struct catalog_place place = {event->box, event->uid};
		if (event->kind == CATALOG_EVENT_MADE) {
			add_place(catalog, slot, place);
			flags |= event->flags;
		} else if (event->kind == CATALOG_EVENT_GONE) {
			remove_place(catalog, slot, place);
			simple = false;
		}
	}
	// The events tell the flags of all places if all are new.
	email->flags = simple ? flags : flags_of(catalog, email);
	catalog->visible += catalog_is_visible(email);
}

// The slot of the email; a new email gets the next one. CATALOG_NONE: it is an
// old email of which the catalog has never heard.
static uint32_t slot_of(
    struct jmap_catalog *catalog, const struct catalog_event *event)
{
	size_t count = catalog->emails.count;
	if (count > 0 && catalog->emails.items[count - 1].id >= event->email_id)
		return jmap_catalog_find(catalog, event->email_id);
	vec_push(&catalog->emails, (struct catalog_email){
				       .id = event->email_id,
				       .received_at = event->received_at,
				       .size = event->size,
				       .head = (uint32_t)count,
				       .next = CATALOG_NONE,
				       .more = CATALOG_NONE,
				       .place = {.box = CATALOG_NONE},
				   });
	return (uint32_t)count;
}

static enum rc find_slots(
    struct jmap_catalog *catalog, const struct sort_item *items)
{
	struct catalog_inside *inside = catalog->inside;
	inside->touched.count = 0;
	for (size_t i = 0; i < inside->events.count; i++) {
		if (i > 0 && items[i].key == items[i - 1].key)
			continue;
		uint32_t slot =
		    slot_of(catalog, &inside->events.items[items[i].index]);
		if (slot == CATALOG_NONE)
			return RC_CONFLICT;
		vec_push(&inside->touched, slot);
	}
	return RC_OK;
}

static void drop_orders(struct jmap_catalog *catalog)
{
	catalog_order_drop(&catalog->order);
	for (size_t i = 0; i < catalog->boxes.count; i++)
		catalog_order_drop(&catalog->boxes.items[i].order);
}

// With more events than this, the orders are made again when they are needed.
#define EVENTS_MANY 300

static void apply_all(
    struct jmap_catalog *catalog, const struct sort_item *items)
{
	struct catalog_inside *inside = catalog->inside;
	size_t from = 0;
	size_t group = 0;
	if (inside->events.count > EVENTS_MANY)
		drop_orders(catalog);
	while (from < inside->events.count) {
		size_t to = from + 1;
		while (to < inside->events.count &&
		       items[to].key == items[from].key)
			to++;
		apply_email(catalog, inside->touched.items[group++],
		    items + from, to - from);
		from = to;
	}
}

static enum rc apply(struct jmap_catalog *catalog, struct store_view *view,
    const struct sort_item *items)
{
	struct catalog_inside *inside = catalog->inside;
	size_t known = catalog->emails.count;
	enum rc rc = find_slots(catalog, items);
	if (rc == RC_OK && inside->threads_known)
		rc = catalog_threads_new(catalog, view, known);
	if (rc == RC_OK)
		apply_all(catalog, items);
	return rc;
}

static enum rc finish(struct jmap_catalog *catalog, struct store_view *view)
{
	struct catalog_inside *inside = catalog->inside;
	struct sort_item *items =
	    mem_alloc((inside->events.count + 1) * sizeof(*items));
	for (size_t i = 0; i < inside->events.count; i++)
		items[i] =
		    (struct sort_item){inside->events.items[i].email_id, i};
	sort_items(items, inside->events.count);
	enum rc rc = apply(catalog, view, items);
	free(items);
	inside->begun = false;
	catalog->version = store_view_version(view);
	if (inside->events.capacity > 10000)
		vec_done(&inside->events);
	return rc;
}

enum rc catalog_update(
    struct jmap_catalog *catalog, struct store_view *view, struct fault *fault)
{
	struct catalog_inside *inside = catalog->inside;
	uint64_t until = clock_monotonic_ms() + NET_SLICE_MS;
	enum rc rc = RC_OK;
	if (!inside->begun)
		rc = begin(catalog, view);
	while (
	    rc == RC_OK && inside->position < store_view_mailbox_count(view)) {
		rc = gather_box(catalog, view, inside->position, fault);
		if (rc == RC_OK)
			inside->position++;
		if (rc == RC_MORE)
			rc = RC_OK;
		if (rc == RC_OK && clock_monotonic_ms() >= until)
			return RC_MORE;
	}
	return rc == RC_OK ? finish(catalog, view) : rc;
}

// SPDX-License-Identifier: Apache-2.0
// The real delivery for the rig: routes, stores and queue over the memory
// engine of the rig's users. Our domain is example.org, with the users demo and
// friend; "all" is an alias of both, "away" leads to another server.
#include "base/mem.h"
#include "queue/manage.h"
#include "smtp/rig.h"
#include "store/email.h"
#include "store/snapshot.h"

#define MESSAGE_MAX ((size_t)1 << 20)
#define USERS       2

static const char *const user_names[USERS] = {RIG_USER, "friend"};

struct rig_office {
	struct delivery_office view;
	struct store *store;
	struct route *route;
	struct queue *queue;
	struct dkim_keys *dkim;
	struct auth_user users[USERS];
	size_t shown; // messages that rig_office_next() has returned
};

static void must(enum rc rc, const struct fault *fault, const char *what)
{
	if (rc == RC_OK || rc == RC_EXISTS)
		return;
	fprintf(stderr, "rig: %s: %s (%s)\n", what, rc_name(rc), fault->text);
	abort();
}

static void make_alias(struct rig_office *office, const char *address,
    struct view first, struct view second)
{
	struct fault fault = {.text = ""};
	struct view targets[] = {first, second};
	struct route_alias alias = {
	    .address = view_of_string(address),
	    .targets = targets,
	    .count = second.len > 0 ? 2 : 1,
	};
	must(route_alias_set(office->route, &alias, &fault), &fault, address);
}

static void make_routes(struct rig_office *office, const struct rig *rig)
{
	struct fault fault = {.text = ""};
	office->route =
	    route_new(rig->base.users->engine, rig->base.users->auth,
		&(struct route_settings){.postmaster = VIEW(RIG_USER)});
	struct route_domain domain = {.name = VIEW("example.org")};
	must(route_domain_add(office->route, &domain, &fault), &fault,
	    "route_domain_add");
	make_alias(office, "all@example.org", VIEW(RIG_USER), VIEW("friend"));
	make_alias(office, "away@example.org", VIEW("a@example.com"), VIEW(""));
}

static void make_users(struct rig_office *office, const struct rig *rig)
{
	struct fault fault = {.text = ""};
	for (size_t i = 0; i < USERS; i++) {
		struct auth_user *user = &office->users[i];
		*user = rig_users_find(
		    rig->base.users, view_of_string(user_names[i]));
		must(store_account_create(office->store, user->account, &fault),
		    &fault, "store_account_create");
		must(route_detail_set(
			 office->route, user, ROUTE_DETAIL_FOLDER, &fault),
		    &fault, "route_detail_set");
	}
}

struct rig_office *rig_office_new(const struct rig *rig)
{
	struct engine *engine = rig->base.users->engine;
	struct fault fault = {.text = ""};
	struct rig_office *office = mem_zalloc(sizeof(*office));
	office->store = store_new(&(struct store_options){.engine = engine,
	    .clock = &rig->base.clock,
	    .message_max = 2 * RIG_SIZE_MAX});
	must(queue_open(engine,
		 &(struct queue_settings){.clock = &rig->base.clock,
		     .server_name = VIEW("mx.example.org")},
		 &fault, &office->queue),
	    &fault, "queue_open");
	office->dkim = dkim_keys_new(engine, NULL);
	make_routes(office, rig);
	make_users(office, rig);
	office->view = (struct delivery_office){
	    .store = office->store,
	    .route = office->route,
	    .queue = office->queue,
	    .dkim = office->dkim,
	    .hold_seconds = RIG_HOLD_SECONDS,
	    .clock = &rig->base.clock,
	    .server_name = VIEW("mx.example.org"),
	    .message_max = RIG_SIZE_MAX,
	};
	return office;
}

const struct delivery_office *rig_office_view(const struct rig_office *office)
{
	return &office->view;
}

// ---- What is there ---------------------------------------------------------

static void show_mailbox(struct store_account *account, const char *user,
    struct view name, size_t *skip, struct buf *out)
{
	struct fault fault = {.text = ""};
	struct store_mailbox *mailbox;
	must(store_mailbox_open(&store_system, account, name, STORE_RIGHT_READ,
		 &fault, &mailbox),
	    &fault, "store_mailbox_open");
	struct store_snapshot *snapshot = store_mailbox_snapshot(mailbox);
	uint32_t count = store_snapshot_count(snapshot);
	if (*skip < count) {
		struct buf bytes;
		struct store_message message;
		struct store_reader *reader = store_reader_new(account);
		buf_init(&bytes, MESSAGE_MAX);
		store_snapshot_get(snapshot, (uint32_t)*skip, &message);
		must(store_reader_bytes(
			 reader, message.email_id, 0, SIZE_MAX, &bytes),
		    &fault, "store_reader_bytes");
		buf_printf(out, "%s %.*s: ", user, VIEW_FMT(name));
		rig_escape(buf_view(&bytes), out);
		buf_done(&bytes);
		store_reader_free(&reader);
		*skip = SIZE_MAX;
	} else {
		*skip -= count;
	}
	store_snapshot_unref(&snapshot);
	store_mailbox_close(&mailbox);
}

// Shows the message after `*skip` others of this user, and then sets `*skip` to
// SIZE_MAX.
static void show_user(struct rig_office *office, const struct auth_user *user,
    size_t *skip, struct buf *out)
{
	struct fault fault = {.text = ""};
	struct store_account *account;
	struct store_mailbox_info info = {.name = VIEW("")};
	struct arena arena;
	must(store_account_open(office->store, user->account, &fault, &account),
	    &fault, "store_account_open");
	arena_init(&arena);
	while (*skip != SIZE_MAX && store_mailbox_next(&store_system, account,
					info.name, &arena, &info) == RC_OK)
		show_mailbox(account, user->name.text, info.name, skip, out);
	arena_done(&arena);
	store_account_close(&account);
}

static void show_queued(
    struct rig_office *office, const struct queue_info *info, struct buf *out)
{
	struct fault fault = {.text = ""};
	struct buf bytes;
	buf_init(&bytes, MESSAGE_MAX);
	must(queue_read(office->queue, &info->id, 0, MESSAGE_MAX / 2, &bytes),
	    &fault, "queue_read");
	buf_printf(out, "queue <%.*s> >", VIEW_FMT(info->envelope.sender));
	for (size_t i = 0; i < info->count; i++)
		buf_printf(out, " %.*s", VIEW_FMT(info->recipients[i].address));
	buf_add_literal(out, ": ");
	rig_escape(buf_view(&bytes), out);
	buf_done(&bytes);
}

static void show_queue(struct rig_office *office, size_t *skip, struct buf *out)
{
	struct fault fault = {.text = ""};
	struct queue_walk *walk;
	struct queue_info info;
	struct arena arena;
	must(queue_walk_open(office->queue, &walk), &fault, "queue_walk_open");
	arena_init(&arena);
	while (*skip != SIZE_MAX &&
	       queue_walk_next(walk, &arena, &info) == RC_OK) {
		if ((*skip)-- > 0)
			continue;
		show_queued(office, &info, out);
		*skip = SIZE_MAX;
	}
	arena_done(&arena);
	queue_walk_close(&walk);
}

bool rig_office_next(struct rig_office *office, struct buf *out)
{
	size_t skip = office->shown;
	for (size_t i = 0; i < USERS && skip != SIZE_MAX; i++)
		show_user(office, &office->users[i], &skip, out);
	if (skip != SIZE_MAX)
		show_queue(office, &skip, out);
	if (skip != SIZE_MAX)
		return false;
	office->shown++;
	return true;
}

// ---- The end ---------------------------------------------------------------

static void empty_queue(struct rig_office *office)
{
	struct fault fault = {.text = ""};
	struct queue_walk *walk;
	struct queue_info info;
	struct arena arena;
	must(queue_walk_open(office->queue, &walk), &fault, "queue_walk_open");
	arena_init(&arena);
	while (queue_walk_next(walk, &arena, &info) == RC_OK)
		must(queue_remove(office->queue, &info.id, false, &fault),
		    &fault, "queue_remove");
	arena_done(&arena);
	queue_walk_close(&walk);
}

// The next rig may share these users, and so the engine.
void rig_office_free(struct rig_office **ptr)
{
	struct rig_office *office = *ptr;
	struct fault fault = {.text = ""};
	*ptr = NULL;
	empty_queue(office);
	for (size_t i = 0; i < USERS; i++)
		must(store_account_remove(
			 office->store, office->users[i].account, &fault),
		    &fault, "store_account_remove");
	dkim_keys_free(&office->dkim);
	route_free(&office->route);
	queue_close(&office->queue);
	store_free(&office->store);
	free(office);
}

// No delivery waits for this office.
void rig_office_release(struct rig_office *office)
{
	(void)office;
}

// This office counts nothing.
size_t rig_office_accepted(const struct rig_office *office)
{
	(void)office;
	return 0;
}

size_t rig_office_open(const struct rig_office *office)
{
	(void)office;
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
// A map from the user's name to a list of the user's sessions. A session is
// freed only after it has left its list, under the lock: so whoever holds the
// lock may look at every session in a list.
#include "session/registry.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/thread.h"
#include "session/session.h"

#define CLIENT_MAX 128
#define TELL_MS    60000

struct session_group {
	char *user; // owned
	size_t count;
	uint64_t tell_ms;      // when the log may have it again
	struct session *first; // the oldest
	struct session *last;
};

struct session_registry {
	const struct clock *clock;
	pthread_mutex_t lock; // guards what follows, and every place
	pthread_cond_t left;  // a kicked session has ended
	struct map groups;    // by user; no group is empty
};

struct session_registry *session_registry_new(const struct clock *clock)
{
	struct session_registry *registry = mem_zalloc(sizeof(*registry));
	registry->clock = clock;
	pthread_mutex_init(&registry->lock, NULL);
	thread_cond_init(&registry->left);
	map_init(&registry->groups);
	return registry;
}

void session_registry_free(struct session_registry **registry)
{
	struct session_registry *old = *registry;
	if (!old)
		return;
	*registry = NULL;
	map_done(&old->groups);
	pthread_cond_destroy(&old->left);
	pthread_mutex_destroy(&old->lock);
	free(old);
}

// ---- Coming and going ------------------------------------------------------

static struct session_group *group_of(
    struct session_registry *registry, const char *user)
{
	struct view name = view_of_string(user);
	struct session_group *group = map_get(&registry->groups, name);
	if (group)
		return group;
	group = mem_zalloc(sizeof(*group));
	group->user = mem_strdup(user);
	map_put(&registry->groups, name, group);
	return group;
}

void session_registry_add(
    struct session_registry *registry, struct session *session)
{
	struct session_place *place = &session->place;
	pthread_mutex_lock(&registry->lock);
	struct session_group *group = group_of(registry, session->user);
	place->registry = registry;
	place->group = group;
	place->since = clock_wall_seconds(registry->clock);
	place->next = NULL;
	place->previous = group->last;
	if (group->last)
		group->last->place.next = session;
	else
		group->first = session;
	group->last = session;
	group->count++;
	pthread_mutex_unlock(&registry->lock);
}

static void leave(struct session_group *group, struct session_place *place)
{
	if (place->previous)
		place->previous->place.next = place->next;
	else
		group->first = place->next;
	if (place->next)
		place->next->place.previous = place->previous;
	else
		group->last = place->previous;
	group->count--;
}

void session_registry_remove(struct session *session)
{
	struct session_place *place = &session->place;
	struct session_registry *registry = place->registry;
	struct session_group *group = place->group;
	if (!registry)
		return;
	pthread_mutex_lock(&registry->lock);
	leave(group, place);
	if (group->count == 0) {
		map_remove(&registry->groups, view_of_string(group->user));
		free(group->user);
		free(group);
	}
	if (atomic_load(&session->kicked))
		pthread_cond_broadcast(&registry->left);
	*place = (struct session_place){.client = place->client};
	pthread_mutex_unlock(&registry->lock);
}

void session_registry_set_client(struct session *session, struct view name)
{
	struct session_place *place = &session->place;
	struct session_registry *registry = place->registry;
	name = view_slice(name, 0, CLIENT_MAX);
	char *old = place->client;
	char *client = mem_strndup(name.ptr, name.len);
	if (registry)
		pthread_mutex_lock(&registry->lock);
	place->client = client;
	if (registry)
		pthread_mutex_unlock(&registry->lock);
	free(old);
}

bool session_registry_has_place(struct session_registry *registry,
    struct view user, size_t max, bool *ret_tell)
{
	uint64_t now = clock_monotonic_ms();
	*ret_tell = false;
	pthread_mutex_lock(&registry->lock);
	struct session_group *group = map_get(&registry->groups, user);
	bool full = group && group->count >= max;
	if (full && now >= group->tell_ms) {
		group->tell_ms = now + TELL_MS;
		*ret_tell = true;
	}
	pthread_mutex_unlock(&registry->lock);
	return !full;
}

// ---- All sessions of a user ------------------------------------------------

size_t session_registry_count(
    struct session_registry *registry, struct view user)
{
	pthread_mutex_lock(&registry->lock);
	const struct session_group *group = map_get(&registry->groups, user);
	size_t count = group ? group->count : 0;
	pthread_mutex_unlock(&registry->lock);
	return count;
}

// Calls `visit` for the sessions of a user, or of all users; returns how many
// there are. The caller holds the lock.
static size_t visit_all(struct session_registry *registry, struct view user,
    void (*visit)(void *context, struct session *session), void *context)
{
	size_t position = 0, count = 0;
	struct view name;
	void *value = NULL;
	if (user.len > 0)
		value = map_get(&registry->groups, user);
	else
		map_next(&registry->groups, &position, &name, &value);
	while (value) {
		const struct session_group *group = value;
		struct session *session = group->first;
		for (; session; session = session->place.next, count++)
			visit(context, session);
		if (user.len > 0 ||
		    !map_next(&registry->groups, &position, &name, &value))
			break;
	}
	return count;
}

struct telling {
	void (*each)(void *context, const struct session_info *info);
	void *context;
};

static void tell(void *context, struct session *session)
{
	const struct telling *telling = context;
	const struct session_place *place = &session->place;
	struct session_info info = {
	    .user = view_of_string(place->group->user),
	    .protocol = session->kind->protocol,
	    .address = session->peer_address,
	    .client = place->client,
	    .id = session->id,
	    .since = place->since,
	    .tls = session_has_tls(session),
	};
	telling->each(telling->context, &info);
}

void session_registry_each(struct session_registry *registry, struct view user,
    void (*each)(void *context, const struct session_info *info), void *context)
{
	struct telling telling = {each, context};
	pthread_mutex_lock(&registry->lock);
	visit_all(registry, user, tell, &telling);
	pthread_mutex_unlock(&registry->lock);
}

static void wake(void *context, struct session *session)
{
	(void)context;
	session->waker.wake(session->waker.context);
}

static void kick(void *context, struct session *session)
{
	atomic_store(&session->kicked, true);
	wake(context, session);
}

void session_registry_wake(struct session_registry *registry, struct view user)
{
	pthread_mutex_lock(&registry->lock);
	visit_all(registry, user, wake, NULL);
	pthread_mutex_unlock(&registry->lock);
}

size_t session_registry_kick(
    struct session_registry *registry, struct view user)
{
	pthread_mutex_lock(&registry->lock);
	size_t count = visit_all(registry, user, kick, NULL);
	pthread_mutex_unlock(&registry->lock);
	return count;
}

static void cut(void *context, struct session *session)
{
	(void)context;
	if (session->waker.cut && atomic_load(&session->kicked))
		session->waker.cut(session->waker.context);
}

void session_registry_cut(struct session_registry *registry, struct view user)
{
	pthread_mutex_lock(&registry->lock);
	visit_all(registry, user, cut, NULL);
	pthread_mutex_unlock(&registry->lock);
}

static void count_kicked(void *context, struct session *session)
{
	size_t *count = context;
	*count += atomic_load(&session->kicked);
}

bool session_registry_wait(
    struct session_registry *registry, struct view user, uint64_t ms)
{
	struct timespec end = thread_deadline(ms);
	int waited = 0;
	size_t count = 0;
	pthread_mutex_lock(&registry->lock);
	visit_all(registry, user, count_kicked, &count);
	while (count > 0 && waited == 0) {
		waited = pthread_cond_timedwait(
		    &registry->left, &registry->lock, &end);
		count = 0;
		visit_all(registry, user, count_kicked, &count);
	}
	pthread_mutex_unlock(&registry->lock);
	return count == 0;
}

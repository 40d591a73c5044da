// SPDX-License-Identifier: Apache-2.0
// "place/<prepared name>" → the user's places, in AUTH_PLACES_PARTITION. What
// is not written yet is in `notes`; what is being written, in `leaving`, so
// that a place is found at every moment.
#include "auth/places.h"

#include <pthread.h>

#include "auth/address.h"
#include "base/map.h"
#include "base/mem.h"

#define NOTES_MAX  4096 // log-ins that are not written yet
#define RECORD_MAX ((size_t)8192)
#define KEY_MAX    (sizeof(AUTH_PLACES_PREFIX) + AUTH_NAME_MAX)

struct note {
	struct auth_name user;
	struct auth_place place;
};

struct auth_places {
	struct engine *engine;
	pthread_mutex_t writing; // who writes holds it
	pthread_mutex_t lock;    // guards the maps
	struct map notes;        // by note_key(), to struct note
	struct map leaving;      // the same; changed only by who writes
};

struct auth_places *auth_places_new(struct engine *engine)
{
	struct auth_places *places = mem_zalloc(sizeof(*places));
	places->engine = engine;
	pthread_mutex_init(&places->writing, NULL);
	pthread_mutex_init(&places->lock, NULL);
	map_init(&places->notes);
	map_init(&places->leaving);
	return places;
}

static void drop_notes(struct map *notes)
{
	size_t position = 0;
	struct view key;
	void *note;
	while (map_next(notes, &position, &key, &note))
		free(note);
	map_done(notes);
	map_init(notes);
}

void auth_places_free(struct auth_places **places)
{
	struct auth_places *old = *places;
	if (!old)
		return;
	*places = NULL;
	drop_notes(&old->notes);
	drop_notes(&old->leaving);
	map_done(&old->notes);
	map_done(&old->leaving);
	pthread_mutex_destroy(&old->writing);
	pthread_mutex_destroy(&old->lock);
	free(old);
}

// ---- Keys ------------------------------------------------------------------

struct key {
	size_t len;
	char bytes[KEY_MAX];
};

static struct key key_of(struct view user)
{
	struct key key = {.len = sizeof(AUTH_PLACES_PREFIX) - 1};
	user = view_slice(user, 0, AUTH_NAME_MAX);
	memcpy(key.bytes, AUTH_PLACES_PREFIX, key.len);
	if (user.len)
		memcpy(key.bytes + key.len, user.ptr, user.len);
	key.len += user.len;
	return key;
}

static struct view key_view(const struct key *key)
{
	return view_of(key->bytes, key->len);
}

// The address's key and the user.
static struct view note_key(
    struct view user, struct view address, char room[64 + AUTH_NAME_MAX + 1])
{
	user = view_slice(user, 0, AUTH_NAME_MAX);
	size_t len = auth_address_key(address, room + 1);
	room[0] = (char)len;
	if (user.len)
		memcpy(room + 1 + len, user.ptr, user.len);
	return view_of(room, 1 + len + user.len);
}

// ---- Finding ---------------------------------------------------------------

static enum rc decode(
    enum rc rc, struct buf *bytes, struct auth_place_list *ret_list)
{
	ret_list->count = 0;
	if (rc == RC_OK)
		rc = auth_place_list_decode(buf_view(bytes), ret_list);
	buf_done(bytes);
	if (rc == RC_NOT_FOUND)
		rc = RC_OK;
	return rc == RC_LIMIT ? RC_CORRUPT : rc;
}

static enum rc read_list(struct auth_places *places, struct view user,
    struct auth_place_list *ret_list)
{
	struct key key = key_of(user);
	struct buf bytes;
	buf_init(&bytes, RECORD_MAX);
	return decode(engine_get(places->engine, AUTH_PLACES_PARTITION,
			  key_view(&key), &bytes),
	    &bytes, ret_list);
}

static bool is_noted(
    struct auth_places *places, struct view user, struct view address)
{
	char room[64 + AUTH_NAME_MAX + 1];
	struct view key = note_key(user, address, room);
	pthread_mutex_lock(&places->lock);
	bool noted =
	    map_get(&places->notes, key) || map_get(&places->leaving, key);
	pthread_mutex_unlock(&places->lock);
	return noted;
}

enum auth_known auth_places_find(struct auth_places *places, struct view user,
    struct view address, int64_t now, bool *ret_fresh)
{
	struct auth_place_list list;
	enum auth_known known = AUTH_KNOWN_NOT;
	*ret_fresh = is_noted(places, user, address);
	if (read_list(places, user, &list) != RC_OK)
		list.count = 0;
	for (size_t i = 0; i < list.count; i++) {
		const struct auth_place *place = &list.places[i];
		struct view there = view_of_string(place->address);
		if (auth_address_is_same(there, address)) {
			known = AUTH_KNOWN_ADDRESS;
			*ret_fresh |=
			    now >= place->last &&
			    now - place->last < AUTH_PLACES_FRESH_SECONDS;
			break;
		}
		if (auth_address_is_near(there, address))
			known = AUTH_KNOWN_NETWORK;
	}
	return *ret_fresh ? AUTH_KNOWN_ADDRESS : known;
}

// ---- Writing ---------------------------------------------------------------

bool auth_places_note(struct auth_places *places, struct view user,
    const struct auth_place *place)
{
	char room[64 + AUTH_NAME_MAX + 1];
	struct view key = note_key(user, view_of_string(place->address), room);
	struct note *note = mem_zalloc(sizeof(*note));
	void *old = NULL;
	user = view_slice(user, 0, AUTH_NAME_MAX);
	if (user.len)
		memcpy(note->user.text, user.ptr, user.len);
	note->place = *place;
	pthread_mutex_lock(&places->lock);
	bool room_left = places->notes.count < NOTES_MAX;
	if (room_left)
		old = map_put(&places->notes, key, note);
	pthread_mutex_unlock(&places->lock);
	free(old);
	if (!room_left)
		free(note);
	return room_left;
}

struct change {
	struct auth_places *places;
	struct view forget; // the user to forget; empty: add the notes
};

static enum rc add_note(struct engine_snapshot *from,
    struct engine_batch *batch, const struct note *note)
{
	struct key key = key_of(auth_name_view(&note->user));
	struct auth_place_list list;
	struct buf bytes;
	buf_init(&bytes, RECORD_MAX);
	enum rc rc = decode(
	    engine_snapshot_get(from, key_view(&key), &bytes), &bytes, &list);
	if (rc == RC_CORRUPT)
		list.count = 0; // it is begun anew
	else if (rc != RC_OK)
		return rc;
	auth_place_list_add(&list, &note->place);
	buf_init(&bytes, RECORD_MAX);
	auth_place_list_encode(&list, &bytes);
	engine_batch_put(batch, key_view(&key), buf_view(&bytes));
	buf_done(&bytes);
	return RC_OK;
}

// A batch does not read what it writes itself, so one commit takes one note of
// each user; the others stay for the next.
static enum rc make_change(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	struct change *change = context;
	size_t position = 0;
	struct view key;
	void *note;
	enum rc rc = RC_OK;
	(void)fault;
	if (change->forget.len > 0) {
		struct key gone = key_of(change->forget);
		engine_batch_delete(batch, key_view(&gone));
		return RC_OK;
	}
	while (rc == RC_OK &&
	       map_next(&change->places->leaving, &position, &key, &note))
		rc = add_note(from, batch, note);
	return rc;
}

// Moves one note of each user from `notes` to `leaving`.
static void begin_leaving(struct auth_places *places)
{
	struct map users;
	struct map rest;
	size_t position = 0;
	struct view key;
	void *value;
	map_init(&users);
	map_init(&rest);
	pthread_mutex_lock(&places->lock);
	while (map_next(&places->notes, &position, &key, &value)) {
		struct note *note = value;
		struct view user = auth_name_view(&note->user);
		bool first = map_put(&users, user, note) == NULL;
		map_put(first ? &places->leaving : &rest, key, note);
	}
	map_done(&places->notes);
	places->notes = rest;
	pthread_mutex_unlock(&places->lock);
	map_done(&users);
}

static enum rc write_some(struct auth_places *places, struct fault *fault)
{
	struct change change = {.places = places};
	begin_leaving(places);
	enum rc rc = RC_OK;
	if (places->leaving.count > 0)
		rc = engine_change(places->engine, AUTH_PLACES_PARTITION,
		    make_change, &change, fault);
	pthread_mutex_lock(&places->lock);
	drop_notes(&places->leaving); // also if it failed: see auth_places.h
	pthread_mutex_unlock(&places->lock);
	return rc;
}

enum rc auth_places_write(struct auth_places *places, struct fault *fault)
{
	enum rc rc = RC_OK;
	bool more = true;
	pthread_mutex_lock(&places->writing);
	while (more && rc == RC_OK) {
		rc = write_some(places, fault);
		pthread_mutex_lock(&places->lock);
		more = places->notes.count > 0;
		pthread_mutex_unlock(&places->lock);
	}
	pthread_mutex_unlock(&places->writing);
	return rc;
}

enum rc auth_places_list(struct auth_places *places, struct view user,
    struct fault *fault, struct auth_place_list *ret_list)
{
	enum rc rc = auth_places_write(places, fault);
	return rc == RC_OK ? read_list(places, user, ret_list) : rc;
}

enum rc auth_places_forget(
    struct auth_places *places, struct view user, struct fault *fault)
{
	struct change change = {.places = places, .forget = user};
	enum rc rc = auth_places_write(places, fault);
	return rc == RC_OK
		   ? engine_change(places->engine, AUTH_PLACES_PARTITION,
			 make_change, &change, fault)
		   : rc;
}

// ---- Checking --------------------------------------------------------------

struct check {
	void (*problem)(void *context, const char *text);
	void *context;
};

static enum rc check_record(void *context, struct view key, struct view value)
{
	const struct check *check = context;
	struct auth_place_list list;
	struct view user = view_from(key, sizeof(AUTH_PLACES_PREFIX) - 1);
	char text[512];
	if (auth_place_list_decode(value, &list) == RC_OK)
		return RC_OK;
	snprintf(text, sizeof(text),
	    "the places of user \"%.*s\" are damaged; the next log-in makes "
	    "them anew",
	    VIEW_FMT(user));
	check->problem(check->context, text);
	return RC_OK;
}

enum rc auth_places_check(struct engine *engine,
    void (*problem)(void *context, const char *text), void *context)
{
	struct check check = {problem, context};
	return engine_scan(engine, AUTH_PLACES_PARTITION,
	    VIEW(AUTH_PLACES_PREFIX), VIEW(""), check_record, &check);
}

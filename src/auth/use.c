// SPDX-License-Identifier: Apache-2.0
// "used/", the account and the id (big-endian, eight bytes each) → version,
// time, address, protocol. What is not written yet is in `notes`; what is being
// written, in `leaving`, so that a use is found at every moment.
#include "auth/use.h"

#include <pthread.h>
#include <stdio.h>

#include "auth/places.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/tally.h"

#define VERSION    1
#define RECORD_MAX ((size_t)128)
#define NOTES_MAX  8192
#define RECENT     8192 // credentials and addresses that were noted lately

#define PREFIX_LEN (sizeof(AUTH_USE_PREFIX) - 1)
#define KEY_LEN    (PREFIX_LEN + 16)

struct auth_uses {
	struct engine *engine;
	struct tally *recent;
	pthread_mutex_t writing; // who writes holds it
	pthread_mutex_t lock;    // guards the maps
	struct map notes;        // by key, to struct auth_use
	struct map leaving;      // the same; changed only by who writes
};

struct auth_uses *auth_uses_new(struct engine *engine)
{
	struct auth_uses *uses = mem_zalloc(sizeof(*uses));
	uses->engine = engine;
	uses->recent = tally_new_window(RECENT, AUTH_USE_SECONDS);
	pthread_mutex_init(&uses->writing, NULL);
	pthread_mutex_init(&uses->lock, NULL);
	map_init(&uses->notes);
	map_init(&uses->leaving);
	return uses;
}

static void drop_notes(struct map *notes)
{
	size_t position = 0;
	struct view key;
	void *use;
	while (map_next(notes, &position, &key, &use))
		free(use);
	map_done(notes);
	map_init(notes);
}

void auth_uses_free(struct auth_uses **uses)
{
	struct auth_uses *old = *uses;
	if (!old)
		return;
	*uses = NULL;
	drop_notes(&old->notes);
	drop_notes(&old->leaving);
	map_done(&old->notes);
	map_done(&old->leaving);
	tally_free(&old->recent);
	pthread_mutex_destroy(&old->writing);
	pthread_mutex_destroy(&old->lock);
	free(old);
}

// ---- The stored form -------------------------------------------------------

static void add_text(struct buf *out, const char *text)
{
	buf_add_char(out, (char)(unsigned char)strlen(text));
	buf_add_string(out, text);
}

void auth_use_encode(const struct auth_use *use, struct buf *ret_bytes)
{
	char time[8];
	put_le64(time, (uint64_t)use->last);
	buf_add_char(ret_bytes, VERSION);
	buf_add(ret_bytes, view_of(time, sizeof(time)));
	add_text(ret_bytes, use->address);
	add_text(ret_bytes, use->protocol);
}

// `room` has space for `max` bytes and a NUL, and is zero.
static bool take_text(struct view *from, char *room, size_t max)
{
	size_t len = from->len > 0 ? (unsigned char)from->ptr[0] : SIZE_MAX;
	if (len > max || from->len - 1 < len)
		return false;
	memcpy(room, from->ptr + 1, len);
	*from = view_from(*from, 1 + len);
	return strlen(room) == len;
}

enum rc auth_use_decode(struct view bytes, struct auth_use *ret_use)
{
	struct auth_use use = {0};
	if (bytes.len < 9 || bytes.ptr[0] != VERSION)
		return RC_CORRUPT;
	uint64_t time = get_le64(bytes.ptr + 1);
	bytes = view_from(bytes, 9);
	if (time > INT64_MAX ||
	    !take_text(&bytes, use.address, AUTH_USE_ADDRESS_MAX) ||
	    !take_text(&bytes, use.protocol, AUTH_USE_PROTOCOL_MAX) ||
	    bytes.len > 0)
		return RC_CORRUPT;
	use.last = (int64_t)time;
	*ret_use = use;
	return RC_OK;
}

// ---- Noting and finding ----------------------------------------------------

static struct view key_of(uint64_t account, uint64_t id, char room[KEY_LEN])
{
	memcpy(room, AUTH_USE_PREFIX, PREFIX_LEN);
	put_be64(room + PREFIX_LEN, account);
	put_be64(room + PREFIX_LEN + 8, id);
	return view_of(room, KEY_LEN);
}

// Whether this is the first use from the address for a while.
static bool is_news(
    struct auth_uses *uses, struct view key, const struct auth_use *use)
{
	char bytes[KEY_LEN + AUTH_USE_ADDRESS_MAX];
	size_t len = strlen(use->address);
	memcpy(bytes, key.ptr, KEY_LEN);
	memcpy(bytes + KEY_LEN, use->address, len);
	return tally_allow(uses->recent, view_of(bytes, KEY_LEN + len), 1,
	    clock_monotonic_ms());
}

bool auth_uses_note(struct auth_uses *uses, uint64_t account, uint64_t id,
    const struct auth_use *use)
{
	char room[KEY_LEN];
	struct view key = key_of(account, id, room);
	if (!is_news(uses, key, use))
		return false;
	struct auth_use *note = mem_zalloc(sizeof(*note));
	void *old = NULL;
	*note = *use;
	pthread_mutex_lock(&uses->lock);
	bool room_left = uses->notes.count < NOTES_MAX;
	if (room_left)
		old = map_put(&uses->notes, key, note);
	pthread_mutex_unlock(&uses->lock);
	free(old);
	if (!room_left)
		free(note);
	return room_left;
}

static enum rc read_use(
    struct auth_uses *uses, struct view key, struct auth_use *ret_use)
{
	struct buf bytes;
	buf_init(&bytes, RECORD_MAX);
	enum rc rc =
	    engine_get(uses->engine, AUTH_PLACES_PARTITION, key, &bytes);
	if (rc == RC_OK)
		rc = auth_use_decode(buf_view(&bytes), ret_use);
	buf_done(&bytes);
	return rc;
}

void auth_uses_find(struct auth_uses *uses, uint64_t account, uint64_t id,
    struct auth_use *ret_use)
{
	char room[KEY_LEN];
	struct view key = key_of(account, id, room);
	*ret_use = (struct auth_use){0};
	pthread_mutex_lock(&uses->lock);
	const struct auth_use *note = map_get(&uses->notes, key);
	if (!note)
		note = map_get(&uses->leaving, key);
	if (note)
		*ret_use = *note;
	pthread_mutex_unlock(&uses->lock);
	if (!note && read_use(uses, key, ret_use) != RC_OK)
		*ret_use = (struct auth_use){0};
}

// ---- Writing ---------------------------------------------------------------

static enum rc make_writing(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	struct auth_uses *uses = context;
	size_t position = 0;
	struct view key;
	void *use;
	(void)from;
	(void)fault;
	while (map_next(&uses->leaving, &position, &key, &use)) {
		struct buf bytes;
		buf_init(&bytes, RECORD_MAX);
		auth_use_encode(use, &bytes);
		engine_batch_put(batch, key, buf_view(&bytes));
		buf_done(&bytes);
	}
	return RC_OK;
}

enum rc auth_uses_write(struct auth_uses *uses, struct fault *fault)
{
	enum rc rc = RC_OK;
	pthread_mutex_lock(&uses->writing);
	pthread_mutex_lock(&uses->lock);
	uses->leaving = uses->notes;
	map_init(&uses->notes);
	pthread_mutex_unlock(&uses->lock);
	if (uses->leaving.count > 0)
		rc = engine_change(uses->engine, AUTH_PLACES_PARTITION,
		    make_writing, uses, fault);
	pthread_mutex_lock(&uses->lock);
	// Also if it failed: the next use is noted again.
	drop_notes(&uses->leaving);
	pthread_mutex_unlock(&uses->lock);
	pthread_mutex_unlock(&uses->writing);
	return rc;
}

struct forgetting {
	uint64_t account;
	uint64_t id;
};

static enum rc make_forgetting(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	const struct forgetting *forgetting = context;
	char first[KEY_LEN], end[KEY_LEN];
	bool all = forgetting->id == 0;
	(void)from;
	(void)fault;
	key_of(forgetting->account, forgetting->id, first);
	key_of(forgetting->account + all, all ? 0 : forgetting->id + 1, end);
	engine_batch_delete_range(
	    batch, view_of(first, KEY_LEN), view_of(end, KEY_LEN));
	return RC_OK;
}

enum rc auth_uses_forget(
    struct auth_uses *uses, uint64_t account, uint64_t id, struct fault *fault)
{
	struct forgetting forgetting = {account, id};
	enum rc rc = auth_uses_write(uses, fault);
	return rc == RC_OK ? engine_change(uses->engine, AUTH_PLACES_PARTITION,
				 make_forgetting, &forgetting, fault)
			   : rc;
}

// ---- All of them -----------------------------------------------------------

struct walk {
	enum rc (*each)(void *context, uint64_t account, uint64_t id);
	void *context;
};

static enum rc visit(void *context, struct view key, struct view value)
{
	const struct walk *walk = context;
	(void)value;
	if (key.len != KEY_LEN)
		return RC_OK;
	return walk->each(walk->context, get_be64(key.ptr + PREFIX_LEN),
	    get_be64(key.ptr + PREFIX_LEN + 8));
}

enum rc auth_uses_each(struct auth_uses *uses,
    enum rc (*each)(void *context, uint64_t account, uint64_t id),
    void *context)
{
	struct walk walk = {each, context};
	return engine_scan(uses->engine, AUTH_PLACES_PARTITION,
	    VIEW(AUTH_USE_PREFIX), VIEW(""), visit, &walk);
}

struct check {
	void (*problem)(void *context, const char *text);
	void *context;
};

static enum rc check_record(void *context, struct view key, struct view value)
{
	const struct check *check = context;
	struct auth_use use;
	if (key.len != KEY_LEN || auth_use_decode(value, &use) != RC_OK)
		check->problem(check->context,
		    "the note of a credential's last use is damaged; the next "
		    "use makes it anew");
	return RC_OK;
}

enum rc auth_uses_check(struct engine *engine,
    void (*problem)(void *context, const char *text), void *context)
{
	struct check check = {problem, context};
	return engine_scan(engine, AUTH_PLACES_PARTITION, VIEW(AUTH_USE_PREFIX),
	    VIEW(""), check_record, &check);
}

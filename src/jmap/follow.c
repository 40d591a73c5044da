// SPDX-License-Identifier: Apache-2.0
#include "jmap/follow.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/thread.h"
#include "jmap/submission.h"
#include "wire/json_read.h"

// So many notes are read at a time.
#define NOTES_AT_ONCE 100
// What could not be done now is tried again after this.
#define AGAIN_MS 5000
// The object of a message is stored right after the message is queued. When it
// is not there after this time, it never will be: it was destroyed, or the
// server ended between the two.
#define OBJECT_SECONDS 3600
// The follower is told which object a message has, of so many messages; of
// others it looks for it.
#define KNOWN_MAX 100000
#define TRIES_MAX 100

struct jmap_follower {
	struct jmap_options options;
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock; // protects what follows
	pthread_cond_t cond;
	bool woken;
	bool stop;
	struct map known;    // the queue's id -> the object's id
	pthread_mutex_t run; // held while notes are read
};

static struct view track_key(const struct queue_id *track)
{
	return view_of((const char *)track->bytes, sizeof(track->bytes));
}

// ---- Finding the object ----------------------------------------------------

struct finding {
	const struct queue_id *track;
	uint64_t id; // 0: not found
};

static enum rc look(void *context, const struct store_object *object)
{
	struct finding *finding = context;
	struct submission submission;
	if (submission_decode(object->bytes, &submission) != RC_OK ||
	    memcmp(submission.track.bytes, finding->track->bytes,
		sizeof(finding->track->bytes)) != 0)
		return RC_OK;
	finding->id = object->id;
	return RC_END;
}

// 0: there is none.
MUST_CHECK static enum rc find_object(struct jmap_follower *follower,
    struct store_account *account, const struct queue_id *track,
    uint64_t *ret_id)
{
	pthread_mutex_lock(&follower->lock);
	*ret_id = (uintptr_t)map_get(&follower->known, track_key(track));
	pthread_mutex_unlock(&follower->lock);
	if (*ret_id)
		return RC_OK;
	struct finding finding = {.track = track};
	enum rc rc = store_objects_walk(
	    &store_system, account, STORE_OBJECT_SUBMISSION, 0, look, &finding);
	*ret_id = finding.id;
	return rc;
}

// ---- Writing ---------------------------------------------------------------

// Notes about recipients of one message, which are written in one commit: each
// time, the whole object is read and written.
struct batch {
	const struct queue_note *notes; // all have the first one's message
	size_t count;
};

// Writes notes into their object. RC_GONE: somebody else changed it meanwhile.
// *ret_over: nothing more will become of it.
MUST_CHECK static enum rc write_once(struct store_account *account, uint64_t id,
    struct batch batch, struct fault *fault, bool *ret_over)
{
	struct store_object object;
	struct submission submission;
	struct arena arena;
	struct buf bytes;
	json_t *rest = NULL;
	arena_init(&arena);
	buf_init(&bytes, store_object_limits(STORE_OBJECT_SUBMISSION).bytes);
	enum rc rc = store_object_get(&store_system, account,
	    STORE_OBJECT_SUBMISSION, id, &arena, &object);
	if (rc == RC_OK)
		rc = submission_decode(object.bytes, &submission);
	if (rc == RC_OK)
		rest = jmap_json_load(submission.rest);
	bool changed = false;
	for (size_t i = 0; rest && i < batch.count; i++)
		changed |=
		    submission_status_apply(&submission, rest, &batch.notes[i]);
	*ret_over = rest && submission_status_is_over(rest);
	if (changed) {
		submission.rest = jmap_json_text(&arena, rest);
		submission_encode(&submission, &bytes);
		struct store_object_change change = {
		    .kind = STORE_OBJECT_SUBMISSION,
		    .id = id,
		    .bytes = buf_view(&bytes),
		    .if_version = object.version,
		};
		struct store_objects_set set = {.changes = &change, .count = 1};
		rc = buf_status(&bytes);
		if (rc == RC_OK)
			rc = store_objects_set(
			    &store_system, account, &set, fault);
		if (rc == RC_OK)
			rc = change.result;
	}
	json_decref(rest);
	buf_done(&bytes);
	arena_done(&arena);
	return rc;
}

static void forget(struct jmap_follower *follower, const struct queue_id *track)
{
	pthread_mutex_lock(&follower->lock);
	(void)map_remove(&follower->known, track_key(track));
	pthread_mutex_unlock(&follower->lock);
}

// The newest of them counts.
static bool is_old(struct jmap_follower *follower, struct batch batch)
{
	int64_t now = clock_wall_seconds(follower->options.office->clock);
	for (size_t i = 0; i < batch.count; i++)
		if (now - batch.notes[i].time <= OBJECT_SECONDS)
			return false;
	return true;
}

// RC_OK: the notes may be dropped. RC_MORE: their object may still come.
MUST_CHECK static enum rc follow_in(struct jmap_follower *follower,
    struct store_account *account, struct batch batch, struct fault *fault)
{
	const struct queue_id *track = &batch.notes[0].track;
	uint64_t id;
	bool over = false;
	enum rc rc = find_object(follower, account, track, &id);
	if (rc != RC_OK)
		return rc;
	if (id == 0)
		return is_old(follower, batch) ? RC_OK : RC_MORE;
	rc = RC_GONE;
	for (int i = 0; rc == RC_GONE && i < TRIES_MAX; i++)
		rc = write_once(account, id, batch, fault, &over);
	if (rc == RC_LIMIT && batch.count > 1) {
		// Perhaps only one of them does not fit.
		rc = RC_OK;
		for (size_t i = 0; rc == RC_OK && i < batch.count; i++)
			rc = follow_in(follower, account,
			    (struct batch){&batch.notes[i], 1}, fault);
		return rc;
	}
	if (over || rc == RC_NOT_FOUND)
		forget(follower, track);
	// The user destroyed it, or its record is damaged, which the check
	// reports.
	if (rc == RC_NOT_FOUND || rc == RC_CORRUPT || rc == RC_LIMIT)
		return RC_OK;
	return rc;
}

MUST_CHECK static enum rc follow_batch(
    struct jmap_follower *follower, struct batch batch)
{
	uint64_t account_id = batch.notes[0].account;
	struct fault fault = {.text = ""};
	struct store_account *account;
	enum rc rc = store_account_open(
	    follower->options.store, account_id, &fault, &account);
	if (rc == RC_NOT_FOUND)
		return RC_OK; // the user was removed
	if (rc == RC_OK) {
		rc = follow_in(follower, account, batch, &fault);
		store_account_close(&account);
	}
	if (rc != RC_OK && rc != RC_MORE)
		log_text(follower->options.log, LOG_LEVEL_ERROR, "jmap",
		    "what became of a message of account %llu: %s",
		    (unsigned long long)account_id,
		    fault.text[0] ? fault.text : rc_text(rc));
	return rc;
}

static struct batch batch_from(const struct queue_note *notes, size_t count)
{
	size_t same = 1;
	while (
	    same < count && notes[same].account == notes[0].account &&
	    view_eq(track_key(&notes[same].track), track_key(&notes[0].track)))
		same++;
	return (struct batch){notes, same};
}

// False: something is left for later.
static bool follow_all(struct jmap_follower *follower)
{
	struct queue *queue = follower->options.office->queue;
	struct queue_notes_place place = {0};
	struct arena arena;
	bool all = true;
	arena_init(&arena);
	for (;;) {
		struct queue_note *notes;
		size_t count, done = 0;
		arena_reset(&arena);
		if (queue_notes_read(queue, &arena, NOTES_AT_ONCE, &place,
			&notes, &count) != RC_OK) {
			all = false;
			break;
		}
		if (count == 0)
			break;
		for (size_t i = 0; i < count;) {
			struct batch batch = batch_from(notes + i, count - i);
			i += batch.count;
			if (follow_batch(follower, batch) != RC_OK)
				continue;
			memmove(notes + done, batch.notes,
			    batch.count * sizeof(*notes));
			done += batch.count;
		}
		all &= done == count;
		all &= queue_notes_drop(queue, notes, done, NULL) == RC_OK;
	}
	arena_done(&arena);
	return all;
}

void jmap_follower_run(struct jmap_follower *follower)
{
	pthread_mutex_lock(&follower->run);
	(void)follow_all(follower);
	pthread_mutex_unlock(&follower->run);
}

// ---- The thread ------------------------------------------------------------

static void wake(void *context)
{
	struct jmap_follower *follower = context;
	pthread_mutex_lock(&follower->lock);
	follower->woken = true;
	pthread_cond_signal(&follower->cond);
	pthread_mutex_unlock(&follower->lock);
}

// Waits until it is woken; not for ever if something is left. False: the end.
static bool wait_for_notes(struct jmap_follower *follower, bool all)
{
	struct timespec until = thread_deadline(AGAIN_MS);
	pthread_mutex_lock(&follower->lock);
	while (!follower->woken && !follower->stop) {
		if (all)
			pthread_cond_wait(&follower->cond, &follower->lock);
		else if (pthread_cond_timedwait(
			     &follower->cond, &follower->lock, &until) != 0)
			break;
	}
	follower->woken = false;
	bool stop = follower->stop;
	pthread_mutex_unlock(&follower->lock);
	return !stop;
}

static void *run(void *context)
{
	struct jmap_follower *follower = context;
	bool all;
	do {
		pthread_mutex_lock(&follower->run);
		all = follow_all(follower);
		pthread_mutex_unlock(&follower->run);
	} while (wait_for_notes(follower, all));
	return NULL;
}

struct jmap_follower *jmap_follower_new(const struct jmap_options *options)
{
	struct jmap_follower *follower = mem_zalloc(sizeof(*follower));
	follower->options = *options;
	pthread_mutex_init(&follower->lock, NULL);
	pthread_mutex_init(&follower->run, NULL);
	thread_cond_init(&follower->cond);
	map_init(&follower->known);
	queue_notes_watch(options->office->queue, wake, follower);
	follower->has_thread =
	    thread_start(&follower->thread, run, follower) == RC_OK;
	if (!follower->has_thread)
		log_text(options->log, LOG_LEVEL_ERROR, "jmap",
		    "no thread follows the mail that users send");
	return follower;
}

void jmap_follower_free(struct jmap_follower **ret_follower)
{
	struct jmap_follower *follower = *ret_follower;
	if (!follower)
		return;
	queue_notes_watch(follower->options.office->queue, NULL, NULL);
	pthread_mutex_lock(&follower->lock);
	follower->stop = true;
	pthread_cond_signal(&follower->cond);
	pthread_mutex_unlock(&follower->lock);
	if (follower->has_thread)
		pthread_join(follower->thread, NULL);
	map_done(&follower->known);
	pthread_mutex_destroy(&follower->lock);
	pthread_mutex_destroy(&follower->run);
	pthread_cond_destroy(&follower->cond);
	free(follower);
	*ret_follower = NULL;
}

void jmap_follower_tell(struct jmap_follower *follower,
    const struct queue_id *track, uint64_t object_id)
{
	pthread_mutex_lock(&follower->lock);
	if (follower->known.count < KNOWN_MAX)
		map_put(&follower->known, track_key(track),
		    (void *)(uintptr_t)object_id);
	pthread_mutex_unlock(&follower->lock);
	wake(follower);
}

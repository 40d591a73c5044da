// SPDX-License-Identifier: Apache-2.0
// The accounts' counts in memory, and when they are stored. An account is read
// when it first sends. The lock is not held over a commit.
#include "delivery/sending.h"

#include <pthread.h>

#include "base/map.h"
#include "base/mem.h"
#include "delivery/sending_impl.h"

#define SECOND_US  ((int64_t)1000000)
#define RECORD_MAX 4096

struct entry {
	uint64_t account;
	struct sending_account numbers;
	unsigned unsaved; // messages since they were stored
	bool limited;     // its last message has to wait, and that was logged
	bool damaged;     // its record cannot be read, and nothing replaced it
	bool told;        // that was logged
};

struct sending {
	struct engine *engine;
	struct sending_settings settings;
	pthread_mutex_t lock; // protects the entries
	struct map entries;   // by account
};

static int64_t now_us(const struct sending *sending)
{
	return clock_wall_seconds(sending->settings.clock) * SECOND_US;
}

static struct view key_of(const uint64_t *account)
{
	return view_of((const char *)account, sizeof(*account));
}

struct sending *sending_new(
    struct engine *engine, const struct sending_settings *settings)
{
	struct sending *sending = mem_zalloc(sizeof(*sending));
	sending->engine = engine;
	sending->settings = *settings;
	pthread_mutex_init(&sending->lock, NULL);
	map_init(&sending->entries);
	return sending;
}

// ---- Storing ---------------------------------------------------------------

struct change {
	uint64_t account;
	const struct sending_account *numbers; // NULL: the record is removed
};

static enum rc make(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	const struct change *change = context;
	struct sending_key key = sending_key(change->account);
	struct buf bytes;
	(void)from;
	(void)fault;
	if (!change->numbers) {
		engine_batch_delete(batch, sending_key_view(&key));
		return RC_OK;
	}
	buf_init(&bytes, RECORD_MAX);
	sending_encode(change->numbers, &bytes);
	engine_batch_put(batch, sending_key_view(&key), buf_view(&bytes));
	buf_done(&bytes);
	return RC_OK;
}

MUST_CHECK static enum rc store(struct sending *sending, uint64_t account,
    const struct sending_account *numbers, struct fault *fault)
{
	struct change change = {account, numbers};
	return engine_change(
	    sending->engine, SENDING_PARTITION, make, &change, fault);
}

// Stores the numbers, although nobody waits for it; a failure is logged.
static void save(struct sending *sending, uint64_t account,
    const struct sending_account *numbers)
{
	struct fault fault = {.text = ""};
	if (store(sending, account, numbers, &fault) != RC_OK)
		log_text(sending->settings.log, LOG_LEVEL_ERROR, "sending",
		    "what account %llu has sent cannot be stored: %s",
		    (unsigned long long)account, fault.text);
}

void sending_free(struct sending **sending)
{
	struct sending *old = *sending;
	size_t at = 0;
	struct view key;
	void *value;
	*sending = NULL;
	if (!old)
		return;
	while (map_next(&old->entries, &at, &key, &value)) {
		struct entry *entry = value;
		if (entry->unsaved)
			save(old, entry->account, &entry->numbers);
		free(entry);
	}
	map_done(&old->entries);
	pthread_mutex_destroy(&old->lock);
	free(old);
}

// ---- Finding ---------------------------------------------------------------

// Reads the account's numbers. One that never sent has none. RC_CORRUPT.
MUST_CHECK static enum rc load(struct engine *engine, uint64_t account,
    struct sending_account *ret_numbers)
{
	struct sending_key key = sending_key(account);
	struct buf bytes;
	*ret_numbers = (struct sending_account){.last = 0};
	buf_init(&bytes, RECORD_MAX);
	enum rc rc = engine_get(
	    engine, SENDING_PARTITION, sending_key_view(&key), &bytes);
	if (rc == RC_OK)
		rc = sending_decode(buf_view(&bytes), ret_numbers);
	else if (rc == RC_LIMIT)
		rc = RC_CORRUPT; // no record is so long
	buf_done(&bytes);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc sending_check(struct engine *engine, uint64_t account)
{
	struct sending_account numbers;
	return load(engine, account, &numbers);
}

// The entry of an account, also when its record is damaged. The caller holds
// the lock.
MUST_CHECK static enum rc find(
    struct sending *sending, uint64_t account, struct entry **ret_entry)
{
	struct entry *entry = map_get(&sending->entries, key_of(&account));
	if (!entry) {
		entry = mem_zalloc(sizeof(*entry));
		entry->account = account;
		enum rc rc = load(sending->engine, account, &entry->numbers);
		entry->damaged = rc == RC_CORRUPT;
		if (rc != RC_OK && rc != RC_CORRUPT) {
			free(entry);
			return rc;
		}
		map_put(&sending->entries, key_of(&entry->account), entry);
	}
	sending_advance(&entry->numbers, now_us(sending));
	*ret_entry = entry;
	return RC_OK;
}

// ---- Counting --------------------------------------------------------------

static void log_limited(struct sending *sending, struct view user,
    const struct sending_info *limits, int64_t until)
{
	struct log_line line;
	log_begin(
	    &line, sending->settings.log, LOG_LEVEL_WARN, "sending_limited");
	log_add(&line, "user", user);
	log_add_u64(&line, "messages_today", limits->today[SENDING_MESSAGES]);
	log_add_u64(
	    &line, "recipients_today", limits->today[SENDING_RECIPIENTS]);
	log_add_u64(&line, "until", (uint64_t)until);
	log_end(&line);
}

static void log_damaged(struct sending *sending, struct view user)
{
	struct log_line line;
	log_begin(
	    &line, sending->settings.log, LOG_LEVEL_ERROR, "sending_damaged");
	log_add(&line, "user", user);
	log_add_string(&line, "effect",
	    "nothing is taken from the user until an administrator says "
	    "'roost user sending USER default' or 'limit'");
	log_end(&line);
}

// Counts with the lock held. Sets *ret_first if the result has to be logged:
// the account had room before and has none now, or its record is damaged.
MUST_CHECK static enum rc count(struct sending *sending, struct entry *entry,
    size_t recipients, struct sending_info *ret_limits, int64_t *ret_release_at,
    bool *ret_first)
{
	int64_t now = now_us(sending);
	struct sending_account *numbers = &entry->numbers;
	if (entry->damaged) {
		*ret_first = !entry->told;
		entry->told = true;
		return RC_CORRUPT;
	}
	sending_limits(&sending->settings, numbers, ret_limits);
	if (sending_room_at(numbers, ret_limits, now) - now >
	    SENDING_WAIT_MAX_SECONDS * SECOND_US)
		return RC_LIMIT;
	sending_add(numbers, ret_limits, 1, (int64_t)recipients, now);
	int64_t room_at = sending_room_at(numbers, ret_limits, now);
	bool limited = room_at > now;
	*ret_release_at = limited ? (room_at + SECOND_US - 1) / SECOND_US : 0;
	*ret_first = limited && !entry->limited;
	entry->limited = limited;
	entry->unsaved++;
	return RC_OK;
}

enum rc sending_count(struct sending *sending, uint64_t account,
    struct view user, size_t recipients, int64_t *ret_release_at)
{
	struct entry *entry;
	struct sending_account copy;
	struct sending_info limits;
	bool first = false;
	bool full = false;
	pthread_mutex_lock(&sending->lock);
	enum rc rc = find(sending, account, &entry);
	if (rc == RC_OK) {
		rc = count(sending, entry, recipients, &limits, ret_release_at,
		    &first);
		full = rc == RC_OK &&
		       (first || entry->unsaved >= SENDING_UNSAVED_MAX);
		copy = entry->numbers;
		if (full)
			entry->unsaved = 0;
	}
	pthread_mutex_unlock(&sending->lock);
	if (rc == RC_OK && full)
		save(sending, account, &copy);
	if (rc == RC_OK && first)
		log_limited(sending, user, &limits, *ret_release_at);
	else if (rc == RC_CORRUPT && first)
		log_damaged(sending, user);
	return rc;
}

void sending_take_back(
    struct sending *sending, uint64_t account, size_t recipients)
{
	struct entry *entry;
	struct sending_info limits;
	pthread_mutex_lock(&sending->lock);
	if (find(sending, account, &entry) == RC_OK && !entry->damaged) {
		sending_limits(&sending->settings, &entry->numbers, &limits);
		sending_add(&entry->numbers, &limits, -1, -(int64_t)recipients,
		    now_us(sending));
	}
	pthread_mutex_unlock(&sending->lock);
}

// ---- For administrators ----------------------------------------------------

enum rc sending_look(
    struct sending *sending, uint64_t account, struct sending_info *ret_info)
{
	struct sending_account numbers;
	enum rc rc = RC_OK;
	int64_t now = now_us(sending);
	pthread_mutex_lock(&sending->lock);
	const struct entry *entry =
	    map_get(&sending->entries, key_of(&account));
	if (entry && entry->damaged)
		rc = RC_CORRUPT;
	else if (entry)
		numbers = entry->numbers;
	else // asking about all users does not keep them all in memory
		rc = load(sending->engine, account, &numbers);
	pthread_mutex_unlock(&sending->lock);
	if (rc != RC_OK)
		return rc;
	sending_advance(&numbers, now);
	sending_limits(&sending->settings, &numbers, ret_info);
	int64_t room = sending_room_at(&numbers, ret_info, now);
	ret_info->room_at = room > now ? room / SECOND_US + 1 : 0;
	return RC_OK;
}

// Changes the account's numbers by `edit`, and stores them. With `replaces` a
// damaged record is no obstacle.
MUST_CHECK static enum rc edit_account(struct sending *sending,
    uint64_t account, void (*edit)(struct sending_account *, const uint32_t *),
    const uint32_t *limits, bool replaces, struct fault *fault)
{
	struct entry *entry;
	struct sending_account copy;
	pthread_mutex_lock(&sending->lock);
	enum rc rc = find(sending, account, &entry);
	if (rc == RC_OK && entry->damaged && !replaces)
		rc = RC_CORRUPT;
	if (rc == RC_OK) {
		edit(&entry->numbers, limits);
		entry->limited = false;
		entry->damaged = false;
		entry->unsaved = 0;
		copy = entry->numbers;
	}
	pthread_mutex_unlock(&sending->lock);
	if (rc == RC_CORRUPT)
		return fault_set(fault, rc,
		    "what the user has sent is damaged: say 'default' or "
		    "'limit' first");
	if (rc != RC_OK)
		return fault_set(fault, rc, "cannot read: %s", rc_text(rc));
	return store(sending, account, &copy, fault);
}

static void set_own(struct sending_account *numbers, const uint32_t *per_day)
{
	numbers->has_own = per_day != NULL;
	for (size_t kind = 0; kind < SENDING_KINDS; kind++)
		numbers->own[kind] = per_day ? per_day[kind] : 0;
}

enum rc sending_limit(struct sending *sending, uint64_t account,
    const uint32_t per_day[SENDING_KINDS], struct fault *fault)
{
	return edit_account(sending, account, set_own, per_day, true, fault);
}

static void clear(struct sending_account *numbers, const uint32_t *unused)
{
	(void)unused;
	memset(numbers->free_at, 0, sizeof(numbers->free_at));
}

enum rc sending_clear(
    struct sending *sending, uint64_t account, struct fault *fault)
{
	return edit_account(sending, account, clear, NULL, false, fault);
}

enum rc sending_forget(
    struct sending *sending, uint64_t account, struct fault *fault)
{
	pthread_mutex_lock(&sending->lock);
	free(map_remove(&sending->entries, key_of(&account)));
	pthread_mutex_unlock(&sending->lock);
	return store(sending, account, NULL, fault);
}

size_t sending_limited(struct sending *sending)
{
	size_t limited = 0;
	size_t at = 0;
	struct view key;
	void *value;
	pthread_mutex_lock(&sending->lock);
	int64_t now = now_us(sending);
	while (map_next(&sending->entries, &at, &key, &value)) {
		const struct entry *entry = value;
		struct sending_info limits;
		sending_limits(&sending->settings, &entry->numbers, &limits);
		limited += sending_room_at(&entry->numbers, &limits, now) > now;
	}
	pthread_mutex_unlock(&sending->lock);
	return limited;
}

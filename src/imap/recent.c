// SPDX-License-Identifier: Apache-2.0
// See recent.h. For each mailbox that was ever asked about, the table holds the
// UID up to which messages have been claimed.
#include "imap/recent.h"

#include <pthread.h>

#include "base/bytes.h"
#include "base/map.h"
#include "base/mem.h"

// How many mailboxes the table holds. If there are more, all are forgotten, and
// only messages that come after that are \Recent. The table has some 64 MiB at
// most.
#define RECENT_MAILBOXES_MAX 500000
// Seconds by which two clocks that count the same time may differ.
#define ROUNDING 1

struct imap_recent {
	pthread_mutex_t lock;
	const struct clock *clock;
	// Messages that were saved before this time are \Recent to nobody.
	int64_t since;
	uint64_t since_ms; // the same moment, by the clock for intervals
	struct map claimed;
};

static void begin(struct imap_recent *recent)
{
	map_init(&recent->claimed);
	recent->since = clock_wall_seconds(recent->clock);
	recent->since_ms = clock_monotonic_ms();
}

struct imap_recent *imap_recent_new(const struct clock *clock)
{
	struct imap_recent *recent = mem_zalloc(sizeof(*recent));
	pthread_mutex_init(&recent->lock, NULL);
	recent->clock = clock;
	begin(recent);
	return recent;
}

void imap_recent_free(struct imap_recent **recent)
{
	if (!*recent)
		return;
	map_done(&(*recent)->claimed);
	pthread_mutex_destroy(&(*recent)->lock);
	free(*recent);
	*recent = NULL;
}

// `since` as the wall clock would show that moment today: if the clock was set
// back meanwhile, messages that came later have earlier dates.
static int64_t since_today(const struct imap_recent *recent)
{
	int64_t passed =
	    (int64_t)((clock_monotonic_ms() - recent->since_ms) / 1000);
	int64_t back =
	    recent->since + passed - clock_wall_seconds(recent->clock);
	return back > ROUNDING ? recent->since - back : recent->since;
}

// Gives the UID of the first of the newest messages that came after `since`.
// Save dates rise with UIDs, except where the clock was set back: what came
// before that is compared with what the clock showed then. (If it was set
// more than once, perhaps only messages after the last time are found.)
static uint32_t first_saved(
    const struct imap_recent *recent, const struct store_snapshot *snapshot)
{
	int64_t since = since_today(recent);
	int64_t next = INT64_MAX; // the date of the message after this one
	uint32_t uid = store_snapshot_uidnext(snapshot);
	for (uint32_t i = store_snapshot_count(snapshot); i > 0; i--) {
		struct store_message message;
		store_snapshot_get(snapshot, i - 1, &message);
		if (message.save_date > next)
			since = recent->since;
		if (message.save_date < since)
			break;
		next = message.save_date;
		uid = message.uid;
	}
	return uid;
}

// The first unclaimed UID. It is noted for a mailbox that is new in the table,
// because finding it takes time for each new message, and because the clock may
// be set later.
static uint32_t first_of(struct imap_recent *recent, struct view key,
    const struct store_snapshot *snapshot)
{
	uintptr_t first = (uintptr_t)map_get(&recent->claimed, key);
	if (first)
		return (uint32_t)first;
	if (recent->claimed.count >= RECENT_MAILBOXES_MAX) {
		map_done(&recent->claimed);
		begin(recent);
	}
	first = first_saved(recent, snapshot);
	map_put(&recent->claimed, key, (void *)first);
	return (uint32_t)first;
}

uint32_t imap_recent_first(struct imap_recent *recent,
    struct store_mailbox *mailbox, const struct store_snapshot *snapshot,
    bool claim)
{
	char bytes[16];
	put_be64(bytes, store_account_id(store_mailbox_account(mailbox)));
	put_be64(bytes + 8, store_mailbox_id(mailbox));
	struct view key = view_of(bytes, sizeof(bytes));
	uint32_t uidnext = store_snapshot_uidnext(snapshot);

	pthread_mutex_lock(&recent->lock);
	uint32_t first = first_of(recent, key, snapshot);
	if (claim && first < uidnext)
		map_put(&recent->claimed, key, (void *)(uintptr_t)uidnext);
	pthread_mutex_unlock(&recent->lock);
	return first < uidnext ? first : uidnext;
}

uint32_t imap_recent_count(struct imap_recent *recent,
    struct store_mailbox *mailbox, const struct store_snapshot *snapshot)
{
	uint32_t first = imap_recent_first(recent, mailbox, snapshot, false);
	return store_snapshot_count(snapshot) -
	       store_snapshot_rank(snapshot, first);
}

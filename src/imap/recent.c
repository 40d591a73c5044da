// SPDX-License-Identifier: Apache-2.0
// See recent.h. For each mailbox that was ever selected, the table holds the
// UIDNEXT up to which messages have been claimed.
#include "imap/recent.h"

#include <pthread.h>

#include "base/bytes.h"
#include "base/map.h"
#include "base/mem.h"

// How many mailboxes the table holds. If there are more, all are forgotten, and
// only messages that come after that are \Recent. The table has some 64 MiB at
// most.
#define RECENT_MAILBOXES_MAX 500000

struct imap_recent {
	pthread_mutex_t lock;
	const struct clock *clock;
	// Messages that were saved before this time are \Recent to nobody.
	int64_t since;
	struct map claimed;
};

struct imap_recent *imap_recent_new(const struct clock *clock)
{
	struct imap_recent *recent = mem_zalloc(sizeof(*recent));
	pthread_mutex_init(&recent->lock, NULL);
	recent->clock = clock;
	recent->since = clock_wall_seconds(clock);
	map_init(&recent->claimed);
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

// Gives the UID of the first message that was saved at `since` or later. Save
// dates rise with UIDs, as commits give out both.
static uint32_t first_saved(
    const struct store_snapshot *snapshot, int64_t since)
{
	uint32_t low = 0;
	uint32_t high = store_snapshot_count(snapshot);
	uint32_t uid = store_snapshot_uidnext(snapshot);
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct store_message message;
		store_snapshot_get(snapshot, middle, &message);
		if (message.save_date < since) {
			low = middle + 1;
		} else {
			high = middle;
			uid = message.uid;
		}
	}
	return uid;
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
	uintptr_t first = (uintptr_t)map_get(&recent->claimed, key);
	if (!first)
		first = first_saved(snapshot, recent->since);
	if (claim && first < uidnext) {
		if (recent->claimed.count >= RECENT_MAILBOXES_MAX) {
			map_done(&recent->claimed);
			map_init(&recent->claimed);
			recent->since = clock_wall_seconds(recent->clock);
		}
		map_put(&recent->claimed, key, (void *)(uintptr_t)uidnext);
	}
	pthread_mutex_unlock(&recent->lock);
	return first < uidnext ? (uint32_t)first : uidnext;
}

uint32_t imap_recent_count(struct imap_recent *recent,
    struct store_mailbox *mailbox, const struct store_snapshot *snapshot)
{
	uint32_t first = imap_recent_first(recent, mailbox, snapshot, false);
	return store_snapshot_count(snapshot) -
	       store_snapshot_rank(snapshot, first);
}

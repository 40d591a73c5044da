// SPDX-License-Identifier: Apache-2.0
#include "store/parts.h"

#include "store/snapshot.h"

void parts_init(struct parts *parts, const struct store_account *account)
{
	*parts = (struct parts){.most = account->store->options.commit_max};
	rangeset_init(&parts->part);
	rangeset_init(&parts->uids);
}

void parts_done(struct parts *parts)
{
	rangeset_done(&parts->part);
	rangeset_done(&parts->uids);
}

bool parts_is_small(const struct parts *parts)
{
	return rangeset_size(&parts->uids) <= parts->most;
}

bool parts_next(struct parts *parts)
{
	uint32_t room = parts->most;
	rangeset_reset(&parts->part);
	while (room > 0 && parts->at < parts->uids.count) {
		struct range range = parts->uids.ranges[parts->at];
		if (range.first < parts->next)
			range.first = parts->next;
		if (range.last - range.first < room)
			parts->at++;
		else
			range.last = range.first + room - 1;
		rangeset_add(&parts->part, range.first, range.last);
		room -= range.last - range.first + 1;
		parts->next = range.last + 1;
	}
	return parts->part.count > 0;
}

struct store_snapshot *mailbox_newest(struct store_mailbox *mailbox)
{
	struct store_account *account = mailbox->account;
	struct store_snapshot *newest = NULL;
	account_freshen(account);
	pthread_mutex_lock(&account->table);
	if (!mailbox->mailbox->gone)
		newest = atomic_load(&mailbox->mailbox->current);
	if (newest)
		newest = store_snapshot_ref(newest);
	pthread_mutex_unlock(&account->table);
	return newest;
}

void parts_add_existing(struct parts *parts, struct store_mailbox *mailbox,
    const struct rangeset *uids)
{
	struct store_snapshot *now = mailbox_newest(mailbox);
	for (size_t i = 0; now && i < uids->count; i++) {
		struct store_walk walk;
		struct store_message message;
		uint32_t index;
		struct range range = uids->ranges[i];
		store_walk_init(
		    &walk, now, store_snapshot_rank(now, range.first));
		while (store_walk_next(&walk, &index, &message) &&
		       message.uid <= range.last)
			rangeset_add(&parts->uids, message.uid, message.uid);
	}
	store_snapshot_unref(&now);
}

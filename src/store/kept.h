// SPDX-License-Identifier: Apache-2.0
// Emails that were expunged, or lost with a deleted mailbox, and can be brought
// back for some days (store_options.kept_seconds).
//
// When an email loses its last place, its description moves from RECORD_EMAIL
// to one RECORD_KEPT, together with what its last place said of it. Its first
// bytes and its content stay where they are. For everything else the email is
// gone: sessions, the change log, derived data and quotas do not know it any
// more. Bringing it back makes a new email of the same bytes. So the number of
// an email never comes back, and each reader of the change log is told right.
#ifndef ROOST_STORE_KEPT_H
#define ROOST_STORE_KEPT_H

#include "store/mailbox.h"
#include "store/snapshot.h"
#include "wire/message_record.h"

#define STORE_KEPT_AT_ONCE 200 // emails that one commit brings back or removes

struct store_kept_id {
	int64_t when; // it was expunged; seconds since 1970 UTC
	uint64_t email_id;
};

struct store_kept {
	struct store_kept_id id;
	uint64_t mailbox_id; // where it was last
	struct view mailbox; // the mailbox's name at that time
	unsigned flags;
	struct view keywords; // names, with spaces between them
	int64_t internal_date;
	int16_t zone_minutes;
	uint32_t size;
	struct message_record description;
};

// Calls `each` for each kept email, the one that was expunged first comes
// first. The views are valid until it returns. RC_END from `each` ends the
// walk. One whose record is damaged is left out.
typedef enum rc store_kept_each(void *context, const struct store_kept *kept);
MUST_CHECK enum rc store_kept_walk(
    struct store_account *account, store_kept_each *each, void *context);

// Brings emails back into the mailbox, with their flags and dates; at most
// STORE_KEPT_AT_ONCE. Leaves out those that are not kept any more. RC_QUOTA.
MUST_CHECK enum rc store_kept_restore(struct store_mailbox *mailbox,
    const struct store_kept_id *ids, size_t count, struct fault *fault,
    size_t *ret_restored);
// Removes emails for good; at most STORE_KEPT_AT_ONCE.
MUST_CHECK enum rc store_kept_purge(struct store_account *account,
    const struct store_kept_id *ids, size_t count, struct fault *fault,
    size_t *ret_purged);
// Removes for good all that was expunged before `before`. An account that has
// nothing of the kind is not opened.
MUST_CHECK enum rc store_kept_expire(struct store *store, uint64_t account_id,
    int64_t before, struct fault *fault, uint64_t *ret_purged);

#endif

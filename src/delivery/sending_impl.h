// SPDX-License-Identifier: Apache-2.0
// What is known of one account's sending; inside the room only.
#ifndef ROOST_DELIVERY_SENDING_IMPL_H
#define ROOST_DELIVERY_SENDING_IMPL_H

#include "delivery/sending.h"

enum sending_span {
	SENDING_HOUR,
	SENDING_DAY,
	SENDING_SPANS,
};

struct sending_account {
	// For each limit the time at which it would be all free again, in
	// microseconds since 1970. It moves on by a share of the span with each
	// message; what it is ahead of now, beyond one span, has to wait.
	int64_t free_at[SENDING_KINDS][SENDING_SPANS];
	int64_t last; // when it was used last, in microseconds
	int64_t day;  // that days[0] is about, since 1970
	uint32_t days[SENDING_DAYS + 1][SENDING_KINDS];
	bool has_own;
	uint32_t own[SENDING_KINDS]; // in a day; 0: any number
};

// ---- sending_record.c ------------------------------------------------------

struct sending_key {
	char bytes[9];
};
struct sending_key sending_key(uint64_t account);
static inline struct view sending_key_view(const struct sending_key *key)
{
	return view_of(key->bytes, sizeof(key->bytes));
}
void sending_encode(const struct sending_account *account, struct buf *out);
// RC_CORRUPT. What was encoded from the result is the same again.
MUST_CHECK enum rc sending_decode(
    struct view bytes, struct sending_account *ret_account);

// ---- sending_limits.c ------------------------------------------------------

// The limits of an account: its own, or those of the settings and of its past.
void sending_limits(const struct sending_settings *settings,
    const struct sending_account *account, struct sending_info *ret_info);
// Moves the days on, and makes up for a clock that went back.
void sending_advance(struct sending_account *account, int64_t now_us);
// Counts (or takes back, with `messages` -1) a message.
void sending_add(struct sending_account *account,
    const struct sending_info *limits, int messages, int64_t recipients,
    int64_t now_us);
// The time at which there is room again; at most `now_us` if there is room now.
int64_t sending_room_at(const struct sending_account *account,
    const struct sending_info *limits, int64_t now_us);

#endif

// SPDX-License-Identifier: Apache-2.0
// An account's sending as bytes. All numbers are little-endian: version (1);
// flags (1; 1: it has limits of its own); last, day (8 each); the four times (8
// each: messages in an hour, in a day, recipients in an hour, in a day); its
// own limits (4 each); the days, today first (4 for messages, 4 for
// recipients).
#include "base/bytes.h"
#include "delivery/sending_impl.h"

#define VERSION    1
#define OWN_LIMITS 1
#define TIME_MAX   ((int64_t)1 << 60)
#define RECORD_LEN                                                             \
	(2 + 8 * 2 + 8 * SENDING_KINDS * SENDING_SPANS + 4 * SENDING_KINDS +   \
	    4 * SENDING_KINDS * (SENDING_DAYS + 1))

struct sending_key sending_key(uint64_t account)
{
	struct sending_key key = {.bytes = {'s'}};
	put_be64(key.bytes + 1, account);
	return key;
}

static void add_u64(struct buf *out, uint64_t n)
{
	char bytes[8];
	put_le64(bytes, n);
	buf_add(out, view_of(bytes, sizeof(bytes)));
}

static void add_u32(struct buf *out, uint32_t n)
{
	char bytes[4];
	put_le32(bytes, n);
	buf_add(out, view_of(bytes, sizeof(bytes)));
}

void sending_encode(const struct sending_account *account, struct buf *out)
{
	buf_add_char(out, VERSION);
	buf_add_char(out, account->has_own ? OWN_LIMITS : 0);
	add_u64(out, (uint64_t)account->last);
	add_u64(out, (uint64_t)account->day);
	for (size_t kind = 0; kind < SENDING_KINDS; kind++)
		for (size_t span = 0; span < SENDING_SPANS; span++)
			add_u64(out, (uint64_t)account->free_at[kind][span]);
	for (size_t kind = 0; kind < SENDING_KINDS; kind++)
		add_u32(out, account->own[kind]);
	for (size_t day = 0; day <= SENDING_DAYS; day++)
		for (size_t kind = 0; kind < SENDING_KINDS; kind++)
			add_u32(out, account->days[day][kind]);
}

static bool take_time(const char **at, int64_t *ret_time)
{
	*ret_time = (int64_t)get_le64(*at);
	*at += 8;
	return *ret_time >= 0 && *ret_time <= TIME_MAX;
}

static uint32_t take_u32(const char **at)
{
	uint32_t number = get_le32(*at);
	*at += 4;
	return number;
}

enum rc sending_decode(struct view bytes, struct sending_account *ret_account)
{
	struct sending_account account = {.last = 0};
	const char *at = bytes.ptr;
	if (bytes.len != RECORD_LEN || at[0] != VERSION || at[1] < 0 ||
	    at[1] > OWN_LIMITS)
		return RC_CORRUPT;
	account.has_own = at[1];
	at += 2;
	bool good = take_time(&at, &account.last);
	good = take_time(&at, &account.day) && good;
	for (size_t kind = 0; kind < SENDING_KINDS; kind++)
		for (size_t span = 0; span < SENDING_SPANS; span++)
			good = take_time(&at, &account.free_at[kind][span]) &&
			       good;
	for (size_t kind = 0; kind < SENDING_KINDS; kind++)
		account.own[kind] = take_u32(&at);
	for (size_t day = 0; day <= SENDING_DAYS; day++)
		for (size_t kind = 0; kind < SENDING_KINDS; kind++)
			account.days[day][kind] = take_u32(&at);
	if (!good)
		return RC_CORRUPT;
	*ret_account = account;
	return RC_OK;
}

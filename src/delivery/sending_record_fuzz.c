// SPDX-License-Identifier: Apache-2.0
// Any bytes as the stored sending of an account: they are refused, or read and
// written back as the same bytes; and counting goes on from whatever they say.
#include <stdlib.h>

#include "delivery/sending_impl.h"

#define NOW_US ((int64_t)1700000000 * 1000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void write_back(const struct sending_account *account, struct view bytes)
{
	struct buf again;
	buf_init(&again, 4096);
	sending_encode(account, &again);
	require(view_eq(buf_view(&again), bytes));
	buf_done(&again);
}

// A message is counted and taken back. What results can be stored again.
// Times that no server has reached are left out: they may not grow further.
static void count(struct sending_account *account)
{
	const struct sending_settings settings = {
	    .per_hour = {100, 300}, .per_day = {500, 1000}};
	struct sending_info limits;
	struct sending_account read;
	struct buf out;
	for (size_t kind = 0; kind < SENDING_KINDS; kind++)
		for (size_t span = 0; span < SENDING_SPANS; span++)
			if (account->free_at[kind][span] > 2 * NOW_US)
				return;
	sending_advance(account, NOW_US);
	sending_limits(&settings, account, &limits);
	sending_add(account, &limits, 1, 20, NOW_US);
	(void)sending_room_at(account, &limits, NOW_US);
	sending_add(account, &limits, -1, -20, NOW_US);
	buf_init(&out, 4096);
	sending_encode(account, &out);
	require(sending_decode(buf_view(&out), &read) == RC_OK);
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sending_account account;
	struct view bytes = view_of(data, size);
	if (sending_decode(bytes, &account) != RC_OK)
		return 0;
	write_back(&account, bytes);
	count(&account);
	return 0;
}

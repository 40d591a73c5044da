// SPDX-License-Identifier: Apache-2.0
// The arithmetic of sending limits (the generic cell rate algorithm of ITU-T
// I.371): pure functions over an account's numbers.
#include <stdlib.h>
#include <string.h>

#include "delivery/sending_impl.h"

#define SECOND_US ((int64_t)1000000)
#define DAY_US    (24 * 3600 * SECOND_US)

static const int64_t spans[] = {
    [SENDING_HOUR] = 3600 * SECOND_US, [SENDING_DAY] = DAY_US};

// ---- What is learned -------------------------------------------------------

static int compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a;
	uint32_t right = *(const uint32_t *)b;
	return left < right ? -1 : left > right;
}

// The median of the days before on which the account sent; 0: they are too few.
// A few days of an attack do not change it much.
static uint32_t ordinary(
    const struct sending_account *account, enum sending_kind kind)
{
	uint32_t days[SENDING_DAYS];
	size_t count = 0;
	for (size_t i = 1; i <= SENDING_DAYS; i++)
		if (account->days[i][SENDING_MESSAGES] > 0)
			days[count++] = account->days[i][kind];
	if (count < SENDING_DAYS_MIN)
		return 0;
	qsort(days, count, sizeof(*days), compare);
	return days[count / 2];
}

// A number in proportion: `number` × `times` / `over`, at least 1.
static uint32_t scale(uint32_t number, uint32_t times, uint32_t over)
{
	uint64_t scaled = ((uint64_t)number * times + over - 1) / over;
	if (scaled == 0)
		return 1;
	return scaled < UINT32_MAX ? (uint32_t)scaled : UINT32_MAX;
}

static void limit_kind(const struct sending_settings *settings,
    const struct sending_account *account, enum sending_kind kind,
    struct sending_info *info)
{
	uint32_t standard = settings->per_day[kind];
	uint64_t most = (uint64_t)standard * SENDING_LEARNED_MAX;
	uint64_t learned = 2 * (uint64_t)ordinary(account, kind);
	uint32_t day = standard;
	info->ordinary[kind] = ordinary(account, kind);
	info->source[kind] = SENDING_BY_SETTINGS;
	if (learned > most)
		learned = most;
	if (account->has_own) {
		day = account->own[kind];
		info->source[kind] = SENDING_BY_HAND;
	} else if (standard && learned > standard) {
		day = learned < UINT32_MAX ? (uint32_t)learned : UINT32_MAX;
		info->source[kind] = SENDING_LEARNED;
	}
	info->per_day[kind] = day;
	info->per_hour[kind] = settings->per_hour[kind];
	if (day == 0 && account->has_own)
		info->per_hour[kind] = 0;
	else if (settings->per_hour[kind] && standard)
		info->per_hour[kind] =
		    scale(settings->per_hour[kind], day, standard);
}

void sending_limits(const struct sending_settings *settings,
    const struct sending_account *account, struct sending_info *ret_info)
{
	*ret_info = (struct sending_info){.room_at = 0};
	for (size_t kind = 0; kind < SENDING_KINDS; kind++) {
		limit_kind(
		    settings, account, (enum sending_kind)kind, ret_info);
		ret_info->today[kind] = account->days[0][kind];
	}
}

// ---- Time ------------------------------------------------------------------

void sending_advance(struct sending_account *account, int64_t now_us)
{
	int64_t back = account->last - now_us;
	for (size_t kind = 0; back > 0 && kind < SENDING_KINDS; kind++)
		for (size_t span = 0; span < SENDING_SPANS; span++) {
			int64_t *free_at = &account->free_at[kind][span];
			*free_at = *free_at > back ? *free_at - back : 0;
		}
	account->last = now_us;
	int64_t day = now_us / DAY_US;
	int64_t passed = day - account->day;
	if (passed <= 0)
		return; // also after a clock went back: the day goes on
	size_t move =
	    passed <= SENDING_DAYS ? (size_t)passed : SENDING_DAYS + 1;
	size_t row = sizeof(account->days[0]);
	memmove(account->days + move, account->days,
	    (SENDING_DAYS + 1 - move) * row);
	memset(account->days, 0, move * row);
	account->day = day;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void move(int64_t *free_at, int64_t span, uint32_t limit, int64_t count,
    int64_t now_us)
{
	if (limit == 0)
		return;
	*free_at = later(*free_at, now_us) + count * (span / limit);
	if (*free_at < 0)
		*free_at = 0;
}

// A day counts for what is learned only up to its limit. Otherwise what an
// attacker sends would soon be ordinary.
static void add_day(uint32_t *day, int64_t count, uint32_t limit)
{
	int64_t sum = *day + count;
	if (limit && sum > limit)
		sum = later(limit, *day);
	if (sum < 0)
		sum = 0;
	*day = sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

void sending_add(struct sending_account *account,
    const struct sending_info *limits, int messages, int64_t recipients,
    int64_t now_us)
{
	const int64_t counts[] = {
	    [SENDING_MESSAGES] = messages, [SENDING_RECIPIENTS] = recipients};
	for (size_t kind = 0; kind < SENDING_KINDS; kind++) {
		move(&account->free_at[kind][SENDING_HOUR], spans[SENDING_HOUR],
		    limits->per_hour[kind], counts[kind], now_us);
		move(&account->free_at[kind][SENDING_DAY], spans[SENDING_DAY],
		    limits->per_day[kind], counts[kind], now_us);
		add_day(&account->days[0][kind], counts[kind],
		    limits->per_day[kind]);
	}
}

int64_t sending_room_at(const struct sending_account *account,
    const struct sending_info *limits, int64_t now_us)
{
	int64_t room = now_us;
	for (size_t kind = 0; kind < SENDING_KINDS; kind++) {
		const int64_t *free_at = account->free_at[kind];
		if (limits->per_hour[kind])
			room = later(
			    room, free_at[SENDING_HOUR] - spans[SENDING_HOUR]);
		if (limits->per_day[kind])
			room = later(
			    room, free_at[SENDING_DAY] - spans[SENDING_DAY]);
	}
	return room;
}

// SPDX-License-Identifier: Apache-2.0
#include "acme/when.h"

#include <time.h>

#include "base/ascii.h"

#define YEAR_SECONDS 31536000u

// Days since 1970 of a date in the Gregorian calendar.
static int64_t days_of(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 1 - 719468;
}

// Takes exactly `digits` digits from the front.
static bool take_number(struct view *text, size_t digits, int *ret_number)
{
	uint32_t number;
	if (text->len < digits ||
	    !view_to_u32(view_slice(*text, 0, digits), &number))
		return false;
	*text = view_from(*text, digits);
	*ret_number = (int)number;
	return true;
}

static bool take_char(struct view *text, char c)
{
	if (text->len == 0 || ascii_upper(text->ptr[0]) != c)
		return false;
	*text = view_from(*text, 1);
	return true;
}

static bool take_clock(struct view *text, int64_t *ret_seconds)
{
	int hour, minute, second;
	if (!take_number(text, 2, &hour) || !take_char(text, ':') ||
	    !take_number(text, 2, &minute) || !take_char(text, ':') ||
	    !take_number(text, 2, &second) || hour > 23 || minute > 59 ||
	    second > 60)
		return false;
	*ret_seconds = hour * 3600 + minute * 60 + second;
	return true;
}

static bool take_offset(struct view *text, int64_t *ret_seconds)
{
	int hour, minute;
	*ret_seconds = 0;
	if (take_char(text, 'Z'))
		return true;
	bool minus = take_char(text, '-');
	if (!minus && !take_char(text, '+'))
		return false;
	if (!take_number(text, 2, &hour) || !take_char(text, ':') ||
	    !take_number(text, 2, &minute) || hour > 23 || minute > 59)
		return false;
	*ret_seconds = (hour * 3600 + minute * 60) * (minus ? -1 : 1);
	return true;
}

enum rc acme_time_read(struct view text, int64_t *ret_seconds)
{
	int year, month, day;
	int64_t clock, offset;
	if (!take_number(&text, 4, &year) || !take_char(&text, '-') ||
	    !take_number(&text, 2, &month) || !take_char(&text, '-') ||
	    !take_number(&text, 2, &day) || month < 1 || month > 12 ||
	    day < 1 || day > 31 || !take_char(&text, 'T') ||
	    !take_clock(&text, &clock))
		return RC_SYNTAX;
	if (take_char(&text, '.'))
		while (text.len > 0 && ascii_is_digit(text.ptr[0]))
			text = view_from(text, 1);
	if (!take_offset(&text, &offset) || text.len > 0)
		return RC_SYNTAX;
	*ret_seconds = days_of(year, month, day) * 86400 + clock - offset;
	return RC_OK;
}

// RFC 9110 section 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT". The two older forms
// are not read: nobody sends them.
static bool read_http_date(struct view text, int64_t *ret_seconds)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int day, year;
	int64_t clock;
	size_t comma = view_find_char(text, ',');
	if (comma == SIZE_MAX)
		return false;
	text = view_from(text, comma + 1);
	if (!take_char(&text, ' ') || !take_number(&text, 2, &day) ||
	    !take_char(&text, ' ') || text.len < 3)
		return false;
	size_t at = view_find(view_of_string(months), view_slice(text, 0, 3));
	text = view_from(text, 3);
	if (at == SIZE_MAX || at % 3 != 0 || !take_char(&text, ' ') ||
	    !take_number(&text, 4, &year) || !take_char(&text, ' ') ||
	    !take_clock(&text, &clock) || !view_eq(text, VIEW(" GMT")))
		return false;
	*ret_seconds = days_of(year, (int)(at / 3) + 1, day) * 86400 + clock;
	return true;
}

uint32_t acme_retry_after(struct view text, int64_t now)
{
	uint64_t seconds;
	int64_t date;
	text = view_trim(text);
	if (!view_to_u64(text, &seconds)) {
		if (!read_http_date(text, &date) || date <= now)
			return 0;
		seconds = (uint64_t)(date - now);
	}
	return seconds > YEAR_SECONDS ? YEAR_SECONDS : (uint32_t)seconds;
}

int64_t acme_renewal_time(int64_t not_before, int64_t not_after,
    const struct acme_window *window, uint32_t chance)
{
	int64_t life = not_after > not_before ? not_after - not_before : 0;
	int64_t start = not_before + life * 2 / 3 - life / 20;
	int64_t end = not_before + life * 2 / 3;
	// RFC 9773 section 4.2: a window that ends before it begins is no
	// window. One that would let the certificate expire is none either.
	if (window && window->start > 0 && window->end > window->start &&
	    window->start < not_after) {
		start = window->start;
		end = window->end < not_after ? window->end : not_after;
	}
	uint64_t span = (uint64_t)(end - start);
	if (span > UINT32_MAX)
		span = UINT32_MAX;
	return start + (int64_t)(span * chance / UINT32_MAX);
}

uint32_t acme_backoff(uint32_t failures, uint32_t first, uint32_t last,
    uint32_t told, uint32_t chance)
{
	uint64_t wait = first;
	for (uint32_t i = 1; i < failures && wait < last; i++)
		wait *= 2;
	if (wait > last)
		wait = last;
	wait += wait / 4 * chance / UINT32_MAX;
	return told > wait ? told : (uint32_t)wait;
}

// SPDX-License-Identifier: Apache-2.0
#include "wire/date.h"

#include "base/ascii.h"

#define DAY_SECONDS 86400

static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char weekday_names[] = "MonTueWedThuFriSatSun";

// ---- The calendar -------------------------------------------------------

// Both conversions come from Howard Hinnant, "chrono-compatible low-level date
// algorithms". Years begin in March, and an era has 400 years.
int64_t date_day_of_civil(struct date_civil civil)
{
	int64_t year = civil.year - (civil.month <= 2);
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t month = (civil.month + 9) % 12;
	int64_t day_of_year = (153 * month + 2) / 5 + civil.day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 -
			     year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

struct date_civil date_civil_of_day(int64_t day)
{
	day += 719468;
	int64_t era = (day >= 0 ? day : day - 146096) / 146097;
	int64_t day_of_era = day - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 +
				  day_of_era / 36524 - day_of_era / 146096) /
			      365;
	int64_t day_of_year =
	    day_of_era -
	    (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153;
	struct date_civil civil;
	civil.day = (int32_t)(day_of_year - (153 * month + 2) / 5 + 1);
	civil.month = (int32_t)(month < 10 ? month + 3 : month - 9);
	civil.year = (int32_t)(year_of_era + era * 400 + (civil.month <= 2));
	return civil;
}

static int32_t last_day_of_month(struct date_civil civil)
{
	static const unsigned char days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = civil.year % 4 == 0 &&
		    (civil.year % 100 != 0 || civil.year % 400 == 0);
	return days[civil.month - 1] + (civil.month == 2 && leap);
}

bool date_civil_is_valid(struct date_civil civil)
{
	return civil.year >= 0 && civil.year <= 9999 && civil.month >= 1 &&
	       civil.month <= 12 && civil.day >= 1 &&
	       civil.day <= last_day_of_month(civil);
}

// Divides and rounds down, because seconds before 1970 belong to an earlier
// day.
static int64_t day_of_seconds(int64_t seconds)
{
	int64_t day = seconds / DAY_SECONDS;
	return seconds % DAY_SECONDS < 0 ? day - 1 : day;
}

int64_t date_local_day(struct date date)
{
	return day_of_seconds(date.seconds + date.zone_minutes * 60);
}

// ---- What all forms share -----------------------------------------------

// This struct has a local time. A member is -1 until the parser sees it.
struct wall {
	struct date_civil civil;
	int hour;
	int minute;
	int second;
	int zone;
};

static enum rc wall_to_date(const struct wall *wall, struct date *ret_date)
{
	if (!date_civil_is_valid(wall->civil) || wall->hour > 23 ||
	    wall->minute > 59 || wall->second > 60)
		return RC_INVALID;
	int second = wall->second == 60 ? 59 : wall->second;
	ret_date->zone_minutes = (int16_t)wall->zone;
	ret_date->seconds = date_day_of_civil(wall->civil) * DAY_SECONDS +
			    wall->hour * 3600 + wall->minute * 60 + second -
			    wall->zone * 60;
	return RC_OK;
}

// Returns the number, from 1, of the three-letter name at the front of `word`.
// Returns 0 if there is none.
static int name_index(const char *names, size_t count, struct view word)
{
	for (size_t i = 0; word.len >= 3 && i < count; i++)
		if (view_eq_nocase(
			view_slice(word, 0, 3), view_of(names + 3 * i, 3)))
			return (int)i + 1;
	return 0;
}

static int month_of_word(struct view word)
{
	return name_index(month_names, 12, word);
}

// ---- RFC 5322 -----------------------------------------------------------

struct scan {
	struct view rest;
	struct wall wall;
	bool zone_is_number; // "+0100" came; a zone name does not replace it
};

static char scan_peek(const struct scan *scan, size_t offset)
{
	return offset < scan->rest.len ? scan->rest.ptr[offset] : '\0';
}

static void scan_skip(struct scan *scan, size_t len)
{
	scan->rest = view_from(scan->rest, len);
}

// Reads the digits at the front as a number. If the number is very large, its
// last digits do not count.
static int scan_number(struct scan *scan, size_t *ret_digits)
{
	int number = 0;
	size_t len = 0;
	for (; ascii_is_digit(scan_peek(scan, len)); len++)
		if (number < 100000)
			number = number * 10 + (scan_peek(scan, len) - '0');
	scan_skip(scan, len);
	*ret_digits = len;
	return number;
}

static void scan_comment(struct scan *scan)
{
	size_t depth = 0;
	size_t at = 0;
	for (; at < scan->rest.len; at++) {
		char c = scan->rest.ptr[at];
		if (c == '\\')
			at++;
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0)
			break;
	}
	scan_skip(scan, at + 1);
}

static void scan_blanks(struct scan *scan)
{
	for (;;)
		if (ascii_is_space(scan_peek(scan, 0)))
			scan_skip(scan, 1);
		else if (scan_peek(scan, 0) == '(')
			scan_comment(scan);
		else
			return;
}

// Skips a colon before a digit. RFC 5322 section 4.3: old programs put blanks
// and comments around it.
static bool scan_colon(struct scan *scan)
{
	struct scan ahead = *scan;
	scan_blanks(&ahead);
	if (scan_peek(&ahead, 0) != ':')
		return false;
	scan_skip(&ahead, 1);
	scan_blanks(&ahead);
	if (!ascii_is_digit(scan_peek(&ahead, 0)))
		return false;
	scan->rest = ahead.rest;
	return true;
}

// Reads the rest of "2:44:25.123" after the hour and its colon.
static void scan_time(struct scan *scan, int hour)
{
	size_t digits;
	scan->wall.hour = hour;
	scan->wall.minute = scan_number(scan, &digits);
	scan->wall.second = 0;
	if (scan_colon(scan))
		scan->wall.second = scan_number(scan, &digits);
	if (scan_peek(scan, 0) == '.' && ascii_is_digit(scan_peek(scan, 1))) {
		scan_skip(scan, 1);
		scan_number(scan, &digits);
	}
}

// Reads a zone: "-0700", "+01:00" or "+2". An impossible zone counts as UTC.
static void scan_zone(struct scan *scan)
{
	bool west = scan_peek(scan, 0) == '-';
	size_t digits;
	scan_skip(scan, 1);
	int hours = scan_number(scan, &digits);
	int minutes = 0;
	if (scan_peek(scan, 0) == ':') {
		scan_skip(scan, 1);
		minutes = scan_number(scan, &digits);
	} else if (digits > 2) {
		minutes = hours % 100;
		hours /= 100;
	}
	int zone = hours <= 23 && minutes <= 59 ? hours * 60 + minutes : 0;
	scan->wall.zone = west ? -zone : zone;
	scan->zone_is_number = true;
}

// RFC 5322 section 4.3: adds 1900 to a year of three digits, or of two digits
// from 50 to 99. Adds 2000 to a year of two digits below 50.
static int full_year(int year, size_t digits)
{
	if (digits <= 2)
		return year + (year < 50 ? 2000 : 1900);
	return digits == 3 ? year + 1900 : year;
}

// Reads the rest of "1996-07-17" or "1996/07/17" after the year.
static void scan_iso(struct scan *scan)
{
	size_t digits;
	scan_skip(scan, 1);
	scan->wall.civil.month = scan_number(scan, &digits);
	scan_skip(scan, 1);
	scan->wall.civil.day = scan_number(scan, &digits);
	if (ascii_upper(scan_peek(scan, 0)) == 'T')
		scan_skip(scan, 1);
}

static void scan_digits(struct scan *scan)
{
	struct wall *wall = &scan->wall;
	size_t digits;
	int number = scan_number(scan, &digits);
	char next = scan_peek(scan, 0);
	bool digit_follows = ascii_is_digit(scan_peek(scan, 1));
	if (wall->hour < 0 && scan_colon(scan)) {
		scan_time(scan, number);
	} else if ((next == '-' || next == '/') && digit_follows &&
		   digits == 4 && wall->civil.year < 0 &&
		   wall->civil.month < 0) {
		wall->civil.year = number;
		scan_iso(scan);
	} else if (digits <= 2 && wall->civil.day < 0) {
		wall->civil.day = number;
	} else if (wall->civil.year < 0) {
		wall->civil.year = full_year(number, digits);
	}
}

// These are the zone names of RFC 5322 section 4.3. All other names, and single
// letters, mean "-0000" in that section, which is UTC.
static void scan_word(struct scan *scan)
{
	static const struct {
		const char *name;
		int hours;
	} zones[] = {{"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5},
	    {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};
	size_t len = 0;
	while (ascii_is_alpha(scan_peek(scan, len)))
		len++;
	struct view word = view_slice(scan->rest, 0, len);
	scan_skip(scan, len);
	struct wall *wall = &scan->wall;
	if (view_eq_nocase(word, VIEW("PM")) && wall->hour >= 1 &&
	    wall->hour < 12)
		wall->hour += 12;
	else if (view_eq_nocase(word, VIEW("AM")) && wall->hour == 12)
		wall->hour = 0;
	if (wall->civil.month < 0 && month_of_word(word))
		wall->civil.month = month_of_word(word);
	for (size_t i = 0; i < ARRAY_LEN(zones); i++)
		if (!scan->zone_is_number &&
		    view_eq_nocase(word, view_of_string(zones[i].name)))
			wall->zone = zones[i].hours * 60;
}

// Reads as much of a date as `text` has. Returns RC_SYNTAX if the year, month
// or day is missing.
static MUST_CHECK enum rc scan_date(struct view text, struct wall *ret_wall)
{
	struct scan scan = {
	    .rest = text,
	    .wall = {.civil = {-1, -1, -1}, .hour = -1},
	};
	struct wall *wall = &scan.wall;
	while (scan.rest.len) {
		char c = scan.rest.ptr[0];
		// A sign begins a zone only after the time, because
		// "17-Jul-1996" also has "-".
		bool zone = (c == '+' || c == '-') && wall->hour >= 0 &&
			    !scan.zone_is_number &&
			    ascii_is_digit(scan_peek(&scan, 1));
		if (c == '(')
			scan_comment(&scan);
		else if (zone)
			scan_zone(&scan);
		else if (ascii_is_digit(c))
			scan_digits(&scan);
		else if (ascii_is_alpha(c))
			scan_word(&scan);
		else
			scan_skip(&scan, 1);
	}
	if (wall->civil.year < 0 || wall->civil.month < 0 ||
	    wall->civil.day < 0)
		return RC_SYNTAX;
	if (wall->hour < 0) {
		wall->hour = 0;
		wall->minute = 0;
		wall->second = 0;
	}
	*ret_wall = *wall;
	return RC_OK;
}

enum rc date_parse_rfc5322(struct view text, struct date *ret_date)
{
	struct wall wall;
	enum rc rc = scan_date(text, &wall);
	return rc == RC_OK ? wall_to_date(&wall, ret_date) : rc;
}

// ---- IMAP ---------------------------------------------------------------

// Reads all of `text` as a number of one to four digits.
static bool small_number(struct view text, int32_t *ret_number)
{
	uint32_t number;
	if (text.len > 4 || !view_to_u32(text, &number))
		return false;
	*ret_number = (int32_t)number;
	return true;
}

// Reads "Feb-1994", which must end `text`.
static bool parse_month_year(struct view text, struct date_civil *civil)
{
	if (text.len != 8 || text.ptr[3] != '-' ||
	    !small_number(view_from(text, 4), &civil->year))
		return false;
	civil->month = month_of_word(view_slice(text, 0, 3));
	return civil->month != 0;
}

enum rc date_parse_day(struct view text, int64_t *ret_day)
{
	struct date_civil civil;
	size_t dash = view_find_char(text, '-');
	if (dash == SIZE_MAX || dash > 2 ||
	    !small_number(view_slice(text, 0, dash), &civil.day) ||
	    !parse_month_year(view_from(text, dash + 1), &civil))
		return RC_SYNTAX;
	if (civil.day < 1 || civil.day > 31)
		return RC_INVALID;
	int32_t last = last_day_of_month(civil);
	*ret_day = date_day_of_civil(civil);
	if (civil.day > last)
		*ret_day -= civil.day - last - 1;
	return RC_OK;
}

enum rc date_parse_imap(struct view text, struct date *ret_date)
{
	// The form is "17-Jul-1996 02:44:25 -0700".
	if (text.len != DATE_IMAP_LEN || text.ptr[2] != '-' ||
	    text.ptr[11] != ' ' || text.ptr[14] != ':' || text.ptr[17] != ':' ||
	    text.ptr[20] != ' ' || (text.ptr[21] != '+' && text.ptr[21] != '-'))
		return RC_SYNTAX;
	struct wall wall;
	int32_t hours;
	int32_t minutes;
	size_t blank = text.ptr[0] == ' '; // date-day-fixed
	if (!small_number(
		view_slice(text, blank, 2 - blank), &wall.civil.day) ||
	    !parse_month_year(view_slice(text, 3, 8), &wall.civil) ||
	    !small_number(view_slice(text, 12, 2), &wall.hour) ||
	    !small_number(view_slice(text, 15, 2), &wall.minute) ||
	    !small_number(view_slice(text, 18, 2), &wall.second) ||
	    !small_number(view_slice(text, 22, 2), &hours) ||
	    !small_number(view_slice(text, 24, 2), &minutes))
		return RC_SYNTAX;
	if (hours > 23 || minutes > 59)
		return RC_INVALID;
	wall.zone = hours * 60 + minutes;
	if (text.ptr[21] == '-')
		wall.zone = -wall.zone;
	return wall_to_date(&wall, ret_date);
}

static int clip(int number, int lowest, int highest)
{
	return number < lowest ? lowest : number > highest ? highest : number;
}

enum rc date_parse_nearest(struct view text, struct date *ret_date)
{
	if (date_parse_imap(text, ret_date) == RC_OK)
		return RC_OK;
	struct wall wall;
	enum rc rc = scan_date(text, &wall);
	if (rc != RC_OK)
		return rc;
	// There is no nearest date for these values.
	if (wall.civil.year > 9999 || wall.civil.month < 1 ||
	    wall.civil.month > 12)
		return RC_SYNTAX;
	wall.civil.day = clip(wall.civil.day, 1, last_day_of_month(wall.civil));
	// In ISO 8601, 24:00 is the end of a day.
	int64_t more = 0;
	if (wall.hour == 24 && wall.minute == 0 && wall.second == 0)
		more = 1;
	if (wall.hour > 23) {
		wall.hour = 23;
		wall.minute = wall.second = 59;
	}
	wall.minute = clip(wall.minute, 0, 59);
	wall.second = clip(wall.second, 0, 59);
	rc = wall_to_date(&wall, ret_date);
	ret_date->seconds += more;
	return rc;
}

static void put_two(char *at, int number)
{
	at[0] = (char)('0' + number / 10 % 10);
	at[1] = (char)('0' + number % 10);
}

// This struct has a local time. Its year is limited to 0 to 9999.
struct shown {
	struct date_civil civil;
	int64_t day;
	int second; // seconds since the day began
	int zone;
};

static struct shown shown_of_date(struct date date)
{
	const int64_t lowest = -62167219200;  // 0000-01-01 00:00:00
	const int64_t highest = 253402300799; // 9999-12-31 23:59:59
	int zone = date.zone_minutes;
	if (zone < -1439 || zone > 1439)
		zone = 0;
	int64_t local = date.seconds;
	if (local < lowest + DAY_SECONDS || local > highest - DAY_SECONDS) {
		zone = 0;
		local = local < lowest    ? lowest
			: local > highest ? highest
					  : local;
	}
	local += zone * 60;
	int64_t day = day_of_seconds(local);
	return (struct shown){
	    .civil = date_civil_of_day(day),
	    .day = day,
	    .second = (int)(local - day * DAY_SECONDS),
	    .zone = zone,
	};
}

// Writes "02:44:25", which is 8 bytes.
static void put_time(char *at, int second)
{
	put_two(at, second / 3600);
	at[2] = ':';
	put_two(at + 3, second / 60 % 60);
	at[5] = ':';
	put_two(at + 6, second % 60);
}

// Writes "-0700", which is 5 bytes.
static void put_zone(char *at, int zone)
{
	int size = zone < 0 ? -zone : zone;
	at[0] = zone < 0 ? '-' : '+';
	put_two(at + 1, size / 60);
	put_two(at + 3, size % 60);
}

void date_format_imap(struct date date, struct buf *out)
{
	struct shown shown = shown_of_date(date);
	char text[DATE_IMAP_LEN + 1] = "  -   -                   ";
	put_two(text, shown.civil.day);
	memcpy(text + 3, month_names + 3 * (shown.civil.month - 1), 3);
	put_two(text + 7, shown.civil.year / 100);
	put_two(text + 9, shown.civil.year);
	put_time(text + 12, shown.second);
	put_zone(text + 21, shown.zone);
	buf_add(out, view_of(text, DATE_IMAP_LEN));
}

void date_format_rfc5322(struct date date, struct buf *out)
{
	struct shown shown = shown_of_date(date);
	// 1970-01-01 was a Thursday.
	int weekday = (int)((shown.day % 7 + 7 + 3) % 7);
	char text[DATE_RFC5322_LEN + 1] = "   ,                           ";
	memcpy(text, weekday_names + 3 * weekday, 3);
	put_two(text + 5, shown.civil.day);
	memcpy(text + 8, month_names + 3 * (shown.civil.month - 1), 3);
	put_two(text + 12, shown.civil.year / 100);
	put_two(text + 14, shown.civil.year);
	put_time(text + 17, shown.second);
	put_zone(text + 26, shown.zone);
	buf_add(out, view_of(text, DATE_RFC5322_LEN));
}

// ---- RFC 3339 -----------------------------------------------------------

// Reads "Z" or "-08:00", which must end `text`.
static enum rc parse_offset(struct view text, int *ret_zone)
{
	int32_t hours;
	int32_t minutes;
	if (view_eq_nocase(text, VIEW("Z"))) {
		*ret_zone = 0;
		return RC_OK;
	}
	if (text.len != 6 || (text.ptr[0] != '+' && text.ptr[0] != '-') ||
	    text.ptr[3] != ':' ||
	    !small_number(view_slice(text, 1, 2), &hours) ||
	    !small_number(view_slice(text, 4, 2), &minutes))
		return RC_SYNTAX;
	if (hours > 23 || minutes > 59)
		return RC_INVALID;
	*ret_zone = hours * 60 + minutes;
	if (text.ptr[0] == '-')
		*ret_zone = -*ret_zone;
	return RC_OK;
}

enum rc date_parse_rfc3339(struct view text, struct date *ret_date)
{
	// The form is "1996-12-19T16:39:57-08:00".
	struct wall wall;
	if (text.len < 20 || text.ptr[4] != '-' || text.ptr[7] != '-' ||
	    ascii_upper(text.ptr[10]) != 'T' || text.ptr[13] != ':' ||
	    text.ptr[16] != ':' ||
	    !small_number(view_slice(text, 0, 4), &wall.civil.year) ||
	    !small_number(view_slice(text, 5, 2), &wall.civil.month) ||
	    !small_number(view_slice(text, 8, 2), &wall.civil.day) ||
	    !small_number(view_slice(text, 11, 2), &wall.hour) ||
	    !small_number(view_slice(text, 14, 2), &wall.minute) ||
	    !small_number(view_slice(text, 17, 2), &wall.second))
		return RC_SYNTAX;
	struct view rest = view_from(text, 19);
	if (rest.ptr[0] == '.') {
		size_t digits = 1;
		while (digits < rest.len && ascii_is_digit(rest.ptr[digits]))
			digits++;
		if (digits == 1)
			return RC_SYNTAX;
		rest = view_from(rest, digits);
	}
	enum rc rc = parse_offset(rest, &wall.zone);
	return rc == RC_OK ? wall_to_date(&wall, ret_date) : rc;
}

void date_format_rfc3339(int64_t seconds, struct buf *out)
{
	struct shown shown = shown_of_date((struct date){seconds, 0});
	char text[] = "    -  -  T        Z";
	put_two(text, shown.civil.year / 100);
	put_two(text + 2, shown.civil.year);
	put_two(text + 5, shown.civil.month);
	put_two(text + 8, shown.civil.day);
	put_time(text + 11, shown.second);
	buf_add(out, view_of(text, sizeof(text) - 1));
}

void date_format_rfc3339_zone(struct date date, struct buf *out)
{
	struct shown shown = shown_of_date(date);
	char text[] = "    -  -  T               ";
	int zone = shown.zone;
	char *end = text + 19;
	put_two(text, shown.civil.year / 100);
	put_two(text + 2, shown.civil.year);
	put_two(text + 5, shown.civil.month);
	put_two(text + 8, shown.civil.day);
	put_time(text + 11, shown.second);
	if (zone == 0) {
		*end++ = 'Z';
	} else {
		*end = zone < 0 ? '-' : '+';
		zone = zone < 0 ? -zone : zone;
		put_two(end + 1, zone / 60);
		end[3] = ':';
		put_two(end + 4, zone % 60);
		end += 6;
	}
	buf_add(out, view_of(text, (size_t)(end - text)));
}

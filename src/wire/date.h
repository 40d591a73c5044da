// SPDX-License-Identifier: Apache-2.0
// Dates: of header fields (RFC 5322 sections 3.3 and 4.3, leniently), of IMAP
// (RFC 9051 section 9: date-time and date), and the arithmetic between days and
// the civil (proleptic Gregorian) calendar. Years 0 to 9999.
#ifndef ROOST_WIRE_DATE_H
#define ROOST_WIRE_DATE_H

#include "base/buf.h"

struct date {
	int64_t seconds;      // since 1970-01-01 00:00:00 UTC
	int16_t zone_minutes; // east of UTC, -1439 to 1439
};

struct date_civil {
	int32_t year;
	int32_t month; // 1 to 12
	int32_t day;   // 1 to 31
};

// "Wed, 17 Jul 1996 02:44:25 -0700 (PDT)" and what is found in its place: no
// weekday or a wrong one, no seconds, two- and three-digit years, zone names,
// no zone (UTC), comments, month first as ctime has it, dashes, ISO 8601.
// RC_SYNTAX: it is no date. RC_INVALID: no such day or time.
MUST_CHECK enum rc date_parse_rfc5322(struct view text, struct date *ret_date);

// IMAP date-time, without the quotes: "17-Jul-1996 02:44:25 -0700"; the day may
// be " 7". A leap second counts as the second before it.
MUST_CHECK enum rc date_parse_imap(struct view text, struct date *ret_date);
// What clients send in its place. The form above, and all forms of a header
// field's date. Of a day or a time that does not exist the nearest one is
// taken: 28-Feb for 29-Feb-2023, 23:59:59 for 25:00:00; and 24:00:00 is the
// midnight at the day's end. Only RC_SYNTAX: it is no date.
MUST_CHECK enum rc date_parse_nearest(struct view text, struct date *ret_date);
// The same, always 26 bytes; a time out of range is clipped into it.
#define DATE_IMAP_LEN 26
void date_format_imap(struct date date, struct buf *out);

// A header field's date, "Wed, 17 Jul 1996 02:44:25 -0700" (RFC 5322 section
// 3.3), always 31 bytes; a time out of range is clipped as above.
#define DATE_RFC5322_LEN 31
void date_format_rfc5322(struct date date, struct buf *out);

// RFC 3339 date-time, leniently any offset: "1996-12-19T16:39:57-08:00". A
// fraction of a second is dropped, a leap second is the second before it.
MUST_CHECK enum rc date_parse_rfc3339(struct view text, struct date *ret_date);
// The same in UTC: "1996-12-20T00:39:57Z".
void date_format_rfc3339(int64_t seconds, struct buf *out);

// IMAP date, without quotes: "1-Feb-1994" to days since 1970-01-01. A day up to
// the 31st that its month lacks counts as the first of the next month, so that
// SINCE and BEFORE a 30-Feb mean what they say.
MUST_CHECK enum rc date_parse_day(struct view text, int64_t *ret_day);

// The day on the wall where the date was written (SENTON and the like: "time
// and timezone disregarded", RFC 9051 section 6.4.4), since 1970-01-01.
int64_t date_local_day(struct date date);

// Days since 1970-01-01. The first takes any month 1 to 12 and any day number.
int64_t date_day_of_civil(struct date_civil civil);
struct date_civil date_civil_of_day(int64_t day);
bool date_civil_is_valid(struct date_civil civil);

#endif

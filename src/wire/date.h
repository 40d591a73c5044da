// SPDX-License-Identifier: Apache-2.0
// Dates: those of header fields (RFC 5322 sections 3.3 and 4.3, read
// leniently), those of IMAP (RFC 9051 section 9: date-time and date), and
// conversion between days and the civil (proleptic Gregorian) calendar. Years 0
// to 9999.
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

// Parses "Wed, 17 Jul 1996 02:44:25 -0700 (PDT)" and what mail has instead of
// it: no weekday or a wrong one, no seconds, years with two or three digits,
// zone names, no zone (UTC), comments, the month first as ctime writes it,
// dashes, ISO 8601. RC_SYNTAX: it is not a date. RC_INVALID: the day or the
// time does not exist.
MUST_CHECK enum rc date_parse_rfc5322(struct view text, struct date *ret_date);

// Parses an IMAP date-time without the quotes: "17-Jul-1996 02:44:25 -0700".
// The day may be " 7". A leap second counts as the second before it.
MUST_CHECK enum rc date_parse_imap(struct view text, struct date *ret_date);
// Parses what clients send as a date-time: the form above, and all forms of a
// header field's date. A day or a time that does not exist becomes the nearest
// one that does: 29-Feb-2023 becomes 28-Feb, 25:00:00 becomes 23:59:59.
// 24:00:00 is midnight at the end of the day. RC_SYNTAX: it is not a date.
// There is no other failure.
MUST_CHECK enum rc date_parse_nearest(struct view text, struct date *ret_date);
// Writes an IMAP date-time, always 26 bytes. A time that is out of range
// becomes the nearest one in range.
#define DATE_IMAP_LEN 26
void date_format_imap(struct date date, struct buf *out);

// Writes a header field's date, "Wed, 17 Jul 1996 02:44:25 -0700" (RFC 5322
// section 3.3), always 31 bytes. A time out of range is handled as above.
#define DATE_RFC5322_LEN 31
void date_format_rfc5322(struct date date, struct buf *out);

// Parses a date-time of RFC 3339 with any offset: "1996-12-19T16:39:57-08:00".
// A fraction of a second is dropped. A leap second counts as the second before
// it.
MUST_CHECK enum rc date_parse_rfc3339(struct view text, struct date *ret_date);
// Writes it in UTC: "1996-12-20T00:39:57Z".
void date_format_rfc3339(int64_t seconds, struct buf *out);
// Writes it in its own zone: "1996-12-19T16:39:57-08:00".
void date_format_rfc3339_zone(struct date date, struct buf *out);

// Parses an IMAP date without quotes: "1-Feb-1994" to days since 1970-01-01. A
// day up to the 31st that its month does not have counts as the first of the
// next month, so that SINCE and BEFORE 30-Feb find what the client expects.
MUST_CHECK enum rc date_parse_day(struct view text, int64_t *ret_day);

// The day that a clock in the date's own time zone showed, since 1970-01-01.
// For SENTON and the like: "time and timezone disregarded" (RFC 9051 section
// 6.4.4).
int64_t date_local_day(struct date date);

// Converts to and from days since 1970-01-01. The first function accepts any
// month from 1 to 12 and any day number.
int64_t date_day_of_civil(struct date_civil civil);
struct date_civil date_civil_of_day(int64_t day);
bool date_civil_is_valid(struct date_civil civil);

#endif

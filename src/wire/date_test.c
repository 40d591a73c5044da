// SPDX-License-Identifier: Apache-2.0
// Dates: the forms of RFC 5322, IMAP's, and what is found in their place.
#include "base/test.h"
#include "wire/date.h"

static void header_dates_are_read_in_all_their_forms(void **state)
{
	(void)state;
	// 1996-07-17 09:44:25 UTC
	const int64_t t = 837596665;
	static const struct {
		const char *text;
		enum rc rc;
		int64_t delta;
		int zone;
	} rows[] = {
	    {"Wed, 17 Jul 1996 02:44:25 -0700", RC_OK, 0, -420},
	    {"Wed, 17 Jul 1996 02:44:25 -0700 (PDT)", RC_OK, 0, -420},
	    {"17 Jul 1996 02:44:25 -0700", RC_OK, 0, -420},
	    {"17 Jul 96 02:44:25 -0700", RC_OK, 0, -420},
	    {"17 Jul 096 02:44:25 -0700", RC_OK, 0, -420},
	    {" Wed ,\r\n 17\tJul 1996 02:44:25\r\n -0700", RC_OK, 0, -420},
	    {"Thu, 17 jul 1996 09:44 GMT", RC_OK, -25, 0},
	    {"Wed, 17 July 1996 09:44:25 UT", RC_OK, 0, 0},
	    {"Wed, 17 Jul 1996 02:44:25 PDT", RC_OK, 0, -420},
	    {"Wed, 17 Jul 1996 04:44:25 EST", RC_OK, 0, -300},
	    {"Wed, 17 Jul 1996 09:44:25 Z", RC_OK, 0, 0},
	    {"Wed, 17 Jul 1996 09:44:25 A", RC_OK, 0, 0},
	    {"Wed, 17 Jul 1996 09:44:25", RC_OK, 0, 0},
	    {"Wed, 17 Jul 1996 10:44:25 GMT+0100", RC_OK, 0, 60},
	    {"Wed, 17 Jul 1996 10:44:25 +01:00", RC_OK, 0, 60},
	    {"Wed, 17 Jul 1996 15:14:25 +0530 (IST)", RC_OK, 0, 330},
	    {"Wed, 17 Jul 1996 15:14:25 +530", RC_OK, 0, 330},
	    {"Wed, 17 Jul 1996 09:44:25 +9999", RC_OK, 0, 0},
	    {"Wed, 17 Jul 1996 09:44:25.250 +0000", RC_OK, 0, 0},
	    {"Wed, 17 Jul 1996 09:44:60 +0000", RC_OK, 34, 0},
	    {"Wed Jul 17 09:44:25 1996", RC_OK, 0, 0},
	    {"Wed Jul 17 02:44:25 PDT 1996", RC_OK, 0, -420},
	    {"17-Jul-1996 02:44:25 -0700", RC_OK, 0, -420},
	    {"17-Jul-96 9:44:25 AM", RC_OK, 0, 0},
	    {"17-Jul-96 9:44:25 PM", RC_OK, 43200, 0},
	    {"1996-07-17T02:44:25-07:00", RC_OK, 0, -420},
	    {"1996/07/17 09:44:25", RC_OK, 0, 0},
	    {"Wed(a (nested) \\) 5), 17 (x) Jul 1996 02:44:25 -0700", RC_OK, 0,
		-420},
	    // RFC 5322 appendix A.6.3
	    {"Wed, 17\r\n Jul\r\n 1996\r\n 02(comment):   44 (c) :  25  -0700",
		RC_OK, 0, -420},
	    {"17 Jul 1996", RC_OK, -35065, 0},
	    {"", RC_SYNTAX, 0, 0},
	    {"yesterday", RC_SYNTAX, 0, 0},
	    {"837596665", RC_SYNTAX, 0, 0},
	    {"(17 Jul 1996 02:44:25 -0700", RC_SYNTAX, 0, 0},
	    {"31 Feb 1996 02:44:25 -0700", RC_INVALID, 0, 0},
	    {"29 Feb 1900 00:00:00 +0000", RC_INVALID, 0, 0},
	    {"0 Jul 1996 00:00:00 +0000", RC_INVALID, 0, 0},
	    {"17 Jul 1996 24:00:00 +0000", RC_INVALID, 0, 0},
	    {"17 Jul 1996 09:60:00 +0000", RC_INVALID, 0, 0},
	    {"17 Jul 99999 09:00:00 +0000", RC_INVALID, 0, 0},
	    {"17 Jul 99999999999999999999 09:00:00", RC_INVALID, 0, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct date date = {t + 1, 77};
		enum rc rc =
		    date_parse_rfc5322(view_of_string(rows[i].text), &date);
		if (rc != rows[i].rc ||
		    (rc == RC_OK && (date.seconds != t + rows[i].delta ||
					date.zone_minutes != rows[i].zone)))
			fail_msg("%s: %s %lld %d", rows[i].text, rc_name(rc),
			    (long long)(date.seconds - t), date.zone_minutes);
		if (rc != RC_OK)
			assert_int_equal(date.zone_minutes, 77);
	}
}

static void two_digit_years_turn_at_fifty(void **state)
{
	(void)state;
	struct date date;
	struct view low = VIEW("1 Jan 49 00:00:00 +0000");
	struct view high = VIEW("1 Jan 50 00:00:00 +0000");
	assert_int_equal(date_parse_rfc5322(low, &date), RC_OK);
	assert_int_equal(date_civil_of_day(date.seconds / 86400).year, 2049);
	assert_int_equal(date_parse_rfc5322(high, &date), RC_OK);
	assert_int_equal(date_local_day(date),
	    date_day_of_civil((struct date_civil){1950, 1, 1}));
}

static void imap_times_survive_the_round_trip(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum rc rc;
		int64_t seconds;
		const char *again; // NULL: the same
	} rows[] = {
	    {"17-Jul-1996 02:44:25 -0700", RC_OK, 837596665, NULL},
	    {" 1-Jan-1970 00:00:00 +0000", RC_OK, 0,
		"01-Jan-1970 00:00:00 +0000"},
	    {"31-Dec-1969 23:59:59 +0000", RC_OK, -1, NULL},
	    {"29-Feb-2000 00:00:00 +1359", RC_OK, 951732060, NULL},
	    {"01-jan-1970 00:00:60 +0000", RC_OK, 59,
		"01-Jan-1970 00:00:59 +0000"},
	    {"1-Jan-1970 00:00:00 +0000", RC_SYNTAX, 0, NULL},
	    {"01-Jan-1970 00:00:00 0000", RC_SYNTAX, 0, NULL},
	    {"01-Jan-1970T00:00:00 +0000", RC_SYNTAX, 0, NULL},
	    {"01-Foo-1970 00:00:00 +0000", RC_SYNTAX, 0, NULL},
	    {"01-Jan-1970 00:00:00 +2400", RC_INVALID, 0, NULL},
	    {"30-Feb-1970 00:00:00 +0000", RC_INVALID, 0, NULL},
	    {"01-Jan-1970 24:00:00 +0000", RC_INVALID, 0, NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct date date = {0};
		struct view text = view_of_string(rows[i].text);
		assert_int_equal(date_parse_imap(text, &date), rows[i].rc);
		if (rows[i].rc != RC_OK)
			continue;
		assert_true(date.seconds == rows[i].seconds);
		struct buf out;
		buf_init(&out, 100);
		date_format_imap(date, &out);
		struct view again =
		    rows[i].again ? view_of_string(rows[i].again) : text;
		assert_view_equal_row(i, buf_view(&out), again);
		buf_done(&out);
	}
}

static void clients_dates_are_the_nearest_there_are(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *date; // NULL: it is none
	} rows[] = {
	    {"17-Jul-1996 02:44:25 -0700", "17-Jul-1996 02:44:25 -0700"},
	    {" 7-Jul-1996 02:44:25 -0700", "07-Jul-1996 02:44:25 -0700"},
	    {"7-Jul-1996 02:44:25 -0700", "07-Jul-1996 02:44:25 -0700"},
	    // Days and times that do not exist.
	    {"29-Feb-2023 10:00:00 +0000", "28-Feb-2023 10:00:00 +0000"},
	    {"29-Feb-2024 10:00:00 +0000", "29-Feb-2024 10:00:00 +0000"},
	    {"31-Apr-2023 10:00:00 +0100", "30-Apr-2023 10:00:00 +0100"},
	    {"32-Jan-2023 10:00:00 +0000", "31-Jan-2023 10:00:00 +0000"},
	    {"00-Jan-2023 10:00:00 +0000", "01-Jan-2023 10:00:00 +0000"},
	    {"28-Feb-2023 24:00:00 +0000", "01-Mar-2023 00:00:00 +0000"},
	    {"31-Dec-2023 24:00:00 -0700", "01-Jan-2024 00:00:00 -0700"},
	    {"28-Feb-2023 24:00:01 +0000", "28-Feb-2023 23:59:59 +0000"},
	    {"28-Feb-2023 99:00:00 +0000", "28-Feb-2023 23:59:59 +0000"},
	    {"28-Feb-2023 22:60:30 +0000", "28-Feb-2023 22:59:30 +0000"},
	    {"28-Feb-2023 23:59:60 +0000", "28-Feb-2023 23:59:59 +0000"},
	    {"28-Feb-2023 23:59:61 +0000", "28-Feb-2023 23:59:59 +0000"},
	    // Years: RFC 5322 section 4.3.
	    {"01-Jan-23 10:00:00 +0000", "01-Jan-2023 10:00:00 +0000"},
	    {"01-Jan-70 10:00:00 +0000", "01-Jan-1970 10:00:00 +0000"},
	    {"01-Jan-123 10:00:00 +0000", "01-Jan-2023 10:00:00 +0000"},
	    {"1-Jan-1 10:00:00 +0000", "01-Jan-2001 10:00:00 +0000"},
	    {"01-Jan-0001 10:00:00 +0000", "01-Jan-0001 10:00:00 +0000"},
	    {"31-Dec-9999 24:00:00 +0000", "31-Dec-9999 23:59:59 +0000"},
	    {"01-Jan-12345 10:00:00 +0000", NULL},
	    // Zones.
	    {"01-Jan-2023 10:00:00 GMT", "01-Jan-2023 10:00:00 +0000"},
	    {"01-Jan-2023 10:00:00 UTC", "01-Jan-2023 10:00:00 +0000"},
	    {"01-Jan-2023 10:00:00 Z", "01-Jan-2023 10:00:00 +0000"},
	    {"01-Jan-2023 10:00:00 EST", "01-Jan-2023 10:00:00 -0500"},
	    {"01-Jan-2023 10:00:00 +01:00", "01-Jan-2023 10:00:00 +0100"},
	    {"01-Jan-2023 10:00:00", "01-Jan-2023 10:00:00 +0000"},
	    {"01-Jan-2023 10:00:00 0000", "01-Jan-2023 10:00:00 +0000"},
	    {"01-Jan-2023 10:00:00 +9999", "01-Jan-2023 10:00:00 +0000"},
	    {"01-Jan-2023 10:00:00 -1460", "01-Jan-2023 10:00:00 +0000"},
	    // Other forms.
	    {"01-Jan-2023 10:00:00 +0000 ", "01-Jan-2023 10:00:00 +0000"},
	    {"01-Jan-2023  1:00 +0000", "01-Jan-2023 01:00:00 +0000"},
	    {"01-January-2023 10:00:00 +0000", "01-Jan-2023 10:00:00 +0000"},
	    {"01-Jan-2023", "01-Jan-2023 00:00:00 +0000"},
	    {"Sun, 1 Jan 2023 10:00:00 -0700", "01-Jan-2023 10:00:00 -0700"},
	    {"2023-01-01T10:00:00Z", "01-Jan-2023 10:00:00 +0000"},
	    {"2023-02-31 10:00:00", "28-Feb-2023 10:00:00 +0000"},
	    // No dates.
	    {"", NULL},
	    {"junk", NULL},
	    {"01-Foo-2023 10:00:00 +0000", NULL},
	    {"2023-13-01 10:00:00", NULL},
	    {"2023-00-01 10:00:00", NULL},
	    {"10:00:00", NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct date date = {7, 77};
		struct buf text;
		buf_init(&text, 100);
		enum rc rc =
		    date_parse_nearest(view_of_string(rows[i].text), &date);
		if (!rows[i].date) {
			assert_int_equal(rc, RC_SYNTAX);
			assert_int_equal(date.zone_minutes, 77);
			continue;
		}
		assert_int_equal(rc, RC_OK);
		date_format_imap(date, &text);
		buf_add_char(&text, '\0');
		assert_string_equal(text.ptr, rows[i].date);
		buf_done(&text);
	}
}

static void any_number_of_seconds_prints_as_a_date(void **state)
{
	(void)state;
	static const int64_t seconds[] = {INT64_MIN, INT64_MAX, -62167219200,
	    253402300799, -62167219201, 253402300800, 0, -1};
	for (size_t i = 0; i < ARRAY_LEN(seconds); i++)
		for (int zone = -1500; zone <= 1500; zone += 250) {
			struct buf out;
			buf_init(&out, 100);
			struct date date = {seconds[i], (int16_t)zone};
			date_format_imap(date, &out);
			assert_int_equal(out.len, DATE_IMAP_LEN);
			assert_int_equal(
			    date_parse_imap(buf_view(&out), &date), RC_OK);
			buf_done(&out);
		}
}

static void days_and_the_calendar_agree(void **state)
{
	(void)state;
	int64_t day = date_day_of_civil((struct date_civil){0, 1, 1});
	assert_int_equal(day, -719528);
	int64_t end = date_day_of_civil((struct date_civil){9999, 12, 31});
	struct date_civil last = {-1, 12, 31};
	for (; day <= end; day++) {
		struct date_civil civil = date_civil_of_day(day);
		assert_true(date_civil_is_valid(civil));
		assert_true(date_day_of_civil(civil) == day);
		bool next_day =
		    civil.day == last.day + 1 && civil.month == last.month;
		assert_true(next_day || civil.day == 1);
		last = civil;
	}
}

static void search_dates_are_days(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum rc rc;
		int64_t day;
	} rows[] = {
	    {"1-Feb-1994", RC_OK, 8797},
	    {"01-feb-1994", RC_OK, 8797},
	    {"1-Jan-1970", RC_OK, 0},
	    {"31-Dec-1969", RC_OK, -1},
	    {"001-Feb-1994", RC_SYNTAX, 0},
	    {"1-Feb-94", RC_SYNTAX, 0},
	    {"1-February-1994", RC_SYNTAX, 0},
	    {"-Feb-1994", RC_SYNTAX, 0},
	    {"1 Feb 1994", RC_SYNTAX, 0},
	    {"", RC_SYNTAX, 0},
	    // The first of the next month.
	    {"29-Feb-1994", RC_OK, 8825},
	    {"30-Feb-1994", RC_OK, 8825},
	    {"31-Feb-1994", RC_OK, 8825},
	    {"1-Mar-1994", RC_OK, 8825},
	    {"31-Apr-1994", RC_OK, 8886},
	    {"1-May-1994", RC_OK, 8886},
	    {"29-Feb-1996", RC_OK, 9555},
	    {"31-Jun-9999", RC_OK, 2932713},
	    {"0-Feb-1994", RC_INVALID, 0},
	    {"32-Jan-1994", RC_INVALID, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t day = 0;
		struct view text = view_of_string(rows[i].text);
		assert_int_equal(date_parse_day(text, &day), rows[i].rc);
		assert_true(day == rows[i].day);
	}
	// SENTON looks at the writer's wall.
	struct date date;
	struct view late = VIEW("31 Dec 1999 23:30:00 -0500");
	assert_int_equal(date_parse_rfc5322(late, &date), RC_OK);
	assert_true(date_local_day(date) == 10956);
	assert_true(date.seconds / 86400 == 10957);
}

static void dates_of_header_fields_are_written(void **state)
{
	(void)state;
	static const struct {
		struct date date;
		const char *text;
	} rows[] = {
	    {{837596665, -420}, "Wed, 17 Jul 1996 02:44:25 -0700"},
	    {{837596665, 0}, "Wed, 17 Jul 1996 09:44:25 +0000"},
	    {{0, 330}, "Thu, 01 Jan 1970 05:30:00 +0530"},
	    {{-1, 0}, "Wed, 31 Dec 1969 23:59:59 +0000"},
	    {{951868800, 0}, "Wed, 01 Mar 2000 00:00:00 +0000"},
	    {{INT64_MAX, 60}, "Fri, 31 Dec 9999 23:59:59 +0000"},
	    {{INT64_MIN, 60}, "Sat, 01 Jan 0000 00:00:00 +0000"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		struct date date;
		buf_init(&out, 100);
		date_format_rfc5322(rows[i].date, &out);
		assert_int_equal(out.len, DATE_RFC5322_LEN);
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(rows[i].text));
		assert_int_equal(
		    date_parse_rfc5322(buf_view(&out), &date), RC_OK);
		bool clipped = rows[i].date.seconds == INT64_MAX ||
			       rows[i].date.seconds == INT64_MIN;
		if (!clipped) {
			assert_true(date.seconds == rows[i].date.seconds);
			assert_int_equal(
			    date.zone_minutes, rows[i].date.zone_minutes);
		}
		buf_done(&out);
	}
}

static void internet_dates_are_read_strictly(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum rc rc;
		int64_t seconds;
		const char *utc; // NULL: as it came
	} rows[] = {
	    {"1996-07-17T09:44:25Z", RC_OK, 837596665, NULL},
	    {"1996-07-17t02:44:25-07:00", RC_OK, 837596665,
		"1996-07-17T09:44:25Z"},
	    {"1996-07-17T09:44:25.999z", RC_OK, 837596665,
		"1996-07-17T09:44:25Z"},
	    {"1990-12-31T23:59:60Z", RC_OK, 662687999, "1990-12-31T23:59:59Z"},
	    {"1937-01-01T12:00:27.87+00:20", RC_OK, -1041337173,
		"1937-01-01T11:40:27Z"},
	    {"1996-07-17T09:44:25", RC_SYNTAX, 0, NULL},
	    {"1996-07-17 09:44:25Z", RC_SYNTAX, 0, NULL},
	    {"1996-07-17T09:44:25.Z", RC_SYNTAX, 0, NULL},
	    {"1996-07-17T09:44Z", RC_SYNTAX, 0, NULL},
	    {"96-07-17T09:44:25Z", RC_SYNTAX, 0, NULL},
	    {"1996-07-17T09:44:25ZZ", RC_SYNTAX, 0, NULL},
	    {"1996-07-17T09:44:25+0100", RC_SYNTAX, 0, NULL},
	    {"1996-02-30T09:44:25Z", RC_INVALID, 0, NULL},
	    {"1996-07-17T24:00:00Z", RC_INVALID, 0, NULL},
	    {"1996-07-17T09:44:25+24:00", RC_INVALID, 0, NULL},
	    {"", RC_SYNTAX, 0, NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct date date = {0};
		struct buf out;
		struct view text = view_of_string(rows[i].text);
		assert_int_equal(date_parse_rfc3339(text, &date), rows[i].rc);
		assert_true(date.seconds == rows[i].seconds);
		if (rows[i].rc != RC_OK)
			continue;
		buf_init(&out, 100);
		date_format_rfc3339(date.seconds, &out);
		assert_view_equal_row(i, buf_view(&out),
		    rows[i].utc ? view_of_string(rows[i].utc) : text);
		// In its own zone it is the same moment.
		struct date again;
		buf_reset(&out);
		date_format_rfc3339_zone(date, &out);
		assert_int_equal(
		    date_parse_rfc3339(buf_view(&out), &again), RC_OK);
		assert_true(again.seconds == date.seconds);
		assert_int_equal(again.zone_minutes, date.zone_minutes);
		buf_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(header_dates_are_read_in_all_their_forms),
	    cmocka_unit_test(two_digit_years_turn_at_fifty),
	    cmocka_unit_test(imap_times_survive_the_round_trip),
	    cmocka_unit_test(clients_dates_are_the_nearest_there_are),
	    cmocka_unit_test(any_number_of_seconds_prints_as_a_date),
	    cmocka_unit_test(days_and_the_calendar_agree),
	    cmocka_unit_test(search_dates_are_days),
	    cmocka_unit_test(dates_of_header_fields_are_written),
	    cmocka_unit_test(internet_dates_are_read_strictly),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

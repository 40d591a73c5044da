// SPDX-License-Identifier: Apache-2.0
// Tests the data of each type, well formed and malformed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dns/rdata.h"

#define RDATA(literal)                                                         \
	{                                                                      \
		(literal), sizeof(literal) - 1                                 \
	}

static const struct row {
	enum dns_type type;
	struct view rdata;
	const char *value; // NULL: the record is refused
	uint16_t preference, weight, port;
} rows[] = {
    {DNS_A, RDATA("\xc0\x00\x02\x01"), "192.0.2.1", 0, 0, 0},
    {DNS_A, RDATA("\xc0\x00\x02"), NULL, 0, 0, 0},
    {DNS_A, RDATA("\xc0\x00\x02\x01\x01"), NULL, 0, 0, 0},
    {DNS_AAAA, RDATA("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"),
	"2001:db8::1", 0, 0, 0},
    {DNS_AAAA, RDATA("\x20\x01\x0d\xb8"), NULL, 0, 0, 0},
    {DNS_MX,
	RDATA("\x00\x0a\x02MX\x04"
	      "TEST\x00"),
	"mx.test", 10, 0, 0},
    {DNS_MX, RDATA("\x01\x00\x00"), "", 256, 0, 0}, // RFC 7505
    {DNS_MX, RDATA("\x00\x0a"), NULL, 0, 0, 0},
    {DNS_MX, RDATA("\x00"), NULL, 0, 0, 0},
    {DNS_MX, RDATA(""), NULL, 0, 0, 0},
    {DNS_MX, RDATA("\x00\x0a\x02mx"), NULL, 0, 0,
	0}, // the root's label is missing
    {DNS_MX, RDATA("\x00\x0a\x03mx\x00"), NULL, 0, 0,
	0}, // longer than the data
    {DNS_MX, RDATA("\x00\x0a\x02mx\x00x"), NULL, 0, 0,
	0},                                             // bytes after the name
    {DNS_MX, RDATA("\x00\x0a\xc0\x0c"), NULL, 0, 0, 0}, // compressed
    {DNS_MX, RDATA("\x00\x0a\x03m.x\x00"), NULL, 0, 0,
	0}, // a dot within a label
    {DNS_MX, RDATA("\x00\x0a\x03m\nx\x00"), NULL, 0, 0, 0},
    {DNS_MX, RDATA("\x00\x0a\x03m x\x00"), NULL, 0, 0, 0},
    {DNS_MX, RDATA("\x00\x0a\x03m\x00x\x00"), NULL, 0, 0, 0},
    {DNS_PTR, RDATA("\x03_m-\x01x\x00"), "_m-.x", 0, 0, 0},
    {DNS_SRV, RDATA("\x00\x01\x00\x02\x00\x19\x01h\x00"), "h", 1, 2, 25},
    {DNS_SRV, RDATA("\x00\x01\x00\x02\x00\x19"), NULL, 0, 0, 0},
    {DNS_TXT, RDATA("\x03v=s\x02pf"), "v=spf", 0, 0, 0},
    {DNS_TXT, RDATA("\x00"), "", 0, 0, 0},
    {DNS_TXT, RDATA("\x04v=s"), NULL, 0, 0, 0},
    {DNS_TXT, RDATA(""), NULL, 0, 0, 0},
    {DNS_TLSA, RDATA("\x03\x01\x01zz"), "\x03\x01\x01zz", 0, 0, 0},
    {DNS_TLSA, RDATA("\x03\x01\x01"), NULL, 0, 0, 0},
};

static void rdata_is_read_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *row = &rows[i];
		struct dns_record record = {.preference = 9};
		struct arena arena;
		arena_init(&arena);
		enum rc rc =
		    dns_rdata_parse(&arena, row->type, row->rdata, &record);
		if (rc != (row->value ? RC_OK : RC_SYNTAX))
			fail_msg("row %zu: %s", i, rc_name(rc));
		if (!row->value) {
			// A failed call has written nothing.
			assert_int_equal(record.preference, 9);
		} else if (!view_eq(record.value, view_of_string(row->value)) ||
			   record.preference != row->preference ||
			   record.weight != row->weight ||
			   record.port != row->port) {
			fail_msg("row %zu: %u %u %u %.*s", i, record.preference,
			    record.weight, record.port, VIEW_FMT(record.value));
		}
		arena_done(&arena);
	}
}

static void names_end_at_255_bytes(void **state)
{
	(void)state;
	for (size_t labels = 126; labels <= 128; labels++) {
		char rdata[300];
		struct dns_record record;
		struct arena arena;
		size_t len = 0;
		for (size_t i = 0; i < labels; i++) {
			rdata[len++] = 1;
			rdata[len++] = 'a';
		}
		rdata[len++] = 0;
		arena_init(&arena);
		enum rc rc = dns_rdata_parse(
		    &arena, DNS_PTR, view_of(rdata, len), &record);
		assert_int_equal(rc, len <= 255 ? RC_OK : RC_SYNTAX);
		arena_done(&arena);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rdata_is_read_or_refused),
	    cmocka_unit_test(names_end_at_255_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

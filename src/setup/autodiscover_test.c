// SPDX-License-Identifier: Apache-2.0
// Requests of Autodiscover: those of real programs, and wrong ones.
#include "base/test.h"
#include "setup/autodiscover.h"

#define SCHEMAS "http://schemas.microsoft.com/exchange/autodiscover/"
#define OPEN    "<Autodiscover xmlns=\"" SCHEMAS "outlook/requestschema/2006\">"
#define OPEN_MOBILE                                                            \
	"<Autodiscover xmlns=\"" SCHEMAS "mobilesync/requestschema/2006\">"
#define CLOSE "</Autodiscover>"
#define SCHEMA                                                                 \
	"<AcceptableResponseSchema>" SCHEMAS "outlook/responseschema/2006a"    \
	"</AcceptableResponseSchema>"
#define SCHEMA_MOBILE                                                          \
	"<AcceptableResponseSchema>" SCHEMAS "mobilesync/responseschema/2006"  \
	"</AcceptableResponseSchema>"
#define ADDRESS "<EMailAddress>anna@example.org</EMailAddress>"

static const struct {
	const char *body;
	enum rc rc;
	const char *address;
} rows[] = {
    // Outlook.
    {"<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n" OPEN "\r\n<Request>\r\n"
     "<EMailAddress>anna@example.org</EMailAddress>\r\n" SCHEMA
     "\r\n</Request>\r\n" CLOSE "\r\n",
	RC_OK, "anna@example.org"},
    // Thunderbird.
    {"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n      " OPEN "\n"
     "        <Request>\n          <EMailAddress>a&amp;b@example.org"
     "</EMailAddress>\n          " SCHEMA "\n        </Request>\n      " CLOSE,
	RC_OK, "a&b@example.org"},
    // Any order, further elements, a prefix.
    {OPEN "<Request>" SCHEMA "<LegacyDN>/o=x</LegacyDN><A><B/></A>" ADDRESS
	  "</Request>" CLOSE,
	RC_OK, "anna@example.org"},
    {"<q:Autodiscover xmlns:q='" SCHEMAS "outlook/requestschema/2006'>"
     "<q:Request><q:EMailAddress> x </q:EMailAddress>"
     "<q:AcceptableResponseSchema>" SCHEMAS "outlook/responseschema/2006a"
     "</q:AcceptableResponseSchema></q:Request></q:Autodiscover>",
	RC_OK, "x"},
    // Other kinds of settings.
    {OPEN "<Request>" ADDRESS SCHEMA_MOBILE "</Request>" CLOSE, RC_UNSUPPORTED,
	NULL},
    {OPEN_MOBILE "<Request>" ADDRESS SCHEMA_MOBILE "</Request>" CLOSE,
	RC_UNSUPPORTED, NULL},
    {OPEN "<Request>" ADDRESS "<AcceptableResponseSchema>x"
	  "</AcceptableResponseSchema></Request>" CLOSE,
	RC_UNSUPPORTED, NULL},
    {OPEN "<Request>" ADDRESS "<AcceptableResponseSchema/></Request>" CLOSE,
	RC_UNSUPPORTED, NULL},
    // What is no request.
    {"", RC_INVALID, NULL},
    {"a=b", RC_INVALID, NULL},
    {"{}", RC_INVALID, NULL},
    {"<Autodiscover/>", RC_INVALID, NULL},
    {OPEN CLOSE, RC_INVALID, NULL},
    {OPEN "<Request/>" CLOSE, RC_INVALID, NULL},
    {OPEN "<Request>" ADDRESS "</Request>" CLOSE, RC_INVALID, NULL},
    {OPEN "<Request>" SCHEMA "</Request>" CLOSE, RC_INVALID, NULL},
    {OPEN "<Request><EMailAddress/>" SCHEMA "</Request>" CLOSE, RC_INVALID,
	NULL},
    {OPEN "<Request>" ADDRESS ADDRESS SCHEMA "</Request>" CLOSE, RC_INVALID,
	NULL},
    {OPEN "<Request>" ADDRESS SCHEMA SCHEMA "</Request>" CLOSE, RC_INVALID,
	NULL},
    {OPEN "<Request><EMailAddress><b>x</b></EMailAddress>" SCHEMA
	  "</Request>" CLOSE,
	RC_INVALID, NULL},
    {OPEN "<Request>" ADDRESS SCHEMA "x</Request>" CLOSE, RC_INVALID, NULL},
    {OPEN "x<Request>" ADDRESS SCHEMA "</Request>" CLOSE, RC_INVALID, NULL},
    {OPEN "<Request>" ADDRESS SCHEMA "</Request><Request/>" CLOSE, RC_INVALID,
	NULL},
    {OPEN "<Request>" ADDRESS SCHEMA "</Request>" CLOSE "x", RC_INVALID, NULL},
    {OPEN "<Request>" ADDRESS SCHEMA "</Request>", RC_INVALID, NULL},
    {OPEN "<Question>" ADDRESS SCHEMA "</Question>" CLOSE, RC_INVALID, NULL},
    {"<Autodiscover><Request>" ADDRESS SCHEMA "</Request>" CLOSE, RC_INVALID,
	NULL},
    {"<Autodiscover xmlns='x'><Request>" ADDRESS SCHEMA "</Request>" CLOSE,
	RC_INVALID, NULL},
    {"<autodiscover xmlns=\"" SCHEMAS "outlook/requestschema/2006\">"
     "<Request>" ADDRESS SCHEMA "</Request></autodiscover>",
	RC_INVALID, NULL},
    // What XML readers have to be careful with.
    {"<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>" OPEN
     "<Request><EMailAddress>&b;</EMailAddress>" SCHEMA "</Request>" CLOSE,
	RC_INVALID, NULL},
    {"<!DOCTYPE x SYSTEM \"file:///etc/passwd\">" OPEN
     "<Request>" ADDRESS SCHEMA "</Request>" CLOSE,
	RC_INVALID, NULL},
    {"<?xml version=\"1.0\" encoding=\"utf-7\"?>" OPEN
     "<Request>" ADDRESS SCHEMA "</Request>" CLOSE,
	RC_INVALID, NULL},
    {OPEN "<Request><EMailAddress>&x;</EMailAddress>" SCHEMA "</Request>" CLOSE,
	RC_INVALID, NULL},
};

static void requests_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena;
		struct view address = VIEW("");
		arena_init(&arena);
		enum rc rc = setup_autodiscover_read(
		    &arena, view_of_string(rows[i].body), &address);
		if (rc != rows[i].rc)
			fail_msg(
			    "row %zu, %s: %s", i, rows[i].body, rc_name(rc));
		if (rc == RC_OK)
			assert_view_equal_row(
			    i, address, view_of_string(rows[i].address));
		arena_done(&arena);
	}
}

// Outlook's own cannot be so long.
static void a_long_request_is_refused(void **state)
{
	(void)state;
	for (int over = 0; over < 2; over++) {
		static const char request[] =
		    OPEN "<Request>" ADDRESS SCHEMA "</Request>" CLOSE;
		struct arena arena;
		struct view address;
		struct buf body;
		arena_init(&arena);
		buf_init(&body, 1 << 20);
		buf_add_literal(&body, request);
		while (body.len < SETUP_AUTODISCOVER_REQUEST_MAX + (size_t)over)
			buf_add_char(&body, ' ');
		assert_int_equal(
		    setup_autodiscover_read(&arena, buf_view(&body), &address),
		    over ? RC_INVALID : RC_OK);
		buf_done(&body);
		arena_done(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(requests_are_read),
	    cmocka_unit_test(a_long_request_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

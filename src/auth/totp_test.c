// SPDX-License-Identifier: Apache-2.0
#include "auth/totp.h"

#include "base/test.h"

// The secret of both RFCs' tables.
static const unsigned char secret[] = "12345678901234567890";

static void rfc_4226_codes_come_out(void **state)
{
	static const uint32_t codes[] = {755224, 287082, 359152, 969429, 338314,
	    254676, 287922, 162583, 399871, 520489}; // appendix D
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		assert_int_equal(auth_totp_code(secret, i), codes[i]);
}

static void rfc_6238_codes_come_out(void **state)
{
	// Appendix B has eight digits; these are the last six.
	static const struct {
		int64_t time;
		const char *code;
	} rows[] = {
	    {59, "287082"},
	    {1111111109, "081804"},
	    {1111111111, "050471"},
	    {1234567890, "005924"},
	    {2000000000, "279037"},
	    {20000000000, "353130"},
	};
	uint64_t step;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_true(auth_totp_check(secret,
		    view_of_string(rows[i].code), rows[i].time, 0, &step));
		assert_true(step == (uint64_t)rows[i].time / 30);
	}
}

static void a_step_is_accepted_once_and_nearby(void **state)
{
	uint64_t step = 0, last = 0;
	struct view code = VIEW("287082"); // of step 1
	(void)state;
	assert_true(auth_totp_check(secret, code, 0, 0, &step));
	assert_true(auth_totp_check(secret, code, 89, 0, &step));
	assert_false(auth_totp_check(secret, code, 90, 0, &step));
	assert_int_equal(step, 1);
	last = step;
	assert_false(auth_totp_check(secret, code, 59, last, &step));
	// The next step's code is good, the one before is not any more.
	assert_true(auth_totp_check(secret, VIEW("359152"), 59, last, &step));
	assert_int_equal(step, 2);
	assert_false(auth_totp_check(secret, VIEW("755224"), 29, last, &step));
	assert_false(auth_totp_check(secret, code, -1, 0, &step));
}

static void what_is_typed_is_six_digits(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
	    {"287082", true},
	    {"287 082", true},
	    {" 287082 ", true},
	    {"28708", false},
	    {"2870820", false},
	    {"0287082", false},
	    {"287083", false},
	    {"28708x", false},
	    {"", false},
	};
	uint64_t step;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
		    auth_totp_check(
			secret, view_of_string(rows[i].text), 59, 0, &step),
		    rows[i].good);
}

static void the_uri_is_what_apps_read(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, 1024);
	auth_totp_write_secret(secret, &out);
	assert_view_equal(
	    buf_view(&out), VIEW("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"));
	buf_reset(&out);
	auth_totp_write_uri(
	    secret, VIEW("mail.example.org"), VIEW("zo\xc3\xab@x y"), &out);
	assert_view_equal(buf_view(&out),
	    VIEW("otpauth://totp/mail.example.org:zo%C3%AB%40x%20y"
		 "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
		 "&issuer=mail.example.org&algorithm=SHA1&digits=6&period=30"));
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rfc_4226_codes_come_out),
	    cmocka_unit_test(rfc_6238_codes_come_out),
	    cmocka_unit_test(a_step_is_accepted_once_and_nearby),
	    cmocka_unit_test(what_is_typed_is_six_digits),
	    cmocka_unit_test(the_uri_is_what_apps_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

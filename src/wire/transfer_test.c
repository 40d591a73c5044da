// SPDX-License-Identifier: Apache-2.0
// Transfer encodings, each input also cut at every place; strict base64.
#include "base/test.h"
#include "wire/base64.h"
#include "wire/transfer.h"

// Decodes `raw` in pieces of `step` bytes.
static bool decode(enum transfer_encoding encoding, struct view raw,
    size_t step, struct buf *out)
{
	struct transfer_decoder decoder;
	transfer_decoder_init(&decoder, encoding);
	for (size_t at = 0; at < raw.len; at += step)
		transfer_decode(&decoder, view_slice(raw, at, step), out);
	transfer_decode_end(&decoder, out);
	return decoder.malformed;
}

static void data_is_decoded_wherever_it_is_cut(void **state)
{
	(void)state;
	enum { QP = TRANSFER_QUOTED_PRINTABLE, B64 = TRANSFER_BASE64 };
	static const struct {
		int encoding;
		const char *raw;
		const char *bytes;
		bool malformed;
	} rows[] = {
	    {TRANSFER_8BIT, "a=3D\r\n", "a=3D\r\n", false},
	    {TRANSFER_UNKNOWN, "a=3D\r\n", "a=3D\r\n", true},
	    {QP, "", "", false},
	    {QP, "a=3Db=c3=BC", "a=b\xc3\xbc", false},
	    {QP, "soft=\r\nbreak=\nhere", "softbreakhere", false},
	    {QP, "soft= \t\r\nbreak", "softbreak", false},
	    {QP, "trail  \t\r\n x \nend \t", "trail\r\n x\nend", false},
	    {QP, "keep=20\r\n", "keep \r\n", false},
	    {QP, "a\rb", "a\rb", false},
	    {QP, "a\r\r\nb", "a\r\r\nb", false},
	    {QP, "end=", "end", false},
	    {QP, "end=\r", "end", false},
	    {QP, "a=zb=4", "a=zb=4", true},
	    {QP, "a=4zb", "a=4zb", true},
	    {QP, "a=\rb", "a=\rb", true},
	    {QP, "a==3D", "a==", true},
	    {QP, "  \n\n \r\n=20=\n", "\n\n\r\n ", false},
	    {B64, "", "", false},
	    {B64, "SGVsbG8gd29ybGQ=", "Hello world", false},
	    {B64, "SGVs\r\nbG8g\r\n d29y\tbGQ=\r\n", "Hello world", false},
	    {B64, "SGVsbG8=", "Hello", false},
	    {B64, "SGVsbG8h", "Hello!", false},
	    {B64, "SA==", "H", false},
	    {B64, "SA=", "H", false},
	    {B64, "SGVsbG8", "Hello", false},
	    {B64, "SA", "H", false},
	    {B64, "SGVsb", "Hel", true},
	    {B64, "SGVs*bG8h", "Hello!", false},
	    {B64, "SGVsbG8=SGVsbG8=", "HelloHello", true},
	    {B64, "S===", "", true},
	    {B64, "=", "", true},
	    {B64, "SGVsbG8=\r\n-- \r\n", "Hello", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct view raw = view_of_string(rows[i].raw);
		for (size_t step = 1; step <= raw.len + 1; step++) {
			struct buf out;
			buf_init(&out, 1000);
			bool malformed =
			    decode((enum transfer_encoding)rows[i].encoding,
				raw, step, &out);
			buf_add_char(&out, '\0');
			assert_string_equal(out.ptr, rows[i].bytes);
			assert_int_equal(malformed, rows[i].malformed);
			buf_done(&out);
		}
	}
}

static void long_runs_of_blanks_take_no_more_than_their_limit(void **state)
{
	(void)state;
	char line[1003];
	memset(line, ' ', sizeof(line));
	line[0] = 'a';
	line[1001] = '\r';
	line[1002] = '\n';
	struct buf out;
	buf_init(&out, 4000);
	decode(TRANSFER_QUOTED_PRINTABLE, view_of(line, sizeof(line)), 1, &out);
	size_t kept = out.len;
	assert_true(kept >= 1003 - TRANSFER_BLANKS_MAX && kept <= 1003);
	buf_done(&out);
}

static void encodings_are_known_by_their_names(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		enum transfer_encoding encoding;
	} rows[] = {
	    {"7bit", TRANSFER_7BIT},
	    {"", TRANSFER_7BIT},
	    {"8BIT", TRANSFER_8BIT},
	    {" Base64 \r\n", TRANSFER_BASE64},
	    {"base64;", TRANSFER_BASE64},
	    {"\"base64\"", TRANSFER_BASE64},
	    {"\"base64", TRANSFER_BASE64},
	    {"'base64'", TRANSFER_BASE64},
	    {"base 64", TRANSFER_BASE64},
	    {"base-64", TRANSFER_BASE64},
	    {"base64 (of a picture)", TRANSFER_BASE64},
	    {"(a) base64(b)", TRANSFER_BASE64},
	    {"base64, or so", TRANSFER_BASE64},
	    {"base64 8bit", TRANSFER_BASE64},
	    {"base65", TRANSFER_UNKNOWN},
	    {"quoted printable", TRANSFER_QUOTED_PRINTABLE},
	    {"Quoted_Printable", TRANSFER_QUOTED_PRINTABLE},
	    {"quoted-printable; charset=x", TRANSFER_QUOTED_PRINTABLE},
	    {"quotedprintable", TRANSFER_QUOTED_PRINTABLE},
	    {"quoted (x) printable", TRANSFER_QUOTED_PRINTABLE},
	    {"quoted", TRANSFER_UNKNOWN},
	    {"8 bit", TRANSFER_8BIT},
	    {"8-bits", TRANSFER_8BIT},
	    {"7 bit", TRANSFER_7BIT},
	    {"iso-8859-1", TRANSFER_UNKNOWN},
	    {"an-encoding-with-a-long-name", TRANSFER_UNKNOWN},
	    {"(x (y)) quoted-printable (z)", TRANSFER_QUOTED_PRINTABLE},
	    {"quoted-printable; charset=x", TRANSFER_QUOTED_PRINTABLE},
	    {"binary", TRANSFER_BINARY},
	    {"x-uuencode", TRANSFER_UNKNOWN},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
		    transfer_encoding_parse(view_of_string(rows[i].value)),
		    rows[i].encoding);
	for (int i = TRANSFER_7BIT; i < TRANSFER_UNKNOWN; i++) {
		struct view name =
		    transfer_encoding_name((enum transfer_encoding)i);
		assert_int_equal(transfer_encoding_parse(name), i);
	}
}

static void whole_base64_is_strict(void **state)
{
	(void)state;
	// RFC 4648 section 10, then what is not canonical.
	static const struct {
		const char *text;
		const char *bytes; // NULL: refused
	} rows[] = {
	    {"", ""},
	    {"Zg==", "f"},
	    {"Zm8=", "fo"},
	    {"Zm9v", "foo"},
	    {"Zm9vYg==", "foob"},
	    {"Zm9vYmE=", "fooba"},
	    {"Zm9vYmFy", "foobar"},
	    {"Zg=", NULL},
	    {"Zg", NULL},
	    {"Zh==", NULL},
	    {"Zm9=", NULL},
	    {"Zg==Zg==", NULL},
	    {"Z===", NULL},
	    {"====", NULL},
	    {"Zm9v\n", NULL},
	    {"Zm 9", NULL},
	    {"Zm9-", NULL},
	    {"=", NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		buf_init(&out, 100);
		buf_add_char(&out, '>');
		enum rc rc = base64_decode(view_of_string(rows[i].text), &out);
		if (!rows[i].bytes) {
			assert_int_equal(rc, RC_SYNTAX);
			assert_int_equal(out.len, 1);
			buf_done(&out);
			continue;
		}
		assert_int_equal(rc, RC_OK);
		assert_view_equal_row(i, view_from(buf_view(&out), 1),
		    view_of_string(rows[i].bytes));
		buf_reset(&out);
		base64_encode(view_of_string(rows[i].bytes), &out);
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(rows[i].text));
		buf_done(&out);
	}
	struct buf small;
	buf_init(&small, 4);
	assert_int_equal(base64_decode(VIEW("Zm9vYmFy"), &small), RC_LIMIT);
	assert_int_equal(small.len, 0);
	buf_done(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(data_is_decoded_wherever_it_is_cut),
	    cmocka_unit_test(long_runs_of_blanks_take_no_more_than_their_limit),
	    cmocka_unit_test(encodings_are_known_by_their_names),
	    cmocka_unit_test(whole_base64_is_strict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

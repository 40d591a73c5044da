// SPDX-License-Identifier: Apache-2.0
// What SEARCH finds in texts: charsets, encodings and scripts in all
// combinations, and needles cut by any boundary.
#include "store/search_test_tools.h"
#include "wire/fold.h"

// ---- Charsets and encodings ------------------------------------------------

static const struct {
	const char *charset;
	const char *needle; // UTF-8, part of `text`
	const char *other;  // not in the text
	struct view text;   // the text in the charset
} scripts[] = {
    {"gb18030", "世界", "界世", BYTES("\xc4\xe3\xba\xc3\xca\xc0\xbd\xe7 abc")},
    {"big5", "世界", "界世", BYTES("\xa7\x41\xa6\x6e\xa5\x40\xac\xc9 abc")},
    {"iso-2022-jp", "日本語", "語日",
	BYTES("\x1b$BF|K\\8l\x1b(B no \x1b$BF|\x1b(B")},
    {"euc-kr", "한국어", "국한", BYTES("\xc7\xd1\xb1\xb9\xbe\xee abc")},
    {"koi8-r", "ПРИВЕТ", "ТЕВИ",
	BYTES("\xf0\xd2\xc9\xd7\xc5\xd4, \xcd\xc9\xd2")},
    {"windows-1251", "привет", "ТЕВИ",
	BYTES("\xcf\xf0\xe8\xe2\xe5\xf2, \xec\xe8\xf0")},
    {"windows-1252", "HÖLLE €", "elloh", BYTES("die H\xf6lle \x80 5")},
    {"iso-8859-1", "hölle", "elloh", BYTES("die H\xd6LLE")},
    {"utf-8", "ΣΊΣΥΦΟΣ", "ΣΟΦ", BYTES("ο Σίσυφος")},
    {"utf-16", "Grüße", "eßürg", BYTES("\xfe\xff\0G\0r\0\xfc\0\xdf\0e\0!")},
    {"utf-16le", "Grüße", "eßürg", BYTES("G\0r\0\xfc\0\xdf\0e\0!\0")},
};

enum encoding { PLAIN, QUOTED, BASE64, ENCODING_COUNT };

// Adds quoted-printable with every byte escaped and a soft line break after
// each `every` bytes, also in the middle of characters.
static void add_quoted(struct buf *out, struct view text, size_t every)
{
	for (size_t i = 0; i < text.len; i++) {
		if (i && i % every == 0)
			buf_add_literal(out, "=\r\n");
		buf_printf(out, "=%02X", (unsigned)(unsigned char)text.ptr[i]);
	}
	buf_add_literal(out, "\r\n");
}

static void add_base64(struct buf *out, struct view text, size_t every)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t column = 0;
	for (size_t i = 0; i < text.len; i += 3) {
		uint32_t bits = 0;
		for (size_t k = 0; k < 3; k++)
			bits =
			    bits << 8 |
			    (i + k < text.len ? (unsigned char)text.ptr[i + k]
					      : 0u);
		for (size_t k = 0; k < 4; k++) {
			if (every && column && column % every == 0)
				buf_add_literal(out, "\r\n");
			column++;
			buf_add_char(
			    out, i + k > text.len
				     ? '='
				     : digits[bits >> (18 - 6 * k) & 63]);
		}
	}
}

static void add_part(struct buf *out, const char *charset,
    enum encoding encoding, struct view text, size_t every)
{
	static const char *const names[] = {
	    "8bit", "quoted-printable", "base64"};
	buf_printf(out,
	    "Content-Type: text/plain; charset=%s\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    charset, names[encoding]);
	if (encoding == QUOTED)
		add_quoted(out, text, every);
	else if (encoding == BASE64)
		add_base64(out, text, every);
	else
		buf_add(out, text);
}

// Each script in each encoding, with lines broken everywhere, is found at the
// top level, in a multipart, and in a message within the message.
static void text_is_found_in_every_charset_and_encoding(void **state)
{
	(void)state;
	static const char *const frames[] = {
	    "Subject: x\r\n",
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
	    "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n",
	};
	for (size_t s = 0; s < ARRAY_LEN(scripts); s++)
		for (int e = 0; e < ENCODING_COUNT; e++)
			for (size_t every = 1; every < 9; every += 3)
				for (size_t f = 0; f < ARRAY_LEN(frames); f++) {
					struct world world;
					struct buf message;
					world_open(&world);
					buf_init(&message, 65536);
					buf_add_string(&message, frames[f]);
					add_part(&message, scripts[s].charset,
					    (enum encoding)e, scripts[s].text,
					    every);
					world_add(&world, buf_view(&message));
					if (!finds(&world, SEARCH_BODY, "",
						view_of_string(
						    scripts[s].needle)))
						fail_msg(
						    "%s, encoding %d, %zu, "
						    "frame %zu: not found",
						    scripts[s].charset, e,
						    every, f);
					if (finds(&world, SEARCH_TEXT, "",
						view_of_string(
						    scripts[s].other)))
						fail_msg(
						    "%s, encoding %d, %zu, "
						    "frame %zu: too much",
						    scripts[s].charset, e,
						    every, f);
					buf_done(&message);
					world_close(&world);
				}
}

// The subject is in encoded words of `every` bytes, which are cut in the middle
// of characters.
static void subject_is_found_in_every_charset(void **state)
{
	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(scripts); s++) {
		// Each word of a stateful charset begins in ASCII, and each
		// word of UTF-16 with its byte order mark (RFC 2047 section 3).
		// So these are not cut.
		bool whole = view_starts_with(
		    view_of_string(scripts[s].charset), VIEW("iso-2022"));
		for (size_t every = 1; every < 9; every += 2) {
			struct world world;
			struct buf message;
			world_open(&world);
			buf_init(&message, 65536);
			buf_add_literal(&message, "Subject:");
			struct view rest = scripts[s].text;
			while (rest.len) {
				struct view word =
				    whole ? rest : view_slice(rest, 0, every);
				rest = view_from(rest, word.len);
				buf_printf(
				    &message, " =?%s?b?", scripts[s].charset);
				add_base64(&message, word, 0);
				buf_add_literal(&message, "?=\r\n");
			}
			buf_add_literal(&message, "\r\nbody\r\n");
			world_add(&world, buf_view(&message));
			struct view needle = view_of_string(scripts[s].needle);
			if (!finds(&world, SEARCH_HEADER, "subject", needle) ||
			    !finds(&world, SEARCH_TEXT, "", needle))
				fail_msg("%s, %zu: not found",
				    scripts[s].charset, every);
			assert_false(finds(&world, SEARCH_BODY, "", needle));
			assert_false(finds(&world, SEARCH_HEADER, "Subject",
			    view_of_string(scripts[s].other)));
			buf_done(&message);
			world_close(&world);
		}
	}
}

// ---- One message, many questions -------------------------------------------

static const char mixed[] =
    "From: =?utf-8?q?J=C3=B6rg?= Example <joerg@example.org>\r\n"
    "To: \"Doe, Jane\" <jane@example.com>,\r\n\tbob@example.net\r\n"
    "Subject: Re: quarterly \"report\" \\\r\n  of =?iso-8859-1?q?M=E4rz?=\r\n"
    "Cc: <jo (c1)@ (c2) ex.org>, \"O\\\"x\" <\"q r\"@y>\r\n"
    "X-Empty:\r\n"
    "X-Two: first\r\n"
    "X-Two: second\r\n"
    "This is no field\r\n"
    "Content-Type: multipart/mixed; boundary=\"b\"\r\n"
    "\r\n"
    "preamble\r\n"
    "--b\r\n"
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
    "<b>Hello</b> wonder=\r\nful wo=C3=\r\n=BCrld\r\n"
    "--b\r\n"
    "Content-Type: image/png; name=\"picture.png\"\r\n"
    "\r\n"
    "binarybytes\r\n"
    "--b\r\n"
    "Content-Type: message/rfc822\r\n"
    "\r\n"
    "Subject: =?utf-8?b?aW5uZXIgc3ViamVjdA==?=\r\n"
    "From: nested@example.org\r\n"
    "\r\n"
    "nested body\r\n"
    "--b--\r\n"
    "epilogue\r\n";

static const struct {
	enum search_key_type type;
	const char *field;
	const char *text;
	bool found;
} questions[] = {
    {SEARCH_HEADER, "From", "JÖRG EXAMPLE", true},
    {SEARCH_HEADER, "From", "joerg@example", true},
    {SEARCH_HEADER, "from", "jane", false},
    {SEARCH_HEADER, "To", "Doe, Jane", true},
    {SEARCH_HEADER, "To", ">, bob@", true}, // across the fold
    {SEARCH_HEADER, "Subject", "\"REPORT\" \\ of märz", true},
    {SEARCH_HEADER, "Subject", "Re: quarterly", true},
    {SEARCH_HEADER, "Subject", "", true},
    {SEARCH_HEADER, "Subject", "inner", false},
    {SEARCH_HEADER, "Cc", "", true},
    {SEARCH_HEADER, "Cc", "jo@ex.org", true},
    {SEARCH_HEADER, "Cc", "(c1)@ (c2)", true},
    {SEARCH_HEADER, "Cc", "o\"x <q r@y>", true},
    {SEARCH_HEADER, "Cc", "o\"x q", false},
    {SEARCH_HEADER, "Bcc", "", false},
    {SEARCH_HEADER, "X-Empty", "", true},
    {SEARCH_HEADER, "X-Empty", " ", false},
    {SEARCH_HEADER, "X-Emp", "", false},
    {SEARCH_HEADER, "x-two", "second", true},
    {SEARCH_HEADER, "x-two", "first second", false},
    {SEARCH_HEADER, "", "no field", false},
    {SEARCH_BODY, "", "wonderful woürld", true},
    {SEARCH_BODY, "", "hello WONDER", true}, // HTML without its tags
    {SEARCH_BODY, "", "<b>", false},
    {SEARCH_BODY, "", "ü", true},
    {SEARCH_BODY, "", "<b", false},
    {SEARCH_BODY, "", "el", true},
    {SEARCH_BODY, "", "quarterly", false},
    {SEARCH_BODY, "", "binarybytes", false},
    {SEARCH_BODY, "", "preamble", false},
    {SEARCH_BODY, "", "picture.png", false},
    // RFC 9051: BODY does not search header fields.
    {SEARCH_BODY, "", "INNER subject", false},
    {SEARCH_BODY, "", "from: nested@example.org", false},
    {SEARCH_BODY, "", "nested body", true},
    {SEARCH_BODY, "", "woürld nested", false}, // a match cannot span two parts
    {SEARCH_BODY, "", "", true},
    {SEARCH_TEXT, "", "x-two: second", true},
    {SEARCH_TEXT, "", "this is no field", true},
    {SEARCH_TEXT, "", "nested body", true},
    {SEARCH_TEXT, "", "INNER subject", true},
    {SEARCH_TEXT, "", "from: nested@example.org", true},
    {SEARCH_TEXT, "", "picture.png", true},
    {SEARCH_TEXT, "", "jörg", true},
    {SEARCH_TEXT, "", "nowhere", false},
    {SEARCH_TEXT, "", "", true},
};

static void header_body_and_text_look_where_they_should(void **state)
{
	(void)state;
	struct world world;
	world_open(&world);
	world_add(&world, VIEW(mixed));
	for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
		bool found = finds(&world, questions[i].type,
		    questions[i].field, view_of_string(questions[i].text));
		if (found != questions[i].found)
			fail_msg("%s \"%s\": %s", questions[i].field,
			    questions[i].text, found ? "found" : "not found");
	}
	world_close(&world);
}

// All questions in one search, as "this AND NOT that …". With the wrong answer
// to one of them the message does not match.
static void many_keys_answer_as_each_alone(void **state)
{
	(void)state;
	enum { COUNT = ARRAY_LEN(questions) };
	struct world world;
	struct buf uids;
	struct search_key keys[COUNT], wrapped[COUNT];
	struct search_key all = {.type = SEARCH_AND, .children = wrapped};
	world_open(&world);
	buf_init(&uids, 4096);
	world_add(&world, VIEW(mixed));
	for (size_t wrong = 0; wrong <= COUNT; wrong++) {
		for (size_t i = 0; i < COUNT; i++) {
			struct search_key *next =
			    i + 1 < COUNT ? &wrapped[i + 1] : NULL;
			keys[i] = (struct search_key){.type = questions[i].type,
			    .field = view_of_string(questions[i].field),
			    .text = view_of_string(questions[i].text)};
			wrapped[i] = keys[i];
			if (questions[i].found == (i == wrong))
				wrapped[i] = (struct search_key){
				    .type = SEARCH_NOT, .children = &keys[i]};
			wrapped[i].next = next;
		}
		world_search(&world, &all, &uids);
		if ((uids.len > 1) != (wrong == COUNT))
			fail_msg(
			    "with question %zu wrong: \"%s\"", wrong, uids.ptr);
	}
	buf_done(&uids);
	world_close(&world);
}

// ---- Long messages ---------------------------------------------------------

// The needle is before, after and across every boundary that reading has.
static void needle_is_found_anywhere_in_a_long_body(void **state)
{
	(void)state;
	static const size_t at[] = {0, 1, 8190, 8192, 16383, 16384, 32765,
	    65530, 65535, 65536, 131068, 262140, 300000, 299990};
	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		struct world world;
		struct buf message;
		world_open(&world);
		buf_init(&message, 1 << 20);
		buf_add_literal(&message, "Subject: long\r\n\r\n");
		size_t body = message.len;
		while (message.len < body + 300100)
			buf_add_literal(&message, "0123456789 abcdefgh\r\n");
		memcpy(message.ptr + body + at[i], "NeEdLe in hay", 13);
		world_add(&world, buf_view(&message));
		if (!finds(&world, SEARCH_BODY, "", VIEW("needle IN hay")))
			fail_msg("at %zu", at[i]);
		assert_false(
		    finds(&world, SEARCH_BODY, "", VIEW("needle in ham")));
		buf_done(&message);
		world_close(&world);
	}
}

// A header longer than any buffer: the message's own, and that of a message in
// it.
// Needles everywhere in a body of many windows, and as many that are not there.
static void many_needles_are_found_in_a_long_body(void **state)
{
	(void)state;
	enum { COUNT = 200 };
	struct world world;
	struct buf text, uids;
	char names[2 * COUNT][16];
	struct search_key keys[2 * COUNT], nots[COUNT];
	world_open(&world);
	buf_init(&text, 4 << 20);
	buf_init(&uids, 4096);
	buf_add_literal(&text, "Subject: many\r\n\r\n");
	for (unsigned i = 0; i < 2 * COUNT; i++) {
		snprintf(names[i], sizeof(names[i]), "needle%03u", i);
		keys[i] = (struct search_key){.type = SEARCH_BODY,
		    .text = view_of_string(names[i]),
		    .next = &keys[i + 1]};
	}
	for (unsigned i = 0; i < COUNT; i++) {
		for (unsigned n = 0; n < 37 + i % 11; n++)
			buf_add_literal(&text, "needle need needle00 hay\r\n");
		buf_add_string(&text, names[i]);
		keys[COUNT + i].next = NULL;
		nots[i] = (struct search_key){.type = SEARCH_NOT,
		    .children = &keys[COUNT + i],
		    .next = i + 1 < COUNT ? &nots[i + 1] : NULL};
	}
	keys[COUNT - 1].next = &nots[0];
	world_add(&world, buf_view(&text));
	struct search_key all = {.type = SEARCH_AND, .children = keys};
	world_search(&world, &all, &uids);
	assert_string_equal(uids.ptr, "1");
	// One more that is not there.
	nots[COUNT - 1].next = &keys[COUNT];
	world_search(&world, &all, &uids);
	assert_string_equal(uids.ptr, "");
	buf_done(&text);
	buf_done(&uids);
	world_close(&world);
}

static void needle_is_found_in_a_long_header(void **state)
{
	(void)state;
	static const char *const frames[] = {
	    "", "Content-Type: message/rfc822\r\n\r\n"};
	for (size_t f = 0; f < ARRAY_LEN(frames); f++) {
		struct world world;
		struct buf message;
		world_open(&world);
		buf_init(&message, 4 << 20);
		buf_add_string(&message, frames[f]);
		for (int i = 0; i < 20000; i++)
			buf_printf(&message,
			    "X-%d: =?utf-8?q?w=C3=B6rd?= %d\r\n\tend%d\r\n", i,
			    i, i);
		buf_add_literal(&message, "X-Long: ");
		for (int i = 0; i < 100000; i++)
			buf_printf(&message, "%d ", i);
		buf_add_literal(&message, "\r\n\r\nbody\r\n");
		assert_int_equal(buf_status(&message), RC_OK);
		world_add(&world, buf_view(&message));
		static const char *const needles[] = {"wörd 0 end0",
		    "x-12345: wörd 12345 end12345", "X-19999: WÖRD",
		    "99998 99999", "50000 50001 50002"};
		for (size_t i = 0; i < ARRAY_LEN(needles); i++)
			if (!finds(&world, SEARCH_TEXT, "",
				view_of_string(needles[i])))
				fail_msg("frame %zu: %s", f, needles[i]);
		assert_false(
		    finds(&world, SEARCH_BODY, "", VIEW("wörd 77 end77")));
		buf_done(&message);
		world_close(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_is_found_in_every_charset_and_encoding),
	    cmocka_unit_test(subject_is_found_in_every_charset),
	    cmocka_unit_test(header_body_and_text_look_where_they_should),
	    cmocka_unit_test(needle_is_found_anywhere_in_a_long_body),
	    cmocka_unit_test(many_keys_answer_as_each_alone),
	    cmocka_unit_test(many_needles_are_found_in_a_long_body),
	    cmocka_unit_test(needle_is_found_in_a_long_header),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

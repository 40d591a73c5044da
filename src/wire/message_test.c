// SPDX-License-Identifier: Apache-2.0
// Messages whole and broken, and the trees they must give, however they are
// cut into pieces.
#include "base/test.h"
#include "wire/message_dump.h"
#include "wire/message_whole.h"

#define HEADER_MAX 65536

struct row {
	const char *name;
	const char *message;
	const char *tree;
};

#define MULTI(boundary)                                                        \
	"Content-Type: multipart/mixed; boundary=" boundary "\r\n\r\n"

static const struct row rows[] = {
    {"RFC 2046 section 5.1.1",
	"From: Nathaniel Borenstein <nsb@bellcore.com>\r\n"
	"To: Ned Freed <ned@innosoft.com>\r\n"
	"Date: Sun, 21 Mar 1993 23:56:48 -0800 (PST)\r\n"
	"Subject: Sample message\r\n"
	"MIME-Version: 1.0\r\n"
	"Content-type: multipart/mixed; boundary=\"simple boundary\"\r\n"
	"\r\n"
	"This is the preamble.  It is to be ignored.\r\n"
	"\r\n"
	"--simple boundary\r\n"
	"\r\n"
	"It does NOT end with a linebreak.\r\n"
	"--simple boundary\r\n"
	"Content-type: text/plain; charset=us-ascii\r\n"
	"\r\n"
	"It DOES end with a linebreak.\r\n"
	"\r\n"
	"--simple boundary--\r\n"
	"\r\n"
	"This is the epilogue.\r\n",
	"multipart/mixed(text/plain=It does NOT end with a linebreak. "
	"text/plain=It DOES end with a linebreak.|)"},
    {"RFC 2046 section 5.1.5: digest",
	"Content-Type: multipart/digest;\r\n"
	"  boundary=\"---- next message ----\"\r\n"
	"\r\n"
	"------ next message ----\r\n"
	"\r\n"
	"From: someone-else\r\n"
	"Subject: my opinion\r\n"
	"\r\n"
	"...body goes here ...\r\n"
	"\r\n"
	"------ next message ----\r\n"
	"Content-Type: text/plain\r\n"
	"\r\n"
	"my different opinion\r\n"
	"------ next message ------\r\n",
	"multipart/digest(message/rfc822(text/plain=...body goes here ...|) "
	"text/plain=my different opinion)"},
    {"RFC 2049 appendix A",
	"MIME-Version: 1.0\r\n"
	"From: Nathaniel Borenstein <nsb@nsb.fv.com>\r\n"
	"Content-Type: multipart/mixed;\r\n"
	"              boundary=unique-boundary-1\r\n"
	"\r\n"
	"Preamble.\r\n"
	"--unique-boundary-1\r\n"
	"\r\n"
	"  ... Some text appears here ...\r\n"
	"--unique-boundary-1\r\n"
	"Content-type: text/plain; charset=US-ASCII\r\n"
	"\r\n"
	"explicit typing\r\n"
	"--unique-boundary-1\r\n"
	"Content-Type: multipart/parallel; boundary=unique-boundary-2\r\n"
	"\r\n"
	"--unique-boundary-2\r\n"
	"Content-Type: audio/basic\r\n"
	"Content-Transfer-Encoding: base64\r\n"
	"\r\n"
	"AAAA\r\n"
	"\r\n"
	"--unique-boundary-2\r\n"
	"Content-Type: image/jpeg\r\n"
	"Content-Transfer-Encoding: base64\r\n"
	"\r\n"
	"BBBB\r\n"
	"--unique-boundary-2--\r\n"
	"\r\n"
	"--unique-boundary-1\r\n"
	"Content-type: text/enriched\r\n"
	"\r\n"
	"This is <bold>enriched</bold>.\r\n"
	"--unique-boundary-1\r\n"
	"Content-Type: message/rfc822\r\n"
	"\r\n"
	"From: (mailbox in US-ASCII)\r\n"
	"Subject: (subject in US-ASCII)\r\n"
	"Content-Type: Text/plain; charset=ISO-8859-1\r\n"
	"Content-Transfer-Encoding: Quoted-printable\r\n"
	"\r\n"
	"Additional text\r\n"
	"--unique-boundary-1--\r\n",
	"multipart/mixed(text/plain=  ... Some text appears here ... "
	"text/plain=explicit typing "
	"multipart/parallel(audio/basic=AAAA| image/jpeg=BBBB) "
	"text/enriched=This is <bold>enriched</bold>. "
	"message/rfc822(Text/plain=Additional text))"},
    {"nothing at all", "", "text/plain="},
    {"a header only", "Subject: x", "text/plain="},
    {"a header only, with its end", "Subject: x\r\n\r\n", "text/plain="},
    {"a body only", "\r\nbody", "text/plain=body"},
    {"LF line ends",
	"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n",
	"multipart/mixed(text/plain=one)"},
    {"mixed line ends",
	"Content-Type: multipart/mixed; "
	"boundary=b\r\n\n--b\n\r\none\n\r\n--b\r\n\nx\n--b--",
	"multipart/mixed(text/plain=one/ text/plain=x)"},
    {"no closing boundary", MULTI("b") "--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n",
	"multipart/mixed(text/plain=one text/plain=two|)"},
    {"ends in a part's header", MULTI("b") "--b\r\nContent-Type: image/gif",
	"multipart/mixed(image/gif=)"},
    {"ends within a boundary line", MULTI("b") "--b\r\n\r\none\r\n--b",
	"multipart/mixed(text/plain=one text/plain=)"},
    {"an outer boundary closes inner parts",
	MULTI("o") "--o\r\n" MULTI(
	    "i") "--i\r\n\r\none\r\n--o\r\n\r\ntwo\r\n--o--",
	"multipart/mixed(multipart/mixed(text/plain=one) text/plain=two)"},
    {"an inner boundary that begins with the outer",
	MULTI("b") "--b\r\n" MULTI(
	    "bb") "--bb\r\n\r\none\r\n--bb--\r\n--b\r\n\r\ntwo\r\n--b--\r\n",
	"multipart/mixed(multipart/mixed(text/plain=one) text/plain=two)"},
    {"an outer boundary that begins with the inner",
	MULTI("bb") "--bb\r\n" MULTI(
	    "b") "--b\r\n\r\none\r\n--b--\r\n--bb\r\n\r\ntwo\r\n--bb--\r\n",
	"multipart/mixed(multipart/mixed(text/plain=one) text/plain=two)"},
    {"the same boundary twice: innermost first, then the outer",
	MULTI("b") "--b\r\n" MULTI(
	    "b") "--b\r\n\r\none\r\n--b--\r\n--b\r\n\r\ntwo\r\n--b--\r\n",
	"multipart/mixed(multipart/mixed(text/plain=one) text/plain=two)"},
    {"a closed boundary is text",
	MULTI("o") "--o\r\n" MULTI(
	    "i") "--i\r\n\r\none\r\n--i--\r\n--i\r\n\r\nx\r\n--"
		 "o\r\n\r\ntwo\r\n--o--\r\n--o\r\n\r\nx",
	"multipart/mixed(multipart/mixed(text/plain=one) text/plain=two)"},
    {"white space after a boundary",
	MULTI("b") "--b \t\r\n\r\none\r\n--b-- \r\n",
	"multipart/mixed(text/plain=one)"},
    {"white space at the end of the parameter",
	MULTI("\"b \"") "--b\r\n\r\none\r\n--b--\r\n",
	"multipart/mixed(text/plain=one)"},
    {"a folded boundary",
	MULTI("\"foo\r\n bar\"") "--foo bar\r\n\r\none\r\n--foo bar--",
	"multipart/mixed(text/plain=one)"},
    {"a boundary in pieces (RFC 2231 section 3)",
	"Content-Type: multipart/mixed; boundary*0=foo;\r\n boundary*1=bar\r\n"
	"\r\n--foobar\r\n\r\none\r\n--foobar--\r\n",
	"multipart/mixed(text/plain=one)"},
    {"a boundary with a charset (RFC 2231 section 4)",
	"Content-Type: multipart/mixed; boundary*=us-ascii''a%3Db\r\n"
	"\r\n--a=b\r\n\r\none\r\n--a=b--\r\n",
	"multipart/mixed(text/plain=one)"},
    {"no boundary parameter is text",
	"Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\none\r\n--b--\r\n",
	"text/plain=--b||one|--b--|"},
    {"a boundary that never comes is text", MULTI("b") "one\r\n--c\r\n",
	"text/plain=one|--c|"},
    {"an empty multipart has an empty part", MULTI("b") "--b--\r\n",
	"multipart/mixed(text/plain=)"},
    {"an empty digest has an empty message",
	"Content-Type: multipart/digest; boundary=b\r\n\r\nx\r\n--b--\r\n",
	"multipart/digest(message/rfc822(text/plain=))"},
    {"a part without header end",
	MULTI("b") "--b\r\nContent-Type: text/html\r\n--b\r\nX: y\r\n--b--\r\n",
	"multipart/mixed(text/html= text/plain=)"},
    {"no blank line before the closing boundary of a message",
	MULTI(
	    "b") "--b\r\nContent-Type: message/rfc822\r\n--b\r\nContent-Type: "
		 "message/rfc822\r\n\r\nSubject: x\r\n--b--\r\n",
	"multipart/mixed(message/rfc822(text/plain=) "
	"message/rfc822(text/plain=))"},
    {"an embedded header ends at the boundary at once",
	MULTI("b") "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: "
		   "x\r\n\r\n--b--\r\n",
	"multipart/mixed(message/rfc822(text/plain=))"},
    {"boundaries two bytes apart", MULTI("b") "--b\r\n\r\n--b\r\n\r\n\r\n--b--",
	"multipart/mixed(text/plain= text/plain=)"},
    {"a longer word is no boundary",
	MULTI("b1") "--b1\r\n\r\n--b10\r\n--b1-\r\n--b1\r\n\r\n--b\r\n--b1--"
		    "x\r\n\r\nno",
	"multipart/mixed(text/plain=--b10|--b1- text/plain=--b)"},
    {"dashes alone are text",
	MULTI("b") "--b\r\n\r\n--\r\n-\r\n-b\r\n--\r\n--b--",
	"multipart/mixed(text/plain=--|-|-b|--)"},
    {"content type garbage", "Content-Type: ;;=/\"\r\n\r\nx", "text/plain=x"},
    {"a content type of one word", "Content-Type: text\r\n\r\nx",
	"text/plain=x"},
    {"the first of two content types",
	"Content-Type: text/html\r\nContent-Type: text/plain\r\n\r\nx",
	"text/html=x"},
    {"blanks before the colon", "Content-Type : text/html\r\n\r\nx",
	"text/html=x"},
    {"base64 on a multipart is ignored",
	"Content-Transfer-Encoding: base64\r\n" MULTI(
	    "b") "--b\r\n\r\none\r\n--b--",
	"multipart/mixed(text/plain=one)"},
    {"an encoded message is not looked into",
	"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: "
	"base64\r\n\r\nU3ViamVjdA==\r\n",
	"message/rfc822(text/plain=U3ViamVjdA==|)"},
    {"message in message in message",
	"Content-Type: message/rfc822\r\n\r\nContent-Type: "
	"message/global\r\n\r\nSubject: x\r\n\r\nbody",
	"message/rfc822(message/global(text/plain=body))"},
    {"a mbox line and junk in the header",
	">From x\r\nno colon\r\nContent-Type: text/html\r\n : y\r\n\r\nx",
	"text/html=x"},
    {"message/partial is a leaf",
	"Content-Type: message/partial; id=x\r\n\r\nFrom: y\r\n\r\nz",
	"message/partial=From: y||z"},
};

static struct message *parse_split(struct view bytes, size_t first, size_t rest)
{
	struct message_parser *parser = message_parser_new(HEADER_MAX);
	struct message *message = NULL;
	message_parser_push(parser, view_slice(bytes, 0, first));
	for (size_t i = first; i < bytes.len; i += rest)
		message_parser_push(parser, view_slice(bytes, i, rest));
	assert_int_equal(message_parser_finish(parser, &message), RC_OK);
	message_parser_free(&parser);
	assert_null(parser);
	return message;
}

static void each_message_gives_its_tree(void **state)
{
	(void)state;
	struct buf tree;
	buf_init(&tree, 65536);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct view bytes = view_of_string(rows[i].message);
		struct message *message = message_parse(bytes, HEADER_MAX);
		buf_reset(&tree);
		message_dump_tree(message, bytes, &tree);
		buf_add_char(&tree, '\0');
		if (strcmp(tree.ptr, rows[i].tree) != 0)
			print_error("%s:\n", rows[i].name);
		assert_string_equal(tree.ptr, rows[i].tree);
		const char *fault = message_dump_fault(message);
		if (fault)
			fail_msg("%s: %s", rows[i].name, fault);
		message_free(&message);
		assert_null(message);
	}
	buf_done(&tree);
}

static void expect_same(struct view bytes, size_t first, size_t rest)
{
	struct buf whole, split;
	buf_init(&whole, 1 << 20);
	buf_init(&split, 1 << 20);
	struct message *one = message_parse(bytes, HEADER_MAX);
	struct message *two = parse_split(bytes, first, rest);
	message_dump_all(one, &whole);
	message_dump_all(two, &split);
	buf_add_char(&whole, '\0');
	buf_add_char(&split, '\0');
	assert_int_equal(buf_status(&whole), RC_OK);
	assert_string_equal(split.ptr, whole.ptr);
	message_free(&one);
	message_free(&two);
	buf_done(&whole);
	buf_done(&split);
}

static void pieces_of_any_size_give_the_same(void **state)
{
	(void)state;
	static const size_t sizes[] = {1, 2, 3, 7, 16, 17, 33};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct view bytes = view_of_string(rows[i].message);
		for (size_t j = 0; j < ARRAY_LEN(sizes); j++)
			expect_same(bytes, 0, sizes[j]);
		for (size_t at = 0; at <= bytes.len; at++)
			expect_same(bytes, at, bytes.len);
	}
}

static void kinds_of_bytes_are_noticed(void **state)
{
	(void)state;
	static const struct {
		struct view bytes;
		bool nul, cr, lf, high;
	} cases[] = {
	    {{"a\r\n\r\nb\r\n", 8}, false, false, false, false},
	    {{"a\r\n\r\n\0\r\n", 8}, true, false, false, false},
	    {{"a\r\n\r\nb\rb\r\n", 10}, false, true, false, false},
	    {{"a\r\n\r\nb\n", 7}, false, false, true, false},
	    {{"a\r\n\r\nb\r", 7}, false, true, false, false},
	    {{"\nb", 2}, false, false, true, false},
	    {{"a\r\n\r\n\x80", 6}, false, false, false, true},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		// At every place in a longer message, to meet each vector lane.
		for (size_t pad = 0; pad < 70; pad++) {
			char bytes[96];
			memset(bytes, 'x', pad);
			memcpy(bytes + pad, cases[i].bytes.ptr,
			    cases[i].bytes.len);
			struct message *message = message_parse(
			    view_of(bytes, pad + cases[i].bytes.len),
			    HEADER_MAX);
			assert_int_equal(message->has_nul, cases[i].nul);
			assert_int_equal(message->has_bare_cr, cases[i].cr);
			assert_int_equal(message->has_bare_lf, cases[i].lf);
			assert_int_equal(message->has_8bit, cases[i].high);
			message_free(&message);
		}
	}
}

static void fields_are_unfolded_cleaned_and_joined(void **state)
{
	(void)state;
	struct view bytes = VIEW("Subject: one\r\n\ttwo\r\n three\r\n"
				 "Subject: no\r\nTo: a@b\r\nTo:\r\n"
				 "TO: c@d\r\nFrom:\r\nX-Date: x\r\n"
				 "Date: a\0b\rc \r\n\r\n");
	struct message *message = message_parse(bytes, HEADER_MAX);
	const struct message_fields *fields = message->parts[0].fields;
	assert_view_equal(
	    message_field(fields, MESSAGE_SUBJECT), VIEW("one\ttwo three"));
	assert_view_equal(message_field(fields, MESSAGE_TO), VIEW("a@b, c@d"));
	assert_view_equal(message_field(fields, MESSAGE_DATE), VIEW("a?b c"));
	assert_non_null(message_field(fields, MESSAGE_FROM).ptr);
	assert_int_equal(message_field(fields, MESSAGE_FROM).len, 0);
	assert_null(message_field(fields, MESSAGE_CC).ptr);
	message_free(&message);
}

static void a_part_has_no_envelope_fields(void **state)
{
	(void)state;
	struct view bytes = VIEW(MULTI("b") "--b\r\nSubject: x\r\n"
					    "Content-ID: <i>\r\n\r\n--b--");
	struct message *message = message_parse(bytes, HEADER_MAX);
	const struct message_fields *fields = message->parts[1].fields;
	assert_null(message_field(fields, MESSAGE_SUBJECT).ptr);
	assert_view_equal(
	    message_field(fields, MESSAGE_CONTENT_ID), VIEW("<i>"));
	message_free(&message);
}

static void the_header_is_kept_up_to_the_cap(void **state)
{
	(void)state;
	struct view bytes = VIEW("A: b\r\nC: d\r\n\r\nbody");
	struct message *message = message_parse(bytes, HEADER_MAX);
	assert_view_equal(message->header, VIEW("A: b\r\nC: d\r\n\r\n"));
	assert_false(message->header_truncated);
	message_free(&message);
	message = message_parse(bytes, 7);
	assert_view_equal(message->header, VIEW("A: b\r\nC"));
	assert_true(message->header_truncated);
	assert_int_equal(message->header_len, 14);
	message_free(&message);
}

static void the_sample_is_the_first_text_with_something_in_it(void **state)
{
	(void)state;
	struct view bytes = VIEW(
	    MULTI("b") "--b\r\nContent-Type: text/plain\r\n"
		       "Content-Disposition: attachment\r\n\r\nno\r\n"
		       "--b\r\nContent-Type: image/gif\r\n\r\nno\r\n"
		       "--b\r\nContent-Type: text/plain\r\n\r\n \r\n\r\n"
		       "--b\r\nContent-Type: text/html\r\n\r\nyes\r\n"
		       "--b\r\nContent-Type: text/plain\r\n\r\nno\r\n--b--");
	struct message *message = message_parse(bytes, HEADER_MAX);
	assert_int_equal(message->sample_part, 4);
	assert_view_equal(message->sample, VIEW("yes"));
	assert_false(message->sample_truncated);
	message_free(&message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_message_gives_its_tree),
	    cmocka_unit_test(pieces_of_any_size_give_the_same),
	    cmocka_unit_test(kinds_of_bytes_are_noticed),
	    cmocka_unit_test(fields_are_unfolded_cleaned_and_joined),
	    cmocka_unit_test(a_part_has_no_envelope_fields),
	    cmocka_unit_test(the_header_is_kept_up_to_the_cap),
	    cmocka_unit_test(the_sample_is_the_first_text_with_something_in_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

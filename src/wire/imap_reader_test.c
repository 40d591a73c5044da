// SPDX-License-Identifier: Apache-2.0
// Framing: what comes out of the reader, and that it does not depend on the
// cut.
#include "base/test.h"
#include "wire/imap_reader_drive.h"

static const struct imap_reader_limits small = {
    .line_max = 40,
    .collect_max = 20,
    .nonsync_max = 30,
};

// Input, and what drive_reader() writes down of it.
static const struct {
	const char *input;
	const char *log;
} rows[] = {
    // RFC 9051 section 2.2: lines; the peers take a bare LF as well.
    {"a NOOP\r\n", "C a NOOP|"},
    {"a NOOP\nb NOOP\r\n", "C a NOOP|C b NOOP|"},
    {"\r\n\n", "C |C |"},
    {"a NOOP\r\r\n", "C a NOOP\r|"},
    {"a\rb\r\n", "C a\rb|"},
    {"a NOOP", ""},
    // Literals, section 4.3: the announcement stays in the text.
    {"a X {3}\r\nabc\r\n", "L3 a X |C a X {3}\r\nabc|"},
    {"a X {3+}\nabc d\n", "L+3 a X |C a X {3+}\r\nabc d|"},
    {"a X {0}\r\n\r\n", "L0 a X |C a X {0}\r\n|"},
    {"a X {0+}\r\n {1+}\r\nx\r\n",
	"L+0 a X |L+1 a X {0+}\r\n |C a X {0+}\r\n {1+}\r\nx|"},
    {"a X {2}\r\n\r\n\r\n", "L2 a X |C a X {2}\r\n\r\n|"},
    {"a X {1}\r\n\r\n", "L1 a X |C a X {1}\r\n\r|"},
    {"a X ~{3+}\r\na}c\r\n", "L+~3 a X |C a X ~{3+}\r\na}c|"},
    {"a LOGIN {4}\r\nfred {7}\r\nfat man\r\nb NOOP\r\n",
	"L4 a LOGIN |L7 a LOGIN {4}\r\nfred |"
	"C a LOGIN {4}\r\nfred {7}\r\nfat man|C b NOOP|"},
    // No announcements.
    {"a X {}\r\n", "C a X {}|"},
    {"a X {+}\r\n", "C a X {+}|"},
    {"a X {-1}\r\n", "C a X {-1}|"},
    {"a X {3}x\r\n", "C a X {3}x|"},
    {"a X {3} \r\n", "C a X {3} |"},
    {"a X \"{3}\"\r\n", "C a X \"{3}\"|"},
    {"a X 3}\r\n", "C a X 3}|"},
    {"}\r\n{1\r\n", "C }|C {1|"},
    {"a {000000000000000000003}\r\n", "C a {000000000000000000003}|"},
    {"a X {++3}\r\n", "C a X {++3}|"},
    // An announcement wherever the line ends with one, as clients mean it.
    {"a X(BODY[HEADER.FIELDS ({2}\r\nTO)])\r\n",
	"L2 a X(BODY[HEADER.FIELDS (|"
	"C a X(BODY[HEADER.FIELDS ({2}\r\nTO)])|"},
    {"{1}\r\nx\r\n", "L1 |C {1}\r\nx|"},
    // Streamed: APPEND, MULTIAPPEND (RFC 3502), UTF8 (RFC 6855 section 4).
    {"a APPEND b {5}\r\nhello\r\nb NOOP\r\n",
	"L5 a APPEND b |hello<|Cc |C b NOOP|"},
    {"a APPEND b {0+}\r\n\r\n", "L+0 a APPEND b |<|Cc |"},
    {"a APPEND b {2+}\r\nx\n (\\Seen) ~{3+}\r\nyyy\r\n",
	"L+2 a APPEND b |x\n<|Lc+~3  (\\Seen) |yyy<|Cc |"},
    {"a APPEND b UTF8 (~{2+}\r\nxx)\r\n", "L+~u2 a APPEND b |xx<|Cc )|"},
    {"a APPEND b UTF8 ({2+}\r\nxx)\r\n", "L+2 a APPEND b UTF8 (|xx<|Cc )|"},
    {"a APPEND b XUTF8 (~{1}\r\nx)\r\n", "L~1 a APPEND b XUTF8 (|x<|Cc )|"},
    {"a APPEND b {12}\r\n}\r\na {3+}\r\n}\r\n",
	"L12 a APPEND b |}\r\na {3+}\r\n}<|Cc |"},
    // Skipped: nothing comes of a synchronizing literal (RFC 9051 section 4.3),
    // a non-synchronizing one is swallowed (RFC 7888 section 4).
    {"a SKIP {5}\r\nb NOOP\r\n", "L5 a SKIP |S|C b NOOP|"},
    {"a SKIP {5+}\r\nb {9} c\r\nd NOOP\r\n", "L+5 a SKIP |S|C d NOOP|"},
    {"a SKIP {5+}\r\n12345 {2+}\r\n\r\n {1}\r\nd NOOP\r\n",
	"L+5 a SKIP |S|C d NOOP|"},
    {"a SKIP {0+}\r\n{0+}\n\nd NOOP\r\n", "L+0 a SKIP |S|C d NOOP|"},
    // Over the limits.
    {"a X {25}\r\nb NOOP\r\n", "L25 a X |S|C b NOOP|"},
    {"a X {25+}\r\n1234567890123456789012345\r\nb NOOP\r\n",
	"L+25 a X |S|C b NOOP|"},
    {"a X {15}\r\n123456789012345 {6+}\r\n123456\r\nb NOOP\r\n",
	"L15 a X |L+6 a X {15}\r\n123456789012345 |S|C b NOOP|"},
    {"a X {31+}\r\n1234567890123456789012345678901\r\nb NOOP\r\n",
	"FRC_LIMIT a X {31+}|C b NOOP|"},
    {"a APPEND {31+}\r\n1234567890123456789012345678901\r\nb NOOP\r\n",
	"FRC_LIMIT a APPEND {31+}|C b NOOP|"},
    {"a X {99999999999999999999}\r\nb NOOP\r\n",
	"L18446744073709551615 a X |S|C b NOOP|"},
    {"a X {99999999999999999999+}\r\nb NOOP\r\n",
	"FRC_LIMIT a X {99999999999999999999+}|"},
    {"a 34567890123456789012345678901234567890\nb NOOP\r\n",
	"C a 34567890123456789012345678901234567890|C b NOOP|"},
    {"a 345678901234567890123456789012345678901\nb NOOP\r\n",
	"FRC_LIMIT a 34567890123456789012345678901234567890|C b NOOP|"},
    {"a 34567890123456789012345678901234567 {2+}\r\nxx\r\nb NOOP\r\n",
	"FRC_LIMIT a 34567890123456789012345678901234567 {2|C b NOOP|"},
    {"a 34567890123456789012345678901234567 {2}\r\nb NOOP\r\n",
	"FRC_LIMIT a 34567890123456789012345678901234567 {2|C b NOOP|"},
    {"a 34567890123456789012345678 {3}\r\nabc 1234567890123\r\nb NOOP\r\n",
	"L3 a 34567890123456789012345678 |"
	"FRC_LIMIT a 34567890123456789012345678 {3}\r\nabc 12345|C b NOOP|"},
};

static void commands_come_out_of_any_cut_the_same(void **state)
{
	(void)state;
	struct buf log;
	buf_init(&log, 100000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (unsigned seed = 0; seed < 30; seed++) {
			buf_reset(&log);
			drive_reader(
			    &small, view_of_string(rows[i].input), seed, &log);
			buf_add_char(&log, '\0');
			assert_string_equal(log.ptr, rows[i].log);
		}
	}
	buf_done(&log);
}

static void a_nul_in_the_text_is_a_fault_and_in_a_literal_none(void **state)
{
	(void)state;
	struct view input = VIEW("a X\0Y {3+}\r\nabc\r\n"
				 "b X {3}\r\n\0\0\0\r\n"
				 "c X\0\0\r\n");
	struct view expected = VIEW("FRC_SYNTAX a X|"
				    "L3 b X |C b X {3}\r\n\0\0\0|"
				    "FRC_SYNTAX c X|");
	struct buf log;
	buf_init(&log, 100000);
	for (unsigned seed = 0; seed < 30; seed++) {
		buf_reset(&log);
		drive_reader(&small, input, seed, &log);
		assert_view_equal(buf_view(&log), expected);
	}
	buf_done(&log);
}

static void a_fault_says_what_is_over_which_limit(void **state)
{
	(void)state;
	static const struct {
		const char *input;
		const char *text;
	} faults[] = {
	    {"a X {31+}\r\n",
		"A non-synchronizing literal of 31 bytes is over the limit of"
		" 30"},
	    {"a 34567890123456789012345678901234567890x",
		"The command line is over the limit of 40 bytes"},
	};
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		struct imap_reader reader;
		imap_reader_init(&reader, &small);
		struct view in = view_of_string(faults[i].input);
		struct imap_event event;
		assert_int_equal(
		    imap_reader_next(&reader, &in, &event), IMAP_EVENT_FAULT);
		assert_string_equal(event.fault.text, faults[i].text);
		// It stays until the caller has decided.
		assert_int_equal(
		    imap_reader_next(&reader, &in, &event), IMAP_EVENT_FAULT);
		imap_reader_done(&reader);
	}
	struct imap_reader reader;
	imap_reader_init(&reader, &small);
	struct view in = VIEW("a X {21}\r\n");
	struct imap_event event;
	assert_int_equal(
	    imap_reader_next(&reader, &in, &event), IMAP_EVENT_LITERAL);
	struct fault fault;
	assert_int_equal(imap_reader_collect(&reader, &fault), RC_LIMIT);
	assert_string_equal(fault.text,
	    "A literal of 21 bytes is over the limit of 20 bytes for the"
	    " literals of one command");
	imap_reader_done(&reader);
}

static void a_plain_line_announces_nothing(void **state)
{
	(void)state;
	struct imap_reader reader;
	imap_reader_init(&reader, &small);
	struct view in = VIEW("AGZv{3}\r\na X {3}\r\n");
	struct imap_event event;
	imap_reader_expect_line(&reader);
	assert_int_equal(
	    imap_reader_next(&reader, &in, &event), IMAP_EVENT_COMMAND);
	assert_view_equal(event.text, VIEW("AGZv{3}"));
	assert_int_equal(
	    imap_reader_next(&reader, &in, &event), IMAP_EVENT_LITERAL);
	imap_reader_done(&reader);
}

static void a_stream_can_be_dropped_midway(void **state)
{
	(void)state;
	struct imap_reader reader;
	imap_reader_init(&reader, &small);
	struct view in = VIEW("a APPEND b {9}\r\n123");
	struct imap_event event;
	assert_int_equal(
	    imap_reader_next(&reader, &in, &event), IMAP_EVENT_LITERAL);
	imap_reader_stream(&reader);
	assert_int_equal(
	    imap_reader_next(&reader, &in, &event), IMAP_EVENT_DATA);
	assert_false(event.last);
	imap_reader_skip(&reader);
	assert_false(imap_reader_is_idle(&reader));
	in = VIEW("456789 (x {2+}\r\nyyzz\r\nb NOOP\r\n");
	assert_int_equal(
	    imap_reader_next(&reader, &in, &event), IMAP_EVENT_COMMAND);
	assert_view_equal(event.text, VIEW("b NOOP"));
	assert_false(event.continued);
	assert_true(imap_reader_is_idle(&reader));
	assert_int_equal(in.len, 0);
	imap_reader_done(&reader);
}

static void what_follows_a_stream_can_be_dropped(void **state)
{
	(void)state;
	struct imap_reader reader;
	imap_reader_init(&reader, &small);
	struct view in = VIEW("a APPEND b {3}\r\n123 {2");
	struct imap_event event;
	assert_int_equal(
	    imap_reader_next(&reader, &in, &event), IMAP_EVENT_LITERAL);
	imap_reader_stream(&reader);
	assert_int_equal(
	    imap_reader_next(&reader, &in, &event), IMAP_EVENT_DATA);
	assert_true(event.last);
	assert_int_equal(
	    imap_reader_next(&reader, &in, &event), IMAP_EVENT_MORE);
	imap_reader_skip(&reader);
	in = VIEW("+}\r\nyy\r\nb NOOP\r\n");
	assert_int_equal(
	    imap_reader_next(&reader, &in, &event), IMAP_EVENT_COMMAND);
	assert_view_equal(event.text, VIEW("b NOOP"));
	imap_reader_done(&reader);
}

static void limits_can_be_raised_after_login(void **state)
{
	(void)state;
	struct imap_reader reader;
	imap_reader_init(&reader, &small);
	struct imap_event event;
	struct view in = VIEW("a LOGIN\r\n");
	assert_int_equal(
	    imap_reader_next(&reader, &in, &event), IMAP_EVENT_COMMAND);
	struct imap_reader_limits large = {
	    .line_max = IMAP_LINE_MAX,
	    .collect_max = IMAP_COLLECT_MAX,
	    .nonsync_max = IMAP_LITERAL_PLUS_ANY,
	};
	imap_reader_set_limits(&reader, &large);
	char line[IMAP_LINE_MAX];
	memset(line, 'x', sizeof(line));
	in = view_of(line, sizeof(line));
	assert_int_equal(
	    imap_reader_next(&reader, &in, &event), IMAP_EVENT_MORE);
	in = VIEW("\n");
	assert_int_equal(
	    imap_reader_next(&reader, &in, &event), IMAP_EVENT_COMMAND);
	assert_true(event.text.len == IMAP_LINE_MAX);
	imap_reader_release(&reader);
	assert_null(reader.text.ptr);
	imap_reader_done(&reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(commands_come_out_of_any_cut_the_same),
	    cmocka_unit_test(
		a_nul_in_the_text_is_a_fault_and_in_a_literal_none),
	    cmocka_unit_test(a_fault_says_what_is_over_which_limit),
	    cmocka_unit_test(a_plain_line_announces_nothing),
	    cmocka_unit_test(a_stream_can_be_dropped_midway),
	    cmocka_unit_test(what_follows_a_stream_can_be_dropped),
	    cmocka_unit_test(limits_can_be_raised_after_login),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

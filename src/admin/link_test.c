// SPDX-License-Identifier: Apache-2.0
// What the other side of a control socket may send, and a socket that takes
// less at a time than it is given.
#include "admin/link.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/test.h"

// The other side: writes its bytes, then closes. The socket holds less than
// the longest of them.
struct writer {
	int fd;
	struct view bytes;
	pthread_t thread;
};

static void *write_all(void *context)
{
	struct writer *writer = context;
	struct view rest = writer->bytes;
	while (rest.len > 0) {
		ssize_t sent =
		    send(writer->fd, rest.ptr, rest.len, MSG_NOSIGNAL);
		if (sent < 0)
			break;
		rest = view_from(rest, (size_t)sent);
	}
	close(writer->fd);
	return NULL;
}

static void writer_start(
    struct writer *writer, struct view bytes, struct link *link)
{
	int fds[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	*writer = (struct writer){.fd = fds[0], .bytes = bytes};
	link_init(link, fds[1]);
	assert_int_equal(
	    pthread_create(&writer->thread, NULL, write_all, writer), 0);
}

static void writer_end(struct writer *writer, struct link *link)
{
	link_done(link);
	assert_int_equal(pthread_join(writer->thread, NULL), 0);
}

static void test_messages_are_lines_with_one_object(void **state)
{
	const struct {
		struct view bytes;
		enum rc rc;
	} messages[] = {
	    {VIEW("{}\n"), RC_OK},
	    {VIEW("{\"a\":\"b\"}\n{"), RC_OK},
	    {VIEW(" { \"a\" : [1, {}, null] } \r\n"), RC_OK},
	    {VIEW(""), RC_CLOSED},
	    {VIEW("{}"), RC_CLOSED},
	    {VIEW("{\"a\":"), RC_CLOSED},
	    {VIEW("\n"), RC_SYNTAX},
	    {VIEW("\n{}\n"), RC_SYNTAX},
	    {VIEW("[]\n"), RC_SYNTAX},
	    {VIEW("\"a\"\n"), RC_SYNTAX},
	    {VIEW("GET / HTTP/1.1\r\n"), RC_SYNTAX},
	    {VIEW("{} {}\n"), RC_SYNTAX},
	    {VIEW("{\"a\":\n1}\n"), RC_SYNTAX},
	    {VIEW("{\"a\":\"\xff\"}\n"), RC_SYNTAX},
	    {VIEW("{\"a\":\"\\ud800\"}\n"), RC_SYNTAX},
	    {VIEW("{\"a\":\"\\u0000\"}\n"), RC_SYNTAX},
	    {VIEW("{\"a\":\"1\0\"}\n"), RC_SYNTAX},
	    {VIEW("{\"a\":99999999999999999999}\n"), RC_SYNTAX},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		struct writer writer;
		struct link link;
		json_t *message = NULL;
		writer_start(&writer, messages[i].bytes, &link);
		enum rc rc = link_receive(&link, &message);
		if (rc != messages[i].rc)
			fail_msg("row %zu: %s", i, rc_name(rc));
		assert_int_equal(message != NULL, rc == RC_OK);
		json_decref(message);
		writer_end(&writer, &link);
	}
}

// Neither a line without an end nor a deep one costs more than the limit.
static void test_a_line_has_a_limit(void **state)
{
	static const struct {
		size_t len;
		bool ends;
		enum rc rc;
	} rows[] = {
	    {LINK_LINE_MAX / 2, true, RC_SYNTAX}, // too deep for JSON
	    {LINK_LINE_MAX / 2, false, RC_CLOSED},
	    {LINK_LINE_MAX * 2, false, RC_LIMIT},
	    {LINK_LINE_MAX * 2, true, RC_LIMIT},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct writer writer;
		struct link link;
		json_t *message;
		char *bytes = mem_alloc(rows[i].len);
		memset(bytes, '[', rows[i].len);
		if (rows[i].ends)
			bytes[rows[i].len - 1] = '\n';
		writer_start(&writer, view_of(bytes, rows[i].len), &link);
		enum rc rc = link_receive(&link, &message);
		if (rc != rows[i].rc)
			fail_msg("row %zu: %s", i, rc_name(rc));
		writer_end(&writer, &link);
		free(bytes);
	}
}

static void test_bytes_follow_a_message(void **state)
{
	(void)state;
	struct writer writer;
	struct link link;
	struct view bytes;
	json_t *message;
	writer_start(&writer, VIEW("{\"bytes\":5}\nab\n\0c{}\nde"), &link);
	assert_int_equal(link_receive(&link, &message), RC_OK);
	assert_int_equal(link_payload(message), 5);
	json_decref(message);
	struct buf got;
	buf_init(&got, 100);
	while (got.len < 5) {
		assert_int_equal(link_read(&link, 5 - got.len, &bytes), RC_OK);
		buf_add(&got, bytes);
	}
	assert_view_equal(buf_view(&got), VIEW("ab\n\0c"));
	assert_int_equal(link_receive(&link, &message), RC_OK);
	assert_int_equal(json_object_size(message), 0);
	json_decref(message);
	// The other side promised more bytes than it sent.
	buf_reset(&got);
	while (got.len < 2) {
		assert_int_equal(link_read(&link, 9, &bytes), RC_OK);
		buf_add(&got, bytes);
	}
	assert_view_equal(buf_view(&got), VIEW("de"));
	assert_int_equal(link_read(&link, 9, &bytes), RC_CLOSED);
	buf_done(&got);
	writer_end(&writer, &link);
}

static void test_how_many_bytes_follow(void **state)
{
	static const struct {
		const char *message;
		uint64_t bytes;
	} rows[] = {
	    {"{}", 0},
	    {"{\"bytes\":7}", 7},
	    {"{\"bytes\":9223372036854775807}", INT64_MAX},
	    {"{\"bytes\":0}", 0},
	    {"{\"bytes\":-1}", 0},
	    {"{\"bytes\":1.5}", 0},
	    {"{\"bytes\":\"7\"}", 0},
	    {"{\"bytes\":null}", 0},
	    {"{\"bytes\":[7]}", 0},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_t *message = json_loads(rows[i].message, 0, NULL);
		assert_non_null(message);
		if (link_payload(message) != rows[i].bytes)
			fail_msg("%s", rows[i].message);
		json_decref(message);
	}
}

// ---- Sending ---------------------------------------------------------------

struct reader {
	int fd;
	json_t *message;
	struct buf payload;
};

// Reads a message and the bytes that follow it.
static void *read_all(void *context)
{
	struct reader *reader = context;
	struct link link;
	struct view bytes;
	link_init(&link, reader->fd);
	if (link_receive(&link, &reader->message) == RC_OK) {
		uint64_t left = link_payload(reader->message);
		while (left > 0 &&
		       link_read(&link, (size_t)left, &bytes) == RC_OK) {
			buf_add(&reader->payload, bytes);
			left -= bytes.len;
		}
	}
	link_done(&link);
	return NULL;
}

static void send_text(size_t text_len, size_t payload_len)
{
	int fds[2], little = 4096;
	pthread_t thread;
	struct link link;
	char *text = mem_alloc(text_len + 1);
	char *payload = mem_alloc(payload_len + 1);
	memset(text, 'x', text_len);
	for (size_t i = 0; i < payload_len; i++)
		payload[i] = (char)(i * 7 + i / 256);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(
	    setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &little, sizeof(little)),
	    0);
	struct reader reader = {.fd = fds[1]};
	buf_init(&reader.payload, payload_len + 1);
	assert_int_equal(pthread_create(&thread, NULL, read_all, &reader), 0);
	link_init(&link, fds[0]);
	assert_int_equal(
	    link_send(&link, json_pack("{s:s#}", "text", text, (int)text_len),
		view_of(payload, payload_len)),
	    RC_OK);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_view_equal(
	    link_member(reader.message, "text"), view_of(text, text_len));
	assert_view_equal(
	    buf_view(&reader.payload), view_of(payload, payload_len));
	link_done(&link);
	json_decref(reader.message);
	buf_done(&reader.payload);
	free(text);
	free(payload);
}

// The kernel takes a part of the line, or of the bytes, at a time.
static void test_long_messages_arrive_whole(void **state)
{
	(void)state;
	send_text(3, 0);
	send_text(3, 5);
	send_text(300000, 0);
	send_text(3, 1000000);
	send_text(300000, 300000);
}

static void test_what_cannot_be_sent(void **state)
{
	(void)state;
	int fds[2];
	struct link link;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	link_init(&link, fds[0]);
	// A line longer than the other side would take.
	char *text = mem_zalloc(LINK_LINE_MAX + 1);
	memset(text, 'x', LINK_LINE_MAX);
	assert_int_equal(
	    link_send(&link, json_pack("{s:s}", "a", text), VIEW("")),
	    RC_LIMIT);
	free(text);
	close(fds[1]);
	assert_int_equal(link_send(&link, json_object(), VIEW("")), RC_CLOSED);
	link_done(&link);
	link_done(&link); // may be repeated
}

// ---- Texts and results -----------------------------------------------------

static void test_texts_are_utf8(void **state)
{
	const struct {
		struct view text, json;
	} rows[] = {
	    {VIEW(""), VIEW("")},
	    {VIEW("a\u00fc"), VIEW("a\u00fc")},
	    {VIEW("a\0b"), VIEW("a\0b")},
	    {VIEW("a\xff"), VIEW("a?")},
	    {VIEW("\xc3"), VIEW("?")},
	    {VIEW("\u00fc\xff"), VIEW("???")},
	    {VIEW("\xed\xa0\x80"), VIEW("???")},
	};
	(void)state;
	assert_view_equal(link_member(NULL, "a"), VIEW(""));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_t *message = json_object();
		json_object_set_new(message, "a", link_text(rows[i].text));
		assert_view_equal_row(
		    i, link_member(message, "a"), rows[i].json);
		assert_view_equal(link_member(message, "b"), VIEW(""));
		json_decref(message);
	}
}

static void test_results_have_names(void **state)
{
	(void)state;
#define X(code, text) assert_int_equal(link_rc(VIEW(#code)), code);
	RC_TABLE(X)
#undef X
	assert_int_equal(link_rc(VIEW("")), RC_IO);
	assert_int_equal(link_rc(VIEW("RC_")), RC_IO);
	assert_int_equal(link_rc(VIEW("rc_ok")), RC_IO);
	assert_int_equal(link_rc(VIEW("RC_OK ")), RC_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_messages_are_lines_with_one_object),
	    cmocka_unit_test(test_a_line_has_a_limit),
	    cmocka_unit_test(test_bytes_follow_a_message),
	    cmocka_unit_test(test_how_many_bytes_follow),
	    cmocka_unit_test(test_long_messages_arrive_whole),
	    cmocka_unit_test(test_what_cannot_be_sent),
	    cmocka_unit_test(test_texts_are_utf8),
	    cmocka_unit_test(test_results_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

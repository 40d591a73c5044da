// SPDX-License-Identifier: Apache-2.0
// Replies: the verdict does not depend on the cuts, the limits hold, what is
// shown is clean, and what we write we read.
#include "wire/smtp_reply.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

// Bytes below SP and DEL, and C1 in UTF-8.
static void must_be_clean(struct view text)
{
	must(utf8_is_valid(text));
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		must(c >= 0x20 && c != 0x7f);
		must(c != 0xc2 || (unsigned char)text.ptr[i + 1] >= 0xa0);
	}
}

static void check_reply(const struct smtp_reply *reply)
{
	struct buf out;
	struct smtp_capabilities capabilities;
	must(reply->code >= 200 && reply->code <= 599);
	must(reply->lines <= SMTP_REPLY_LINES_MAX);
	must(reply->text.len <= SMTP_REPLY_TEXT_MAX);
	struct view text = reply->text;
	struct view line;
	size_t lines = 0;
	while (smtp_reply_next_line(&text, &line))
		lines++;
	must(lines == reply->lines);
	buf_init(&out, 1000);
	smtp_reply_clean_text(reply, 300, &out);
	must(out.len >= 3 && out.len <= 300);
	must_be_clean(buf_view(&out));
	buf_done(&out);
	smtp_capabilities_parse(reply, &capabilities);
}

// A digest of all replies in `text` and the last verdict.
static enum rc read_all(struct view text, size_t step, struct buf *digest)
{
	struct smtp_reply_parser parser;
	struct smtp_reply reply;
	enum rc rc = RC_MORE;
	smtp_reply_parser_init(&parser);
	while (text.len && (rc == RC_OK || rc == RC_MORE)) {
		struct view part = view_slice(text, 0, step);
		size_t given = part.len;
		rc = smtp_reply_feed(&parser, &part, &reply);
		must(rc != RC_MORE || part.len == 0);
		must(rc != RC_OK || part.len < given);
		text = view_from(text, given - part.len);
		if (rc != RC_OK)
			continue;
		check_reply(&reply);
		buf_printf(digest, "%u %u.%u.%u %zu %d ", reply.code,
		    reply.status.class, reply.status.subject,
		    reply.status.detail, reply.lines, reply.truncated);
		buf_add(digest, reply.text);
	}
	smtp_reply_parser_done(&parser);
	return rc;
}

static void check_write(struct view text)
{
	struct buf out;
	struct smtp_reply_parser parser;
	struct smtp_reply reply;
	buf_init(&out, 100 * 1024 + 20 * text.len);
	smtp_reply_write(&out, 550, ENHANCED(5, 7, 1), text);
	must(buf_status(&out) == RC_OK);
	smtp_reply_parser_init(&parser);
	struct view rest = buf_view(&out);
	if (out.len < SMTP_REPLY_BYTES_MAX) {
		must(smtp_reply_feed(&parser, &rest, &reply) == RC_OK);
		must(rest.len == 0 && reply.code == 550);
		must(memcmp(&reply.status, &ENHANCED(5, 7, 1),
			 sizeof(reply.status)) == 0);
	}
	smtp_reply_parser_done(&parser);
	rest = buf_view(&out);
	struct view line;
	while (view_split(&rest, '\n', &line)) {
		must(line.len + 1 <= 512);
		must(view_ends_with(line, VIEW("\r")));
		line.len--;
		must_be_clean(line);
	}
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct view text = view_of(data + 1, size - 1);
	struct buf whole;
	struct buf pieces;
	buf_init(&whole, 64 * size + 1000);
	buf_init(&pieces, 64 * size + 1000);
	enum rc rc = read_all(text, size, &whole);
	enum rc rc_pieces = read_all(text, data[0] % 16u + 1, &pieces);
	must(view_eq(buf_view(&whole), buf_view(&pieces)));
	// After a reply that ends the text: OK or, fed on, still nothing.
	must(rc == rc_pieces);
	buf_done(&whole);
	buf_done(&pieces);
	check_write(text);
	return 0;
}

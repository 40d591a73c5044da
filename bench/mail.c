// SPDX-License-Identifier: Apache-2.0
// See mail.h. One long text is made, and each mail is a piece of it.
#include "mail.h"

#include "base/mem.h"

#define TEXT_LINE 72 // with its CRLF
// Lines beyond the longest mail: so many pieces are different.
#define TEXT_SPARE 8192

void mail_maker_init(struct mail_maker *maker, unsigned size)
{
	static const char *const syllables[] = {"ka", "lor", "mi", "ten", "sa",
	    "ro", "vin", "de", "pal", "u", "gra", "esh", "no", "bir", "tu",
	    "cho", "an", "fe", "zil", "qua", "yon", "ha", "weg", "ix", "ob",
	    "jur", "la", "emp", "sti", "dra", "oo", "ne"};
	unsigned lines = size / TEXT_LINE + TEXT_SPARE;
	size_t len = (size_t)lines * TEXT_LINE;
	char *text = mem_alloc(len + 16);
	uint64_t random = 88172645463325252U;
	for (size_t at = 0; at < len;) {
		random = random * 6364136223846793005U + 1442695040888963407U;
		const char *syllable = syllables[random >> 59];
		while (*syllable != '\0')
			text[at++] = *syllable++;
		if ((random >> 40 & 3) == 0)
			text[at++] = ' ';
	}
	for (size_t i = 1; i <= lines; i++)
		memcpy(text + i * TEXT_LINE - 2, "\r\n", 2);
	*maker = (struct mail_maker){text, lines, size};
}

void mail_maker_done(struct mail_maker *maker)
{
	free(maker->text);
	maker->text = NULL;
}

// The beginning of a mail as people send them.
static void add_head(
    unsigned number, unsigned serial, bool stored, struct buf *out)
{
	if (stored)
		buf_add_literal(out, "Return-Path: <sender@example.org>\r\n");
	buf_printf(out,
	    "Received: from mx.example.org (mx.example.org [192.0.2.7])\r\n"
	    "\tby mail.example.net with ESMTPS id 5wYxQ2 for "
	    "<u@example.net>;\r\n"
	    "\tTue, 14 Jan 2003 10:11:12 +0000\r\n"
	    "From: Some Sender <sender@example.org>\r\n"
	    "To: A User <u@example.net>\r\n"
	    "Cc: list@example.org, =?UTF-8?Q?J=C3=B6rg?= "
	    "<joerg@example.org>\r\n"
	    "Subject: The minutes of last week's meeting\r\n"
	    "Date: Tue, 14 Jan 2003 10:11:10 +0000\r\n"
	    "Message-ID: <%03u%07u.minutes@example.org>\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n\r\n",
	    number, serial);
}

void mail_add(const struct mail_maker *maker, unsigned number, unsigned serial,
    bool stored, struct buf *out)
{
	unsigned first = (number * 977 + serial * 13) % TEXT_SPARE;
	size_t start = out->len;
	add_head(number, serial, stored, out);
	size_t rest = maker->size - (out->len - start);
	// The last line is shorter, or one longer, than the others.
	size_t whole = rest / TEXT_LINE - 1;
	size_t tail = rest - whole * TEXT_LINE;
	const char *text = maker->text + (size_t)first * TEXT_LINE;
	buf_add(out, view_of(text, whole * TEXT_LINE));
	if (tail >= TEXT_LINE + 2) {
		buf_add(out, view_of(text, TEXT_LINE));
		tail -= TEXT_LINE;
	} else {
		buf_add(out, view_of(text, TEXT_LINE / 2));
		tail -= TEXT_LINE / 2;
	}
	buf_add(out, view_of(text, tail - 2));
	buf_add_literal(out, "\r\n");
}

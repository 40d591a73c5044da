// SPDX-License-Identifier: Apache-2.0
// This file reads the reply of a server to EHLO (RFC 5321 section 4.1.1.1). It
// has a table of keywords; some have arguments.
#include "base/ascii.h"
#include "wire/date.h"
#include "wire/smtp_command.h"
#include "wire/smtp_reply.h"

// Takes the next word from the front of `*text`. At the end the word is empty.
static struct view take_word(struct view *text)
{
	while (text->len && ascii_is_space(text->ptr[0]))
		*text = view_from(*text, 1);
	size_t len = 0;
	while (len < text->len && !ascii_is_space(text->ptr[len]))
		len++;
	struct view word = view_slice(*text, 0, len);
	*text = view_from(*text, len);
	return word;
}

static uint64_t number_or_zero(struct view text)
{
	uint64_t number;
	return view_to_u64(text, &number) ? number : 0;
}

static void read_size(struct view rest, struct smtp_capabilities *capabilities)
{
	capabilities->size = number_or_zero(take_word(&rest));
}

static void read_auth(struct view rest, struct smtp_capabilities *capabilities)
{
	static const char *const names[] = {
	    "PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"};
	struct view word = take_word(&rest);
	for (; word.len; word = take_word(&rest))
		for (unsigned i = 0; i < ARRAY_LEN(names); i++)
			if (view_eq_nocase(word, view_of_string(names[i])))
				capabilities->auth |= 1u << i;
}

static void read_deliver_by(
    struct view rest, struct smtp_capabilities *capabilities)
{
	capabilities->deliver_by_min = number_or_zero(take_word(&rest));
}

// Reads the arguments of FUTURERELEASE (RFC 4865 section 3).
static void read_future_release(
    struct view rest, struct smtp_capabilities *capabilities)
{
	struct date date;
	capabilities->hold_for_max = number_or_zero(take_word(&rest));
	if (date_parse_rfc3339(take_word(&rest), &date) == RC_OK)
		capabilities->hold_until_max = date.seconds;
}

// RFC 9422 section 4: the value is 1*6DIGIT and not 0. The parser ignores a
// malformed value.
static void read_limits(
    struct view rest, struct smtp_capabilities *capabilities)
{
	const struct {
		const char *name;
		uint32_t *number;
	} rows[] = {
	    {"MAILMAX", &capabilities->mail_max},
	    {"RCPTMAX", &capabilities->rcpt_max},
	    {"RCPTDOMAINMAX", &capabilities->rcpt_domain_max},
	};
	struct view word = take_word(&rest);
	for (; word.len; word = take_word(&rest)) {
		struct view value = word;
		struct view name;
		uint32_t number;
		if (!view_split(&value, '=', &name) || value.len > 6 ||
		    !view_to_u32(value, &number))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(rows); i++)
			if (view_eq_nocase(name, view_of_string(rows[i].name)))
				*rows[i].number = number;
	}
}

static const struct {
	const char *name;
	unsigned extension;
	void (*read)(struct view rest, struct smtp_capabilities *capabilities);
} keyword_rows[] = {
    {"SIZE", SMTP_EXT_SIZE, read_size},
    {"8BITMIME", SMTP_EXT_8BITMIME, NULL},
    {"BINARYMIME", SMTP_EXT_BINARYMIME, NULL},
    {"CHUNKING", SMTP_EXT_CHUNKING, NULL},
    {"SMTPUTF8", SMTP_EXT_SMTPUTF8, NULL},
    {"DSN", SMTP_EXT_DSN, NULL},
    {"AUTH", SMTP_EXT_AUTH, read_auth},
    {"FUTURERELEASE", SMTP_EXT_FUTURERELEASE, read_future_release},
    {"DELIVERBY", SMTP_EXT_DELIVERBY, read_deliver_by},
    {"REQUIRETLS", SMTP_EXT_REQUIRETLS, NULL},
    {"STARTTLS", SMTP_EXT_STARTTLS, NULL},
    {"LIMITS", 0, read_limits},
};

static void read_keyword(
    struct view line, struct smtp_capabilities *capabilities)
{
	struct view word = take_word(&line);
	// Servers sent "AUTH=PLAIN LOGIN" before RFC 2554.
	if (view_starts_with_nocase(word, VIEW("AUTH="))) {
		capabilities->extensions |= SMTP_EXT_AUTH;
		read_auth(view_from(word, 5), capabilities);
		read_auth(line, capabilities);
		return;
	}
	if (view_eq_nocase(word, VIEW("PIPELINING")))
		capabilities->pipelining = true;
	if (view_eq_nocase(word, VIEW("ENHANCEDSTATUSCODES")))
		capabilities->enhanced_status_codes = true;
	for (size_t i = 0; i < ARRAY_LEN(keyword_rows); i++) {
		if (!view_eq_nocase(word, view_of_string(keyword_rows[i].name)))
			continue;
		capabilities->extensions |= keyword_rows[i].extension;
		if (keyword_rows[i].read)
			keyword_rows[i].read(line, capabilities);
	}
}

void smtp_capabilities_parse(
    const struct smtp_reply *reply, struct smtp_capabilities *ret_capabilities)
{
	*ret_capabilities = (struct smtp_capabilities){0};
	struct view text = reply->text;
	struct view line;
	bool first = true;
	while (smtp_reply_next_line(&text, &line)) {
		if (!first)
			read_keyword(line, ret_capabilities);
		first = false;
	}
}

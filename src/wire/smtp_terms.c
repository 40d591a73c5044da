// SPDX-License-Identifier: Apache-2.0
#include "wire/smtp_terms.h"

static const char *const bodies[] = {"7BIT", "8BITMIME", "BINARYMIME"};
static const char *const rets[] = {"", "FULL", "HDRS"};
static const char *const notifies[SMTP_NOTIFY_COUNT] = {
    "NEVER", "SUCCESS", "FAILURE", "DELAY"};
static const char *const bys[] = {"", "N", "R"};

// These are IANA's "Mail Transmission Types" (RFC 3848; RFC 6531 section
// 4.3). The indexes are `utf8`, LMTP, and a sum of 1 for TLS and 2 for a login.
static const char *const protocols[2][2][4] = {
    {{"ESMTP", "ESMTPS", "ESMTPA", "ESMTPSA"},
	{"LMTP", "LMTPS", "LMTPA", "LMTPSA"}},
    {{"UTF8SMTP", "UTF8SMTPS", "UTF8SMTPA", "UTF8SMTPSA"},
	{"UTF8LMTP", "UTF8LMTPS", "UTF8LMTPA", "UTF8LMTPSA"}},
};

// Finds the number of `word` in the table. Upper and lower case are equal.
static bool find(const char *const *names, size_t count, struct view word,
    size_t *ret_number)
{
	for (size_t i = 0; word.len > 0 && i < count; i++)
		if (view_eq_nocase(word, view_of_string(names[i]))) {
			*ret_number = i;
			return true;
		}
	return false;
}

const char *smtp_body_name(enum smtp_body body)
{
	return bodies[body];
}

bool smtp_body_find(struct view word, enum smtp_body *ret_body)
{
	size_t number;
	if (!find(bodies, ARRAY_LEN(bodies), word, &number))
		return false;
	*ret_body = (enum smtp_body)number;
	return true;
}

const char *smtp_ret_name(enum smtp_ret ret)
{
	return rets[ret];
}

bool smtp_ret_find(struct view word, enum smtp_ret *ret_ret)
{
	size_t number;
	if (!find(rets, ARRAY_LEN(rets), word, &number))
		return false;
	*ret_ret = (enum smtp_ret)number;
	return true;
}

const char *smtp_notify_name(unsigned number)
{
	return notifies[number];
}

bool smtp_notify_find(struct view word, unsigned *ret_notify)
{
	size_t number;
	if (!find(notifies, ARRAY_LEN(notifies), word, &number))
		return false;
	*ret_notify = 1u << number;
	return true;
}

const char *smtp_by_name(enum smtp_by by)
{
	return bys[by];
}

bool smtp_by_find(struct view word, enum smtp_by *ret_by)
{
	size_t number;
	if (!find(bys, ARRAY_LEN(bys), word, &number))
		return false;
	*ret_by = (enum smtp_by)number;
	return true;
}

const char *smtp_protocol_name(const struct smtp_protocol *protocol)
{
	if (protocol->family == SMTP_FAMILY_HTTP)
		return "HTTP";
	bool lmtp = protocol->family == SMTP_FAMILY_LMTP;
	unsigned over =
	    (protocol->tls ? 1u : 0) | (protocol->authenticated ? 2u : 0);
	if (protocol->family == SMTP_FAMILY_SMTP && !protocol->utf8 &&
	    over == 0)
		return "SMTP";
	return protocols[protocol->utf8][lmtp][over];
}

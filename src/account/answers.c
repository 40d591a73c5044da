// SPDX-License-Identifier: Apache-2.0
// Answers in JSON.
#include "account/impl.h"

#define ANSWER_MAX ((size_t)262144) // bytes

void account_out_begin(struct account_out *out)
{
	buf_init(&out->text, ANSWER_MAX);
	json_text_init(&out->json, &out->text);
	json_begin_object(&out->json);
}

enum http_step account_out_end(
    struct account_out *out, struct http_exchange *exchange, unsigned status)
{
	json_end_object(&out->json);
	buf_add_char(&out->text, '\n');
	enum http_step step =
	    buf_status(&out->text) == RC_OK
		? http_answer(exchange, status, "application/json",
		      buf_view(&out->text))
		: http_status(exchange, 500);
	buf_done_secret(&out->text);
	return step;
}

enum http_step account_answer(
    struct http_exchange *exchange, unsigned status, const char *word)
{
	struct account_out out;
	account_out_begin(&out);
	json_member_string(&out.json, "status", view_of_string(word));
	return account_out_end(&out, exchange, status);
}

enum http_step account_answer_rc(struct http_exchange *exchange, enum rc rc)
{
	switch (rc) {
	case RC_OK: return account_answer(exchange, 200, "ok");
	case RC_NOT_FOUND: return account_answer(exchange, 404, "not-found");
	case RC_LIMIT: return account_answer(exchange, 409, "too-many");
	case RC_DENIED: return account_answer(exchange, 403, "not-allowed");
	case RC_INVALID:
	case RC_SYNTAX:
	case RC_CHARSET: return account_answer(exchange, 400, "invalid");
	// Shut out meanwhile.
	case RC_GONE:
	case RC_AUTH: return account_answer(exchange, 401, "logged-out");
	case RC_MORE:
	case RC_END:
	case RC_EXISTS:
	case RC_CONFLICT:
	case RC_QUOTA:
	case RC_FULL:
	case RC_IN_USE:
	case RC_UNSUPPORTED:
	case RC_CLOSED:
	case RC_CORRUPT:
	case RC_IO: break;
	}
	return account_answer(exchange, 503, "trouble");
}

// Ids are texts, because JavaScript's numbers have 53 bits.
void account_json_id(struct json_text *json, const char *name, uint64_t id)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%llu", (unsigned long long)id);
	json_member_string(json, name, view_of(text, (size_t)len));
}

void account_json_time(
    struct json_text *json, const char *name, int64_t seconds)
{
	json_key(json, name);
	if (seconds == 0)
		json_add_null(json);
	else
		json_add_utc_date(json, seconds);
}

enum http_step account_oauth_error(
    struct http_exchange *exchange, enum oauth_error error, const char *why)
{
	struct account_out out;
	account_out_begin(&out);
	json_member_string(
	    &out.json, "error", view_of_string(oauth_error_code(error)));
	if (why)
		json_member_string(
		    &out.json, "error_description", view_of_string(why));
	return account_out_end(&out, exchange, oauth_error_status(error));
}

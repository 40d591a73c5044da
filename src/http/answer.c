// SPDX-License-Identifier: Apache-2.0
// The answer of a handler: what it sets, and what the room adds.
#include "http/impl.h"

#include "base/clock.h"
#include "wire/date.h"

// So much memory is kept for what comes next, when everything is sent.
#define KEEP_BYTES 4096

void answer_init(struct answer *answer)
{
	*answer = (struct answer){
	    .status = 200,
	    .modified = INT64_MIN,
	};
	buf_init(&answer->body, HTTP_ANSWER_MAX);
}

void answer_done(struct answer *answer)
{
	buf_done_secret(&answer->body);
	vec_done(&answer->fields);
}

// ---- What a handler sets ---------------------------------------------------

void http_set_status(struct http_exchange *exchange, unsigned status)
{
	exchange_of(exchange)->answer.status = status;
}

static struct answer_field *find(const struct answer *answer, const char *name)
{
	for (size_t i = 0; i < answer->fields.count; i++)
		if (view_eq_nocase(view_of_string(answer->fields.items[i].name),
			view_of_string(name)))
			return &answer->fields.items[i];
	return NULL;
}

const struct answer_field *answer_find(
    const struct answer *answer, const char *name)
{
	return find(answer, name);
}

// A value with a line end would begin another field, so it is dropped.
void http_add_field(
    struct http_exchange *exchange, const char *name, struct view value)
{
	struct answer *answer = &exchange_of(exchange)->answer;
	if (answer->ready || !http_is_field_value(value))
		return;
	struct answer_field field = {name, arena_copy(&exchange->arena, value)};
	vec_push(&answer->fields, field);
}

void http_set_field(
    struct http_exchange *exchange, const char *name, struct view value)
{
	struct answer *answer = &exchange_of(exchange)->answer;
	struct answer_field *field = find(answer, name);
	if (!field)
		http_add_field(exchange, name, value);
	else if (!answer->ready && http_is_field_value(value))
		field->value = arena_copy(&exchange->arena, value);
}

static struct view quote(struct arena *arena, struct view tag)
{
	char *text = arena_alloc(arena, tag.len + 2);
	text[0] = text[tag.len + 1] = '"';
	if (tag.len > 0)
		memcpy(text + 1, tag.ptr, tag.len);
	return view_of(text, tag.len + 2);
}

void http_set_etag(struct http_exchange *exchange, struct view tag)
{
	exchange_of(exchange)->answer.etag = quote(&exchange->arena, tag);
}

void http_set_modified(struct http_exchange *exchange, int64_t seconds)
{
	exchange_of(exchange)->answer.modified = seconds;
}

void http_add_body(struct http_exchange *shown, struct view bytes)
{
	struct exchange *exchange = exchange_of(shown);
	struct answer *answer = &exchange->answer;
	answer->added += bytes.len;
	if (!answer->streamed || !shown->request.head)
		buf_add(&answer->body, bytes);
}

void http_stream(struct http_exchange *exchange, uint64_t length)
{
	struct answer *answer = &exchange_of(exchange)->answer;
	answer->streamed = true;
	answer->length = length;
	answer->added = answer->body.len;
}

bool http_is_full(const struct http_exchange *exchange)
{
	return answer_rest(&((const struct exchange *)exchange)->answer).len >=
	       HTTP_PENDING_HIGH;
}

struct view answer_rest(const struct answer *answer)
{
	return view_from(buf_view(&answer->body), answer->at);
}

// What is sent is dropped when it is more than what is left, so that each byte
// is moved at most once.
void answer_took(struct answer *answer, size_t len)
{
	answer->at += len;
	answer->body_bytes += len;
	if (answer->at < answer->body.len - answer->at)
		return;
	buf_consume(&answer->body, answer->at);
	answer->at = 0;
	// It may take long until there is more.
	if (answer->body.len == 0 && answer->body.capacity > KEEP_BYTES &&
	    buf_status(&answer->body) == RC_OK)
		buf_done_secret(&answer->body);
}

// ---- Whole answers ---------------------------------------------------------

enum http_step http_answer(struct http_exchange *exchange, unsigned status,
    const char *type, struct view body)
{
	struct answer *answer = &exchange_of(exchange)->answer;
	answer->status = status;
	buf_reset(&answer->body);
	http_set_field(exchange, "Content-Type", view_of_string(type));
	http_add_body(exchange, body);
	return HTTP_DONE;
}

enum http_step http_status(struct http_exchange *exchange, unsigned status)
{
	char text[100];
	struct answer *answer = &exchange_of(exchange)->answer;
	// What was set for another answer does not describe this one.
	answer->etag = view_of(NULL, 0);
	answer->modified = INT64_MIN;
	answer->streamed = false;
	answer->status = status;
	buf_reset(&answer->body);
	if (status == 204 || status == 304)
		return HTTP_DONE;
	int len = snprintf(
	    text, sizeof(text), "%u %s\n", status, http_status_text(status));
	return http_answer(exchange, status, "text/plain; charset=utf-8",
	    view_of(text, (size_t)len));
}

enum http_step http_redirect(
    struct http_exchange *exchange, unsigned status, struct view location)
{
	http_set_field(exchange, "Location", location);
	return http_status(exchange, status);
}

const char *http_status_text(unsigned status)
{
	static const struct {
		unsigned status;
		const char *text;
	} texts[] = {
	    {100, "Continue"},
	    {101, "Switching Protocols"},
	    {200, "OK"},
	    {201, "Created"},
	    {202, "Accepted"},
	    {204, "No Content"},
	    {206, "Partial Content"},
	    {301, "Moved Permanently"},
	    {302, "Found"},
	    {303, "See Other"},
	    {304, "Not Modified"},
	    {307, "Temporary Redirect"},
	    {308, "Permanent Redirect"},
	    {400, "Bad Request"},
	    {401, "Unauthorized"},
	    {403, "Forbidden"},
	    {404, "Not Found"},
	    {405, "Method Not Allowed"},
	    {406, "Not Acceptable"},
	    {408, "Request Timeout"},
	    {409, "Conflict"},
	    {410, "Gone"},
	    {412, "Precondition Failed"},
	    {413, "Content Too Large"},
	    {414, "URI Too Long"},
	    {415, "Unsupported Media Type"},
	    {416, "Range Not Satisfiable"},
	    {417, "Expectation Failed"},
	    {421, "Misdirected Request"},
	    {422, "Unprocessable Content"},
	    {426, "Upgrade Required"},
	    {429, "Too Many Requests"},
	    {431, "Request Header Fields Too Large"},
	    {500, "Internal Server Error"},
	    {501, "Not Implemented"},
	    {503, "Service Unavailable"},
	    {504, "Gateway Timeout"},
	    {505, "HTTP Version Not Supported"},
	    {507, "Insufficient Storage"},
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "Unknown";
}

// ---- Ranges (RFC 9110 section 14) ------------------------------------------

// Reads "bytes=first-last". False: there is no such single range, and the whole
// is sent (section 14.2). *ret_first > *ret_last: it cannot be satisfied.
static bool parse_range(
    struct view text, uint64_t length, uint64_t *ret_first, uint64_t *ret_last)
{
	uint64_t first = 0, last = UINT64_MAX;
	if (!view_starts_with_nocase(text, VIEW("bytes=")))
		return false;
	text = view_trim(view_from(text, 6));
	size_t dash = view_find_char(text, '-');
	if (dash == SIZE_MAX)
		return false;
	struct view from = view_slice(text, 0, dash);
	struct view to = view_from(text, dash + 1);
	if (from.len > 0 && !view_to_u64(from, &first))
		return false;
	if ((to.len > 0 || from.len == 0) && !view_to_u64(to, &last))
		return false;
	if (from.len > 0 && first > last)
		return false;
	if (from.len == 0) { // the last bytes
		first = last < length ? length - last : 0;
		if (last == 0)
			first = length;
		last = UINT64_MAX;
	}
	*ret_first = first;
	*ret_last = last < length ? last : length - 1;
	if (first >= length)
		*ret_last = 0, *ret_first = 1;
	return true;
}

// Which part of a body of `length` bytes the client asked for. Sets the status
// to 206, or answers 416, and then returns true.
static bool choose_range(struct exchange *exchange, uint64_t length,
    uint64_t *ret_first, uint64_t *ret_last)
{
	struct answer *answer = &exchange->answer;
	const struct http_request *request = &exchange->shown.request;
	struct view range = http_field(request, "Range");
	uint64_t first, last;
	char text[80];
	if (range.len == 0 || request->head ||
	    !http_if_range(request, answer->etag, answer->modified) ||
	    !parse_range(range, length, &first, &last))
		return false;
	if (first > last) {
		snprintf(text, sizeof(text), "bytes */%llu",
		    (unsigned long long)length);
		http_status(&exchange->shown, 416);
	} else {
		snprintf(text, sizeof(text), "bytes %llu-%llu/%llu",
		    (unsigned long long)first, (unsigned long long)last,
		    (unsigned long long)length);
		answer->status = 206;
		*ret_first = first;
		*ret_last = last;
	}
	http_set_field(&exchange->shown, "Content-Range", view_of_string(text));
	return true;
}

// Takes the part out of the body that the client asked for. Returns whether
// there is nothing more to do with it.
static bool apply_range(struct exchange *exchange)
{
	struct answer *answer = &exchange->answer;
	uint64_t first, last;
	if (!choose_range(exchange, answer->body.len, &first, &last))
		return false;
	if (answer->status == 206) {
		buf_truncate(&answer->body, (size_t)last + 1);
		buf_consume(&answer->body, (size_t)first);
	}
	return true;
}

// ---- The end of a whole answer ---------------------------------------------

// Only for GET.
static bool apply_conditions(struct exchange *exchange)
{
	struct answer *answer = &exchange->answer;
	unsigned status = http_conditions(
	    &exchange->shown.request, answer->etag, answer->modified);
	if (status == 412) {
		http_status(&exchange->shown, 412);
	} else if (status == 304) {
		answer->status = 304;
		buf_reset(&answer->body);
	}
	return status != 0;
}

unsigned http_stream_range(struct http_exchange *shown, uint64_t length,
    uint64_t *ret_first, uint64_t *ret_len)
{
	struct exchange *exchange = exchange_of(shown);
	struct answer *answer = &exchange->answer;
	uint64_t first = 0, last = length - 1;
	if (apply_conditions(exchange))
		return answer->status;
	http_set_field(shown, "Accept-Ranges", VIEW("bytes"));
	if (choose_range(exchange, length, &first, &last) &&
	    answer->status == 416)
		return 416;
	*ret_first = first;
	*ret_len = length > 0 ? last - first + 1 : 0;
	http_stream(shown, *ret_len);
	return answer->status;
}

void answer_complete(struct exchange *exchange)
{
	struct answer *answer = &exchange->answer;
	bool page = exchange->route && answer->status == 200 &&
		    exchange->shown.request.method == HTTP_GET;
	if (!page || !apply_conditions(exchange)) {
		if (page && answer->body.len > 0)
			http_set_field(
			    &exchange->shown, "Accept-Ranges", VIEW("bytes"));
		if (!page || !apply_range(exchange))
			answer_compress(exchange);
	}
	answer->ready = true;
}

bool answer_has_body(const struct exchange *exchange)
{
	unsigned status = exchange->answer.status;
	return status != 204 && status != 304 && !exchange->shown.request.head;
}

// ---- What every answer has -------------------------------------------------

void http_date_add(struct buf *out, int64_t seconds)
{
	date_format_rfc5322((struct date){.seconds = seconds}, out);
	buf_truncate(out, out->len - 5); // "+0000"
	buf_add_literal(out, "GMT");
}

// Adds it unless the handler has set one.
static void add_default(
    struct exchange *exchange, const char *name, struct view value)
{
	struct answer_field field = {
	    name, arena_copy(&exchange->shown.arena, value)};
	if (!find(&exchange->answer, name))
		vec_push(&exchange->answer.fields, field);
}

static void add_dates(struct exchange *exchange)
{
	const struct clock *clock = exchange->session->base.server->clock;
	const struct answer *answer = &exchange->answer;
	struct buf text;
	buf_init(&text, 64);
	http_date_add(&text, clock_wall_seconds(clock));
	add_default(exchange, "Date", buf_view(&text));
	if (answer->modified != INT64_MIN) {
		buf_reset(&text);
		http_date_add(&text, answer->modified);
		add_default(exchange, "Last-Modified", buf_view(&text));
	}
	buf_done(&text);
}

// A page of this server may do nothing in a browser, and be part of no other
// page, unless its handler says otherwise.
static void add_safety(struct exchange *exchange)
{
	uint32_t seconds = exchange->session->server->limits.hsts_seconds;
	static const struct {
		const char *name;
		const char *value;
	} safe[] = {
	    {"Content-Security-Policy",
		"default-src 'none'; base-uri 'none'; form-action 'none'; "
		"frame-ancestors 'none'"},
	    {"X-Content-Type-Options", "nosniff"},
	    {"Referrer-Policy", "no-referrer"},
	    {"Cross-Origin-Resource-Policy", "same-origin"},
	    {"Cache-Control", "no-store"},
	};
	for (size_t i = 0; i < ARRAY_LEN(safe); i++)
		add_default(
		    exchange, safe[i].name, view_of_string(safe[i].value));
	// RFC 6797 section 7.2: never without TLS.
	if (!exchange->shown.request.tls || seconds == 0)
		return;
	char text[40];
	snprintf(text, sizeof(text), "max-age=%u", seconds);
	add_default(
	    exchange, "Strict-Transport-Security", view_of_string(text));
}

void answer_add_defaults(struct exchange *exchange)
{
	const struct answer *answer = &exchange->answer;
	uint64_t length = answer->streamed ? answer->length : answer->body.len;
	bool described = answer->status != 204 && answer->status != 304;
	char text[24];
	add_dates(exchange);
	if (exchange->websocket) // no page, and it has no end to tell
		return;
	if (answer->etag.len > 0)
		add_default(exchange, "ETag", answer->etag);
	if (described && length > 0)
		add_default(
		    exchange, "Content-Type", VIEW("application/octet-stream"));
	if (described && length != HTTP_LENGTH_UNKNOWN) {
		snprintf(
		    text, sizeof(text), "%llu", (unsigned long long)length);
		add_default(exchange, "Content-Length", view_of_string(text));
	}
	add_safety(exchange);
}

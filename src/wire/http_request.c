// SPDX-License-Identifier: Apache-2.0
#include "wire/http_request.h"

#include "base/ascii.h"

// ---- Characters and words --------------------------------------------------

// tchar (RFC 9110 section 5.6.2).
static bool is_tchar(char c)
{
	static const char others[] = "!#$%&'*+-.^_`|~";
	return ascii_is_alnum(c) || c == '-' ||
	       view_find_char(VIEW(others), c) != SIZE_MAX;
}

bool http_is_token(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_tchar(text.ptr[i]))
			return false;
	return text.len > 0;
}

// RFC 9110 section 5.5.
bool http_is_field_value(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (ascii_is_control(text.ptr[i]) && text.ptr[i] != '\t')
			return false;
	return true;
}

static struct view trim_blanks(struct view text)
{
	while (text.len > 0 && ascii_is_blank(text.ptr[0]))
		text = view_from(text, 1);
	while (text.len > 0 && ascii_is_blank(text.ptr[text.len - 1]))
		text.len--;
	return text;
}

// The end of the element at the front of `list`: a comma outside quotes.
static size_t element_end(struct view list)
{
	bool quoted = false;
	size_t i;
	for (i = 0; i < list.len; i++) {
		char c = list.ptr[i];
		if (c == ',' && !quoted)
			break;
		if (c == '"')
			quoted = !quoted;
		else if (c == '\\' && quoted)
			i++;
	}
	return i < list.len ? i : list.len;
}

bool http_list_next(struct view *list, struct view *ret_element)
{
	while (list->len > 0) {
		size_t end = element_end(*list);
		struct view element = trim_blanks(view_slice(*list, 0, end));
		*list = view_from(*list, end + 1);
		if (element.len == 0)
			continue;
		*ret_element = element;
		return true;
	}
	return false;
}

bool http_field_find(const struct http_field *fields, size_t count,
    struct view name, struct view *ret_value)
{
	for (size_t i = 0; i < count; i++) {
		if (!view_eq_nocase(fields[i].name, name))
			continue;
		*ret_value = fields[i].value;
		return true;
	}
	return false;
}

static size_t count_fields(const struct http_head *head, struct view name)
{
	size_t count = 0;
	for (size_t i = 0; i < head->field_count; i++)
		count += view_eq_nocase(head->fields[i].name, name);
	return count;
}

// ---- Authority -------------------------------------------------------------

// reg-name and IPv4 (RFC 3986 section 3.2.2), without percent-encoding and
// sub-delims: no name of a server has them.
static bool is_host(struct view host)
{
	bool bracket =
	    host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
	struct view inside = bracket ? view_slice(host, 1, host.len - 2) : host;
	for (size_t i = 0; i < inside.len; i++) {
		char c = inside.ptr[i];
		bool fits =
		    bracket
			? ascii_hex_value(c) >= 0 || c == ':' || c == '.'
			: ascii_is_alnum(c) || c == '-' || c == '.' || c == '_';
		if (!fits)
			return false;
	}
	return inside.len > 0;
}

bool http_authority_split(
    struct view authority, struct view *ret_host, uint16_t *ret_port)
{
	struct view host = authority;
	uint32_t port = 0;
	size_t after = 0;
	if (host.len > 0 && host.ptr[0] == '[')
		after = view_find_char(host, ']');
	if (after == SIZE_MAX)
		return false;
	size_t colon = view_find_char(view_from(authority, after), ':');
	if (colon != SIZE_MAX) {
		struct view digits = view_from(authority, after + colon + 1);
		host = view_slice(authority, 0, after + colon);
		if (digits.len > 0 &&
		    (!view_to_u32(digits, &port) || port > UINT16_MAX))
			return false;
	}
	if (!is_host(host))
		return false;
	*ret_host = host;
	*ret_port = (uint16_t)port;
	return true;
}

// ---- The end of the head ---------------------------------------------------

// Each bare LF is looked at, too: the head is refused later, but its end has to
// be found, or the client would wait for an answer in vain.
enum rc http_head_find(
    struct view in, size_t max, size_t *scanned, size_t *ret_len)
{
	size_t skip = view_starts_with(in, VIEW("\r\n")) ? 2 : 0;
	size_t at = *scanned > skip ? *scanned : skip;
	size_t end = in.len < max ? in.len : max;
	while (at < end) {
		size_t lf = view_find_char(view_slice(in, at, end - at), '\n');
		if (lf == SIZE_MAX)
			break;
		at += lf + 1;
		struct view line = view_slice(in, 0, at - 1);
		if (view_ends_with(line, VIEW("\r")))
			line.len--;
		if (line.len == skip || line.ptr[line.len - 1] == '\n') {
			*ret_len = at;
			return RC_OK;
		}
	}
	if (in.len >= max)
		return RC_LIMIT;
	*scanned = end;
	return RC_MORE;
}

// ---- The request line (RFC 9112 section 3) ---------------------------------

static enum rc refuse(
    struct http_refusal *ret_refusal, unsigned status, const char *why)
{
	*ret_refusal = (struct http_refusal){status, why};
	return RC_SYNTAX;
}

// Removes the next line, which has to end with CRLF and to have no other CR.
static bool take_line(struct view *text, struct view *ret_line)
{
	size_t lf = view_find_char(*text, '\n');
	if (lf == SIZE_MAX || lf == 0 || text->ptr[lf - 1] != '\r')
		return false;
	struct view line = view_slice(*text, 0, lf - 1);
	*text = view_from(*text, lf + 1);
	*ret_line = line;
	return view_find_char(line, '\r') == SIZE_MAX;
}

// Printable US-ASCII. A "#" would begin a fragment, which is never sent.
static bool is_target_text(struct view target)
{
	for (size_t i = 0; i < target.len; i++) {
		char c = target.ptr[i];
		if (c <= ' ' || c >= 0x7f || c == '#')
			return false;
	}
	return target.len > 0;
}

static void split_query(struct http_head *head, struct view rest)
{
	size_t mark = view_find_char(rest, '?');
	head->path = view_slice(rest, 0, mark);
	head->query =
	    mark == SIZE_MAX ? view_of(NULL, 0) : view_from(rest, mark + 1);
}

static bool split_absolute(struct http_head *head)
{
	struct view rest = head->target;
	if (view_starts_with_nocase(rest, VIEW("http://")))
		rest = view_from(rest, 7);
	else if (view_starts_with_nocase(rest, VIEW("https://")))
		rest = view_from(rest, 8);
	else
		return false;
	size_t end = 0;
	while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?')
		end++;
	head->form = HTTP_TARGET_ABSOLUTE;
	head->authority = view_slice(rest, 0, end);
	split_query(head, view_from(rest, end));
	// RFC 9110 section 4.2.3: an empty path is "/".
	if (head->path.len == 0)
		head->path = VIEW("/");
	return head->authority.len > 0;
}

static bool split_target(struct http_head *head)
{
	if (!is_target_text(head->target))
		return false;
	if (head->target.ptr[0] == '/') {
		head->form = HTTP_TARGET_ORIGIN;
		split_query(head, head->target);
		return true;
	}
	if (view_eq(head->target, VIEW("*"))) {
		head->form = HTTP_TARGET_ASTERISK;
		head->path = head->target;
		return view_eq(head->method, VIEW("OPTIONS"));
	}
	// The authority-form belongs to CONNECT, which is a proxy's.
	return split_absolute(head);
}

static enum rc parse_request_line(struct view line,
    const struct http_head_limits *limits, struct http_head *head,
    struct http_refusal *ret_refusal)
{
	struct view rest = line;
	if (!view_split(&rest, ' ', &head->method) ||
	    !view_split(&rest, ' ', &head->target) ||
	    !http_is_token(head->method))
		return refuse(ret_refusal, 400, "bad request line");
	if (rest.len != 8 || !view_starts_with(rest, VIEW("HTTP/")) ||
	    !ascii_is_digit(rest.ptr[5]) || rest.ptr[6] != '.' ||
	    !ascii_is_digit(rest.ptr[7]))
		return refuse(ret_refusal, 400, "bad version");
	if (rest.ptr[5] != '1')
		return refuse(ret_refusal, 505, "unknown version");
	// A higher minor version is read as the one that is known (RFC 9110
	// section 2.5).
	head->minor = rest.ptr[7] == '0' ? 0 : 1;
	if (head->target.len > limits->target_bytes)
		return refuse(ret_refusal, 414, "target too long");
	if (!split_target(head))
		return refuse(ret_refusal, 400, "bad target");
	return RC_OK;
}

// ---- Fields (RFC 9112 section 5) -------------------------------------------

static enum rc parse_field(struct view line, struct http_field *ret_field,
    struct http_refusal *ret_refusal)
{
	// obs-fold (RFC 9112 section 5.2).
	if (ascii_is_blank(line.ptr[0]))
		return refuse(ret_refusal, 400, "folded field");
	size_t colon = view_find_char(line, ':');
	if (colon == SIZE_MAX)
		return refuse(ret_refusal, 400, "field without a colon");
	struct http_field field = {
	    .name = view_slice(line, 0, colon),
	    .value = trim_blanks(view_from(line, colon + 1)),
	};
	// A blank before the colon is refused with this (section 5.1).
	if (!http_is_token(field.name))
		return refuse(ret_refusal, 400, "bad field name");
	if (!http_is_field_value(field.value))
		return refuse(ret_refusal, 400, "bad field value");
	*ret_field = field;
	return RC_OK;
}

static enum rc parse_fields(struct view *text,
    const struct http_head_limits *limits, struct http_head *head,
    struct http_refusal *ret_refusal)
{
	struct view line;
	while (take_line(text, &line)) {
		if (line.len == 0)
			return RC_OK;
		if (head->field_count >= limits->fields ||
		    head->field_count >= HTTP_FIELDS_MAX)
			return refuse(ret_refusal, 431, "too many fields");
		enum rc rc = parse_field(
		    line, &head->fields[head->field_count], ret_refusal);
		if (rc != RC_OK)
			return rc;
		head->field_count++;
	}
	return refuse(ret_refusal, 400, "bare CR or LF");
}

// ---- What the fields mean for the message ----------------------------------

// RFC 9112 section 3.2. A client may send the authority twice, in the target
// and in Host; then both have to say the same.
static enum rc check_host(
    struct http_head *head, struct http_refusal *ret_refusal)
{
	struct view host = {0}, name;
	uint16_t port;
	size_t count = count_fields(head, VIEW("Host"));
	if (count > 1)
		return refuse(ret_refusal, 400, "several Host fields");
	if (!http_field_find(
		head->fields, head->field_count, VIEW("Host"), &host)) {
		if (head->minor > 0)
			return refuse(ret_refusal, 400, "no Host field");
	} else if (!http_authority_split(host, &name, &port)) {
		return refuse(ret_refusal, 400, "bad Host field");
	}
	if (head->form != HTTP_TARGET_ABSOLUTE) {
		head->authority = host;
		return RC_OK;
	}
	if (!http_authority_split(head->authority, &name, &port))
		return refuse(ret_refusal, 400, "bad target");
	if (count > 0 && !view_eq_nocase(host, head->authority))
		return refuse(ret_refusal, 400, "Host differs from the target");
	return RC_OK;
}

// RFC 9112 sections 6.1 to 6.3. Section 6.3 lets a server read a repeated
// length that is always the same; a client that sends one is refused here.
static enum rc check_framing(
    struct http_head *head, struct http_refusal *ret_refusal)
{
	struct view coding, length;
	size_t codings = count_fields(head, VIEW("Transfer-Encoding"));
	size_t lengths = count_fields(head, VIEW("Content-Length"));
	bool coded = http_field_find(head->fields, head->field_count,
	    VIEW("Transfer-Encoding"), &coding);
	bool measured = http_field_find(
	    head->fields, head->field_count, VIEW("Content-Length"), &length);
	if (coded && measured)
		return refuse(ret_refusal, 400,
		    "Content-Length beside Transfer-Encoding");
	if (coded && head->minor == 0)
		return refuse(
		    ret_refusal, 400, "Transfer-Encoding in HTTP/1.0");
	if (codings > 1 || (coded && !view_eq_nocase(coding, VIEW("chunked"))))
		return refuse(ret_refusal, 501, "unknown Transfer-Encoding");
	if (lengths > 1 || (measured && !view_to_u64(length, &head->length)))
		return refuse(ret_refusal, 400, "bad Content-Length");
	head->framing = coded      ? HTTP_FRAMING_CHUNKED
			: measured ? HTTP_FRAMING_LENGTH
				   : HTTP_FRAMING_NONE;
	return RC_OK;
}

// RFC 9112 section 9.3.
static void read_connection(struct http_head *head)
{
	head->keep_alive = head->minor > 0;
	for (size_t i = 0; i < head->field_count; i++) {
		struct view list = head->fields[i].value, option;
		if (!view_eq_nocase(head->fields[i].name, VIEW("Connection")))
			continue;
		while (http_list_next(&list, &option)) {
			if (view_eq_nocase(option, VIEW("close"))) {
				head->keep_alive = false;
				return;
			}
			if (view_eq_nocase(option, VIEW("keep-alive")))
				head->keep_alive = true;
		}
	}
}

// RFC 9110 section 10.1.1: what HTTP/1.0 expects is ignored.
static enum rc check_expect(
    struct http_head *head, struct http_refusal *ret_refusal)
{
	struct view value;
	if (head->minor == 0 || !http_field_find(head->fields,
				    head->field_count, VIEW("Expect"), &value))
		return RC_OK;
	if (!view_eq_nocase(value, VIEW("100-continue")))
		return refuse(ret_refusal, 417, "unknown expectation");
	head->expect_continue = head->framing != HTTP_FRAMING_NONE;
	return RC_OK;
}

enum rc http_head_parse(struct view text, const struct http_head_limits *limits,
    struct http_head *ret_head, struct http_refusal *ret_refusal)
{
	struct view line;
	struct http_head *head = ret_head;
	head->field_count = 0;
	head->length = 0;
	head->expect_continue = false;
	head->authority = head->query = view_of(NULL, 0);
	if (view_starts_with(text, VIEW("\r\n")))
		text = view_from(text, 2);
	if (!take_line(&text, &line))
		return refuse(ret_refusal, 400, "bare CR or LF");
	enum rc rc = parse_request_line(line, limits, head, ret_refusal);
	if (rc == RC_OK)
		rc = parse_fields(&text, limits, head, ret_refusal);
	if (rc == RC_OK)
		rc = check_host(head, ret_refusal);
	if (rc == RC_OK)
		rc = check_framing(head, ret_refusal);
	if (rc == RC_OK)
		rc = check_expect(head, ret_refusal);
	if (rc == RC_OK)
		read_connection(head);
	return rc;
}

// ---- Chunks ----------------------------------------------------------------

// Takes a line up to `max` bytes with its CRLF.
static enum rc chunk_line(
    struct view in, size_t max, struct view *ret_line, size_t *ret_used)
{
	size_t lf = view_find_char(view_slice(in, 0, max), '\n');
	if (lf == SIZE_MAX)
		return in.len >= max ? RC_SYNTAX : RC_MORE;
	struct view rest = view_slice(in, 0, lf + 1);
	*ret_used = lf + 1;
	return take_line(&rest, ret_line) ? RC_OK : RC_SYNTAX;
}

static enum rc read_size(
    struct http_chunks *chunks, struct view in, size_t *ret_used)
{
	struct view line;
	uint64_t size = 0;
	enum rc rc = chunk_line(in, HTTP_CHUNK_LINE_MAX, &line, ret_used);
	if (rc != RC_OK)
		return rc;
	// 15 digits, so that sums of sizes do not overflow either.
	if (line.len == 0 || line.len > 15)
		return RC_SYNTAX;
	for (size_t i = 0; i < line.len; i++) {
		int digit = ascii_hex_value(line.ptr[i]);
		if (digit < 0)
			return RC_SYNTAX;
		size = size << 4 | (unsigned)digit;
	}
	chunks->left = size;
	chunks->state = size > 0 ? HTTP_CHUNK_DATA : HTTP_CHUNK_TRAILER;
	return RC_OK;
}

static enum rc read_data_end(
    struct http_chunks *chunks, struct view in, size_t *ret_used)
{
	if (in.len < 2 && view_starts_with(VIEW("\r\n"), in))
		return RC_MORE;
	if (!view_starts_with(in, VIEW("\r\n")))
		return RC_SYNTAX;
	*ret_used = 2;
	chunks->state = HTTP_CHUNK_SIZE;
	return RC_OK;
}

static enum rc read_trailer(
    struct http_chunks *chunks, struct view in, size_t *ret_used)
{
	struct view line;
	struct http_field field;
	struct http_refusal refusal;
	enum rc rc = chunk_line(
	    in, HTTP_TRAILERS_MAX - chunks->trailers, &line, ret_used);
	if (rc != RC_OK)
		return rc;
	chunks->trailers += *ret_used;
	if (line.len == 0)
		chunks->state = HTTP_CHUNK_DONE;
	else
		rc = parse_field(line, &field, &refusal);
	return rc;
}

enum rc http_chunks_read(struct http_chunks *chunks, struct view in,
    struct view *ret_data, size_t *ret_used)
{
	*ret_used = 0;
	*ret_data = view_of(NULL, 0);
	switch (chunks->state) {
	case HTTP_CHUNK_SIZE: return read_size(chunks, in, ret_used);
	case HTTP_CHUNK_DATA:
		if (in.len == 0)
			return RC_MORE;
		*ret_used =
		    in.len < chunks->left ? in.len : (size_t)chunks->left;
		*ret_data = view_slice(in, 0, *ret_used);
		chunks->left -= *ret_used;
		if (chunks->left == 0)
			chunks->state = HTTP_CHUNK_DATA_END;
		return RC_OK;
	case HTTP_CHUNK_DATA_END: return read_data_end(chunks, in, ret_used);
	case HTTP_CHUNK_TRAILER: return read_trailer(chunks, in, ret_used);
	case HTTP_CHUNK_DONE: return RC_END;
	}
	return RC_SYNTAX;
}

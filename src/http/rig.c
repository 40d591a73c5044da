// SPDX-License-Identifier: Apache-2.0
// Plays the network, and a client.
#include "http/rig.h"

#include <stdlib.h>

static const char *const names[] = {HTTP_RIG_HOST, "localhost"};

void http_rig_init(struct http_rig *rig, const struct http_route *routes,
    size_t route_count, const struct rig_users *users)
{
	*rig = (struct http_rig){.host = HTTP_RIG_HOST};
	rig_base_init(&rig->base, users);
	rig->server = (struct http_server){
	    .base = rig_base_server(&rig->base),
	    .routes = routes,
	    .route_count = route_count,
	    .names = names,
	    .name_count = ARRAY_LEN(names),
	    .https_port = 443,
	    .limits = http_limits_default,
	};
}

void http_rig_done(struct http_rig *rig)
{
	rig_base_done(&rig->base);
}

void http_rig_connect(
    struct http_rig *rig, const char *protocol, struct rig_client *client)
{
	struct net_tls_info tls = rig_tls_info;
	struct net_peer peer =
	    rig_base_peer(&rig->base, rig->address, rig->clear ? 80 : 443);
	struct net_waker waker = rig_client_init(client, &http_session_ops);
	snprintf(tls.protocol, sizeof(tls.protocol), "%s", protocol);
	snprintf(tls.server_name, sizeof(tls.server_name), "%s", rig->host);
	rig_start(client, http_session_new(&rig->server, &peer, waker),
	    rig->clear ? NULL : &tls, VIEW(""));
}

// ---- Asking ----------------------------------------------------------------

void http_rig_begin(struct http_rig *rig, const char *what, const char *fields,
    struct view body)
{
	struct buf text;
	buf_init(&text, body.len + 100000);
	buf_printf(
	    &text, "%s HTTP/1.1\r\nHost: %s\r\n%s", what, rig->host, fields);
	if (body.len > 0)
		buf_printf(&text, "Content-Length: %zu\r\n", body.len);
	buf_add_literal(&text, "\r\n");
	buf_add(&text, body);
	http_rig_connect(rig, "http/1.1", &rig->client);
	rig_say(&rig->client, buf_view(&text));
	buf_done(&text);
}

void http_rig_leave(struct http_rig *rig)
{
	rig_disconnect(&rig->client);
}

// ---- The answer ------------------------------------------------------------

static void must(bool holds, const char *what, const struct buf *text)
{
	if (holds)
		return;
	fprintf(stderr, "%s:\n%.*s\n", what, VIEW_FMT(buf_view(text)));
	abort();
}

struct view http_rig_field(
    const struct http_rig_answer *answer, const char *name)
{
	struct view rest = answer->fields, line, key;
	while (view_split(&rest, '\n', &line))
		if (view_split(&line, ':', &key) &&
		    view_eq_nocase(key, view_of_string(name)))
			return view_trim(line);
	return view_of(NULL, 0);
}

// Joins the chunks in place.
static void join_chunks(struct http_rig_answer *answer)
{
	struct http_chunks chunks = {0};
	size_t start = (size_t)(answer->body.ptr - answer->text.ptr), len = 0;
	struct view rest = answer->body, piece;
	size_t used;
	enum rc rc;
	while ((rc = http_chunks_read(&chunks, rest, &piece, &used)) == RC_OK) {
		if (piece.len > 0)
			memmove(answer->text.ptr + start + len, piece.ptr,
			    piece.len);
		len += piece.len;
		rest = view_from(rest, used);
	}
	must(rc == RC_END, "the chunks have no end", &answer->text);
	answer->body = view_of(answer->text.ptr + start, len);
}

void http_rig_finish(struct http_rig *rig, struct http_rig_answer *ret_answer)
{
	struct http_rig_answer *answer = ret_answer;
	*answer = (struct http_rig_answer){0};
	rig_wake(&rig->client);
	buf_init(&answer->text, (size_t)64 << 20);
	buf_add(&answer->text, buf_view(&rig->client.out));
	rig_disconnect(&rig->client);

	struct view text = buf_view(&answer->text), line;
	size_t end = view_find(text, VIEW("\r\n\r\n"));
	must(end != SIZE_MAX, "no answer", &answer->text);
	struct view head = view_slice(text, 0, end);
	must(view_split(&head, '\n', &line) && line.len > 12 &&
		 view_starts_with(line, VIEW("HTTP/1.1 ")) &&
		 view_to_u32(view_slice(line, 9, 3), &answer->status),
	    "not an answer", &answer->text);
	answer->fields = head;
	answer->body = view_from(text, end + 4);
	if (view_eq(
		http_rig_field(answer, "Transfer-Encoding"), VIEW("chunked")))
		join_chunks(answer);
}

void http_rig_answer_done(struct http_rig_answer *answer)
{
	buf_done(&answer->text);
}

void http_rig_ask(struct http_rig *rig, const char *what, const char *fields,
    struct view body, struct http_rig_answer *ret_answer)
{
	http_rig_begin(rig, what, fields, body);
	http_rig_finish(rig, ret_answer);
}

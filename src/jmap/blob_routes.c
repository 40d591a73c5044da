// SPDX-License-Identifier: Apache-2.0
// Uploads and downloads. Both are streamed: neither holds more than a piece in
// memory.
#include "jmap/blob_routes.h"

#include "base/ascii.h"
#include "http/authorize.h"
#include "jmap/blob.h"
#include "jmap/impl.h"
#include "store/upload.h"

// ---- Problems (RFC 7807) ---------------------------------------------------

static enum http_step refuse(struct http_exchange *exchange, unsigned status,
    const char *limit, const char *detail)
{
	struct buf text CLEANUP(buf_done);
	struct json_text out;
	buf_init(&text, 4096);
	json_text_init(&out, &text);
	json_begin_object(&out);
	json_member_string(&out, "type",
	    limit ? VIEW("urn:ietf:params:jmap:error:limit")
		  : VIEW("about:blank"));
	json_member_u64(&out, "status", status);
	if (limit)
		json_member_string(&out, "limit", view_of_string(limit));
	json_member_string(&out, "detail", view_of_string(detail));
	json_end_object(&out);
	return http_answer(
	    exchange, status, "application/problem+json", buf_view(&text));
}

static enum http_step refuse_rc(struct http_exchange *exchange, enum rc rc)
{
	if (rc == RC_NOT_FOUND || rc == RC_GONE)
		return refuse(exchange, 404, NULL, "There is no such blob.");
	if (rc == RC_FULL)
		return refuse(exchange, 507, NULL, "The disk is full.");
	return refuse(exchange, 503, NULL, "The storage failed.");
}

static void note_failure(const struct http_exchange *exchange, enum rc rc)
{
	const struct jmap *jmap = exchange->context;
	struct log_line line;
	if (!jmap->options.log || !rc_is_internal(rc))
		return;
	log_begin(&line, jmap->options.log, LOG_LEVEL_ERROR, "jmap_failed");
	log_add(&line, "path", exchange->request.path);
	log_add_string(&line, "why", rc_text(rc));
	log_end(&line);
}

// Whether `id` names the account of the user who asks.
static bool is_own(struct view id, const struct auth_user *user)
{
	uint64_t number;
	return jmap_id_read(id, JMAP_ID_ACCOUNT, &number) &&
	       number == user->account;
}

// ---- Uploads ---------------------------------------------------------------

struct upload {
	struct http_login login;
	struct auth_user user;
	struct view type;
	struct store_upload *upload; // NULL until the user is known
	bool counted;                // among the user's uploads
};

static enum http_step upload_answer(
    struct http_exchange *exchange, const struct upload *upload, const char *id)
{
	struct buf text CLEANUP(buf_done);
	struct json_text out;
	char blob_id[STORE_UPLOAD_ID_LEN + 2];
	snprintf(blob_id, sizeof(blob_id), "%c%s", JMAP_ID_UPLOAD, id);
	buf_init(&text, HTTP_ANSWER_MAX);
	json_text_init(&out, &text);
	json_begin_object(&out);
	json_key(&out, "accountId");
	jmap_id_add(&out, JMAP_ID_ACCOUNT, upload->user.account);
	json_member_string(&out, "blobId", view_of_string(blob_id));
	json_member_string(&out, "type", upload->type);
	json_member_u64(&out, "size", store_upload_size(upload->upload));
	json_end_object(&out);
	return http_answer(exchange, 201, "application/json", buf_view(&text));
}

static enum http_step upload_piece(struct http_exchange *exchange)
{
	struct jmap *jmap = exchange->context;
	struct upload *upload = exchange->state;
	struct fault fault;
	char id[STORE_UPLOAD_ID_LEN + 1];
	enum rc rc = store_upload_add(upload->upload, exchange->piece);
	if (rc == RC_LIMIT || store_upload_size(upload->upload) >
				  jmap->options.limits.upload_bytes)
		return refuse(
		    exchange, 413, "maxSizeUpload", "The file is too large.");
	if (rc == RC_OK && !exchange->last)
		return HTTP_INPUT;
	if (rc == RC_OK)
		rc = store_upload_finish(upload->upload, &fault, id);
	note_failure(exchange, rc);
	return rc == RC_OK ? upload_answer(exchange, upload, id)
			   : refuse_rc(exchange, rc);
}

// The user is known; the body has not been read yet.
static enum http_step upload_accept(struct http_exchange *exchange)
{
	struct jmap *jmap = exchange->context;
	struct upload *upload = exchange->state;
	struct view account, rest = exchange->request.rest;
	struct view type = http_field(&exchange->request, "content-type");
	struct fault fault;
	if (!view_split(&rest, '/', &account) || rest.len > 0 ||
	    !is_own(account, &upload->user))
		return refuse(exchange, 404, NULL, "There is no such account.");
	enum rc rc = store_room(jmap->options.store, &fault);
	if (rc != RC_OK)
		return refuse_rc(exchange, rc);
	upload->counted = jmap_busy_begin(jmap->uploads, upload->user.account);
	if (!upload->counted)
		return refuse(exchange, 429, "maxConcurrentUpload",
		    "Too many uploads at a time.");
	upload->type = type.len > 0 ? type : VIEW("application/octet-stream");
	upload->upload =
	    store_upload_new(jmap->options.store, upload->user.account);
	return HTTP_INPUT;
}

enum http_step jmap_upload_resume(struct http_exchange *exchange)
{
	struct upload *upload = exchange->state;
	if (upload->upload)
		return upload_piece(exchange);
	switch (http_authorize(exchange, &upload->login, &upload->user)) {
	case HTTP_LOGIN_OK: return upload_accept(exchange);
	case HTTP_LOGIN_WAIT: return HTTP_WAIT;
	case HTTP_LOGIN_REFUSED: break;
	}
	return HTTP_DONE;
}

enum http_step jmap_upload_begin(struct http_exchange *exchange)
{
	exchange->state = arena_zalloc(&exchange->arena, sizeof(struct upload));
	return jmap_upload_resume(exchange);
}

void jmap_upload_end(struct http_exchange *exchange)
{
	struct jmap *jmap = exchange->context;
	struct upload *upload = exchange->state;
	http_login_end(exchange, &upload->login);
	store_upload_free(&upload->upload);
	if (upload->counted)
		jmap_busy_end(jmap->uploads, upload->user.account);
}

// ---- Downloads -------------------------------------------------------------

// Bytes that are decoded before others have their turn.
#define SLICE ((uint64_t)1024 * 1024)

struct download {
	struct http_login login;
	struct auth_user user;
	struct store_account *account;
	struct jmap_blob *blob; // NULL until the user is known
	struct view id, name;
	bool measured; // `size` is known, and the answer was begun
	uint64_t size;
	uint64_t skip, rest; // bytes to leave out, and to send
};

// "text/plain", with parameters or not (RFC 9110 section 8.3.1): what may be
// sent as Content-Type.
static bool is_media_type(struct view type)
{
	struct view kind, rest = type;
	if (!view_split(&rest, ';', &kind))
		return false;
	kind = view_trim(kind);
	size_t slash = view_find_char(kind, '/');
	if (slash == SIZE_MAX || slash == 0 || slash + 1 == kind.len)
		return false;
	for (size_t i = 0; i < kind.len; i++)
		if (i != slash && !ascii_is_alnum(kind.ptr[i]) &&
		    !memchr("!#$&-^_.+", kind.ptr[i], 9))
			return false;
	for (size_t i = 0; i < type.len; i++)
		if (type.ptr[i] < ' ' || type.ptr[i] > '~')
			return false;
	return true;
}

// RFC 8187 section 3.2.1.
static bool is_attr_char(char c)
{
	return ascii_is_alnum(c) || (c && memchr("!#$&+-.^_`|~", c, 12));
}

// A browser saves the file, and never shows it as a page of ours. The plain
// name is for programs that do not know "filename*" (RFC 6266 appendix D).
static void set_disposition(struct http_exchange *exchange, struct view name)
{
	static const char digits[] = "0123456789ABCDEF";
	struct buf text CLEANUP(buf_done);
	bool plain = true;
	buf_init(&text, 5 * name.len + 100);
	buf_add_literal(&text, "attachment");
	if (name.len > 0)
		buf_add_literal(&text, "; filename=\"");
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.ptr[i];
		bool good = c >= ' ' && c < 0x7f && !strchr("\"\\%/", c);
		plain = plain && good;
		// One "_" for each character.
		if (good || (c & 0xc0) != 0x80)
			buf_add_char(&text, good ? (char)c : '_');
	}
	if (name.len > 0)
		buf_add_char(&text, '"');
	if (!plain) {
		buf_add_literal(&text, "; filename*=UTF-8''");
		for (size_t i = 0; i < name.len; i++) {
			unsigned char c = (unsigned char)name.ptr[i];
			if (is_attr_char(name.ptr[i])) {
				buf_add_char(&text, name.ptr[i]);
				continue;
			}
			buf_add_char(&text, '%');
			buf_add_char(&text, digits[c >> 4]);
			buf_add_char(&text, digits[c & 15]);
		}
	}
	http_set_field(exchange, "Content-Disposition", buf_view(&text));
}

// What was uploaded or mailed may be a page with scripts. If a browser shows it
// after all, it is in a sandbox: of no origin, and without scripts.
static void set_fields(struct http_exchange *exchange)
{
	struct download *download = exchange->state;
	struct view type;
	if (!http_query(exchange, "type", &type) || !is_media_type(type))
		type = VIEW("application/octet-stream");
	http_set_field(exchange, "Content-Type", type);
	set_disposition(exchange, download->name);
	http_set_field(exchange, "Content-Security-Policy",
	    VIEW("sandbox; default-src 'none'; frame-ancestors 'none'"));
}

// The bytes of a blob never change (RFC 8620 section 6.2).
#define CACHE VIEW("private, immutable, max-age=31536000")

static enum http_step send_pieces(struct http_exchange *exchange)
{
	struct download *download = exchange->state;
	struct buf buf CLEANUP(buf_done);
	uint64_t worked = 0;
	buf_init(&buf, 2 * JMAP_BLOB_PIECE);
	while (
	    download->rest > 0 && !http_is_full(exchange) && worked < SLICE) {
		buf_reset(&buf);
		enum rc rc = jmap_blob_next(download->blob, &buf);
		if (rc != RC_OK) {
			note_failure(exchange, rc);
			return HTTP_CUT;
		}
		struct view piece = buf_view(&buf);
		worked += piece.len;
		size_t skip = download->skip < piece.len
				  ? (size_t)download->skip
				  : piece.len;
		download->skip -= skip;
		piece = view_from(piece, skip);
		if (piece.len > download->rest)
			piece.len = (size_t)download->rest;
		http_add_body(exchange, piece);
		download->rest -= piece.len;
	}
	return download->rest > 0 ? HTTP_MORE : HTTP_DONE;
}

static enum http_step begin_answer(struct http_exchange *exchange)
{
	struct download *download = exchange->state;
	http_set_etag(exchange, download->id);
	unsigned status = http_stream_range(
	    exchange, download->size, &download->skip, &download->rest);
	if (status == 412 || status == 416)
		return HTTP_DONE;
	http_set_field(exchange, "Cache-Control", CACHE);
	if (status == 304)
		return HTTP_DONE;
	set_fields(exchange);
	if (exchange->request.head)
		return HTTP_DONE;
	return send_pieces(exchange);
}

// Decodes an encoded part once only to know its size, so that the client can
// show how far the download is, and go on after an interruption.
static enum http_step measure(struct http_exchange *exchange)
{
	struct download *download = exchange->state;
	struct buf buf CLEANUP(buf_done);
	uint64_t end = download->size + SLICE;
	enum rc rc = RC_OK;
	buf_init(&buf, 2 * JMAP_BLOB_PIECE);
	while (rc == RC_OK && download->size < end) {
		buf_reset(&buf);
		rc = jmap_blob_next(download->blob, &buf);
		download->size += buf.len;
	}
	if (rc == RC_OK)
		return HTTP_MORE;
	if (rc != RC_END) {
		note_failure(exchange, rc);
		return refuse_rc(exchange, rc);
	}
	jmap_blob_rewind(download->blob);
	download->measured = true;
	return begin_answer(exchange);
}

// accountId "/" blobId "/" name. A "/" in a name came as %2F, which the path
// still has.
static bool read_path(struct http_exchange *exchange)
{
	struct download *download = exchange->state;
	struct view account, rest = exchange->request.rest;
	if (!view_split(&rest, '/', &account) ||
	    !view_split(&rest, '/', &download->id))
		return false;
	char *name = arena_alloc(&exchange->arena, rest.len + 1);
	size_t len = 0;
	for (size_t i = 0; i < rest.len; i++) {
		bool slash =
		    view_starts_with_nocase(view_from(rest, i), VIEW("%2F"));
		name[len++] = slash ? '/' : rest.ptr[i];
		i += slash ? 2 : 0;
	}
	download->name = view_of(name, len);
	return is_own(account, &download->user);
}

static enum http_step download_open(struct http_exchange *exchange)
{
	struct jmap *jmap = exchange->context;
	struct download *download = exchange->state;
	struct fault fault;
	if (!read_path(exchange))
		return refuse_rc(exchange, RC_NOT_FOUND);
	struct store_asker asker = store_user(download->user.account);
	enum rc rc = store_account_enter(jmap->options.store,
	    download->user.account, &fault, &download->account);
	if (rc == RC_OK)
		rc = jmap_blob_open(
		    download->account, &asker, download->id, &download->blob);
	if (rc != RC_OK) {
		note_failure(exchange, rc);
		return refuse_rc(exchange, rc);
	}
	download->measured =
	    jmap_blob_size_known(download->blob, &download->size);
	if (download->measured)
		return begin_answer(exchange);
	download->size = 0;
	return measure(exchange);
}

enum http_step jmap_download_resume(struct http_exchange *exchange)
{
	struct download *download = exchange->state;
	if (download->blob)
		return download->measured ? send_pieces(exchange)
					  : measure(exchange);
	switch (http_authorize(exchange, &download->login, &download->user)) {
	case HTTP_LOGIN_OK: return download_open(exchange);
	case HTTP_LOGIN_WAIT: return HTTP_WAIT;
	case HTTP_LOGIN_REFUSED: break;
	}
	return HTTP_DONE;
}

enum http_step jmap_download_begin(struct http_exchange *exchange)
{
	exchange->state =
	    arena_zalloc(&exchange->arena, sizeof(struct download));
	return jmap_download_resume(exchange);
}

void jmap_download_end(struct http_exchange *exchange)
{
	struct download *download = exchange->state;
	http_login_end(exchange, &download->login);
	jmap_blob_close(&download->blob);
	if (download->account)
		store_account_close(&download->account);
}

// SPDX-License-Identifier: Apache-2.0
#include "http/files.h"

#include <xxhash.h>

#include "http/impl.h"

struct entry {
	const struct http_file *file;
	char tag[33];
	struct buf packed; // empty: it is not worth it
};

struct http_files {
	struct entry *entries;
	size_t count;
};

// ---- Making ----------------------------------------------------------------

// The tag names what the file holds: after an upgrade it is another one.
static void make_entry(struct entry *entry, const struct http_file *file)
{
	XXH128_hash_t hash = XXH3_128bits(file->bytes.ptr, file->bytes.len);
	entry->file = file;
	snprintf(entry->tag, sizeof(entry->tag), "%016llx%016llx",
	    (unsigned long long)hash.high64, (unsigned long long)hash.low64);
	buf_init(&entry->packed, HTTP_ANSWER_MAX);
	if (!http_worth_packing(view_of_string(file->type), file->bytes.len) ||
	    !http_pack(file->bytes, &entry->packed) ||
	    entry->packed.len >= file->bytes.len)
		buf_reset(&entry->packed);
}

struct http_files *http_files_new(const struct http_file *files, size_t count)
{
	struct http_files *made = mem_zalloc(sizeof(*made));
	made->entries = mem_zalloc((count + 1) * sizeof(*made->entries));
	made->count = count;
	for (size_t i = 0; i < count; i++)
		make_entry(&made->entries[i], &files[i]);
	return made;
}

void http_files_free(struct http_files **ret_files)
{
	struct http_files *files = *ret_files;
	if (!files)
		return;
	for (size_t i = 0; i < files->count; i++)
		buf_done(&files->entries[i].packed);
	free(files->entries);
	free(files);
	*ret_files = NULL;
}

// ---- Answering -------------------------------------------------------------

static const struct entry *find(
    const struct http_files *files, struct view path)
{
	for (size_t i = 0; i < files->count; i++)
		if (view_eq(path, view_of_string(files->entries[i].file->path)))
			return &files->entries[i];
	return NULL;
}

// A part of a file is always a part of the plain one.
static bool wants_packed(
    struct http_exchange *exchange, const struct entry *entry)
{
	return entry->packed.len > 0 && http_accepts_gzip(&exchange->request) &&
	       http_field(&exchange->request, "Range").len == 0 &&
	       !(exchange_of(exchange)->route->flags & HTTP_ROUTE_SECRET);
}

static enum http_step answer(
    struct http_exchange *exchange, const struct entry *entry)
{
	const struct http_file *file = entry->file;
	bool packed = wants_packed(exchange, entry);
	char text[64];
	snprintf(text, sizeof(text), "%s%s", entry->tag, packed ? "-gzip" : "");
	http_set_etag(exchange, view_of_string(text));
	if (file->max_age > 0)
		snprintf(
		    text, sizeof(text), "public, max-age=%u", file->max_age);
	http_set_field(exchange, "Cache-Control",
	    file->max_age > 0 ? view_of_string(text) : VIEW("no-cache"));
	if (file->policy)
		http_set_field(exchange, "Content-Security-Policy",
		    view_of_string(file->policy));
	if (entry->packed.len > 0)
		http_set_field(exchange, "Vary", VIEW("Accept-Encoding"));
	if (packed)
		http_set_field(exchange, "Content-Encoding", VIEW("gzip"));
	return http_answer(exchange, 200, file->type,
	    packed ? buf_view(&entry->packed) : file->bytes);
}

enum http_step http_files_answer(struct http_exchange *exchange,
    const struct http_files *files, struct view path)
{
	const struct entry *entry = find(files, path);
	return entry ? answer(exchange, entry) : http_status(exchange, 404);
}

enum http_step http_files_begin(struct http_exchange *exchange)
{
	const struct http_files *files = exchange->context;
	const struct http_route *route = exchange_of(exchange)->route;
	if (!(route->flags & HTTP_ROUTE_PREFIX) && files->count > 0)
		return answer(exchange, &files->entries[0]);
	return http_files_answer(exchange, files, exchange->request.rest);
}

// SPDX-License-Identifier: Apache-2.0
// Pages, scripts and pictures that are a part of the program: each has an
// entity tag, and text is compressed once, when the table is made.
//
//	struct http_files *files = http_files_new(list, ARRAY_LEN(list));
//	… {.methods = HTTP_GET, .path = "/setup/", .flags = HTTP_ROUTE_PREFIX,
//	   .begin = http_files_begin, .context = files} …
//	http_files_free(&files);
#ifndef ROOST_HTTP_FILES_H
#define ROOST_HTTP_FILES_H

#include "http/http.h"

struct http_file {
	// Behind the path of a prefix route; "" is the route's own path. For a
	// route of one path, the only file is served.
	const char *path;
	const char *type; // "text/html; charset=utf-8"
	struct view bytes;
	// How long a browser uses it without asking; 0: it asks each time, and
	// mostly gets 304.
	uint32_t max_age;
	// Content-Security-Policy; NULL: the strict default of every answer.
	const char *policy;
};

struct http_files;

// `files` and what they point to must outlive it.
struct http_files *http_files_new(const struct http_file *files, size_t count);
void http_files_free(struct http_files **files); // may be NULL

// The handler; its context is a struct http_files.
enum http_step http_files_begin(struct http_exchange *exchange);
// For a handler that chooses the file itself (by language, for example).
enum http_step http_files_answer(struct http_exchange *exchange,
    const struct http_files *files, struct view path);

#endif

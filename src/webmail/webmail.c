// SPDX-License-Identifier: Apache-2.0
#include "webmail/webmail.h"

#include "base/mem.h"
#include "http/files.h"
#include "webmail/files.h"

#define YEAR (365 * 24 * 3600)

// The page runs its own script and nothing else: no script of others, nothing
// inline, no text that becomes HTML without passing a policy of the script.
// Pictures and fonts of mail are blobs that the script has fetched. PDF files
// are shown in a frame, as blobs; `worker-src` is for the service worker.
#define PAGE_POLICY                                                            \
	"default-src 'none'; script-src 'self'; style-src 'self'; "            \
	"img-src 'self' data: blob:; media-src blob:; font-src 'self'; "       \
	"connect-src 'self'; frame-src 'self' blob:; manifest-src 'self'; "    \
	"worker-src 'self'; form-action 'none'; base-uri 'none'; "             \
	"frame-ancestors 'none'; require-trusted-types-for 'script'; "         \
	"trusted-types roost dompurify"

// The document in which a mail's HTML is shown. The page fills it, and shuts it
// in a sandbox without scripts, too. It loads nothing from elsewhere; the
// second form, for mail whose sender may know that it is read, loads pictures.
#define FRAME_POLICY(pictures)                                                 \
	"default-src 'none'; style-src 'unsafe-inline'; "                      \
	"img-src data: blob:" pictures "; font-src data:; "                    \
	"form-action 'none'; base-uri 'none'; frame-ancestors 'self'; "        \
	"sandbox allow-same-origin allow-popups "                              \
	"allow-popups-to-escape-sandbox allow-modals"

// The service worker fetches the page's files.
#define WORKER_POLICY                                                          \
	"default-src 'none'; script-src 'self'; connect-src 'self'"

struct webmail {
	struct http_file *list;
	struct http_files *files;
};

// ---- The table -------------------------------------------------------------

static const char *policy_of(const char *name)
{
	if (strcmp(name, "index.html") == 0)
		return PAGE_POLICY;
	if (strcmp(name, "frame.html") == 0)
		return FRAME_POLICY("");
	if (strcmp(name, "worker.js") == 0)
		return WORKER_POLICY;
	return NULL;
}

static struct http_file file_of(const struct webmail_file *from)
{
	return (struct http_file){
	    .path = from->name,
	    .type = from->type,
	    .bytes = view_of(from->bytes, from->len),
	    .max_age = from->fixed ? YEAR : 0,
	    .policy = policy_of(from->name),
	};
}

struct webmail *webmail_new(void)
{
	struct webmail *webmail = mem_zalloc(sizeof(*webmail));
	size_t count = 0;
	webmail->list =
	    mem_zalloc((webmail_file_count + 1) * sizeof(*webmail->list));
	for (size_t i = 0; i < webmail_file_count; i++) {
		const struct webmail_file *from = &webmail_files[i];
		webmail->list[count++] = file_of(from);
		if (strcmp(from->name, "frame.html") != 0)
			continue;
		struct http_file *open = &webmail->list[count++];
		*open = file_of(from);
		open->path = "frame-pictures.html";
		open->policy = FRAME_POLICY(" https: http:");
	}
	webmail->files = http_files_new(webmail->list, count);
	return webmail;
}

void webmail_free(struct webmail **ret_webmail)
{
	if (!*ret_webmail)
		return;
	http_files_free(&(*ret_webmail)->files);
	free((*ret_webmail)->list);
	free(*ret_webmail);
	*ret_webmail = NULL;
}

// ---- The routes ------------------------------------------------------------

// What the page itself makes of its address: "folder/inbox" and so on.
static bool is_view(struct view path)
{
	return path.len == 0 || view_find_char(path, '.') == SIZE_MAX;
}

static enum http_step file_route(struct http_exchange *exchange)
{
	const struct webmail *webmail = exchange->context;
	struct view path = exchange->request.rest;
	return http_files_answer(exchange, webmail->files,
	    is_view(path) ? VIEW("index.html") : path);
}

static enum http_step page_route(struct http_exchange *exchange)
{
	return http_redirect(exchange, 302, VIEW(WEBMAIL_PATH));
}

const struct http_route webmail_routes[] = {
    {.methods = HTTP_GET, .path = "/", .begin = page_route},
    {.methods = HTTP_GET, .path = "/mail", .begin = page_route},
    {.methods = HTTP_GET,
	.path = WEBMAIL_PATH,
	.flags = HTTP_ROUTE_PREFIX,
	.begin = file_route},
};
const size_t webmail_route_count = ARRAY_LEN(webmail_routes);

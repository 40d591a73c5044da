// SPDX-License-Identifier: Apache-2.0
// The routes of the set-up page: the page in the visitor's language, its files,
// and the settings for programs.
#include <xxhash.h>

#include "base/mem.h"
#include "http/files.h"
#include "setup/impl.h"
#include "setup/page.h"

// Nothing from elsewhere, nothing inline, and nobody shows the page in theirs.
#define POLICY                                                                 \
	"default-src 'none'; style-src 'self'; script-src 'self'; "            \
	"connect-src 'self'; img-src 'self'; form-action 'self'; "             \
	"base-uri 'none'; frame-ancestors 'none'"

// ---- Files -----------------------------------------------------------------

struct setup_files {
	struct http_file list[3];
	struct http_files *files;
};

struct setup_files *setup_files_new(void)
{
	struct setup_files *files = mem_zalloc(sizeof(*files));
	const struct http_file list[] = {
	    {.path = "page.css",
		.type = "text/css; charset=utf-8",
		.bytes = view_of(
		    (const char *)embedded_page_css, embedded_page_css_len)},
	    {.path = "page.js",
		.type = "text/javascript; charset=utf-8",
		.bytes = view_of(
		    (const char *)embedded_page_js, embedded_page_js_len)},
	    {.path = "icon.svg",
		.type = "image/svg+xml",
		.bytes = view_of(
		    (const char *)embedded_icon_svg, embedded_icon_svg_len)},
	};
	memcpy(files->list, list, sizeof(list));
	files->files = http_files_new(files->list, ARRAY_LEN(list));
	return files;
}

void setup_files_free(struct setup_files **ret_files)
{
	http_files_free(&(*ret_files)->files);
	free(*ret_files);
	*ret_files = NULL;
}

enum http_step setup_files_route(struct http_exchange *exchange)
{
	const struct setup *setup = exchange->context;
	return http_files_answer(
	    exchange, setup->files->files, exchange->request.rest);
}

// ---- The page --------------------------------------------------------------

static void find(struct http_exchange *exchange, struct setup_page *page)
{
	const struct setup *setup = exchange->context;
	page->host = view_of_string(setup->options.server_name);
	page->can_test = setup_can_test(setup);
	if (page->typed.len == 0)
		return;
	switch (setup_find_account(setup, &exchange->arena, page->typed,
	    exchange->request.host, &page->account)) {
	case RC_OK: page->state = SETUP_PAGE_ACCOUNT; return;
	case RC_INVALID:
	case RC_LIMIT: page->state = SETUP_PAGE_BAD_ADDRESS; return;
	case RC_NOT_FOUND: page->state = SETUP_PAGE_OTHER_DOMAIN; return;
	default: page->state = SETUP_PAGE_TROUBLE; return;
	}
}

static void set_tag(struct http_exchange *exchange, struct view text)
{
	XXH128_hash_t hash = XXH3_128bits(text.ptr, text.len);
	char tag[33];
	snprintf(tag, sizeof(tag), "%016llx%016llx",
	    (unsigned long long)hash.high64, (unsigned long long)hash.low64);
	http_set_etag(exchange, view_of_string(tag));
}

enum http_step setup_page_route(struct http_exchange *exchange)
{
	struct view chosen = VIEW("");
	struct setup_page page = {.typed = VIEW("")};
	struct buf text;
	if (!http_query(exchange, "lang", &chosen))
		chosen = VIEW("");
	if (!http_query(exchange, "address", &page.typed))
		page.typed = VIEW("");
	page.typed = view_trim(page.typed);
	page.language = setup_language_choose(
	    chosen, http_field(&exchange->request, "accept-language"));
	find(exchange, &page);
	buf_init(&text, SETUP_PAGE_MAX);
	setup_page_write(&page, &text);
	set_tag(exchange, buf_view(&text));
	http_set_field(exchange, "Content-Security-Policy", VIEW(POLICY));
	http_set_field(exchange, "Content-Language",
	    view_of_string(setup_language_tag(page.language)));
	http_set_field(exchange, "Vary", VIEW("Accept-Language"));
	http_set_field(exchange, "Cache-Control", VIEW("private, no-cache"));
	enum http_step step = http_answer(
	    exchange, 200, "text/html; charset=utf-8", buf_view(&text));
	if (buf_status(&text) != RC_OK)
		step = http_status(exchange, 500);
	buf_done(&text);
	return step;
}

// ---- The settings for programs ---------------------------------------------

static void add_service(const struct setup_account *account,
    enum mail_service service, bool first, struct buf *out)
{
	static const char *const protocols[] = {
	    [SERVICE_PROTOCOL_IMAP] = "imap",
	    [SERVICE_PROTOCOL_POP3] = "pop3",
	    [SERVICE_PROTOCOL_SMTP] = "smtp",
	    [SERVICE_PROTOCOL_HTTP] = "http",
	};
	const struct service_info *info = service_info(service);
	buf_printf(out,
	    "%s{\"id\":\"%s\",\"protocol\":\"%s\",\"port\":%u,"
	    "\"security\":\"%s\"}",
	    first ? "" : ",", setup_service_id(service),
	    protocols[info->protocol], account->services->ports[service],
	    info->implicit_tls ? "tls" : "starttls");
}

enum http_step setup_settings_route(struct http_exchange *exchange)
{
	struct setup_account account;
	struct view address;
	struct buf text;
	bool first = true;
	if (!http_query(exchange, "address", &address) || address.len == 0)
		return http_status(exchange, 400);
	enum rc rc = setup_find_account(exchange->context, &exchange->arena,
	    view_trim(address), exchange->request.host, &account);
	if (rc != RC_OK)
		return setup_refuse(exchange, rc);
	buf_init(&text, SETUP_DOCUMENT_MAX);
	buf_add_literal(&text, "{\"user\":");
	http_add_json(&text, account.address.text);
	buf_add_literal(&text, ",\"host\":");
	http_add_json(&text, account.host);
	buf_add_literal(&text, ",\"services\":[");
	for (enum mail_service service = 0; service < MAIL_SERVICES;
	     service++) {
		if (account.services->ports[service] == 0 ||
		    service_info(service)->protocol == SERVICE_PROTOCOL_HTTP)
			continue;
		add_service(&account, service, first, &text);
		first = false;
	}
	buf_add_literal(&text, "]}\n");
	enum http_step step =
	    http_answer(exchange, 200, "application/json", buf_view(&text));
	buf_done(&text);
	return step;
}

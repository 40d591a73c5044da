// SPDX-License-Identifier: Apache-2.0
// Fills in the page (http/template.h).
#include "setup/page.h"

#include "http/template.h"
#include "wire/xml_write.h"

struct part {
	const struct setup_page *page;
	enum mail_service service; // of the part; MAIL_SERVICES: of none
};

const char *setup_service_id(enum mail_service service)
{
	static const char *const ids[MAIL_SERVICES] = {
	    [SERVICE_IMAPS] = "imaps",
	    [SERVICE_IMAP] = "imap",
	    [SERVICE_POP3S] = "pop3s",
	    [SERVICE_POP3] = "pop3",
	    [SERVICE_SUBMISSIONS] = "submissions",
	    [SERVICE_SUBMISSION] = "submission",
	    [SERVICE_AUTODISCOVER] = "autodiscover",
	};
	return ids[service];
}

// ---- Languages -------------------------------------------------------------

static const char *const tags[SETUP_LANGUAGES] = {
#define X(name, tag, file) [name] = tag,
    SETUP_LANGUAGE_TABLE(X)
#undef X
};

const char *setup_language_tag(enum setup_language language)
{
	return tags[language];
}

enum setup_language setup_language_choose(
    struct view chosen, struct view accept)
{
	return (enum setup_language)http_language_choose(
	    tags, SETUP_LANGUAGES, chosen, accept);
}

// ---- Values ----------------------------------------------------------------

static struct view name_of(const struct part *part)
{
	return part->page->state == SETUP_PAGE_ACCOUNT
		   ? part->page->account.host
		   : part->page->host;
}

static void add_value(const void *context, struct view name, struct buf *out)
{
	const struct part *part = context;
	const struct setup_page *page = part->page;
	struct view address = page->account.address.text;
	if (view_eq(name, VIEW("address")))
		xml_add_text(out, address);
	else if (view_eq(name, VIEW("typed")))
		xml_add_text(out, page->typed);
	else if (view_eq(name, VIEW("address-query")))
		http_add_percent(out, page->typed);
	else if (view_eq(name, VIEW("host")))
		xml_add_text(out, name_of(part));
	else if (view_eq(name, VIEW("id")))
		buf_add_string(out, setup_service_id(part->service));
	else if (view_eq(name, VIEW("port")))
		buf_add_u64(out, page->account.services->ports[part->service]);
}

static bool is_later(const struct part *part)
{
	return mail_services_next(part->page->account.services,
		   service_info(part->service)->protocol, 0) != part->service;
}

static bool holds_for_service(const struct part *part, struct view name)
{
	if (part->service == MAIL_SERVICES)
		return false;
	const struct service_info *info = service_info(part->service);
	if (view_eq(name, VIEW("imap")))
		return info->protocol == SERVICE_PROTOCOL_IMAP;
	if (view_eq(name, VIEW("pop3")))
		return info->protocol == SERVICE_PROTOCOL_POP3;
	if (view_eq(name, VIEW("smtp")))
		return info->protocol == SERVICE_PROTOCOL_SMTP;
	if (view_eq(name, VIEW("tls")))
		return info->implicit_tls;
	if (view_eq(name, VIEW("starttls")))
		return !info->implicit_tls;
	return view_eq(name, VIEW("later")) && is_later(part);
}

static bool holds(const void *context, struct view name)
{
	const struct part *part = context;
	const struct setup_page *page = part->page;
	enum setup_page_state state = page->state;
	if (view_eq(name, VIEW("typed")))
		return page->typed.len > 0;
	if (view_eq(name, VIEW("account")))
		return state == SETUP_PAGE_ACCOUNT;
	if (view_eq(name, VIEW("start")))
		return state == SETUP_PAGE_START;
	if (view_eq(name, VIEW("problem")))
		return state > SETUP_PAGE_ACCOUNT;
	if (view_eq(name, VIEW("bad-address")))
		return state == SETUP_PAGE_BAD_ADDRESS;
	if (view_eq(name, VIEW("other-domain")))
		return state == SETUP_PAGE_OTHER_DOMAIN;
	if (view_eq(name, VIEW("trouble")))
		return state == SETUP_PAGE_TROUBLE;
	if (view_eq(name, VIEW("test")))
		return page->can_test;
	return holds_for_service(part, name);
}

// ---- Filling in ------------------------------------------------------------

static const struct http_template template;

static void add_services(
    const void *context, struct view name, struct view inner, struct buf *out)
{
	const struct part *part = context;
	static const enum service_protocol order[] = {SERVICE_PROTOCOL_IMAP,
	    SERVICE_PROTOCOL_SMTP, SERVICE_PROTOCOL_POP3};
	const struct mail_services *services = part->page->account.services;
	if (!view_eq(name, VIEW("services")))
		return;
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		for (enum mail_service service =
			 mail_services_next(services, order[i], 0);
		     service < MAIL_SERVICES;
		     service =
			 mail_services_next(services, order[i], service + 1))
			http_template_fill(&template,
			    &(struct part){part->page, service}, inner, out);
}

static const struct http_template template = {
    .value = add_value,
    .holds = holds,
    .each = add_services,
};

void setup_page_write(const struct setup_page *page, struct buf *out)
{
	const struct view texts[SETUP_LANGUAGES] = {
#define X(name, tag, file) [name] = view_of((const char *)file, file##_len),
	    SETUP_LANGUAGE_TABLE(X)
#undef X
	};
	http_template_fill(&template, &(struct part){page, MAIL_SERVICES},
	    texts[page->language], out);
}

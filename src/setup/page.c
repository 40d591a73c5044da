// SPDX-License-Identifier: Apache-2.0
// Fills in the page. In its text stand:
//
//	{{name}}            a value, written so that it cannot end the text or
//	                    the attribute where it stands
//	{{?name}} … {{/}}   only if that is so
//	{{#services}} … {{/}}   once for each service that a mail program uses
//
// Parts may stand in each other. The page is a part of the program, so a
// mistake in it is found by a test, not by a user.
#include "setup/page.h"

#include "base/ascii.h"
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

// "zh", "zh-Hans-CN" and "zh-TW" are Chinese: better than a foreign language.
static bool find_language(struct view wanted, enum setup_language *ret_language)
{
	struct view primary =
	    view_slice(wanted, 0, view_find_char(wanted, '-'));
	for (enum setup_language i = 0; i < SETUP_LANGUAGES; i++) {
		struct view own = view_slice(view_of_string(tags[i]), 0, 2);
		if (!view_eq_nocase(primary, own))
			continue;
		*ret_language = i;
		return true;
	}
	return false;
}

// The weight behind a language, in thousandths (RFC 9110 section 12.4.2). What
// cannot be read weighs nothing.
static unsigned weight_of(struct view parameter)
{
	struct view text = view_trim(parameter), digits;
	unsigned weight = 0, unit = 100;
	if (text.len == 0)
		return 1000;
	if (text.len < 3 || ascii_lower(text.ptr[0]) != 'q' ||
	    text.ptr[1] != '=' || (text.ptr[2] != '0' && text.ptr[2] != '1'))
		return 0;
	if (text.ptr[2] == '1')
		return 1000;
	digits = view_from(text, 4);
	for (size_t i = 0; i < digits.len && i < 3; i++, unit /= 10)
		if (ascii_is_digit(digits.ptr[i]))
			weight += (unsigned)(digits.ptr[i] - '0') * unit;
	return weight;
}

enum setup_language setup_language_choose(
    struct view chosen, struct view accept)
{
	enum setup_language best = SETUP_ENGLISH, language;
	unsigned best_weight = 0;
	struct view range, tag;
	if (find_language(chosen, &language))
		return language;
	while (view_split(&accept, ',', &range)) {
		if (!view_split(&range, ';', &tag) ||
		    !find_language(view_trim(tag), &language))
			continue;
		unsigned weight = weight_of(range);
		if (weight <= best_weight)
			continue;
		best = language;
		best_weight = weight;
	}
	return best;
}

// ---- Values ----------------------------------------------------------------

static struct view name_of(const struct part *part)
{
	return part->page->state == SETUP_PAGE_ACCOUNT
		   ? part->page->account.host
		   : part->page->host;
}

static void add_value(
    const struct part *part, struct view name, struct buf *out)
{
	const struct setup_page *page = part->page;
	struct view address = page->account.address.text;
	if (view_eq(name, VIEW("address")))
		xml_add_text(out, address);
	else if (view_eq(name, VIEW("typed")))
		xml_add_text(out, page->typed);
	else if (view_eq(name, VIEW("address-query")))
		setup_add_percent(out, page->typed);
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

static bool holds(const struct part *part, struct view name)
{
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

// Takes the text before the next "{{", and what stands in these braces. False:
// there are none.
static bool take_mark(
    struct view *text, struct view *ret_before, struct view *ret_mark)
{
	size_t open = view_find(*text, VIEW("{{"));
	*ret_before = view_slice(*text, 0, open);
	if (open == SIZE_MAX)
		return false;
	*text = view_from(*text, open + 2);
	size_t close = view_find(*text, VIEW("}}"));
	*ret_mark = view_slice(*text, 0, close);
	*text = close == SIZE_MAX ? VIEW("") : view_from(*text, close + 2);
	return true;
}

// Takes what stands before the "{{/}}" of a part that was begun.
static struct view take_inner(struct view *text)
{
	struct view whole = *text, before, mark;
	unsigned depth = 1;
	while (depth > 0 && take_mark(text, &before, &mark)) {
		if (view_eq(mark, VIEW("/")))
			depth--;
		else if (mark.len > 0 &&
			 (mark.ptr[0] == '?' || mark.ptr[0] == '#'))
			depth++;
	}
	return view_slice(whole, 0, whole.len - text->len - 5);
}

static void fill(const struct part *part, struct view text, struct buf *out);

static void fill_services(
    const struct part *part, struct view inner, struct buf *out)
{
	static const enum service_protocol order[] = {SERVICE_PROTOCOL_IMAP,
	    SERVICE_PROTOCOL_SMTP, SERVICE_PROTOCOL_POP3};
	const struct mail_services *services = part->page->account.services;
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		for (enum mail_service service =
			 mail_services_next(services, order[i], 0);
		     service < MAIL_SERVICES;
		     service =
			 mail_services_next(services, order[i], service + 1))
			fill(&(struct part){part->page, service}, inner, out);
}

static void fill(const struct part *part, struct view text, struct buf *out)
{
	struct view before, mark;
	while (take_mark(&text, &before, &mark)) {
		buf_add(out, before);
		char kind = mark.len > 0 ? mark.ptr[0] : '\0';
		if (kind != '?' && kind != '#') {
			add_value(part, mark, out);
			continue;
		}
		struct view inner = take_inner(&text);
		if (kind == '#')
			fill_services(part, inner, out);
		else if (holds(part, view_from(mark, 1)))
			fill(part, inner, out);
	}
	buf_add(out, before);
}

void setup_page_write(const struct setup_page *page, struct buf *out)
{
	const struct view texts[SETUP_LANGUAGES] = {
#define X(name, tag, file) [name] = view_of((const char *)file, file##_len),
	    SETUP_LANGUAGE_TABLE(X)
#undef X
	};
	fill(&(struct part){page, MAIL_SERVICES}, texts[page->language], out);
}

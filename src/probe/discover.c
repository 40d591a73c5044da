// SPDX-License-Identifier: Apache-2.0
// Finds the servers that an account may have, as mail programs do: published
// settings (autoconfig, Autodiscover), SRV records (RFC 6186, RFC 8314), the MX
// host, and the usual names.
#include "base/clock.h"
#include "base/mem.h"
#include "probe/account_impl.h"
#include "probe/fetch.h"

#define DISCOVER_MS 8000
#define REDIRECT_MS 2000 // more, when there is a redirect

static const char *const usual_names[] = {
    "imap", "mail", "smtp", "pop3", "pop"};

static const struct {
	const char *label;
	enum probe_protocol protocol;
	enum probe_security security;
} services[] = {
    {"_imaps._tcp", PROBE_IMAP, PROBE_TLS},
    {"_imap._tcp", PROBE_IMAP, PROBE_STARTTLS},
    {"_pop3s._tcp", PROBE_POP3, PROBE_TLS},
    {"_pop3._tcp", PROBE_POP3, PROBE_STARTTLS},
    {"_submissions._tcp", PROBE_SMTP, PROBE_TLS},
    {"_submission._tcp", PROBE_SMTP, PROBE_STARTTLS},
};

static const char *join(
    struct probe_account *account, const char *label, const char *domain)
{
	struct buf name;
	buf_init(&name, 600);
	buf_printf(&name, "%s.%s", label, domain);
	const char *text = arena_string(account->arena, buf_view(&name));
	buf_done(&name);
	return text;
}

static void ask_addresses(struct probe_account *account, const char *host)
{
	probe_lookup(&account->lookups, host, DNS_A);
	probe_lookup(&account->lookups, host, DNS_AAAA);
}

// All names are looked up at once.
static void ask_names(struct probe_account *account)
{
	const char *domain = account->domain;
	probe_lookup(&account->lookups, domain, DNS_MX);
	ask_addresses(account, domain);
	ask_addresses(account, join(account, "autoconfig", domain));
	ask_addresses(account, join(account, "autodiscover", domain));
	probe_lookup(&account->lookups,
	    join(account, "_autodiscover._tcp", domain), DNS_SRV);
	for (size_t i = 0; i < ARRAY_LEN(services); i++)
		probe_lookup(&account->lookups,
		    join(account, services[i].label, domain), DNS_SRV);
	for (size_t i = 0; i < ARRAY_LEN(usual_names); i++)
		ask_addresses(account, join(account, usual_names[i], domain));
}

static struct probe_lookup *answered(
    struct probe_account *account, const char *name, enum dns_type type)
{
	struct probe_lookup *lookup =
	    probe_lookup(&account->lookups, name, type);
	return probe_lookup_done(lookup) && lookup->status == DNS_FOUND ? lookup
									: NULL;
}

// ---- Published settings ----------------------------------------------------

struct page {
	enum probe_source source;
	const char *url;
	const char *host;
	uint16_t port;
	bool vouches; // it speaks for the domain
};

// "host:port:address,address"; NULL when the host has no address.
static const char *resolve(
    struct probe_account *account, const char *host, uint16_t port)
{
	static const enum dns_type types[] = {DNS_A, DNS_AAAA};
	struct buf text;
	size_t count = 0;
	buf_init(&text, 2000);
	buf_printf(&text, "%s:%u:", host, port);
	for (size_t t = 0; t < ARRAY_LEN(types); t++) {
		struct probe_lookup *found = answered(account, host, types[t]);
		for (size_t i = 0; found && i < found->count; i++)
			buf_printf(&text, types[t] == DNS_A ? "%s%s" : "%s[%s]",
			    count++ ? "," : "", found->records[i].value.ptr);
	}
	const char *result =
	    count ? arena_string(account->arena, buf_view(&text)) : NULL;
	buf_done(&text);
	return result;
}

static const char *format_url(struct probe_account *account, const char *scheme,
    const char *host, const char *path)
{
	struct buf url;
	buf_init(&url, 2000);
	buf_printf(&url, "%s://%s%s", scheme, host, path);
	const char *text = arena_string(account->arena, buf_view(&url));
	buf_done(&url);
	return text;
}

// "/mail/config-v1.1.xml?emailaddress=anna%40example.org"
static const char *autoconfig_path(
    struct probe_account *account, const char *path)
{
	struct buf text;
	buf_init(&text, 2000);
	buf_printf(&text, "%s?emailaddress=", path);
	for (const char *c = account->settings->address; *c; c++) {
		bool plain = (*c >= 'a' && *c <= 'z') ||
			     (*c >= 'A' && *c <= 'Z') ||
			     (*c >= '0' && *c <= '9') || *c == '.' ||
			     *c == '-' || *c == '_';
		if (plain)
			buf_add_char(&text, *c);
		else
			buf_printf(&text, "%%%02X", (unsigned char)*c);
	}
	const char *result = arena_string(account->arena, buf_view(&text));
	buf_done(&text);
	return result;
}

static void add_escaped(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			buf_add_literal(out, "&lt;");
		else if (*text == '&')
			buf_add_literal(out, "&amp;");
		else
			buf_add_char(out, *text);
	}
}

static const char *autodiscover_request(struct probe_account *account)
{
	struct buf text;
	buf_init(&text, 4000);
	buf_add_literal(&text,
	    "<?xml version=\"1.0\" encoding=\"utf-8\"?><Autodiscover "
	    "xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/"
	    "outlook/requestschema/2006\"><Request><EMailAddress>");
	add_escaped(&text, account->settings->address);
	buf_add_literal(&text,
	    "</EMailAddress><AcceptableResponseSchema>http://"
	    "schemas.microsoft.com/exchange/autodiscover/outlook/"
	    "responseschema/2006a</AcceptableResponseSchema></Request>"
	    "</Autodiscover>");
	const char *result = arena_string(account->arena, buf_view(&text));
	buf_done(&text);
	return result;
}

#define PAGES_MAX 8

static size_t list_pages(
    struct probe_account *account, struct page ret_pages[PAGES_MAX])
{
	const char *domain = account->domain;
	const char *autoconfig = join(account, "autoconfig", domain);
	const char *autodiscover = join(account, "autodiscover", domain);
	const char *named = autoconfig_path(account, "/mail/config-v1.1.xml");
	const char *known = autoconfig_path(
	    account, "/.well-known/autoconfig/mail/config-v1.1.xml");
	static const char pox[] = "/autodiscover/autodiscover.xml";
	size_t count = 0;
	bool secure = false; // the name of the page's host is
#define PAGE(what, scheme, name, path, number)                                 \
	ret_pages[count++] = (struct page){.source = what,                     \
	    .url = format_url(account, scheme, name, path),                    \
	    .host = name,                                                      \
	    .port = number,                                                    \
	    .vouches = what != PROBE_AUTOCONFIG_HTTP &&                        \
		       (secure || probe_is_in_domain(name, domain))}
	PAGE(PROBE_AUTOCONFIG, "https", autoconfig, named, 443);
	PAGE(PROBE_AUTOCONFIG, "https", domain, known, 443);
	PAGE(PROBE_AUTODISCOVER, "https", autodiscover, pox, 443);
	PAGE(PROBE_AUTODISCOVER, "https", domain, pox, 443);
	PAGE(PROBE_AUTOCONFIG_HTTP, "http", autoconfig, named, 80);
	PAGE(PROBE_AUTOCONFIG_HTTP, "http", domain, known, 80);
	struct probe_lookup *srv = answered(
	    account, join(account, "_autodiscover._tcp", domain), DNS_SRV);
	if (srv && srv->count > 0 && srv->records[0].value.len > 0) {
		const char *host = srv->records[0].value.ptr;
		secure = srv->secure;
		ask_addresses(account, host);
		probe_lookups_wait(
		    &account->lookups, clock_monotonic_ms() + 2000);
		PAGE(PROBE_AUTODISCOVER, "https", host, pox,
		    srv->records[0].port ? srv->records[0].port : 443);
	}
#undef PAGE
	return count;
}

// Returns the URL to which Autodiscover sends us, or NULL.
static const char *read_page(struct probe_account *account,
    const struct page *page, const struct probe_fetch *fetch)
{
	struct view address = view_of_string(account->settings->address);
	struct view body = buf_view(&fetch->body);
	const char *redirect = NULL;
	account->candidates.vouches = page->vouches;
	// What stands before a mistake in the XML counts.
	enum rc rc = page->source == PROBE_AUTODISCOVER
			 ? probe_read_autodiscover(
			       &account->candidates, body, address, &redirect)
			 : probe_read_autoconfig(&account->candidates, body,
			       address, page->source);
	(void)rc;
	account->candidates.vouches = false;
	return redirect;
}

// Asks at the place that the first answer named, once, and by https only. What
// is said there is as good as the answer that led there.
static void follow(struct probe_account *account, const char *url, bool vouches,
    uint64_t end_ms)
{
	struct page page = {.source = PROBE_AUTODISCOVER, .vouches = vouches};
	struct probe_fetch fetch = {.url = url,
	    .post = autodiscover_request(account),
	    .only_public = probe_only_public(account)};
	if (!view_starts_with_nocase(view_of_string(url), VIEW("https://")))
		return;
	buf_init(&fetch.body, PROBE_XML_MAX);
	probe_fetch_all(&fetch, 1, account->settings->authorities, end_ms);
	if (fetch.found)
		(void)read_page(account, &page, &fetch);
	buf_done(&fetch.body);
}

static void read_pages(struct probe_account *account, uint64_t end_ms)
{
	struct page pages[PAGES_MAX], wanted[PAGES_MAX];
	struct probe_fetch fetches[PAGES_MAX] = {0};
	size_t pages_count = list_pages(account, pages), count = 0;
	for (size_t i = 0; i < pages_count; i++) {
		const char *address =
		    resolve(account, pages[i].host, pages[i].port);
		if (!address)
			continue;
		fetches[count].url = pages[i].url;
		fetches[count].resolve = address;
		fetches[count].only_public = probe_only_public(account);
		if (pages[i].source == PROBE_AUTODISCOVER)
			fetches[count].post = autodiscover_request(account);
		buf_init(&fetches[count].body, PROBE_XML_MAX);
		wanted[count++] = pages[i];
	}
	probe_fetch_all(fetches, count, account->settings->authorities, end_ms);
	const char *redirect = NULL;
	bool vouches = false;
	for (size_t i = 0; i < count; i++) {
		const char *url = NULL;
		if (fetches[i].found)
			url = read_page(account, &wanted[i], &fetches[i]);
		if (url && (!redirect || (wanted[i].vouches && !vouches))) {
			redirect = url;
			vouches = wanted[i].vouches;
		}
		buf_done(&fetches[i].body);
	}
	if (redirect)
		follow(account, redirect, vouches, end_ms + REDIRECT_MS);
}

// ---- Records and names -----------------------------------------------------

static void read_services(struct probe_account *account)
{
	for (size_t s = 0; s < ARRAY_LEN(services); s++) {
		struct probe_lookup *srv = answered(account,
		    join(account, services[s].label, account->domain), DNS_SRV);
		for (size_t i = 0; srv && i < srv->count; i++) {
			const struct dns_record *record = &srv->records[i];
			if (record->value.len == 0) // RFC 6186 section 3.4
				continue;
			probe_candidates_add(&account->candidates,
			    &(struct probe_candidate){
				.protocol = services[s].protocol,
				.security = services[s].security,
				.host = record->value.ptr,
				.port = record->port,
				.source = PROBE_SRV,
				.vouched = srv->secure});
		}
	}
}

static void read_names(struct probe_account *account)
{
	struct probe_lookup *mx = answered(account, account->domain, DNS_MX);
	for (size_t i = 0; mx && i < mx->count && i < 2; i++)
		if (mx->records[i].value.len > 0) // RFC 7505: a null MX
			probe_candidates_add_usual(&account->candidates,
			    mx->records[i].value.ptr, PROBE_MX, mx->secure);
	for (size_t i = 0; i < ARRAY_LEN(usual_names); i++) {
		const char *name =
		    join(account, usual_names[i], account->domain);
		if (answered(account, name, DNS_A) ||
		    answered(account, name, DNS_AAAA))
			probe_candidates_add_usual(
			    &account->candidates, name, PROBE_GUESS, true);
	}
	if (answered(account, account->domain, DNS_A) ||
	    answered(account, account->domain, DNS_AAAA))
		probe_candidates_add_usual(
		    &account->candidates, account->domain, PROBE_GUESS, true);
}

static void note_domain(struct probe_account *account)
{
	static const enum dns_type types[] = {DNS_MX, DNS_A};
	const char *why = NULL;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct probe_lookup *lookup =
		    probe_lookup(&account->lookups, account->domain, types[i]);
		bool done = probe_lookup_done(lookup);
		if (done && lookup->status == DNS_NO_NAME)
			account->no_domain = true;
		if (done && lookup->status != DNS_FAILED)
			return;
		why = done ? lookup->reason : "no answer in time";
	}
	account->no_dns = why;
}

void probe_discover(struct probe_account *account)
{
	uint64_t now = clock_monotonic_ms();
	uint64_t end_ms = now + DISCOVER_MS;
	uint64_t share = now + (account->end_ms - now) / 3;
	if (end_ms > share)
		end_ms = share;
	ask_names(account);
	probe_lookups_wait(&account->lookups, now + (end_ms - now) / 2);
	note_domain(account);
	read_pages(account, end_ms);
	read_services(account);
	read_names(account);
}

// SPDX-License-Identifier: Apache-2.0
#include "setup/autoconfig.h"

#include "auth/scope.h"
#include "wire/domain_name.h"
#include "wire/utf8.h"
#include "wire/xml_write.h"

// "The provider's name MUST be no longer than" (section displayName): in
// characters.
#define NAME_MAX_CODES       60
#define SHORT_NAME_MAX_CODES 20

static const char *const type_names[] = {
    [SERVICE_PROTOCOL_IMAP] = "imap",
    [SERVICE_PROTOCOL_POP3] = "pop3",
    [SERVICE_PROTOCOL_SMTP] = "smtp",
};

static void write_server(const struct setup_account *account,
    enum mail_service service, const char *element, struct buf *out)
{
	const struct service_info *info = service_info(service);
	struct view user = account->address.text;
	buf_printf(
	    out, "    <%s type=\"%s\">\n", element, type_names[info->protocol]);
	xml_add_element(out, 3, "hostname", account->host);
	xml_add_number(out, 3, "port", account->services->ports[service]);
	xml_add_element(out, 3, "socketType",
	    info->implicit_tls ? VIEW("SSL") : VIEW("STARTTLS"));
	// The password comes first: a program that cannot do OAuth with a
	// server that it has never heard of might take it for the only way.
	xml_add_element(out, 3, "authentication", VIEW("password-cleartext"));
	if (account->oauth_port != 0)
		xml_add_element(out, 3, "authentication", VIEW("OAuth2"));
	xml_add_element(
	    out, 3, "username", user.len > 0 ? user : VIEW("%EMAILADDRESS%"));
	buf_printf(out, "    </%s>\n", element);
}

static void write_servers(const struct setup_account *account,
    enum service_protocol protocol, const char *element, struct buf *out)
{
	enum mail_service service =
	    mail_services_next(account->services, protocol, 0);
	for (; service < MAIL_SERVICES;
	     service =
		 mail_services_next(account->services, protocol, service + 1))
		write_server(account, service, element, out);
}

// The domain in letters for people; where that is too long for the short name,
// its first label.
static void write_names(const struct setup_account *account, struct buf *out)
{
	struct arena arena;
	arena_init(&arena);
	struct view name = domain_name_to_unicode(&arena, account->domain);
	xml_add_element(
	    out, 2, "displayName", utf8_truncate_codes(name, NAME_MAX_CODES));
	if (utf8_truncate_codes(name, SHORT_NAME_MAX_CODES).len < name.len)
		name = view_slice(name, 0, view_find_char(name, '.'));
	xml_add_element(out, 2, "displayShortName",
	    utf8_truncate_codes(name, SHORT_NAME_MAX_CODES));
	arena_done(&arena);
}

static void write_url(const struct setup_account *account, const char *element,
    const char *path, struct buf *out)
{
	struct buf url;
	buf_init(&url, 1024);
	buf_printf(&url, "https://%.*s", VIEW_FMT(account->host));
	if (account->oauth_port != 443)
		buf_printf(&url, ":%u", account->oauth_port);
	buf_add_string(&url, path);
	xml_add_element(out, 2, element, buf_view(&url));
	buf_done(&url);
}

// Section "OAuth2 requirements". There is no client ID: each program registers,
// at the place that the issuer's metadata names.
static void write_oauth(const struct setup_account *account, struct buf *out)
{
	buf_add_literal(out, "  <oAuth2>\n");
	write_url(account, "authURL", "/oauth/authorize", out);
	write_url(account, "tokenURL", "/oauth/token", out);
	write_url(account, "issuer", "", out);
	xml_add_element(out, 2, "scope", VIEW(AUTH_OAUTH_SCOPE_MAIL));
	buf_add_literal(out, "  </oAuth2>\n");
}

void setup_autoconfig_write(
    const struct setup_account *account, struct buf *out)
{
	buf_add_literal(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			     "<clientConfig version=\"1.1\">\n"
			     "  <emailProvider id=\"");
	xml_add_text(out, account->domain);
	buf_add_literal(out, "\">\n");
	if (account->domain_is_host) {
		buf_add_literal(out, "    <domain purpose=\"mx\">");
		xml_add_text(out, account->domain);
		buf_add_literal(out, "</domain>\n");
	} else {
		xml_add_element(out, 2, "domain", account->domain);
	}
	write_names(account, out);
	write_servers(account, SERVICE_PROTOCOL_IMAP, "incomingServer", out);
	write_servers(account, SERVICE_PROTOCOL_POP3, "incomingServer", out);
	write_servers(account, SERVICE_PROTOCOL_SMTP, "outgoingServer", out);
	buf_add_literal(out, "  </emailProvider>\n");
	if (account->oauth_port != 0)
		write_oauth(account, out);
	buf_add_literal(out, "</clientConfig>\n");
}

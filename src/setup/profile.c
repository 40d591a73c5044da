// SPDX-License-Identifier: Apache-2.0
#include "setup/profile.h"

#include <string.h>

#include "wire/domain_name.h"
#include "wire/xml_write.h"

// ---- Property lists --------------------------------------------------------

static void add_key(struct buf *out, unsigned depth, const char *key)
{
	xml_add_element(out, depth, "key", view_of_string(key));
}

static void add_text(
    struct buf *out, unsigned depth, const char *key, struct view text)
{
	add_key(out, depth, key);
	xml_add_element(out, depth, "string", text);
}

static void add_number(
    struct buf *out, unsigned depth, const char *key, uint64_t number)
{
	add_key(out, depth, key);
	xml_add_number(out, depth, "integer", number);
}

static void add_bool(
    struct buf *out, unsigned depth, const char *key, bool value)
{
	add_key(out, depth, key);
	for (unsigned i = 0; i < depth; i++)
		buf_add_literal(out, "  ");
	buf_add_string(out, value ? "<true/>\n" : "<false/>\n");
}

// ---- Identifiers -----------------------------------------------------------

// As RFC 9562 section 5.8 (version 8: made in a way of one's own). `payload`
// tells the UUIDs of one profile from each other.
static void add_uuid(struct buf *out, unsigned depth,
    const unsigned char id[16], unsigned payload)
{
	unsigned char b[16];
	char text[40];
	memcpy(b, id, sizeof(b));
	b[15] = (unsigned char)(b[15] ^ payload);
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x80);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(text, sizeof(text),
	    "%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X"
	    "%02X",
	    b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
	    b[11], b[12], b[13], b[14], b[15]);
	add_text(out, depth, "PayloadUUID", view_of_string(text));
}

// "example.org" becomes "org.example": identifiers are in reverse order.
static void add_reverse(struct buf *out, struct view domain)
{
	size_t end = domain.len;
	while (end > 0) {
		size_t at = end;
		while (at > 0 && domain.ptr[at - 1] != '.')
			at--;
		buf_add(out, view_slice(domain, at, end - at));
		buf_add_char(out, '.');
		end = at > 0 ? at - 1 : 0;
	}
}

static void add_identifier(struct buf *out, unsigned depth,
    const struct setup_profile *profile, const char *last)
{
	struct buf text;
	buf_init(&text, 1024);
	add_reverse(&text, profile->account.domain);
	buf_add_literal(&text, "roost.");
	for (size_t i = 0; i < sizeof(profile->id); i++)
		buf_printf(&text, "%02x", profile->id[i]);
	buf_add_string(&text, last);
	add_text(out, depth, "PayloadIdentifier", buf_view(&text));
	buf_done(&text);
}

// ---- The account -----------------------------------------------------------

static void add_server(struct buf *out, const struct setup_account *account,
    enum mail_service service, const char *direction)
{
	char key[64];
#define KEY(rest)                                                              \
	(snprintf(key, sizeof(key), "%sMailServer" rest, direction), key)
	add_text(out, 3, KEY("Authentication"), VIEW("EmailAuthPassword"));
	add_text(out, 3, KEY("HostName"), account->host);
	add_number(
	    out, 3, KEY("PortNumber"), account->services->ports[service]);
	// Devices use STARTTLS where the port does not speak TLS at once.
	add_bool(out, 3, KEY("UseSSL"), true);
	add_text(out, 3, KEY("Username"), account->address.text);
#undef KEY
}

static void add_mail(struct buf *out, const struct setup_profile *profile)
{
	const struct setup_account *account = &profile->account;
	const struct mail_services *services = account->services;
	enum mail_service incoming =
	    mail_services_next(services, SERVICE_PROTOCOL_IMAP, 0);
	enum mail_service outgoing =
	    mail_services_next(services, SERVICE_PROTOCOL_SMTP, 0);
	bool imap = incoming < MAIL_SERVICES;
	if (!imap)
		incoming =
		    mail_services_next(services, SERVICE_PROTOCOL_POP3, 0);
	buf_add_literal(out, "    <dict>\n");
	add_text(out, 3, "EmailAccountDescription", account->address.text);
	if (profile->name.len > 0)
		add_text(out, 3, "EmailAccountName", profile->name);
	add_text(out, 3, "EmailAccountType",
	    imap ? VIEW("EmailTypeIMAP") : VIEW("EmailTypePOP"));
	add_text(out, 3, "EmailAddress", account->address.text);
	add_server(out, account, incoming, "Incoming");
	add_server(out, account, outgoing, "Outgoing");
	add_bool(out, 3, "OutgoingPasswordSameAsIncomingPassword", true);
	add_text(
	    out, 3, "PayloadDescription", VIEW("Sets up the mail account"));
	add_text(out, 3, "PayloadDisplayName", account->address.text);
	add_identifier(out, 3, profile, ".mail");
	add_text(out, 3, "PayloadType", VIEW("com.apple.mail.managed"));
	add_uuid(out, 3, profile->id, 1);
	add_number(out, 3, "PayloadVersion", 1);
	buf_add_literal(out, "    </dict>\n");
}

void setup_profile_write(const struct setup_profile *profile, struct buf *out)
{
	const struct setup_account *account = &profile->account;
	struct arena arena;
	arena_init(&arena);
	buf_add_literal(out,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
	    "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
	    "<plist version=\"1.0\">\n"
	    "<dict>\n");
	add_key(out, 1, "PayloadContent");
	buf_add_literal(out, "  <array>\n");
	add_mail(out, profile);
	buf_add_literal(out, "  </array>\n");
	add_text(out, 1, "PayloadDescription",
	    VIEW("Sets up the mail account. The device asks for its password "
		 "when the profile is installed."));
	add_text(out, 1, "PayloadDisplayName", account->address.text);
	add_identifier(out, 1, profile, "");
	add_text(out, 1, "PayloadOrganization",
	    domain_name_to_unicode(&arena, account->domain));
	add_bool(out, 1, "PayloadRemovalDisallowed", false);
	add_text(out, 1, "PayloadType", VIEW("Configuration"));
	add_uuid(out, 1, profile->id, 0);
	add_number(out, 1, "PayloadVersion", 1);
	buf_add_literal(out, "</dict>\n"
			     "</plist>\n");
	arena_done(&arena);
}

// SPDX-License-Identifier: Apache-2.0
// The formats as texts, and addresses that try to break them.
#include "base/test.h"
#include "setup/autoconfig.h"
#include "setup/autodiscover.h"
#include "setup/profile.h"
#include "wire/xml_reader.h"

static const struct mail_services all = {
    {993, 143, 995, 110, 465, 587, 443},
};

static struct setup_account account_of(
    struct arena *arena, const char *address, const struct mail_services *of)
{
	struct setup_account account = {
	    .host = VIEW("mail.example.org"), .services = of};
	assert_int_equal(setup_address_parse(
			     arena, view_of_string(address), &account.address),
	    RC_OK);
	account.domain = account.address.domain;
	return account;
}

// ---- Whole documents -------------------------------------------------------

static void autoconfig_has_everything_that_is_served_best_first(void **state)
{
	struct buf out;
	struct setup_account account = {
	    .domain = VIEW("xn--bcher-kva.example"),
	    .host = VIEW("mail.example.org"),
	    .services =
		&(struct mail_services){{993, 1143, 995, 0, 465, 587, 0}},
	};
	(void)state;
	buf_init(&out, 65536);
	setup_autoconfig_write(&account, &out);
	assert_view_equal(buf_view(&out),
	    VIEW(
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<clientConfig version=\"1.1\">\n"
		"  <emailProvider id=\"xn--bcher-kva.example\">\n"
		"    <domain>xn--bcher-kva.example</domain>\n"
		"    <displayName>b\u00fccher.example</displayName>\n"
		"    <displayShortName>b\u00fccher.example</displayShortName>\n"
		"    <incomingServer type=\"imap\">\n"
		"      <hostname>mail.example.org</hostname>\n"
		"      <port>993</port>\n"
		"      <socketType>SSL</socketType>\n"
		"      <authentication>password-cleartext</authentication>\n"
		"      <username>%EMAILADDRESS%</username>\n"
		"    </incomingServer>\n"
		"    <incomingServer type=\"imap\">\n"
		"      <hostname>mail.example.org</hostname>\n"
		"      <port>1143</port>\n"
		"      <socketType>STARTTLS</socketType>\n"
		"      <authentication>password-cleartext</authentication>\n"
		"      <username>%EMAILADDRESS%</username>\n"
		"    </incomingServer>\n"
		"    <incomingServer type=\"pop3\">\n"
		"      <hostname>mail.example.org</hostname>\n"
		"      <port>995</port>\n"
		"      <socketType>SSL</socketType>\n"
		"      <authentication>password-cleartext</authentication>\n"
		"      <username>%EMAILADDRESS%</username>\n"
		"    </incomingServer>\n"
		"    <outgoingServer type=\"smtp\">\n"
		"      <hostname>mail.example.org</hostname>\n"
		"      <port>465</port>\n"
		"      <socketType>SSL</socketType>\n"
		"      <authentication>password-cleartext</authentication>\n"
		"      <username>%EMAILADDRESS%</username>\n"
		"    </outgoingServer>\n"
		"    <outgoingServer type=\"smtp\">\n"
		"      <hostname>mail.example.org</hostname>\n"
		"      <port>587</port>\n"
		"      <socketType>STARTTLS</socketType>\n"
		"      <authentication>password-cleartext</authentication>\n"
		"      <username>%EMAILADDRESS%</username>\n"
		"    </outgoingServer>\n"
		"  </emailProvider>\n"
		"</clientConfig>\n"));
	buf_done(&out);
}

static void must_have(const struct buf *out, const char *text)
{
	if (view_find(buf_view(out), view_of_string(text)) == SIZE_MAX)
		fail_msg("no \"%s\" in:\n%.*s", text, VIEW_FMT(buf_view(out)));
}

static void autoconfig_names_the_authorization_server(void **state)
{
	static const struct {
		uint16_t port;
		const char *issuer;
	} table[] = {
	    {443, "    <issuer>https://mail.example.org</issuer>\n"},
	    {8443, "    <issuer>https://mail.example.org:8443</issuer>\n"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct setup_account account = {
		    .domain = VIEW("ours.test"),
		    .host = VIEW("mail.example.org"),
		    .oauth_port = table[i].port,
		    .services = &all,
		};
		struct buf out;
		buf_init(&out, 65536);
		setup_autoconfig_write(&account, &out);
		must_have(&out, table[i].issuer);
		must_have(&out,
		    "    <scope>urn:ietf:params:oauth:scope:mail</scope>\n"
		    "  </oAuth2>\n</clientConfig>\n");
		must_have(&out,
		    "      "
		    "<authentication>password-cleartext</authentication>\n"
		    "      <authentication>OAuth2</authentication>\n");
		buf_done(&out);
	}
}

static void the_names_of_a_provider_are_short(void **state)
{
	struct buf out;
	struct setup_account account = {
	    .domain = VIEW("a-very-long-label-of-more-than-twenty.and-a-second-"
			   "one-that-is-longer.example"),
	    .domain_is_host = true,
	    .host = VIEW("mail.example.org"),
	    .services = &all,
	};
	(void)state;
	buf_init(&out, 65536);
	setup_autoconfig_write(&account, &out);
	must_have(&out, "<displayName>a-very-long-label-of-more-than-twenty."
			"and-a-second-one-that-</displayName>");
	must_have(
	    &out, "<displayShortName>a-very-long-label-of</displayShortName>");
	must_have(&out, "<domain purpose=\"mx\">a-very-long-");
	buf_done(&out);
}

static void autodiscover_has_the_best_of_each_protocol(void **state)
{
	struct arena arena;
	struct buf out;
	(void)state;
	arena_init(&arena);
	buf_init(&out, 65536);
	struct setup_account account = account_of(&arena, "anna@example.org",
	    &(struct mail_services){{0, 143, 995, 110, 0, 2587, 0}});
	setup_autodiscover_write(&account, &out);
	assert_view_equal(buf_view(&out),
	    VIEW("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		 "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/"
		 "autodiscover/responseschema/2006\">\n"
		 "  <Response xmlns=\"http://schemas.microsoft.com/exchange/"
		 "autodiscover/outlook/responseschema/2006a\">\n"
		 "    <User>\n"
		 "      <DisplayName>anna@example.org</DisplayName>\n"
		 "    </User>\n"
		 "    <Account>\n"
		 "      <AccountType>email</AccountType>\n"
		 "      <Action>settings</Action>\n"
		 "      <Protocol>\n"
		 "        <Type>IMAP</Type>\n"
		 "        <Server>mail.example.org</Server>\n"
		 "        <Port>143</Port>\n"
		 "        <DomainRequired>off</DomainRequired>\n"
		 "        <LoginName>anna@example.org</LoginName>\n"
		 "        <SPA>off</SPA>\n"
		 "        <SSL>on</SSL>\n"
		 "        <Encryption>TLS</Encryption>\n"
		 "        <AuthRequired>on</AuthRequired>\n"
		 "      </Protocol>\n"
		 "      <Protocol>\n"
		 "        <Type>POP3</Type>\n"
		 "        <Server>mail.example.org</Server>\n"
		 "        <Port>995</Port>\n"
		 "        <DomainRequired>off</DomainRequired>\n"
		 "        <LoginName>anna@example.org</LoginName>\n"
		 "        <SPA>off</SPA>\n"
		 "        <SSL>on</SSL>\n"
		 "        <Encryption>SSL</Encryption>\n"
		 "        <AuthRequired>on</AuthRequired>\n"
		 "      </Protocol>\n"
		 "      <Protocol>\n"
		 "        <Type>SMTP</Type>\n"
		 "        <Server>mail.example.org</Server>\n"
		 "        <Port>2587</Port>\n"
		 "        <DomainRequired>off</DomainRequired>\n"
		 "        <LoginName>anna@example.org</LoginName>\n"
		 "        <SPA>off</SPA>\n"
		 "        <SSL>on</SSL>\n"
		 "        <Encryption>TLS</Encryption>\n"
		 "        <AuthRequired>on</AuthRequired>\n"
		 "        <UsePOPAuth>on</UsePOPAuth>\n"
		 "        <SMTPLast>off</SMTPLast>\n"
		 "      </Protocol>\n"
		 "    </Account>\n"
		 "  </Response>\n"
		 "</Autodiscover>\n"));
	buf_done(&out);
	arena_done(&arena);
}

static void autodiscover_says_what_is_wrong(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, 65536);
	setup_autodiscover_write_error(SETUP_AUTODISCOVER_NO_SCHEMA,
	    (((uint64_t)3 * 86400 + 7 * 3600 + 8 * 60 + 9) * 1000) + 45, &out);
	assert_view_equal(buf_view(&out),
	    VIEW("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		 "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/"
		 "autodiscover/responseschema/2006\">\n"
		 "  <Response>\n"
		 "    <Error Time=\"07:08:09.0450000\" Id=\"284889045\">\n"
		 "      <ErrorCode>601</ErrorCode>\n"
		 "      <Message>Provider is not available</Message>\n"
		 "      <DebugData/>\n"
		 "    </Error>\n"
		 "  </Response>\n"
		 "</Autodiscover>\n"));
	buf_reset(&out);
	setup_autodiscover_write_error(SETUP_AUTODISCOVER_INVALID, 0, &out);
	must_have(&out, "Time=\"00:00:00.0000000\" Id=\"0\"");
	must_have(&out, "<ErrorCode>600</ErrorCode>");
	must_have(&out, "<Message>Invalid Request</Message>");
	buf_done(&out);
}

static void the_json_form_leads_to_the_other(void **state)
{
	static const struct {
		const char *protocol;
		enum rc rc;
		const char *has;
	} table[] = {
	    {"AutodiscoverV1", RC_OK,
		"{\"Protocol\":\"AutodiscoverV1\",\"Url\":\"https://"
		"example.org:8443/autodiscover/autodiscover.xml\"}"},
	    {"autodiscoverv1", RC_OK, "\"Url\""},
	    {"", RC_INVALID, "MandatoryParameterMissing"},
	    {"ActiveSync", RC_UNSUPPORTED, "ProtocolNotSupported"},
	    {"EWS", RC_UNSUPPORTED, "ProtocolNotSupported"},
	    {"\"}", RC_UNSUPPORTED, "ProtocolNotSupported"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct buf out;
		buf_init(&out, 4096);
		assert_int_equal(
		    setup_autodiscover_json(view_of_string(table[i].protocol),
			VIEW("example.org:8443"), &out),
		    table[i].rc);
		must_have(&out, table[i].has);
		buf_done(&out);
	}
}

static void a_profile_of_pop3_is_one(void **state)
{
	struct arena arena;
	struct buf out;
	(void)state;
	arena_init(&arena);
	buf_init(&out, 65536);
	struct setup_profile profile = {
	    .account = account_of(&arena, "anna@example.org",
		&(struct mail_services){{0, 0, 0, 2110, 0, 587, 0}}),
	    .name = VIEW("Anna <&> \"A\""),
	    .id = {0xff, 1, 2, 3, 4, 5, 0xff, 7, 0xff, 9, 10, 11, 12, 13, 14,
		15},
	};
	setup_profile_write(&profile, &out);
	must_have(&out, "<key>EmailAccountType</key>\n"
			"      <string>EmailTypePOP</string>");
	must_have(&out, "<key>IncomingMailServerPortNumber</key>\n"
			"      <integer>2110</integer>\n"
			"      <key>IncomingMailServerUseSSL</key>\n"
			"      <true/>");
	must_have(&out, "<key>EmailAccountName</key>\n      <string>Anna "
			"&lt;&amp;&gt; &quot;A&quot;</string>");
	must_have(&out, "<key>PayloadUUID</key>\n  <string>FF010203-0405-8F07-"
			"BF09-0A0B0C0D0E0F</string>");
	must_have(
	    &out, "<string>FF010203-0405-8F07-BF09-0A0B0C0D0E0E</string>");
	must_have(&out,
	    "<key>PayloadIdentifier</key>\n  <string>org.example.roost."
	    "ff010203");
	buf_done(&out);
	arena_done(&arena);
}

static void what_cannot_be_used_is_not_offered(void **state)
{
	static const struct {
		struct mail_services services;
		bool served;
	} table[] = {
	    {{{993, 143, 995, 110, 465, 587, 443}}, true},
	    {{{0, 143, 0, 0, 0, 587, 0}}, true},
	    {{{0, 0, 995, 0, 465, 0, 0}}, true},
	    {{{0}}, false},
	    {{{993, 143, 0, 0, 0, 0, 443}}, false},
	    {{{0, 0, 0, 0, 465, 587, 443}}, false},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_int_equal(setup_account_is_served(&table[i].services),
		    table[i].served);
}

// ---- Addresses -------------------------------------------------------------

#define X10    "xxxxxxxxxx"
#define X100   X10 X10 X10 X10 X10 X10 X10 X10 X10 X10
#define X1000  X100 X100 X100 X100 X100 X100 X100 X100 X100 X100
#define X10000 X1000 X1000 X1000 X1000 X1000 X1000 X1000 X1000 X1000 X1000

static const struct {
	const char *given;
	const char *text; // NULL: it is no address
	const char *domain;
	const char *key;
} addresses[] = {
    {"anna@example.org", "anna@example.org", "example.org", "anna@example.org"},
    {"Anna+Work@Example.ORG", "Anna+Work@Example.ORG", "example.org",
	"anna+work@example.org"},
    // IDN and EAI, in every form.
    {"anna@B\u00fccher.example", "anna@B\u00fccher.example",
	"xn--bcher-kva.example", "anna@xn--bcher-kva.example"},
    {"anna@xn--bcher-kva.example", "anna@xn--bcher-kva.example",
	"xn--bcher-kva.example", "anna@xn--bcher-kva.example"},
    {"\u7528\u6237@\u4f8b\u3048.\u30c6\u30b9\u30c8",
	"\u7528\u6237@\u4f8b\u3048.\u30c6\u30b9\u30c8",
	"xn--r8jz45g.xn--zckzah", "\u7528\u6237@xn--r8jz45g.xn--zckzah"},
    {"JOS\u00c9@example.org", "JOS\u00c9@example.org", "example.org",
	"jos\u00e9@example.org"},
    // What a quoted local part may hold.
    {"\"><script>alert(1)</script>\"@example.org",
	"\"><script>alert(1)</script>\"@example.org", "example.org",
	"\"><script>alert(1)</script>\"@example.org"},
    {"\">'&<script>\"@example.org", "\">'&<script>\"@example.org",
	"example.org", "\">'&<script>\"@example.org"},
    {"\"a]]>b\"@example.org", "\"a]]>b\"@example.org", "example.org",
	"\"a]]>b\"@example.org"},
    {"'&%EMAILADDRESS%@example.org", "'&%EMAILADDRESS%@example.org",
	"example.org", "'&%emailaddress%@example.org"},
    // What is no address.
    {"", NULL, NULL, NULL},
    {"anna", NULL, NULL, NULL},
    {"@example.org", NULL, NULL, NULL},
    {"anna@", NULL, NULL, NULL},
    {"\"><script>@example.org", NULL, NULL, NULL},
    {"anna@\"><script>", NULL, NULL, NULL},
    {"anna@<b>.example", NULL, NULL, NULL},
    {"anna@example.org ", NULL, NULL, NULL},
    {"anna@example.org\r\nSet-Cookie: a=b", NULL, NULL, NULL},
    {"an\tna@example.org", NULL, NULL, NULL},
    {"\"an\x01na\"@example.org", NULL, NULL, NULL},
    {"an\x7fna@example.org", NULL, NULL, NULL},
    {"an\xc2\x85na@example.org", NULL, NULL, NULL},
    {"\xfc@example.org", NULL, NULL, NULL},
    {"anna@[192.0.2.1]", NULL, NULL, NULL},
    {"a@b@example.org", NULL, NULL, NULL},
};

static void addresses_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		struct arena arena;
		struct setup_address address;
		arena_init(&arena);
		enum rc rc = setup_address_parse(
		    &arena, view_of_string(addresses[i].given), &address);
		if (rc != (addresses[i].text ? RC_OK : RC_INVALID))
			fail_msg("row %zu: %s", i, rc_name(rc));
		if (addresses[i].text) {
			assert_view_equal_row(
			    i, address.text, view_of_string(addresses[i].text));
			assert_view_equal_row(i, address.domain,
			    view_of_string(addresses[i].domain));
			assert_view_equal_row(
			    i, address.key, view_of_string(addresses[i].key));
		}
		arena_done(&arena);
	}
}

static void long_addresses_are_refused(void **state)
{
	static const struct {
		const char *before, *after;
	} table[] = {{"", "@example.org"}, {"a@", ".org"}, {"", ""},
	    {"\"", "\"@example.org"}, {"a@", ""}};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct arena arena;
		struct setup_address address;
		struct buf text;
		arena_init(&arena);
		buf_init(&text, 1 << 20);
		buf_add_string(&text, table[i].before);
		for (int j = 0; j < 10; j++)
			buf_add_literal(&text, X1000);
		buf_add_string(&text, table[i].after);
		assert_int_equal(
		    setup_address_parse(&arena, buf_view(&text), &address),
		    RC_INVALID);
		buf_done(&text);
		arena_done(&arena);
	}
}

// Reads an XML document, and checks that the text is the content of `count`
// elements, and in nothing else.
static void must_hold(const struct buf *out, struct view text, size_t count)
{
	struct arena arena;
	struct xml_reader reader;
	struct xml_token token = {.kind = XML_TEXT};
	struct view body = buf_view(out);
	size_t found = 0;
	size_t doctype = view_find(body, VIEW("<!DOCTYPE plist"));
	// The reader takes no document type.
	if (doctype != SIZE_MAX)
		body = view_from(body, view_find(body, VIEW("<plist")));
	arena_init(&arena);
	xml_reader_init(&reader, &arena, body);
	while (token.kind != XML_DONE) {
		assert_int_equal(xml_next(&reader, &token), RC_OK);
		if (token.kind == XML_OPEN)
			assert_int_equal(
			    view_find(token.name, VIEW("script")), SIZE_MAX);
		found += token.kind == XML_TEXT && view_eq(token.text, text);
	}
	assert_int_equal(found, count);
	arena_done(&arena);
}

static void no_address_breaks_a_format(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		struct arena arena;
		struct buf out;
		if (!addresses[i].text)
			continue;
		arena_init(&arena);
		buf_init(&out, 65536);
		struct setup_profile profile = {
		    .account = account_of(&arena, addresses[i].given, &all)};
		struct view text = profile.account.address.text;
		setup_autoconfig_write(&profile.account, &out);
		must_hold(&out, text, 6);
		buf_reset(&out);
		setup_autodiscover_write(&profile.account, &out);
		must_hold(&out, text, 4);
		buf_reset(&out);
		setup_profile_write(&profile, &out);
		must_hold(&out, text, 6);
		assert_int_equal(buf_status(&out), RC_OK);
		buf_done(&out);
		arena_done(&arena);
	}
}

// ---- QR --------------------------------------------------------------------

static void a_qr_code_is_a_picture(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, 1 << 20);
	assert_int_equal(
	    setup_qr_svg(VIEW("https://example.org/"), &out), RC_OK);
	// Version 2, 25 squares, and 4 on each side.
	must_have(&out, "viewBox=\"0 0 33 33\"");
	// The three finder patterns' upper edges.
	must_have(&out, "M4 4h7v1h-7z");
	must_have(&out, "M22 4h7v1h-7z");
	must_have(&out, "M4 22h7v1h-7z");
	buf_reset(&out);
	assert_int_equal(setup_qr_svg(VIEW(""), &out), RC_LIMIT);
	assert_int_equal(setup_qr_svg(VIEW(X1000), &out), RC_LIMIT);
	assert_int_equal(out.len, 0);
	assert_int_equal(
	    setup_qr_svg(VIEW(X100 X100 X100 X100 X100 X100), &out), RC_OK);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		autoconfig_has_everything_that_is_served_best_first),
	    cmocka_unit_test(autoconfig_names_the_authorization_server),
	    cmocka_unit_test(the_names_of_a_provider_are_short),
	    cmocka_unit_test(autodiscover_has_the_best_of_each_protocol),
	    cmocka_unit_test(autodiscover_says_what_is_wrong),
	    cmocka_unit_test(the_json_form_leads_to_the_other),
	    cmocka_unit_test(a_profile_of_pop3_is_one),
	    cmocka_unit_test(what_cannot_be_used_is_not_offered),
	    cmocka_unit_test(addresses_are_read),
	    cmocka_unit_test(long_addresses_are_refused),
	    cmocka_unit_test(no_address_breaks_a_format),
	    cmocka_unit_test(a_qr_code_is_a_picture),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

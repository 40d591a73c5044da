// SPDX-License-Identifier: Apache-2.0
// Published settings, as rows: the document, and the candidates.
#include "base/mem.h"
#include "base/test.h"
#include "probe/candidates.h"

#define HEAD                                                                   \
	"<?xml version='1.0'?><clientConfig version='1.1'><emailProvider "     \
	"id='a.example'>"
#define TAIL "</emailProvider></clientConfig>"
#define POX                                                                    \
	"<Autodiscover xmlns='http://schemas.microsoft.com/exchange/"          \
	"autodiscover/responseschema/2006'><Response xmlns='http://schemas."   \
	"microsoft.com/exchange/autodiscover/outlook/responseschema/2006a'>"
#define A60  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A300 A60 A60 A60 A60 A60

static const struct {
	const char *xml;
	const char *found;
	enum rc rc;
} rows[] = {
    {HEAD "<incomingServer type='imap'><hostname>IMAP.%EMAILDOMAIN%</hostname>"
	  "<port>993</port><socketType>SSL</socketType>"
	  "<username>%EMAILLOCALPART%-x</username></incomingServer>"
	  "<outgoingServer type='smtp'><hostname>smtp.a.example</hostname>"
	  "<port>587</port><socketType>STARTTLS</socketType>"
	  "<username>%EMAILADDRESS%</username></outgoingServer>" TAIL,
	"imap tls imap.a.example 993 anna-x\n"
	"smtp starttls smtp.a.example 587 anna@a.example\n",
	RC_OK},
    {HEAD
	"<incomingServer type='pop3'><hostname>b\xc3\xbc.example</hostname>"
	"<port>110</port><socketType>plain</socketType></incomingServer>" TAIL,
	"pop3 none xn--b-eha.example 110 -\n", RC_OK},
    // As providers write it: a byte order mark, comments, what only mail
    // programs with windows know, CDATA, references, both kinds of quotes.
    {"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\" ?>\r\n"
     "<!-- (c) -->\r\n<clientConfig version=\"1.1\" "
     "xmlns:x='urn:x'>\r\n<?php-was-here?>"
     "<emailProvider id=\"a.example\"><domain purpose=\"mx\">a.example"
     "</domain><displayName>A &amp; B &#8212; M\xc3\xbcller</displayName>"
     "<incomingServer x:note='a>b' type=\"imap\">\r\n"
     "<!-- <port>1</port> -->"
     "<hostname> imap<![CDATA[.a.example]]> </hostname>"
     "<port>&#57;93</port><socketType>SSL</socketType>"
     "<username>a&amp;%EMAILLOCALPART%</username>"
     "<authentication>OAuth2</authentication>"
     "<authentication>password-cleartext</authentication>"
     "<password/><x:pop3><x:leaveMessagesOnServer>true"
     "</x:leaveMessagesOnServer></x:pop3></incomingServer>"
     "<documentation url=\"https://a.example/?a=1&amp;b=2\"><descr lang=\"de\">"
     "x</descr></documentation></emailProvider>"
     "<webMail><loginPage url='https://a.example/'/></webMail>"
     "</clientConfig>\r\n<!-- end -->\r\n",
	"imap tls imap.a.example 993 a&anna\n", RC_OK},
    {"<?xml version='1.0' encoding='ISO-8859-1'?><clientConfig><displayName>"
     "M\xfcller</displayName><incomingServer "
     "type='imap'><hostname>b\xfc.example"
     "</hostname><port>993</port></incomingServer></clientConfig>",
	"imap tls xn--b-eha.example 993 -\n", RC_OK},
    {"<?xml version='1.0' encoding='utf-16'?><clientConfig/>", "", RC_SYNTAX},
    // A value too long, one with elements, one twice (the last counts).
    {HEAD "<incomingServer type='imap'><hostname>x.example</hostname>"
	  "<port>1</port><port>993</port><username>" A300 "x</username>"
	  "</incomingServer>" TAIL,
	"imap tls x.example 993 -\n", RC_OK},
    {HEAD "<incomingServer type='imap'><hostname>x.example</hostname>"
	  "<port>993</port></incomingServer><incomingServer type='pop3'>"
	  "<hostname>x<b/></hostname><port>995</port></incomingServer>" TAIL,
	"imap tls x.example 993 -\n", RC_SYNTAX},
    // What cannot be used is left out.
    {HEAD "<incomingServer type='jmap'><url>https://x</url></incomingServer>"
	  "<incomingServer type='imap'><hostname>a b</hostname><port>993</port>"
	  "</incomingServer><incomingServer type='imap'><hostname>x.example"
	  "</hostname><port>99999</port></incomingServer>" TAIL,
	"", RC_OK},
    {"<html><body>not found</body></html>", "", RC_SYNTAX},
    {"", "", RC_SYNTAX},
    {HEAD "<incomingServer type='imap'><hostname>x.example</hostname>"
	  "<port>993</port></incomingServer>",
	"imap tls x.example 993 -\n", RC_SYNTAX},
    // No document type, so no entity.
    {"<!DOCTYPE x [<!ENTITY e 'aaaa'>]>" HEAD "<incomingServer type='imap'>"
     "<hostname>&e;.example</hostname><port>993</port></incomingServer>" TAIL,
	"", RC_SYNTAX},
};

static const struct {
	const char *xml;
	const char *found;
	const char *redirect;
} pox_rows[] = {
    {POX
	"<Account><Protocol><Type>IMAP</Type><Server>x.example</Server>"
	"<Port>993</Port><SSL>on</SSL><LoginName>anna</LoginName></Protocol>"
	"<Protocol><Type>SMTP</Type><Server>x.example</Server><Port>2525</Port>"
	"<Encryption>TLS</Encryption></Protocol><Protocol><Type>POP3</Type>"
	"<Server>x.example</Server><Port>2110</Port><SSL>off</SSL></Protocol>"
	"<Protocol><Type>WEB</Type><Server>x</Server></Protocol></Account>"
	"</Response></Autodiscover>",
	"imap tls x.example 993 anna\nsmtp starttls x.example 2525 -\n"
	"pop3 starttls x.example 2110 -\n",
	NULL},
    // Exchange's own are no settings for us, and have elements of this name.
    {POX "<Account><Protocol><Type>WEB</Type><Internal><OWAUrl>https://x/"
	 "</OWAUrl><Protocol><Type>IMAP</Type><Server>y.example</Server>"
	 "<Port>993</Port></Protocol></Internal></Protocol><Protocol Type='x'>"
	 "<Type>IMAP</Type><Server>x.example</Server><Port>993</Port>"
	 "<Encryption>Auto</Encryption></Protocol></Account></Response>"
	 "</Autodiscover>",
	"imap tls x.example 993 -\n", NULL},
    {POX "<Account><Action>redirectUrl</Action><RedirectUrl>https://y.example/"
	 "</RedirectUrl></Account></Response></Autodiscover>",
	"", "https://y.example/"},
};

static void print(const struct probe_candidates *candidates, struct buf *out)
{
	buf_reset(out);
	for (size_t i = 0; i < candidates->count; i++) {
		const struct probe_candidate *c = &candidates->items[i];
		buf_printf(out, "%s %s %s %u %s\n",
		    probe_protocol_id(c->protocol),
		    probe_security_id(c->security), c->host, c->port,
		    c->user ? c->user : "-");
	}
}

static void test_autoconfig(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena;
		struct buf out;
		arena_init(&arena);
		buf_init(&out, 100000);
		struct probe_candidates candidates = {.arena = &arena};
		assert_int_equal(probe_read_autoconfig(&candidates,
				     view_of_string(rows[i].xml),
				     VIEW("anna@a.example"), PROBE_AUTOCONFIG),
		    rows[i].rc);
		print(&candidates, &out);
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(rows[i].found));
		buf_done(&out);
		arena_done(&arena);
	}
}

static void test_autodiscover(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pox_rows); i++) {
		struct arena arena;
		struct buf out;
		const char *redirect;
		arena_init(&arena);
		buf_init(&out, 100000);
		struct probe_candidates candidates = {.arena = &arena};
		assert_int_equal(probe_read_autodiscover(&candidates,
				     view_of_string(pox_rows[i].xml),
				     VIEW("anna@a.example"), &redirect),
		    RC_OK);
		print(&candidates, &out);
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(pox_rows[i].found));
		assert_view_equal_row(i, view_of_string(redirect),
		    view_of_string(pox_rows[i].redirect));
		buf_done(&out);
		arena_done(&arena);
	}
}

static void test_usual_ports(void **state)
{
	static const struct {
		const char *host;
		enum probe_source source;
		size_t count;
	} table[] = {
	    {"imap.a.example", PROBE_GUESS, 2},
	    {"pop.a.example", PROBE_GUESS, 2},
	    {"smtp.a.example", PROBE_GUESS, 3},
	    {"mail.a.example", PROBE_GUESS, 7},
	    {"imap.a.example", PROBE_USUAL, 7},
	    {"192.0.2.1", PROBE_USUAL, 7},
	    {"a b", PROBE_USUAL, 0},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct arena arena;
		arena_init(&arena);
		struct probe_candidates candidates = {.arena = &arena};
		probe_candidates_add_usual(
		    &candidates, table[i].host, table[i].source, false);
		probe_candidates_add_usual(
		    &candidates, table[i].host, table[i].source, false);
		assert_int_equal(candidates.count, table[i].count);
		arena_done(&arena);
	}
}

// Who may get the password: RFC 6186 section 6.
static void test_who_is_vouched_for(void **state)
{
	static const struct {
		const char *domain, *host;
		enum probe_source source;
		bool vouches; // who names it
		bool expected;
	} table[] = {
	    {"a.example", "a.example", PROBE_SRV, false, true},
	    {"a.example", "imap.a.example", PROBE_SRV, false, true},
	    {"a.example", "Imap.A.Example.", PROBE_MX, false, true},
	    {"a.example", "imap.a.example", PROBE_AUTOCONFIG_HTTP, false, true},
	    {"a.example", "nota.example", PROBE_SRV, false, false},
	    {"a.example", "a.example.evil.example", PROBE_SRV, false, false},
	    {"a.example", "example", PROBE_MX, false, false},
	    {"a.example", "evil.example", PROBE_SRV, false, false},
	    {"a.example", "evil.example", PROBE_MX, false, false},
	    {"a.example", "evil.example", PROBE_AUTOCONFIG_HTTP, false, false},
	    {"a.example", "evil.example", PROBE_AUTODISCOVER, false, false},
	    {"a.example", "192.0.2.1", PROBE_AUTOCONFIG_HTTP, false, false},
	    {"", "evil.example", PROBE_SRV, false, false},
	    {NULL, "evil.example", PROBE_SRV, false, false},
	    {"a.example", "b.example", PROBE_AUTOCONFIG, true, true},
	    {"a.example", "b.example", PROBE_SRV, true, true},
	    {"a.example", "b.example", PROBE_GIVEN, false, true},
	    {"a.example", "b.example", PROBE_USUAL, false, true},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct arena arena;
		arena_init(&arena);
		struct probe_candidates candidates = {.arena = &arena,
		    .domain = table[i].domain,
		    .vouches = table[i].vouches};
		probe_candidates_add(&candidates,
		    &(struct probe_candidate){.protocol = PROBE_IMAP,
			.security = PROBE_TLS,
			.host = table[i].host,
			.port = 993,
			.source = table[i].source});
		assert_int_equal(candidates.count, 1);
		if (candidates.items[0].vouched != table[i].expected)
			fail_msg("row %zu", i);
		arena_done(&arena);
	}
}

// The one that is vouched for is taken whole, with its user's name.
static void test_who_is_vouched_for_comes_first(void **state)
{
	struct arena arena;
	(void)state;
	arena_init(&arena);
	struct probe_candidates candidates = {
	    .arena = &arena, .domain = "a.example"};
	struct probe_candidate one = {.protocol = PROBE_IMAP,
	    .security = PROBE_TLS,
	    .host = "b.example",
	    .port = 993,
	    .source = PROBE_AUTOCONFIG_HTTP,
	    .user = "somebody"};
	probe_candidates_add(&candidates, &one);
	assert_false(candidates.items[0].vouched);
	one.vouched = true;
	one.source = PROBE_SRV;
	one.user = NULL;
	probe_candidates_add(&candidates, &one);
	one.vouched = false;
	one.user = "somebody";
	probe_candidates_add(&candidates, &one);
	assert_int_equal(candidates.count, 1);
	assert_true(candidates.items[0].vouched);
	assert_int_equal(candidates.items[0].source, PROBE_SRV);
	assert_null(candidates.items[0].user);
	arena_done(&arena);
}

// A document cannot put a command into the dialogue.
static void test_names_of_users_are_one_line(void **state)
{
	static const struct {
		const char *xml, *found;
	} table[] = {
#define SERVER(user)                                                           \
	"<clientConfig><emailProvider id=\"x\"><incomingServer "               \
	"type=\"pop3\"><hostname>a.example</hostname><port>995</port>"         \
	"<socketType>SSL</socketType><username>" user                          \
	"</username></incomingServer></emailProvider></clientConfig>"
	    {SERVER("anna b"), "anna b"},
	    {SERVER("anna&#13;&#10;DELE 1"), NULL},
	    {SERVER("anna\nDELE 1"), NULL},
	    {SERVER("anna&#9;"), "anna"}, // white space around it
	    {SERVER("an&#127;na"), NULL},
#undef SERVER
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct arena arena;
		arena_init(&arena);
		struct probe_candidates candidates = {.arena = &arena};
		assert_int_equal(probe_read_autoconfig(&candidates,
				     view_of_string(table[i].xml),
				     VIEW("a@a.example"), PROBE_AUTOCONFIG),
		    RC_OK);
		assert_int_equal(candidates.count, 1);
		if (table[i].found)
			assert_string_equal(
			    candidates.items[0].user, table[i].found);
		else
			assert_null(candidates.items[0].user);
		arena_done(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_autoconfig),
	    cmocka_unit_test(test_autodiscover),
	    cmocka_unit_test(test_usual_ports),
	    cmocka_unit_test(test_names_of_users_are_one_line),
	    cmocka_unit_test(test_who_is_vouched_for),
	    cmocka_unit_test(test_who_is_vouched_for_comes_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

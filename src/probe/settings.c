// SPDX-License-Identifier: Apache-2.0
// The two formats have the same shape: an element for each server, and its
// settings as elements with a text. One reader serves both. Namespaces are not
// looked at: providers write them wrongly.
#include "base/mem.h"
#include "probe/candidates.h"
#include "wire/xml_reader.h"

#define VALUE_MAX 300

struct server {
	struct view type;
	struct view host;
	struct view user;
	struct view port;
	struct view security;
	struct view ssl;
};

struct document {
	struct probe_candidates *candidates;
	struct view address;
	enum probe_source source;
	const char *root; // the element that the document must be
	struct arena arena;
	struct xml_reader reader;
	const char *redirect; // in the candidates' arena
};

// ---- Values ----------------------------------------------------------------

// Replaces %EMAILADDRESS% and its like. NULL: there is nothing, or too much.
static const char *fill(struct document *document, struct view text)
{
	struct view address = document->address;
	size_t at = view_find_char(address, '@');
	const struct {
		struct view name, value;
	} rows[] = {
	    {VIEW("%EMAILADDRESS%"), address},
	    {VIEW("%EMAILLOCALPART%"), view_slice(address, 0, at)},
	    {VIEW("%EMAILDOMAIN%"), view_from(address, at + 1)},
	};
	struct buf out;
	const char *filled = NULL;
	buf_init(&out, VALUE_MAX);
	while (text.len > 0 && buf_status(&out) == RC_OK) {
		size_t i = 0;
		while (i < ARRAY_LEN(rows) &&
		       !view_starts_with(text, rows[i].name))
			i++;
		if (i < ARRAY_LEN(rows)) {
			buf_add(&out, rows[i].value);
			text = view_from(text, rows[i].name.len);
		} else {
			buf_add_char(&out, text.ptr[0]);
			text = view_from(text, 1);
		}
	}
	if (buf_status(&out) == RC_OK && out.len > 0)
		filled = arena_string(&document->arena, buf_view(&out));
	buf_done(&out);
	return filled;
}

// Autoconfig says SSL, STARTTLS or plain. Autodiscover says SSL, TLS (which
// means STARTTLS), None or Auto; without it, SSL is on or off, or what the
// port usually is.
static enum probe_security security_of(
    const struct server *server, uint16_t port)
{
	static const struct {
		struct view word;
		enum probe_security security;
	} words[] = {
	    {{"SSL", 3}, PROBE_TLS},
	    {{"STARTTLS", 8}, PROBE_STARTTLS},
	    {{"TLS", 3}, PROBE_STARTTLS},
	    {{"plain", 5}, PROBE_PLAIN},
	    {{"None", 4}, PROBE_PLAIN},
	};
	enum probe_protocol protocol;
	enum probe_security security;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (view_eq_nocase(server->security, words[i].word))
			return words[i].security;
	if (probe_port_usage(port, &protocol, &security))
		return security;
	return view_eq_nocase(server->ssl, VIEW("off")) ? PROBE_STARTTLS
							: PROBE_TLS;
}

static void add_server(struct document *document, const struct server *server)
{
	uint32_t port;
	if (!view_to_u32(server->port, &port) || port > UINT16_MAX)
		port = 0;
	const char *host = fill(document, server->host);
	for (enum probe_protocol p = 0; p < PROBE_PROTOCOLS; p++) {
		if (!view_eq_nocase(
			server->type, view_of_string(probe_protocol_id(p))))
			continue;
		probe_candidates_add(document->candidates,
		    &(struct probe_candidate){.protocol = p,
			.security = security_of(server, (uint16_t)port),
			.host = host ? host : "",
			.port = (uint16_t)port,
			.source = document->source,
			.user = fill(document, server->user)});
	}
}

// ---- Elements --------------------------------------------------------------

static bool is_server(struct view name)
{
	return view_eq(name, VIEW("incomingServer")) ||
	       view_eq(name, VIEW("outgoingServer")) ||
	       view_eq(name, VIEW("Protocol"));
}

// Where the text of this element goes; NULL: nowhere.
static struct view *field_of(struct server *server, struct view name)
{
	const struct {
		struct view autoconfig, autodiscover;
		struct view *field;
	} rows[] = {
	    {VIEW("hostname"), VIEW("Server"), &server->host},
	    {VIEW("username"), VIEW("LoginName"), &server->user},
	    {VIEW("port"), VIEW("Port"), &server->port},
	    {VIEW("socketType"), VIEW("Encryption"), &server->security},
	    {VIEW("SSL"), VIEW("SSL"), &server->ssl},
	    {VIEW("Type"), VIEW("Type"), &server->type},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (view_eq(name, rows[i].autoconfig) ||
		    view_eq(name, rows[i].autodiscover))
			return rows[i].field;
	return NULL;
}

// Reads up to the end of a server. What else is in it is skipped: Exchange has
// further elements <Protocol> there, which are not for mail programs.
static enum rc read_server(
    struct document *document, const struct xml_token *open)
{
	struct server server = {.type = xml_attribute(open, VIEW("type"))};
	for (;;) {
		struct xml_token token;
		enum rc rc = xml_next(&document->reader, &token);
		if (rc != RC_OK)
			return rc;
		if (token.kind == XML_CLOSE)
			break;
		if (token.kind != XML_OPEN)
			continue;
		struct view *field = field_of(&server, token.name);
		rc = field ? xml_read_text(&document->reader, field)
			   : xml_skip(&document->reader);
		if (rc != RC_OK)
			return rc;
	}
	add_server(document, &server);
	return RC_OK;
}

static enum rc read_redirect(struct document *document)
{
	struct view text;
	enum rc rc = xml_read_text(&document->reader, &text);
	if (rc == RC_OK)
		document->redirect =
		    arena_string(document->candidates->arena, text);
	return rc;
}

static enum rc read_elements(struct document *document)
{
	struct xml_token token;
	enum rc rc = xml_next(&document->reader, &token); // the root
	if (rc == RC_OK &&
	    !view_eq_nocase(token.name, view_of_string(document->root)))
		return RC_SYNTAX;
	while (rc == RC_OK) {
		rc = xml_next(&document->reader, &token);
		if (rc != RC_OK || token.kind == XML_DONE)
			break;
		if (token.kind != XML_OPEN)
			continue;
		if (is_server(token.name))
			rc = read_server(document, &token);
		else if (view_eq_nocase(token.name, VIEW("RedirectUrl")))
			rc = read_redirect(document);
	}
	return rc;
}

static enum rc read_xml(struct document *document, struct view xml)
{
	if (xml.len > PROBE_XML_MAX)
		return RC_LIMIT;
	arena_init(&document->arena);
	xml_reader_init(&document->reader, &document->arena, xml);
	enum rc rc = read_elements(document);
	arena_done(&document->arena);
	return rc == RC_OK ? RC_OK : RC_SYNTAX;
}

enum rc probe_read_autoconfig(struct probe_candidates *candidates,
    struct view xml, struct view address, enum probe_source source)
{
	struct document document = {.candidates = candidates,
	    .address = address,
	    .source = source,
	    .root = "clientConfig"};
	return read_xml(&document, xml);
}

enum rc probe_read_autodiscover(struct probe_candidates *candidates,
    struct view xml, struct view address, const char **ret_redirect)
{
	struct document document = {.candidates = candidates,
	    .address = address,
	    .source = PROBE_AUTODISCOVER,
	    .root = "Autodiscover"};
	enum rc rc = read_xml(&document, xml);
	*ret_redirect = document.redirect;
	return rc;
}

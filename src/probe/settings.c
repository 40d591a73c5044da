// SPDX-License-Identifier: Apache-2.0
// The two formats have the same shape: an element for each server, and its
// settings as elements with a text. One reader serves both.
#include <expat.h>

#include "base/mem.h"
#include "probe/candidates.h"

#define DEPTH_MAX 24
#define TEXT_MAX  1000

struct server {
	bool is; // we are within one
	char type[16];
	char host[300];
	char user[300];
	char security[16];
	char ssl[8];
	uint32_t port;
};

struct reader {
	struct probe_candidates *candidates;
	struct view address;
	enum probe_source source;
	XML_Parser parser;
	struct arena *arena;
	const char *root; // the element that the document must be
	bool started;
	bool wrong;
	int depth;
	struct buf text;
	struct server server;
	const char *redirect;
};

// The name without its namespace ("…|Protocol").
static struct view local_name(const char *name)
{
	struct view whole = view_of_string(name);
	size_t bar = view_find_char(whole, '|');
	return bar == SIZE_MAX ? whole : view_from(whole, bar + 1);
}

static void stop(struct reader *reader)
{
	reader->wrong = true;
	XML_StopParser(reader->parser, XML_FALSE);
}

static void on_doctype(void *context, const XML_Char *name,
    const XML_Char *system, const XML_Char *public, int internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	stop(context);
}

static bool is_server(struct view name)
{
	return view_eq(name, VIEW("incomingServer")) ||
	       view_eq(name, VIEW("outgoingServer")) ||
	       view_eq(name, VIEW("Protocol"));
}

static void on_start(
    void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct reader *reader = context;
	struct view local = local_name(name);
	buf_reset(&reader->text);
	if (!reader->started &&
	    !view_eq_nocase(local, view_of_string(reader->root))) {
		stop(reader);
		return;
	}
	reader->started = true;
	if (++reader->depth > DEPTH_MAX) {
		stop(reader);
		return;
	}
	if (!is_server(local))
		return;
	reader->server = (struct server){.is = true};
	for (size_t i = 0; attributes[i]; i += 2)
		if (view_eq(local_name(attributes[i]), VIEW("type")))
			snprintf(reader->server.type,
			    sizeof(reader->server.type), "%s",
			    attributes[i + 1]);
}

static void on_text(void *context, const XML_Char *text, int len)
{
	struct reader *reader = context;
	buf_add(&reader->text, view_of(text, (size_t)len));
}

// ---- Values ----------------------------------------------------------------

// Replaces %EMAILADDRESS% and its like.
static void copy_filled(
    const struct reader *reader, struct view text, char *to, size_t size)
{
	size_t at = view_find_char(reader->address, '@');
	const struct {
		struct view name, value;
	} rows[] = {
	    {VIEW("%EMAILADDRESS%"), reader->address},
	    {VIEW("%EMAILLOCALPART%"), view_slice(reader->address, 0, at)},
	    {VIEW("%EMAILDOMAIN%"), view_from(reader->address, at + 1)},
	};
	struct buf out;
	buf_init(&out, size - 1);
	while (text.len > 0) {
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
	bool fits = buf_status(&out) == RC_OK;
	snprintf(
	    to, size, "%.*s", fits ? (int)out.len : 0, out.ptr ? out.ptr : "");
	buf_done(&out);
}

static void copy_word(struct view text, char *to, size_t size)
{
	snprintf(to, size, "%.*s", VIEW_FMT(view_slice(text, 0, size - 1)));
}

static void take_value(
    struct reader *reader, struct view name, struct view text)
{
	struct server *server = &reader->server;
	if (view_eq(name, VIEW("hostname")) || view_eq(name, VIEW("Server")))
		copy_filled(reader, text, server->host, sizeof(server->host));
	else if (view_eq(name, VIEW("username")) ||
		 view_eq(name, VIEW("LoginName")))
		copy_filled(reader, text, server->user, sizeof(server->user));
	else if (view_eq(name, VIEW("port")) || view_eq(name, VIEW("Port")))
		server->port = view_to_u32(text, &server->port) &&
				       server->port <= UINT16_MAX
				   ? server->port
				   : 0;
	else if (view_eq(name, VIEW("socketType")) ||
		 view_eq(name, VIEW("Encryption")))
		copy_word(text, server->security, sizeof(server->security));
	else if (view_eq(name, VIEW("SSL")))
		copy_word(text, server->ssl, sizeof(server->ssl));
	else if (view_eq(name, VIEW("Type")))
		copy_word(text, server->type, sizeof(server->type));
}

static bool is_word(const char *text, const char *word)
{
	return view_eq_nocase(view_of_string(text), view_of_string(word));
}

// Autoconfig says SSL, STARTTLS or plain. Autodiscover says SSL, TLS (which
// means STARTTLS), None or Auto; without it, SSL is on or off, or what the
// port usually is.
static enum probe_security security_of(const struct server *server)
{
	enum probe_protocol protocol;
	enum probe_security security;
	if (is_word(server->security, "SSL"))
		return PROBE_TLS;
	if (is_word(server->security, "STARTTLS") ||
	    is_word(server->security, "TLS"))
		return PROBE_STARTTLS;
	if (is_word(server->security, "plain") ||
	    is_word(server->security, "None"))
		return PROBE_PLAIN;
	if (probe_port_usage((uint16_t)server->port, &protocol, &security))
		return security;
	return is_word(server->ssl, "off") ? PROBE_STARTTLS : PROBE_TLS;
}

static void end_server(struct reader *reader)
{
	struct server *server = &reader->server;
	server->is = false;
	for (enum probe_protocol p = 0; p < PROBE_PROTOCOLS; p++) {
		if (!is_word(server->type, probe_protocol_id(p)))
			continue;
		probe_candidates_add(reader->candidates,
		    &(struct probe_candidate){.protocol = p,
			.security = security_of(server),
			.host = server->host,
			.port = (uint16_t)server->port,
			.source = reader->source,
			.user = server->user[0] ? server->user : NULL});
	}
}

static void on_end(void *context, const XML_Char *name)
{
	struct reader *reader = context;
	struct view local = local_name(name);
	struct view text = view_trim(buf_view(&reader->text));
	bool fits = buf_status(&reader->text) == RC_OK;
	reader->depth--;
	if (reader->server.is && is_server(local))
		end_server(reader);
	else if (reader->server.is && fits)
		take_value(reader, local, text);
	else if (view_eq_nocase(local, VIEW("RedirectUrl")) && fits)
		reader->redirect = arena_string(reader->arena, text);
	buf_reset(&reader->text);
}

static enum rc read_xml(struct reader *reader, struct view xml)
{
	if (xml.len > PROBE_XML_MAX)
		return RC_LIMIT;
	reader->parser = XML_ParserCreateNS(NULL, '|');
	if (!reader->parser)
		abort(); // out of memory
	buf_init(&reader->text, TEXT_MAX);
	XML_SetUserData(reader->parser, reader);
	XML_SetElementHandler(reader->parser, on_start, on_end);
	XML_SetCharacterDataHandler(reader->parser, on_text);
	XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
	bool good = XML_Parse(reader->parser, xml.ptr, (int)xml.len, 1) ==
			XML_STATUS_OK &&
		    !reader->wrong;
	XML_ParserFree(reader->parser);
	buf_done(&reader->text);
	return good ? RC_OK : RC_SYNTAX;
}

enum rc probe_read_autoconfig(struct probe_candidates *candidates,
    struct view xml, struct view address, enum probe_source source)
{
	struct reader reader = {.candidates = candidates,
	    .arena = candidates->arena,
	    .address = address,
	    .source = source,
	    .root = "clientConfig"};
	return read_xml(&reader, xml);
}

enum rc probe_read_autodiscover(struct probe_candidates *candidates,
    struct view xml, struct view address, const char **ret_redirect)
{
	struct reader reader = {.candidates = candidates,
	    .arena = candidates->arena,
	    .address = address,
	    .source = PROBE_AUTODISCOVER,
	    .root = "Autodiscover"};
	enum rc rc = read_xml(&reader, xml);
	*ret_redirect = reader.redirect;
	return rc;
}

// SPDX-License-Identifier: Apache-2.0
#include "setup/autodiscover.h"

#include "wire/xml_reader.h"
#include "wire/xml_write.h"

#define SCHEMAS "http://schemas.microsoft.com/exchange/autodiscover/"

// The namespaces have to be exact, or Outlook ignores the answer.
#define REQUEST_SPACE  SCHEMAS "outlook/requestschema/2006"
#define MOBILE_SPACE   SCHEMAS "mobilesync/requestschema/2006"
#define SETTINGS_SPACE SCHEMAS "outlook/responseschema/2006a"
#define ANSWER_SPACE   SCHEMAS "responseschema/2006"

// ---- The request -----------------------------------------------------------

struct request {
	struct view address;
	struct view schema;
	bool has_address;
	bool has_schema;
};

// Reads the content of an element that may be there once.
static enum rc read_once(
    struct xml_reader *reader, bool *has, struct view *ret_text)
{
	if (*has)
		return RC_INVALID;
	*has = true;
	return xml_read_text(reader, ret_text);
}

// Reads what is in <Request>, up to its end. Outlook sends further elements
// (LegacyDN), which are skipped.
static enum rc read_fields(struct xml_reader *reader, struct request *request)
{
	for (;;) {
		struct xml_token token;
		enum rc rc = xml_next(reader, &token);
		if (rc != RC_OK || token.kind == XML_CLOSE)
			return rc;
		if (token.kind == XML_TEXT) {
			if (view_trim(token.text).len > 0)
				return RC_INVALID;
		} else if (view_eq(token.name, VIEW("EMailAddress"))) {
			rc = read_once(
			    reader, &request->has_address, &request->address);
		} else if (view_eq(
			       token.name, VIEW("AcceptableResponseSchema"))) {
			rc = read_once(
			    reader, &request->has_schema, &request->schema);
		} else {
			rc = xml_skip(reader);
		}
		if (rc != RC_OK)
			return rc;
	}
}

// The next token that is not white space between elements.
static enum rc next_tag(struct xml_reader *reader, struct xml_token *ret_token)
{
	enum rc rc;
	do {
		rc = xml_next(reader, ret_token);
		if (rc == RC_OK && ret_token->kind == XML_TEXT &&
		    view_trim(ret_token->text).len > 0)
			return RC_INVALID;
	} while (rc == RC_OK && ret_token->kind == XML_TEXT);
	return rc;
}

static enum rc read_document(struct xml_reader *reader, struct request *request)
{
	struct xml_token token;
	enum rc rc = next_tag(reader, &token);
	if (rc != RC_OK || !view_eq(token.name, VIEW("Autodiscover")) ||
	    (!view_eq(token.space, VIEW(REQUEST_SPACE)) &&
		!view_eq(token.space, VIEW(MOBILE_SPACE))))
		return RC_INVALID;
	rc = next_tag(reader, &token);
	if (rc != RC_OK || token.kind != XML_OPEN ||
	    !view_eq(token.name, VIEW("Request")))
		return RC_INVALID;
	rc = read_fields(reader, request);
	if (rc == RC_OK)
		rc = next_tag(reader, &token);
	if (rc != RC_OK || token.kind != XML_CLOSE)
		return RC_INVALID;
	rc = xml_next(reader, &token); // nothing may follow
	return rc == RC_OK ? RC_OK : RC_INVALID;
}

enum rc setup_autodiscover_read(
    struct arena *arena, struct view body, struct view *ret_address)
{
	struct xml_reader reader;
	struct request request = {0};
	if (body.len > SETUP_AUTODISCOVER_REQUEST_MAX)
		return RC_INVALID;
	xml_reader_init(&reader, arena, body);
	enum rc rc = read_document(&reader, &request);
	if (rc != RC_OK || !request.has_schema)
		return RC_INVALID;
	if (!view_eq(request.schema, VIEW(SETTINGS_SPACE)))
		return RC_UNSUPPORTED;
	if (request.address.len == 0) // LegacyDN alone is for Exchange
		return RC_INVALID;
	*ret_address = request.address;
	return RC_OK;
}

// ---- The answer ------------------------------------------------------------

static void begin(struct buf *out, const char *response_space)
{
	buf_add_literal(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
			     "<Autodiscover xmlns=\"" ANSWER_SPACE "\">\n");
	if (response_space)
		buf_printf(out, "  <Response xmlns=\"%s\">\n", response_space);
	else
		buf_add_literal(out, "  <Response>\n");
}

static void end(struct buf *out)
{
	buf_add_literal(out, "  </Response>\n"
			     "</Autodiscover>\n");
}

// The order of the elements is that of Microsoft's examples.
static void write_protocol(const struct setup_account *account,
    enum service_protocol protocol, const char *type, struct buf *out)
{
	enum mail_service service =
	    mail_services_next(account->services, protocol, 0);
	if (service == MAIL_SERVICES)
		return;
	bool implicit = service_info(service)->implicit_tls;
	buf_add_literal(out, "      <Protocol>\n");
	xml_add_element(out, 4, "Type", view_of_string(type));
	xml_add_element(out, 4, "Server", account->host);
	xml_add_number(out, 4, "Port", account->services->ports[service]);
	xml_add_element(out, 4, "DomainRequired", VIEW("off"));
	xml_add_element(out, 4, "LoginName", account->address.text);
	xml_add_element(out, 4, "SPA", VIEW("off"));
	// "Encryption" says more and goes before "SSL"; TLS means STARTTLS.
	xml_add_element(out, 4, "SSL", VIEW("on"));
	xml_add_element(
	    out, 4, "Encryption", implicit ? VIEW("SSL") : VIEW("TLS"));
	xml_add_element(out, 4, "AuthRequired", VIEW("on"));
	if (protocol == SERVICE_PROTOCOL_SMTP) {
		// The name and password of the incoming server.
		xml_add_element(out, 4, "UsePOPAuth", VIEW("on"));
		xml_add_element(out, 4, "SMTPLast", VIEW("off"));
	}
	buf_add_literal(out, "      </Protocol>\n");
}

void setup_autodiscover_write(
    const struct setup_account *account, struct buf *out)
{
	begin(out, SETTINGS_SPACE);
	buf_add_literal(out, "    <User>\n");
	xml_add_element(out, 3, "DisplayName", account->address.text);
	buf_add_literal(out, "    </User>\n"
			     "    <Account>\n");
	xml_add_element(out, 3, "AccountType", VIEW("email"));
	xml_add_element(out, 3, "Action", VIEW("settings"));
	write_protocol(account, SERVICE_PROTOCOL_IMAP, "IMAP", out);
	write_protocol(account, SERVICE_PROTOCOL_POP3, "POP3", out);
	write_protocol(account, SERVICE_PROTOCOL_SMTP, "SMTP", out);
	buf_add_literal(out, "    </Account>\n");
	end(out);
}

void setup_autodiscover_write_error(
    enum setup_autodiscover_error error, uint64_t unix_ms, struct buf *out)
{
	unsigned seconds = (unsigned)(unix_ms / 1000 % 86400);
	const char *message = error == SETUP_AUTODISCOVER_INVALID
				  ? "Invalid Request"
				  : "Provider is not available";
	begin(out, NULL);
	buf_printf(out,
	    "    <Error Time=\"%02u:%02u:%02u.%03u0000\" Id=\"%u\">\n",
	    seconds / 3600, seconds / 60 % 60, seconds % 60,
	    (unsigned)(unix_ms % 1000), (unsigned)unix_ms);
	xml_add_number(out, 3, "ErrorCode", error);
	xml_add_element(out, 3, "Message", view_of_string(message));
	buf_add_literal(out, "      <DebugData/>\n"
			     "    </Error>\n");
	end(out);
}

// ---- JSON ------------------------------------------------------------------

enum rc setup_autodiscover_json(
    struct view protocol, struct view authority, struct buf *out)
{
	// What is written of the request is an authority that was found to be
	// one of ours: nothing in it needs an escape.
	if (view_eq_nocase(protocol, VIEW("AutodiscoverV1"))) {
		buf_printf(out,
		    "{\"Protocol\":\"AutodiscoverV1\",\"Url\":\"https://%.*s"
		    "/autodiscover/autodiscover.xml\"}",
		    VIEW_FMT(authority));
		return RC_OK;
	}
	if (protocol.len == 0) {
		buf_add_literal(out,
		    "{\"ErrorCode\":\"MandatoryParameterMissing\","
		    "\"ErrorMessage\":\"A valid value must be provided for the "
		    "query parameter 'Protocol'\"}");
		return RC_INVALID;
	}
	buf_add_literal(out,
	    "{\"ErrorCode\":\"ProtocolNotSupported\","
	    "\"ErrorMessage\":\"The given protocol value is "
	    "invalid. Supported values are 'AutodiscoverV1'\"}");
	return RC_UNSUPPORTED;
}

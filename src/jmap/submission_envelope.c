// SPDX-License-Identifier: Apache-2.0
// Makes an envelope. Parameters are written as MAIL and RCPT would have them,
// and read by the parser of SMTP, so that both doors take the same.
#include "jmap/submission_envelope.h"

#include <stdarg.h>

#include "base/ascii.h"
#include "base/map.h"
#include "base/vec.h"
#include "wire/address.h"
#include "wire/header.h"
#include "wire/json_read.h"
#include "wire/utf8.h"
#include "wire/xtext.h"

void submission_fault_set(struct submission_fault *fault, enum jmap_error error,
    const char *property, const char *text, ...)
{
	va_list args;
	fault->error = error;
	fault->property = property;
	fault->text[0] = '\0';
	if (!text)
		return;
	va_start(args, text);
	vsnprintf(fault->text, sizeof(fault->text), text, args);
	va_end(args);
}

static bool wrong(struct submission_fault *fault, const char *text)
{
	submission_fault_set(
	    fault, JMAP_ERROR_INVALID_PROPERTIES, "envelope", "%s", text);
	return false;
}

// ---- Addresses and parameters ----------------------------------------------

// RFC 8621 section 7: xtext and unitext encodings are removed in JSON.
static void add_encoded(struct buf *line, struct view name, struct view value)
{
	size_t semicolon = view_find_char(value, ';');
	if (view_eq_nocase(name, VIEW("ORCPT")) && semicolon != SIZE_MAX) {
		struct view address = view_from(value, semicolon + 1);
		buf_add(line, view_slice(value, 0, semicolon + 1));
		if (view_eq_nocase(
			view_slice(value, 0, semicolon), VIEW("utf-8")))
			utf8_addr_xtext_encode(address, line);
		else
			xtext_encode(address, line);
	} else if (view_eq_nocase(name, VIEW("ENVID")) ||
		   view_eq_nocase(name, VIEW("AUTH"))) {
		xtext_encode(value, line);
	} else {
		buf_add(line, value);
	}
}

// A blank would begin another parameter.
static bool is_one_word(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (ascii_is_space(text.ptr[i]) ||
		    ascii_is_control(text.ptr[i]))
			return false;
	return true;
}

static bool add_parameters(struct buf *line, json_t *parameters)
{
	const char *key;
	json_t *value;
	if (!parameters || json_is_null(parameters))
		return true;
	if (!json_is_object(parameters))
		return false;
	json_object_foreach(parameters, key, value)
	{
		struct view name = view_of_string(key);
		if (!json_is_null(value) && !json_is_string(value))
			return false;
		buf_add_char(line, ' ');
		buf_add(line, name);
		size_t start = line->len;
		if (json_is_string(value)) {
			buf_add_char(line, '=');
			add_encoded(line, name, json_view(value));
		}
		if (!is_one_word(name) || name.len == 0 ||
		    !is_one_word(view_of(line->ptr + start, line->len - start)))
			return false;
	}
	return true;
}

static unsigned extensions_of(const struct delivery_office *office)
{
	unsigned extensions = SMTP_EXT_SIZE | SMTP_EXT_8BITMIME |
			      SMTP_EXT_BINARYMIME | SMTP_EXT_SMTPUTF8 |
			      SMTP_EXT_DSN | SMTP_EXT_AUTH | SMTP_EXT_DELIVERBY;
	return delivery_can_hold(office) ? extensions | SMTP_EXT_FUTURERELEASE
					 : extensions;
}

// Reads `verb`<address> with its parameters as a command. False: `ret_text` is
// what SMTP would say.
static bool read_command(struct arena *arena,
    const struct delivery_office *office, const char *verb,
    const struct smtp_mailbox *address, json_t *parameters,
    struct smtp_command *ret_command, struct smtp_fault *ret_fault)
{
	struct buf line;
	buf_init(&line, SMTP_COMMAND_LINE_MAX);
	*ret_fault = (struct smtp_fault){.code = 501};
	buf_printf(&line, "%s:<", verb);
	smtp_mailbox_print(address, &line);
	buf_add_char(&line, '>');
	// Whether an address needs SMTPUTF8 is the server's business.
	bool is_mail = verb[0] == 'M';
	if (is_mail && smtp_mailbox_is_utf8(address) &&
	    !json_object_get(parameters, "SMTPUTF8"))
		buf_add_literal(&line, " SMTPUTF8");
	bool good =
	    add_parameters(&line, parameters) && buf_status(&line) == RC_OK &&
	    smtp_command_parse(arena, arena_copy(arena, buf_view(&line)),
		extensions_of(office), ret_command, ret_fault) == RC_OK;
	buf_done(&line);
	return good;
}

static bool is_address(json_t *json)
{
	const char *key;
	json_t *value;
	if (!json_is_object(json) ||
	    !json_is_string(json_object_get(json, "email")))
		return false;
	json_object_foreach(
	    json, key, value) if (strcmp(key, "email") != 0 &&
				  strcmp(key, "parameters") != 0) return false;
	return true;
}

// ---- Given -----------------------------------------------------------------

static bool read_sender(struct arena *arena,
    const struct delivery_office *office, json_t *json,
    struct submission_envelope *envelope, struct submission_fault *fault)
{
	struct smtp_mailbox sender = {.local = VIEW("")};
	struct smtp_command command;
	struct smtp_fault why;
	struct view email = json_view(json_object_get(json, "email"));
	// The empty address is the null path.
	if (email.len > 0 &&
	    smtp_mailbox_parse(arena, email, NULL, &sender) != RC_OK)
		return wrong(fault, "mailFrom is no address");
	if (!read_command(arena, office, "MAIL FROM", &sender,
		json_object_get(json, "parameters"), &command, &why)) {
		submission_fault_set(fault, JMAP_ERROR_INVALID_PROPERTIES,
		    "envelope", "mailFrom: %s",
		    why.fault.text[0] ? why.fault.text
				      : "a parameter is not well formed");
		return false;
	}
	envelope->mail = command.mail;
	return true;
}

// False: the address or a parameter is wrong.
static bool read_recipient(struct arena *arena,
    const struct delivery_office *office, struct view email, json_t *parameters,
    struct submission_recipient *ret_recipient, struct smtp_fault *ret_why)
{
	struct smtp_mailbox address;
	struct smtp_command command;
	*ret_why = (struct smtp_fault){.code = 0};
	if (smtp_mailbox_parse(arena, email, NULL, &address) != RC_OK ||
	    !read_command(arena, office, "RCPT TO", &address, parameters,
		&command, ret_why))
		return false;
	*ret_recipient = (struct submission_recipient){
	    .email = arena_copy(arena, email), .rcpt = command.rcpt};
	return true;
}

static bool read_recipients(struct arena *arena,
    const struct delivery_office *office, json_t *list,
    struct submission_envelope *envelope, struct submission_fault *fault)
{
	size_t i;
	json_t *item;
	envelope->recipients = arena_alloc(
	    arena, (json_array_size(list) + 1) * sizeof(*envelope->recipients));
	json_array_foreach(list, i, item)
	{
		struct smtp_fault why;
		if (!is_address(item))
			return wrong(fault, "rcptTo is no list of addresses");
		struct view email = json_view(json_object_get(item, "email"));
		if (read_recipient(arena, office, email,
			json_object_get(item, "parameters"),
			&envelope->recipients[envelope->count], &why)) {
			envelope->count++;
		} else if (why.code != 0) {
			submission_fault_set(fault,
			    JMAP_ERROR_INVALID_PROPERTIES, "envelope",
			    "rcptTo: %s",
			    why.fault.text[0] ? why.fault.text
					      : "a parameter is not well "
						"formed");
			return false;
		} else {
			vec_push(&fault->recipients, email);
		}
	}
	return true;
}

static bool judge_recipients(const struct delivery_office *office,
    const struct submission_envelope *envelope, struct submission_fault *fault)
{
	size_t max = office->recipients_max ? office->recipients_max : 1000;
	if (fault->recipients.count > 0) {
		submission_fault_set(fault, JMAP_ERROR_INVALID_RECIPIENTS, NULL,
		    "not an address to send to");
		return false;
	}
	if (envelope->count == 0)
		submission_fault_set(
		    fault, JMAP_ERROR_NO_RECIPIENTS, NULL, NULL);
	else if (envelope->count > max)
		submission_fault_set(
		    fault, JMAP_ERROR_TOO_MANY_RECIPIENTS, NULL, NULL);
	return envelope->count > 0 && envelope->count <= max;
}

bool submission_envelope_read(struct arena *arena,
    const struct delivery_office *office, json_t *json,
    struct submission_envelope *ret_envelope, struct submission_fault *fault)
{
	struct submission_envelope envelope = {.count = 0};
	json_t *sender = json_object_get(json, "mailFrom");
	json_t *recipients = json_object_get(json, "rcptTo");
	if (!is_address(sender) || !json_is_array(recipients) ||
	    json_object_size(json) > 2)
		return wrong(fault, "it needs mailFrom and rcptTo");
	if (!read_sender(arena, office, sender, &envelope, fault) ||
	    !read_recipients(arena, office, recipients, &envelope, fault) ||
	    !judge_recipients(office, &envelope, fault))
		return false;
	envelope.json = json_incref(json);
	*ret_envelope = envelope;
	return true;
}

// ---- Derived ---------------------------------------------------------------

struct deriving {
	struct arena *arena;
	const struct delivery_office *office;
	struct submission_envelope *envelope;
	struct submission_fault *fault;
	struct map seen; // addresses, so that each is there once
	size_t capacity;
	json_t *list; // rcptTo
};

// An address of a header field, as the envelope writes it. Without a host it is
// none.
static struct view address_text(
    struct arena *arena, const struct address *address)
{
	struct smtp_mailbox mailbox = {
	    .local = address->mailbox, .domain = address->host};
	struct buf text;
	buf_init(&text, SMTP_MAILBOX_PRINTED_MAX + SMTP_PATH_MAX);
	smtp_mailbox_print(&mailbox, &text);
	struct view copy = arena_copy(arena,
	    buf_status(&text) == RC_OK ? buf_view(&text) : address->mailbox);
	buf_done(&text);
	return copy;
}

static void add_recipient(struct deriving *deriving, struct view email)
{
	struct submission_envelope *envelope = deriving->envelope;
	struct smtp_fault why;
	if (map_put(&deriving->seen, email, deriving))
		return;
	envelope->recipients = arena_grow(deriving->arena, envelope->recipients,
	    &deriving->capacity, envelope->count + 1,
	    sizeof(*envelope->recipients));
	if (!read_recipient(deriving->arena, deriving->office, email, NULL,
		&envelope->recipients[envelope->count], &why)) {
		vec_push(&deriving->fault->recipients, email);
		return;
	}
	envelope->count++;
	json_array_append_new(
	    deriving->list, json_pack("{s:s%, s:n}", "email", email.ptr,
				email.len, "parameters"));
}

static void add_field(struct deriving *deriving, struct view value)
{
	struct address_list list;
	address_list_parse(deriving->arena, value, &list);
	for (const struct address *at = list.first; at; at = at->next)
		if (at->host.ptr) // no group's name or end
			add_recipient(
			    deriving, address_text(deriving->arena, at));
}

// The only address of the only field of this name. RC_NOT_FOUND: there is no
// such field, or no address in it. RC_INVALID: several.
MUST_CHECK static enum rc only_address(struct arena *arena, struct view header,
    struct view name, struct view *ret_address)
{
	struct header_field field;
	const struct address *found = NULL;
	size_t fields = 0;
	while (header_next(&header, &field)) {
		struct address_list list;
		if (!view_eq_nocase(field.name, name))
			continue;
		fields++;
		address_list_parse(arena, field.value, &list);
		for (const struct address *at = list.first; at; at = at->next)
			if (at->host.ptr && found)
				return RC_INVALID;
			else if (at->host.ptr)
				found = at;
	}
	if (fields > 1)
		return RC_INVALID;
	if (!found)
		return RC_NOT_FOUND;
	*ret_address = address_text(arena, found);
	return RC_OK;
}

// Whether the identity stands for this address: it is the same, or the identity
// is "*@" and its domain.
static bool is_of_identity(
    struct arena *arena, struct view identity, struct view address)
{
	struct smtp_mailbox own, other;
	if (smtp_mailbox_parse(arena, identity, NULL, &own) != RC_OK ||
	    smtp_mailbox_parse(arena, address, NULL, &other) != RC_OK)
		return false;
	return view_eq(own.domain_ascii, other.domain_ascii) &&
	       (view_eq(own.local, VIEW("*")) ||
		   view_eq(smtp_local_fold(arena, own.local),
		       smtp_local_fold(arena, other.local)));
}

// Sender, or else From; or the identity's address if they name another one.
static bool derive_sender(struct deriving *deriving, struct view header,
    struct view identity, struct view *ret_sender)
{
	static const struct {
		struct view field;
		const char *property;
	} writers[] = {
	    {{"Sender", 6}, "sender"},
	    {{"From", 4}, "from"},
	};
	struct view sender = identity;
	enum rc rc = RC_NOT_FOUND;
	for (size_t i = 0; rc == RC_NOT_FOUND && i < ARRAY_LEN(writers); i++) {
		rc = only_address(
		    deriving->arena, header, writers[i].field, &sender);
		if (rc != RC_INVALID)
			continue;
		submission_fault_set(deriving->fault, JMAP_ERROR_INVALID_EMAIL,
		    writers[i].property,
		    "it does not name one address to send from");
		return false;
	}
	if (rc == RC_OK && !is_of_identity(deriving->arena, identity, sender))
		sender = identity;
	*ret_sender = sender;
	return true;
}

static bool derive(
    struct deriving *deriving, struct view header, struct view identity)
{
	struct submission_envelope *envelope = deriving->envelope;
	struct header_field field;
	struct view rest = header;
	struct view sender;
	if (!derive_sender(deriving, header, identity, &sender))
		return false;
	json_t *from = json_pack(
	    "{s:s%, s:n}", "email", sender.ptr, sender.len, "parameters");
	envelope->json =
	    json_pack("{s:o, s:O}", "mailFrom", from, "rcptTo", deriving->list);
	if (!read_sender(deriving->arena, deriving->office, from, envelope,
		deriving->fault))
		return false;
	while (header_next(&rest, &field))
		if (view_eq_nocase(field.name, VIEW("To")) ||
		    view_eq_nocase(field.name, VIEW("Cc")) ||
		    view_eq_nocase(field.name, VIEW("Bcc")))
			add_field(deriving, field.value);
	return judge_recipients(deriving->office, envelope, deriving->fault);
}

bool submission_envelope_derive(struct arena *arena,
    const struct delivery_office *office, struct view header,
    struct view identity, struct submission_envelope *ret_envelope,
    struct submission_fault *fault)
{
	struct submission_envelope envelope = {.count = 0};
	struct deriving deriving = {
	    .arena = arena,
	    .office = office,
	    .envelope = &envelope,
	    .fault = fault,
	    .list = json_array(),
	};
	map_init(&deriving.seen);
	bool good = derive(&deriving, header, identity);
	map_done(&deriving.seen);
	json_decref(deriving.list);
	if (good)
		*ret_envelope = envelope;
	else
		json_decref(envelope.json);
	return good;
}

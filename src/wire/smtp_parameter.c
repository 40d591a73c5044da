// SPDX-License-Identifier: Apache-2.0
// This file reads the parameters of MAIL and RCPT (RFC 5321 section 4.1.2).
// Each parameter has one function, and a table finds it. A parameter is known
// only if its extension is on.
#include "wire/smtp_parameter.h"

#include "base/ascii.h"
#include "wire/date.h"
#include "wire/utf8.h"
#include "wire/xtext.h"

// This struct has the current parameter. `value` has a NULL ptr if there is no
// "=".
struct parameter {
	struct arena *arena;
	struct view name;
	struct view value;
	unsigned extensions;
	struct smtp_mail *mail;
	struct smtp_rcpt *rcpt;
	struct smtp_fault *fault;
};

typedef enum rc parameter_parse(const struct parameter *parameter);

struct parameter_row {
	const char *name;
	unsigned extensions; // one of them must be on
	parameter_parse *parse;
};

static enum rc wrong(const struct parameter *parameter, enum rc rc)
{
	return fault_set(
	    smtp_fault_code(parameter->fault, 501, ENHANCED(5, 5, 4)), rc,
	    "the value of %.*s is not well formed", VIEW_FMT(parameter->name));
}

static enum rc not_offered(const struct parameter *parameter)
{
	return fault_set(
	    smtp_fault_code(parameter->fault, 555, ENHANCED(5, 5, 4)),
	    RC_UNSUPPORTED, "%.*s: this parameter is not implemented",
	    VIEW_FMT(view_slice(parameter->name, 0, 40)));
}

static bool is_printable_ascii(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return false; // bytes over 0x7f are negative
	return true;
}

// Decodes the value with `decode` into the arena.
static enum rc decode(const struct parameter *parameter, struct view text,
    enum rc (*decoder)(struct view text, struct buf *out),
    struct view *ret_text)
{
	struct buf out;
	buf_init(&out, text.len + 1);
	enum rc rc = decoder(text, &out);
	if (rc == RC_OK)
		*ret_text = arena_copy(parameter->arena, buf_view(&out));
	buf_done(&out);
	return rc;
}

// ---- MAIL ----------------------------------------------------------------

// RFC 1870 section 4: the value is 1*20DIGIT.
static enum rc parse_size(const struct parameter *parameter)
{
	struct view value = parameter->value;
	uint64_t size = 0;
	if (value.len == 0 || value.len > 20)
		return wrong(parameter, RC_SYNTAX);
	for (size_t i = 0; i < value.len; i++)
		if (!ascii_is_digit(value.ptr[i]))
			return wrong(parameter, RC_SYNTAX);
	if (!view_to_u64(value, &size))
		size = UINT64_MAX;
	parameter->mail->size_given = true;
	parameter->mail->size = size;
	return RC_OK;
}

// Reads BODY (RFC 6152 section 2, RFC 3030 section 3).
static enum rc parse_body(const struct parameter *parameter)
{
	struct view value = parameter->value;
	enum smtp_body body;
	unsigned needed = SMTP_EXT_8BITMIME | SMTP_EXT_BINARYMIME;
	if (!smtp_body_find(value, &body))
		return wrong(parameter, RC_INVALID);
	if (body == SMTP_BODY_8BITMIME)
		needed = SMTP_EXT_8BITMIME;
	else if (body == SMTP_BODY_BINARYMIME)
		needed = SMTP_EXT_BINARYMIME;
	if (!(parameter->extensions & needed))
		return not_offered(parameter);
	parameter->mail->body = body;
	parameter->mail->body_given = true;
	return RC_OK;
}

static enum rc parse_smtputf8(const struct parameter *parameter)
{
	if (parameter->value.ptr)
		return wrong(parameter, RC_SYNTAX);
	parameter->mail->utf8 = true;
	return RC_OK;
}

static enum rc parse_requiretls(const struct parameter *parameter)
{
	if (parameter->value.ptr)
		return wrong(parameter, RC_SYNTAX);
	parameter->mail->require_tls = true;
	return RC_OK;
}

// Reads RET (RFC 3461 section 4.3).
static enum rc parse_ret(const struct parameter *parameter)
{
	if (!smtp_ret_find(parameter->value, &parameter->mail->ret))
		return wrong(parameter, RC_INVALID);
	return RC_OK;
}

// RFC 3461 section 4.4: the value has at most 100 characters of printable
// US-ASCII, in xtext.
static enum rc parse_envid(const struct parameter *parameter)
{
	struct view envid;
	enum rc rc = decode(parameter, parameter->value, xtext_decode, &envid);
	if (rc != RC_OK || !parameter->value.ptr)
		return wrong(parameter, RC_SYNTAX);
	if (envid.len > SMTP_ENVID_MAX)
		return wrong(parameter, RC_LIMIT);
	if (!is_printable_ascii(envid))
		return wrong(parameter, RC_INVALID);
	parameter->mail->envid = envid;
	return RC_OK;
}

// RFC 4954 section 5: the value is "<>" or a mailbox, in xtext. If the mailbox
// is not valid, the server does not trust it and takes "<>" instead.
static enum rc parse_auth(const struct parameter *parameter)
{
	struct smtp_mail *mail = parameter->mail;
	struct view text;
	if (parameter->value.len == 0 ||
	    decode(parameter, parameter->value, xtext_decode, &text) != RC_OK)
		return wrong(parameter, RC_SYNTAX);
	mail->auth_given = true;
	mail->auth_null =
	    view_eq(text, VIEW("<>")) || smtp_mailbox_parse(parameter->arena,
					     text, NULL, &mail->auth) != RC_OK;
	return RC_OK;
}

// RFC 4865 section 5: the value has one to nine digits and does not begin with
// "0". A command may have only one of the two parameters.
static enum rc parse_holdfor(const struct parameter *parameter)
{
	struct view value = parameter->value;
	uint64_t seconds;
	if (parameter->mail->hold != SMTP_HOLD_NONE || value.len > 9 ||
	    !view_to_u64(value, &seconds) || value.ptr[0] == '0')
		return wrong(parameter, RC_SYNTAX);
	parameter->mail->hold = SMTP_HOLD_FOR;
	parameter->mail->hold_value = seconds;
	return RC_OK;
}

static enum rc parse_holduntil(const struct parameter *parameter)
{
	struct date date;
	struct view value = parameter->value;
	if (parameter->mail->hold != SMTP_HOLD_NONE ||
	    date_parse_rfc3339(value, &date) != RC_OK ||
	    ascii_upper(value.ptr[value.len - 1]) != 'Z')
		return wrong(parameter, RC_SYNTAX);
	parameter->mail->hold = SMTP_HOLD_UNTIL;
	parameter->mail->hold_value =
	    date.seconds > 0 ? (uint64_t)date.seconds : 0;
	return RC_OK;
}

// RFC 2852 section 4: the value is by-time ";" by-mode [by-trace].
static enum rc parse_by(const struct parameter *parameter)
{
	struct smtp_mail *mail = parameter->mail;
	struct view mode = parameter->value;
	struct view time;
	uint64_t seconds;
	if (!view_split(&mode, ';', &time))
		return wrong(parameter, RC_SYNTAX);
	bool negative = view_starts_with(time, VIEW("-"));
	if (negative || view_starts_with(time, VIEW("+")))
		time = view_from(time, 1);
	if (time.len > 9 || !view_to_u64(time, &seconds))
		return wrong(parameter, RC_SYNTAX);
	bool trace = mode.len == 2 && ascii_upper(mode.ptr[1]) == 'T';
	if (mode.len != 1 && !trace)
		return wrong(parameter, RC_SYNTAX);
	enum smtp_by by;
	if (!smtp_by_find(view_slice(mode, 0, 1), &by))
		return wrong(parameter, RC_SYNTAX);
	// If the mode is R, the time must be in the future.
	if (by == SMTP_BY_RETURN && (negative || seconds == 0))
		return wrong(parameter, RC_INVALID);
	mail->by = by;
	mail->by_trace = trace;
	mail->by_seconds = negative ? -(int64_t)seconds : (int64_t)seconds;
	return RC_OK;
}

// ---- RCPT ----------------------------------------------------------------

// RFC 3461 section 4.1: NEVER must be the only word.
static enum rc parse_notify(const struct parameter *parameter)
{
	struct view list = parameter->value;
	struct view word;
	unsigned notify = 0;
	if (view_ends_with(list, VIEW(",")))
		return wrong(parameter, RC_SYNTAX);
	while (view_split(&list, ',', &word)) {
		unsigned one;
		if (!smtp_notify_find(word, &one) ||
		    (one == SMTP_NOTIFY_NEVER && notify) ||
		    notify == SMTP_NOTIFY_NEVER)
			return wrong(parameter, RC_SYNTAX);
		notify |= one;
	}
	if (!notify)
		return wrong(parameter, RC_SYNTAX);
	parameter->rcpt->notify = notify;
	return RC_OK;
}

// addr-type is an atom (RFC 3461 section 4.2).
static bool is_address_type(struct view type)
{
	for (size_t i = 0; i < type.len; i++)
		if (!ascii_is_alnum(type.ptr[i]) && type.ptr[i] != '-' &&
		    type.ptr[i] != '_' && type.ptr[i] != '.')
			return false;
	return type.len > 0;
}

static bool has_control(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (ascii_is_control(text.ptr[i]))
			return true;
	return false;
}

// RFC 3461 section 4.2 has the syntax, and RFC 6533 section 3 has the type
// "utf-8". The value may have UTF-8 characters only if the server offers
// SMTPUTF8.
static enum rc parse_orcpt(const struct parameter *parameter)
{
	struct view xtext = parameter->value;
	struct view type;
	struct view address;
	if (parameter->value.len > SMTP_ORCPT_MAX)
		return wrong(parameter, RC_LIMIT);
	if (!view_split(&xtext, ';', &type) || !is_address_type(type) ||
	    xtext.len == 0)
		return wrong(parameter, RC_SYNTAX);
	bool utf8 = view_eq_nocase(type, VIEW("utf-8"));
	if (!utf8_is_ascii(xtext) &&
	    !(parameter->extensions & SMTP_EXT_SMTPUTF8))
		return wrong(parameter, RC_UNSUPPORTED);
	if (decode(parameter, xtext, utf8 ? utf8_addr_decode : xtext_decode,
		&address) != RC_OK)
		return wrong(parameter, RC_SYNTAX);
	if (utf8 ? has_control(address) : !is_printable_ascii(address))
		return wrong(parameter, RC_INVALID);
	parameter->rcpt->orcpt_type = type;
	parameter->rcpt->orcpt = address;
	parameter->rcpt->orcpt_xtext = parameter->value;
	return RC_OK;
}

// ---- Both ----------------------------------------------------------------

static const struct parameter_row mail_rows[] = {
    {"SIZE", SMTP_EXT_SIZE, parse_size},
    {"BODY", SMTP_EXT_8BITMIME | SMTP_EXT_BINARYMIME, parse_body},
    {"SMTPUTF8", SMTP_EXT_SMTPUTF8, parse_smtputf8},
    {"RET", SMTP_EXT_DSN, parse_ret},
    {"ENVID", SMTP_EXT_DSN, parse_envid},
    {"AUTH", SMTP_EXT_AUTH, parse_auth},
    {"HOLDFOR", SMTP_EXT_FUTURERELEASE, parse_holdfor},
    {"HOLDUNTIL", SMTP_EXT_FUTURERELEASE, parse_holduntil},
    {"BY", SMTP_EXT_DELIVERBY, parse_by},
    {"REQUIRETLS", SMTP_EXT_REQUIRETLS, parse_requiretls},
};

static const struct parameter_row rcpt_rows[] = {
    {"NOTIFY", SMTP_EXT_DSN, parse_notify},
    {"ORCPT", SMTP_EXT_DSN, parse_orcpt},
};

// Tells whether `name` is an esmtp-keyword (RFC 5321 section 4.1.2).
static bool is_keyword(struct view name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!ascii_is_alnum(name.ptr[i]) &&
		    (name.ptr[i] != '-' || i == 0))
			return false;
	return name.len > 0;
}

// Reads one parameter. `*seen` has a bit for each row that was already used.
static enum rc parse_one(struct parameter *parameter, struct view text,
    const struct parameter_row *rows, size_t count, unsigned *seen)
{
	size_t equals = view_find_char(text, '=');
	parameter->name = view_slice(text, 0, equals);
	parameter->value = (struct view){NULL, 0};
	if (equals != SIZE_MAX) // an empty value is not NULL
		parameter->value =
		    view_of(text.ptr + equals + 1, text.len - equals - 1);
	struct fault *bad =
	    smtp_fault_code(parameter->fault, 501, ENHANCED(5, 5, 4));
	if (!is_keyword(parameter->name))
		return fault_set(
		    bad, RC_SYNTAX, "the parameters are not well formed");
	for (size_t i = 0; i < count; i++) {
		if (!view_eq_nocase(
			parameter->name, view_of_string(rows[i].name)))
			continue;
		if (!(parameter->extensions & rows[i].extensions))
			break;
		if (*seen & 1u << i)
			return fault_set(bad, RC_SYNTAX,
			    "the parameter %s is given twice", rows[i].name);
		*seen |= 1u << i;
		return rows[i].parse(parameter);
	}
	return not_offered(parameter);
}

static enum rc parse_all(struct parameter *parameter, struct view text,
    const struct parameter_row *rows, size_t count)
{
	unsigned seen = 0;
	struct view one;
	if (text.len && text.ptr[0] != ' ')
		return fault_set(
		    smtp_fault_code(parameter->fault, 501, ENHANCED(5, 5, 4)),
		    RC_SYNTAX, "there is no space after the address");
	text = view_from(text, 1);
	while (view_split(&text, ' ', &one)) {
		enum rc rc = parse_one(parameter, one, rows, count, &seen);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

enum rc smtp_mail_parameters_parse(struct arena *arena, struct view text,
    unsigned extensions, struct smtp_mail *mail, struct smtp_fault *fault)
{
	struct parameter parameter = {.arena = arena,
	    .extensions = extensions,
	    .mail = mail,
	    .fault = fault};
	return parse_all(&parameter, text, mail_rows, ARRAY_LEN(mail_rows));
}

enum rc smtp_rcpt_parameters_parse(struct arena *arena, struct view text,
    unsigned extensions, struct smtp_rcpt *rcpt, struct smtp_fault *fault)
{
	struct parameter parameter = {.arena = arena,
	    .extensions = extensions,
	    .rcpt = rcpt,
	    .fault = fault};
	return parse_all(&parameter, text, rcpt_rows, ARRAY_LEN(rcpt_rows));
}

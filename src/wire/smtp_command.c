// SPDX-License-Identifier: Apache-2.0
// This file reads verbs and their arguments. smtp_parameter.c reads the
// parameters of MAIL and RCPT.
#include "wire/smtp_command.h"

#include "base/ascii.h"
#include "wire/date.h"
#include "wire/smtp_parameter.h"
#include "wire/xtext.h"

#define WORD_SHOWN_MAX 16 // bytes of a verb that smtp_command.word keeps
#define MECHANISM_MAX  20 // RFC 4422 section 3.1

enum arguments { ARGUMENTS_NONE, ARGUMENTS_ANY, ARGUMENTS_SOME };

static const struct verb_row {
	const char *name;
	enum smtp_verb verb;
	enum arguments arguments;
	unsigned extension; // 0: always available
} verb_rows[] = {
    {"MAIL", SMTP_VERB_MAIL, ARGUMENTS_SOME, 0},
    {"RCPT", SMTP_VERB_RCPT, ARGUMENTS_SOME, 0},
    {"DATA", SMTP_VERB_DATA, ARGUMENTS_NONE, 0},
    {"BDAT", SMTP_VERB_BDAT, ARGUMENTS_SOME, SMTP_EXT_CHUNKING},
    {"RSET", SMTP_VERB_RSET, ARGUMENTS_NONE, 0},
    {"NOOP", SMTP_VERB_NOOP, ARGUMENTS_ANY, 0},
    {"QUIT", SMTP_VERB_QUIT, ARGUMENTS_NONE, 0},
    {"EHLO", SMTP_VERB_EHLO, ARGUMENTS_SOME, 0},
    {"HELO", SMTP_VERB_HELO, ARGUMENTS_SOME, 0},
    {"LHLO", SMTP_VERB_LHLO, ARGUMENTS_SOME, 0},
    {"STARTTLS", SMTP_VERB_STARTTLS, ARGUMENTS_NONE, SMTP_EXT_STARTTLS},
    {"AUTH", SMTP_VERB_AUTH, ARGUMENTS_SOME, SMTP_EXT_AUTH},
    {"VRFY", SMTP_VERB_VRFY, ARGUMENTS_SOME, 0},
    {"EXPN", SMTP_VERB_EXPN, ARGUMENTS_SOME, 0},
    {"HELP", SMTP_VERB_HELP, ARGUMENTS_ANY, 0},
    {"GET", SMTP_VERB_HTTP, ARGUMENTS_ANY, 0},
    {"POST", SMTP_VERB_HTTP, ARGUMENTS_ANY, 0},
    {"PUT", SMTP_VERB_HTTP, ARGUMENTS_ANY, 0},
    {"HEAD", SMTP_VERB_HTTP, ARGUMENTS_ANY, 0},
    {"CONNECT", SMTP_VERB_HTTP, ARGUMENTS_ANY, 0},
    {"OPTIONS", SMTP_VERB_HTTP, ARGUMENTS_ANY, 0},
    {"DELETE", SMTP_VERB_HTTP, ARGUMENTS_ANY, 0},
    {"PATCH", SMTP_VERB_HTTP, ARGUMENTS_ANY, 0},
    {"TRACE", SMTP_VERB_HTTP, ARGUMENTS_ANY, 0},
};

static size_t word_len(struct view line)
{
	size_t len = 0;
	while (len < line.len && !ascii_is_blank(line.ptr[len]))
		len++;
	return len;
}

static const struct verb_row *row_of_word(struct view word)
{
	for (size_t i = 0; i < ARRAY_LEN(verb_rows); i++)
		if (view_eq_nocase(word, view_of_string(verb_rows[i].name)))
			return &verb_rows[i];
	return NULL;
}

enum smtp_verb smtp_verb_of(struct view line)
{
	line = view_trim(view_slice(line, 0, view_find_char(line, '\n')));
	const struct verb_row *row =
	    row_of_word(view_slice(line, 0, word_len(line)));
	return row ? row->verb : SMTP_VERB_UNKNOWN;
}

const char *smtp_verb_name(enum smtp_verb verb)
{
	if (verb == SMTP_VERB_HTTP)
		return "HTTP";
	for (size_t i = 0; i < ARRAY_LEN(verb_rows); i++)
		if (verb_rows[i].verb == verb)
			return verb_rows[i].name;
	return "unknown";
}

// ---- Arguments -----------------------------------------------------------

static enum rc bad_arguments(
    struct smtp_fault *fault, enum rc rc, const char *text)
{
	return fault_set(
	    smtp_fault_code(fault, 501, ENHANCED(5, 5, 4)), rc, "%s", text);
}

// Takes "FROM:" or "TO:". Some clients send one space after it, which the
// function takes too.
static bool take_label(struct view *text, struct view label)
{
	if (!view_starts_with_nocase(*text, label))
		return false;
	*text = view_from(*text, label.len);
	if (text->len && text->ptr[0] == ' ')
		*text = view_from(*text, 1);
	return true;
}

// Returns the code for a path that could not be parsed. If only the domain is
// not valid, the code is for "mailbox name not allowed" (RFC 5321 section
// 4.2.3).
static enum rc bad_path(
    struct smtp_fault *fault, enum rc rc, struct enhanced_status status)
{
	fault->code = rc == RC_INVALID ? 553 : 501;
	fault->status = status;
	return rc;
}

static enum rc parse_mail(struct arena *arena, struct view text,
    unsigned extensions, struct smtp_mail *ret_mail, struct smtp_fault *fault)
{
	struct smtp_mail mail = {0};
	if (!take_label(&text, VIEW("FROM:")))
		return bad_arguments(
		    fault, RC_SYNTAX, "the syntax is MAIL FROM:<address>");
	enum rc rc = smtp_path_parse(
	    arena, &text, SMTP_PATH_REVERSE, &fault->fault, &mail.from);
	if (rc != RC_OK)
		return bad_path(fault, rc, ENHANCED(5, 1, 7));
	rc = smtp_mail_parameters_parse(arena, text, extensions, &mail, fault);
	if (rc != RC_OK)
		return rc;
	// RFC 6531 section 3.5: an address in UTF-8 needs SMTPUTF8.
	if (!mail.utf8 && smtp_mailbox_is_utf8(&mail.from))
		return fault_set(smtp_fault_code(fault, 550, ENHANCED(5, 6, 7)),
		    RC_UNSUPPORTED,
		    "an address that is not US-ASCII needs SMTPUTF8");
	*ret_mail = mail;
	return RC_OK;
}

static enum rc parse_rcpt(struct arena *arena, struct view text,
    unsigned extensions, struct smtp_rcpt *ret_rcpt, struct smtp_fault *fault)
{
	struct smtp_rcpt rcpt = {0};
	if (!take_label(&text, VIEW("TO:")))
		return bad_arguments(
		    fault, RC_SYNTAX, "the syntax is RCPT TO:<address>");
	enum rc rc = smtp_path_parse(
	    arena, &text, SMTP_PATH_FORWARD, &fault->fault, &rcpt.to);
	if (rc != RC_OK)
		return bad_path(fault, rc, ENHANCED(5, 1, 3));
	rc = smtp_rcpt_parameters_parse(arena, text, extensions, &rcpt, fault);
	if (rc == RC_OK)
		*ret_rcpt = rcpt;
	return rc;
}

// Reads chunk-size [SP "LAST"] (RFC 3030 section 2).
static enum rc parse_bdat(
    struct view text, struct smtp_command *command, struct smtp_fault *fault)
{
	size_t digits = 0;
	while (digits < text.len && ascii_is_digit(text.ptr[digits]))
		digits++;
	struct view end = view_from(text, digits);
	bool last = view_eq_nocase(end, VIEW(" LAST"));
	if (digits == 0 || (end.len && !last))
		return bad_arguments(
		    fault, RC_SYNTAX, "the syntax is BDAT size [LAST]");
	if (!view_to_u64(view_slice(text, 0, digits), &command->chunk_size))
		return bad_arguments(
		    fault, RC_LIMIT, "the chunk's size is too large");
	command->chunk_last = last;
	return RC_OK;
}

// Reads mechanism [SP initial-response] (RFC 4954 section 4).
static enum rc parse_auth(
    struct view text, struct smtp_command *command, struct smtp_fault *fault)
{
	size_t space = view_find_char(text, ' ');
	struct view mechanism = view_slice(text, 0, space);
	struct view response = {NULL, 0};
	if (space != SIZE_MAX)
		response = view_from(text, space + 1);
	bool good = mechanism.len > 0 && mechanism.len <= MECHANISM_MAX &&
		    word_len(response) == response.len;
	for (size_t i = 0; i < mechanism.len && good; i++)
		good = ascii_is_alnum(mechanism.ptr[i]) ||
		       mechanism.ptr[i] == '-' || mechanism.ptr[i] == '_';
	if (!good)
		return bad_arguments(fault, RC_SYNTAX,
		    "the syntax is AUTH mechanism [initial-response]");
	command->mechanism = mechanism;
	command->argument = response;
	return RC_OK;
}

static enum rc parse_arguments(struct arena *arena, unsigned extensions,
    struct smtp_command *command, struct smtp_fault *fault)
{
	struct view text = command->argument;
	switch (command->verb) {
	case SMTP_VERB_MAIL:
		return parse_mail(
		    arena, text, extensions, &command->mail, fault);
	case SMTP_VERB_RCPT:
		return parse_rcpt(
		    arena, text, extensions, &command->rcpt, fault);
	case SMTP_VERB_BDAT: return parse_bdat(text, command, fault);
	case SMTP_VERB_AUTH: return parse_auth(text, command, fault);
	case SMTP_VERB_UNKNOWN:
	case SMTP_VERB_HELO:
	case SMTP_VERB_EHLO:
	case SMTP_VERB_LHLO:
	case SMTP_VERB_DATA:
	case SMTP_VERB_RSET:
	case SMTP_VERB_NOOP:
	case SMTP_VERB_QUIT:
	case SMTP_VERB_VRFY:
	case SMTP_VERB_EXPN:
	case SMTP_VERB_HELP:
	case SMTP_VERB_STARTTLS:
	case SMTP_VERB_HTTP: break;
	}
	return RC_OK;
}

// ---- The line ------------------------------------------------------------

static bool has_control(struct view line)
{
	for (size_t i = 0; i < line.len; i++)
		if (ascii_is_control(line.ptr[i]) && line.ptr[i] != '\t')
			return true;
	return false;
}

static struct view trim_end(struct view text)
{
	while (text.len && ascii_is_blank(text.ptr[text.len - 1]))
		text.len--;
	return text;
}

static enum rc check_line(const struct verb_row *row, struct view line,
    struct view argument, unsigned extensions, struct smtp_fault *fault)
{
	struct fault *unknown = smtp_fault_code(fault, 500, ENHANCED(5, 5, 2));
	if (!row)
		return fault_set(
		    unknown, RC_SYNTAX, "the command is not recognized");
	if (row->verb == SMTP_VERB_HTTP)
		return RC_OK;
	if (has_control(line))
		return fault_set(unknown, RC_SYNTAX,
		    "there are control characters in the line");
	if (row->extension && !(extensions & row->extension))
		return fault_set(smtp_fault_code(fault, 502, ENHANCED(5, 5, 1)),
		    RC_UNSUPPORTED, "%s is not offered here", row->name);
	if (row->arguments == ARGUMENTS_NONE && argument.len)
		return bad_arguments(
		    fault, RC_SYNTAX, "this command has no arguments");
	if (row->arguments == ARGUMENTS_SOME && !argument.len)
		return bad_arguments(
		    fault, RC_SYNTAX, "this command needs an argument");
	return RC_OK;
}

static struct view shown_word(struct view word)
{
	size_t len = 0;
	while (len < word.len && len < WORD_SHOWN_MAX &&
	       ascii_is_alnum(word.ptr[len]))
		len++;
	return view_slice(word, 0, len);
}

enum rc smtp_command_parse(struct arena *arena, struct view line,
    unsigned extensions, struct smtp_command *ret_command,
    struct smtp_fault *ret_fault)
{
	line = trim_end(line);
	struct view word = view_slice(line, 0, word_len(line));
	struct view argument = view_from(line, word.len);
	const struct verb_row *row = row_of_word(word);
	struct smtp_fault fault = {0};
	struct smtp_command command = {
	    .verb = row ? row->verb : SMTP_VERB_UNKNOWN,
	    .word = shown_word(word),
	};
	*ret_command = command;
	enum rc rc = check_line(row, line, argument, extensions, &fault);
	if (rc == RC_OK && row) {
		// If an argument has its own syntax, the function takes only
		// one space. For the other arguments, the number of spaces is
		// not important.
		bool strict = row->verb == SMTP_VERB_MAIL ||
			      row->verb == SMTP_VERB_RCPT ||
			      row->verb == SMTP_VERB_BDAT ||
			      row->verb == SMTP_VERB_AUTH;
		command.argument =
		    strict ? view_from(argument, 1) : view_trim(argument);
		rc = parse_arguments(arena, extensions, &command, &fault);
	}
	if (rc == RC_OK)
		*ret_command = command;
	else
		*ret_fault = fault;
	return rc;
}

// ---- The client side -----------------------------------------------------

static void print_path(
    const struct smtp_mailbox *mailbox, bool utf8, struct buf *out)
{
	buf_add_char(out, '<');
	if (utf8)
		smtp_mailbox_print(mailbox, out);
	else
		smtp_mailbox_print_ascii(mailbox, out);
	buf_add_char(out, '>');
}

static void print_auth(const struct smtp_mail *mail, struct buf *out)
{
	struct buf address;
	buf_init(&address, SMTP_PATH_MAX);
	if (mail->auth_null)
		buf_add_literal(&address, "<>");
	else
		smtp_mailbox_print_ascii(&mail->auth, &address);
	buf_add_literal(out, " AUTH=");
	// "<>" is printable, so xtext does not change it.
	xtext_encode(buf_view(&address), out);
	buf_done(&address);
}

void smtp_mail_print(const struct smtp_mail *mail, struct buf *out)
{
	buf_add_literal(out, "MAIL FROM:");
	print_path(&mail->from, mail->utf8, out);
	if (mail->size_given)
		buf_printf(out, " SIZE=%llu", (unsigned long long)mail->size);
	if (mail->body_given)
		buf_printf(out, " BODY=%s", smtp_body_name(mail->body));
	if (mail->utf8)
		buf_add_literal(out, " SMTPUTF8");
	if (mail->ret != SMTP_RET_UNSET)
		buf_printf(out, " RET=%s", smtp_ret_name(mail->ret));
	if (mail->envid.ptr) {
		buf_add_literal(out, " ENVID=");
		xtext_encode(mail->envid, out);
	}
	if (mail->auth_given)
		print_auth(mail, out);
	if (mail->hold == SMTP_HOLD_FOR)
		buf_printf(
		    out, " HOLDFOR=%llu", (unsigned long long)mail->hold_value);
	if (mail->hold == SMTP_HOLD_UNTIL) {
		buf_add_literal(out, " HOLDUNTIL=");
		date_format_rfc3339((int64_t)mail->hold_value, out);
	}
	if (mail->by != SMTP_BY_NONE)
		buf_printf(out, " BY=%lld;%s%s", (long long)mail->by_seconds,
		    smtp_by_name(mail->by), mail->by_trace ? "T" : "");
	if (mail->require_tls)
		buf_add_literal(out, " REQUIRETLS");
}

static void print_notify(unsigned notify, struct buf *out)
{
	const char *separator = " NOTIFY=";
	for (unsigned i = 0; i < SMTP_NOTIFY_COUNT; i++)
		if (notify & 1u << i) {
			buf_add_string(out, separator);
			buf_add_string(out, smtp_notify_name(i));
			separator = ",";
		}
}

void smtp_rcpt_print(const struct smtp_rcpt *rcpt, bool utf8, struct buf *out)
{
	buf_add_literal(out, "RCPT TO:");
	print_path(&rcpt->to, utf8, out);
	print_notify(rcpt->notify, out);
	if (!rcpt->orcpt.ptr)
		return;
	buf_add_literal(out, " ORCPT=");
	buf_add(out, rcpt->orcpt_type);
	buf_add_char(out, ';');
	// RFC 6533 section 3: the client sends UTF-8 only to a server with
	// SMTPUTF8.
	if (!view_eq_nocase(rcpt->orcpt_type, VIEW("utf-8")))
		xtext_encode(rcpt->orcpt, out);
	else if (utf8)
		utf8_addr_unitext_encode(rcpt->orcpt, out);
	else
		utf8_addr_xtext_encode(rcpt->orcpt, out);
}

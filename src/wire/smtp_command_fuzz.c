// SPDX-License-Identifier: Apache-2.0
// Command lines: every refusal is whole, every good MAIL and RCPT is printed
// and read back to the same, and no control character gets through.
#include "base/ascii.h"
#include "wire/smtp_command.h"
#include "wire/smtp_lenient.h"
#include "wire/trace_field.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

static void must_have_no_controls(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		must(!ascii_is_control(text.ptr[i]));
}

static bool mailbox_eq(
    const struct smtp_mailbox *a, const struct smtp_mailbox *b)
{
	return view_eq(a->local, b->local) &&
	       view_eq(a->domain_ascii, b->domain_ascii) &&
	       a->domain_is_literal == b->domain_is_literal;
}

static void check_mailbox(
    struct arena *arena, const struct smtp_mailbox *mailbox)
{
	struct smtp_mailbox again;
	struct buf out;
	buf_init(&out, SMTP_MAILBOX_PRINTED_MAX + 20);
	must(mailbox->local.len <= SMTP_LOCAL_MAX);
	must(utf8_is_valid(mailbox->local));
	must_have_no_controls(mailbox->local);
	must(utf8_is_ascii(mailbox->domain_ascii));
	must_have_no_controls(mailbox->domain_ascii);
	must_have_no_controls(mailbox->domain);
	must((mailbox->domain.len == 0) == (mailbox->domain_ascii.len == 0));
	if (mailbox->domain.len) {
		smtp_mailbox_print(mailbox, &out);
		must(smtp_mailbox_parse(arena, buf_view(&out), NULL, &again) ==
		     RC_OK);
		must(mailbox_eq(mailbox, &again));
	}
	buf_reset(&out);
	trace_return_path_write(mailbox, &out);
	must(buf_status(&out) == RC_OK);
	must(view_find_char(buf_view(&out), '\r') != SIZE_MAX);
	buf_done(&out);
}

static void check_mail(struct arena *arena, const struct smtp_mail *mail)
{
	struct smtp_command again;
	struct smtp_fault fault;
	struct buf out;
	buf_init(&out, 8192);
	check_mailbox(arena, &mail->from);
	if (mail->auth_given && !mail->auth_null)
		check_mailbox(arena, &mail->auth);
	must_have_no_controls(mail->envid);
	smtp_mail_print(mail, &out);
	must(buf_status(&out) == RC_OK);
	must(smtp_command_parse(arena, buf_view(&out), ~0u, &again, &fault) ==
	     RC_OK);
	must(again.verb == SMTP_VERB_MAIL);
	const struct smtp_mail *b = &again.mail;
	must(mailbox_eq(&mail->from, &b->from));
	must(mail->size == b->size && mail->body == b->body);
	must(mail->utf8 == b->utf8 && mail->require_tls == b->require_tls);
	must(mail->ret == b->ret && view_eq(mail->envid, b->envid));
	must(mail->auth_given == b->auth_given);
	must(mail->auth_null == b->auth_null);
	if (mail->auth_given && !mail->auth_null)
		must(mailbox_eq(&mail->auth, &b->auth));
	must(mail->hold == b->hold && mail->hold_value == b->hold_value);
	must(mail->by == b->by && mail->by_trace == b->by_trace);
	must(mail->by_seconds == b->by_seconds);
	buf_done(&out);
}

static void check_rcpt(
    struct arena *arena, const struct smtp_rcpt *rcpt, bool utf8)
{
	struct smtp_command again;
	struct smtp_fault fault;
	struct buf out;
	buf_init(&out, 16384);
	check_mailbox(arena, &rcpt->to);
	must_have_no_controls(rcpt->orcpt);
	smtp_rcpt_print(rcpt, utf8, &out);
	must(buf_status(&out) == RC_OK);
	must(utf8 || smtp_mailbox_needs_utf8(&rcpt->to) ||
	     utf8_is_ascii(buf_view(&out)));
	enum rc rc =
	    smtp_command_parse(arena, buf_view(&out), ~0u, &again, &fault);
	// UTF-8 spelled in ASCII may pass the limit.
	if (rc == RC_LIMIT && rcpt->orcpt.ptr) {
		buf_done(&out);
		return;
	}
	must(rc == RC_OK && again.verb == SMTP_VERB_RCPT);
	must(mailbox_eq(&rcpt->to, &again.rcpt.to));
	must(rcpt->notify == again.rcpt.notify);
	must(view_eq(rcpt->orcpt_type, again.rcpt.orcpt_type));
	must(view_eq(rcpt->orcpt, again.rcpt.orcpt));
	buf_done(&out);
}

static void check_received(const struct smtp_command *command)
{
	struct buf out;
	buf_init(&out, 8192);
	struct trace_received received = {
	    .helo = command->argument,
	    .client_name = command->argument,
	    .client_address = command->argument,
	    .id = command->argument,
	    .by = VIEW("x"),
	};
	trace_received_write(&received, &out);
	must(buf_status(&out) == RC_OK);
	struct view rest = buf_view(&out);
	struct view line;
	while (view_split(&rest, '\n', &line)) {
		must(view_ends_with(line, VIEW("\r")) && line.len <= 998);
		must(line.len > 1);
		line.len--;
		must(utf8_is_ascii(line));
		must(view_starts_with(line, VIEW("\t")) || line.ptr == out.ptr);
	}
	buf_done(&out);
}

// What a strict line means, it means when it is made strict, too; and made
// strict once is enough.
static void check_lenient(struct arena *arena, struct view line,
    unsigned extensions, const struct smtp_command *command, enum rc rc)
{
	struct smtp_command again;
	struct smtp_fault fault;
	struct view strict = smtp_line_made_strict(arena, line);
	must(view_eq(smtp_line_made_strict(arena, strict), strict));
	enum rc strict_rc =
	    smtp_command_parse(arena, strict, extensions, &again, &fault);
	must(again.verb == command->verb);
	if (rc != RC_OK)
		return;
	must(strict_rc == RC_OK);
	if (command->verb == SMTP_VERB_MAIL)
		must(mailbox_eq(&command->mail.from, &again.mail.from) &&
		     command->mail.size == again.mail.size);
	else if (command->verb == SMTP_VERB_RCPT)
		must(mailbox_eq(&command->rcpt.to, &again.rcpt.to) &&
		     command->rcpt.notify == again.rcpt.notify);
	else
		must(view_eq(strict, line));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	unsigned extensions = data[0] | (unsigned)data[1] << 8;
	struct view line = view_of(data + 2, size - 2);
	struct smtp_command command;
	struct smtp_fault fault;
	struct arena arena;
	arena_init(&arena);
	enum rc rc =
	    smtp_command_parse(&arena, line, extensions, &command, &fault);
	must_have_no_controls(command.word);
	if (rc != RC_OK) {
		must(fault.code >= 500 && fault.code <= 555);
		must(fault.status.class == 5 && fault.fault.rc == rc);
		must(fault.fault.text[0] != '\0');
		must(!command.argument.ptr);
	} else if (command.verb == SMTP_VERB_MAIL) {
		check_mail(&arena, &command.mail);
	} else if (command.verb == SMTP_VERB_RCPT) {
		check_rcpt(&arena, &command.rcpt, true);
		check_rcpt(&arena, &command.rcpt, false);
	} else {
		check_received(&command);
	}
	(void)smtp_verb_of(line);
	check_lenient(&arena, line, extensions, &command, rc);
	arena_done(&arena);
	return 0;
}

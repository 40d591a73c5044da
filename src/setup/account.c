// SPDX-License-Identifier: Apache-2.0
#include "setup/account.h"

#include "wire/smtp_path.h"

static struct view print(struct arena *arena,
    const struct smtp_mailbox *mailbox,
    void (*printer)(const struct smtp_mailbox *mailbox, struct buf *out))
{
	struct buf out;
	buf_init(&out, SMTP_MAILBOX_PRINTED_MAX);
	printer(mailbox, &out);
	struct view text = arena_copy(arena, buf_view(&out));
	buf_done(&out);
	return text;
}

enum rc setup_address_parse(
    struct arena *arena, struct view text, struct setup_address *ret_address)
{
	struct smtp_mailbox mailbox;
	if (smtp_mailbox_parse(arena, text, NULL, &mailbox) != RC_OK ||
	    mailbox.domain_is_literal || mailbox.domain.len == 0)
		return RC_INVALID;
	ret_address->text = print(arena, &mailbox, smtp_mailbox_print);
	ret_address->domain = mailbox.domain_ascii;
	mailbox.local = smtp_local_fold(arena, mailbox.local);
	ret_address->key = print(arena, &mailbox, smtp_mailbox_print_ascii);
	return RC_OK;
}

struct view setup_host_name(
    struct arena *arena, struct view server_name, struct view domain)
{
	struct buf name;
	if (view_find_char(server_name, '.') != SIZE_MAX)
		return server_name;
	buf_init(&name, 1024);
	buf_add_literal(&name, "mail.");
	buf_add(&name, domain);
	struct view copy = arena_copy(arena, buf_view(&name));
	buf_done(&name);
	return copy;
}

bool setup_account_is_served(const struct mail_services *services)
{
	bool reads = mail_services_next(services, SERVICE_PROTOCOL_IMAP, 0) !=
			 MAIL_SERVICES ||
		     mail_services_next(services, SERVICE_PROTOCOL_POP3, 0) !=
			 MAIL_SERVICES;
	return reads && mail_services_next(services, SERVICE_PROTOCOL_SMTP,
			    0) != MAIL_SERVICES;
}

// SPDX-License-Identifier: Apache-2.0
// Mailboxes and paths of SMTP (RFC 5321 section 4.1.2, RFC 6531 section 3.3).
//
// Lenient where real mail needs it: dots anywhere in a local part, "_" in
// domains, up to SMTP_MAILBOX_MAX bytes altogether. Strict in everything else.
// No form of a mailbox may contain control characters (C0, DEL, C1), so none
// can reach a header field, a log or another server. "%" and "!" are ordinary
// characters: nobody here routes by them.
#ifndef ROOST_WIRE_SMTP_PATH_H
#define ROOST_WIRE_SMTP_PATH_H

#include "base/arena.h"
#include "base/buf.h"

// RFC 5321 section 4.5.3.1 has 64 octets for the local part, 255 for the domain
// and 256 for the path, and asks servers to allow more where possible. The
// return addresses of mailing lists need more, because they include a
// recipient's address.
#define SMTP_LOCAL_MAX 128 // of the local part, with quotes and escapes decoded
#define SMTP_MAILBOX_MAX                                                       \
	320 // of local part, "@", and either form of the domain
// A mailbox as it is printed, in the worst case: two quotes, and every byte of
// the local part escaped. A buffer for a mailbox must be this long.
#define SMTP_MAILBOX_PRINTED_MAX (SMTP_MAILBOX_MAX + SMTP_LOCAL_MAX + 2)
// Of everything between "<" and ">", including a source route.
#define SMTP_PATH_MAX 1024

struct smtp_mailbox {
	// Quotes and escapes are decoded, so the local part is its content,
	// whether it was quoted or not. Valid UTF-8. Letters are as they came:
	// see smtp_local_fold().
	struct view local;
	// As written; a literal with its brackets. Empty for the null path and
	// for <postmaster>.
	struct view domain;
	// Canonical: A-labels in lower case (domain_name.h), or a literal with
	// its address in canonical form: "[192.0.2.1]", "[IPv6:2001:db8::1]".
	// Policy and look-ups use this form. Empty where `domain` is.
	struct view domain_ascii;
	bool domain_is_literal;
};

// Whether it is "<>", the null reverse path.
static inline bool smtp_mailbox_is_null(const struct smtp_mailbox *mailbox)
{
	return mailbox->local.len == 0 && mailbox->domain.len == 0;
}

enum smtp_path_kind {
	SMTP_PATH_REVERSE, // may be "<>"
	SMTP_PATH_FORWARD, // may be "<postmaster>" (any case)
};

// Removes a path, from "<" to ">", from the front of `*text`. A source route is
// checked and dropped (RFC 5321 section 3.6.1, appendix C). RC_SYNTAX: there is
// no path. RC_INVALID: the domain or literal is not valid. RC_LIMIT: too long.
// On failure `*text` is not changed. `fault` may be NULL.
MUST_CHECK enum rc smtp_path_parse(struct arena *arena, struct view *text,
    enum smtp_path_kind kind, struct fault *fault,
    struct smtp_mailbox *ret_mailbox);

// Parses all of `text` as local-part "@" domain, without brackets. Results as
// above.
MUST_CHECK enum rc smtp_mailbox_parse(struct arena *arena, struct view text,
    struct fault *fault, struct smtp_mailbox *ret_mailbox);

// Adds the mailbox without brackets; its local part is quoted if it has to be.
// The domain is as written. Adds nothing for the null path. Parsing the text
// gives the same mailbox.
void smtp_mailbox_print(const struct smtp_mailbox *mailbox, struct buf *out);
// Like smtp_mailbox_print(), but with `domain_ascii`. For peers, files and
// keys.
void smtp_mailbox_print_ascii(
    const struct smtp_mailbox *mailbox, struct buf *out);

// Whether a server without SMTPUTF8 cannot accept it, because the local part is
// not US-ASCII (for the domain there are A-labels, see
// smtp_mailbox_print_ascii()).
bool smtp_mailbox_needs_utf8(const struct smtp_mailbox *mailbox);
// Whether it was written with bytes over 0x7f, in either part. MAIL and RCPT
// may not have these without SMTPUTF8 (RFC 6531 section 3.3).
bool smtp_mailbox_is_utf8(const struct smtp_mailbox *mailbox);

// The form of a local part by which it is looked up: NFC, full case folding,
// and NFC again (Unicode's canonical caseless matching, D145, recomposed). So
// "JOSÉ", "José" and "jose" with a combining accent are the same, and "ß" is
// "ss". Full-width letters and ligatures do not change (no NFKC). Doing it
// twice changes nothing. In `arena`. In text that is not UTF-8, only the ASCII
// letters are folded.
struct view smtp_local_fold(struct arena *arena, struct view local);

// An address literal. `len` is 4 or 16; network byte order.
struct smtp_literal {
	uint8_t len;
	uint8_t address[16];
};
// Parses a literal with its brackets; also for EHLO. An IPv4 address that is
// written as an IPv6 one ("[IPv6:::ffff:192.0.2.1]", RFC 4291 section 2.5.5.2)
// is the IPv4 address: it reaches the same host. RC_SYNTAX: neither "[1.2.3.4]"
// nor "[IPv6:…]".
MUST_CHECK enum rc smtp_literal_parse(
    struct view text, struct smtp_literal *ret_literal);
// Adds it in canonical form, with brackets.
void smtp_literal_print(const struct smtp_literal *literal, struct buf *out);

#endif

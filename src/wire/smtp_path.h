// SPDX-License-Identifier: Apache-2.0
// Mailboxes and paths of SMTP (RFC 5321 section 4.1.2, RFC 6531 section 3.3).
//
// Lenient where mail in the wild needs it: dots anywhere in a local part, "_"
// in domains, up to SMTP_MAILBOX_MAX bytes in all. Strict in the rest; control
// characters (C0, DEL, C1) are in no form of a mailbox, so none can reach a
// header field, a log or another server. "%" and "!" are ordinary characters
// here: routing by them is nobody's.
#ifndef ROOST_WIRE_SMTP_PATH_H
#define ROOST_WIRE_SMTP_PATH_H

#include "base/arena.h"
#include "base/buf.h"

// RFC 5321 section 4.5.3.1 has 64 octets for the local part, 255 for the domain
// and 256 for the path, and asks for more where that is possible: the return
// addresses of mailing lists, with a recipient's address inside, need it.
#define SMTP_LOCAL_MAX   128 // of the local part, quoting undone
#define SMTP_MAILBOX_MAX 320 // of local part, "@" and either form of the domain
// A mailbox as it is printed: two quotes, and every byte of the local part
// escaped. What holds one must hold this.
#define SMTP_MAILBOX_PRINTED_MAX (SMTP_MAILBOX_MAX + SMTP_LOCAL_MAX + 2)
// Of all between "<" and ">", a source route included.
#define SMTP_PATH_MAX 1024

struct smtp_mailbox {
	// Quotes and escapes undone: "a b" and a.b alike are their content.
	// Valid UTF-8. Letters as they came: see smtp_local_fold().
	struct view local;
	// As written; with the brackets when a literal. Empty for the null path
	// and for <postmaster>.
	struct view domain;
	// Canonical: A-labels in lower case (domain_name.h), or the literal
	// with its address in one spelling: "[192.0.2.1]",
	// "[IPv6:2001:db8::1]". What policy and look-ups use. Empty where
	// `domain` is.
	struct view domain_ascii;
	bool domain_is_literal;
};

// "<>", the null reverse path.
static inline bool smtp_mailbox_is_null(const struct smtp_mailbox *mailbox)
{
	return mailbox->local.len == 0 && mailbox->domain.len == 0;
}

enum smtp_path_kind {
	SMTP_PATH_REVERSE, // may be "<>"
	SMTP_PATH_FORWARD, // may be "<postmaster>" (any case)
};

// Takes a path, "<" to ">", off the front of `*text`; `*text` is then what
// follows the ">". A source route is checked and forgotten (RFC 5321 section
// 3.6.1, appendix C). RC_SYNTAX: no path. RC_INVALID: a domain or literal that
// cannot be. RC_LIMIT: too long. On failure `*text` is as it was. `fault` may
// be NULL.
MUST_CHECK enum rc smtp_path_parse(struct arena *arena, struct view *text,
    enum smtp_path_kind kind, struct fault *fault,
    struct smtp_mailbox *ret_mailbox);

// All of `text` as local-part "@" domain, no brackets. Results as above.
MUST_CHECK enum rc smtp_mailbox_parse(struct arena *arena, struct view text,
    struct fault *fault, struct smtp_mailbox *ret_mailbox);

// Adds the mailbox, its local part quoted if it has to be, without brackets;
// nothing for the null path. The domain as written. Parses back to the same.
void smtp_mailbox_print(const struct smtp_mailbox *mailbox, struct buf *out);
// The same with `domain_ascii`: for peers, files and keys.
void smtp_mailbox_print_ascii(
    const struct smtp_mailbox *mailbox, struct buf *out);

// Whether a server without SMTPUTF8 cannot take it: the local part is not
// US-ASCII (the domain has its A-labels, see smtp_mailbox_print_ascii()).
bool smtp_mailbox_needs_utf8(const struct smtp_mailbox *mailbox);
// Whether it was written with bytes over 0x7f, in either part: what MAIL and
// RCPT must not have without SMTPUTF8 (RFC 6531 section 3.3).
bool smtp_mailbox_is_utf8(const struct smtp_mailbox *mailbox);

// The form of a local part by which it is looked up: NFC, full case folding,
// NFC again (Unicode's canonical caseless matching, D145, recomposed). So
// "JOSÉ", "José" and "jose" with a combining accent are one, and "ß" is "ss";
// full-width letters and ligatures stay themselves (no NFKC). Applying it twice
// changes nothing. In `arena`; text that is not UTF-8 gets its ASCII folded.
struct view smtp_local_fold(struct arena *arena, struct view local);

// An address literal, brackets included. `len` is 4 or 16; network byte order.
struct smtp_literal {
	uint8_t len;
	uint8_t address[16];
};
// RC_SYNTAX: neither "[1.2.3.4]" nor "[IPv6:…]". Also for EHLO.
MUST_CHECK enum rc smtp_literal_parse(
    struct view text, struct smtp_literal *ret_literal);
// Adds it in its one spelling, with brackets.
void smtp_literal_print(const struct smtp_literal *literal, struct buf *out);

#endif

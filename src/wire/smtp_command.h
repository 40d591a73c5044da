// SPDX-License-Identifier: Apache-2.0
// One command line of an SMTP or LMTP client (RFC 5321 section 4.1, RFC 2033)
// and its parameters. This is syntax only: the server decides which command may
// come when, and whether it accepts an address.
//
// Lenient: white space at the end of a line is ignored, and one space may stand
// after the colon of "MAIL FROM:" and "RCPT TO:" (RFC 5321 section 3.3 forbids
// it, but programs send it). Verbs and keywords may be in either case.
#ifndef ROOST_WIRE_SMTP_COMMAND_H
#define ROOST_WIRE_SMTP_COMMAND_H

#include "wire/enhanced_status.h"
#include "wire/smtp_path.h"
#include "wire/smtp_terms.h"

// The maximum of octets in a command line with its CRLF. 512 (RFC 5321 section
// 4.5.3.1.4), more for what SIZE, DSN, SMTPUTF8, BY, AUTH= … add to MAIL and
// RCPT, and 12288 for a SASL initial response (RFC 4954 section 4).
#define SMTP_COMMAND_LINE_MAX 12288
#define SMTP_ENVID_MAX        100 // decoded (RFC 3461 section 4.4)
#define SMTP_ORCPT_MAX        500 // including its type (RFC 3461 section 4.2)

enum smtp_verb {
	SMTP_VERB_UNKNOWN,
	SMTP_VERB_HELO,
	SMTP_VERB_EHLO,
	SMTP_VERB_LHLO,
	SMTP_VERB_MAIL,
	SMTP_VERB_RCPT,
	SMTP_VERB_DATA,
	SMTP_VERB_BDAT,
	SMTP_VERB_RSET,
	SMTP_VERB_NOOP,
	SMTP_VERB_QUIT,
	SMTP_VERB_VRFY,
	SMTP_VERB_EXPN,
	SMTP_VERB_HELP,
	SMTP_VERB_STARTTLS,
	SMTP_VERB_AUTH,
	SMTP_VERB_HTTP, // GET, POST …: a browser that was tricked into
			// connecting here
};

// The extensions that were announced, and so may be used.
enum smtp_extension {
	SMTP_EXT_SIZE = 1u << 0,          // RFC 1870
	SMTP_EXT_8BITMIME = 1u << 1,      // RFC 6152
	SMTP_EXT_BINARYMIME = 1u << 2,    // RFC 3030
	SMTP_EXT_CHUNKING = 1u << 3,      // RFC 3030
	SMTP_EXT_SMTPUTF8 = 1u << 4,      // RFC 6531
	SMTP_EXT_DSN = 1u << 5,           // RFC 3461
	SMTP_EXT_AUTH = 1u << 6,          // RFC 4954
	SMTP_EXT_FUTURERELEASE = 1u << 7, // RFC 4865
	SMTP_EXT_DELIVERBY = 1u << 8,     // RFC 2852
	SMTP_EXT_REQUIRETLS = 1u << 9,    // RFC 8689
	SMTP_EXT_STARTTLS = 1u << 10,     // RFC 3207
};

// If a view's ptr is NULL, the parameter was not given.
struct smtp_mail {
	struct smtp_mailbox from;
	bool size_given;
	uint64_t size;       // UINT64_MAX when the number is too large
	enum smtp_body body; // 7BIT when it was not given
	bool body_given;
	bool utf8;        // SMTPUTF8
	bool require_tls; // REQUIRETLS
	enum smtp_ret ret;
	struct view envid; // decoded: printable US-ASCII
	// AUTH=: the mailbox, or `auth_null` for "<>" (RFC 4954 section 5).
	bool auth_given;
	bool auth_null;
	struct smtp_mailbox auth;
	// HOLDFOR: seconds; HOLDUNTIL: seconds since 1970 UTC (RFC 4865).
	enum smtp_hold hold;
	uint64_t hold_value;
	// BY: seconds, may be negative with N (RFC 2852 section 4).
	enum smtp_by by;
	bool by_trace;
	int64_t by_seconds;
};

struct smtp_rcpt {
	struct smtp_mailbox to;
	unsigned notify;         // bits of enum smtp_notify
	struct view orcpt_type;  // "rfc822", "utf-8", …; as written
	struct view orcpt;       // decoded, no control characters
	struct view orcpt_xtext; // the whole value as it came, with its type
};

struct smtp_command {
	enum smtp_verb verb;
	// The verb as written: at most 16 letters and digits.
	struct view word;
	// What follows the verb, without white space at both ends: the name of
	// EHLO, the string of VRFY and so on. For AUTH it is what follows the
	// mechanism, with a NULL ptr when nothing does. ("=", the empty initial
	// response of RFC 4954 section 4, is not changed.)
	struct view argument;
	struct view mechanism; // AUTH: as written
	struct smtp_mail mail;
	struct smtp_rcpt rcpt;
	uint64_t chunk_size; // BDAT
	bool chunk_last;     // BDAT … LAST
};

// The answer with which a command is refused. Its text is like that of struct
// fault.
struct smtp_fault {
	unsigned code;
	struct enhanced_status status;
	struct fault fault;
};

// Parses `line` (without CRLF). `line` and `arena` must outlive `*ret_command`.
// `extensions` (bits of enum smtp_extension) is what this client was offered.
// LHLO, HELO and EHLO are always accepted: the server decides which may come.
//
// On failure (RC_SYNTAX, RC_INVALID, RC_LIMIT, RC_UNSUPPORTED) `*ret_fault` is
// the answer, and of `ret_command` only verb and word are set. The answers:
//   502 5.5.1  BDAT, STARTTLS or AUTH was not offered (`verb` says which)
//   500 5.5.2  no such verb (verb UNKNOWN), NUL or other controls in the line
//   501 5.5.4  arguments missing or malformed, or a parameter given twice
//   501 5.1.7  MAIL's path is malformed (553 5.1.7: its domain is not valid)
//   501 5.1.3  RCPT's path is malformed (553 5.1.3: its domain is not valid)
//   555 5.5.4  a parameter that is unknown or was not offered
//   550 5.6.7  MAIL's address is not US-ASCII, and SMTPUTF8 was not given
// The server itself refuses such an address in RCPT when the transaction has no
// SMTPUTF8: see smtp_mailbox_is_utf8(). HTTP verbs are RC_OK.
MUST_CHECK enum rc smtp_command_parse(struct arena *arena, struct view line,
    unsigned extensions, struct smtp_command *ret_command,
    struct smtp_fault *ret_fault);

// The verb alone. The line need not be complete or parsed.
enum smtp_verb smtp_verb_of(struct view line);
const char *smtp_verb_name(enum smtp_verb verb); // "MAIL"; static

// For the client side: adds "MAIL FROM:<…> …" without CRLF, with all that the
// structure says. Addresses are as written if `utf8` is set, otherwise with
// A-labels. The caller leaves out what the server does not offer.
void smtp_mail_print(const struct smtp_mail *mail, struct buf *out);
void smtp_rcpt_print(const struct smtp_rcpt *rcpt, bool utf8, struct buf *out);

#endif

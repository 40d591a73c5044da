// SPDX-License-Identifier: Apache-2.0
// What a log-in may be used for: a set of bits. The password may be used for
// everything. Application passwords, tokens and browser sessions have the
// scopes that they were made with.
#ifndef ROOST_AUTH_SCOPE_H
#define ROOST_AUTH_SCOPE_H

#include "base/buf.h"

// The bit, and the word for people, commands and settings.
#define AUTH_SCOPE_TABLE(X)                                                    \
	X(AUTH_SCOPE_IMAP, 1u << 0, "imap")                                    \
	X(AUTH_SCOPE_POP3, 1u << 1, "pop3")                                    \
	X(AUTH_SCOPE_SMTP, 1u << 2, "smtp") /* submission */                   \
	X(AUTH_SCOPE_JMAP, 1u << 3, "jmap")                                    \
	/* Changes of the log-in itself: password, second factor, lists */     \
	X(AUTH_SCOPE_ACCOUNT, 1u << 4, "account")                              \
	/* Only to give the second factor, after the right password. */        \
	X(AUTH_SCOPE_SECOND, 1u << 5, "second")

enum auth_scope {
#define X(name, bit, word) name = bit,
	AUTH_SCOPE_TABLE(X)
#undef X
};

#define AUTH_SCOPES_MAIL                                                       \
	((uint32_t)(AUTH_SCOPE_IMAP | AUTH_SCOPE_POP3 | AUTH_SCOPE_SMTP |      \
		    AUTH_SCOPE_JMAP))
// What the password gives, and a browser session at most.
#define AUTH_SCOPES_ALL (AUTH_SCOPES_MAIL | (uint32_t)AUTH_SCOPE_ACCOUNT)

// The scope of the draft "OAuth Profile for Open Public Clients", section 5.1:
// IMAP, POP3, submission and JMAP together.
#define AUTH_OAUTH_SCOPE_MAIL "urn:ietf:params:oauth:scope:mail"

// Adds the words, with `separator` between them: "imap smtp".
void auth_scopes_write(uint32_t scopes, char separator, struct buf *out);
// Reads words that are separated by spaces or commas. RC_INVALID: one of them
// is no scope that a user can give (those of AUTH_SCOPES_MAIL).
MUST_CHECK enum rc auth_scopes_read(struct view text, uint32_t *ret_scopes);

// The same in the terms of OAuth (RFC 6749 section 3.3): values separated by
// spaces. AUTH_OAUTH_SCOPE_MAIL and the words of AUTH_SCOPES_MAIL mean
// something here. Others (offline_access, scopes of servers that have
// calendars) are left out, as section 3.3 allows. The result is 0 if nothing is
// left.
uint32_t auth_scopes_read_oauth(struct view text);
void auth_scopes_write_oauth(uint32_t scopes, struct buf *out);

#endif

// SPDX-License-Identifier: Apache-2.0
// Result codes, and the sentence for a person that explains a failure. Every
// function that can fail returns `enum rc`. A switch over it has no `default`,
// so that the compiler shows each place that a new code concerns.
#ifndef ROOST_BASE_RC_H
#define ROOST_BASE_RC_H

#include <stdbool.h>

#include "base/attr.h"

#define RC_TABLE(X)                                                            \
	X(RC_OK, "ok")                                                         \
	X(RC_MORE, "more input is needed")                                     \
	X(RC_END, "there is nothing further")                                  \
	X(RC_SYNTAX, "not well formed")                                        \
	X(RC_INVALID, "not a valid value")                                     \
	X(RC_LIMIT, "over a limit")                                            \
	X(RC_NOT_FOUND, "not found")                                           \
	X(RC_EXISTS, "exists already")                                         \
	X(RC_GONE, "has been removed meanwhile")                               \
	X(RC_CONFLICT, "changed meanwhile")                                    \
	X(RC_DENIED, "not permitted")                                          \
	X(RC_AUTH, "authentication failed")                                    \
	X(RC_QUOTA, "over quota")                                              \
	X(RC_FULL, "the disk is full")                                         \
	X(RC_IN_USE, "in use")                                                 \
	X(RC_UNSUPPORTED, "not supported")                                     \
	X(RC_CHARSET, "unknown character set")                                 \
	X(RC_CLOSED, "closed")                                                 \
	X(RC_CORRUPT, "stored data is damaged")                                \
	X(RC_IO, "input/output error")

enum rc {
#define X(name, text) name,
	RC_TABLE(X)
#undef X
};

// The name ("RC_LIMIT") and the general text ("over a limit") of a code. Both
// are static.
const char *rc_name(enum rc rc);
const char *rc_text(enum rc rc);

#define FAULT_TEXT_MAX 240

// What went wrong, as a sentence for a person. The function that fails writes
// it. `text` is NUL-terminated, has no full stop at the end and no control
// characters. A text that is too long has "..." in its middle: the end of the
// sentence says what is wrong with the long name that it quotes.
struct fault {
	enum rc rc;
	char text[FAULT_TEXT_MAX];
};

// Whether a failure is one of the server's own, such as a full disk or damaged
// data. Its text may name files and folders of the server: it belongs into the
// log, and never goes to a client or into a mail.
bool rc_is_internal(enum rc rc);
// The text of a failure for a client or a mail: the fault's, or, for an
// internal failure, a sentence that is always the same.
const char *fault_public_text(const struct fault *fault, enum rc rc);

// Fills in `fault` (may be NULL) and returns `rc`, so that a caller can write
// `return fault_set(fault, RC_LIMIT, "…")`.
enum rc fault_set(struct fault *fault, enum rc rc, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif

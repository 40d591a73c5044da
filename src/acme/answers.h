// SPDX-License-Identifier: Apache-2.0
// The challenges of http-01 that are to be answered now (RFC 8555 section 8.3):
// token to key authorization. Thread-safe: one thread orders certificates,
// others answer the authority's requests.
#ifndef ROOST_ACME_ANSWERS_H
#define ROOST_ACME_ANSWERS_H

#include "base/buf.h"

// The path that an authority asks for, in front of the token.
#define ACME_PATH "/.well-known/acme-challenge/"

struct acme_answers;

struct acme_answers *acme_answers_new(void);
void acme_answers_free(struct acme_answers **answers);

void acme_answers_add(struct acme_answers *answers, struct view token,
    struct view key_authorization);
void acme_answers_clear(struct acme_answers *answers);

// Adds the answer. RC_NOT_FOUND: nobody waits for this token.
MUST_CHECK enum rc acme_answers_find(
    struct acme_answers *answers, struct view token, struct buf *out);

#endif

// SPDX-License-Identifier: Apache-2.0
// Signs a user's message again when it is made 7-bit for a server. The
// signatures that it got on arrival are about the 8-bit form, so a verifier
// would find all of them broken. README.md says why signing again is done here.
#ifndef ROOST_RELAY_RESIGN_H
#define ROOST_RELAY_RESIGN_H

#include "base/clock.h"
#include "dkim/dkim.h"
#include "relay/convert.h"

// Replaces the DKIM-Signature fields at the very top of the message by new
// ones. The old ones are this server's own, because delivery puts them above
// the first Received. The new ones sign what `plan` makes of the message, with
// the current keys of the domain. When the domain has no key any more, or
// OpenSSL fails, the message gets no signatures: an unsigned message is better
// than one that looks forged. A message without such fields is not changed.
// Reads the message once. Fails only when the message cannot be read.
MUST_CHECK enum rc relay_resign_plan(struct arena *arena,
    struct dkim_keys *keys, const struct clock *clock,
    const struct relay_client_mail *mail, struct relay_convert_plan *plan);

#endif

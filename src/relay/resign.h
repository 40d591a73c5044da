// SPDX-License-Identifier: Apache-2.0
// A user's message that is made 7-bit for a server is signed anew: the
// signatures that it got on arrival are of the 8-bit form, and every one of
// them would be found broken. README.md has why it is done here and not there.
#ifndef ROOST_RELAY_RESIGN_H
#define ROOST_RELAY_RESIGN_H

#include "base/clock.h"
#include "dkim/dkim.h"
#include "relay/convert.h"

// Replaces the DKIM-Signature fields at the very top of the message, which are
// this server's own (delivery puts them above the first Received), by new ones
// of what `plan` makes of it, with their domain's keys as they are now. There
// are none where the domain has no key any more, or OpenSSL fails: an unsigned
// message is better than one that seems forged. Without such fields nothing
// changes. Reads the message once. What fails is reading it.
MUST_CHECK enum rc relay_resign_plan(struct arena *arena,
    struct dkim_keys *keys, const struct clock *clock,
    const struct relay_client_mail *mail, struct relay_convert_plan *plan);

#endif

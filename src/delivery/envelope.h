// SPDX-License-Identifier: Apache-2.0
// The envelope that the parameters of MAIL ask for. SMTP reads them from the
// command, JMAP from the envelope of an EmailSubmission; so both accept and
// refuse the same.
#ifndef ROOST_DELIVERY_ENVELOPE_H
#define ROOST_DELIVERY_ENVELOPE_H

#include "delivery/delivery.h"
#include "wire/smtp_command.h"

#define DELIVERY_BY_MIN_SECONDS 60u // DELIVERBY (RFC 2852)

// FUTURERELEASE is offered (RFC 4865).
static inline bool delivery_can_hold(const struct delivery_office *office)
{
	return office->hold_seconds > 0;
}

// RC_INVALID: a time is not possible, and `ret_reply` says why. The sender's
// text is in the arena; everything else has the lifetime of `mail`.
MUST_CHECK enum rc delivery_envelope_make(const struct delivery_office *office,
    struct arena *arena, const struct smtp_mail *mail,
    struct delivery_envelope *ret_envelope, struct delivery_reply *ret_reply);

#endif

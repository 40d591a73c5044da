// SPDX-License-Identifier: Apache-2.0
// Sends an email of the account by the same way as submission by SMTP: through
// a delivery (delivery/delivery.h), which checks the sender and the writers,
// completes and signs the header, removes Bcc, and counts it for the user's
// limits. It goes through the queue, so that the queue tells what becomes of
// it, and can give it back.
#ifndef ROOST_JMAP_SEND_H
#define ROOST_JMAP_SEND_H

#include "jmap/object.h"
#include "jmap/submission_envelope.h"

struct jmap_sending;

// `reader` reads the email; it and all arguments must outlive the sending.
struct jmap_sending *jmap_sending_new(struct jmap_call *call,
    struct store_reader *reader, uint64_t email_id,
    const struct submission_envelope *envelope);
// Before it is run: `before` goes in front of the email's bytes and `after`
// behind them; both must outlive the sending. Without an email (its id is 0)
// they are the message. Nobody asks what becomes of such a message, or takes it
// back, so it goes through the queue only if it has to.
void jmap_sending_enclose(
    struct jmap_sending *sending, struct view before, struct view after);
void jmap_sending_free(struct jmap_sending **sending);

// Does a piece of the work. JMAP_DONE: the message is in the queue, or `fault`
// says why not (its error is not JMAP_ERROR_NONE).
enum jmap_step jmap_sending_run(
    struct jmap_sending *sending, struct submission_fault *fault);

// After success: the delivery (delivery_queued(), delivery_queued_for()), and
// when the message will go, or went.
const struct delivery *jmap_sending_delivery(
    const struct jmap_sending *sending);
int64_t jmap_sending_at(const struct jmap_sending *sending);

// Notes that a new object was not sent, as a SetError.
void jmap_sending_failed(struct jmap_call *call, struct jmap_set *set,
    struct view creation_id, const struct submission_fault *fault);

#endif

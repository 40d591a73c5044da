// SPDX-License-Identifier: Apache-2.0
// Message disposition notifications (RFC 9007): what tells a sender that a
// message was displayed, for example. The server never sends one by itself, but
// only when a client calls MDN/send, which asks the user before (RFC 8098
// section 2.1).
#ifndef ROOST_JMAP_MDN_H
#define ROOST_JMAP_MDN_H

#include "jmap/object.h"
#include "jmap/submission_envelope.h"
#include "wire/mdn.h"

// The type MDN. It has no id; the first property is forEmailId.
extern const struct jmap_class mdn_class;

// The Disposition object of JMAP.
json_t *mdn_disposition_json(const struct mdn_disposition *disposition);
// RC_INVALID: it is none, or has a word in another case of letters.
MUST_CHECK enum rc mdn_disposition_read(
    const json_t *json, struct mdn_disposition *ret_disposition);

// Whether a header is that of a notification: its type is multipart/report, of
// this kind.
bool mdn_is_report(struct arena *arena, struct view content_type);

// ---- Writing the message ---------------------------------------------------

struct mdn_message {
	struct view from; // address
	const struct view *to;
	size_t to_count;
	struct view subject, text;
	const struct mdn_fields *fields;
	// The message that it is about follows as a part of its own.
	bool with_original;
	bool original_is_8bit;
};

// The address of a recipient as a field has it: "rfc822; joe@example.org".
struct view mdn_recipient_text(
    struct arena *arena, const struct smtp_mailbox *mailbox);

// Writes it, but for Date and Message-ID, which sending adds. What stands
// before the bytes of the original and what stands behind them are in the
// arena.
void mdn_message_write(struct arena *arena, const struct mdn_message *message,
    struct view *ret_before, struct view *ret_after);

// ---- The methods -----------------------------------------------------------

enum jmap_step mdn_send(struct jmap_call *call); // mdn_send.c
void mdn_send_end(struct jmap_call *call);
enum jmap_step mdn_parse_blobs(struct jmap_call *call); // mdn_parse.c
void mdn_parse_blobs_end(struct jmap_call *call);

#endif

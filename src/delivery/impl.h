// SPDX-License-Identifier: Apache-2.0
// A delivery, for the files of this room. Its stages:
//
//   envelope  recipients are resolved as they come (recipients.c)
//   header    is held until it ends (delivery.c, header.c)
//   body      goes directly to where it will be stored
//   over      committed, or forgotten (commit.c)
#ifndef ROOST_DELIVERY_IMPL_H
#define ROOST_DELIVERY_IMPL_H

#include "base/map.h"
#include "delivery/delivery.h"
#include "delivery/header.h"
#include "store/change.h"
#include "wire/trace_field.h"

// A user or an address that the message goes to; each of them once.
struct delivery_target {
	bool is_user; // false: an address for the queue
	uint64_t account;
	struct view user;
	struct view folder;
	struct view address; // of Delivered-To
	// For the queue: the address that it uses.
	struct view queued;
	struct view original;
	unsigned notify;
	// `queued` means this user, even if an alias has that name.
	bool resolved;
	// The addresses in Delivered-To by which a loop is found: for a user
	// the own address, for an address elsewhere the alias that led to it.
	const struct view *marks;
	size_t mark_count;
	// For an address elsewhere: the alias, which the copy gets as its
	// Delivered-To; empty: none.
	struct view alias;
	bool loops; // the message was at all of `marks` before
	const struct delivery_reply *refusal; // from the user's filter, or NULL
	enum rc rc;                           // of its commit
};

struct delivery_accepted {
	size_t *targets; // their indexes
	size_t count;
};

enum delivery_stage {
	DELIVERY_ENVELOPE,
	DELIVERY_HEADER,
	DELIVERY_BODY,
	DELIVERY_OVER,
};

struct delivery {
	const struct delivery_office *office;
	struct delivery_origin origin;
	struct delivery_envelope envelope;
	char id[QUEUE_ID_TEXT + 1]; // in Received and the log
	uint64_t began_ms;
	struct arena arena;
	struct arena scratch; // for one call
	enum delivery_stage stage;
	struct delivery_reply failure; // code 0: nothing has failed

	struct delivery_accepted *recipients;
	size_t recipient_count;
	size_t recipient_capacity;
	// Of the recipient, if there is only one.
	const struct smtp_mailbox *only;
	struct delivery_target *targets;
	size_t target_count;
	size_t target_capacity;
	struct map known; // user or address -> index + 1
	// How many targets the addresses led to, with repetitions.
	size_t followed;
	size_t counted; // recipients counted for the user; 0: none
	// One commit in the queue instead of one in each account.
	bool through_queue;
	bool has_queued;
	struct queue_id queued; // in the queue

	uint64_t size; // how many bytes came
	void *check;   // the check's own state; NULL: the check is not asked
	struct delivery_header header;
	struct view message_id;
	struct store_draft *local;    // NULL: no account gets it directly
	struct queue_draft *outgoing; // NULL: nothing goes to the queue
	struct dkim_signer *signer;   // NULL: it is not signed
	// Signatures, which precede the draft's bytes.
	struct buf head;
};

static inline bool delivery_has_failed(const struct delivery *delivery)
{
	return delivery->failure.code != 0;
}

// Fills in a reply; `text` is copied.
void delivery_reply_set(struct delivery_reply *reply, unsigned code,
    struct enhanced_status status, const char *text);
int64_t delivery_now(const struct delivery_office *office);

// ---- check.c ---------------------------------------------------------------

void delivery_check_begin(struct delivery *delivery);
void delivery_check_end(struct delivery *delivery);
// Whether the envelope's sender is known to have sent the message (see
// queue_envelope). This one decision says what the sender may ask for: reports
// of success and delay, and the return of the whole message. For the sender
// that a stranger names, none of it counts. The peer of an LMTP door is
// trusted, but what it passes on comes from strangers.
bool delivery_sender_is_proven(const struct delivery *delivery);
// RC_OK; RC_MORE; RC_DENIED with `ret_reply`.
MUST_CHECK enum rc delivery_check_recipient(struct delivery *delivery,
    const struct delivery_recipient *recipient,
    struct delivery_reply *ret_reply);
MUST_CHECK enum rc delivery_check_message(
    struct delivery *delivery, struct delivery_reply *ret_reply);
void delivery_check_data(struct delivery *delivery, struct view bytes);

// ---- writers.c -------------------------------------------------------------

// Whether the user may write as each address in the value of From, or in that
// of Sender, which has exactly one (RFC 5322 section 3.6.2). What programs show
// as the name of the writer counts too.
enum delivery_allowed {
	DELIVERY_ALLOWED,
	DELIVERY_FORBIDDEN,
	DELIVERY_NO_ADDRESS,
	DELIVERY_MALFORMED, // it could be read in more than one way
	DELIVERY_DISGUISED, // a name in it hides an address that is not the
			    // user's
	DELIVERY_UNKNOWN,   // unknown, since the engine failed
};
enum delivery_allowed delivery_may_write_as(struct delivery *delivery,
    struct view value, bool is_sender, struct view *ret_domain);

// ---- recipients.c ----------------------------------------------------------

// The address that the queue uses for a user, in `arena`. The folder is its
// detail, if that gives a valid address.
struct view delivery_queued_address(
    struct arena *arena, const struct route_target *target);
// ---- trace.c ---------------------------------------------------------------

void delivery_received_write(const struct delivery *delivery, struct buf *out);
// Writes what a copy begins with: Return-Path, Delivered-To and `head`.
void delivery_prefix_write(struct arena *arena, struct view sender,
    struct view address, struct view head, struct buf *out);
// Collects the addresses in Delivered-To fields: `ret_known` is used as a set.
void delivery_delivered_to(
    struct arena *arena, struct view header, struct map *ret_known);
bool delivery_is_known(
    const struct map *known, struct arena *arena, struct view address);
// Whether the message came through this server too often to be sent on by an
// alias. Programs on the way can remove Delivered-To; then the Received fields
// still show the loop.
bool delivery_passed_often(struct view header, struct view server_name);
// "Delivered-To: …", in `arena`; empty if the address is none.
struct view delivery_alias_field(struct arena *arena, struct view alias);
// "<6ab…@example.org>", in `arena`.
struct view delivery_message_id(
    struct arena *arena, struct view domain, const char id[QUEUE_ID_TEXT + 1]);
void delivery_id_make(
    const struct delivery_office *office, char ret_id[QUEUE_ID_TEXT + 1]);

// ---- forged.c --------------------------------------------------------------

// Whether an Authentication-Results field with this value claims to come from
// this server or one of our domains, although a stranger or a user sent the
// message (RFC 8601 section 5). For struct delivery_fix.
struct delivery_forgery {
	struct delivery *delivery;
	unsigned fields; // how many have been examined
};
bool delivery_is_forged(void *forgery, struct view value);

// ---- copy.c ----------------------------------------------------------------

// One copy, for one account.
struct delivery_copy {
	uint64_t account;
	struct view user;
	const struct delivery_place *places; // none: the copy is discarded
	size_t place_count;
	struct view prefix;
	struct view delivery_id; // may be empty
};

// Asks the office's filter about a copy. Without a filter, the copy goes into
// the folder of the address. The decision is in `arena`.
MUST_CHECK enum rc delivery_decide(const struct delivery_office *office,
    const struct delivery_letter *letter, struct arena *arena,
    struct delivery_decision *ret_decision);

MUST_CHECK enum rc delivery_copy_commit(const struct delivery_office *office,
    struct store_draft *draft, const struct delivery_copy *copy,
    struct fault *fault, bool *ret_was_there);
// The answer to the sender for a copy that failed.
void delivery_copy_reply(enum rc rc, struct delivery_reply *ret_reply);

struct delivery_event {
	uint64_t session_id;
	const char *id;
	struct view message_id;
	uint64_t size;
	uint64_t ms;
};
void delivery_log_copy(const struct delivery_office *office,
    const struct delivery_event *event, const struct delivery_copy *copy,
    enum rc rc, const struct fault *fault);

// ---- commit.c --------------------------------------------------------------

// Commits. Call this if all bytes have come and nothing has failed. Writes the
// replies of
// delivery_finish(); `ret_replies` is never NULL.
void delivery_commit(struct delivery *delivery,
    struct delivery_reply *ret_replies, struct delivery_reply *ret_reply);

#endif

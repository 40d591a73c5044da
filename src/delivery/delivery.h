// SPDX-License-Identifier: Apache-2.0
// One message that comes in, through any door: who its recipients are, which
// trace fields it gets, and where its bytes go while they arrive. They go to
// the stores of local users, and to the queue for all other recipients. A door
// (src/smtp) speaks the protocol and calls the functions here. The local
// deliveries of the queue come here, too.
//
//   delivery_new, delivery_sender, delivery_recipient…, delivery_data…,
//   delivery_finish
//
// A delivery that was not finished leaves nothing behind. The office's check
// (check.h) may have to wait before it knows whether a sender, a recipient or a
// message is wanted. The call then returns RC_MORE and has done nothing. The
// door makes the same call again when the waker of `origin` has been called.
// Meanwhile no thread waits, and delivery_free() ends the delivery.
#ifndef ROOST_DELIVERY_DELIVERY_H
#define ROOST_DELIVERY_DELIVERY_H

#include "base/counter.h"
#include "dkim/dkim.h"
#include "net/session.h"
#include "queue/queue.h"
#include "route/route.h"
#include "store/change.h"
#include "wire/enhanced_status.h"

struct delivery;
struct delivery_check; // check.h
struct delivery_filter;
struct sending;

// What all deliveries share; it outlives them.
struct delivery_office {
	struct store *store;
	struct route *route;
	struct queue *queue;
	struct dkim_keys *dkim;
	struct log *log;           // may be NULL
	const struct clock *clock; // NULL: the machine's
	struct view server_name;   // "by" in Received
	uint32_t hops_max;         // Received fields [100]
	uint64_t message_max;      // bytes; 0: the store's
	uint32_t recipients_max;   // of a message [1000]
	// How long a message may wait because its sender wants it to (RFC
	// 4865); 0: not at all. And the bytes of all messages of a user that
	// wait so; 0: any.
	uint32_t hold_seconds;
	uint64_t hold_bytes;
	// NULL: each copy goes into the folder of its address.
	const struct delivery_filter *filter;
	const struct delivery_check *check; // NULL: everything is wanted
	struct sending *sending; // sending.h; NULL: users send without limits
	const struct budget *budget; // of memory (base/budget.h); may be NULL
	struct delivery_counts *counts; // may be NULL
};

// How long a message may be.
uint64_t delivery_size_max(const struct delivery_office *office);

// What became of copies and messages since the start.
struct delivery_counts {
	struct counter delivered; // copies, each for one user
	struct counter discarded; // copies that a filter did not want
	struct counter failed;    // copies that could not be stored
	struct counter queued;    // messages for recipients elsewhere
};

// Whether the office has a check that can show who sent a stranger's message.
// Otherwise no stranger's request for a report counts.
bool delivery_can_prove_senders(const struct delivery_office *office);

enum delivery_door {
	DELIVERY_MX,         // a stranger: mail for our own users only
	DELIVERY_SUBMISSION, // one of our users: mail to anyone
	DELIVERY_LMTP,       // a trusted server: mail for our own users only
};

// Who gives the message to us. All views must live as long as the delivery.
struct delivery_origin {
	enum delivery_door door;
	uint64_t session_id;      // for the log
	struct net_waker waker;   // the door's; called after RC_MORE
	struct view helo;         // as the client wrote it
	struct view peer_address; // text, without the port
	bool extended;            // the client said EHLO or LHLO
	bool http;                // the message comes by JMAP
	struct view tls_version;  // "TLSv1.3"; empty: none
	struct view tls_cipher;
	const struct auth_user *user; // the user who submits; otherwise NULL
	bool normalize; // bare CR and LF were accepted and changed to CRLF
};

// The protocol by which the message comes, as it is written into Received.
static inline struct smtp_protocol delivery_protocol(
    const struct delivery_origin *origin, bool utf8)
{
	return (struct smtp_protocol){
	    .family = origin->http                    ? SMTP_FAMILY_HTTP
		      : origin->door == DELIVERY_LMTP ? SMTP_FAMILY_LMTP
		      : origin->extended              ? SMTP_FAMILY_ESMTP
						      : SMTP_FAMILY_SMTP,
	    .utf8 = utf8,
	    .tls = origin->tls_version.len > 0 || origin->tls_cipher.len > 0,
	    .authenticated = origin->user != NULL,
	};
}

struct delivery_envelope {
	// Sender, DSN, body, times. With `tracked` the message goes through the
	// queue, whoever gets it: see delivery_queued().
	struct queue_envelope queue;
	// The sender in its parts; `local` empty for the null path.
	struct smtp_mailbox sender;
	uint64_t declared_size; // SIZE=; 0: not given
};

// What the door answers: a basic code, an enhanced code, and a sentence without
// CR or LF.
struct delivery_reply {
	unsigned code; // 250
	struct enhanced_status status;
	char text[400];
};

// ---- What becomes of a copy ------------------------------------------------

// Tells a filter about a user's copy of a message.
struct delivery_letter {
	uint64_t account;
	struct view user;
	struct view address; // the address that it was sent to
	struct view folder;  // of the address; empty: INBOX
	struct view sender;  // of the envelope; empty: the null path
	struct store_draft *draft;
};

// A mailbox that the copy goes into; INBOX if it does not exist.
struct delivery_place {
	struct view folder; // empty: INBOX
	struct store_flags flags;
};

// The decision about a copy. Before the filter is called, it is set to: into
// the folder of the address, without flags.
struct delivery_decision {
	// The copy goes into all of these in one commit; a mailbox that is
	// named twice gets it once. If there are none, the message is
	// discarded, and the sender is told that it arrived.
	const struct delivery_place *places;
	size_t place_count; // at most STORE_PLACES_MAX
	// If not NULL, the user refuses the message with this answer. The door
	// refuses the message if all who would get it refuse it. Otherwise the
	// queue returns it for those who refuse.
	const struct delivery_reply *refusal;
};

// Decides about each copy (Sieve, filters). It is called when all bytes have
// come, once for each user, and again when a copy from the queue is tried
// again.
struct delivery_filter {
	// What it puts into `decision` must be in `arena`. A failure counts as
	// temporary: the message stays where it is.
	enum rc (*decide)(void *context, const struct delivery_letter *letter,
	    struct arena *arena, struct delivery_decision *decision);
	void *context;
};

// ---- A message from a door -------------------------------------------------

// Begins a delivery, at MAIL FROM. Checks the envelope: a submission's sender
// must belong to the user (550 5.7.1), the size must not be over the limit (552
// 5.3.4), not too much of the user's mail may wait for its time (552 5.7.16),
// and there must be memory for it (452 4.3.1). If not RC_OK,
// `ret_reply` says why.
MUST_CHECK enum rc delivery_new(const struct delivery_office *office,
    const struct delivery_origin *origin,
    const struct delivery_envelope *envelope, struct delivery_reply *ret_reply,
    struct delivery **ret_delivery);
void delivery_free(struct delivery **delivery);
// The bytes that the delivery holds, about. Cheap.
size_t delivery_memory(const struct delivery *delivery);

// Asks whether mail from this sender is wanted. RC_OK; RC_MORE; otherwise
// `ret_reply` says why not.
MUST_CHECK enum rc delivery_sender(
    struct delivery *delivery, struct delivery_reply *ret_reply);

struct delivery_recipient {
	struct smtp_mailbox mailbox; // as RCPT TO named it
	struct view original;        // ORCPT, decoded "type;address"; empty
	unsigned notify;             // of enum smtp_notify
};
// RCPT TO. RC_OK: the recipient is accepted (also if it was named before);
// RC_MORE; otherwise it is refused, and the recipients before it stay. Except
// with RC_MORE, `ret_reply` is written: 250 2.1.5; 550 5.1.1 nobody there; 550
// 5.7.1 no relaying; 452 4.2.2 over quota; 452 4.5.3 too many.
MUST_CHECK enum rc delivery_recipient(struct delivery *delivery,
    const struct delivery_recipient *recipient,
    struct delivery_reply *ret_reply);
// How many recipients were accepted.
size_t delivery_recipient_count(const struct delivery *delivery);

// The message's bytes, as they come, with CRLF line ends. delivery_finish()
// reports a failure: the door reads the data to their end first.
void delivery_data(struct delivery *delivery, struct view bytes);
// Makes delivery_finish() refuse the message, because of a byte sequence in the
// data.
void delivery_refuse(
    struct delivery *delivery, const struct delivery_reply *reply);

// The end of the data: asks whether the message is wanted (RC_MORE), and
// commits (RC_OK). `ret_replies` gets an answer for each accepted recipient, in
// the order of their acceptance (LMTP). `ret_reply` gets one answer for all
// (SMTP): if it is 250, the message is committed or queued for every recipient,
// otherwise for none. Each may be NULL. The delivery is then over.
MUST_CHECK enum rc delivery_finish(struct delivery *delivery,
    struct delivery_reply *ret_replies, struct delivery_reply *ret_reply);

// After an answer 250: the id by which queue/notes.h knows the message; NULL if
// it did not go through the queue.
const struct queue_id *delivery_queued(const struct delivery *delivery);
// When it may go; 0: at once.
int64_t delivery_release_at(const struct delivery *delivery);
// The addresses in the queue to which accepted recipient `n` led: it may be an
// alias. Writes at most `max` of them, and returns how many there are. They
// live as long as the delivery.
size_t delivery_queued_for(const struct delivery *delivery, size_t n,
    struct view *ret_addresses, size_t max);

// ---- From the queue --------------------------------------------------------

// Delivers a lot of a local domain to the users. Each user gets the message
// exactly once, even if the call is repeated, because the commit in the account
// notes the content's id. If an alias leads to several recipients, they are in
// the result; queue_settle() puts them in the place of the alias. Writes one
// result for each recipient. The results are in `arena`, which must stay until
// the caller has settled.
void delivery_local(const struct delivery_office *office, struct queue_lot *lot,
    struct arena *arena, struct queue_result *ret_results);

#endif

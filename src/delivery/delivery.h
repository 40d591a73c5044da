// SPDX-License-Identifier: Apache-2.0
// One message coming in, from any door: what its recipients are, the trace
// fields that it gets, and where its bytes go - the stores of local users, the
// queue for all others - while they arrive. A door (src/smtp) speaks the
// protocol and asks here; the queue's own local deliveries come here, too.
//
//   delivery_new, delivery_sender, delivery_recipient…, delivery_data…,
//   delivery_finish
//
// Nothing is kept of a delivery that was not finished. The office's check
// (check.h) may have to wait before it knows whether a sender, a recipient or a
// message is wanted: then the call gives RC_MORE and has done nothing, and is
// made again, the same, when the waker of `origin` was called. Meanwhile no
// thread is kept, and delivery_free() ends it all.
#ifndef ROOST_DELIVERY_DELIVERY_H
#define ROOST_DELIVERY_DELIVERY_H

#include "dkim/dkim.h"
#include "net/session.h"
#include "queue/queue.h"
#include "route/route.h"
#include "store/change.h"
#include "wire/enhanced_status.h"

struct delivery;
struct delivery_check; // check.h
struct delivery_filter;

// What all deliveries share; outlives them.
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
	// NULL: each copy goes into the folder of its address.
	const struct delivery_filter *filter;
	const struct delivery_check *check; // NULL: all is wanted
};

enum delivery_door {
	DELIVERY_MX,         // a stranger: only to our own users
	DELIVERY_SUBMISSION, // a user of ours, to anyone
	DELIVERY_LMTP,       // a trusted server: only to our own users
};

// Who gives the message. All views live as long as the delivery.
struct delivery_origin {
	enum delivery_door door;
	uint64_t session_id;      // for the log
	struct net_waker waker;   // the door's, after RC_MORE
	struct view helo;         // as the client said it
	struct view peer_address; // text, without the port
	bool extended;            // the client said EHLO or LHLO
	struct view tls_version;  // "TLSv1.3"; empty: none
	struct view tls_cipher;
	const struct auth_user *user; // of a submission, else NULL
	bool normalize; // bare CR and LF were accepted and made CRLF
};

// What the message comes by, as Received says it.
static inline struct smtp_protocol delivery_protocol(
    const struct delivery_origin *origin, bool utf8)
{
	return (struct smtp_protocol){
	    .family = origin->door == DELIVERY_LMTP ? SMTP_FAMILY_LMTP
		      : origin->extended            ? SMTP_FAMILY_ESMTP
						    : SMTP_FAMILY_SMTP,
	    .utf8 = utf8,
	    .tls = origin->tls_version.len > 0 || origin->tls_cipher.len > 0,
	    .authenticated = origin->user != NULL,
	};
}

struct delivery_envelope {
	struct queue_envelope queue; // sender, DSN, body, times
	// The sender in its parts; `local` empty for the null path.
	struct smtp_mailbox sender;
	uint64_t declared_size; // SIZE=; 0: not said
};

// What the door answers: a basic and an enhanced code and a sentence without
// CR or LF.
struct delivery_reply {
	unsigned code; // 250
	struct enhanced_status status;
	char text[400];
};

// ---- What becomes of a copy ------------------------------------------------

// What a filter is told of a user's copy of a message.
struct delivery_letter {
	uint64_t account;
	struct view user;
	struct view address; // it came to
	struct view folder;  // the address's; empty: INBOX
	struct view sender;  // of the envelope; empty: the null path
	struct store_draft *draft;
};

// A mailbox that the copy goes into. One that does not exist is INBOX.
struct delivery_place {
	struct view folder; // empty: INBOX
	struct store_flags flags;
};

// What is decided about a copy. Before a filter is asked it goes, without
// flags, into the folder of the address.
struct delivery_decision {
	// All of them get it in one commit; the same one named twice, once.
	// None: the message is discarded, and the sender told that it arrived.
	const struct delivery_place *places;
	size_t place_count; // at most STORE_PLACES_MAX
	// Not NULL: the user refuses the message, with this answer. From the
	// door it is refused if all who get it refuse it; otherwise the queue
	// returns it for those who do.
	const struct delivery_reply *refusal;
};

// Decides about each copy (Sieve, filters). Called when all bytes have come,
// for each user once, and again when a copy from the queue is tried again.
struct delivery_filter {
	// What it puts into `decision` lies in `arena`. A failure is a
	// temporary one: the message stays where it is.
	enum rc (*decide)(void *context, const struct delivery_letter *letter,
	    struct arena *arena, struct delivery_decision *decision);
	void *context;
};

// ---- A message from a door -------------------------------------------------

// Begins with MAIL FROM. Checks what can be checked of the envelope: a
// submission's sender must belong to the user (550 5.7.1), the size must not
// be over the limit (552 5.3.4). RC_OK: go on; else `ret_reply` says why not.
MUST_CHECK enum rc delivery_new(const struct delivery_office *office,
    const struct delivery_origin *origin,
    const struct delivery_envelope *envelope, struct delivery_reply *ret_reply,
    struct delivery **ret_delivery);
void delivery_free(struct delivery **delivery);

// Asks whether mail from this sender is wanted. RC_OK; RC_MORE; else
// `ret_reply` says why not.
MUST_CHECK enum rc delivery_sender(
    struct delivery *delivery, struct delivery_reply *ret_reply);

struct delivery_recipient {
	struct smtp_mailbox mailbox; // as RCPT TO named it
	struct view original;        // ORCPT, decoded "type;address"; empty
	unsigned notify;             // of enum smtp_notify
};
// RCPT TO. RC_OK: accepted (also one that was named before); RC_MORE; else it
// is not, and the rest stands. But for RC_MORE `ret_reply` is written:
// 250 2.1.5; 550 5.1.1 nobody there; 550 5.7.1 no relaying; 452 4.2.2 over
// quota; 452 4.5.3 too many.
MUST_CHECK enum rc delivery_recipient(struct delivery *delivery,
    const struct delivery_recipient *recipient,
    struct delivery_reply *ret_reply);
size_t delivery_recipient_count(const struct delivery *delivery); // accepted

// The message's bytes, as they come, with CRLF line ends. A failure is kept
// for delivery_finish(): the door reads on to the end of the data.
void delivery_data(struct delivery *delivery, struct view bytes);
// As if a byte sequence in the data had been refused: what finish then says.
void delivery_refuse(
    struct delivery *delivery, const struct delivery_reply *reply);

// The end of the data: asks whether the message is wanted (RC_MORE), and
// commits (RC_OK). `ret_replies` gets an answer for each accepted recipient in
// the order of their acceptance (LMTP); `ret_reply` the one for all (SMTP):
// when it is 250 every recipient is committed or queued, and when it is not
// none is. Each may be NULL. The delivery is over then.
MUST_CHECK enum rc delivery_finish(struct delivery *delivery,
    struct delivery_reply *ret_replies, struct delivery_reply *ret_reply);

// ---- From the queue --------------------------------------------------------

// Delivers a lot of a local domain: to the users, each exactly once however
// often it is repeated (the commit in the account remembers the content's id).
// What an alias of several leads to is in the result, for the settle to put in
// its place. Writes one result for each recipient, in `arena`, which has to
// stay until the caller has settled.
void delivery_local(const struct delivery_office *office, struct queue_lot *lot,
    struct arena *arena, struct queue_result *ret_results);

#endif

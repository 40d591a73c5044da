// SPDX-License-Identifier: Apache-2.0
// The outgoing queue: messages that wait to be sent on, and the state of each
// of their recipients. Everything is stored in the engine and changed by
// commits, so a message in the queue, and all that is known about its
// recipients, survives kill -9. The sender of mail (src/relay) takes *lots*: a
// lot is one message with its recipients in one domain.
//
// The queue knows addresses, but not where they lead. The relay looks that up
// when it takes a lot, so a change of routes also applies to mail that is
// waiting.
//
// A message lies in one of QUEUE_PARTITIONS partitions of the engine, chosen by
// its id, so that the commits of several threads share a sync. A message and
// the reports about it are in the same partition, because a report is queued in
// the commit that removes the recipient. Thread-safe.
//
// To *settle* a lot is to commit what became of each of its recipients.
//
// What an administrator does with the queue is in queue/manage.h.
#ifndef ROOST_QUEUE_QUEUE_H
#define ROOST_QUEUE_QUEUE_H

#include "base/arena.h"
#include "base/clock.h"
#include "engine/engine.h"
#include "wire/enhanced_status.h"
#include "wire/smtp_terms.h"

#define QUEUE_PARTITION_FIRST 16
#define QUEUE_PARTITIONS      16

// Whether this partition of the engine belongs to the queue.
static inline bool queue_owns_partition(uint64_t partition)
{
	return partition >= QUEUE_PARTITION_FIRST &&
	       partition < QUEUE_PARTITION_FIRST + QUEUE_PARTITIONS;
}

// Limits of a message. queue_put() returns RC_LIMIT when one is passed.
#define QUEUE_RECIPIENTS_MAX 5000
#define QUEUE_ADDRESS_MAX    512  // bytes of an address
#define QUEUE_ORIGINAL_MAX   1024 // of an ORCPT
#define QUEUE_ENVID_MAX      1024
#define QUEUE_HOP_MAX        512
#define QUEUE_HEAD_MAX       (256 * 1024)
// Longer texts are cut to these lengths.
#define QUEUE_DIAGNOSTIC_MAX 1024
#define QUEUE_REMOTE_MAX     256

// Characters of an id in text: base32hex in lower case, so that texts sort in
// the same order as ids.
#define QUEUE_ID_TEXT 20

struct queue;

struct queue_id {
	unsigned char bytes[12]; // 6 of time (ms, big-endian), 6 random
};
void queue_id_print(
    const struct queue_id *id, char ret_text[QUEUE_ID_TEXT + 1]);
MUST_CHECK enum rc queue_id_parse(struct view text, struct queue_id *ret_id);

// A zero stands for the default, which is shown in brackets.
struct queue_settings {
	struct log *log;               // may be NULL
	const struct clock *clock;     // NULL: the machine's clock
	struct view server_name;       // for Reporting-MTA, and From of reports
	uint32_t lifetime_seconds;     // then the message is returned [5 days]
	uint32_t delay_notice_seconds; // then a notice is sent [4 hours]
	uint32_t
	    retry_first_seconds;     // wait after the first failure [5 minutes]
	uint32_t retry_last_seconds; // the wait doubles up to this [4 hours]
	uint32_t report_full_max;    // RET=FULL up to this size [50 KiB]
	// Reports to senders who are not proven (see queue_envelope): how many
	// in an hour, and how many of them to one domain. As many may come at
	// once.
	uint32_t reports_per_hour;   // [500]
	uint32_t reports_per_domain; // [50]
};

// Reads from the disk what is waiting. RC_IO, RC_CORRUPT.
MUST_CHECK enum rc queue_open(struct engine *engine,
    const struct queue_settings *settings, struct fault *fault,
    struct queue **ret_queue);
void queue_close(struct queue **queue); // settle or drop every lot first

// ---- Putting in ------------------------------------------------------------

// A message's bytes, stored while they arrive.
struct queue_draft;
struct queue_draft *queue_draft_new(struct queue *queue);
MUST_CHECK enum rc queue_draft_add(
    struct queue_draft *draft, struct view bytes);
uint64_t queue_draft_size(const struct queue_draft *draft);
// The bytes of memory that the draft holds, about.
size_t queue_draft_memory(const struct queue_draft *draft);
void queue_draft_free(struct queue_draft **draft);

struct queue_envelope {
	struct view sender; // an address; empty: the null path
	// Whether it is known that the sender's address belongs to who gave us
	// the message: a user who logged in wrote it, or a check has shown it.
	// Otherwise the address may be that of somebody who knows nothing of
	// the message. See queue_sender_is_proven().
	bool proven;
	struct view envid; // decoded; empty: none
	enum smtp_ret ret;
	enum smtp_body body;
	bool smtputf8;
	int64_t release_at; // not tried before; 0: now
	// The parameter by which the sender asked for a later release (RFC
	// 4865), and its value: seconds, or a time.
	enum smtp_hold hold;
	uint64_t hold_value;
	// `release_at` is not the sender's wish: the user has sent too much.
	bool limited;
	enum smtp_by by;
	int64_t by_time; // seconds since 1970
	bool by_trace;
	uint64_t account; // the account that submitted it; 0: none
	// Its user asks what becomes of it, and may take it back: see notes.h.
	// Then queue_put() fills in the id that it returns, and into how many
	// messages it divided this one.
	bool tracked;
	struct queue_id track;
	uint16_t parts;
	struct view hop; // who gave us the message, for `roost queue show`
};

// Whether the sender is proven. A report to any other sender can be one to a
// victim. So such a sender is told only of failures, in few words and not too
// often, whatever the message asked for (RET, NOTIFY).
static inline bool queue_sender_is_proven(const struct queue_envelope *envelope)
{
	return envelope->proven || envelope->account;
}

// The part after the last "@" of an address is its destination. It must be
// canonical (smtp_mailbox_print_ascii()). Without an "@" the destination is "".
struct queue_recipient {
	struct view address;
	struct view original; // ORCPT, "type;address" decoded; empty: none
	unsigned notify;      // bits of enum smtp_notify
	// Aliases were followed already: deliver to this user without
	// expanding.
	bool resolved;
	// Fields that the message has in front for this recipient only.
	// Recipients with the same fields are queued as one message. Empty for
	// a recipient that was read from the queue: the message has the fields
	// then.
	struct view head;
};

// Queues a message: `head` (trace and signature fields) followed by the draft's
// bytes, in one commit, also when it becomes several messages. After RC_OK it
// will be delivered or returned to its sender. The draft still belongs to the
// caller, who may put it again for other recipients. `ret_id` is the id of the
// first recipient's message.
MUST_CHECK enum rc queue_put(struct queue *queue, struct queue_draft *draft,
    struct view head, const struct queue_envelope *envelope,
    const struct queue_recipient *recipients, size_t count, struct fault *fault,
    struct queue_id *ret_id);

// The bytes of all messages of this account that wait for the time that their
// sender chose.
uint64_t queue_later_bytes(struct queue *queue, uint64_t account);

// ---- Taking out ------------------------------------------------------------

// Whose mail a message is. Users' mail goes first, and reports go last, but
// nothing waits for ever: see the queue's README.
enum queue_class {
	QUEUE_CLASS_USERS,   // a user submitted it
	QUEUE_CLASS_OTHERS,  // it came from elsewhere and is passed on
	QUEUE_CLASS_REPORTS, // it has the null path
};
#define QUEUE_CLASSES 3

// The due mail of one class for one domain, which a caller has claimed.
struct queue_claim {
	enum queue_class class;
	struct view domain;
	// When its first lot became due, in seconds since 1970, plus the time
	// for which mail of its kind lets others pass. Of several things, the
	// one with the lowest rank is done first.
	int64_t rank;
};

// A lot. It is leased to the caller that took it, until that caller settles,
// postpones or drops it. It holds the envelope and the recipients; the
// message's bytes are read when they are needed.
struct queue_lot;

struct queue_lot_recipient {
	struct queue_recipient recipient;
	uint32_t attempts; // before this attempt
};

// Sets the function that is called when something may be due earlier than
// queue_claim() said. It is called on any thread with locks held, so it may do
// no more than wake a thread. A queue has one such function.
void queue_watch(
    struct queue *queue, void (*wake)(void *context), void *context);

// Claims a destination (a domain and a class up to `last`) of which a lot is
// due now: the one with the lowest rank of those that were due first in their
// classes. The lots of a claimed destination belong to the caller until
// queue_unclaim(). RC_END: none is due now, and *ret_next_ms (wall-clock
// milliseconds) is the time when the next one is; 0: no lot is waiting.
MUST_CHECK enum rc queue_claim(struct queue *queue, struct arena *arena,
    enum queue_class last, struct queue_claim *ret_claim, int64_t *ret_next_ms);
// Leases the due lot of a claimed destination that has the lowest rank. RC_END
// when none is due. `claim->rank` is not used.
MUST_CHECK enum rc queue_take(struct queue *queue,
    const struct queue_claim *claim, struct queue_lot **ret_lot);
// Whether more lots of the destination are due now. Writes the rank of the next
// one to `claim`.
bool queue_has_due(struct queue *queue, struct queue_claim *claim);
void queue_unclaim(struct queue *queue, const struct queue_claim *claim);

const struct queue_id *queue_lot_id(const struct queue_lot *lot);
// An id that is the same for all messages that came of one put, also by way of
// `expanded`. Delivery uses it to give each user a single copy.
const struct engine_content_id *queue_lot_content(const struct queue_lot *lot);
const struct queue_envelope *queue_lot_envelope(const struct queue_lot *lot);
uint64_t queue_lot_size(
    const struct queue_lot *lot); // bytes, including the head
int64_t queue_lot_created(const struct queue_lot *lot);
size_t queue_lot_count(const struct queue_lot *lot);
const struct queue_lot_recipient *queue_lot_recipient(
    const struct queue_lot *lot, size_t n);
MUST_CHECK enum rc queue_lot_read(
    struct queue_lot *lot, uint64_t offset, size_t len, struct buf *ret_bytes);

enum queue_outcome {
	QUEUE_LATER, // a 4xx, or no server answered: try again by the schedule
	QUEUE_DELIVERED, // final delivery: a report if NOTIFY has SUCCESS
	QUEUE_RELAYED,  // to a server without DSN: a "relayed" report if NOTIFY
			// has SUCCESS
	QUEUE_PASSED,   // to a server with DSN: that server sends the reports
	QUEUE_EXPANDED, // the address is an alias: see `expanded`
	QUEUE_FAILED,   // a 5xx: the message is returned to the sender
};
struct queue_result {
	enum queue_outcome outcome;
	struct enhanced_status status;
	struct view diagnostic; // the server's reply, clean text; may be empty
	struct view remote;     // the server that replied; may be empty
	// With QUEUE_EXPANDED: the recipients that take this recipient's place,
	// in the same commit.
	const struct queue_recipient *expanded;
	size_t expanded_count;
};

// Commits what became of each recipient of the lot, together with the reports
// that have to be sent. `results` has one entry for each recipient. Frees the
// lot. When the commit fails, the queue keeps the results in memory, and
// queue_take() commits them before it hands out the lot again. So a full disk
// does not cause mail to be sent twice. RC_GONE: another server on the same
// engine has settled one of the recipients; this queue forgets the lot.
MUST_CHECK enum rc queue_settle(struct queue *queue, struct queue_lot **lot,
    const struct queue_result *results, struct fault *fault);
// Puts the lot off for `seconds` without an attempt, because of `why` (whose
// outcome is LATER). No attempt is counted. Nothing is written, except the
// reason when no reason is stored yet, and except that the sender's notices of
// delay and of the end are still sent when they are due. Frees the lot.
MUST_CHECK enum rc queue_postpone(struct queue *queue, struct queue_lot **lot,
    uint32_t seconds, const struct queue_result *why, struct fault *fault);
// Gives the lot back without an attempt. It is due again at once, or after
// `seconds`. Frees the lot.
void queue_drop(struct queue *queue, struct queue_lot **lot, uint32_t seconds);

#endif

// SPDX-License-Identifier: Apache-2.0
// The outgoing queue: messages that wait to be sent on, and how far each of
// their recipients is. Everything is in the engine, changed by commits: a
// message in the queue survives kill -9, and what is known of a recipient is
// known again after it. Who sends (src/relay) takes *lots*: one message with
// its recipients in one domain.
//
// It knows addresses, not where they lead: that is asked when a lot is taken,
// so that a change of routes holds for waiting mail too.
//
// Messages lie in QUEUE_PARTITIONS partitions of the engine, by id, so that
// commits of several threads share a sync. A message and the report about it
// are in one partition: a bounce is queued in the commit that ends the
// recipient. Thread-safe.
#ifndef ROOST_QUEUE_QUEUE_H
#define ROOST_QUEUE_QUEUE_H

#include "base/arena.h"
#include "base/clock.h"
#include "engine/engine.h"
#include "wire/enhanced_status.h"
#include "wire/smtp_terms.h"

#define QUEUE_PARTITION_FIRST 16
#define QUEUE_PARTITIONS      16

// What a message may have; over it queue_put() is RC_LIMIT.
#define QUEUE_RECIPIENTS_MAX 5000
#define QUEUE_ADDRESS_MAX    512  // bytes of an address
#define QUEUE_ORIGINAL_MAX   1024 // of an ORCPT
#define QUEUE_ENVID_MAX      1024
#define QUEUE_HOP_MAX        512
#define QUEUE_HEAD_MAX       (256 * 1024)
// Longer ones are cut.
#define QUEUE_DIAGNOSTIC_MAX 1024
#define QUEUE_REMOTE_MAX     256

// Characters of an id: base32hex in lower case, so that text sorts as ids do.
#define QUEUE_ID_TEXT 20

struct queue;

struct queue_id {
	unsigned char bytes[12]; // 6 of time (ms, big-endian), 6 random
};
void queue_id_print(
    const struct queue_id *id, char ret_text[QUEUE_ID_TEXT + 1]);
MUST_CHECK enum rc queue_id_parse(struct view text, struct queue_id *ret_id);

// Zero means the default, in brackets.
struct queue_settings {
	struct log *log;               // may be NULL
	const struct clock *clock;     // NULL: the machine's
	struct view server_name;       // Reporting-MTA, and the reports' From
	uint32_t lifetime_seconds;     // then it is returned [5 days]
	uint32_t delay_notice_seconds; // then a notice is sent [4 hours]
	uint32_t retry_first_seconds;  // after the first failure [5 minutes]
	uint32_t retry_last_seconds;   // the wait doubles up to [4 hours]
	uint32_t report_full_max;      // RET=FULL up to this size [50 KiB]
};

// Reads what waits. RC_IO, RC_CORRUPT.
MUST_CHECK enum rc queue_open(struct engine *engine,
    const struct queue_settings *settings, struct fault *fault,
    struct queue **ret_queue);
void queue_close(struct queue **queue); // every lot is settled or dropped

// ---- Putting in ------------------------------------------------------------

// A message's bytes, written while they come.
struct queue_draft;
struct queue_draft *queue_draft_new(struct queue *queue);
MUST_CHECK enum rc queue_draft_add(
    struct queue_draft *draft, struct view bytes);
uint64_t queue_draft_size(const struct queue_draft *draft);
void queue_draft_free(struct queue_draft **draft);

struct queue_envelope {
	struct view sender; // an address; empty: the null path
	struct view envid;  // decoded; empty: none
	enum smtp_ret ret;
	enum smtp_body body;
	bool smtputf8;
	int64_t release_at; // not before (RFC 4865); 0: now
	enum smtp_by by;
	int64_t by_time; // seconds since 1970
	bool by_trace;
	uint64_t account; // whose submission it is; 0: nobody's
	struct view hop;  // who gave it to us, for `roost queue show`
};

// What stands after the last "@" of an address is the destination, and is to
// be canonical (smtp_mailbox_print_ascii()); without "@" the destination is "".
struct queue_recipient {
	struct view address;
	struct view original; // ORCPT, "type;address" decoded; empty: none
	unsigned notify;      // of enum smtp_notify
	// Aliases were followed already: deliver to this user, expand nothing.
	bool resolved;
};

// Queues a message: `head` (trace and signature fields) and then the draft's
// bytes. One commit; when it returns RC_OK the message will be delivered, or
// returned to its sender. The draft stays the caller's, and may be put again
// for other recipients.
MUST_CHECK enum rc queue_put(struct queue *queue, struct queue_draft *draft,
    struct view head, const struct queue_envelope *envelope,
    const struct queue_recipient *recipients, size_t count, struct fault *fault,
    struct queue_id *ret_id);

// ---- Taking out ------------------------------------------------------------

// A lot, leased to whoever took it until it is settled or dropped. It holds
// only what the index knows; bytes are read as they are needed.
struct queue_lot;

struct queue_lot_recipient {
	struct queue_recipient recipient;
	uint32_t attempts; // before this one
};

// `wake` is called (any thread, locks held: it may only wake someone) when
// something may be due earlier than was said before. One a queue.
void queue_watch(
    struct queue *queue, void (*wake)(void *context), void *context);

// Claims the destination (a domain) whose lot is due first, if it is due now:
// its lots are the caller's until it is unclaimed. RC_END: none is due, and
// *ret_next_ms (CLOCK wall-clock milliseconds) says when the next is; 0: never.
MUST_CHECK enum rc queue_claim(struct queue *queue, struct arena *arena,
    struct view *ret_domain, int64_t *ret_next_ms);
// The next due lot of a claimed destination. RC_END.
MUST_CHECK enum rc queue_take(
    struct queue *queue, struct view domain, struct queue_lot **ret_lot);
// More lots of the domain are due now.
bool queue_has_due(struct queue *queue, struct view domain);
void queue_unclaim(struct queue *queue, struct view domain);

const struct queue_id *queue_lot_id(const struct queue_lot *lot);
// The same for all that came of one put, by way of `expanded`, too: by it a
// user gets one copy.
const struct engine_content_id *queue_lot_content(const struct queue_lot *lot);
const struct queue_envelope *queue_lot_envelope(const struct queue_lot *lot);
uint64_t queue_lot_size(const struct queue_lot *lot); // bytes, with the head
int64_t queue_lot_created(const struct queue_lot *lot);
size_t queue_lot_count(const struct queue_lot *lot);
const struct queue_lot_recipient *queue_lot_recipient(
    const struct queue_lot *lot, size_t n);
MUST_CHECK enum rc queue_lot_read(
    struct queue_lot *lot, uint64_t offset, size_t len, struct buf *ret_bytes);

enum queue_outcome {
	QUEUE_LATER,     // a 4xx, or nobody there: try again by the schedule
	QUEUE_DELIVERED, // final delivery: a report if SUCCESS was asked for
	QUEUE_RELAYED,   // to a server without DSN: a "relayed" report then
	QUEUE_PASSED,    // to a server with DSN: reports are its business
	QUEUE_EXPANDED,  // an alias's many: see `expanded`
	QUEUE_FAILED,    // a 5xx: returned to the sender
};
struct queue_result {
	enum queue_outcome outcome;
	struct enhanced_status status;
	struct view diagnostic; // the reply, clean text; may be empty
	struct view remote;     // the server that said so; may be empty
	// With QUEUE_EXPANDED: what the settle puts in the recipient's place,
	// in its own commit.
	const struct queue_recipient *expanded;
	size_t expanded_count;
};

// What became of each recipient of the lot, in one commit, with the reports
// that it calls for. Frees the lot. When the commit fails the results are kept
// in memory, and queue_take() commits them before it would give the lot out
// again: what has been sent is not sent twice because the disk was full.
// RC_GONE: another server on the same engine has settled one of them; the lot is
// forgotten here.
MUST_CHECK enum rc queue_settle(struct queue *queue, struct queue_lot **lot,
    const struct queue_result *results, struct fault *fault);
// Puts the lot off for `seconds`, untried, because of `why` (whose outcome is
// LATER). No attempt is counted, and nothing is written but the reason where
// none is known yet. What its sender is to be told by then, of a delay or of
// the end, is told when it is due. Frees the lot.
MUST_CHECK enum rc queue_postpone(struct queue *queue, struct queue_lot **lot,
    uint32_t seconds, const struct queue_result *why, struct fault *fault);
// Gives the lot back untried; due again at once, or after `seconds`.
void queue_drop(struct queue *queue, struct queue_lot **lot, uint32_t seconds);

// ---- Administration --------------------------------------------------------

enum queue_state {
	QUEUE_STATE_WAITING,
	QUEUE_STATE_SENDING, // leased
	QUEUE_STATE_HELD,
};
struct queue_info_recipient {
	struct view address;
	enum queue_state state;
	uint32_t attempts;
	int64_t next_try;       // seconds since 1970
	struct view last_reply; // empty: never tried
	struct view remote;
};
struct queue_info {
	struct queue_id id;
	struct queue_envelope envelope;
	uint64_t size;
	int64_t created;
	int64_t expires;
	struct queue_info_recipient *recipients;
	size_t count;
};

// Walks all messages by id, which is by age; as they were when it began.
struct queue_walk;
MUST_CHECK enum rc queue_walk_open(
    struct queue *queue, struct queue_walk **ret_walk);
void queue_walk_close(struct queue_walk **walk);
// The next one; RC_END. After RC_CORRUPT (only `id` is written) it goes on.
MUST_CHECK enum rc queue_walk_next(
    struct queue_walk *walk, struct arena *arena, struct queue_info *ret_info);
MUST_CHECK enum rc queue_show(struct queue *queue, const struct queue_id *id,
    struct arena *arena, struct queue_info *ret_info);
// Adds bytes of a message's content to `ret_bytes`.
MUST_CHECK enum rc queue_read(struct queue *queue, const struct queue_id *id,
    uint64_t offset, size_t len, struct buf *ret_bytes);
// Each for a whole message; RC_NOT_FOUND. A recipient being sent to right now
// is not stopped: it is held or removed when that attempt has failed.
MUST_CHECK enum rc queue_retry(
    struct queue *queue, const struct queue_id *id, struct fault *fault);
MUST_CHECK enum rc queue_hold(struct queue *queue, const struct queue_id *id,
    bool hold, struct fault *fault);
// With `report` its sender gets a bounce.
MUST_CHECK enum rc queue_remove(struct queue *queue, const struct queue_id *id,
    bool report, struct fault *fault);

// Whether the partition of an engine is one of the queue's.
static inline bool queue_owns_partition(uint64_t partition)
{
	return partition >= QUEUE_PARTITION_FIRST &&
	       partition < QUEUE_PARTITION_FIRST + QUEUE_PARTITIONS;
}

// Verifies what is stored; each problem is one call with a sentence. RC_OK also
// when there were problems. Needs no open queue, and may run beside one.
MUST_CHECK enum rc queue_check(struct engine *engine,
    void (*problem)(void *context, const char *text), void *context);

struct queue_stats {
	uint64_t messages;
	uint64_t recipients;
	uint64_t held;  // messages
	int64_t oldest; // created; 0: empty
};
struct queue_stats queue_stats(struct queue *queue);

#endif

// SPDX-License-Identifier: Apache-2.0
// A fake delivery (delivery/delivery.h) for the tests of the protocol. It keeps
// what it is given, and its answers depend on the names. Our domain is
// example.org. In it, "nobody…" does not exist, "full…" is over quota, and
// "broken…" fails at the end of the message. A name that begins with "slow"
// gets its answer when the rig says so, and one with "quick" when it is asked
// again; the rest of the name then counts as usual ("slownobody"). With a
// recipient "late…", the end of the message waits for the rig.
#include "base/mem.h"
#include "smtp/rig.h"

#define MESSAGES_MAX ((size_t)16 << 20) // bytes in all descriptions together
#define WAITS_MAX    8

struct rig_office {
	struct delivery_office view;
	struct buf messages; // descriptions, each with an LF at its end
	size_t shown;        // bytes of them that were read
	size_t accepted;
	size_t open;
	struct delivery *waits[WAITS_MAX];
};

struct delivery {
	struct rig_office *office;
	struct delivery_origin origin;
	struct view sender; // its local part
	struct buf envelope;
	struct buf recipients;
	struct buf text;
	size_t count;
	bool broken[64]; // recipients that fail at the end
	bool too_big;
	bool late;  // the end of the message waits
	bool asked; // it waits for the rig, or has its answer
	bool known; // it has its answer
	struct delivery_reply refused; // code 0: not refused
};

// ---- The rig's side --------------------------------------------------------

struct rig_office *rig_office_new(const struct rig *rig)
{
	struct rig_office *office = mem_zalloc(sizeof(*office));
	office->view = (struct delivery_office){
	    .clock = &rig->base.clock,
	    .server_name = VIEW("mx.example.org"),
	    .message_max = RIG_SIZE_MAX,
	    .hold_seconds = RIG_HOLD_SECONDS,
	    // Lets delivery_new() find the office again.
	    .queue = (struct queue *)(void *)office,
	};
	buf_init(&office->messages, MESSAGES_MAX);
	return office;
}

void rig_office_free(struct rig_office **office)
{
	buf_done(&(*office)->messages);
	free(*office);
	*office = NULL;
}

const struct delivery_office *rig_office_view(const struct rig_office *office)
{
	return &office->view;
}

bool rig_office_next(struct rig_office *office, struct buf *out)
{
	struct view rest =
	    view_from(buf_view(&office->messages), office->shown);
	struct view line;
	if (!view_split(&rest, '\n', &line))
		return false;
	buf_add(out, line);
	office->shown += line.len + 1;
	return true;
}

size_t rig_office_accepted(const struct rig_office *office)
{
	return office->accepted;
}

size_t rig_office_open(const struct rig_office *office)
{
	return office->open;
}

void rig_office_release(struct rig_office *office)
{
	for (size_t i = 0; i < WAITS_MAX; i++) {
		struct delivery *delivery = office->waits[i];
		office->waits[i] = NULL;
		if (!delivery)
			continue;
		delivery->known = true;
		delivery->origin.waker.wake(delivery->origin.waker.context);
	}
}

// ---- Waiting ---------------------------------------------------------------

static void forget_wait(struct delivery *delivery)
{
	for (size_t i = 0; i < WAITS_MAX; i++)
		if (delivery->office->waits[i] == delivery)
			delivery->office->waits[i] = NULL;
}

// False: the answer is not known yet.
static bool is_known(struct delivery *delivery, bool soon)
{
	struct delivery **waits = delivery->office->waits;
	if (delivery->known) {
		delivery->asked = delivery->known = false;
		return true;
	}
	if (delivery->asked)
		return false; // something else woke it
	delivery->asked = true;
	for (size_t i = 0; i < WAITS_MAX && !soon; i++)
		if (!waits[i]) {
			waits[i] = delivery;
			return false;
		}
	delivery->known = true;
	delivery->origin.waker.wake(delivery->origin.waker.context);
	return false;
}

// Whether the answer for a name is known; removes the "slow" or "quick" from
// the front of the name.
static bool answers(struct delivery *delivery, struct view *local)
{
	bool slow = view_starts_with(*local, VIEW("slow"));
	bool quick = view_starts_with(*local, VIEW("quick"));
	if (!slow && !quick)
		return true;
	*local = view_from(*local, slow ? 4 : 5);
	return is_known(delivery, quick);
}

// ---- The session's side ----------------------------------------------------

static void reply(struct delivery_reply *ret_reply, unsigned code,
    struct enhanced_status status, const char *text)
{
	*ret_reply = (struct delivery_reply){.code = code, .status = status};
	snprintf(ret_reply->text, sizeof(ret_reply->text), "%s", text);
}

static bool is_ours(const struct smtp_mailbox *mailbox)
{
	return mailbox->domain.len == 0 ||
	       view_eq(mailbox->domain_ascii, VIEW("example.org"));
}

static void describe_queue(
    const struct queue_envelope *envelope, struct buf *out)
{
	if (envelope->body == SMTP_BODY_8BITMIME)
		buf_add_literal(out, " 8bit");
	if (envelope->body == SMTP_BODY_BINARYMIME)
		buf_add_literal(out, " binary");
	if (envelope->smtputf8)
		buf_add_literal(out, " utf8");
	if (envelope->envid.len > 0)
		buf_printf(out, " envid=%.*s", VIEW_FMT(envelope->envid));
	if (envelope->ret != SMTP_RET_UNSET)
		buf_add_string(out, envelope->ret == SMTP_RET_FULL
					? " ret=full"
					: " ret=headers");
	if (envelope->release_at != 0)
		buf_printf(out, " at=%lld",
		    (long long)(envelope->release_at - RIG_NOW));
	if (envelope->by != SMTP_BY_NONE)
		buf_printf(out, " by=%lld%s%s",
		    (long long)(envelope->by_time - RIG_NOW),
		    envelope->by == SMTP_BY_RETURN ? "R" : "N",
		    envelope->by_trace ? "T" : "");
	if (envelope->account != 0)
		buf_add_literal(out, " account");
}

static void describe(const struct delivery_origin *origin,
    const struct delivery_envelope *envelope, struct buf *out)
{
	buf_printf(out, "<%.*s>", VIEW_FMT(envelope->queue.sender));
	struct smtp_protocol protocol =
	    delivery_protocol(origin, envelope->queue.smtputf8);
	buf_printf(out, " %s", smtp_protocol_name(&protocol));
	describe_queue(&envelope->queue, out);
	if (envelope->declared_size != 0)
		buf_printf(out, " size=%llu",
		    (unsigned long long)envelope->declared_size);
	if (origin->user)
		buf_printf(out, " user=%s", origin->user->name.text);
	if (origin->tls_version.len > 0)
		buf_printf(out, " tls=%.*s", VIEW_FMT(origin->tls_version));
}

enum rc delivery_new(const struct delivery_office *view,
    const struct delivery_origin *origin,
    const struct delivery_envelope *envelope, struct delivery_reply *ret_reply,
    struct delivery **ret_delivery)
{
	struct rig_office *office = (struct rig_office *)(void *)view->queue;
	if (envelope->declared_size > view->message_max) {
		reply(ret_reply, 552, ENHANCED(5, 3, 4), "Too big");
		return RC_LIMIT;
	}
	if (view_starts_with(envelope->sender.local, VIEW("later"))) {
		reply(ret_reply, 451, ENHANCED(4, 3, 0), "Not now");
		return RC_IO;
	}
	if (origin->door == DELIVERY_SUBMISSION &&
	    !view_starts_with(envelope->sender.local, VIEW("demo"))) {
		reply(ret_reply, 550, ENHANCED(5, 7, 1), "Not your address");
		return RC_DENIED;
	}
	struct delivery *delivery = mem_zalloc(sizeof(*delivery));
	delivery->office = office;
	delivery->origin = *origin;
	delivery->sender = envelope->sender.local; // lives as long
	buf_init(&delivery->envelope, 16384);
	buf_init(&delivery->recipients, (size_t)1 << 20);
	buf_init(&delivery->text, RIG_SIZE_MAX);
	describe(origin, envelope, &delivery->envelope);
	office->open++;
	*ret_delivery = delivery;
	return RC_OK;
}

size_t delivery_memory(const struct delivery *delivery)
{
	return sizeof(*delivery) + delivery->text.capacity;
}

void delivery_free(struct delivery **delivery)
{
	if (!*delivery)
		return;
	(*delivery)->office->open--;
	forget_wait(*delivery);
	buf_done(&(*delivery)->envelope);
	buf_done(&(*delivery)->recipients);
	buf_done(&(*delivery)->text);
	free(*delivery);
	*delivery = NULL;
}

enum rc delivery_sender(
    struct delivery *delivery, struct delivery_reply *ret_reply)
{
	struct view local = delivery->sender;
	if (!answers(delivery, &local))
		return RC_MORE;
	if (!view_starts_with(local, VIEW("nobody")))
		return RC_OK;
	reply(ret_reply, 550, ENHANCED(5, 7, 1), "Not from you");
	return RC_DENIED;
}

enum rc delivery_recipient(struct delivery *delivery,
    const struct delivery_recipient *recipient,
    struct delivery_reply *ret_reply)
{
	struct view local = recipient->mailbox.local;
	bool ours = is_ours(&recipient->mailbox);
	if (!ours && delivery->origin.door != DELIVERY_SUBMISSION) {
		reply(ret_reply, 550, ENHANCED(5, 7, 1), "No relaying");
		return RC_DENIED;
	}
	if (ours && !answers(delivery, &local))
		return RC_MORE;
	if (ours && view_starts_with(local, VIEW("nobody"))) {
		reply(ret_reply, 550, ENHANCED(5, 1, 1), "Nobody there");
		return RC_NOT_FOUND;
	}
	if (ours && view_starts_with(local, VIEW("full"))) {
		reply(ret_reply, 452, ENHANCED(4, 2, 2), "Mailbox full");
		return RC_QUOTA;
	}
	if (delivery->count < ARRAY_LEN(delivery->broken))
		delivery->broken[delivery->count] =
		    ours && view_starts_with(local, VIEW("broken"));
	delivery->late |= ours && view_starts_with(local, VIEW("late"));
	delivery->count++;
	struct buf *text = &delivery->recipients;
	buf_add_literal(text, " ");
	smtp_mailbox_print(&recipient->mailbox, text);
	if (recipient->notify != 0)
		buf_printf(text, " notify=%u", recipient->notify);
	if (recipient->original.len > 0)
		buf_printf(text, " orcpt=%.*s", VIEW_FMT(recipient->original));
	reply(ret_reply, 250, ENHANCED(2, 1, 5), "Recipient OK");
	return RC_OK;
}

size_t delivery_recipient_count(const struct delivery *delivery)
{
	return delivery->count;
}

void delivery_data(struct delivery *delivery, struct view bytes)
{
	if (bytes.len == 0)
		abort(); // a piece is never empty
	buf_add(&delivery->text, bytes);
	delivery->too_big |= buf_status(&delivery->text) != RC_OK;
}

void delivery_refuse(
    struct delivery *delivery, const struct delivery_reply *why)
{
	delivery->refused = *why;
}

static void keep(struct delivery *delivery)
{
	struct buf *out = &delivery->office->messages;
	buf_add(out, buf_view(&delivery->envelope));
	buf_add_literal(out, " >");
	buf_add(out, buf_view(&delivery->recipients));
	buf_add_literal(out, ": ");
	rig_escape(buf_view(&delivery->text), out);
	buf_add_char(out, '\n');
	delivery->office->accepted++;
}

static void finish_of(const struct delivery *delivery, bool broken,
    struct delivery_reply *ret_reply)
{
	if (delivery->refused.code != 0)
		*ret_reply = delivery->refused;
	else if (delivery->too_big)
		reply(ret_reply, 552, ENHANCED(5, 3, 4), "Too big");
	else if (broken)
		reply(ret_reply, 451, ENHANCED(4, 3, 0), "Broken");
	else
		reply(ret_reply, 250, ENHANCED(2, 0, 0), "Delivered");
}

enum rc delivery_finish(struct delivery *delivery,
    struct delivery_reply *ret_replies, struct delivery_reply *ret_reply)
{
	if (delivery->late && !is_known(delivery, false))
		return RC_MORE;
	bool any_broken = false;
	bool any_kept = false;
	for (size_t i = 0; i < delivery->count; i++) {
		struct delivery_reply result;
		bool broken =
		    i < ARRAY_LEN(delivery->broken) && delivery->broken[i];
		finish_of(delivery, broken, &result);
		any_broken |= broken;
		any_kept |= result.code == 250;
		if (ret_replies)
			ret_replies[i] = result;
	}
	if (ret_reply) {
		finish_of(delivery, any_broken, ret_reply);
		any_kept = ret_reply->code == 250;
	}
	if (any_kept)
		keep(delivery);
	return RC_OK;
}

bool delivery_can_prove_senders(const struct delivery_office *office)
{
	(void)office;
	return false;
}

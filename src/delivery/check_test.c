// SPDX-License-Identifier: Apache-2.0
// A check that has to wait, refuses, or is not asked any more.
#include "base/test.h"
#include "delivery/check.h"
#include "delivery/delivery_test_tools.h"

// Answers as told, having waited as often as told.
struct doorman {
	struct delivery_check check;
	bool absent; // has nothing to say
	unsigned waits_sender;
	unsigned waits_recipient;
	unsigned waits_message;
	bool refuses_sender;
	const char *refuses_recipient; // a local part
	bool refuses_message;
	// What it has seen.
	unsigned begun;
	unsigned ended;
	unsigned asked; // questions, each time they were asked
	unsigned woken;
	struct buf seen; // the message
	struct net_waker waker;
};

static void *begin(void *context, const struct delivery_origin *origin,
    const struct delivery_envelope *envelope)
{
	struct doorman *doorman = context;
	assert_view_equal(envelope->queue.sender, VIEW("sender@other.example"));
	doorman->waker = origin->waker;
	doorman->begun += !doorman->absent;
	return doorman->absent ? NULL : doorman;
}

static enum delivery_answer answer(struct doorman *doorman, unsigned *waits,
    bool refuses, struct delivery_reply *ret_reply)
{
	doorman->asked++;
	if (*waits > 0) {
		(*waits)--;
		doorman->waker.wake(doorman->waker.context);
		return DELIVERY_WAIT;
	}
	if (!refuses)
		return DELIVERY_ACCEPT;
	*ret_reply = (struct delivery_reply){
	    .code = 550, .status = ENHANCED(5, 7, 1), .text = "Not wanted"};
	return DELIVERY_REFUSE;
}

static enum delivery_answer ask_sender(
    void *state, struct delivery_reply *ret_reply)
{
	struct doorman *doorman = state;
	return answer(doorman, &doorman->waits_sender, doorman->refuses_sender,
	    ret_reply);
}

static enum delivery_answer ask_recipient(void *state,
    const struct delivery_recipient *recipient,
    struct delivery_reply *ret_reply)
{
	struct doorman *doorman = state;
	return answer(doorman, &doorman->waits_recipient,
	    doorman->refuses_recipient &&
		view_eq(recipient->mailbox.local,
		    view_of_string(doorman->refuses_recipient)),
	    ret_reply);
}

static enum delivery_answer ask_message(
    void *state, struct delivery_reply *ret_reply)
{
	struct doorman *doorman = state;
	return answer(doorman, &doorman->waits_message,
	    doorman->refuses_message, ret_reply);
}

static void see_data(void *state, struct view bytes)
{
	buf_add(&((struct doorman *)state)->seen, bytes);
}

static void end(void *state)
{
	((struct doorman *)state)->ended++;
}

static const struct delivery_check_ops ops = {
    .begin = begin,
    .sender = ask_sender,
    .recipient = ask_recipient,
    .message = ask_message,
    .data = see_data,
    .end = end,
};

static void wake(void *context)
{
	((struct doorman *)context)->woken++;
}

#define MESSAGE "Subject: x\r\n\r\nbody\r\n"

struct visit {
	struct bed bed;
	struct doorman doorman;
	struct delivery *delivery;
	struct delivery_reply reply;
};

static void visit_begin(
    struct visit *visit, const struct doorman *doorman, enum delivery_door door)
{
	bed_open(&visit->bed, (struct store_options){0});
	visit->doorman = *doorman;
	visit->doorman.check = (struct delivery_check){&ops, &visit->doorman};
	buf_init(&visit->doorman.seen, 1000);
	visit->bed.office.check = &visit->doorman.check;
	struct delivery_origin origin = {
	    .door = door, .waker = {.wake = wake, .context = &visit->doorman}};
	struct delivery_envelope envelope = {
	    .sender =
		bed_mailbox_of(&visit->bed, VIEW("sender@other.example"))};
	assert_int_equal(delivery_new(&visit->bed.office, &origin, &envelope,
			     &visit->reply, &visit->delivery),
	    RC_OK);
}

static void visit_end(struct visit *visit)
{
	delivery_free(&visit->delivery);
	assert_int_equal(visit->doorman.ended, visit->doorman.begun);
	buf_done(&visit->doorman.seen);
	bed_close(&visit->bed);
}

// Asks again as long as it has to wait.
static enum rc say_recipient(struct visit *visit, const char *address)
{
	struct delivery_recipient recipient = {
	    .mailbox = bed_mailbox_of(&visit->bed, view_of_string(address))};
	for (;;) {
		unsigned woken = visit->doorman.woken;
		enum rc rc = delivery_recipient(
		    visit->delivery, &recipient, &visit->reply);
		if (rc != RC_MORE)
			return rc;
		assert_int_equal(visit->doorman.woken, woken + 1);
	}
}

static void each_question_may_wait(void **state)
{
	(void)state;
	struct visit visit;
	struct delivery_reply replies[2];
	visit_begin(&visit,
	    &(struct doorman){
		.waits_sender = 2, .waits_recipient = 3, .waits_message = 4},
	    DELIVERY_LMTP);
	unsigned waits = 0;
	while (delivery_sender(visit.delivery, &visit.reply) == RC_MORE)
		waits++;
	assert_int_equal(waits, 2);
	assert_int_equal(say_recipient(&visit, "anna@ours.example"), RC_OK);
	assert_int_equal(say_recipient(&visit, "bert@ours.example"), RC_OK);
	// What waited is taken once.
	assert_int_equal(delivery_recipient_count(visit.delivery), 2);
	delivery_data(visit.delivery, VIEW(MESSAGE));
	for (waits = 0;
	     delivery_finish(visit.delivery, replies, NULL) == RC_MORE; waits++)
		assert_int_equal(bed_count(&visit.bed, 1000, "INBOX"), 0);
	assert_int_equal(waits, 4);
	assert_int_equal(replies[0].code, 250);
	assert_int_equal(replies[1].code, 250);
	assert_int_equal(bed_count(&visit.bed, 1000, "INBOX"), 1);
	assert_int_equal(bed_count(&visit.bed, 1001, "INBOX"), 1);
	assert_view_equal(buf_view(&visit.doorman.seen), VIEW(MESSAGE));
	assert_int_equal(visit.doorman.ended, 1);
	visit_end(&visit);
}

static void what_is_not_wanted_is_refused(void **state)
{
	(void)state;
	struct visit visit;
	struct delivery_reply replies[2];
	visit_begin(&visit,
	    &(struct doorman){.refuses_sender = true,
		.waits_recipient = 1,
		.refuses_recipient = "bert",
		.waits_message = 1,
		.refuses_message = true},
	    DELIVERY_LMTP);
	assert_int_equal(
	    delivery_sender(visit.delivery, &visit.reply), RC_DENIED);
	assert_int_equal(visit.reply.code, 550);
	assert_int_equal(say_recipient(&visit, "bert@ours.example"), RC_DENIED);
	assert_string_equal(visit.reply.text, "Not wanted");
	assert_int_equal(say_recipient(&visit, "anna@ours.example"), RC_OK);
	assert_int_equal(say_recipient(&visit, "cleo@ours.example"), RC_OK);
	delivery_data(visit.delivery, VIEW(MESSAGE));
	while (delivery_finish(visit.delivery, replies, NULL) == RC_MORE)
		;
	// LMTP: each hears it.
	assert_int_equal(replies[0].code, 550);
	assert_string_equal(replies[1].text, "Not wanted");
	assert_int_equal(bed_count(&visit.bed, 1000, "INBOX"), 0);
	assert_string_equal(bed_queued(&visit.bed), "");
	visit_end(&visit);
}

// Whoever is nobody here is not asked about, nor a message that fails anyway.
static void only_what_would_be_taken_is_asked_about(void **state)
{
	(void)state;
	struct visit visit;
	struct delivery_reply reply;
	struct delivery_reply bare = {.code = 550, .text = "Bare"};
	visit_begin(&visit, &(struct doorman){.asked = 0}, DELIVERY_MX);
	assert_int_not_equal(
	    say_recipient(&visit, "nobody@ours.example"), RC_OK);
	assert_int_not_equal(say_recipient(&visit, "x@other.example"), RC_OK);
	assert_int_equal(visit.doorman.asked, 0);
	assert_int_equal(say_recipient(&visit, "anna@ours.example"), RC_OK);
	assert_int_equal(visit.doorman.asked, 1);
	delivery_data(visit.delivery, VIEW(MESSAGE));
	delivery_refuse(visit.delivery, &bare);
	assert_int_equal(delivery_finish(visit.delivery, NULL, &reply), RC_OK);
	assert_int_equal(visit.doorman.asked, 1);
	assert_string_equal(reply.text, "Bare");
	visit_end(&visit);
}

static void one_who_goes_away_while_it_waits_leaves_nothing(void **state)
{
	(void)state;
	struct visit visit;
	struct delivery_reply reply;
	visit_begin(&visit, &(struct doorman){.waits_message = 1}, DELIVERY_MX);
	assert_int_equal(say_recipient(&visit, "anna@ours.example"), RC_OK);
	delivery_data(visit.delivery, VIEW(MESSAGE));
	assert_int_equal(
	    delivery_finish(visit.delivery, NULL, &reply), RC_MORE);
	delivery_free(&visit.delivery);
	assert_int_equal(visit.doorman.ended, 1);
	assert_int_equal(bed_count(&visit.bed, 1000, "INBOX"), 0);
	visit_end(&visit);
}

static void a_check_may_have_nothing_to_say(void **state)
{
	(void)state;
	struct visit visit;
	struct delivery_reply reply;
	visit_begin(&visit,
	    &(struct doorman){.absent = true, .refuses_message = true},
	    DELIVERY_MX);
	assert_int_equal(delivery_sender(visit.delivery, &reply), RC_OK);
	assert_int_equal(say_recipient(&visit, "anna@ours.example"), RC_OK);
	delivery_data(visit.delivery, VIEW(MESSAGE));
	assert_int_equal(delivery_finish(visit.delivery, NULL, &reply), RC_OK);
	assert_int_equal(reply.code, 250);
	assert_int_equal(visit.doorman.asked, 0);
	visit_end(&visit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_question_may_wait),
	    cmocka_unit_test(what_is_not_wanted_is_refused),
	    cmocka_unit_test(only_what_would_be_taken_is_asked_about),
	    cmocka_unit_test(one_who_goes_away_while_it_waits_leaves_nothing),
	    cmocka_unit_test(a_check_may_have_nothing_to_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

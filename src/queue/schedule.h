// SPDX-License-Identifier: Apache-2.0
// What a result means for a recipient: whether the recipient is final or is
// tried again, when, and what the sender is told. This is called the *verdict*
// on a recipient. No side effects; used inside this room only.
#ifndef ROOST_QUEUE_SCHEDULE_H
#define ROOST_QUEUE_SCHEDULE_H

#include "queue/record.h"

enum queue_action {        // RFC 3464 section 2.3.3
	QUEUE_ACTION_NONE, // the sender is told nothing
	QUEUE_ACTION_FAILED,
	QUEUE_ACTION_DELAYED,
	QUEUE_ACTION_DELIVERED,
	QUEUE_ACTION_RELAYED,
	QUEUE_ACTION_EXPANDED,
};

struct queue_verdict {
	bool final; // the recipient leaves the queue
	enum queue_action
	    action;   // what the sender is told, if there is a sender
	bool expired; // failed because the time is over
	bool removed; // failed because the administrator removed it
	enum queue_note_kind note; // what a note about it says
	// The recipient's new record, which is stored if the recipient stays.
	struct queue_recipient_record record;
};

// Replaces zeros in the settings by the defaults.
void queue_settings_default(struct queue_settings *settings);

// Seconds until the next try after `attempts` failed ones (1 or more). The wait
// doubles each time. It is up to 20% longer or shorter, depending on the
// message's id.
int64_t queue_schedule_wait(const struct queue_settings *settings,
    const struct queue_id *id, uint32_t attempts);

// No wait is longer, except for a release that the sender chose.
int64_t queue_schedule_wait_max(const struct queue_settings *settings);

// The time at which the message is given up.
int64_t queue_schedule_expiry(const struct queue_settings *settings,
    const struct queue_message_record *message);

// Whether nobody may try the message any more: the administrator removed it, or
// the sender's time for it is over (RFC 2852 section 4, mode R).
bool queue_schedule_is_over(
    const struct queue_message_record *message, unsigned flags, int64_t now);

struct queue_case {
	const struct queue_settings *settings;
	const struct queue_id *id;
	const struct queue_message_record *message;
	unsigned flags; // bits of enum queue_flag
	int64_t now;
	bool untried; // the result is the queue's own, not that of an attempt
	bool leapt; // the clock was set forward, or the machine slept, not long
		    // ago
	uint32_t put_off; // seconds to wait, instead of the schedule's wait; 0:
			  // use the schedule
};
struct queue_verdict queue_schedule_judge(const struct queue_case *of,
    const struct queue_recipient_record *recipient,
    const struct queue_result *result);

#endif

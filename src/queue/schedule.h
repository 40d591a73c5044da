// SPDX-License-Identifier: Apache-2.0
// What a result means for a recipient: settled or tried again, when, and what
// its sender is told. Pure; inside the room only.
#ifndef ROOST_QUEUE_SCHEDULE_H
#define ROOST_QUEUE_SCHEDULE_H

#include "queue/record.h"

enum queue_action {        // RFC 3464 section 2.3.3
	QUEUE_ACTION_NONE, // nothing is told
	QUEUE_ACTION_FAILED,
	QUEUE_ACTION_DELAYED,
	QUEUE_ACTION_DELIVERED,
	QUEUE_ACTION_RELAYED,
	QUEUE_ACTION_EXPANDED,
};

struct queue_verdict {
	bool final;               // the recipient leaves the queue
	enum queue_action action; // told to the sender, if there is one
	bool expired;             // failed because its time has passed
	bool removed;             // … because the administrator removed it
	// As it is now; what is kept when it stays.
	struct queue_recipient_record record;
};

// The settings with defaults filled in where they have zeros.
void queue_settings_default(struct queue_settings *settings);

// Seconds until the next try after `attempts` failed ones (1 or more): doubled
// each time, 20% more or less by the message's id.
int64_t queue_schedule_wait(const struct queue_settings *settings,
    const struct queue_id *id, uint32_t attempts);

// Until when it is tried.
int64_t queue_schedule_expiry(const struct queue_settings *settings,
    const struct queue_message_record *message);

// Whether nobody is to try it any more: removed by the administrator, or its
// sender wanted it back by now (RFC 2852 section 4, mode R).
bool queue_schedule_is_over(
    const struct queue_message_record *message, unsigned flags, int64_t now);

struct queue_case {
	const struct queue_settings *settings;
	const struct queue_id *id;
	const struct queue_message_record *message;
	unsigned flags; // of enum queue_flag
	int64_t now;
	bool untried;     // the result is no try's: the queue's own
	uint32_t put_off; // seconds to wait instead of the schedule's; 0: none
};
struct queue_verdict queue_schedule_judge(const struct queue_case *of,
    const struct queue_recipient_record *recipient,
    const struct queue_result *result);

#endif

// SPDX-License-Identifier: Apache-2.0
#include "queue/schedule.h"

#include "base/bytes.h"

#define LIFETIME       (5u * 24 * 3600)
#define DELAY_NOTICE   (4u * 3600)
#define RETRY_FIRST    (5u * 60)
#define RETRY_LAST     (4u * 3600)
#define REPORT_FULL    (50u * 1024)
#define REPORTS_HOUR   500u
#define REPORTS_DOMAIN 50u

// A try that is brought forward, to a notice or to the end of the lifetime, is
// at least this many seconds away.
#define WAIT_MIN 60
// The longest wait for another reason than a failed try (trouble, a server that
// is left alone).
#define OTHER_WAIT_MAX 3600

void queue_settings_default(struct queue_settings *settings)
{
	if (!settings->lifetime_seconds)
		settings->lifetime_seconds = LIFETIME;
	if (!settings->delay_notice_seconds)
		settings->delay_notice_seconds = DELAY_NOTICE;
	if (!settings->retry_first_seconds)
		settings->retry_first_seconds = RETRY_FIRST;
	if (!settings->retry_last_seconds)
		settings->retry_last_seconds = RETRY_LAST;
	if (!settings->report_full_max)
		settings->report_full_max = REPORT_FULL;
	if (!settings->reports_per_hour)
		settings->reports_per_hour = REPORTS_HOUR;
	if (!settings->reports_per_domain)
		settings->reports_per_domain = REPORTS_DOMAIN;
	if (settings->server_name.len == 0)
		settings->server_name = VIEW("localhost");
}

int64_t queue_schedule_wait(const struct queue_settings *settings,
    const struct queue_id *id, uint32_t attempts)
{
	int64_t wait = settings->retry_first_seconds;
	int64_t last = settings->retry_last_seconds;
	for (uint32_t i = 1; i < attempts && wait < last; i++)
		wait *= 2;
	if (wait > last)
		wait = last;
	// Messages that came together should not be tried again together. The
	// end of the id is random, and SplitMix64 turns it and the number of
	// attempts into another random number for each try.
	uint64_t random =
	    get_le32(id->bytes + 8) + (uint64_t)attempts + 0x9e3779b97f4a7c15u;
	random = (random ^ (random >> 30)) * 0xbf58476d1ce4e5b9u;
	random = (random ^ (random >> 27)) * 0x94d049bb133111ebu;
	int64_t jitter = (int64_t)((random >> 33) % 401) - 200; // per mille
	wait += wait * jitter / 1000;
	return wait > 0 ? wait : 1;
}

int64_t queue_schedule_wait_max(const struct queue_settings *settings)
{
	int64_t longest = settings->retry_last_seconds;
	return longest + longest / 5 + OTHER_WAIT_MAX;
}

// The moment from which the message's age counts. For a message whose sender
// asked for a later release (RFC 4865), it is that release.
static int64_t birth(const struct queue_message_record *message)
{
	return message->envelope.release_at > message->created
		   ? message->envelope.release_at
		   : message->created;
}

int64_t queue_schedule_expiry(const struct queue_settings *settings,
    const struct queue_message_record *message)
{
	int64_t end = birth(message) + settings->lifetime_seconds;
	if (message->envelope.by == SMTP_BY_RETURN &&
	    message->envelope.by_time < end)
		end = message->envelope.by_time;
	return end;
}

bool queue_schedule_is_over(
    const struct queue_message_record *message, unsigned flags, int64_t now)
{
	return (flags & QUEUE_FLAG_DOOMED) ||
	       (message->envelope.by == SMTP_BY_RETURN &&
		   now >= message->envelope.by_time);
}

// ---- What the sender asked for (RFC 3461 section 4.1) ----------------------

// A sender who is not proven may be a victim, and is told of failures only: the
// rest would be mail that a stranger makes us send at will (RFC 3464 section
// 4.3).
static bool wants(const struct queue_case *of,
    const struct queue_recipient *recipient, unsigned what)
{
	if (!queue_sender_is_proven(&of->message->envelope) &&
	    what != SMTP_NOTIFY_FAILURE)
		return false;
	// A sender who did not give NOTIFY is told of failures and delays.
	unsigned notify = recipient->notify
			      ? recipient->notify
			      : SMTP_NOTIFY_FAILURE | SMTP_NOTIFY_DELAY;
	return !(notify & SMTP_NOTIFY_NEVER) && (notify & what);
}

static void end(struct queue_verdict *verdict, const struct queue_case *of,
    unsigned what, enum queue_action action, struct enhanced_status otherwise)
{
	verdict->final = true;
	if (wants(of, &verdict->record.recipient, what))
		verdict->action = action;
	if (enhanced_status_is_none(verdict->record.status))
		verdict->record.status = otherwise;
}

static void expire(
    struct queue_verdict *verdict, const struct queue_case *of, bool by)
{
	verdict->expired = true;
	verdict->note = QUEUE_NOTE_FAILED;
	// RFC 3463 section 3.5: X.4.7, delivery time expired. The diagnostic
	// keeps the server's last reply. RFC 2852 section 4: 5.4.7 for mode R.
	verdict->record.status = by ? ENHANCED(5, 4, 7) : ENHANCED(4, 4, 7);
	end(verdict, of, SMTP_NOTIFY_FAILURE, QUEUE_ACTION_FAILED,
	    ENHANCED_NONE);
}

// ---- Later -----------------------------------------------------------------

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

// When the clock has leapt, the days may not have passed. Then a message ends,
// and its sender is told of a delay, only by an attempt of its own, which finds
// out how its server is now.
static bool is_doubtful(const struct queue_case *of)
{
	return of->untried && of->leapt;
}

// Decides whether a notice is due now. If one is due later, the next try is
// moved to that moment, so that the notice is on time and has the newest state.
static int64_t notify_delay(
    struct queue_verdict *verdict, const struct queue_case *of, int64_t next)
{
	struct queue_recipient_record *record = &verdict->record;
	const struct queue_envelope *envelope = &of->message->envelope;
	int64_t notice =
	    birth(of->message) + of->settings->delay_notice_seconds;
	if (!(record->told & QUEUE_TOLD_DELAY) && !is_doubtful(of) &&
	    wants(of, &record->recipient, SMTP_NOTIFY_DELAY)) {
		if (of->now >= notice) {
			record->told |= QUEUE_TOLD_DELAY;
			verdict->action = QUEUE_ACTION_DELAYED;
		} else {
			next = earlier(next, notice);
		}
	}
	// RFC 2852 section 4, mode N: the sender is told once that the time has
	// passed, and the message is still tried.
	if (envelope->by == SMTP_BY_NOTIFY &&
	    queue_sender_is_proven(envelope) &&
	    !(record->told & QUEUE_TOLD_BY) &&
	    !(record->recipient.notify & SMTP_NOTIFY_NEVER)) {
		if (of->now >= envelope->by_time) {
			record->told |= QUEUE_TOLD_BY;
			verdict->action = QUEUE_ACTION_DELAYED;
		} else {
			next = earlier(next, envelope->by_time);
		}
	}
	return next;
}

static void later(struct queue_verdict *verdict, const struct queue_case *of)
{
	struct queue_recipient_record *record = &verdict->record;
	const struct queue_message_record *message = of->message;
	int64_t expiry = queue_schedule_expiry(of->settings, message);
	if (of->flags & QUEUE_FLAG_DOOMED) {
		verdict->removed = true;
		verdict->note = QUEUE_NOTE_FAILED;
		record->status = ENHANCED(5, 0, 0);
		end(verdict, of, SMTP_NOTIFY_FAILURE,
		    of->flags & QUEUE_FLAG_DOOMED_REPORT ? QUEUE_ACTION_FAILED
							 : QUEUE_ACTION_NONE,
		    ENHANCED_NONE);
		return;
	}
	bool by = message->envelope.by == SMTP_BY_RETURN &&
		  of->now >= message->envelope.by_time;
	if (of->now >= expiry && (by || !is_doubtful(of))) {
		expire(verdict, of, by);
		return;
	}
	int64_t next =
	    of->now + (of->put_off ? of->put_off
				   : queue_schedule_wait(of->settings, of->id,
					 record->attempts));
	int64_t soonest = earlier(next, of->now + WAIT_MIN);
	next = earlier(notify_delay(verdict, of, next), expiry);
	record->next_try = next > soonest ? next : soonest;
}

struct queue_verdict queue_schedule_judge(const struct queue_case *of,
    const struct queue_recipient_record *recipient,
    const struct queue_result *result)
{
	struct queue_verdict verdict = {
	    .record = *recipient, .note = QUEUE_NOTE_WAITS};
	verdict.record.status = result->status;
	verdict.record.diagnostic = result->diagnostic;
	verdict.record.remote = result->remote;
	if (!of->untried) {
		verdict.record.last_try = of->now;
		if (verdict.record.attempts < UINT32_MAX)
			verdict.record.attempts++;
	}
	switch (result->outcome) {
	case QUEUE_LATER: later(&verdict, of); break;
	case QUEUE_DELIVERED:
		verdict.note = QUEUE_NOTE_DELIVERED;
		end(&verdict, of, SMTP_NOTIFY_SUCCESS, QUEUE_ACTION_DELIVERED,
		    ENHANCED(2, 0, 0));
		break;
	case QUEUE_RELAYED:
		verdict.note = QUEUE_NOTE_PASSED_ON;
		end(&verdict, of, SMTP_NOTIFY_SUCCESS, QUEUE_ACTION_RELAYED,
		    ENHANCED(2, 0, 0));
		break;
	case QUEUE_PASSED:
		verdict.note = QUEUE_NOTE_PASSED_ON;
		verdict.final = true;
		break;
	case QUEUE_EXPANDED:
		if (of->flags & QUEUE_FLAG_DOOMED) {
			later(&verdict, of);
			break;
		}
		verdict.note = QUEUE_NOTE_PASSED_ON;
		// When an alias has a single target, only the target's server
		// reports (RFC 3461 section 5.2.7.2).
		end(&verdict, of, SMTP_NOTIFY_SUCCESS,
		    result->expanded_count == 1 ? QUEUE_ACTION_NONE
						: QUEUE_ACTION_EXPANDED,
		    ENHANCED(2, 0, 0));
		break;
	case QUEUE_FAILED:
		verdict.note = QUEUE_NOTE_FAILED;
		end(&verdict, of, SMTP_NOTIFY_FAILURE, QUEUE_ACTION_FAILED,
		    ENHANCED(5, 0, 0));
		break;
	}
	return verdict;
}

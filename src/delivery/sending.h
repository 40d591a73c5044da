// SPDX-License-Identifier: Apache-2.0
// How much each user sends. A user may send so many messages, and to so many
// recipients, in an hour and in a day; as many may go at once. What is over
// that is accepted and waits in the queue until there is room: each message is
// told the moment when it may go, so they leave by themselves, in order. A user
// who normally sends much has more room, learned from the days before. So
// somebody who steals a password cannot send thousands of messages.
//
// The counts are stored for each account; a server that is killed loses at most
// the last SENDING_UNSAVED_MAX messages of them. Thread-safe.
#ifndef ROOST_DELIVERY_SENDING_H
#define ROOST_DELIVERY_SENDING_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine/engine.h"

#define SENDING_PARTITION   6 // of the engine
#define SENDING_UNSAVED_MAX 16
#define SENDING_DAYS        28 // that are learned from
// Of these, how many a user must have sent on before anything is learned.
#define SENDING_DAYS_MIN 7
// What is learned is at most so many times the setting.
#define SENDING_LEARNED_MAX 10
// When so much time of mail waits already, no more is taken.
#define SENDING_WAIT_MAX_SECONDS (24 * 3600)

enum sending_kind {
	SENDING_MESSAGES,
	SENDING_RECIPIENTS,
	SENDING_KINDS,
};

struct sending_settings {
	// By kind; 0: any number.
	uint32_t per_hour[SENDING_KINDS];
	uint32_t per_day[SENDING_KINDS];
	struct log *log;           // may be NULL
	const struct clock *clock; // NULL: the machine's
};

struct sending;
// The engine and what the settings point to must outlive it.
struct sending *sending_new(
    struct engine *engine, const struct sending_settings *settings);
// Stores what is not stored yet.
void sending_free(struct sending **sending);

// Counts a message of this account. *ret_release_at is the time at which it may
// go (seconds since 1970); 0: now. RC_LIMIT: too much of the account waits
// already, and nothing was counted. RC_CORRUPT: the record is damaged. An
// administrator may have set limits in it, so the account may send nothing
// until sending_limit() was called; the log says so once. Other failures: the
// engine could not be read. `user` is for the log.
MUST_CHECK enum rc sending_count(struct sending *sending, uint64_t account,
    struct view user, size_t recipients, int64_t *ret_release_at);
// Takes a count back, because the message was not accepted after all.
void sending_take_back(
    struct sending *sending, uint64_t account, size_t recipients);

// ---- For administrators ----------------------------------------------------

enum sending_source {
	SENDING_BY_SETTINGS,
	SENDING_LEARNED,
	SENDING_BY_HAND, // sending_limit()
};

struct sending_info {
	enum sending_source source[SENDING_KINDS];
	uint32_t per_hour[SENDING_KINDS]; // 0: any number
	uint32_t per_day[SENDING_KINDS];
	uint32_t today[SENDING_KINDS]; // since midnight UTC
	// On an ordinary day of those before; 0: not known yet.
	uint32_t ordinary[SENDING_KINDS];
	int64_t room_at; // what is sent now would wait until then; 0: no wait
};
// RC_CORRUPT: the record is damaged.
MUST_CHECK enum rc sending_look(
    struct sending *sending, uint64_t account, struct sending_info *ret_info);
// Sets the account's own limits in a day (0: any number); those in an hour are
// in proportion. NULL: none of its own. A damaged record is replaced.
MUST_CHECK enum rc sending_limit(struct sending *sending, uint64_t account,
    const uint32_t per_day[SENDING_KINDS], struct fault *fault);
// Forgets what the account has sent lately, so that it has all its room again.
// What waits already is told nothing: see queue_let_go().
MUST_CHECK enum rc sending_clear(
    struct sending *sending, uint64_t account, struct fault *fault);
// Removes all that is known of an account.
MUST_CHECK enum rc sending_forget(
    struct sending *sending, uint64_t account, struct fault *fault);
// How many accounts have no room now.
size_t sending_limited(struct sending *sending);
// Whether the stored record of an account can be read (one that is not there
// can): RC_OK, RC_CORRUPT, or that the engine could not be read.
MUST_CHECK enum rc sending_check(struct engine *engine, uint64_t account);

#endif

// SPDX-License-Identifier: Apache-2.0
// Wakes an exchange after a time (http_wake_after() of http.h). One thread
// serves all; it is started by the first alarm. Thread-safe.
#ifndef ROOST_HTTP_ALARM_H
#define ROOST_HTTP_ALARM_H

#include "base/rc.h"
#include "net/session.h"

struct alarms;

struct alarm { // all zero: not set
	struct alarm *next;
	struct net_waker waker;
	uint64_t due_ms;
};

struct alarms *alarms_new(void);
void alarms_free(struct alarms **alarms); // nothing is set any more

// Calls the waker once after `ms`, unless it is cancelled before. The alarm may
// be set already: then only the new time counts. RC_LIMIT: there is no thread
// for it.
MUST_CHECK enum rc alarm_set(struct alarms *alarms, struct alarm *alarm,
    struct net_waker waker, uint32_t ms);
// Afterwards the waker is not called any more.
void alarm_cancel(struct alarms *alarms, struct alarm *alarm);

#endif

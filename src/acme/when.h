// SPDX-License-Identifier: Apache-2.0
// Times: as authorities write them, when a certificate is to be renewed, and
// how long to wait after a failure.
#ifndef ROOST_ACME_WHEN_H
#define ROOST_ACME_WHEN_H

#include "base/rc.h"
#include "base/view.h"

// RFC 3339, "2026-01-02T03:04:05.5Z" or with an offset. RC_SYNTAX.
MUST_CHECK enum rc acme_time_read(struct view text, int64_t *ret_seconds);
// Retry-After (RFC 9110 section 10.2.3): seconds, or a date. Returns the
// seconds from `now` on, 0 for what cannot be read, at most a year.
uint32_t acme_retry_after(struct view text, int64_t now);

// A window in which the authority wants the renewal (RFC 9773 section 4.2).
struct acme_window {
	int64_t start, end; // seconds since 1970; both 0: none
};

// When to renew a certificate: a moment of the window, or at two thirds of the
// certificate's lifetime, up to a twentieth of it earlier. `chance` is a random
// number, so that not all servers come at the same moment; the same number
// gives the same moment.
int64_t acme_renewal_time(int64_t not_before, int64_t not_after,
    const struct acme_window *window, uint32_t chance);

// The wait after the n-th failure in a row (from 1): `first` seconds, twice as
// long each time, at most `last`, and by chance up to a quarter longer. If the
// authority asked for a longer wait (`told`, 0: it did not), that long.
uint32_t acme_backoff(uint32_t failures, uint32_t first, uint32_t last,
    uint32_t told, uint32_t chance);

#endif

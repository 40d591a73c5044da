// SPDX-License-Identifier: Apache-2.0
// How an expunge keeps an email.
#ifndef ROOST_STORE_KEPT_IMPL_H
#define ROOST_STORE_KEPT_IMPL_H

#include "store/transaction.h"

// Writes the RECORD_KEPT of an email that loses its last place, `at`; `email`
// is its RECORD_EMAIL. False: it is not kept.
bool kept_put(struct transaction *transaction,
    const struct transaction_location *at, struct view email);

#endif

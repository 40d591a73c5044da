// SPDX-License-Identifier: Apache-2.0
// What is remembered about one certificate over restarts, and what is to be
// done about it now. Pure: no file, no clock, no network.
#ifndef ROOST_ACME_RECORD_H
#define ROOST_ACME_RECORD_H

#include "acme/client.h"

#define ACME_RECORD_MAX ((size_t)512 << 10) // bytes as JSON

// A name whose authorization failed.
struct acme_bad_name {
	char *name; // owned
	char *text; // owned; what the authority said
	uint32_t failures;
	int64_t until; // not to be asked for before
};

struct acme_record {
	// An order under way, and its names; NULL: none. Owned.
	char *order;
	char **order_names;
	size_t order_count;
	uint32_t failures;         // in a row, of the whole order
	int64_t next;              // no order before
	char error[ACME_TEXT_MAX]; // the last; "": none since it went well
	int64_t error_at;
	struct acme_window window; // when the authority wants the renewal
	char *explanation;         // owned; NULL: none
	int64_t ask_at;            // when to ask for the window again
	uint32_t chance;           // of this certificate
	struct acme_bad_name bad[ACME_NAMES_MAX];
	size_t bad_count;
};

void acme_record_init(struct acme_record *record);
void acme_record_done(struct acme_record *record);
// RC_CORRUPT: the record is as after acme_record_init() then.
MUST_CHECK enum rc acme_record_read(
    struct acme_record *record, struct view json);
void acme_record_write(const struct acme_record *record, struct buf *out);

// Remembers the order under way; NULL: there is none any more.
void acme_record_set_order(struct acme_record *record, const char *order,
    const char *const *names, size_t count);
bool acme_record_is_order(
    const struct acme_record *record, const char *const *names, size_t count);

enum acme_action {
	ACME_REST,
	ACME_ORDER, // with the decision's names
	ACME_ASK,   // when the certificate is to be renewed
};

struct acme_decision {
	enum acme_action action;
	int64_t at;         // ACME_REST: when to decide again
	int64_t renewal;    // when the certificate is to be renewed; 0: none
	const char **names; // of the order; in the arena
	size_t count;
};

// `facts`: of the certificate that there is, or NULL. `names`: those that are
// wanted and lead to this machine. `forced`: somebody asks for a renewal now.
//
// A name whose authorization failed is left out for a while, so that it does
// not spoil the order of the others. But a certificate that has the name is not
// replaced by one without it before its last sixth: until then the whole order
// is tried again.
void acme_decide(struct arena *arena, const struct acme_record *record,
    const struct acme_facts *facts, const char *const *names, size_t count,
    int64_t now, bool forced, struct acme_decision *ret_decision);

// What came of an order, or of asking. An authority that cannot be reached is
// the caller's: that concerns all certificates.
void acme_record_ordered(struct acme_record *record,
    const struct acme_result *result, int64_t now, uint32_t chance);
void acme_record_asked(
    struct acme_record *record, const struct acme_result *result, int64_t now);
// Forgets the waits.
void acme_record_forgive(struct acme_record *record);

#endif

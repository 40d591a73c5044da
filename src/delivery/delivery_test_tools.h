// SPDX-License-Identifier: Apache-2.0
// For this room's tests: an office with the real store, routes, queue and keys,
// on an engine in memory whose commits can be made to fail.
#ifndef ROOST_DELIVERY_DELIVERY_TEST_TOOLS_H
#define ROOST_DELIVERY_DELIVERY_TEST_TOOLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "auth/directory.h"
#include "base/mem.h"
#include "delivery/impl.h"
#include "engine/impl.h"
#include "store/snapshot.h"

// 2023-11-14 22:13:20 UTC
#define BED_NOW 1700000000

struct bed {
	struct engine *engine;
	const struct engine_ops *ops; // the engine's own
	struct engine_ops failing;
	struct arena arena;
	struct fault fault;
	struct clock clock;
	struct delivery_office office;
};

// From now on commits to these partitions fail; 0 and 0: none.
void bed_fail(struct bed *bed, uint64_t first, uint64_t last);

uint64_t bed_user(struct bed *bed, const char *name);

struct auth_user bed_who(struct bed *bed, const char *name);

void bed_alias(struct bed *bed, const char *address, const char *targets);

// Users anna (1000), bert, cleo; aliases that lead to some of them and
// elsewhere.
void bed_open(struct bed *bed, struct store_options options);

void bed_close(struct bed *bed);

// ---- A message comes in ----------------------------------------------------

struct bed_mail {
	enum delivery_door door;
	const char *user; // who submits
	const char *from; // "" for <>
	const char *to;   // separated by SP
	const char *text;
	size_t len;  // of `text`; 0: its length
	size_t step; // bytes of each piece; 0: all at once
	struct queue_envelope envelope;
	unsigned notify;
	uint64_t declared;
};

struct smtp_mailbox bed_mailbox_of(struct bed *bed, struct view text);

struct bed_result {
	struct delivery_reply reply;
	// The answers to RCPT, then those of each recipient.
	struct delivery_reply to[1100];
	struct delivery_reply each[1100];
	size_t count; // how many answers to RCPT
};

void bed_mail(struct bed *bed, const struct bed_mail *mail,
    struct bed_result *ret_result);

// The answer if there is only one, as "250 2.0.0".
const char *bed_code(struct bed *bed, const struct delivery_reply *reply);

const char *bed_answer(struct bed *bed, const struct bed_mail *mail);
// Fails unless the answer is `code`.
void bed_expect(struct bed *bed, const struct bed_mail *mail, const char *code);

// ---- What became of it -----------------------------------------------------

uint32_t bed_count(struct bed *bed, uint64_t account, const char *mailbox);

// The newest message in the mailbox; empty when there is none.
struct view bed_last(struct bed *bed, uint64_t account, const char *name);

// All recipients in the queue, each once, sorted, as "bert@ours.example
// x@other.example".
const char *bed_queued(struct bed *bed);

// The next lot for users here that is due; NULL: there is none.
struct queue_lot *bed_lot(struct bed *bed);

struct queue_result *bed_local(struct bed *bed, struct queue_lot *lot);

#endif

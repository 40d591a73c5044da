// SPDX-License-Identifier: Apache-2.0
// One user's copy of a message: the decision about it, its commit in the
// account, and what the sender and the log are told.
#include "base/mem.h"
#include "delivery/impl.h"

enum rc delivery_decide(const struct delivery_office *office,
    const struct delivery_letter *letter, struct arena *arena,
    struct delivery_decision *ret_decision)
{
	struct delivery_place *place = arena_zalloc(arena, sizeof(*place));
	place->folder = letter->folder;
	struct delivery_decision decision = {.places = place, .place_count = 1};
	enum rc rc = RC_OK;
	if (office->filter)
		rc = office->filter->decide(
		    office->filter->context, letter, arena, &decision);
	if (rc == RC_OK)
		*ret_decision = decision;
	return rc;
}

// RC_GONE: one of the mailboxes was deleted after it was opened.
MUST_CHECK static enum rc deliver_once(struct store_account *account,
    struct store_delivery *delivery, const struct delivery_copy *copy,
    struct fault *fault, struct store_delivered *ret_delivered)
{
	struct store_place places[STORE_PLACES_MAX];
	size_t count = 0;
	enum rc rc = RC_OK;
	while (rc == RC_OK && count < copy->place_count) {
		places[count].flags = copy->places[count].flags;
		rc = store_mailbox_open_for_mail(&store_system, account,
		    copy->places[count].folder, fault, &places[count].mailbox);
		count += rc == RC_OK;
	}
	delivery->places = places;
	delivery->place_count = count;
	if (rc == RC_OK)
		rc = store_deliver(delivery, fault, ret_delivered);
	while (count > 0)
		store_mailbox_close(&places[--count].mailbox);
	return rc;
}

// If a mailbox was deleted meanwhile, the next attempt uses INBOX instead.
MUST_CHECK static enum rc deliver_copy(struct store_account *account,
    struct store_draft *draft, const struct delivery_copy *copy,
    struct fault *fault, bool *ret_was_there)
{
	struct store_delivery delivery = {
	    .draft = draft,
	    .prefix = copy->prefix,
	    .delivery_id = copy->delivery_id,
	};
	struct store_delivered delivered;
	enum rc rc = RC_GONE;
	for (size_t i = 0; rc == RC_GONE && i <= copy->place_count; i++)
		rc = deliver_once(account, &delivery, copy, fault, &delivered);
	if (rc == RC_OK)
		*ret_was_there = delivered.was_there;
	return rc;
}

enum rc delivery_copy_commit(const struct delivery_office *office,
    struct store_draft *draft, const struct delivery_copy *copy,
    struct fault *fault, bool *ret_was_there)
{
	struct store_account *account;
	if (copy->place_count > STORE_PLACES_MAX)
		return fault_set(
		    fault, RC_INVALID, "a filter named too many mailboxes");
	if (copy->place_count == 0) {
		*ret_was_there = false;
		return RC_OK;
	}
	enum rc rc =
	    store_account_enter(office->store, copy->account, fault, &account);
	if (rc != RC_OK)
		return rc;
	rc = deliver_copy(account, draft, copy, fault, ret_was_there);
	store_account_close(&account);
	return rc;
}

void delivery_copy_reply(enum rc rc, struct delivery_reply *ret_reply)
{
	switch ((int)rc) {
	case RC_OK:
		delivery_reply_set(
		    ret_reply, 250, ENHANCED(2, 1, 5), "Delivered");
		return;
	case RC_QUOTA:
		delivery_reply_set(
		    ret_reply, 452, ENHANCED(4, 2, 2), "The mailbox is full");
		return;
	case RC_FULL: // RFC 3463 section 3.4
		delivery_reply_set(ret_reply, 452, ENHANCED(4, 3, 1),
		    "The server's disk is full");
		return;
	case RC_LIMIT:
		delivery_reply_set(ret_reply, 552, ENHANCED(5, 3, 4),
		    "The message is longer than this server takes");
		return;
	default:
		delivery_reply_set(ret_reply, 451, ENHANCED(4, 3, 0),
		    "The message cannot be stored now");
		return;
	}
}

// "Archive, Work": the mailboxes as they were asked for.
static void log_folders(struct log_line *line, const struct delivery_copy *copy)
{
	struct buf names;
	buf_init(&names, (size_t)STORE_PLACES_MAX * (STORE_NAME_MAX + 2));
	for (size_t i = 0; i < copy->place_count; i++) {
		struct view folder = copy->places[i].folder;
		if (i > 0)
			buf_add_literal(&names, ", ");
		buf_add(&names, folder.len ? folder : VIEW("INBOX"));
	}
	if (copy->place_count > 1 || copy->places[0].folder.len)
		log_add(line, "folder", buf_view(&names));
	buf_done(&names);
}

static void count_copy(struct delivery_counts *counts, enum rc rc,
    const struct delivery_copy *copy)
{
	if (!counts)
		return;
	counter_add(rc != RC_OK         ? &counts->failed
		    : copy->place_count ? &counts->delivered
					: &counts->discarded,
	    1);
}

void delivery_log_copy(const struct delivery_office *office,
    const struct delivery_event *event, const struct delivery_copy *copy,
    enum rc rc, const struct fault *fault)
{
	count_copy(office->counts, rc, copy);
	struct log_line line;
	log_begin(&line, office->log,
	    rc == RC_OK ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
	    rc != RC_OK         ? "delivery_failed"
	    : copy->place_count ? "delivered"
				: "discarded");
	if (event->session_id)
		log_add_u64(&line, "session", event->session_id);
	log_add_string(&line, "id", event->id);
	log_add(&line, "message_id", event->message_id);
	log_add(&line, "user", copy->user);
	if (copy->place_count)
		log_folders(&line, copy);
	log_add_u64(&line, "size", event->size);
	log_add_u64(&line, "ms", event->ms);
	if (rc != RC_OK)
		log_add_string(&line, "why", fault->text);
	log_end(&line);
}

// SPDX-License-Identifier: Apache-2.0
// The maildrop: what INBOX held when the client logged in, numbered from 1, and
// the client's marks since. It is one snapshot, which other sessions of that
// moment share. Nothing is locked, and nothing changes before
// pop3_maildrop_update().
#ifndef ROOST_POP3_MAILDROP_H
#define ROOST_POP3_MAILDROP_H

#include "base/buf.h"
#include "store/snapshot.h"

struct pop3_maildrop;

// Opens INBOX of `account` for `asker`. The account must outlive the maildrop.
MUST_CHECK enum rc pop3_maildrop_open(const struct store_asker *asker,
    struct store_account *account, struct fault *fault,
    struct pop3_maildrop **ret_maildrop);
void pop3_maildrop_close(struct pop3_maildrop **maildrop);

// The number of messages not marked as deleted; their octets; and the number of
// all messages.
uint32_t pop3_maildrop_left(const struct pop3_maildrop *maildrop);
uint64_t pop3_maildrop_octets(const struct pop3_maildrop *maildrop);
uint32_t pop3_maildrop_count(const struct pop3_maildrop *maildrop);

// The octets that RETR sends of the message with the number `index` + 1,
// without byte-stuffing (RFC 1939 section 11).
uint64_t pop3_message_octets(const struct pop3_maildrop *maildrop,
    uint32_t index, const struct store_message *message);

// Adds a message's unique-id (RFC 1939 section 7): its UID and the mailbox's
// UIDVALIDITY, in hexadecimal. Neither is ever given out again.
void pop3_message_add_uidl(const struct pop3_maildrop *maildrop,
    const struct store_message *message, struct buf *out);

// A position in the maildrop, to go through the messages not marked as deleted.
struct pop3_maildrop_walk {
	const struct pop3_maildrop *maildrop;
	struct store_walk walk;
};
void pop3_maildrop_walk_init(struct pop3_maildrop_walk *walk,
    const struct pop3_maildrop *maildrop, uint32_t index);
bool pop3_maildrop_walk_next(struct pop3_maildrop_walk *walk,
    uint32_t *ret_index, struct store_message *ret_message);

// Finds a message by its number, as the client wrote it. RC_SYNTAX: it is not a
// number. RC_NOT_FOUND: there is no such message, or it is marked as deleted.
MUST_CHECK enum rc pop3_maildrop_find(const struct pop3_maildrop *maildrop,
    struct view number, uint32_t *ret_index, struct store_message *ret_message);
// Whether another client has expunged the message meanwhile.
bool pop3_maildrop_has_lost(
    const struct pop3_maildrop *maildrop, const struct store_message *message);

// Marks are kept by index, one bit each.
void pop3_maildrop_mark_deleted(struct pop3_maildrop *maildrop, uint32_t index,
    const struct store_message *message);
void pop3_maildrop_mark_seen(struct pop3_maildrop *maildrop, uint32_t index);
void pop3_maildrop_unmark_deleted(struct pop3_maildrop *maildrop);

// Does what is marked (store_take_away()): expunges, and sets \Seen.
// *ret_deleted: how many messages were marked as deleted.
MUST_CHECK enum rc pop3_maildrop_update(
    struct pop3_maildrop *maildrop, struct fault *fault, uint32_t *ret_deleted);

#endif

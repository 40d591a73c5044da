// SPDX-License-Identifier: Apache-2.0
// An email: a message's bytes and what is known of them. It is parsed once,
// when it arrives; copies in several mailboxes share it. Emails of one account
// are numbered in the order of arrival.
#ifndef ROOST_STORE_EMAIL_H
#define ROOST_STORE_EMAIL_H

#include "base/arena.h"
#include "store/store.h"
#include "wire/message_record.h"

// ---- Arriving --------------------------------------------------------------

// A message that is coming in: bytes are parsed and written as they come, and
// little memory is held. It belongs to no mailbox until store_append().
struct store_draft;

struct store_draft *store_draft_new(struct store *store);
// Lets the message be longer than store_message_max() by so many bytes: by what
// a server puts on top of what it took.
void store_draft_allow(struct store_draft *draft, uint64_t bytes);
// RC_LIMIT when the message gets longer than store_message_max().
MUST_CHECK enum rc store_draft_add(
    struct store_draft *draft, struct view bytes);
// The message will go to several accounts: all but its header and a few bytes
// is kept once for all of them. Before store_draft_finish().
void store_draft_share(struct store_draft *draft);
// All bytes are there. RC_INVALID for an empty message.
MUST_CHECK enum rc store_draft_finish(struct store_draft *draft);
// Writes a finished draft that holds NUL anew, its parts of the encoding
// "binary" in base64: an IMAP literal, as BODY[] is sent in, may not hold NUL
// (RFC 3516 section 6, RFC 9051 section 4.3). The draft stays as it is when it
// has no such part, is too broken to tell, or would get too long.
MUST_CHECK enum rc store_draft_encode_binary(struct store_draft **draft);
// Adds bytes offset .. offset+len of a finished draft to `ret_bytes`, clipped
// to what there is. RC_NOT_FOUND: a store_append() with it failed and none has
// succeeded since.
MUST_CHECK enum rc store_draft_read(struct store_draft *draft, uint64_t offset,
    size_t len, struct buf *ret_bytes);
uint64_t store_draft_size(const struct store_draft *draft);
// About the memory that it holds, for whoever keeps many.
size_t store_draft_memory(const struct store_draft *draft);
void store_draft_free(struct store_draft **draft);

// ---- Reading ---------------------------------------------------------------

// Reads emails of one account as they were when the reader was made. Cheapest
// in ascending order of email ids. RC_GONE: the email was expunged from its
// last mailbox before.
struct store_reader;

struct store_reader *store_reader_new(struct store_account *account);
void store_reader_free(struct store_reader **reader);

// The parsed description; its views last until the next call of this function
// on the same reader.
MUST_CHECK enum rc store_reader_record(struct store_reader *reader,
    uint64_t email_id, struct message_record *ret_record,
    uint64_t *ret_thread_id);
// The header, including the blank line that ends it; valid until the next call
// of store_reader_header() or store_reader_bytes().
MUST_CHECK enum rc store_reader_header(
    struct store_reader *reader, uint64_t email_id, struct view *ret_header);
// Appends bytes offset .. offset+len of the message, clipped to what there is.
MUST_CHECK enum rc store_reader_bytes(struct store_reader *reader,
    uint64_t email_id, uint64_t offset, size_t len, struct buf *ret_bytes);

// ---- As lines --------------------------------------------------------------

// A message is lines that end with CRLF, nearly always; others hold a bare LF
// or have no end of line at their end. A protocol of lines (POP3) has to mend
// these. Tells each such email of the account, in the order of ids, and how
// many bytes longer it gets.
MUST_CHECK enum rc store_account_ragged(struct store_account *account,
    void (*each)(void *context, uint64_t email_id, uint64_t lacks),
    void *context);

#endif

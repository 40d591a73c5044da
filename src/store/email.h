// SPDX-License-Identifier: Apache-2.0
// An email: a message's bytes and what is known about them. It is parsed once,
// when it arrives, and copies in several mailboxes share it. Emails of one
// account are numbered in the order of arrival.
#ifndef ROOST_STORE_EMAIL_H
#define ROOST_STORE_EMAIL_H

#include "base/arena.h"
#include "store/store.h"
#include "wire/message_record.h"

// A message that is arriving. Its bytes are parsed and written as they come,
// and only a few are held in memory. It belongs to no mailbox until
// store_append().
struct store_draft;

struct store_draft *store_draft_new(struct store *store);
// Lets the message be longer than store_message_max() by this many bytes: for
// the fields that the server itself adds.
void store_draft_allow(struct store_draft *draft, uint64_t bytes);
// RC_LIMIT when the message gets longer than store_message_max().
MUST_CHECK enum rc store_draft_add(
    struct store_draft *draft, struct view bytes);
// Tells that the message will go to several accounts: all of it except the
// header and a few bytes is then kept once for all of them. Call it before
// store_draft_finish().
void store_draft_share(struct store_draft *draft);
// All bytes have been added. RC_INVALID for an empty message.
MUST_CHECK enum rc store_draft_finish(struct store_draft *draft);
// If a finished draft holds NUL, writes it again with its parts of the encoding
// "binary" in base64: an IMAP literal, as which BODY[] is sent, may not hold
// NUL (RFC 3516 section 6, RFC 9051 section 4.3). The draft does not change
// when it has no such part, is too broken to find the parts, or would get too
// long.
MUST_CHECK enum rc store_draft_encode_binary(struct store_draft **draft);
// Adds the bytes offset .. offset+len of a finished draft to `ret_bytes`, or as
// many of them as there are. RC_NOT_FOUND: a store_append() of the draft failed
// and none has succeeded since.
MUST_CHECK enum rc store_draft_read(struct store_draft *draft, uint64_t offset,
    size_t len, struct buf *ret_bytes);
uint64_t store_draft_size(const struct store_draft *draft);
// About how much memory the draft holds, for a caller that keeps many.
size_t store_draft_memory(const struct store_draft *draft);
void store_draft_free(struct store_draft **draft);

// Reads emails of one account as they were when the reader was made. Reading in
// ascending order of email ids costs least. RC_GONE: the email had been
// expunged from its last mailbox before that.
struct store_reader;

struct store_reader *store_reader_new(struct store_account *account);
void store_reader_free(struct store_reader **reader);

// The parsed description. Its views are valid until the next call of this
// function on the same reader.
MUST_CHECK enum rc store_reader_record(struct store_reader *reader,
    uint64_t email_id, struct message_record *ret_record,
    uint64_t *ret_thread_id);
// The header, including the blank line that ends it. It is valid until the next
// call of store_reader_header() or store_reader_bytes().
MUST_CHECK enum rc store_reader_header(
    struct store_reader *reader, uint64_t email_id, struct view *ret_header);
// Appends the bytes offset .. offset+len of the message, or as many of them as
// there are.
MUST_CHECK enum rc store_reader_bytes(struct store_reader *reader,
    uint64_t email_id, uint64_t offset, size_t len, struct buf *ret_bytes);

// Nearly all messages consist of lines that end with CRLF. A few hold a bare
// LF, or their last line has no end. A protocol that sends lines (POP3) has to
// correct these. Gives each such email of the account, in the order of ids, and
// how many bytes longer the correction makes it.
MUST_CHECK enum rc store_account_ragged(struct store_account *account,
    void (*each)(void *context, uint64_t email_id, uint64_t lacks),
    void *context);

#endif

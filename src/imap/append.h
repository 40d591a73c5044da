// SPDX-License-Identifier: Apache-2.0
// Messages that come in as literals, for APPEND and REPLACE: streamed into
// drafts of the store, and committed together when all are there.
#ifndef ROOST_IMAP_APPEND_H
#define ROOST_IMAP_APPEND_H

#include "imap/imap.h"
#include "store/change.h"

#define IMAP_APPEND_MESSAGES_MAX 1000              // in one MULTIAPPEND
#define IMAP_APPEND_ARENA_MAX    ((size_t)4 << 20) // flags and the like
// What the messages of one command may hold in memory until all have come;
// enough for 256 of the largest usual ones, or 1000 short ones.
#define IMAP_APPEND_MEMORY_MAX ((size_t)32 << 20)

struct imap_append {
	struct store_mailbox *mailbox; // owned: where to
	struct store_append *messages; // in the arena; each owns its draft
	size_t count;
	size_t capacity;
	bool binary;       // the last literal is a literal8
	size_t memory;     // of the complete messages, in bytes
	bool in_utf8;      // the last literal was within "UTF8 (": ")" is due
	enum rc failure;   // of a draft: told when all has come
	uint32_t replaced; // UID; REPLACE
};

// After the arguments of a command and one or more literals: the end of the
// command. Then IMAP_STEP_DONE was given for a failure, or `*ret_append` is
// ready to be committed. False: the response is decided.
bool imap_append_complete(
    struct imap_command *command, struct imap_append **ret_append);

// Adds "APPENDUID uidvalidity uids" to `code`.
void imap_append_write_code(
    struct buf *code, const struct store_appended *appended, size_t count);

// NO for a store_append() that failed.
enum imap_step imap_append_failed(struct imap_command *command, enum rc rc);

#endif

// SPDX-License-Identifier: Apache-2.0
// Messages that come as literals, for APPEND and REPLACE. They are streamed
// into drafts of the store, and committed together when all have come.
#ifndef ROOST_IMAP_APPEND_H
#define ROOST_IMAP_APPEND_H

#include "imap/impl.h"
#include "store/change.h"

#define IMAP_APPEND_MESSAGES_MAX 1000              // in one MULTIAPPEND
#define IMAP_APPEND_ARENA_MAX    ((size_t)4 << 20) // flags and the like
// The most memory that the messages of one command may hold until all have
// come. It is enough for 256 of the largest messages that are usual, or for
// 1000 short ones.
#define IMAP_APPEND_MEMORY_MAX ((size_t)32 << 20)

struct imap_append {
	struct store_mailbox *mailbox; // owned: the target
	struct store_append *messages; // in the arena; each owns its draft
	size_t count;
	size_t capacity;
	bool binary;   // the last literal is a literal8
	size_t whole;  // how many of them are complete
	size_t memory; // of these, in bytes
	// The last literal is inside "UTF8 (": a ")" must follow.
	bool in_utf8;
	enum rc failure;   // of a draft; reported when all has come
	uint32_t replaced; // a UID; only for REPLACE
};

// Called at the end of a command that has had one or more literals. True:
// `*ret_append` is ready to be committed. False: the tagged response has been
// decided; return IMAP_STEP_DONE.
bool imap_append_complete(
    struct imap_command *command, struct imap_append **ret_append);

// Adds "APPENDUID uidvalidity uids" to `code`.
void imap_append_write_code(
    struct buf *code, const struct store_appended *appended, size_t count);

// Answers NO for a store_append() that failed.
enum imap_step imap_append_failed(struct imap_command *command, enum rc rc);

#endif

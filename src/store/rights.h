// SPDX-License-Identifier: Apache-2.0
// The asker, and what an asker may do with a mailbox (RFC 4314). Every function
// of the store that looks at, opens or changes a mailbox is given an asker
// besides the account. The owner of the account may do everything; `struct
// store_sharing` says what others may do.
#ifndef ROOST_STORE_RIGHTS_H
#define ROOST_STORE_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

// Rights to a mailbox (RFC 4314 section 2.1).
enum store_right {
	STORE_RIGHT_LOOKUP = 1 << 0,          // l
	STORE_RIGHT_READ = 1 << 1,            // r
	STORE_RIGHT_SEEN = 1 << 2,            // s
	STORE_RIGHT_WRITE = 1 << 3,           // w: other flags
	STORE_RIGHT_INSERT = 1 << 4,          // i
	STORE_RIGHT_POST = 1 << 5,            // p
	STORE_RIGHT_CREATE = 1 << 6,          // k
	STORE_RIGHT_DELETE_MAILBOX = 1 << 7,  // x
	STORE_RIGHT_DELETE_MESSAGES = 1 << 8, // t
	STORE_RIGHT_EXPUNGE = 1 << 9,         // e
	STORE_RIGHT_ADMINISTER = 1 << 10,     // a
};
#define STORE_RIGHTS_ALL ((unsigned)(STORE_RIGHT_ADMINISTER << 1) - 1)
// The rights that let somebody change a flag.
#define STORE_RIGHTS_FLAGS                                                     \
	((unsigned)(STORE_RIGHT_SEEN | STORE_RIGHT_WRITE |                     \
		    STORE_RIGHT_DELETE_MESSAGES))

enum store_asker_kind {
	STORE_ASKER_USER,   // a user, known by the number of the user's account
	STORE_ASKER_SYSTEM, // Roost itself: deliveries, imports, the commands
};

// An asker is copied freely. All zero is nobody, since no account has the
// number 0.
struct store_asker {
	enum store_asker_kind kind;
	uint64_t account; // of a user
};

extern const struct store_asker store_system;

static inline struct store_asker store_user(uint64_t account)
{
	return (struct store_asker){STORE_ASKER_USER, account};
}

// Gives the rights of those who do not own an account (see `store_options`).
// Without it they have none.
struct store_sharing {
	// The rights (of enum store_right) of `asker` to a mailbox. Called with
	// the account locked: it must not call the store.
	unsigned (*rights)(void *context, const struct store_asker *asker,
	    uint64_t account_id, uint64_t mailbox_id);
	void *context;
};

#endif

// SPDX-License-Identifier: Apache-2.0
// Objects: small records of an account that are not mail, of several kinds. The
// store knows nothing of what is in them. They are in the account's partition:
// a change of them raises the account's version and is in the change log, so
// that one version is JMAP's state for mail and objects alike. Only the owner
// and the system may look at them or change them (others: RC_DENIED).
#ifndef ROOST_STORE_OBJECT_H
#define ROOST_STORE_OBJECT_H

#include "store/changes.h"
#include "store/view.h"

// The numbers are stored.
enum store_object_kind {
	STORE_OBJECT_IDENTITY = 1,   // JMAP: Identity
	STORE_OBJECT_SUBMISSION = 2, // JMAP: EmailSubmission
	STORE_OBJECT_VACATION = 3,   // JMAP: VacationResponse
	STORE_OBJECT_PUSH = 4,       // JMAP: PushSubscription
	STORE_OBJECT_SIEVE = 5,      // a Sieve script
	STORE_OBJECT_MAILBOX = 6,    // what only JMAP says of a mailbox
	STORE_OBJECT_SETTINGS = 7,   // of the web mail
};
#define STORE_OBJECT_KINDS 8 // they are below this

// How large an object of the kind may be, and how many an account may have.
struct store_object_limits {
	size_t bytes;
	uint32_t count;
};
struct store_object_limits store_object_limits(enum store_object_kind kind);

struct store_object {
	uint64_t id;      // at least 1; never given out again in its kind
	uint64_t version; // of the account, by its last change
	struct view bytes;
};

// ---- Reading ---------------------------------------------------------------

// Calls `each` for the objects of a kind with ids over `after`, ascending. The
// bytes are valid until it returns. RC_END from `each` ends the walk. One whose
// record is damaged is left out; the check reports it.
typedef enum rc store_object_each(
    void *context, const struct store_object *object);
MUST_CHECK enum rc store_objects_walk(const struct store_asker *asker,
    struct store_account *account, enum store_object_kind kind, uint64_t after,
    store_object_each *each, void *context);
// Gives one object, with its bytes in `arena`. RC_NOT_FOUND, RC_CORRUPT.
MUST_CHECK enum rc store_object_get(const struct store_asker *asker,
    struct store_account *account, enum store_object_kind kind, uint64_t id,
    struct arena *arena, struct store_object *ret_object);
// The same at the moment of a view.
MUST_CHECK enum rc store_view_objects(struct store_view *view,
    enum store_object_kind kind, uint64_t after, store_object_each *each,
    void *context);
MUST_CHECK enum rc store_view_object(struct store_view *view,
    enum store_object_kind kind, uint64_t id, struct arena *arena,
    struct store_object *ret_object);

// ---- Changing --------------------------------------------------------------

struct store_object_change {
	enum store_object_kind kind;
	uint64_t id; // 0: a new object, which gets its id here
	bool remove;
	struct view bytes; // what it will be; not for `remove`
	// If not 0: only if the object still has this version, so that what was
	// read, changed and written back loses nothing.
	uint64_t if_version;
	// The result: RC_OK; RC_NOT_FOUND; RC_GONE: it has another version;
	// RC_LIMIT: too long, or too many of the kind; RC_INVALID: named
	// before.
	enum rc result;
};

struct store_objects_set {
	struct store_object_change *changes;
	size_t count;
	uint64_t if_version; // see struct store_emails_set
	uint64_t before;     // the results: the account's versions
	uint64_t after;
};

// Makes all changes that are possible in one commit. If RC_OK is not the
// result, nothing was done: RC_GONE: the account has another version;
// RC_DENIED, RC_IO, RC_CORRUPT.
MUST_CHECK enum rc store_objects_set(const struct store_asker *asker,
    struct store_account *account, struct store_objects_set *set,
    struct fault *fault);

// ---- Following -------------------------------------------------------------

// As store_emails_changed(), of the objects of one kind.
MUST_CHECK enum rc store_objects_changed(struct store_account *account,
    enum store_object_kind kind, struct store_change_position after,
    size_t limit, struct store_changes *ret_changes);

#endif

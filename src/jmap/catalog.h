// SPDX-License-Identifier: Apache-2.0
// The catalog of an account: what lists of emails need to know of every email
// (its mailboxes, thread, date, size and keywords), in memory, at one version
// of the account. It is made from a view, kept between requests, and brought to
// a later version at the cost of what changed. With it
//
//   - the emails of a mailbox, or of all, are in the order of dates;
//   - the emails of a thread are found;
//   - an email that is gone is still known by its thread for some time.
//
// An email has a *slot*, the position of its entry, which it keeps as long as
// the catalog. A mailbox is a *box*, a number likewise. Emails that are not
// visible (view.h) have a slot and no place.
//
// Who has taken a catalog may read it until it is released; it does not change
// meanwhile, but for what the functions here add when it is first asked for.
#ifndef ROOST_JMAP_CATALOG_H
#define ROOST_JMAP_CATALOG_H

#include "base/vec.h"
#include "store/view.h"

#define CATALOG_NONE UINT32_MAX
// The flag of an email that has keywords besides the system flags.
#define CATALOG_KEYWORDS 0x80u

struct catalog_place {
	uint32_t box; // CATALOG_NONE: none
	uint32_t uid;
};

struct catalog_email {
	uint64_t id;
	uint64_t thread_id; // 0: not known
	int64_t received_at;
	uint32_t size;
	uint32_t head; // slot of the first of its thread
	uint32_t next; // slot of another one of its thread, or CATALOG_NONE
	uint32_t more; // further places: position in `more`, or CATALOG_NONE
	struct catalog_place place; // the first one
	unsigned flags; // enum store_flag of all places, and CATALOG_KEYWORDS
};

struct catalog_more {
	struct catalog_place place;
	uint32_t next;
};

struct catalog_order {
	uint32_t *slots; // by date, then by id; owned; NULL until needed
	size_t count;
	size_t capacity;
};

struct catalog_box {
	uint64_t id;
	struct store_snapshot *snapshot; // referenced; NULL: not to be read
	bool gone;
	struct catalog_order order;
};

struct jmap_catalog {
	uint64_t account_id;
	uint64_t version;
	VEC(struct catalog_email) emails; // by id
	VEC(struct catalog_more) more;
	VEC(struct catalog_box) boxes; // by id
	struct catalog_order order;    // of all visible emails
	uint32_t visible;              // emails
	struct catalog_inside *inside;
};

// ---- Taking one ------------------------------------------------------------

struct jmap_catalogs;

#define JMAP_CATALOG_BYTES ((size_t)128 << 20)

// Keeps catalogs of up to so many bytes that nobody uses, and always one.
struct jmap_catalogs *jmap_catalogs_new(size_t bytes_max);
void jmap_catalogs_free(struct jmap_catalogs **catalogs);

// A view of an account and the catalog of the same version.
struct jmap_moment {
	struct jmap_catalogs *catalogs;
	struct store_view *view;
	struct jmap_catalog *catalog;
	struct jmap_catalog *building; // until it is whole
};

// Opens the view, and the catalog. Begin with a moment that is all zero.
// RC_MORE: call again, with the same moment, when others had their turn. In any
// case jmap_moment_done() has to be called. RC_IO, RC_CORRUPT, RC_NOT_FOUND.
MUST_CHECK enum rc jmap_moment_open(struct jmap_catalogs *catalogs,
    const struct store_asker *asker, struct store_account *account,
    struct fault *fault, struct jmap_moment *moment);
void jmap_moment_done(struct jmap_moment *moment);

// ---- Reading it ------------------------------------------------------------

// Reads the threads of all emails, unless that was done. Must come before
// `thread_id`, `head` and `next` are used. RC_MORE: call again. RC_IO.
MUST_CHECK enum rc jmap_catalog_threads(struct jmap_moment *moment);

// CATALOG_NONE: the catalog does not know it.
uint32_t jmap_catalog_find(const struct jmap_catalog *catalog, uint64_t id);
uint32_t jmap_catalog_box(
    const struct jmap_catalog *catalog, uint64_t mailbox_id);
// The head of a thread; CATALOG_NONE: the catalog knows none of its emails.
uint32_t jmap_catalog_head(
    const struct jmap_catalog *catalog, uint64_t thread_id);
// The emails of a box, or of all (CATALOG_NONE), in the order of dates.
const struct catalog_order *jmap_catalog_order(
    struct jmap_catalog *catalog, uint32_t box);

static inline const struct catalog_email *catalog_email(
    const struct jmap_catalog *catalog, uint32_t slot)
{
	return &catalog->emails.items[slot];
}
static inline bool catalog_is_visible(const struct catalog_email *email)
{
	return email->place.box != CATALOG_NONE;
}
// The places of an email: begin with its `place` and its `more`.
static inline bool catalog_next_place(const struct jmap_catalog *catalog,
    uint32_t *more, struct catalog_place *place)
{
	if (*more == CATALOG_NONE)
		return false;
	*place = catalog->more.items[*more].place;
	*more = catalog->more.items[*more].next;
	return true;
}
bool jmap_catalog_in_box(const struct jmap_catalog *catalog,
    const struct catalog_email *email, uint32_t box);

// A keyword, in JMAP's spelling; "$seen" is \Seen.
struct catalog_keyword {
	unsigned flag; // of enum store_flag; 0: none
	struct view name;
	// For each box: its number there, plus 1; 0: not looked up yet;
	// UINT16_MAX: the box has never had it.
	uint16_t *numbers;
};
void jmap_catalog_keyword(const struct jmap_catalog *catalog,
    struct arena *arena, struct view name, struct catalog_keyword *ret_keyword);
bool jmap_catalog_has_keyword(const struct jmap_catalog *catalog,
    const struct catalog_email *email, struct catalog_keyword *keyword);

#endif

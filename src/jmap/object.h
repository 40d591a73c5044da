// SPDX-License-Identifier: Apache-2.0
// What the methods of all types have in common (RFC 8620 section 5): a table of
// the type's properties, and /get, /changes, /set, /query and /queryChanges as
// far as they do not depend on the type.
#ifndef ROOST_JMAP_OBJECT_H
#define ROOST_JMAP_OBJECT_H

#include "base/vec.h"
#include "jmap/call.h"
#include "store/changes.h"
#include "store/view.h"

// ---- The grammar of a type -------------------------------------------------

enum jmap_kind {
	JMAP_KIND_ID,
	JMAP_KIND_STRING,
	JMAP_KIND_U64, // UnsignedInt
	JMAP_KIND_INT,
	JMAP_KIND_BOOL,
	JMAP_KIND_DATE,     // RFC 3339, any offset
	JMAP_KIND_UTC_DATE, // RFC 3339, "Z"
	JMAP_KIND_OBJECT,
	JMAP_KIND_ARRAY,
	JMAP_KIND_STRINGS,    // String[]
	JMAP_KIND_ID_SET,     // Id[Boolean], and each value is true
	JMAP_KIND_STRING_SET, // String[Boolean], and each value is true
};

enum jmap_property_flag {
	JMAP_NULLABLE = 1 << 0,
	JMAP_SERVER_SET = 1 << 1,
	JMAP_IMMUTABLE = 1 << 2,
	JMAP_REQUIRED = 1 << 3,   // in a create
	JMAP_ON_REQUEST = 1 << 4, // not given unless it is asked for
};

struct jmap_property {
	const char *name;
	enum jmap_kind kind;
	unsigned flags; // of enum jmap_property_flag
};

struct jmap_class {
	const char *name; // "Mailbox"
	const struct jmap_property *properties;
	size_t count; // at most 64. The first one is "id"
};

// The number of the property, or -1.
int jmap_property_find(const struct jmap_class *class, struct view name);
// Whether the value is of the property's type.
bool jmap_property_fits(const struct jmap_property *property, json_t *value);

// ---- The account -----------------------------------------------------------

// Opens a view of the call's account. False: an error was answered.
MUST_CHECK bool jmap_view_open(
    struct jmap_call *call, struct store_view **ret_view);

// ---- /get (section 5.1) ----------------------------------------------------

struct jmap_get {
	uint64_t wanted; // bit n: the property number n
	// Names that the table does not have, if the class takes any.
	struct view *others;
	size_t other_count;
	bool all;         // no ids were given: all objects
	struct view *ids; // each once
	size_t id_count;
	size_t at; // the id that comes next, for jmap_get_each()
	VEC(struct view) not_found;
};

// Reads ids and properties. `takes` (may be NULL) says which names are allowed
// besides those of the table. The caller reads further arguments before, and
// calls jmap_taken_all() afterwards. False: an error was answered. In any case
// jmap_get_done() has to be called.
MUST_CHECK bool jmap_get_read(struct jmap_call *call,
    const struct jmap_class *class, bool (*takes)(struct view name),
    struct jmap_get *ret_get);
void jmap_get_done(struct jmap_get *get);
// Whether a method may be asked for so many objects; false: requestTooLarge was
// answered.
MUST_CHECK bool jmap_get_may_have(struct jmap_call *call, size_t count);
static inline bool jmap_get_wants(const struct jmap_get *get, unsigned property)
{
	return get->wanted >> property & 1;
}
// Writes what stands before the objects, which follow as items of a list, and
// what stands behind them.
void jmap_get_begin(struct jmap_call *call, uint64_t version);
void jmap_get_not_found(struct jmap_get *get, struct view id);
void jmap_get_end(struct jmap_call *call, const struct jmap_get *get);
// Does all ids, a few at a time, and ends the answer: get_one() has the object
// `get->at` written. RC_MORE: it has to be called for it again. What else is
// not RC_OK is answered as an error.
enum jmap_step jmap_get_each(struct jmap_call *call, struct jmap_get *get,
    enum rc (*get_one)(struct jmap_call *call));

// ---- /changes (section 5.2) ------------------------------------------------

// An answer that is only a part of the changes may end within a commit. Its new
// state is the version before it, "." and how much of the commit was told.
struct jmap_changes {
	struct view since;                  // the state, as given
	struct store_change_position after; // the same
	uint64_t max;                       // of the ids in the answer
};

// False: an error was answered; a state that we never gave is
// cannotCalculateChanges.
MUST_CHECK bool jmap_changes_read(
    struct jmap_call *call, struct jmap_changes *ret_changes);
// For types that have more in their answer: begins it. The caller writes the
// lists and ends the object.
void jmap_changes_begin(struct jmap_call *call,
    const struct jmap_changes *changes, struct store_change_position until,
    bool more);
// A list of ids, as a member.
void jmap_changes_list(struct json_text *out, const char *name,
    enum jmap_id_kind kind, const uint64_t *ids, size_t count);
// Answers with what the store found; `found` is done with. `rc` is the store's:
// RC_GONE is cannotCalculateChanges, and with any failure `found` has nothing.
enum jmap_step jmap_changes_answer(struct jmap_call *call,
    const struct jmap_changes *changes, enum jmap_id_kind kind, enum rc rc,
    struct store_changes *found);

// ---- /set (section 5.3) ----------------------------------------------------

enum jmap_set_part {
	JMAP_SET_CREATE,
	JMAP_SET_UPDATE,
	JMAP_SET_DESTROY,
	JMAP_SET_PARTS,
};

struct jmap_set {
	const struct jmap_class *class;
	json_t *parts[JMAP_SET_PARTS]; // borrowed; NULL: none. `destroy` is an
				       // array, the others are objects
	bool has_if_in_state;
	uint64_t if_in_state; // UINT64_MAX: it never was a state
	// The lists of the answer, each as JSON text.
	struct buf done_text[JMAP_SET_PARTS], failed_text[JMAP_SET_PARTS];
	struct json_text done[JMAP_SET_PARTS], failed[JMAP_SET_PARTS];
	size_t done_count[JMAP_SET_PARTS], failed_count[JMAP_SET_PARTS];
};

// Empty lists, for methods that answer as /set does but have other arguments.
void jmap_set_init(struct jmap_call *call, const struct jmap_class *class,
    struct jmap_set *set);
// Reads the arguments; requestTooLarge if they have too many objects. False: an
// error was answered. In any case jmap_set_done() has to be called.
MUST_CHECK bool jmap_set_read(struct jmap_call *call,
    const struct jmap_class *class, struct jmap_set *ret_set);
void jmap_set_done(struct jmap_set *set);
// False: stateMismatch was answered.
MUST_CHECK bool jmap_set_in_state(
    struct jmap_call *call, const struct jmap_set *set, uint64_t version);

// Each object gets one result. The writer that is returned is within an object,
// for the properties that the client does not know; end the object.
struct json_text *jmap_set_created(struct jmap_call *call, struct jmap_set *set,
    struct view creation_id, struct view id); // "id" is written already
// Without further properties.
void jmap_set_updated(struct jmap_set *set, struct view id);
struct json_text *jmap_set_updated_more(struct jmap_set *set, struct view id);
void jmap_set_destroyed(struct jmap_set *set, struct view id);
// A SetError. `properties` (NULL or an array ended by an empty view) are named
// by invalidProperties. `description` may be NULL.
void jmap_set_failed(struct jmap_set *set, enum jmap_set_part part,
    struct view id, enum jmap_error error, const char *description,
    const struct view *properties);
// The same, and the writer is within the SetError, for more of its members; end
// the object.
struct json_text *jmap_set_failed_more(struct jmap_set *set,
    enum jmap_set_part part, struct view id, enum jmap_error error);
// Writes one list of the answer, which has ended; null if it is empty.
void jmap_set_add_list(struct json_text *out, const char *name, size_t count,
    const struct buf *text);
// Writes the response.
void jmap_set_end(struct jmap_call *call, struct jmap_set *set,
    uint64_t old_version, uint64_t new_version);

// Checks a new object against the class: properties that nobody knows, that
// only the server sets, of a wrong type, or that are missing. False: the error,
// with all of these properties, was noted.
MUST_CHECK bool jmap_set_check_create(
    struct jmap_set *set, struct view creation_id, json_t *object);
// Applies a patch to `object`, which has all that the client may change and
// all that the server sets, and checks the result. False: the error was noted,
// and `object` is no longer good.
MUST_CHECK bool jmap_set_check_update(
    struct jmap_set *set, struct view id, json_t *patch, json_t *object);
// The patch alone (section 5.3, PatchObject). RC_INVALID: invalidPatch.
MUST_CHECK enum rc jmap_patch_apply(json_t *patch, json_t *object);

// ---- /query (section 5.5) --------------------------------------------------

struct jmap_query {
	json_t *filter; // borrowed; NULL: none
	json_t *sort;   // an array, or NULL
	int64_t position;
	struct view anchor; // empty: none
	int64_t anchor_offset;
	bool has_limit;
	uint64_t limit; // at most JMAP_QUERY_LIMIT_MAX
	bool calculate_total;
};

#define JMAP_QUERY_LIMIT_MAX 10000 // ids in an answer

// Reads the arguments that all /query have. False: an error was answered.
MUST_CHECK bool jmap_query_read(
    struct jmap_call *call, struct jmap_query *ret_query);

// Which of `total` results are answered: `count` from `first` on. `anchor` is
// where the anchor is among the results; SIZE_MAX: it is not there
// (anchorNotFound is answered, and false returned).
struct jmap_window {
	size_t first, count;
};
MUST_CHECK bool jmap_query_window(struct jmap_call *call,
    const struct jmap_query *query, size_t total, size_t anchor,
    struct jmap_window *ret_window);
// Writes what stands before the ids, which follow as items of a list, and what
// stands behind them. `total` is written if it was asked for.
void jmap_query_begin(struct jmap_call *call, uint64_t version,
    bool can_calculate_changes, size_t position);
void jmap_query_end(
    struct jmap_call *call, const struct jmap_query *query, size_t total);

// ---- /queryChanges (section 5.6) -------------------------------------------

struct jmap_query_changes {
	json_t *filter, *sort;
	uint64_t since; // version; UINT64_MAX: it never was a state
	struct view since_text;
	bool has_max;
	uint64_t max;
	struct view up_to_id;
	bool calculate_total;
};

MUST_CHECK bool jmap_query_changes_read(
    struct jmap_call *call, struct jmap_query_changes *ret_changes);

// One of the comparators in "sort"; false: an error was answered (unsupported
// collation, wrong type …).
struct jmap_comparator {
	struct view property;
	bool descending;
	struct view keyword;
};
MUST_CHECK bool jmap_comparator_read(struct jmap_call *call,
    const json_t *comparator, struct jmap_comparator *ret_comparator);

#endif

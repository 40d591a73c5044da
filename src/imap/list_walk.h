// SPDX-License-Identifier: Apache-2.0
// Goes through the names that LIST and LSUB are about, in the store's order.
//
// *Selected* are: without criteria, all mailboxes; else the names that meet all
// of them (a subscribed name needs no mailbox). Above a selected name there may
// be levels that are not selected: names without a mailbox, which without
// criteria are found too; with RECURSIVEMATCH those above a selected name that
// no pattern matches (RFC 9051 section 6.3.9.3, rule 2B).
#ifndef ROOST_IMAP_LIST_WALK_H
#define ROOST_IMAP_LIST_WALK_H

#include "imap/list_line.h"
#include "wire/imap_match.h"

// How many names below one are looked at for one that no pattern matches.
#define IMAP_LIST_LOOK_MAX 100

// Bytes of patterns times bytes of names that are looked at in one turn: some
// milliseconds at the worst.
#define IMAP_LIST_WORK_MAX  ((size_t)8 << 20)
#define IMAP_LIST_WORK_NAME 1000 // going to a name, in the same measure

struct imap_list_walk {
	unsigned criteria; // of enum imap_list_criterion: set after init
	bool recursive;    // RECURSIVEMATCH: set after init
	const struct store_asker *asker; // outlives the walk
	struct store_account *account;
	struct arena *arena;  // the command's: patterns
	struct arena scratch; // of one step
	struct imap_pattern *patterns;
	size_t pattern_count;
	size_t pattern_capacity;
	size_t pattern_bytes; // of all of them
	size_t work;          // done in this turn
	size_t level;     // of `name`: levels above it were looked at, in bytes
	bool has_name;    // `name` is the selected name being dealt with
	bool has_mailbox; // `info` is its mailbox
	bool skip_below;  // nothing below `name` can match
	bool started;
	struct store_mailbox_info info;
	size_t root_len;   // 0: none
	size_t before_len; // the selected name before
	size_t name_len;
	char root[STORE_NAME_MAX]; // only names below it are looked at
	char before[STORE_NAME_MAX];
	char name[STORE_NAME_MAX];
};

struct imap_list_found {
	struct view name; // until the next call
	bool exists;
	struct store_mailbox_info info; // if it exists
	bool subscribed;
	bool has_children; // mailboxes below
	unsigned childinfo;
};

void imap_list_walk_init(struct imap_list_walk *walk,
    const struct store_asker *asker, struct store_account *account,
    struct arena *arena);
void imap_list_walk_done(struct imap_list_walk *walk);

// A pattern. No mailbox has a name that is not well-formed, so one that is not
// matches nothing, as RFC 9051 section 6.3.9 lets LIST answer, and is no
// failure: its view has ptr NULL, unlike that of an empty pattern.
MUST_CHECK enum rc imap_list_parse_pattern(
    struct imap_cursor *args, struct view *ret_pattern);

// One more pattern; one that cannot be used matches nothing (RFC 9051 section
// 6.3.9).
void imap_list_walk_add(
    struct imap_list_walk *walk, struct view reference, struct view pattern);

// The next name that LIST shows; RC_END; RC_MORE after so much work without one
// that others should have their turn.
MUST_CHECK enum rc imap_list_walk_next(
    struct imap_list_walk *walk, struct imap_list_found *ret_found);

#endif

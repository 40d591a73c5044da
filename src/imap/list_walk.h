// SPDX-License-Identifier: Apache-2.0
// Goes through the names that LIST and LSUB show, in the store's order.
//
// A name is *selected* if it meets all criteria; without criteria, all
// mailboxes are selected. A subscribed name may be selected without a mailbox.
// Above a selected name there may be levels that are not selected themselves.
// Without criteria, such a level (a name without a mailbox) is shown, too. With
// RECURSIVEMATCH, it is shown if no pattern matches the selected name (RFC 9051
// section 6.3.9.3, rule 2B).
#ifndef ROOST_IMAP_LIST_WALK_H
#define ROOST_IMAP_LIST_WALK_H

#include "imap/list_line.h"
#include "wire/imap_match.h"

// How many names below a level are tested to find one that no pattern matches.
#define IMAP_LIST_LOOK_MAX 100

// How much is matched in one turn: bytes of patterns times bytes of names. It
// takes some milliseconds at worst.
#define IMAP_LIST_WORK_MAX ((size_t)8 << 20)
// The cost of going to a name, in the same unit.
#define IMAP_LIST_WORK_NAME 1000

struct imap_list_walk {
	unsigned criteria; // of enum imap_list_criterion; to be set after init
	bool recursive;    // RECURSIVEMATCH; to be set after init
	const struct store_asker *asker; // must outlive the walk
	struct store_account *account;
	struct arena *arena;  // the command's: for patterns
	struct arena scratch; // for one step
	struct imap_pattern *patterns;
	size_t pattern_count;
	size_t pattern_capacity;
	size_t pattern_bytes; // of all patterns together
	size_t work;          // how much was done in this turn
	// How many bytes of `name`, from the top, have been handled as levels.
	size_t level;
	bool has_name;    // `name` is the current selected name
	bool has_mailbox; // `info` describes its mailbox
	bool skip_below;  // nothing below `name` can match
	bool started;
	struct store_mailbox_info info;
	size_t root_len;   // bytes in `root`; 0: there is none
	size_t before_len; // length of the previous selected name
	size_t name_len;
	char root[STORE_NAME_MAX]; // only names below it are visited
	char before[STORE_NAME_MAX];
	char name[STORE_NAME_MAX];
};

struct imap_list_found {
	struct view name; // valid until the next call
	bool exists;
	struct store_mailbox_info info; // if the mailbox exists
	bool subscribed;
	bool has_children; // there are mailboxes below it
	unsigned childinfo;
};

void imap_list_walk_init(struct imap_list_walk *walk,
    const struct store_asker *asker, struct store_account *account,
    struct arena *arena);
void imap_list_walk_done(struct imap_list_walk *walk);

// Parses a pattern. A pattern that is not well-formed matches nothing, as no
// mailbox has such a name. That is no failure (RFC 9051 section 6.3.9): its
// view has ptr NULL, which distinguishes it from an empty pattern.
MUST_CHECK enum rc imap_list_parse_pattern(
    struct imap_cursor *args, struct view *ret_pattern);

// Adds a pattern; one that cannot be used matches nothing (RFC 9051 section
// 6.3.9).
void imap_list_walk_add(
    struct imap_list_walk *walk, struct view reference, struct view pattern);

// Gives the next name that LIST shows; RC_END. RC_MORE when so much work was
// done without finding one that other sessions should have their turn.
MUST_CHECK enum rc imap_list_walk_next(
    struct imap_list_walk *walk, struct imap_list_found *ret_found);

#endif

// SPDX-License-Identifier: Apache-2.0
// LIST (RFC 9051 section 6.3.9, RFC 5258), with STATUS (RFC 5819) and special
// uses (RFC 6154). The arguments are parsed here; list_walk.h goes through the
// names.
#include "imap/commands.h"
#include "imap/list_line.h"
#include "imap/list_walk.h"
#include "imap/status.h"

#define PATTERNS_MAX 100 // patterns in one LIST

struct listing {
	struct imap_list_walk walk;
	bool extended;         // the syntax of RFC 5258 was used
	bool returns_children; // options
	bool returns_subscribed;
	bool returns_special_use;
	unsigned status_items;
};

// ---- Arguments -------------------------------------------------------------

static MUST_CHECK enum rc parse_selection_option(
    struct imap_cursor *args, struct listing *listing)
{
	struct imap_list_walk *walk = &listing->walk;
	if (imap_take_word(args, VIEW("SUBSCRIBED")))
		walk->criteria |= IMAP_LIST_CHILD_SUBSCRIBED;
	else if (imap_take_word(args, VIEW("SPECIAL-USE")))
		walk->criteria |= IMAP_LIST_CHILD_SPECIAL_USE;
	else if (imap_take_word(args, VIEW("RECURSIVEMATCH")))
		walk->recursive = true;
	// Accepted, but there are no remote mailboxes.
	else if (!imap_take_word(args, VIEW("REMOTE")))
		return imap_expected(args, "a LIST selection option");
	return RC_OK;
}

// Parses "(SUBSCRIBED RECURSIVEMATCH) ".
static MUST_CHECK enum rc parse_selection(
    struct imap_cursor *args, struct listing *listing)
{
	struct imap_list_walk *walk = &listing->walk;
	listing->extended = true;
	enum rc rc = imap_parse_open(args);
	bool more = rc == RC_OK && imap_peek(args) != ')';
	while (more) {
		rc = parse_selection_option(args, listing);
		more = rc == RC_OK && imap_take_next(args);
	}
	// RFC 9051 section 6.3.9.1.
	if (rc == RC_OK && walk->recursive && walk->criteria == 0)
		rc = imap_reject(args, RC_SYNTAX,
		    "RECURSIVEMATCH needs another selection option");
	if (rc == RC_OK)
		rc = imap_parse_close(args);
	// Each selection option implies the return option of that name.
	if (walk->criteria & IMAP_LIST_CHILD_SUBSCRIBED)
		listing->returns_subscribed = true;
	if (walk->criteria & IMAP_LIST_CHILD_SPECIAL_USE)
		listing->returns_special_use = true;
	return rc == RC_OK ? imap_parse_sp(args) : rc;
}

static MUST_CHECK enum rc parse_return_option(
    struct imap_cursor *args, struct listing *listing)
{
	if (imap_take_word(args, VIEW("SUBSCRIBED"))) {
		listing->returns_subscribed = true;
	} else if (imap_take_word(args, VIEW("CHILDREN"))) {
		listing->returns_children = true;
	} else if (imap_take_word(args, VIEW("SPECIAL-USE"))) {
		listing->returns_special_use = true;
	} else if (imap_take_word(args, VIEW("STATUS"))) {
		enum rc rc = imap_parse_sp(args);
		return rc == RC_OK
			   ? imap_status_parse(args, &listing->status_items)
			   : rc;
	} else {
		return imap_expected(args, "a LIST return option");
	}
	return RC_OK;
}

// Parses "RETURN (CHILDREN STATUS (MESSAGES))".
static MUST_CHECK enum rc parse_returns(
    struct imap_cursor *args, struct listing *listing)
{
	listing->extended = true;
	if (!imap_take_word(args, VIEW("RETURN")))
		return imap_expected(args, "RETURN");
	enum rc rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_open(args);
	bool more = rc == RC_OK && imap_peek(args) != ')';
	while (more) {
		rc = parse_return_option(args, listing);
		more = rc == RC_OK && imap_take_next(args);
	}
	return rc == RC_OK ? imap_parse_close(args) : rc;
}

struct patterns {
	struct view reference;
	struct view texts[PATTERNS_MAX];
	size_t count;
};

static MUST_CHECK enum rc parse_patterns(struct imap_cursor *args,
    struct listing *listing, struct patterns *patterns)
{
	enum rc rc = imap_parse_mailbox(args, &patterns->reference);
	if (rc == RC_OK)
		rc = imap_parse_sp(args);
	if (rc != RC_OK)
		return rc;
	if (imap_peek(args) != '(') {
		patterns->count = 1;
		return imap_list_parse_pattern(args, &patterns->texts[0]);
	}
	listing->extended = true;
	rc = imap_parse_open(args);
	while (rc == RC_OK) {
		if (patterns->count == PATTERNS_MAX)
			return imap_reject(args, RC_LIMIT,
			    "more than %d patterns", PATTERNS_MAX);
		rc = imap_list_parse_pattern(
		    args, &patterns->texts[patterns->count++]);
		if (!imap_take_next(args))
			break;
	}
	return rc == RC_OK ? imap_parse_close(args) : rc;
}

static MUST_CHECK enum rc parse_arguments(struct imap_cursor *args,
    struct listing *listing, struct patterns *patterns)
{
	enum rc rc = imap_parse_sp(args);
	if (rc == RC_OK && imap_peek(args) == '(')
		rc = parse_selection(args, listing);
	if (rc == RC_OK)
		rc = parse_patterns(args, listing, patterns);
	if (rc == RC_OK && imap_take_next(args))
		rc = parse_returns(args, listing);
	return rc == RC_OK ? imap_parse_end(args) : rc;
}

// ---- Answering -------------------------------------------------------------

static void tell_name(struct imap_command *command, struct listing *listing,
    const struct imap_list_found *found)
{
	bool rev2 = imap_has_feature(command->session, IMAP_FEATURE_REV2);
	struct imap_list_line line = {
	    .word = "LIST",
	    .name = found->name,
	    .childinfo = found->childinfo,
	};
	// RFC 3501 can only say that it cannot be selected.
	if (!found->exists)
		line.attributes |= listing->extended || rev2
				       ? IMAP_LIST_NONEXISTENT
				       : IMAP_LIST_NOSELECT;
	if (found->subscribed && listing->returns_subscribed)
		line.attributes |= IMAP_LIST_SUBSCRIBED;
	if (!listing->extended || listing->returns_children ||
	    (!found->exists && found->has_children))
		line.attributes |= found->has_children
				       ? IMAP_LIST_HAS_CHILDREN
				       : IMAP_LIST_HAS_NO_CHILDREN;
	if (found->exists &&
	    (!listing->extended || listing->returns_special_use))
		line.special_use = found->info.special_use;
	imap_list_line_write(command, &line);
	// RFC 5819 section 2: no STATUS for a mailbox for which the STATUS
	// command would be refused.
	if (found->exists && listing->status_items != 0 &&
	    (found->info.rights & STORE_RIGHT_READ) != 0)
		imap_status_write(command, &found->info, listing->status_items);
}

enum imap_step imap_list_resume(struct imap_command *command)
{
	struct listing *listing = command->state;
	struct imap_list_found found;
	for (;;) {
		if (imap_output_full(command))
			return IMAP_STEP_MORE;
		enum rc rc = imap_list_walk_next(&listing->walk, &found);
		if (rc == RC_MORE)
			return IMAP_STEP_MORE;
		if (rc == RC_END)
			return imap_ok(command, "LIST completed");
		if (rc != RC_OK)
			return imap_failed(command, rc);
		tell_name(command, listing, &found);
	}
}

void imap_list_end(struct imap_command *command)
{
	struct listing *listing = command->state;
	imap_list_walk_done(&listing->walk);
}

enum imap_step imap_list_begin(struct imap_command *command)
{
	struct listing *listing =
	    arena_zalloc(&command->arena, sizeof(*listing));
	struct patterns *patterns =
	    arena_zalloc(&command->arena, sizeof(*patterns));
	imap_list_walk_init(&listing->walk, &command->session->asker,
	    command->session->account, &command->arena);
	command->state = listing;
	enum rc rc = parse_arguments(&command->args, listing, patterns);
	if (rc != RC_OK)
		return imap_bad_arguments(command, rc);
	// RFC 9051 section 6.3.9: an empty pattern asks for the hierarchy
	// delimiter.
	struct view first = patterns->texts[0];
	if (!listing->extended && first.ptr && first.len == 0) {
		imap_untagged(command, "LIST (\\Noselect) \"/\" \"\"");
		return imap_ok(command, "LIST completed");
	}
	for (size_t i = 0; i < patterns->count; i++) {
		if (patterns->texts[i].len > 0)
			imap_list_walk_add(&listing->walk, patterns->reference,
			    patterns->texts[i]);
	}
	if (listing->status_items & IMAP_STATUS_HIGHESTMODSEQ)
		imap_enable_condstore(command);
	return imap_list_resume(command);
}

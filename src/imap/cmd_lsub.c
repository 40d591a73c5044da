// SPDX-License-Identifier: Apache-2.0
// LSUB (RFC 3501 section 6.3.9): the LIST of subscribed names from before RFC
// 5258.
#include "imap/commands.h"
#include "imap/list_line.h"
#include "imap/list_walk.h"

void imap_lsub_end(struct imap_command *command)
{
	imap_list_walk_done(command->state);
}

enum imap_step imap_lsub_resume(struct imap_command *command)
{
	struct imap_list_walk *walk = command->state;
	struct imap_list_found found;
	for (;;) {
		if (imap_output_full(command))
			return IMAP_STEP_MORE;
		enum rc rc = imap_list_walk_next(walk, &found);
		if (rc == RC_MORE)
			return IMAP_STEP_MORE;
		if (rc == RC_END)
			return imap_ok(command, "LSUB completed");
		if (rc != RC_OK)
			return imap_failed(command, rc);
		// The name is only a level above a subscribed name that the
		// pattern's "%" did not match.
		struct imap_list_line line = {
		    .word = "LSUB",
		    .attributes = found.subscribed ? 0u : IMAP_LIST_NOSELECT,
		    .name = found.name,
		};
		imap_list_line_write(command, &line);
	}
}

enum imap_step imap_lsub_begin(struct imap_command *command)
{
	struct imap_cursor *args = &command->args;
	struct view reference, pattern;
	enum rc rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_mailbox(args, &reference);
	if (rc == RC_OK)
		rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_list_parse_pattern(args, &pattern);
	if (rc == RC_OK)
		rc = imap_parse_end(args);
	if (rc != RC_OK)
		return imap_bad_arguments(command, rc);
	if (pattern.ptr && pattern.len == 0) {
		imap_untagged(command, "LSUB (\\Noselect) \"/\" \"\"");
		return imap_ok(command, "LSUB completed");
	}
	struct imap_list_walk *walk =
	    arena_zalloc(&command->arena, sizeof(*walk));
	imap_list_walk_init(walk, &command->session->asker,
	    command->session->account, &command->arena);
	command->state = walk;
	walk->criteria = IMAP_LIST_CHILD_SUBSCRIBED;
	walk->recursive = true;
	imap_list_walk_add(walk, reference, pattern);
	return imap_lsub_resume(command);
}

// SPDX-License-Identifier: Apache-2.0
// EXPUNGE and UID EXPUNGE (RFC 9051 sections 6.4.3 and 6.4.9, RFC 7162 sections
// 3.2.7 and 3.2.9).
#include "imap/commands.h"
#include "imap/view.h"

// Reports what was expunged, then decides the tagged response, with
// HIGHESTMODSEQ.
static enum imap_step run(struct imap_command *command)
{
	struct imap_view *view = command->session->view;
	const uint64_t *modseq = command->state;
	if (imap_view_sync_expunged(view, command->out) == IMAP_STEP_MORE)
		return IMAP_STEP_MORE;
	// RFC 7162 section 3.2.7: required with QRESYNC if anything was
	// expunged.
	if (*modseq != 0 &&
	    imap_has_feature(command->session, IMAP_FEATURE_QRESYNC)) {
		struct buf *code = imap_code(command);
		buf_add_literal(code, "HIGHESTMODSEQ ");
		buf_add_u64(code, imap_view_highestmodseq(view));
	}
	return imap_ok(command, "Expunge completed");
}

static enum imap_step expunge(
    struct imap_command *command, const struct rangeset *uids)
{
	struct imap_view *view = command->session->view;
	if (view->read_only)
		return imap_no(
		    command, "READ-ONLY", "The mailbox is selected read-only");
	uint64_t *modseq = arena_zalloc(&command->arena, sizeof(*modseq));
	command->state = modseq;
	enum rc rc =
	    store_expunge(view->mailbox, uids, &command->fault, modseq);
	if (rc != RC_OK)
		return imap_failed(command, rc);
	return run(command);
}

static enum imap_step uid_expunge(struct imap_command *command)
{
	struct imap_set set;
	enum rc rc = imap_parse_sp(&command->args);
	if (rc == RC_OK)
		rc = imap_parse_set(&command->args, &set);
	if (rc == RC_OK)
		rc = imap_parse_end(&command->args);
	if (rc != RC_OK)
		return imap_bad_arguments(command, rc);
	struct rangeset uids;
	rangeset_init(&uids);
	enum imap_step step;
	rc = imap_view_resolve(
	    command->session->view, &set, true, &command->fault, &uids);
	if (rc == RC_OK)
		step = expunge(command, &uids);
	else
		step = imap_bad(command, "%s", command->fault.text);
	rangeset_done(&uids);
	return step;
}

enum imap_step imap_expunge_begin(struct imap_command *command)
{
	if (command->uid)
		return uid_expunge(command);
	if (imap_no_arguments(command) != RC_OK)
		return IMAP_STEP_DONE;
	return expunge(command, NULL);
}

enum imap_step imap_expunge_resume(struct imap_command *command)
{
	return run(command);
}

// SPDX-License-Identifier: Apache-2.0
// See search.h.
#include "imap/search.h"

#include "base/mem.h"

// What BADCHARSET lists (RFC 9051 section 7.1): not all charsets that are
// known, but those that a client may want.
#define KNOWN_CHARSETS                                                         \
	"BADCHARSET (UTF-8 US-ASCII ISO-8859-1 ISO-8859-15 windows-1251 "      \
	"windows-1252 KOI8-R GB18030 Big5 Shift_JIS ISO-2022-JP EUC-JP "       \
	"EUC-KR UTF-16)"

// How many messages are tested between two looks at the clock.
#define SEARCH_CLOCK_EVERY 64

static bool refuse(struct imap_command *command, enum rc rc)
{
	if (rc == RC_CHARSET)
		imap_no(command, KNOWN_CHARSETS, "The charset is not known");
	else
		imap_failed(command, rc);
	return false;
}

static MUST_CHECK bool parse(struct search_run *run,
    struct imap_command *command, enum imap_search_command which)
{
	struct imap_search *search = &run->search;
	enum rc rc = imap_parse_sp(&command->args);
	if (rc == RC_OK)
		rc = imap_search_parse(&command->args, which, search);
	if (rc != RC_OK) {
		imap_bad_arguments(command, rc);
		return false;
	}
	// RFC 6855 section 3: no CHARSET once UTF8=ACCEPT is enabled.
	if (which == IMAP_SEARCH_COMMAND && search->has_charset &&
	    imap_has_feature(command->session, IMAP_FEATURE_UTF8)) {
		imap_bad(command, "CHARSET after ENABLE UTF8=ACCEPT");
		return false;
	}
	return true;
}

bool search_run_begin(struct search_run *run, struct imap_command *command,
    enum imap_search_command which)
{
	*run = (struct search_run){
	    .command = command,
	    .view = command->session->view,
	};
	rangeset_init(&run->candidates);
	rangeset_init(&run->uids);
	if (!parse(run, command, which))
		return false;
	// RFC 7162 section 3.1.5: this enables CONDSTORE.
	if (run->search.has_modseq)
		imap_enable_condstore(command);
	// RFC 7162 section 3.2.10.2: no VANISHED, even in a UID SEARCH.
	if (run->search.has_sequence)
		command->holds_expunge = true;
	enum rc rc = search_tree_prepare(run);
	if (rc == RC_OK)
		rc = store_search_new(run->view->mailbox, run->view->snapshot,
		    run->search.root, &command->fault, &run->store);
	if (rc != RC_OK)
		return refuse(command, rc);
	imap_view_cursor_init(&run->cursor, run->view, &run->candidates);
	return true;
}

void search_run_end(struct search_run *run)
{
	for (struct search_set *set = run->sets; set; set = set->next)
		rangeset_done(&set->uids);
	rangeset_done(&run->candidates);
	rangeset_done(&run->uids);
	free(run->firsts);
	store_search_free(&run->store);
}

enum search_next search_run_next(
    struct search_run *run, struct imap_view_message *ret_message)
{
	// Testing a message that has to be read can take as long as testing
	// thousands that need no reading.
	unsigned every =
	    store_search_reads(run->store) ? 1 : SEARCH_CLOCK_EVERY;
	for (unsigned i = 1;; i++) {
		if (i % every == 0 &&
		    session_slice_over(&run->command->session->base))
			return SEARCH_NEXT_PAUSE;
		struct imap_view_message message;
		if (!imap_view_cursor_next(&run->cursor, &message))
			return SEARCH_NEXT_END;
		if (message.ghost)
			continue;
		bool match = false;
		enum rc rc =
		    store_search_test(run->store, &message.message, &match);
		if (rc != RC_OK)
			run->unreadable++;
		if (rc != RC_OK || !match)
			continue;
		uint32_t uid = message.message.uid;
		rangeset_add(&run->uids, uid, uid);
		if (message.message.modseq > run->highest)
			run->highest = message.message.modseq;
		*ret_message = message;
		return SEARCH_NEXT_FOUND;
	}
}

// If no UIDs are missing between two messages in the result, their sequence
// numbers follow each other, too: so one look-up for each range is enough.
static void number_ranges(struct search_run *run)
{
	run->firsts = mem_alloc((run->uids.count + 1) * sizeof(*run->firsts));
	for (size_t i = 0; i < run->uids.count; i++)
		run->firsts[i] =
		    imap_view_rank(run->view, run->uids.ranges[i].first) + 1;
}

uint32_t search_run_number(struct search_run *run, uint32_t uid)
{
	if (run->command->uid)
		return uid;
	if (!run->firsts)
		number_ranges(run);
	size_t at = rangeset_seek(&run->uids, uid);
	if (at == run->uids.count)
		return imap_view_rank(run->view, uid) + 1;
	return run->firsts[at] + (uid - run->uids.ranges[at].first);
}

void search_run_write_modseq(const struct search_run *run)
{
	if (!run->search.has_modseq || run->uids.count == 0)
		return;
	buf_add_literal(run->command->out, " (MODSEQ ");
	buf_add_u64(run->command->out, run->highest);
	buf_add_char(run->command->out, ')');
}

enum imap_step search_run_done(const struct search_run *run, const char *text)
{
	if (run->unreadable == 0)
		return imap_ok(run->command, text);
	struct buf sentence;
	buf_init(&sentence, IMAP_TEXT_MAX);
	buf_printf(&sentence, "%s; %llu messages could not be read", text,
	    (unsigned long long)run->unreadable);
	buf_add_char(&sentence, '\0');
	const char *kept =
	    arena_copy(&run->command->arena, buf_view(&sentence)).ptr;
	buf_done(&sentence);
	return imap_ok(run->command, kept);
}

// SPDX-License-Identifier: Apache-2.0
// ENABLE (RFC 9051 section 6.3.1, RFC 5161), and enabling CONDSTORE by other
// commands (RFC 7162 section 3.1).
#include "imap/commands.h"
#include "imap/view.h"

static const struct {
	struct view name;
	unsigned features;
} enables[] = {
    {{"CONDSTORE", 9}, IMAP_FEATURE_CONDSTORE},
    // RFC 7162 section 3.2.3: QRESYNC includes CONDSTORE.
    {{"QRESYNC", 7}, IMAP_FEATURE_QRESYNC | IMAP_FEATURE_CONDSTORE},
    {{"UTF8=ACCEPT", 11}, IMAP_FEATURE_UTF8},
    {{"IMAP4rev2", 9}, IMAP_FEATURE_REV2},
};

// A name that is unknown, or needs no enabling, is ignored (RFC 5161 section
// 3.1).
static unsigned features_of(struct view name, size_t *ret_which)
{
	for (size_t i = 0; i < ARRAY_LEN(enables); i++) {
		if (view_eq_nocase(name, enables[i].name)) {
			*ret_which = i;
			return enables[i].features;
		}
	}
	return 0;
}

static void tell_highestmodseq(struct imap_command *command)
{
	const struct imap_view *view = command->session->view;
	if (view)
		imap_untagged(command, "OK [HIGHESTMODSEQ %llu] Highest",
		    (unsigned long long)imap_view_highestmodseq(view));
}

void imap_enable_condstore(struct imap_command *command)
{
	struct imap_session *session = command->session;
	if (imap_has_feature(session, IMAP_FEATURE_CONDSTORE))
		return;
	session->enabled |= IMAP_FEATURE_CONDSTORE;
	tell_highestmodseq(command);
}

enum imap_step imap_enable_begin(struct imap_command *command)
{
	struct imap_session *session = command->session;
	struct imap_cursor *args = &command->args;
	bool named[ARRAY_LEN(enables)] = {false};
	unsigned features = 0;
	enum rc rc = imap_parse_sp(args);
	if (rc != RC_OK)
		return imap_bad_arguments(command, rc);
	do {
		struct view name;
		size_t which;
		rc = imap_parse_atom(args, "a capability", &name);
		if (rc != RC_OK)
			return imap_bad_arguments(command, rc);
		unsigned wanted = features_of(name, &which);
		// RFC 5161 section 3.2: what was enabled before is not listed.
		if ((wanted & ~session->enabled) != 0)
			named[which] = true;
		features |= wanted;
	} while (imap_take_next(args));
	rc = imap_parse_end(args);
	if (rc != RC_OK)
		return imap_bad_arguments(command, rc);

	bool condstore =
	    (features & ~session->enabled & IMAP_FEATURE_CONDSTORE) != 0;
	buf_add_literal(command->out, "* ENABLED");
	for (size_t i = 0; i < ARRAY_LEN(enables); i++) {
		if (!named[i])
			continue;
		buf_add_char(command->out, ' ');
		buf_add(command->out, enables[i].name);
	}
	buf_add_literal(command->out, "\r\n");
	session->enabled |= features;
	// RFC 9051 appendix E: \Recent does not exist any more, also in a
	// mailbox that is already selected.
	if (session->view && (features & IMAP_FEATURE_REV2) != 0)
		rangeset_reset(&session->view->recent_uids);
	if (condstore)
		tell_highestmodseq(command);
	return imap_ok(command, "ENABLE completed");
}

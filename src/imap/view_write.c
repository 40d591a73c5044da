// SPDX-License-Identifier: Apache-2.0
// How changes are written: flags, FETCH of changed messages, EXISTS and RECENT.
#include "imap/put.h"
#include "imap/view.h"

// ---- Words -----------------------------------------------------------------

static bool imap_view_is_recent(const struct imap_view *view, uint32_t uid)
{
	return view->recent_uids.count && rangeset_has(&view->recent_uids, uid);
}

static void write_keywords(const struct imap_view *view,
    const struct store_keyword_set *set, bool first, struct buf *out)
{
	for (unsigned word = 0; word < ARRAY_LEN(set->bits); word++) {
		uint64_t bits = set->bits[word];
		for (; bits; bits &= bits - 1) {
			unsigned n =
			    word * 64 + (unsigned)__builtin_ctzll(bits);
			if (!first)
				buf_add_char(out, ' ');
			first = false;
			buf_add(out, store_snapshot_keyword(view->snapshot, n));
		}
	}
}

#define SYSTEM_FLAGS_MAX                                                       \
	sizeof("\\Answered \\Flagged \\Deleted \\Seen \\Draft \\Recent")

// Writes the system flags, with a space after each.
static char *put_system_flags(char *at, unsigned flags, bool recent)
{
	if (flags & STORE_FLAG_ANSWERED)
		at = put_literal(at, "\\Answered ");
	if (flags & STORE_FLAG_FLAGGED)
		at = put_literal(at, "\\Flagged ");
	if (flags & STORE_FLAG_DELETED)
		at = put_literal(at, "\\Deleted ");
	if (flags & STORE_FLAG_SEEN)
		at = put_literal(at, "\\Seen ");
	if (flags & STORE_FLAG_DRAFT)
		at = put_literal(at, "\\Draft ");
	if (recent)
		at = put_literal(at, "\\Recent ");
	return at;
}

void imap_view_write_flags(const struct imap_view *view,
    const struct store_message *message, struct buf *out)
{
	char text[SYSTEM_FLAGS_MAX + 2];
	char *at = put_char(text, '(');
	at = put_system_flags(
	    at, message->flags, imap_view_is_recent(view, message->uid));
	bool none = at == text + 1;
	if (!none)
		at--;
	buf_add(out, view_of(text, (size_t)(at - text)));
	if (message->has_keywords)
		write_keywords(view, &message->keywords, none, out);
	buf_add_char(out, ')');
}

void imap_view_write_update(struct imap_view *view, uint32_t sequence,
    const struct store_message *message, bool uid, bool flags, struct buf *out)
{
	// RFC 7162 section 3.2.4: once CONDSTORE is enabled, untagged FETCH
	// responses have UID and MODSEQ.
	bool condstore =
	    imap_has_feature(view->session, IMAP_FEATURE_CONDSTORE);
	char text[128];
	char *at = put_literal(text, "* ");
	at = put_u32(at, sequence);
	at = put_literal(at, " FETCH (");
	if (uid || condstore) {
		at = put_literal(at, "UID ");
		at = put_u32(at, message->uid);
		at = put_char(at, ' ');
	}
	if (condstore) {
		at = put_literal(at, "MODSEQ (");
		at = put_u64(at, message->modseq);
		at = put_literal(at, ") ");
		view->modseq_sent = true;
	}
	if (flags)
		at = put_literal(at, "FLAGS ");
	else if (at[-1] == ' ')
		at--;
	buf_add(out, view_of(text, (size_t)(at - text)));
	if (flags)
		imap_view_write_flags(view, message, out);
	buf_add_literal(out, ")\r\n");
}

static void write_keyword_names(
    const struct store_snapshot *snapshot, struct buf *out)
{
	unsigned count = store_snapshot_keyword_count(snapshot);
	for (unsigned n = 0; n < count; n++) {
		buf_add_char(out, ' ');
		buf_add(out, store_snapshot_keyword(snapshot, n));
	}
}

// RFC 4314 section 5.1.1: the flags that the user has the right to change.
static void write_permanent(const struct imap_view *view, struct buf *out)
{
	unsigned rights = store_mailbox_rights(view->mailbox);
	const char *before = "";
	if (rights & STORE_RIGHT_WRITE) {
		buf_add_literal(out, "\\Answered \\Flagged");
		before = " ";
	}
	if (rights & STORE_RIGHT_DELETE_MESSAGES) {
		buf_printf(out, "%s\\Deleted", before);
		before = " ";
	}
	if (rights & STORE_RIGHT_SEEN)
		buf_printf(out, "%s\\Seen", before);
	if ((rights & STORE_RIGHT_WRITE) == 0)
		return;
	buf_add_literal(out, " \\Draft");
	write_keyword_names(view->snapshot, out);
	// RFC 9051 section 7.1: \* when keywords can be made.
	if (store_snapshot_keyword_count(view->snapshot) < STORE_KEYWORDS_MAX)
		buf_add_literal(out, " \\*");
}

void imap_view_write_flags_line(
    const struct imap_view *view, bool read_only, struct buf *out)
{
	buf_add_literal(
	    out, "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft");
	write_keyword_names(view->snapshot, out);
	buf_add_literal(out, ")\r\n* OK [PERMANENTFLAGS (");
	if (!read_only)
		write_permanent(view, out);
	buf_add_literal(out, ")] Flags that are kept\r\n");
}

// ---- New messages ----------------------------------------------------------

void imap_view_claim_recent(struct imap_view *view, uint32_t from_uid)
{
	struct imap_recent *recent = view->session->server->recent;
	if (!recent || imap_has_feature(view->session, IMAP_FEATURE_REV2))
		return;
	uint32_t first = imap_recent_first(
	    recent, view->mailbox, view->snapshot, !view->read_only);
	if (first < from_uid)
		first = from_uid;
	struct store_walk walk;
	store_walk_init(
	    &walk, view->snapshot, store_snapshot_rank(view->snapshot, first));
	uint32_t index;
	struct store_message message;
	while (store_walk_next(&walk, &index, &message))
		rangeset_add(&view->recent_uids, message.uid, message.uid);
}

void imap_view_write_exists(const struct imap_view *view, struct buf *out)
{
	buf_add_literal(out, "* ");
	buf_add_u64(out, imap_view_count(view));
	buf_add_literal(out, " EXISTS\r\n");
	imap_view_write_recent(view, out);
}

void imap_view_write_recent(const struct imap_view *view, struct buf *out)
{
	// RFC 9051 appendix E: RECENT was removed.
	if (imap_has_feature(view->session, IMAP_FEATURE_REV2))
		return;
	buf_add_literal(out, "* ");
	buf_add_u64(out, rangeset_size(&view->recent_uids));
	buf_add_literal(out, " RECENT\r\n");
}

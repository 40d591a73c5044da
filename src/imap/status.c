// SPDX-License-Identifier: Apache-2.0
// STATUS data items. The store keeps a counter for each of them, except RECENT.
#include "imap/status.h"

#include "imap/recent.h"
#include "imap/session.h"

static const struct {
	struct view name;
	enum imap_status_item item;
} items_by_name[] = {
#define ITEM(name)                                                             \
	{                                                                      \
		{#name, sizeof(#name) - 1}, IMAP_STATUS_##name                 \
	}
    ITEM(MESSAGES),
    ITEM(RECENT),
    ITEM(UIDNEXT),
    ITEM(UIDVALIDITY),
    ITEM(UNSEEN),
    ITEM(DELETED),
    ITEM(SIZE),
    ITEM(HIGHESTMODSEQ),
    ITEM(MAILBOXID),
    ITEM(APPENDLIMIT),
#undef ITEM
};

static MUST_CHECK enum rc parse_item(
    struct imap_cursor *cursor, unsigned *items)
{
	for (size_t i = 0; i < ARRAY_LEN(items_by_name); i++) {
		if (imap_take_word(cursor, items_by_name[i].name)) {
			*items |= (unsigned)items_by_name[i].item;
			return RC_OK;
		}
	}
	return imap_expected(cursor, "a STATUS item");
}

enum rc imap_status_parse(struct imap_cursor *cursor, unsigned *ret_items)
{
	unsigned items = 0;
	enum rc rc = imap_parse_open(cursor);
	while (rc == RC_OK) {
		rc = parse_item(cursor, &items);
		if (!imap_take_next(cursor))
			break;
	}
	if (rc == RC_OK)
		rc = imap_parse_close(cursor);
	if (rc == RC_OK)
		*ret_items = items;
	return rc;
}

static uint32_t count_recent(
    struct imap_session *session, const struct store_mailbox_info *info)
{
	struct store_mailbox *mailbox;
	if (!session->server->recent ||
	    store_mailbox_open(&session->asker, session->account, info->name,
		STORE_RIGHT_READ, NULL, &mailbox) != RC_OK)
		return 0;
	struct store_snapshot *snapshot = store_mailbox_snapshot(mailbox);
	uint32_t count =
	    imap_recent_count(session->server->recent, mailbox, snapshot);
	store_snapshot_unref(&snapshot);
	store_mailbox_close(&mailbox);
	return count;
}

static uint64_t value_of(struct imap_session *session,
    const struct store_mailbox_info *info, enum imap_status_item item)
{
	switch (item) {
	case IMAP_STATUS_MESSAGES: return info->messages;
	case IMAP_STATUS_RECENT: return count_recent(session, info);
	case IMAP_STATUS_UIDNEXT: return info->uidnext;
	case IMAP_STATUS_UIDVALIDITY: return info->uidvalidity;
	case IMAP_STATUS_UNSEEN: return info->unseen;
	case IMAP_STATUS_DELETED: return info->deleted;
	case IMAP_STATUS_SIZE: return info->size;
	case IMAP_STATUS_HIGHESTMODSEQ: return info->highestmodseq;
	case IMAP_STATUS_MAILBOXID: return info->mailbox_id;
	case IMAP_STATUS_APPENDLIMIT:
		return store_message_max(session->server->store);
	}
	return 0;
}

void imap_status_write(struct imap_command *command,
    const struct store_mailbox_info *info, unsigned items)
{
	struct imap_session *session = command->session;
	struct buf *out = command->out;
	char before = '(';
	buf_add_literal(out, "* STATUS ");
	imap_write_mailbox(out, info->name, imap_is_utf8(session));
	buf_add_char(out, ' ');
	for (size_t i = 0; i < ARRAY_LEN(items_by_name); i++) {
		enum imap_status_item item = items_by_name[i].item;
		if ((items & (unsigned)item) == 0)
			continue;
		buf_add_char(out, before);
		before = ' ';
		buf_add(out, items_by_name[i].name);
		uint64_t value = value_of(session, info, item);
		if (item == IMAP_STATUS_MAILBOXID)
			buf_printf(out, " (M%llx)", (unsigned long long)value);
		else
			buf_printf(out, " %llu", (unsigned long long)value);
	}
	buf_add_literal(out, ")\r\n");
}

// SPDX-License-Identifier: Apache-2.0
// What is not written yet of view.h and commands.h: goes as it gets written.
#include "base/mem.h"
#include "imap/commands.h"
#include "imap/view.h"

#define STUB(name)                                                             \
	enum imap_step imap_##name##_begin(struct imap_command *command)       \
	{                                                                      \
		return imap_no(command, "CANNOT", "not written yet");          \
	}
#define STUB_MORE(name)                                                        \
	STUB(name)                                                             \
	enum imap_step imap_##name##_resume(struct imap_command *command)      \
	{                                                                      \
		(void)command;                                                 \
		return IMAP_STEP_DONE;                                         \
	}                                                                      \
	void imap_##name##_end(struct imap_command *command)                   \
	{                                                                      \
		(void)command;                                                 \
	}

STUB_MORE(fetch)
STUB_MORE(store)
STUB_MORE(search)
STUB_MORE(sort)
STUB_MORE(thread)
STUB(expunge)
STUB(copy)
STUB(move)

struct imap_view {
	struct store_mailbox *mailbox;
	struct store_snapshot *snapshot;
	bool read_only;
};

struct imap_view *imap_view_open(struct imap_session *session,
    struct store_mailbox *mailbox_take, bool read_only)
{
	(void)session;
	struct imap_view *view = mem_zalloc(sizeof(*view));
	view->mailbox = mailbox_take;
	view->snapshot = store_mailbox_snapshot(mailbox_take);
	view->read_only = read_only;
	return view;
}

void imap_view_close(struct imap_view **view)
{
	if (*view == NULL)
		return;
	store_snapshot_unref(&(*view)->snapshot);
	store_mailbox_close(&(*view)->mailbox);
	free(*view);
	*view = NULL;
}

struct store_mailbox *imap_view_mailbox(const struct imap_view *view)
{
	return view->mailbox;
}

const struct store_snapshot *imap_view_snapshot(const struct imap_view *view)
{
	return view->snapshot;
}

bool imap_view_read_only(const struct imap_view *view)
{
	return view->read_only;
}

uint32_t imap_view_count(const struct imap_view *view)
{
	return store_snapshot_count(view->snapshot);
}

enum imap_step imap_view_qresync(struct imap_view *view,
    struct imap_command *command, const struct imap_qresync *qresync)
{
	(void)view, (void)command, (void)qresync;
	return IMAP_STEP_DONE;
}

enum imap_step imap_view_sync(
    struct imap_view *view, bool expunge, struct buf *out)
{
	(void)view, (void)expunge, (void)out;
	return IMAP_STEP_DONE;
}

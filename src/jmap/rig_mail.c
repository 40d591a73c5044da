// SPDX-License-Identifier: Apache-2.0
#include "jmap/rig_mail.h"

#define FLAGS_MAX 16

// Flags as they are given to the store; the views point into `text`.
struct flags_read {
	struct view keywords[FLAGS_MAX];
	struct store_flags flags;
};

static void read_flags(const char *text, struct flags_read *read)
{
	static const struct {
		const char *name;
		unsigned flag;
	} system[] = {
	    {"\\Seen", STORE_FLAG_SEEN},
	    {"\\Answered", STORE_FLAG_ANSWERED},
	    {"\\Flagged", STORE_FLAG_FLAGGED},
	    {"\\Deleted", STORE_FLAG_DELETED},
	    {"\\Draft", STORE_FLAG_DRAFT},
	};
	struct view rest = view_of_string(text);
	struct view word;
	*read = (struct flags_read){.flags = {.keywords = read->keywords}};
	while (view_split(&rest, ' ', &word)) {
		size_t i = 0;
		while (i < ARRAY_LEN(system) &&
		       !view_eq(word, view_of_string(system[i].name)))
			i++;
		if (i < ARRAY_LEN(system))
			read->flags.system |= system[i].flag;
		else if (read->flags.keyword_count < FLAGS_MAX)
			read->keywords[read->flags.keyword_count++] = word;
	}
}

static struct store_mailbox *open_mailbox(
    struct jmap_rig *rig, const char *name)
{
	struct fault fault;
	struct store_mailbox *mailbox;
	struct store_asker asker = store_user(rig->users.user.account);
	rig_must(store_mailbox_open(&asker, rig->account, view_of_string(name),
		     STORE_RIGHTS_ALL, &fault, &mailbox),
	    name);
	return mailbox;
}

static struct rangeset range_of(uint32_t first, uint32_t last)
{
	struct rangeset uids;
	rangeset_init(&uids);
	rangeset_add(&uids, first, last);
	return uids;
}

static uint64_t append(struct jmap_rig *rig, const char *mailbox,
    const char *message, struct store_append append)
{
	struct fault fault;
	struct store_appended appended;
	struct store_message entry;
	uint32_t index;
	struct store_draft *draft = store_draft_new(rig->store);
	rig_must(store_draft_add(draft, view_of_string(message)), "draft");
	rig_must(store_draft_finish(draft), "draft");
	struct store_mailbox *open = open_mailbox(rig, mailbox);
	append.draft = draft;
	rig_must(store_append(open, &append, 1, &fault, &appended), "append");
	struct store_snapshot *snapshot = store_mailbox_snapshot(open);
	rig_must(store_snapshot_find(snapshot, appended.first_uid, &index),
	    "the message");
	store_snapshot_get(snapshot, index, &entry);
	store_snapshot_unref(&snapshot);
	store_mailbox_close(&open);
	store_draft_free(&draft);
	return entry.email_id;
}

uint64_t jmap_rig_deliver(
    struct jmap_rig *rig, const char *mailbox, const char *message)
{
	return append(rig, mailbox, message, (struct store_append){0});
}

uint64_t rig_mail_put(struct jmap_rig *rig, const char *mailbox, int64_t when,
    const char *flags, const char *message)
{
	struct flags_read read;
	read_flags(flags, &read);
	return append(rig, mailbox, message,
	    (struct store_append){
		.flags = read.flags, .has_date = true, .internal_date = when});
}

void rig_mail_flags(struct jmap_rig *rig, const char *mailbox, uint32_t first,
    uint32_t last, enum store_flags_operation operation, const char *flags)
{
	struct fault fault;
	struct flags_read read;
	uint64_t modseq;
	struct rangeset uids = range_of(first, last);
	read_flags(flags, &read);
	struct store_mailbox *open = open_mailbox(rig, mailbox);
	struct store_flags_change change = {
	    .operation = operation, .flags = read.flags};
	rig_must(
	    store_flags_change(open, &uids, &change, &fault, NULL, &modseq),
	    "flags");
	store_mailbox_close(&open);
	rangeset_done(&uids);
}

void rig_mail_expunge(
    struct jmap_rig *rig, const char *mailbox, uint32_t first, uint32_t last)
{
	struct fault fault;
	uint64_t modseq;
	struct rangeset uids = range_of(first, last);
	struct rangeset seen;
	rangeset_init(&seen);
	struct store_mailbox *open = open_mailbox(rig, mailbox);
	rig_must(
	    store_take_away(open, &uids, &seen, &fault, &modseq), "expunge");
	store_mailbox_close(&open);
	rangeset_done(&uids);
}

void rig_mail_copy(struct jmap_rig *rig, const char *from, uint32_t first,
    uint32_t last, const char *to, bool move)
{
	struct fault fault;
	struct store_copied copied;
	struct rangeset uids = range_of(first, last);
	struct store_mailbox *source = open_mailbox(rig, from);
	struct store_mailbox *target = open_mailbox(rig, to);
	rig_must(
	    store_copy(source, &uids, target, move, &fault, &copied), "copy");
	store_copied_done(&copied);
	store_mailbox_close(&source);
	store_mailbox_close(&target);
	rangeset_done(&uids);
}

uint32_t rig_mail_uid(
    struct jmap_rig *rig, const char *mailbox, uint64_t email_id)
{
	struct store_mailbox *open = open_mailbox(rig, mailbox);
	struct store_snapshot *snapshot = store_mailbox_snapshot(open);
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	uint32_t uid = 0;
	store_walk_init(&walk, snapshot, 0);
	while (uid == 0 && store_walk_next(&walk, &index, &message))
		if (message.email_id == email_id)
			uid = message.uid;
	store_snapshot_unref(&snapshot);
	store_mailbox_close(&open);
	return uid;
}

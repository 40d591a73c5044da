// SPDX-License-Identifier: Apache-2.0
// All decisions about who may do what are made here. A refusal never tells
// whether a mailbox exists that the asker may not look up (RFC 4314 section 6).
#include "store/account_impl.h"
#include "store/snapshot.h"

const struct store_asker store_system = {STORE_ASKER_SYSTEM, 0};

// If several rights are missing, the refusal names the last one in this table.
static const struct {
	enum store_right right;
	const char *what;
} right_names[] = {
    {STORE_RIGHT_READ, "read"},
    {STORE_RIGHT_SEEN, "mark messages read in"},
    {STORE_RIGHT_WRITE, "change flags in"},
    {STORE_RIGHT_INSERT, "add messages to"},
    {STORE_RIGHT_POST, "post to"},
    {STORE_RIGHT_DELETE_MESSAGES, "delete messages in"},
    {STORE_RIGHT_EXPUNGE, "expunge messages in"},
    {STORE_RIGHT_DELETE_MAILBOX, "delete or rename"},
};

bool account_is_own(
    const struct store_asker *asker, const struct store_account *account)
{
	return asker->kind == STORE_ASKER_SYSTEM ||
	       asker->account == account->id;
}

unsigned mailbox_rights(const struct store_asker *asker,
    const struct store_account *account, const struct mailbox *mailbox)
{
	if (account_is_own(asker, account))
		return STORE_RIGHTS_ALL;
	const struct store_sharing *sharing = &account->store->options.sharing;
	if (!sharing->rights || !mailbox)
		return 0;
	return sharing->rights(
	    sharing->context, asker, account->id, mailbox->id);
}

// `has`: the asker's rights to a mailbox that exists.
static enum rc decide(unsigned has, unsigned rights, struct fault *fault)
{
	if ((has & rights) == rights)
		return RC_OK;
	if (!(has & STORE_RIGHT_LOOKUP))
		return fault_set(
		    fault, RC_NOT_FOUND, "there is no mailbox of that name");
	const char *what = "do this with";
	for (size_t i = 0; i < ARRAY_LEN(right_names); i++)
		if (rights & ~has & (unsigned)right_names[i].right)
			what = right_names[i].what;
	return fault_set(
	    fault, RC_DENIED, "you have no right to %s this mailbox", what);
}

enum rc mailbox_need(const struct store_asker *asker,
    const struct store_account *account, const struct mailbox *mailbox,
    unsigned rights, struct fault *fault)
{
	unsigned has = mailbox ? mailbox_rights(asker, account, mailbox) : 0;
	return decide(has, rights ? rights : STORE_RIGHT_LOOKUP, fault);
}

// RFC 4314 section 4: needs "x" on the mailbox itself. If there is no mailbox
// of that name but there are some below it, needs "x" on each of them; an asker
// who may look up one of these may know of the name.
enum rc mailbox_need_rename(const struct store_asker *asker,
    const struct store_account *account, struct view name, struct fault *fault)
{
	size_t at;
	if (account_table_seek(account, name, &at))
		return mailbox_need(asker, account,
		    account->mailboxes.items[at], STORE_RIGHT_DELETE_MAILBOX,
		    fault);
	unsigned all = STORE_RIGHTS_ALL;
	unsigned any = 0;
	for (; at < account->mailboxes.count &&
	       name_is_below(account->mailboxes.items[at]->name, name);
	     at++) {
		unsigned has = mailbox_rights(
		    asker, account, account->mailboxes.items[at]);
		all &= has;
		any |= has;
	}
	unsigned has = any ? all | (any & STORE_RIGHT_LOOKUP) : 0;
	return decide(has, STORE_RIGHT_DELETE_MAILBOX, fault);
}

// RFC 4314 section 4: needs "k" on the nearest existing parent. At the top of
// the account there is no parent, and only the owner may create mailboxes. The
// refusal is always the same, so that it does not show whether there is a
// parent that the asker may not look up.
enum rc mailbox_need_create(const struct store_asker *asker,
    const struct store_account *account, struct view name, struct fault *fault)
{
	if (account_is_own(asker, account))
		return RC_OK;
	const struct mailbox *parent = NULL;
	for (size_t i = name.len; i-- > 0 && !parent;) {
		size_t at;
		if (name.ptr[i] == '/' &&
		    account_table_seek(account, view_slice(name, 0, i), &at))
			parent = account->mailboxes.items[at];
	}
	if (mailbox_rights(asker, account, parent) & STORE_RIGHT_CREATE)
		return RC_OK;
	return fault_set(
	    fault, RC_DENIED, "you have no right to create a mailbox there");
}

unsigned rights_to_flags(unsigned rights)
{
	unsigned flags = 0;
	if (rights & STORE_RIGHT_SEEN)
		flags |= STORE_FLAG_SEEN;
	if (rights & STORE_RIGHT_DELETE_MESSAGES)
		flags |= STORE_FLAG_DELETED;
	if (rights & STORE_RIGHT_WRITE)
		flags |= ~(unsigned)(STORE_FLAG_SEEN | STORE_FLAG_DELETED);
	return flags;
}

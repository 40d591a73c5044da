// SPDX-License-Identifier: Apache-2.0
// Writing LIST responses.
#include "imap/list_line.h"

struct attribute {
	const char *name;
	unsigned bit;
};

static const struct attribute attributes[] = {
    {"\\NonExistent", IMAP_LIST_NONEXISTENT},
    {"\\Noselect", IMAP_LIST_NOSELECT},
    {"\\Subscribed", IMAP_LIST_SUBSCRIBED},
    {"\\HasChildren", IMAP_LIST_HAS_CHILDREN},
    {"\\HasNoChildren", IMAP_LIST_HAS_NO_CHILDREN},
};

static const struct attribute special_uses[] = {
    {"\\All", STORE_USE_ALL},
    {"\\Archive", STORE_USE_ARCHIVE},
    {"\\Drafts", STORE_USE_DRAFTS},
    {"\\Flagged", STORE_USE_FLAGGED},
    {"\\Junk", STORE_USE_JUNK},
    {"\\Sent", STORE_USE_SENT},
    {"\\Trash", STORE_USE_TRASH},
    {"\\Important", STORE_USE_IMPORTANT},
};

unsigned imap_special_use_find(struct view name)
{
	for (size_t i = 0; i < ARRAY_LEN(special_uses); i++) {
		if (view_eq_nocase(name, view_of_string(special_uses[i].name)))
			return special_uses[i].bit;
	}
	return 0;
}

static void write_set(struct buf *out, const struct attribute *table,
    size_t count, unsigned set, bool *first)
{
	for (size_t i = 0; i < count; i++) {
		if ((set & table[i].bit) == 0)
			continue;
		if (!*first)
			buf_add_char(out, ' ');
		*first = false;
		buf_add_string(out, table[i].name);
	}
}

// mbox-list-extended: ("CHILDINFO" ("SUBSCRIBED")) and ("OLDNAME" (name)).
static void write_extended(
    struct buf *out, const struct imap_list_line *line, bool utf8)
{
	if (line->childinfo != 0) {
		buf_add_literal(out, " (\"CHILDINFO\" (");
		if (line->childinfo & IMAP_LIST_CHILD_SUBSCRIBED)
			buf_add_literal(out, "\"SUBSCRIBED\"");
		if (line->childinfo ==
		    (IMAP_LIST_CHILD_SUBSCRIBED | IMAP_LIST_CHILD_SPECIAL_USE))
			buf_add_char(out, ' ');
		if (line->childinfo & IMAP_LIST_CHILD_SPECIAL_USE)
			buf_add_literal(out, "\"SPECIAL-USE\"");
		buf_add_literal(out, "))");
	}
	if (line->old_name.len > 0) {
		buf_add_literal(out, " (\"OLDNAME\" (");
		imap_write_mailbox(out, line->old_name, utf8);
		buf_add_literal(out, "))");
	}
}

void imap_list_tell_old_name(
    struct imap_command *command, struct view said, unsigned also)
{
	char room[STORE_NAME_MAX];
	struct view name = store_name_canonical(said, room);
	struct store_mailbox_info info;
	if (!imap_has_feature(command->session, IMAP_FEATURE_REV2) ||
	    view_eq(name, said))
		return;
	struct imap_list_line line = {
	    .word = "LIST",
	    .attributes = also,
	    .name = name,
	    .old_name = said,
	};
	if (store_mailbox_find(&command->session->asker,
		command->session->account, name, STORE_RIGHT_LOOKUP,
		&command->arena, NULL, &info) == RC_OK) {
		line.attributes |= info.subscribed ? IMAP_LIST_SUBSCRIBED : 0;
		line.special_use = info.special_use;
	}
	imap_list_line_write(command, &line);
}

void imap_list_line_write(
    struct imap_command *command, const struct imap_list_line *line)
{
	struct buf *out = command->out;
	bool utf8 = imap_is_utf8(command->session);
	bool first = true;
	buf_add_literal(out, "* ");
	buf_add_string(out, line->word);
	buf_add_literal(out, " (");
	write_set(
	    out, attributes, ARRAY_LEN(attributes), line->attributes, &first);
	write_set(out, special_uses, ARRAY_LEN(special_uses), line->special_use,
	    &first);
	buf_add_literal(out, ") \"/\" ");
	imap_write_mailbox(out, line->name, utf8);
	write_extended(out, line, utf8);
	buf_add_literal(out, "\r\n");
}

// SPDX-License-Identifier: Apache-2.0
// The type Mailbox, and Mailbox/get (RFC 8621 sections 2 and 2.1).
#include "jmap/mailbox.h"

#include "jmap/mailbox_order.h"
#include "jmap/methods.h"

static const struct jmap_property properties[MAILBOX_PROPERTIES] = {
    [MAILBOX_ID] = {"id", JMAP_KIND_ID, JMAP_SERVER_SET | JMAP_IMMUTABLE},
    [MAILBOX_NAME] = {"name", JMAP_KIND_STRING, JMAP_REQUIRED},
    [MAILBOX_PARENT_ID] = {"parentId", JMAP_KIND_ID, JMAP_NULLABLE},
    [MAILBOX_ROLE] = {"role", JMAP_KIND_STRING, JMAP_NULLABLE},
    [MAILBOX_SORT_ORDER] = {"sortOrder", JMAP_KIND_U64, 0},
    [MAILBOX_TOTAL_EMAILS] = {"totalEmails", JMAP_KIND_U64, JMAP_SERVER_SET},
    [MAILBOX_UNREAD_EMAILS] = {"unreadEmails", JMAP_KIND_U64, JMAP_SERVER_SET},
    [MAILBOX_TOTAL_THREADS] = {"totalThreads", JMAP_KIND_U64, JMAP_SERVER_SET},
    [MAILBOX_UNREAD_THREADS] = {"unreadThreads", JMAP_KIND_U64,
	JMAP_SERVER_SET},
    [MAILBOX_MY_RIGHTS] = {"myRights", JMAP_KIND_OBJECT, JMAP_SERVER_SET},
    [MAILBOX_IS_SUBSCRIBED] = {"isSubscribed", JMAP_KIND_BOOL, 0},
};

const struct jmap_class mailbox_class = {
    "Mailbox", properties, MAILBOX_PROPERTIES};

// ---- Roles -----------------------------------------------------------------

// The IANA registry "IMAP Mailbox Name Attributes", in lower case, and the
// order in which programs show them.
static const struct {
	const char *role;
	unsigned use; // of enum store_special_use; 0: INBOX
	uint32_t sort_order;
} roles[] = {
    {"inbox", 0, 1},
    {"drafts", STORE_USE_DRAFTS, 2},
    {"sent", STORE_USE_SENT, 3},
    {"archive", STORE_USE_ARCHIVE, 4},
    {"junk", STORE_USE_JUNK, 5},
    {"trash", STORE_USE_TRASH, 6},
    {"all", STORE_USE_ALL, 7},
    {"flagged", STORE_USE_FLAGGED, 8},
    {"important", STORE_USE_IMPORTANT, 9},
};
#define SORT_ORDER_OTHERS 10

static bool is_inbox(const struct store_view_mailbox *mailbox)
{
	return view_eq(mailbox->info.name, VIEW("INBOX"));
}

static size_t role_of(const struct store_view_mailbox *mailbox)
{
	size_t i = 0;
	while (
	    i < ARRAY_LEN(roles) &&
	    !(roles[i].use ? mailbox->role == roles[i].use : is_inbox(mailbox)))
		i++;
	return i;
}

const char *mailbox_role(const struct store_view_mailbox *mailbox)
{
	size_t i = role_of(mailbox);
	return i < ARRAY_LEN(roles) ? roles[i].role : NULL;
}

bool mailbox_role_read(struct view role, unsigned *ret_use)
{
	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		if (!view_eq(role, view_of_string(roles[i].role)))
			continue;
		*ret_use = roles[i].use;
		return true;
	}
	return false;
}

uint32_t mailbox_sort_order(const struct store_view_mailbox *mailbox)
{
	size_t i = role_of(mailbox);
	return i < ARRAY_LEN(roles) ? roles[i].sort_order : SORT_ORDER_OTHERS;
}

// ---- Writing one -----------------------------------------------------------

struct view mailbox_shown_name(const struct store_view_mailbox *mailbox)
{
	// As people know it; the role tells programs.
	return is_inbox(mailbox) ? VIEW("Inbox") : mailbox->own_name;
}

void mailbox_write_rights(struct json_text *out, unsigned rights, bool inbox)
{
	static const struct {
		const char *name;
		unsigned all; // rights, all of which it needs
		bool of_inbox;
	} members[] = {
	    {"mayReadItems", STORE_RIGHT_LOOKUP | STORE_RIGHT_READ, true},
	    {"mayAddItems", STORE_RIGHT_INSERT, true},
	    {"mayRemoveItems",
		STORE_RIGHT_DELETE_MESSAGES | STORE_RIGHT_EXPUNGE, true},
	    {"maySetSeen", STORE_RIGHT_SEEN, true},
	    {"maySetKeywords", STORE_RIGHT_WRITE, true},
	    {"mayCreateChild", STORE_RIGHT_CREATE, true},
	    {"mayRename", STORE_RIGHT_DELETE_MAILBOX, false},
	    {"mayDelete", STORE_RIGHT_DELETE_MAILBOX, false},
	    {"maySubmit", STORE_RIGHT_POST, true},
	};
	json_begin_object(out);
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		json_member_bool(out, members[i].name,
		    (rights & members[i].all) == members[i].all &&
			(members[i].of_inbox || !inbox));
	json_end_object(out);
}

static void write_counts(struct json_text *out, const struct jmap_get *get,
    const struct store_view_counts *counts)
{
	if (jmap_get_wants(get, MAILBOX_TOTAL_EMAILS))
		json_member_u64(out, "totalEmails", counts->emails);
	if (jmap_get_wants(get, MAILBOX_UNREAD_EMAILS))
		json_member_u64(out, "unreadEmails", counts->unread_emails);
	if (jmap_get_wants(get, MAILBOX_TOTAL_THREADS))
		json_member_u64(out, "totalThreads", counts->threads);
	if (jmap_get_wants(get, MAILBOX_UNREAD_THREADS))
		json_member_u64(out, "unreadThreads", counts->unread_threads);
}

struct getting {
	struct jmap_get get;
	struct store_view *view;
	const struct store_view_counts *counts; // by position; NULL: none
	struct mailbox_orders orders;
};

static void write_mailbox(
    struct json_text *out, const struct getting *getting, size_t position)
{
	const struct store_view_mailbox *mailbox =
	    store_view_mailbox(getting->view, position);
	const struct jmap_get *get = &getting->get;
	const char *role = mailbox_role(mailbox);
	json_begin_object(out);
	json_key(out, "id");
	jmap_id_add(out, JMAP_ID_MAILBOX, mailbox->info.mailbox_id);
	if (jmap_get_wants(get, MAILBOX_NAME))
		json_member_string(out, "name", mailbox_shown_name(mailbox));
	if (jmap_get_wants(get, MAILBOX_PARENT_ID)) {
		json_key(out, "parentId");
		if (mailbox->parent_id)
			jmap_id_add(out, JMAP_ID_MAILBOX, mailbox->parent_id);
		else
			json_add_null(out);
	}
	if (jmap_get_wants(get, MAILBOX_ROLE) && role)
		json_member_string(out, "role", view_of_string(role));
	else if (jmap_get_wants(get, MAILBOX_ROLE))
		json_member_null(out, "role");
	if (jmap_get_wants(get, MAILBOX_SORT_ORDER))
		json_member_u64(out, "sortOrder",
		    mailbox_order_of(&getting->orders, mailbox));
	if (getting->counts)
		write_counts(out, get, &getting->counts[position]);
	if (jmap_get_wants(get, MAILBOX_MY_RIGHTS)) {
		json_key(out, "myRights");
		mailbox_write_rights(
		    out, mailbox->info.rights, is_inbox(mailbox));
	}
	if (jmap_get_wants(get, MAILBOX_IS_SUBSCRIBED))
		json_member_bool(out, "isSubscribed", mailbox->info.subscribed);
	json_end_object(out);
}

// ---- Mailbox/get -----------------------------------------------------------

#define WANTS_COUNTS                                                           \
	((uint64_t)1 << MAILBOX_TOTAL_EMAILS |                                 \
	    (uint64_t)1 << MAILBOX_UNREAD_EMAILS |                             \
	    (uint64_t)1 << MAILBOX_TOTAL_THREADS |                             \
	    (uint64_t)1 << MAILBOX_UNREAD_THREADS)

static enum rc open_view(
    struct jmap_call *call, struct getting *getting, struct fault *fault)
{
	enum rc rc =
	    store_view_open(&call->asker, call->account, fault, &getting->view);
	if (rc == RC_OK && getting->get.wanted & WANTS_COUNTS)
		rc = store_view_counts(getting->view, &getting->counts);
	if (rc == RC_OK && jmap_get_wants(&getting->get, MAILBOX_SORT_ORDER))
		rc = mailbox_orders_read(getting->view, &getting->orders);
	return rc;
}

static void write_all(struct jmap_call *call, struct getting *getting)
{
	struct jmap_get *get = &getting->get;
	size_t count = store_view_mailbox_count(getting->view);
	jmap_get_begin(call, store_view_version(getting->view));
	for (size_t i = 0; get->all && i < count; i++)
		write_mailbox(&call->out, getting, i);
	for (size_t i = 0; !get->all && i < get->id_count; i++) {
		uint64_t id;
		size_t at = count;
		if (jmap_id_read(get->ids[i], JMAP_ID_MAILBOX, &id))
			at = store_view_find(getting->view, id);
		if (at < count)
			write_mailbox(&call->out, getting, at);
		else
			jmap_get_not_found(get, get->ids[i]);
	}
	jmap_get_end(call, get);
}

static enum jmap_step mailbox_get(struct jmap_call *call)
{
	struct fault fault = {.text = ""};
	struct getting getting = {.view = NULL};
	bool good = jmap_get_read(call, &mailbox_class, NULL, &getting.get) &&
		    jmap_taken_all(call);
	enum rc rc = good ? open_view(call, &getting, &fault) : RC_INVALID;
	if (good && rc == RC_OK)
		write_all(call, &getting);
	else if (good)
		jmap_fail_rc(call, rc, &fault);
	jmap_get_done(&getting.get);
	mailbox_orders_done(&getting.orders);
	store_view_close(&getting.view);
	return JMAP_DONE;
}

const struct jmap_method jmap_mailbox_methods[] = {
    {"Mailbox/get", JMAP_CAPABILITY_MAIL, JMAP_NEEDS_ACCOUNT, mailbox_get,
	NULL},
    {.name = NULL},
};

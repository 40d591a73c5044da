// SPDX-License-Identifier: Apache-2.0
// Creating, changing and destroying one mailbox.
#include "jmap/mailbox_order.h"
#include "jmap/mailbox_set.h"
#include "wire/json_read.h"

#define SORT_ORDER_MAX 0x7fffffff // section 2: less than 2^31

// ---- What is wanted --------------------------------------------------------

// A mailbox as a client wants it to be.
struct wanted {
	struct view name;
	uint64_t parent_id; // 0: none
	unsigned use;       // its role's
	bool subscribed;
	bool has_order;
	uint32_t sort_order;
};

// A list of wrong properties, ended by an empty view.
struct wrong {
	struct view names[MAILBOX_PROPERTIES + 1];
	size_t count;
};

static void add_wrong(struct wrong *wrong, const char *name)
{
	wrong->names[wrong->count++] = view_of_string(name);
	wrong->names[wrong->count] = VIEW("");
}

// The size of a name is limited with those of all mailboxes above it, and "/"
// stands between them.
static bool name_is_good(struct view name)
{
	return name.len > 0 && name.len <= STORE_NAME_MAX &&
	       view_find_char(name, '/') == SIZE_MAX &&
	       store_name_check(name, NULL) == RC_OK;
}

static bool read_parent(struct jmap_call *call,
    const struct mailbox_set *setting, const json_t *value, uint64_t *ret_id)
{
	struct view id;
	*ret_id = 0;
	if (!value || json_is_null(value))
		return true;
	return jmap_resolve_id(call, json_view(value), &id) &&
	       jmap_id_read(id, JMAP_ID_MAILBOX, ret_id) &&
	       store_view_find(setting->view, *ret_id) <
		   store_view_mailbox_count(setting->view);
}

// Reads the object, whose types are right. `inbox`: it is INBOX, whose role
// stays.
static bool read_wanted(struct jmap_call *call,
    const struct mailbox_set *setting, const json_t *object, bool inbox,
    struct wanted *ret_wanted, struct wrong *wrong)
{
	const json_t *role = json_object_get(object, "role");
	const json_t *order = json_object_get(object, "sortOrder");
	const json_t *subscribed = json_object_get(object, "isSubscribed");
	*ret_wanted = (struct wanted){
	    .name = json_view(json_object_get(object, "name")),
	    .subscribed = !json_is_false(subscribed),
	    .has_order = order != NULL,
	    .sort_order = (uint32_t)json_integer_value(order),
	};
	if (!inbox && !name_is_good(ret_wanted->name))
		add_wrong(wrong, "name");
	if (!read_parent(call, setting, json_object_get(object, "parentId"),
		&ret_wanted->parent_id))
		add_wrong(wrong, "parentId");
	bool has_role = role && !json_is_null(role);
	bool good =
	    !has_role || mailbox_role_read(json_view(role), &ret_wanted->use);
	if (!good || inbox != (has_role && ret_wanted->use == 0))
		add_wrong(wrong, "role");
	if (json_integer_value(order) > SORT_ORDER_MAX)
		add_wrong(wrong, "sortOrder");
	return wrong->count == 0;
}

// The whole name, as the store has it; empty: too long.
static struct view whole_name(struct jmap_call *call,
    const struct mailbox_set *setting, uint64_t parent_id, struct view name)
{
	struct buf whole;
	buf_init(&whole, STORE_NAME_MAX);
	if (parent_id) {
		size_t at = store_view_find(setting->view, parent_id);
		buf_add(
		    &whole, store_view_mailbox(setting->view, at)->info.name);
		buf_add_char(&whole, '/');
	}
	buf_add(&whole, name);
	struct view copy = VIEW("");
	if (buf_status(&whole) == RC_OK)
		copy = arena_copy(&call->arena, buf_view(&whole));
	buf_done(&whole);
	return copy;
}

// The mailbox with this name; NULL: none.
static const struct store_view_mailbox *find_name(
    const struct store_view *view, struct view name)
{
	char room[STORE_NAME_MAX];
	struct view canonical = store_name_canonical(name, room);
	for (size_t i = 0; i < store_view_mailbox_count(view); i++)
		if (view_eq(store_view_mailbox(view, i)->info.name, canonical))
			return store_view_mailbox(view, i);
	return NULL;
}

static bool role_is_taken(
    const struct store_view *view, unsigned use, uint64_t mailbox_id)
{
	for (size_t i = 0; use && i < store_view_mailbox_count(view); i++) {
		const struct store_mailbox_info *info =
		    &store_view_mailbox(view, i)->info;
		if (info->special_use & use && info->mailbox_id != mailbox_id)
			return true;
	}
	return false;
}

// ---- Errors ----------------------------------------------------------------

static void fail_wrong(struct mailbox_set *setting, enum jmap_set_part part,
    struct view key, const struct wrong *wrong)
{
	jmap_set_failed(&setting->set, part, key, JMAP_ERROR_INVALID_PROPERTIES,
	    NULL, wrong->names);
}

static void fail_one(struct mailbox_set *setting, enum jmap_set_part part,
    struct view key, const char *property)
{
	struct wrong wrong = {.count = 0};
	add_wrong(&wrong, property);
	fail_wrong(setting, part, key, &wrong);
}

// RFC 8620 section 5.4: alreadyExists has "existingId".
static void fail_exists(struct mailbox_set *setting, enum jmap_set_part part,
    struct view key, const struct store_view_mailbox *existing)
{
	struct json_text *out = jmap_set_failed_more(
	    &setting->set, part, key, JMAP_ERROR_ALREADY_EXISTS);
	if (existing) {
		json_key(out, "existingId");
		jmap_id_add(out, JMAP_ID_MAILBOX, existing->info.mailbox_id);
	}
	json_end_object(out);
}

static void fail_rc(struct jmap_call *call, struct mailbox_set *setting,
    enum jmap_set_part part, struct view key, enum rc rc,
    const struct fault *fault)
{
	// What is wrong with a name was found before, but for its depth.
	if (rc == RC_INVALID || rc == RC_LIMIT) {
		fail_one(setting, part, key, "parentId");
		return;
	}
	if (rc == RC_EXISTS) {
		fail_exists(setting, part, key, NULL);
		return;
	}
	jmap_set_failed(&setting->set, part, key,
	    jmap_error_of(call, rc, fault), fault_public_text(fault, rc), NULL);
}

// ---- Create ----------------------------------------------------------------

// The properties that the client does not know (RFC 8620 section 5.3).
static void write_created(struct jmap_call *call, struct mailbox_set *setting,
    struct view key, const json_t *object, uint64_t mailbox_id)
{
	static const char *const counts[] = {
	    "totalEmails", "unreadEmails", "totalThreads", "unreadThreads"};
	const struct store_view *view = setting->view;
	char id[JMAP_ID_TEXT];
	struct json_text *out = jmap_set_created(call, &setting->set, key,
	    jmap_id_text(id, JMAP_ID_MAILBOX, mailbox_id));
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		json_member_u64(out, counts[i], 0);
	size_t at = store_view_find(view, mailbox_id);
	if (at < store_view_mailbox_count(view)) {
		const struct store_view_mailbox *mailbox =
		    store_view_mailbox(view, at);
		json_key(out, "myRights");
		mailbox_write_rights(out, mailbox->info.rights, false);
		if (!json_object_get(object, "sortOrder"))
			json_member_u64(
			    out, "sortOrder", mailbox_sort_order(mailbox));
	}
	if (!json_object_get(object, "parentId"))
		json_member_null(out, "parentId");
	if (!json_object_get(object, "role"))
		json_member_null(out, "role");
	if (!json_object_get(object, "isSubscribed"))
		json_member_bool(out, "isSubscribed", true);
	json_end_object(out);
}

enum rc mailbox_set_refresh(
    struct jmap_call *call, struct mailbox_set *setting, struct fault *fault)
{
	store_view_close(&setting->view);
	return store_view_open(
	    &call->asker, call->account, fault, &setting->view);
}

static enum rc create_wanted(struct jmap_call *call,
    struct mailbox_set *setting, const struct wanted *wanted, struct view name,
    struct fault *fault, uint64_t *ret_id)
{
	enum rc rc = store_mailbox_create(
	    &call->asker, call->account, name, wanted->use, fault, ret_id);
	if (rc != RC_OK)
		return rc;
	// It exists now. What follows fails only if nothing can be stored any
	// more, and the client reads what became of it.
	rc = store_subscribe(
	    &call->asker, call->account, name, wanted->subscribed, fault);
	if (rc == RC_DENIED) // of another one's account
		rc = RC_OK;
	if (rc == RC_OK)
		rc = mailbox_set_refresh(call, setting, fault);
	if (rc == RC_OK && wanted->has_order)
		rc = mailbox_order_set(&call->asker, setting->view, *ret_id,
		    wanted->sort_order, fault);
	return rc;
}

void mailbox_set_create(struct jmap_call *call, struct mailbox_set *setting,
    struct view key, json_t *object)
{
	struct fault fault = {.text = ""};
	struct wanted wanted;
	struct wrong wrong = {.count = 0};
	uint64_t id = 0;
	if (!jmap_set_check_create(&setting->set, key, object))
		return;
	if (!read_wanted(call, setting, object, false, &wanted, &wrong)) {
		fail_wrong(setting, JMAP_SET_CREATE, key, &wrong);
		return;
	}
	struct view name =
	    whole_name(call, setting, wanted.parent_id, wanted.name);
	if (name.len == 0 || store_name_check(name, &fault) != RC_OK) {
		fail_one(setting, JMAP_SET_CREATE, key, "name");
		return;
	}
	const struct store_view_mailbox *existing =
	    find_name(setting->view, name);
	if (existing) {
		fail_exists(setting, JMAP_SET_CREATE, key, existing);
		return;
	}
	if (role_is_taken(setting->view, wanted.use, 0)) {
		fail_one(setting, JMAP_SET_CREATE, key, "role");
		return;
	}
	enum rc rc = create_wanted(call, setting, &wanted, name, &fault, &id);
	if (id == 0)
		fail_rc(call, setting, JMAP_SET_CREATE, key, rc, &fault);
	else
		write_created(call, setting, key, object, id);
}

// ---- Update ----------------------------------------------------------------

static json_t *string_of(struct view text)
{
	return json_stringn(text.ptr, text.len);
}

static json_t *id_or_null(uint64_t mailbox_id)
{
	char id[JMAP_ID_TEXT];
	return mailbox_id
		   ? string_of(jmap_id_text(id, JMAP_ID_MAILBOX, mailbox_id))
		   : json_null();
}

// The mailbox as a client sees it, for a patch. RC_IO, RC_CORRUPT.
static enum rc object_of(struct mailbox_set *setting,
    const struct store_view_mailbox *mailbox, json_t **ret_object)
{
	const char *role = mailbox_role(mailbox);
	struct mailbox_orders orders;
	struct buf rights;
	struct json_text text;
	const struct store_view_counts *all;
	struct store_view_counts counts = {0};
	enum rc rc = mailbox_orders_read(setting->view, &orders);
	if (rc == RC_OK)
		rc = store_view_counts(setting->view, &all);
	if (rc == RC_OK)
		counts = all[store_view_find(
		    setting->view, mailbox->info.mailbox_id)];
	buf_init(&rights, 4096);
	json_text_init(&text, &rights);
	mailbox_write_rights(&text, mailbox->info.rights,
	    view_eq(mailbox->info.name, VIEW("INBOX")));
	*ret_object = json_pack("{s:o,s:o,s:o,s:o,s:i,s:i,s:i,s:i,s:i,s:o,s:b}",
	    "id", id_or_null(mailbox->info.mailbox_id), "name",
	    string_of(mailbox_shown_name(mailbox)), "parentId",
	    id_or_null(mailbox->parent_id), "role",
	    role ? json_string(role) : json_null(), "sortOrder",
	    (int)mailbox_order_of(&orders, mailbox), "totalEmails",
	    (int)counts.emails, "unreadEmails", (int)counts.unread_emails,
	    "totalThreads", (int)counts.threads, "unreadThreads",
	    (int)counts.unread_threads, "myRights",
	    json_loadb(rights.ptr, rights.len, 0, NULL), "isSubscribed",
	    mailbox->info.subscribed);
	buf_done(&rights);
	mailbox_orders_done(&orders);
	return rc;
}

// Renaming keeps subscriptions with their names (RFC 9051 section 6.3.6); here
// they go with the mailboxes.
static enum rc move_subscriptions(struct jmap_call *call,
    const struct store_view *before, const struct store_view *after,
    struct view from)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; i < store_view_mailbox_count(before); i++) {
		const struct store_mailbox_info *old =
		    &store_view_mailbox(before, i)->info;
		size_t at = store_view_find(after, old->mailbox_id);
		bool moved = view_starts_with(old->name, from) &&
			     at < store_view_mailbox_count(after);
		if (!moved || !old->subscribed)
			continue;
		const struct store_mailbox_info *new =
		    &store_view_mailbox(after, at)->info;
		if (view_eq(old->name, new->name))
			continue;
		rc = store_subscribe(
		    &call->asker, call->account, new->name, true, NULL);
		if (rc == RC_OK)
			rc = store_subscribe(&call->asker, call->account,
			    old->name, false, NULL);
		if (rc != RC_OK)
			break;
	}
	return rc == RC_DENIED ? RC_OK : rc;
}

static enum rc rename_to(struct jmap_call *call, struct mailbox_set *setting,
    struct view from, struct view to, struct fault *fault)
{
	enum rc rc =
	    store_mailbox_rename(&call->asker, call->account, from, to, fault);
	if (rc != RC_OK)
		return rc;
	struct store_view *before = setting->view;
	setting->view = NULL;
	rc = mailbox_set_refresh(call, setting, fault);
	if (rc == RC_OK)
		rc = move_subscriptions(call, before, setting->view, from);
	store_view_close(&before);
	return rc;
}

// Makes the mailbox what is wanted. Its name in the store is `name` afterwards.
static enum rc apply(struct jmap_call *call, struct mailbox_set *setting,
    const struct store_view_mailbox *mailbox, const struct wanted *wanted,
    struct view name, struct fault *fault)
{
	struct view from = arena_copy(&call->arena, mailbox->info.name);
	uint64_t id = mailbox->info.mailbox_id;
	bool inbox = view_eq(from, VIEW("INBOX"));
	bool resubscribe = mailbox->info.subscribed != wanted->subscribed;
	bool other_use = !inbox && mailbox->role != wanted->use;
	struct mailbox_orders orders;
	enum rc rc = mailbox_orders_read(setting->view, &orders);
	bool other_order =
	    wanted->has_order &&
	    mailbox_order_of(&orders, mailbox) != wanted->sort_order;
	mailbox_orders_done(&orders);
	if (rc == RC_OK && !view_eq(from, name))
		rc = rename_to(call, setting, from, name, fault);
	if (rc == RC_OK && other_use)
		rc = store_mailbox_set_use(
		    &call->asker, call->account, id, wanted->use, fault);
	if (rc == RC_OK && resubscribe)
		rc = store_subscribe(&call->asker, call->account, name,
		    wanted->subscribed, fault);
	if (rc == RC_OK && other_order)
		rc = mailbox_order_set(
		    &call->asker, setting->view, id, wanted->sort_order, fault);
	return rc;
}

static bool is_below(const struct store_view *view, uint64_t id, uint64_t above)
{
	while (id && id != above) {
		size_t at = store_view_find(view, id);
		id = store_view_mailbox(view, at)->parent_id;
	}
	return id != 0;
}

// Whether the mailbox may become what is wanted; otherwise the error was noted.
static bool check_update(struct mailbox_set *setting, struct view key,
    const struct store_view_mailbox *mailbox, const struct wanted *wanted,
    struct view name)
{
	const struct store_view *view = setting->view;
	uint64_t id = mailbox->info.mailbox_id;
	const struct store_view_mailbox *existing = find_name(view, name);
	if (is_below(view, wanted->parent_id, id)) {
		fail_one(setting, JMAP_SET_UPDATE, key, "parentId");
		return false;
	}
	if (name.len == 0 || store_name_check(name, NULL) != RC_OK) {
		fail_one(setting, JMAP_SET_UPDATE, key, "name");
		return false;
	}
	if (existing && existing->info.mailbox_id != id) {
		fail_exists(setting, JMAP_SET_UPDATE, key, existing);
		return false;
	}
	if (wanted->use != mailbox->role &&
	    role_is_taken(view, wanted->use, id)) {
		fail_one(setting, JMAP_SET_UPDATE, key, "role");
		return false;
	}
	return true;
}

// INBOX has its name and place for ever.
static bool changes_inbox(
    const struct store_view_mailbox *mailbox, const struct wanted *wanted)
{
	return !view_eq(wanted->name, mailbox_shown_name(mailbox)) ||
	       wanted->parent_id != 0;
}

static void update_object(struct jmap_call *call, struct mailbox_set *setting,
    struct view key, const struct store_view_mailbox *mailbox,
    const json_t *object)
{
	struct fault fault = {.text = ""};
	struct wanted wanted;
	struct wrong wrong = {.count = 0};
	bool inbox = view_eq(mailbox->info.name, VIEW("INBOX"));
	if (!read_wanted(call, setting, object, inbox, &wanted, &wrong)) {
		// A mailbox whose parent was deleted has a name of several
		// levels, which it may keep.
		bool kept = wrong.count == 1 &&
			    view_eq(wrong.names[0], VIEW("name")) &&
			    view_eq(wanted.name, mailbox->own_name);
		if (!kept) {
			fail_wrong(setting, JMAP_SET_UPDATE, key, &wrong);
			return;
		}
	}
	struct view name =
	    inbox ? mailbox->info.name
		  : whole_name(call, setting, wanted.parent_id, wanted.name);
	if (inbox && changes_inbox(mailbox, &wanted)) {
		jmap_set_failed(&setting->set, JMAP_SET_UPDATE, key,
		    JMAP_ERROR_FORBIDDEN, "INBOX is not renamed or moved",
		    NULL);
		return;
	}
	if (!check_update(setting, key, mailbox, &wanted, name))
		return;
	enum rc rc = apply(call, setting, mailbox, &wanted, name, &fault);
	if (rc == RC_OK)
		jmap_set_updated(&setting->set, key);
	else
		fail_rc(call, setting, JMAP_SET_UPDATE, key, rc, &fault);
}

const struct store_view_mailbox *mailbox_set_find(
    struct jmap_call *call, const struct mailbox_set *setting, struct view key)
{
	uint64_t number;
	if (!jmap_resolve_id(call, key, &key) ||
	    !jmap_id_read(key, JMAP_ID_MAILBOX, &number))
		return NULL;
	size_t at = store_view_find(setting->view, number);
	return at < store_view_mailbox_count(setting->view)
		   ? store_view_mailbox(setting->view, at)
		   : NULL;
}

void mailbox_set_update(struct jmap_call *call, struct mailbox_set *setting,
    struct view key, json_t *patch)
{
	json_t *object;
	const struct store_view_mailbox *mailbox =
	    mailbox_set_find(call, setting, key);
	if (!mailbox) {
		jmap_set_failed(&setting->set, JMAP_SET_UPDATE, key,
		    JMAP_ERROR_NOT_FOUND, NULL, NULL);
		return;
	}
	enum rc rc = object_of(setting, mailbox, &object);
	if (rc != RC_OK)
		fail_rc(call, setting, JMAP_SET_UPDATE, key, rc, NULL);
	else if (jmap_set_check_update(&setting->set, key, patch, object))
		update_object(call, setting, key, mailbox, object);
	json_decref(object);
}

// ---- Destroy ---------------------------------------------------------------

static bool has_child(const struct store_view *view, uint64_t id)
{
	for (size_t i = 0; i < store_view_mailbox_count(view); i++)
		if (store_view_mailbox(view, i)->parent_id == id)
			return true;
	return false;
}

void mailbox_set_destroy(
    struct jmap_call *call, struct mailbox_set *setting, struct view key)
{
	struct fault fault = {.text = ""};
	const struct store_view_mailbox *mailbox =
	    mailbox_set_find(call, setting, key);
	if (!mailbox) {
		jmap_set_failed(&setting->set, JMAP_SET_DESTROY, key,
		    JMAP_ERROR_NOT_FOUND, NULL, NULL);
		return;
	}
	const struct store_mailbox_info *info = &mailbox->info;
	enum jmap_error error = JMAP_ERROR_NONE;
	if (has_child(setting->view, info->mailbox_id))
		error = JMAP_ERROR_MAILBOX_HAS_CHILD;
	else if (!setting->remove_emails && info->messages > info->deleted)
		error = JMAP_ERROR_MAILBOX_HAS_EMAIL;
	if (error != JMAP_ERROR_NONE) {
		jmap_set_failed(
		    &setting->set, JMAP_SET_DESTROY, key, error, NULL, NULL);
		return;
	}
	struct view name = arena_copy(&call->arena, info->name);
	bool subscribed = info->subscribed;
	enum rc rc = store_mailbox_destroy(&call->asker, call->account,
	    info->mailbox_id, setting->remove_emails, &fault);
	if (rc != RC_OK) {
		// Mail came in this very moment.
		jmap_set_failed(&setting->set, JMAP_SET_DESTROY, key,
		    rc == RC_IN_USE ? JMAP_ERROR_MAILBOX_HAS_EMAIL
				    : jmap_error_of(call, rc, &fault),
		    fault_public_text(&fault, rc), NULL);
		return;
	}
	if (subscribed && store_subscribe(&call->asker, call->account, name,
			      false, &fault) != RC_OK)
		(void)jmap_error_of(call, RC_IO, &fault); // only logged
	jmap_set_destroyed(&setting->set, key);
}

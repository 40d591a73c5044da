// SPDX-License-Identifier: Apache-2.0
// Email/set (RFC 8621 section 4.6). New emails are one commit of the store, and
// all changes are another one; each email is changed wholly or not at all.
#include "jmap/email_set.h"

#include "base/map.h"
#include "base/mem.h"
#include "jmap/compose.h"
#include "jmap/impl.h"
#include "jmap/keyword.h"
#include "jmap/methods.h"
#include "wire/json_read.h"

static const struct jmap_class email_class = {.name = "Email"};

// One call of Email/set.
struct email_set {
	struct jmap_call *call;
	struct jmap_set set;
	struct store_view *view;
	struct email_news news;
	struct store_email_change *changes; // in the call's arena
	struct view *change_ids;            // as the client wrote them
	size_t change_count;
	uint64_t before, after;
};

// ---- Creating --------------------------------------------------------------

// For compose_source.
static enum rc read_blob(void *context, struct view id,
    enum rc (*add)(void *add_context, struct view piece), void *add_context)
{
	struct jmap_call *call = context;
	struct jmap_blob *blob;
	struct buf piece;
	enum rc rc = jmap_blob_find(call, id, &blob);
	if (rc != RC_OK)
		return rc;
	buf_init(&piece, JMAP_BLOB_PIECE);
	while ((rc = jmap_blob_next(blob, &piece)) == RC_OK) {
		rc = add(add_context, buf_view(&piece));
		if (rc != RC_OK)
			break;
		buf_reset(&piece);
	}
	buf_done(&piece);
	jmap_blob_close(&blob);
	return rc == RC_END ? RC_OK : rc;
}

// Notes blobNotFound with the ids of all blobs that do not exist.
static bool blobs_exist(
    struct email_set *s, struct view creation_id, const struct compose *compose)
{
	VEC(struct view) missing = {0};
	for (const struct compose_part *p = compose->parts; p; p = p->next) {
		struct jmap_blob *blob;
		if (p->blob_id.len == 0)
			continue;
		if (jmap_blob_find(s->call, p->blob_id, &blob) != RC_OK)
			vec_push(&missing, p->blob_id);
		jmap_blob_close(&blob);
	}
	bool exist = missing.count == 0;
	if (!exist) {
		struct json_text *out = jmap_set_failed_more(&s->set,
		    JMAP_SET_CREATE, creation_id, JMAP_ERROR_BLOB_NOT_FOUND);
		json_key(out, "notFound");
		json_begin_array(out);
		for (size_t i = 0; i < missing.count; i++)
			json_add_string(out, missing.items[i]);
		json_end_array(out);
		json_end_object(out);
	}
	vec_done(&missing);
	return exist;
}

static enum rc write_draft(
    struct email_set *s, struct compose *compose, struct store_draft *draft)
{
	const struct jmap_options *options = &s->call->request->jmap->options;
	struct compose_source source = {
	    .read = read_blob,
	    .context = s->call,
	    .server_name = options->server_name,
	    .now = {.seconds = clock_wall_seconds(options->clock)},
	};
	enum rc rc = compose_write(compose, &source, draft);
	return rc == RC_OK ? store_draft_finish(draft) : rc;
}

static void create_composed(
    struct email_set *s, struct email_new *item, struct compose *compose)
{
	struct store_draft *draft =
	    store_draft_new(s->call->request->jmap->options.store);
	enum rc rc = write_draft(s, compose, draft);
	if (rc == RC_OK) {
		item->draft = draft;
		vec_push(&s->news.items, *item);
		return;
	}
	store_draft_free(&draft);
	jmap_set_failed(&s->set, JMAP_SET_CREATE, item->creation_id,
	    jmap_error_of(s->call, rc, NULL), NULL, NULL);
}

static void create(struct email_set *s, struct view creation_id, json_t *email)
{
	struct compose compose;
	struct email_new item = {.creation_id = creation_id};
	compose_init(&compose, &s->call->arena);
	compose_read(&compose, email);
	if (compose.wrong.count > 0) {
		vec_push(&compose.wrong, VIEW(""));
		jmap_set_failed(&s->set, JMAP_SET_CREATE, creation_id,
		    JMAP_ERROR_INVALID_PROPERTIES, NULL, compose.wrong.items);
	} else if (email_new_places(s->call, &s->set, s->view, creation_id,
		       email, &item.order) &&
		   blobs_exist(s, creation_id, &compose)) {
		create_composed(s, &item, &compose);
	}
	compose_done(&compose);
}

// False: an error was answered.
static bool run_creates(struct email_set *s)
{
	const char *key;
	json_t *email;
	json_object_foreach (s->set.parts[JMAP_SET_CREATE], key, email)
		create(s, view_of_string(key), email);
	if (s->news.items.count == 0)
		return true;
	struct store_emails_set order = {
	    .made = email_news_orders(s->call, &s->news),
	    .made_count = s->news.items.count,
	    .if_version = s->set.has_if_in_state ? s->before : 0,
	};
	if (!email_set_run(s->call, &order))
		return false;
	s->after = order.after;
	email_news_results(s->call, &s->set, &s->news, order.made);
	return true;
}

// ---- Updating --------------------------------------------------------------

static bool update_failed(
    struct email_set *s, struct view id, const char *property)
{
	const struct view names[] = {view_of_string(property), VIEW("")};
	jmap_set_failed(&s->set, JMAP_SET_UPDATE, id,
	    JMAP_ERROR_INVALID_PROPERTIES, NULL, names);
	return false;
}

// One name of a set that is patched ("keywords/$seen"), with "~" decoded.
static struct view patched_name(
    struct arena *arena, const char *key, size_t prefix)
{
	struct view text = view_from(view_of_string(key), prefix);
	char *name = arena_string(arena, text);
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '~' && i + 1 < text.len)
			c = text.ptr[++i] == '1' ? '/' : '~';
		name[len++] = c;
	}
	name[len] = '\0';
	return view_of(name, len);
}

// A list that grows with the patch's members.
struct patch {
	struct store_email_change *change;
	struct view *add_names, *remove_names;
	uint64_t *into, *out_of;
	bool sets_keywords, patches_keywords;
	bool sets_mailboxes, patches_mailboxes;
};

static bool patch_keyword(struct patch *patch, struct view name, json_t *value)
{
	unsigned flag = jmap_system_flag(name);
	struct store_flags *flags =
	    json_is_null(value) ? &patch->change->remove : &patch->change->add;
	struct view *names =
	    json_is_null(value) ? patch->remove_names : patch->add_names;
	if ((!json_is_null(value) && !json_is_true(value)) ||
	    !jmap_keyword_is_valid(name))
		return false;
	if (flag)
		flags->system |= flag;
	else
		names[flags->keyword_count++] = name;
	return true;
}

static bool patch_mailbox(
    struct email_set *s, struct patch *patch, struct view name, json_t *value)
{
	struct store_email_change *change = patch->change;
	struct view id;
	uint64_t number;
	bool known = jmap_resolve_id(s->call, name, &id) &&
		     jmap_id_read(id, JMAP_ID_MAILBOX, &number) &&
		     store_view_find(s->view, number) <
			 store_view_mailbox_count(s->view);
	// To leave a mailbox that is not there changes nothing.
	if (json_is_null(value)) {
		if (known)
			patch->out_of[change->out_of_count++] = number;
		return true;
	}
	if (!json_is_true(value) || !known)
		return false;
	patch->into[change->into_count++] = number;
	return true;
}

// The whole of mailboxIds or keywords.
static bool set_whole(
    struct email_set *s, struct patch *patch, json_t *set, bool of_mailboxes)
{
	const char *key;
	json_t *value;
	if (!json_is_object(set))
		return false;
	json_object_foreach (set, key, value) {
		struct view name = view_of_string(key);
		if (!json_is_true(value))
			return false;
		if (of_mailboxes ? !patch_mailbox(s, patch, name, value)
				 : !patch_keyword(patch, name, value))
			return false;
	}
	return true;
}

static bool is_same_id(json_t *value, enum jmap_id_kind kind, uint64_t number)
{
	uint64_t given;
	return json_is_string(value) &&
	       jmap_id_read(json_view(value), kind, &given) && given == number;
}

// Properties that only the server sets may be there if they do not change
// (RFC 8620 section 5.3).
static bool is_unchanged(
    struct email_set *s, uint64_t email_id, const char *key, json_t *value)
{
	struct view name = view_of_string(key);
	struct store_view_email email;
	struct date date;
	uint64_t thread_id;
	if (view_eq(name, VIEW("id")))
		return is_same_id(value, JMAP_ID_EMAIL, email_id);
	if (view_eq(name, VIEW("blobId")))
		return is_same_id(value, JMAP_ID_BLOB, email_id);
	if (view_eq(name, VIEW("threadId")))
		return store_view_thread_of(s->view, email_id, &thread_id) ==
			   RC_OK &&
		       is_same_id(value, JMAP_ID_THREAD, thread_id);
	if (store_view_email(s->view, email_id, &email) != RC_OK)
		return false;
	if (view_eq(name, VIEW("size")))
		return json_integer_value(value) == (json_int_t)email.size;
	if (view_eq(name, VIEW("receivedAt")))
		return json_is_string(value) &&
		       date_parse_rfc3339(json_view(value), &date) == RC_OK &&
		       date.seconds == email.received_at;
	return false;
}

static bool read_member(struct email_set *s, struct patch *patch,
    struct view id, const char *key, json_t *value)
{
	struct view name = view_of_string(key);
	struct arena *arena = &s->call->arena;
	if (view_eq(name, VIEW("keywords"))) {
		patch->sets_keywords = true;
		patch->change->only_these_flags = true;
		return (json_is_null(value) ||
			   set_whole(s, patch, value, false)) ||
		       update_failed(s, id, "keywords");
	}
	if (view_eq(name, VIEW("mailboxIds"))) {
		patch->sets_mailboxes = true;
		patch->change->only_these_mailboxes = true;
		return (set_whole(s, patch, value, true) &&
			   patch->change->into_count > 0) ||
		       update_failed(s, id, "mailboxIds");
	}
	if (view_starts_with(name, VIEW("keywords/"))) {
		patch->patches_keywords = true;
		return patch_keyword(
			   patch, patched_name(arena, key, 9), value) ||
		       update_failed(s, id, "keywords");
	}
	if (view_starts_with(name, VIEW("mailboxIds/"))) {
		patch->patches_mailboxes = true;
		return patch_mailbox(
			   s, patch, patched_name(arena, key, 11), value) ||
		       update_failed(s, id, "mailboxIds");
	}
	if (view_find_char(name, '/') != SIZE_MAX) {
		jmap_set_failed(&s->set, JMAP_SET_UPDATE, id,
		    JMAP_ERROR_INVALID_PATCH, NULL, NULL);
		return false;
	}
	return is_unchanged(s, patch->change->email_id, key, value) ||
	       update_failed(s, id, key);
}

static bool read_patch(struct email_set *s, struct view id, json_t *json,
    struct store_email_change *change)
{
	const char *key;
	json_t *value;
	size_t room = json_object_size(json) + 1;
	struct arena *arena = &s->call->arena;
	json_t *keywords = json_object_get(json, "keywords");
	json_t *mailboxes = json_object_get(json, "mailboxIds");
	room += json_object_size(keywords) + json_object_size(mailboxes);
	struct patch patch = {
	    .change = change,
	    .add_names = arena_alloc(arena, room * sizeof(struct view)),
	    .remove_names = arena_alloc(arena, room * sizeof(struct view)),
	    .into = arena_alloc(arena, room * sizeof(uint64_t)),
	    .out_of = arena_alloc(arena, room * sizeof(uint64_t)),
	};
	change->add.keywords = patch.add_names;
	change->remove.keywords = patch.remove_names;
	change->into = patch.into;
	change->out_of = patch.out_of;
	json_object_foreach (json, key, value)
		if (!read_member(s, &patch, id, key, value))
			return false;
	// One path may not be the beginning of another one.
	if ((patch.sets_keywords && patch.patches_keywords) ||
	    (patch.sets_mailboxes && patch.patches_mailboxes)) {
		jmap_set_failed(&s->set, JMAP_SET_UPDATE, id,
		    JMAP_ERROR_INVALID_PATCH, NULL, NULL);
		return false;
	}
	return true;
}

static void add_change(struct email_set *s, struct view id,
    const struct store_email_change *change)
{
	s->changes[s->change_count] = *change;
	s->change_ids[s->change_count++] = id;
}

// The number of an email that the client names; false: the error was noted.
static bool read_email_id(struct email_set *s, enum jmap_set_part part,
    struct view id, uint64_t *ret_number)
{
	struct view real;
	if (jmap_resolve_id(s->call, id, &real) &&
	    jmap_id_read(real, JMAP_ID_EMAIL, ret_number))
		return true;
	jmap_set_failed(&s->set, part, id, JMAP_ERROR_NOT_FOUND, NULL, NULL);
	return false;
}

// ---- Updating and destroying -----------------------------------------------

// Which emails will be destroyed: a value for each id as written.
static void note_destroyed(const struct email_set *s, struct map *ids)
{
	size_t i;
	json_t *id;
	json_array_foreach (s->set.parts[JMAP_SET_DESTROY], i, id) {
		struct view real;
		if (jmap_resolve_id(s->call, json_view(id), &real))
			map_put(ids, real, ids);
	}
}

static void read_updates(struct email_set *s, const struct map *destroyed)
{
	const char *key;
	json_t *patch;
	json_object_foreach (s->set.parts[JMAP_SET_UPDATE], key, patch) {
		struct view id = view_of_string(key), real;
		struct store_email_change change = {0};
		if (!read_email_id(s, JMAP_SET_UPDATE, id, &change.email_id))
			continue;
		if (jmap_resolve_id(s->call, id, &real) &&
		    map_get(destroyed, real)) {
			jmap_set_failed(&s->set, JMAP_SET_UPDATE, id,
			    JMAP_ERROR_WILL_DESTROY, NULL, NULL);
			continue;
		}
		if (read_patch(s, id, patch, &change))
			add_change(s, id, &change);
	}
}

static void read_destroys(struct email_set *s)
{
	struct map seen;
	size_t i;
	json_t *id;
	map_init(&seen);
	json_array_foreach (s->set.parts[JMAP_SET_DESTROY], i, id) {
		struct store_email_change change = {.destroy = true};
		if (map_put(&seen, json_view(id), s))
			continue;
		if (read_email_id(
			s, JMAP_SET_DESTROY, json_view(id), &change.email_id))
			add_change(s, json_view(id), &change);
	}
	map_done(&seen);
}

static void note_results(struct email_set *s)
{
	static const struct view mailboxes[] = {{"mailboxIds", 10}, {"", 0}};
	for (size_t i = 0; i < s->change_count; i++) {
		const struct store_email_change *change = &s->changes[i];
		struct view id = s->change_ids[i];
		enum jmap_set_part part =
		    change->destroy ? JMAP_SET_DESTROY : JMAP_SET_UPDATE;
		enum jmap_error error =
		    email_result_error(s->call, &change->result);
		bool places = change->result.rc == RC_INVALID ||
			      (change->result.rc == RC_NOT_FOUND &&
				  change->result.mailbox_id);
		if (change->result.rc != RC_OK)
			jmap_set_failed(&s->set, part, id,
			    places ? JMAP_ERROR_INVALID_PROPERTIES : error,
			    NULL, places ? mailboxes : NULL);
		else if (change->destroy)
			jmap_set_destroyed(&s->set, id);
		else
			jmap_set_updated(&s->set, id);
	}
}

// False: an error was answered.
static bool run_changes(struct email_set *s)
{
	struct map destroyed;
	size_t room = json_object_size(s->set.parts[JMAP_SET_UPDATE]) +
		      json_array_size(s->set.parts[JMAP_SET_DESTROY]);
	if (room == 0)
		return true;
	s->changes = arena_alloc(&s->call->arena, room * sizeof(*s->changes));
	s->change_ids =
	    arena_alloc(&s->call->arena, room * sizeof(*s->change_ids));
	map_init(&destroyed);
	note_destroyed(s, &destroyed);
	read_updates(s, &destroyed);
	read_destroys(s);
	map_done(&destroyed);
	if (s->change_count == 0)
		return true;
	bool first = s->news.items.count == 0;
	struct store_emails_set order = {
	    .changes = s->changes,
	    .change_count = s->change_count,
	    .if_version = s->set.has_if_in_state && first ? s->before : 0,
	};
	if (!email_set_run(s->call, &order))
		return false;
	if (order.after > s->after)
		s->after = order.after;
	note_results(s);
	return true;
}

// ---- The method ------------------------------------------------------------

static void run(struct email_set *s)
{
	s->before = s->after = store_view_version(s->view);
	if (!jmap_set_in_state(s->call, &s->set, s->before) || !run_creates(s))
		return;
	// A change may name an email that was made just now.
	if (s->news.items.count > 0) {
		store_view_close(&s->view);
		s->view = email_view_open(s->call);
		if (!s->view)
			return;
	}
	if (run_changes(s))
		jmap_set_end(s->call, &s->set, s->before, s->after);
}

static enum jmap_step email_set(struct jmap_call *call)
{
	struct email_set s = {.call = call};
	if (jmap_set_read(call, &email_class, &s.set) && jmap_taken_all(call)) {
		s.view = email_view_open(call);
		if (s.view)
			run(&s);
	}
	if (s.view)
		store_view_close(&s.view);
	email_news_done(&s.news);
	jmap_set_done(&s.set);
	return JMAP_DONE;
}

const struct jmap_method jmap_email_set_methods[] = {
    {"Email/set", JMAP_CAPABILITY_MAIL, JMAP_NEEDS_ACCOUNT | JMAP_CHANGES,
	email_set, NULL},
    {.name = NULL},
};

// SPDX-License-Identifier: Apache-2.0
// EmailSubmission/set (RFC 8621 section 7.5). First the message goes into the
// queue, then its object is stored. If the server ends between the two, the
// client gets no answer and the message is sent, as it may be with SMTP.
#include "jmap/identity.h"
#include "jmap/impl.h"
#include "jmap/send.h"
#include "jmap/submission.h"
#include "wire/json_read.h"

#define TRIES_MAX 100
// When there are too many objects, so many of the oldest are destroyed (RFC
// 8621 section 7 allows it).
#define MAKE_ROOM 1000

enum phase { CREATE, CHANGE };

struct setting {
	struct jmap_set set;
	json_t *update_email;  // onSuccessUpdateEmail, or NULL
	json_t *destroy_email; // onSuccessDestroyEmail, or NULL
	struct store_view *view;
	uint64_t before;
	uint64_t after;
	enum phase phase;
	void *iterator; // of the new objects
	// The one that is being sent.
	struct view creation_id;
	struct submission submission;
	struct submission_envelope envelope;
	struct submission_fault fault;
	struct jmap_sending *sending;
	// Of what succeeded: the submission's id -> the email's number.
	struct map done;
};

static void forget_current(struct setting *setting)
{
	jmap_sending_free(&setting->sending);
	json_decref(setting->envelope.json);
	vec_done(&setting->fault.recipients);
	setting->envelope = (struct submission_envelope){.count = 0};
	setting->fault = (struct submission_fault){.error = JMAP_ERROR_NONE};
}

void submission_set_end(struct jmap_call *call)
{
	struct setting *setting = call->state;
	if (!setting)
		return;
	forget_current(setting);
	if (setting->view)
		store_view_close(&setting->view);
	map_done(&setting->done);
	jmap_set_done(&setting->set);
	free(setting);
	call->state = NULL;
}

// ---- A new one: reading ----------------------------------------------------

static bool wrong(
    struct setting *setting, const char *property, const char *text)
{
	submission_fault_set(&setting->fault, JMAP_ERROR_INVALID_PROPERTIES,
	    property, "%s", text);
	return false;
}

static bool fail_with(
    struct jmap_call *call, struct setting *setting, enum rc rc)
{
	submission_fault_set(
	    &setting->fault, jmap_error_of(call, rc, NULL), NULL, NULL);
	return false;
}

static bool read_identity(struct jmap_call *call, struct setting *setting,
    json_t *object, struct view *ret_email)
{
	enum rc rc = jmap_identity_email(call, setting->view,
	    json_view(json_object_get(object, "identityId")),
	    &setting->submission.identity_id, ret_email);
	if (rc == RC_NOT_FOUND)
		return wrong(
		    setting, "identityId", "there is no such identity");
	return rc == RC_OK || fail_with(call, setting, rc);
}

static bool read_email(
    struct jmap_call *call, struct setting *setting, json_t *object)
{
	struct submission *submission = &setting->submission;
	struct store_view_email email;
	struct view id = json_view(json_object_get(object, "emailId"));
	uint64_t *number = &submission->email_id;
	if (!jmap_resolve_id(call, id, &id) ||
	    !jmap_id_read(id, JMAP_ID_EMAIL, number))
		return wrong(setting, "emailId", "there is no such email");
	enum rc rc = store_view_email(setting->view, *number, &email);
	if (rc == RC_NOT_FOUND)
		return wrong(setting, "emailId", "there is no such email");
	if (rc == RC_OK)
		rc = store_view_thread_of(
		    setting->view, *number, &submission->thread_id);
	if (rc != RC_OK)
		return fail_with(call, setting, rc);
	if (email.size <=
	    delivery_size_max(call->request->jmap->options.office))
		return true;
	submission_fault_set(&setting->fault, JMAP_ERROR_TOO_LARGE, NULL, NULL);
	return false;
}

static bool read_envelope(struct jmap_call *call, struct setting *setting,
    json_t *object, struct view identity)
{
	const struct delivery_office *office =
	    call->request->jmap->options.office;
	json_t *given = json_object_get(object, "envelope");
	struct view header;
	if (given && !json_is_null(given))
		return submission_envelope_read(&call->arena, office, given,
		    &setting->envelope, &setting->fault);
	enum rc rc = store_reader_header(store_view_reader(setting->view),
	    setting->submission.email_id, &header);
	if (rc != RC_OK)
		return fail_with(call, setting, rc);
	return submission_envelope_derive(&call->arena, office,
	    arena_copy(&call->arena, header), identity, &setting->envelope,
	    &setting->fault);
}

static void note_fault(struct jmap_call *call, struct setting *setting)
{
	jmap_sending_failed(
	    call, &setting->set, setting->creation_id, &setting->fault);
}

// ---- A new one: storing ----------------------------------------------------

struct oldest {
	struct store_object_change *changes;
	size_t count;
};

static enum rc note_oldest(void *context, const struct store_object *object)
{
	struct oldest *oldest = context;
	struct submission submission;
	if (submission_decode(object->bytes, &submission) != RC_OK ||
	    submission.undo == SUBMISSION_PENDING)
		return RC_OK;
	oldest->changes[oldest->count++] = (struct store_object_change){
	    .kind = STORE_OBJECT_SUBMISSION, .id = object->id, .remove = true};
	return oldest->count == MAKE_ROOM ? RC_END : RC_OK;
}

MUST_CHECK static enum rc make_room(struct jmap_call *call, struct fault *fault)
{
	struct oldest oldest = {
	    .changes = arena_alloc(
		&call->arena, MAKE_ROOM * sizeof(struct store_object_change))};
	enum rc rc = store_objects_walk(&call->asker, call->account,
	    STORE_OBJECT_SUBMISSION, 0, note_oldest, &oldest);
	if (rc != RC_OK || oldest.count == 0)
		return rc;
	struct store_objects_set set = {
	    .changes = oldest.changes, .count = oldest.count};
	return store_objects_set(&call->asker, call->account, &set, fault);
}

// Commits one change of an object.
MUST_CHECK static enum rc commit(struct jmap_call *call,
    struct setting *setting, struct store_object_change *change,
    struct fault *fault)
{
	struct store_objects_set set = {.changes = change, .count = 1};
	enum rc rc =
	    store_objects_set(&call->asker, call->account, &set, fault);
	if (rc == RC_OK)
		setting->after = set.after;
	return rc == RC_OK ? change->result : rc;
}

MUST_CHECK static enum rc keep_new(struct jmap_call *call,
    struct setting *setting, struct view bytes, struct fault *fault,
    uint64_t *ret_id)
{
	enum rc rc = RC_LIMIT;
	for (int i = 0; rc == RC_LIMIT && i < 2; i++) {
		struct store_object_change change = {
		    .kind = STORE_OBJECT_SUBMISSION, .bytes = bytes};
		rc = i > 0 ? make_room(call, fault) : RC_OK;
		if (rc == RC_OK)
			rc = commit(call, setting, &change, fault);
		if (rc == RC_OK)
			*ret_id = change.id;
	}
	return rc;
}

// The statuses of the recipients, and the addresses to which they lead.
static void add_statuses(struct setting *setting, json_t *rest)
{
	const struct delivery *delivery =
	    jmap_sending_delivery(setting->sending);
	json_t *statuses = json_object();
	json_t *to = json_object();
	struct view *addresses =
	    mem_alloc(ROUTE_TARGETS_MAX * sizeof(*addresses));
	for (size_t i = 0; i < setting->envelope.count; i++) {
		struct view email = setting->envelope.recipients[i].email;
		json_t *list = json_object();
		size_t count = delivery_queued_for(
		    delivery, i, addresses, ROUTE_TARGETS_MAX);
		for (size_t n = 0; n < count && n < ROUTE_TARGETS_MAX; n++)
			json_object_setn_new(list, addresses[n].ptr,
			    addresses[n].len, json_string("queued"));
		json_object_setn_new(to, email.ptr, email.len, list);
		json_object_setn_new(
		    statuses, email.ptr, email.len, submission_status_new());
	}
	free(addresses);
	json_object_set_new(rest, "deliveryStatus", statuses);
	json_object_set_new(rest, "to", to);
}

// What is stored beside the numbers. A submission to very many recipients does
// without what is too long.
static struct view rest_of(struct jmap_call *call, struct setting *setting)
{
	size_t max = store_object_limits(STORE_OBJECT_SUBMISSION).bytes / 2;
	json_t *rest = json_object();
	json_object_set(rest, "envelope", setting->envelope.json);
	add_statuses(setting, rest);
	struct view text = jmap_json_text(&call->arena, rest);
	if (text.len > max) {
		(void)json_object_del(rest, "deliveryStatus");
		(void)json_object_del(rest, "to");
		text = jmap_json_text(&call->arena, rest);
	}
	if (text.len > max) {
		json_object_clear(rest);
		text = jmap_json_text(&call->arena, rest);
	}
	json_decref(rest);
	return text;
}

static void note_done(struct setting *setting, struct view id, uint64_t email)
{
	map_put(&setting->done, id, (void *)(uintptr_t)email);
}

static void tell_created(struct jmap_call *call, struct setting *setting,
    uint64_t number, struct view bytes)
{
	struct store_object object = {.id = number, .bytes = bytes};
	char text[JMAP_ID_TEXT];
	struct view id = jmap_id_text(text, JMAP_ID_SUBMISSION, number);
	json_t *json = submission_type.load(&object);
	json_t *given = json_object_getn(setting->set.parts[JMAP_SET_CREATE],
	    setting->creation_id.ptr, setting->creation_id.len);
	struct json_text *out =
	    jmap_set_created(call, &setting->set, setting->creation_id, id);
	jmap_add_unknown(out, submission_type.class, given, json);
	json_end_object(out);
	json_decref(json);
	note_done(setting, id, setting->submission.email_id);
}

// The message is in the queue: stores the object.
static void store_sent(struct jmap_call *call, struct setting *setting)
{
	struct jmap *jmap = call->request->jmap;
	struct submission *submission = &setting->submission;
	struct fault fault = {.text = ""};
	struct buf bytes;
	uint64_t id;
	const struct queue_id *track =
	    delivery_queued(jmap_sending_delivery(setting->sending));
	submission->undo = SUBMISSION_PENDING;
	submission->track = *track;
	submission->send_at = jmap_sending_at(setting->sending);
	submission->rest = rest_of(call, setting);
	buf_init(&bytes, SIZE_MAX / 2);
	submission_encode(submission, &bytes);
	enum rc rc = keep_new(call, setting, buf_view(&bytes), &fault, &id);
	if (rc == RC_OK) {
		jmap_follower_tell(jmap->follower, track, id);
		tell_created(call, setting, id, buf_view(&bytes));
	} else {
		bool taken =
		    queue_take_back(jmap->options.office->queue, track,
			call->request->user.user.account, NULL) == RC_OK;
		submission_fault_set(&setting->fault,
		    jmap_error_of(call, rc, &fault), NULL, "%s",
		    taken ? "it cannot be recorded, and was not sent"
			  : "it was sent, but cannot be recorded");
		note_fault(call, setting);
	}
	buf_done(&bytes);
}

// ---- A new one -------------------------------------------------------------

// Begins to send. False: the error is noted.
static bool begin_one(
    struct jmap_call *call, struct setting *setting, json_t *object)
{
	struct view identity;
	setting->submission = (struct submission){.send_at = 0};
	if (!jmap_set_check_create(&setting->set, setting->creation_id, object))
		return false;
	bool good = json_object_get(object, "undoStatus")
			? wrong(setting, "undoStatus", "the server sets it")
			: read_identity(call, setting, object, &identity) &&
			      read_email(call, setting, object) &&
			      read_envelope(call, setting, object, identity);
	if (!good) {
		note_fault(call, setting);
		return false;
	}
	setting->sending =
	    jmap_sending_new(call, store_view_reader(setting->view),
		setting->submission.email_id, &setting->envelope);
	return true;
}

static enum jmap_step send_one(struct jmap_call *call, struct setting *setting)
{
	enum jmap_step step =
	    jmap_sending_run(setting->sending, &setting->fault);
	if (step != JMAP_DONE)
		return step;
	if (setting->fault.error)
		note_fault(call, setting);
	else
		store_sent(call, setting);
	return JMAP_DONE;
}

static enum jmap_step create_next(
    struct jmap_call *call, struct setting *setting)
{
	json_t *all = setting->set.parts[JMAP_SET_CREATE];
	if (!setting->iterator) {
		setting->phase = CHANGE;
		return JMAP_MORE;
	}
	if (!setting->sending) {
		setting->creation_id =
		    view_of_string(json_object_iter_key(setting->iterator));
		(void)begin_one(
		    call, setting, json_object_iter_value(setting->iterator));
	}
	enum jmap_step step =
	    setting->sending ? send_one(call, setting) : JMAP_DONE;
	if (step != JMAP_DONE)
		return step;
	forget_current(setting);
	setting->iterator = json_object_iter_next(all, setting->iterator);
	return JMAP_MORE;
}

// ---- Updates ---------------------------------------------------------------

// Stores that the submission was taken back; the follower may have done so.
MUST_CHECK static enum rc store_canceled(struct jmap_call *call,
    struct setting *setting, uint64_t id, struct fault *fault)
{
	enum rc rc = RC_GONE;
	for (int i = 0; rc == RC_GONE && i < TRIES_MAX; i++) {
		struct store_object object;
		struct submission submission;
		rc = store_object_get(&call->asker, call->account,
		    STORE_OBJECT_SUBMISSION, id, &call->arena, &object);
		if (rc == RC_OK)
			rc = submission_decode(object.bytes, &submission);
		if (rc != RC_OK || submission.undo == SUBMISSION_CANCELED)
			return rc;
		json_t *rest = jmap_json_load(submission.rest);
		if (!rest)
			return RC_CORRUPT;
		submission_status_cancel(&submission, rest);
		submission.rest = jmap_json_text(&call->arena, rest);
		json_decref(rest);
		struct buf bytes;
		buf_init(&bytes, SIZE_MAX / 2);
		submission_encode(&submission, &bytes);
		struct store_object_change change = {
		    .kind = STORE_OBJECT_SUBMISSION,
		    .id = id,
		    .bytes = buf_view(&bytes),
		    .if_version = object.version,
		};
		rc = commit(call, setting, &change, fault);
		buf_done(&bytes);
	}
	return rc;
}

// Notes the result. True: it was taken back.
static bool cancel(struct jmap_call *call, struct setting *setting,
    struct view id, const struct store_object *object,
    const struct submission *submission)
{
	struct fault fault = {.text = ""};
	enum rc rc = queue_take_back(call->request->jmap->options.office->queue,
	    &submission->track, call->request->user.user.account, &fault);
	if (rc == RC_NOT_FOUND || rc == RC_IN_USE) {
		jmap_set_failed(&setting->set, JMAP_SET_UPDATE, id,
		    JMAP_ERROR_CANNOT_UNSEND,
		    "it was sent already, or is being sent", NULL);
		return false;
	}
	if (rc == RC_OK)
		rc = store_canceled(call, setting, object->id, &fault);
	if (rc == RC_OK)
		jmap_set_updated(&setting->set, id);
	else
		jmap_set_failed(&setting->set, JMAP_SET_UPDATE, id,
		    jmap_error_of(call, rc, &fault), NULL, NULL);
	return rc == RC_OK;
}

// Notes the result. True: it succeeded.
static bool set_undo(struct jmap_call *call, struct setting *setting,
    struct view id, const struct store_object *object,
    const struct submission *submission, struct view word)
{
	enum submission_undo wanted;
	bool known = submission_undo_find(word, &wanted);
	if (known && wanted == submission->undo) {
		jmap_set_updated(&setting->set, id);
		return true;
	}
	if (known && wanted == SUBMISSION_CANCELED &&
	    submission->undo == SUBMISSION_PENDING)
		return cancel(call, setting, id, object, submission);
	if (known && wanted == SUBMISSION_CANCELED)
		jmap_set_failed(&setting->set, JMAP_SET_UPDATE, id,
		    JMAP_ERROR_CANNOT_UNSEND, NULL, NULL);
	else
		jmap_set_wrong_property(&setting->set, JMAP_SET_UPDATE, id,
		    "undoStatus", "it can become \"canceled\" only");
	return false;
}

static void update_one(struct jmap_call *call, struct setting *setting,
    struct view id, json_t *patch)
{
	struct store_object object;
	struct submission submission;
	struct view real;
	json_t *json;
	if (!jmap_stored_set_patch(call, &setting->set, setting->view,
		&submission_type, id, patch, &object, &json))
		return;
	if (submission_decode(object.bytes, &submission) == RC_OK &&
	    set_undo(call, setting, id, &object, &submission,
		json_view(json_object_get(json, "undoStatus"))) &&
	    jmap_resolve_id(call, id, &real))
		note_done(setting, real, submission.email_id);
	json_decref(json);
}

static void destroy_one(
    struct jmap_call *call, struct setting *setting, struct view id)
{
	struct store_object object;
	struct submission submission = {.send_at = 0};
	struct fault fault = {.text = ""};
	struct view real;
	enum rc rc = jmap_stored_find(
	    call, setting->view, &submission_type, id, &object);
	if (rc == RC_OK) {
		struct store_object_change change = {
		    .kind = STORE_OBJECT_SUBMISSION,
		    .id = object.id,
		    .remove = true};
		rc = submission_decode(object.bytes, &submission);
		if (rc == RC_OK || rc == RC_CORRUPT)
			rc = commit(call, setting, &change, &fault);
	}
	if (rc != RC_OK) {
		jmap_set_failed(&setting->set, JMAP_SET_DESTROY, id,
		    rc == RC_NOT_FOUND ? JMAP_ERROR_NOT_FOUND
				       : jmap_error_of(call, rc, &fault),
		    NULL, NULL);
		return;
	}
	jmap_set_destroyed(&setting->set, id);
	if (jmap_resolve_id(call, id, &real))
		note_done(setting, real, submission.email_id);
}

// ---- What follows for the emails -------------------------------------------

// The email of a submission that succeeded, as "E5"; false: it did not.
static bool email_of(struct jmap_call *call, struct setting *setting,
    struct view id, char ret_text[JMAP_ID_TEXT])
{
	struct view real;
	if (!jmap_resolve_id(call, id, &real))
		return false;
	uint64_t email = (uintptr_t)map_get(&setting->done, real);
	if (email)
		(void)jmap_id_text(ret_text, JMAP_ID_EMAIL, email);
	return email != 0;
}

static void follow(struct jmap_call *call, struct setting *setting)
{
	json_t *update = json_object();
	json_t *destroy = json_array();
	char email[24];
	const char *key;
	json_t *value;
	size_t i;
	json_object_foreach(setting->update_email, key,
	    value) if (email_of(call, setting, view_of_string(key), email))
	    json_object_set(update, email, value);
	json_array_foreach(setting->destroy_email, i,
	    value) if (email_of(call, setting, json_view(value), email))
	    json_array_append_new(destroy, json_string(email));
	if (json_object_size(update) > 0 || json_array_size(destroy) > 0) {
		json_t *arguments = json_pack("{s:s%}", "accountId",
		    call->account_id.ptr, call->account_id.len);
		if (json_object_size(update) > 0)
			json_object_set(arguments, "update", update);
		if (json_array_size(destroy) > 0)
			json_object_set(arguments, "destroy", destroy);
		jmap_follow(call, "Email/set", arguments);
	}
	json_decref(update);
	json_decref(destroy);
}

// ---- The method ------------------------------------------------------------

// A patch for each id, and ids.
static bool check_follow(struct jmap_call *call, struct setting *setting)
{
	const char *key;
	json_t *value;
	size_t i;
	bool good = true;
	json_object_foreach(setting->update_email, key, value) good =
	    good && json_is_object(value);
	json_array_foreach(setting->destroy_email, i, value) good =
	    good && json_is_string(value);
	if (!good)
		jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
		    "what to do after success is not a patch, or not an id");
	return good;
}

static bool begin(struct jmap_call *call, struct setting *setting)
{
	map_init(&setting->done);
	if (!jmap_set_read(call, submission_type.class, &setting->set) ||
	    !jmap_take_object(
		call, "onSuccessUpdateEmail", &setting->update_email) ||
	    !jmap_take_array(
		call, "onSuccessDestroyEmail", &setting->destroy_email) ||
	    !jmap_taken_all(call) || !check_follow(call, setting) ||
	    !jmap_identities_make(call) ||
	    !jmap_view_open(call, &setting->view))
		return false;
	setting->before = store_view_version(setting->view);
	setting->after = setting->before;
	setting->iterator =
	    json_object_iter(setting->set.parts[JMAP_SET_CREATE]);
	return jmap_set_in_state(call, &setting->set, setting->before);
}

static enum jmap_step change_all(
    struct jmap_call *call, struct setting *setting)
{
	const char *key;
	json_t *value;
	size_t i;
	// New ones may be changed in the same call.
	store_view_close(&setting->view);
	if (!jmap_view_open(call, &setting->view))
		return JMAP_DONE;
	json_object_foreach(setting->set.parts[JMAP_SET_UPDATE], key, value)
	    update_one(call, setting, view_of_string(key), value);
	json_array_foreach(setting->set.parts[JMAP_SET_DESTROY], i, value)
	    destroy_one(call, setting, json_view(value));
	jmap_set_end(call, &setting->set, setting->before, setting->after);
	follow(call, setting);
	return JMAP_DONE;
}

enum jmap_step submission_set(struct jmap_call *call)
{
	struct setting *setting = call->state;
	if (!setting) {
		setting = call->state = mem_zalloc(sizeof(*setting));
		if (!begin(call, setting))
			return JMAP_DONE;
	}
	if (setting->phase == CREATE)
		return create_next(call, setting);
	return change_all(call, setting);
}

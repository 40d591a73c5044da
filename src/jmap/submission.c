// SPDX-License-Identifier: Apache-2.0
// EmailSubmission (RFC 8621 section 7): its properties, /get and /changes, and
// what the account says of sending.
#include "jmap/submission.h"

#include "delivery/envelope.h"
#include "jmap/impl.h"
#include "jmap/methods.h"
#include "jmap/session.h"
#include "wire/date.h"
#include "wire/json_read.h"

static const struct jmap_property properties[] = {
    {"id", JMAP_KIND_ID, JMAP_SERVER_SET | JMAP_IMMUTABLE},
    {"identityId", JMAP_KIND_ID, JMAP_IMMUTABLE | JMAP_REQUIRED},
    {"emailId", JMAP_KIND_ID, JMAP_IMMUTABLE | JMAP_REQUIRED},
    {"threadId", JMAP_KIND_ID, JMAP_SERVER_SET | JMAP_IMMUTABLE},
    {"envelope", JMAP_KIND_OBJECT, JMAP_NULLABLE | JMAP_IMMUTABLE},
    {"sendAt", JMAP_KIND_UTC_DATE, JMAP_SERVER_SET | JMAP_IMMUTABLE},
    {"undoStatus", JMAP_KIND_STRING, 0},
    {"deliveryStatus", JMAP_KIND_OBJECT, JMAP_SERVER_SET | JMAP_NULLABLE},
    {"dsnBlobIds", JMAP_KIND_ARRAY, JMAP_SERVER_SET},
    {"mdnBlobIds", JMAP_KIND_ARRAY, JMAP_SERVER_SET},
};

static const struct jmap_class class = {
    "EmailSubmission", properties, ARRAY_LEN(properties)};

static void set_id(
    json_t *json, const char *name, enum jmap_id_kind kind, uint64_t number)
{
	char text[JMAP_ID_TEXT];
	(void)jmap_id_text(text, kind, number);
	json_object_set_new(json, name, json_string(text));
}

static void set_date(json_t *json, const char *name, int64_t seconds)
{
	struct buf text;
	buf_init(&text, 64);
	date_format_rfc3339(seconds, &text);
	json_object_set_new(json, name, json_stringn(text.ptr, text.len));
	buf_done(&text);
}

static json_t *load(const struct store_object *object)
{
	struct submission of;
	if (submission_decode(object->bytes, &of) != RC_OK)
		return NULL;
	json_t *json = jmap_json_load(of.rest);
	if (!json_is_object(json)) {
		json_decref(json);
		return NULL;
	}
	(void)json_object_del(json, "to");
	set_id(json, "identityId", JMAP_ID_IDENTITY, of.identity_id);
	set_id(json, "emailId", JMAP_ID_EMAIL, of.email_id);
	set_id(json, "threadId", JMAP_ID_THREAD, of.thread_id);
	set_date(json, "sendAt", of.send_at);
	json_object_set_new(
	    json, "undoStatus", json_string(submission_undo_word(of.undo)));
	// Reports that come later are ordinary mail here.
	json_object_set_new(json, "dsnBlobIds", json_array());
	json_object_set_new(json, "mdnBlobIds", json_array());
	return json;
}

const struct jmap_stored submission_type = {
    .class = &class,
    .kind = STORE_OBJECT_SUBMISSION,
    .id_kind = JMAP_ID_SUBMISSION,
    .load = load,
};

static enum jmap_step submission_get(struct jmap_call *call)
{
	return jmap_stored_get(call, &submission_type);
}

static enum jmap_step submission_changes(struct jmap_call *call)
{
	return jmap_stored_changes(call, &submission_type);
}

static void add_extension(
    struct json_text *out, const char *name, const char *argument)
{
	json_key(out, name);
	json_begin_array(out);
	if (argument)
		json_add_string(out, view_of_string(argument));
	json_end_array(out);
}

// The dates of FUTURERELEASE are left out: they would change the session's
// state every second. maxDelayedSend says the same.
void jmap_submission_capability(const struct jmap *jmap, struct json_text *out)
{
	const struct delivery_office *office = jmap->options.office;
	char number[24];
	json_member_u64(out, "maxDelayedSend", office->hold_seconds);
	json_key(out, "submissionExtensions");
	json_begin_object(out);
	if (delivery_can_hold(office))
		add_extension(out, "FUTURERELEASE", NULL);
	snprintf(number, sizeof(number), "%llu",
	    (unsigned long long)delivery_size_max(office));
	add_extension(out, "SIZE", number);
	add_extension(out, "DSN", NULL);
	snprintf(number, sizeof(number), "%u", DELIVERY_BY_MIN_SECONDS);
	add_extension(out, "DELIVERBY", number);
	add_extension(out, "SMTPUTF8", NULL);
	json_end_object(out);
}

const struct jmap_method jmap_submission_methods[] = {
    {"EmailSubmission/get", JMAP_CAPABILITY_SUBMISSION, JMAP_NEEDS_ACCOUNT,
	submission_get, NULL},
    {"EmailSubmission/changes", JMAP_CAPABILITY_SUBMISSION, JMAP_NEEDS_ACCOUNT,
	submission_changes, NULL},
    {"EmailSubmission/query", JMAP_CAPABILITY_SUBMISSION, JMAP_NEEDS_ACCOUNT,
	submission_query, NULL},
    {"EmailSubmission/queryChanges", JMAP_CAPABILITY_SUBMISSION,
	JMAP_NEEDS_ACCOUNT, submission_query_changes, NULL},
    {"EmailSubmission/set", JMAP_CAPABILITY_SUBMISSION,
	JMAP_NEEDS_ACCOUNT | JMAP_CHANGES, submission_set, submission_set_end},
    {.name = NULL},
};

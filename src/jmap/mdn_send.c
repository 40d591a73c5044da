// SPDX-License-Identifier: Apache-2.0
// MDN/send (RFC 9007 section 2.1), and the Email/set that follows it and sets
// $mdnsent.
#include "delivery/delivery.h"
#include "jmap/identity.h"
#include "jmap/impl.h"
#include "jmap/mdn.h"
#include "jmap/mdn_original.h"
#include "jmap/send.h"
#include "wire/field_write.h"
#include "wire/json_read.h"

#define EXTENSION_NAME_MAX 70

struct mdn_batch {
	struct jmap_set set; // for the lists of the answer
	json_t *send;
	json_t *update_email; // onSuccessUpdateEmail
	struct view identity; // its address; "*@example.org" is any of a domain
	struct store_view *view;
	void *iterator;
	json_t *update; // owned: of Email/set, by email id
	// The one that is being sent.
	struct view creation_id;
	char email_id[JMAP_ID_TEXT];
	json_t *told; // owned: the whole MDN
	struct submission_envelope envelope;
	struct submission_fault fault;
	struct jmap_sending *sending;
};

static void forget_current(struct mdn_batch *state)
{
	jmap_sending_free(&state->sending);
	json_decref(state->told);
	json_decref(state->envelope.json);
	vec_done(&state->fault.recipients);
	state->told = NULL;
	state->envelope = (struct submission_envelope){.count = 0};
	state->fault = (struct submission_fault){.error = JMAP_ERROR_NONE};
}

void mdn_send_end(struct jmap_call *call)
{
	struct mdn_batch *state = call->state;
	if (!state)
		return;
	forget_current(state);
	if (state->view)
		store_view_close(&state->view);
	json_decref(state->update);
	jmap_set_done(&state->set);
	free(state);
	call->state = NULL;
}

static bool fail(struct mdn_batch *state, enum jmap_error error,
    const char *property, const char *text)
{
	submission_fault_set(&state->fault, error, property, "%s", text);
	return false;
}

static bool wrong(
    struct mdn_batch *state, const char *property, const char *text)
{
	return fail(state, JMAP_ERROR_INVALID_PROPERTIES, property, text);
}

static bool fail_rc(struct jmap_call *call, struct mdn_batch *state, enum rc rc)
{
	submission_fault_set(
	    &state->fault, jmap_error_of(call, rc, NULL), NULL, NULL);
	return false;
}

// ---- What the client wants -------------------------------------------------

static bool read_extensions(
    struct mdn_batch *state, json_t *given, struct mdn_fields *fields)
{
	const char *key;
	json_t *value;
	json_object_foreach (given, key, value) {
		struct view name = view_of_string(key);
		bool good = json_is_string(value) &&
			    mdn_value_is_valid(json_view(value)) &&
			    field_name_is_valid(name) &&
			    name.len <= EXTENSION_NAME_MAX &&
			    !mdn_field_is_known(name) &&
			    fields->extension_count < MDN_EXTENSIONS_MAX;
		for (size_t i = 0; i < fields->extension_count; i++)
			good = good && !view_eq_nocase(
					   fields->extensions[i].name, name);
		if (!good)
			return wrong(state, "extensionFields",
			    "a name or a value cannot be in an MDN");
		fields->extensions[fields->extension_count++] =
		    (struct mdn_extension){name, json_view(value)};
	}
	return true;
}

static bool read_fields(
    struct mdn_batch *state, json_t *object, struct mdn_fields *fields)
{
	json_t *agent = json_object_get(object, "reportingUA");
	if (mdn_disposition_read(json_object_get(object, "disposition"),
		&fields->disposition) != RC_OK)
		return wrong(state, "disposition", "it is not one of RFC 9007");
	if (json_is_string(agent))
		fields->reporting_ua = view_trim(json_view(agent));
	if (!mdn_value_is_valid(fields->reporting_ua))
		return wrong(state, "reportingUA",
		    "it has characters that cannot be in an MDN, or too many");
	return read_extensions(
	    state, json_object_get(object, "extensionFields"), fields);
}

// "rfc822; joe@example.org", or the address alone.
static bool read_recipient(struct jmap_call *call, struct mdn_batch *state,
    json_t *given, struct mdn_fields *fields, struct view *ret_from)
{
	struct view address = state->identity, type;
	struct smtp_mailbox mailbox;
	bool has_own = view_starts_with(address, VIEW("*@"));
	if (json_is_string(given))
		address = view_trim(json_view(given));
	else if (has_own)
		return wrong(state, "finalRecipient",
		    "the identity stands for more than one address");
	if (view_find_char(address, ';') != SIZE_MAX &&
	    view_split(&address, ';', &type) &&
	    !view_eq_nocase(view_trim(type), VIEW("rfc822")))
		return wrong(
		    state, "finalRecipient", "it is not of type rfc822");
	address = view_trim(address);
	enum rc rc = smtp_mailbox_parse(&call->arena, address, NULL, &mailbox);
	if (rc == RC_OK)
		rc = jmap_may_send_as(call, address);
	if (rc == RC_DENIED)
		return fail(state, JMAP_ERROR_FORBIDDEN_FROM, NULL,
		    "finalRecipient is not an address of yours");
	if (rc == RC_IO || rc == RC_CORRUPT)
		return fail_rc(call, state, rc);
	if (rc != RC_OK)
		return wrong(state, "finalRecipient", "it is no address");
	fields->final_recipient = mdn_recipient_text(&call->arena, &mailbox);
	// RFC 8098 section 3: From is for whom the notification is issued.
	*ret_from = has_own ? address : state->identity;
	return true;
}

// ---- The email -------------------------------------------------------------

static bool is_sent(const struct store_view_email *email)
{
	for (size_t i = 0; i < email->keyword_count; i++)
		if (view_eq(email->keywords[i], VIEW("$mdnsent")))
			return true;
	return false;
}

static bool find_email(struct jmap_call *call, struct mdn_batch *state,
    json_t *object, uint64_t *ret_number)
{
	struct store_view_email email;
	struct view id = json_view(json_object_get(object, "forEmailId"));
	if (!jmap_resolve_id(call, id, &id) ||
	    !jmap_id_read(id, JMAP_ID_EMAIL, ret_number))
		return fail(state, JMAP_ERROR_NOT_FOUND, NULL,
		    "there is no such email");
	enum rc rc = store_view_email(state->view, *ret_number, &email);
	if (rc == RC_NOT_FOUND)
		return fail(state, JMAP_ERROR_NOT_FOUND, NULL,
		    "there is no such email");
	if (rc != RC_OK)
		return fail_rc(call, state, rc);
	(void)jmap_id_text(state->email_id, JMAP_ID_EMAIL, *ret_number);
	if (is_sent(&email) || json_object_get(state->update, state->email_id))
		return fail(state, JMAP_ERROR_MDN_ALREADY_SENT, NULL,
		    "$mdnsent keyword is already present");
	return true;
}

static bool read_original(struct jmap_call *call, struct mdn_batch *state,
    uint64_t number, struct mdn_original *ret_original)
{
	struct view header;
	enum rc rc = store_reader_header(
	    store_view_reader(state->view), number, &header);
	if (rc == RC_OK)
		rc = mdn_original_read(&call->arena,
		    arena_copy(&call->arena, header), ret_original);
	if (rc == RC_NOT_FOUND)
		return fail(state, JMAP_ERROR_NOT_FOUND, NULL,
		    "the email has no valid Disposition-Notification-To");
	if (rc != RC_OK)
		return fail_rc(call, state, rc);
	// RFC 8098 section 2.1.
	if (ret_original->is_mdn)
		return fail(state, JMAP_ERROR_FORBIDDEN, NULL,
		    "the email is an MDN itself");
	return true;
}

// ---- What is sent ----------------------------------------------------------

static const struct {
	const char *subject;
	const char *text;
} wordings[] = {
    [MDN_DELETED] = {"Deleted: ", "was deleted. It may have been read, or not"},
    [MDN_DISPATCHED] = {"Dispatched: ",
	"was forwarded, printed or sent elsewhere. It may have been read, or "
	"not"},
    [MDN_DISPLAYED] = {"Read: ",
	"was displayed. This is no guarantee that it was read or understood"},
    [MDN_PROCESSED] = {"Processed: ", "was processed without being displayed"},
};

static json_t *string_of(struct view text)
{
	json_t *json =
	    text.len > 0 ? json_stringn(text.ptr, text.len) : json_null();
	return json ? json : json_null();
}

// The client's text, or ours.
static void set_text(struct jmap_call *call, struct mdn_batch *state,
    json_t *object, const char *name, struct view ours, struct view *ret_text)
{
	json_t *given = json_object_get(object, name);
	*ret_text = json_is_string(given) ? json_view(given)
					  : arena_copy(&call->arena, ours);
	json_object_set_new(
	    state->told, name, json_stringn(ret_text->ptr, ret_text->len));
}

static void set_texts(struct jmap_call *call, struct mdn_batch *state,
    json_t *object, const struct mdn_original *original,
    struct mdn_message *message)
{
	enum mdn_type type = message->fields->disposition.type;
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	buf_printf(&text, "%s%.*s", wordings[type].subject,
	    VIEW_FMT(original->subject));
	set_text(
	    call, state, object, "subject", buf_view(&text), &message->subject);
	buf_reset(&text);
	buf_printf(&text, "The message \"%.*s\" that you sent to %.*s\n%s.\n",
	    VIEW_FMT(original->subject), VIEW_FMT(message->from),
	    wordings[type].text);
	set_text(
	    call, state, object, "textBody", buf_view(&text), &message->text);
	buf_done(&text);
}

// All properties as they are sent.
static void tell_fields(
    struct mdn_batch *state, json_t *object, const struct mdn_message *message)
{
	const struct mdn_fields *fields = message->fields;
	json_t *told = state->told;
	json_t *extensions = json_object_get(object, "extensionFields");
	json_object_set_new(told, "includeOriginalMessage",
	    json_boolean(message->with_original));
	json_object_set_new(
	    told, "disposition", mdn_disposition_json(&fields->disposition));
	json_object_set_new(
	    told, "reportingUA", string_of(fields->reporting_ua));
	json_object_set_new(told, "mdnGateway", json_null());
	json_object_set_new(
	    told, "originalRecipient", string_of(fields->original_recipient));
	json_object_set_new(
	    told, "finalRecipient", string_of(fields->final_recipient));
	json_object_set_new(
	    told, "originalMessageId", string_of(fields->original_message_id));
	json_object_set_new(told, "error", json_null());
	json_object_set_new(told, "extensionFields",
	    extensions ? json_incref(extensions) : json_null());
}

// RFC 8098 section 3: to the addresses of Disposition-Notification-To, from
// the null path.
static bool make_envelope(struct jmap_call *call, struct mdn_batch *state,
    const struct mdn_original *original)
{
	json_t *list = json_array();
	for (size_t i = 0; i < original->to_count; i++)
		json_array_append_new(
		    list, json_pack("{s:s%}", "email", original->to[i].ptr,
			      original->to[i].len));
	json_t *json = json_pack(
	    "{s:{s:s}, s:o}", "mailFrom", "email", "", "rcptTo", list);
	bool good = submission_envelope_read(&call->arena,
	    call->request->jmap->options.office, json, &state->envelope,
	    &state->fault);
	json_decref(json);
	return good;
}

static bool make_sending(struct jmap_call *call, struct mdn_batch *state,
    uint64_t number, struct mdn_message *message)
{
	struct store_reader *reader = store_view_reader(state->view);
	struct message_record record = {.size = 0};
	struct view before, after;
	uint64_t thread;
	enum rc rc = RC_OK;
	if (message->with_original)
		rc = store_reader_record(reader, number, &record, &thread);
	if (rc != RC_OK)
		return fail_rc(call, state, rc);
	message->original_is_8bit = record.flags & MESSAGE_RECORD_8BIT;
	mdn_message_write(&call->arena, message, &before, &after);
	if (before.len + after.len + record.size >
	    delivery_size_max(call->request->jmap->options.office))
		return fail(state, JMAP_ERROR_TOO_LARGE, NULL,
		    "with the original it is too large to be sent");
	state->sending = jmap_sending_new(call, reader,
	    message->with_original ? number : 0, &state->envelope);
	jmap_sending_enclose(state->sending, before, after);
	return true;
}

// Begins to send. False: the error is in the fault.
static bool begin_one(
    struct jmap_call *call, struct mdn_batch *state, json_t *object)
{
	struct mdn_fields *fields = arena_zalloc(&call->arena, sizeof(*fields));
	struct mdn_original original;
	struct mdn_message message = {.fields = fields,
	    .with_original = json_is_true(
		json_object_get(object, "includeOriginalMessage"))};
	uint64_t number;
	state->told = json_object();
	if (!find_email(call, state, object, &number) ||
	    !read_fields(state, object, fields) ||
	    !read_original(call, state, number, &original) ||
	    !read_recipient(call, state,
		json_object_get(object, "finalRecipient"), fields,
		&message.from))
		return false;
	if (fields->disposition.sending == MDN_SENT_AUTOMATICALLY &&
	    !original.may_be_automatic)
		return fail(state, JMAP_ERROR_FORBIDDEN, NULL,
		    "it goes elsewhere than to the sender of the message, so "
		    "the user has to be asked (RFC 8098 section 2.1)");
	fields->original_message_id = original.message_id;
	fields->original_recipient = original.recipient;
	message.to = original.to;
	message.to_count = original.to_count;
	set_texts(call, state, object, &original, &message);
	tell_fields(state, object, &message);
	return make_envelope(call, state, &original) &&
	       make_sending(call, state, number, &message);
}

// ---- One after another -----------------------------------------------------

static json_t *update_of(struct mdn_batch *state, struct view creation_id)
{
	struct buf key;
	buf_init(&key, creation_id.len + 1);
	buf_add_char(&key, '#');
	buf_add(&key, creation_id);
	json_t *update =
	    json_object_getn(state->update_email, key.ptr, key.len);
	buf_done(&key);
	return update;
}

static void note_sent(struct mdn_batch *state, json_t *object)
{
	struct json_text *out = &state->set.done[JMAP_SET_CREATE];
	state->set.done_count[JMAP_SET_CREATE]++;
	json_key_view(out, state->creation_id);
	json_begin_object(out);
	jmap_add_unknown(out, &mdn_class, object, state->told);
	json_end_object(out);
	json_object_set(state->update, state->email_id,
	    update_of(state, state->creation_id));
}

// The property's name in the example of RFC 9007 section 3.1.
static void rename_extension(json_t *object)
{
	json_t *value = json_object_get(object, "extension");
	if (!value || json_object_get(object, "extensionFields"))
		return;
	json_object_set(object, "extensionFields", value);
	(void)json_object_del(object, "extension");
}

static enum jmap_step send_next(struct jmap_call *call, struct mdn_batch *state)
{
	json_t *object = json_object_iter_value(state->iterator);
	bool checked = true;
	if (!state->sending) {
		state->creation_id =
		    view_of_string(json_object_iter_key(state->iterator));
		rename_extension(object);
		checked = jmap_set_check_create(
		    &state->set, state->creation_id, object);
		if (checked)
			(void)begin_one(call, state, object);
	}
	enum jmap_step step =
	    state->sending ? jmap_sending_run(state->sending, &state->fault)
			   : JMAP_DONE;
	if (step != JMAP_DONE)
		return step;
	if (state->fault.error)
		jmap_sending_failed(
		    call, &state->set, state->creation_id, &state->fault);
	else if (checked)
		note_sent(state, object);
	forget_current(state);
	state->iterator = json_object_iter_next(state->send, state->iterator);
	return JMAP_MORE;
}

// ---- The method ------------------------------------------------------------

// "the server MUST reject an MDN/send that does not result in setting the
// keyword".
static bool sets_keyword(json_t *patch)
{
	json_t *keywords = json_object_get(patch, "keywords");
	return json_is_true(json_object_get(patch, "keywords/$mdnsent")) ||
	       json_is_true(json_object_get(keywords, "$mdnsent"));
}

static bool check_updates(struct jmap_call *call, struct mdn_batch *state)
{
	const char *key;
	json_t *value;
	bool good = json_object_size(state->update_email) ==
		    json_object_size(state->send);
	json_object_foreach (state->send, key, value) {
		json_t *patch = update_of(state, view_of_string(key));
		good = good && json_is_object(value) && sets_keyword(patch);
	}
	if (!good)
		jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
		    "onSuccessUpdateEmail has to set $mdnsent for each MDN");
	return good;
}

static bool read_arguments(
    struct jmap_call *call, struct mdn_batch *state, struct view *ret_identity)
{
	if (!jmap_take_id(call, "identityId", ret_identity) ||
	    !jmap_take_object(call, "send", &state->send) ||
	    !jmap_take_object(
		call, "onSuccessUpdateEmail", &state->update_email) ||
	    !jmap_taken_all(call))
		return false;
	if (!ret_identity->ptr || !state->send) {
		jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
		    "identityId or send is missing");
		return false;
	}
	if (json_object_size(state->send) >
	    call->request->jmap->options.limits.objects_set) {
		jmap_fail(call, JMAP_ERROR_REQUEST_TOO_LARGE,
		    "more objects than maxObjectsInSet");
		return false;
	}
	return check_updates(call, state);
}

static bool begin(struct jmap_call *call, struct mdn_batch *state)
{
	struct fault fault = {.text = ""};
	struct view identity = {0};
	uint64_t number;
	jmap_set_init(call, &mdn_class, &state->set);
	state->update = json_object();
	// RFC 9007 section 2.1: both capabilities are needed.
	if (!(call->request->using >> JMAP_CAPABILITY_MAIL & 1)) {
		jmap_fail(call, JMAP_ERROR_UNKNOWN_METHOD,
		    "it needs the capability mail, too");
		return false;
	}
	if (!read_arguments(call, state, &identity) ||
	    !jmap_identities_make(call))
		return false;
	enum rc rc =
	    store_view_open(&call->asker, call->account, &fault, &state->view);
	if (rc == RC_OK)
		rc = jmap_identity_email(
		    call, state->view, identity, &number, &state->identity);
	if (rc == RC_NOT_FOUND)
		jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
		    "there is no such identity");
	else if (rc != RC_OK)
		jmap_fail_rc(call, rc, &fault);
	state->iterator = json_object_iter(state->send);
	return rc == RC_OK;
}

static enum jmap_step answer(struct jmap_call *call, struct mdn_batch *state)
{
	struct jmap_set *set = &state->set;
	struct json_text *out = &call->out;
	json_begin_object(out);
	json_member_string(out, "accountId", call->account_id);
	json_end_object(&set->done[JMAP_SET_CREATE]);
	json_end_object(&set->failed[JMAP_SET_CREATE]);
	jmap_set_add_list(out, "sent", set->done_count[JMAP_SET_CREATE],
	    &set->done_text[JMAP_SET_CREATE]);
	jmap_set_add_list(out, "notSent", set->failed_count[JMAP_SET_CREATE],
	    &set->failed_text[JMAP_SET_CREATE]);
	json_end_object(out);
	if (json_object_size(state->update) > 0) {
		json_t *arguments = json_pack("{s:s%}", "accountId",
		    call->account_id.ptr, call->account_id.len);
		json_object_set(arguments, "update", state->update);
		jmap_follow(call, "Email/set", arguments);
	}
	return JMAP_DONE;
}

enum jmap_step mdn_send(struct jmap_call *call)
{
	struct mdn_batch *state = call->state;
	if (!state) {
		state = call->state = mem_zalloc(sizeof(*state));
		if (!begin(call, state))
			return JMAP_DONE;
	}
	return state->iterator ? send_next(call, state) : answer(call, state);
}

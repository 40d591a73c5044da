// SPDX-License-Identifier: Apache-2.0
// Blob/lookup (RFC 9404 section 4.3) and Blob/copy (RFC 8620 section 6.3).
#include "base/clock.h"
#include "base/mem.h"
#include "jmap/blob.h"
#include "jmap/impl.h"
#include "jmap/methods.h"
#include "jmap/object.h"
#include "net/session.h"
#include "store/view.h"

// ---- Blob/lookup -----------------------------------------------------------

enum lookup_type {
	LOOKUP_MAILBOX,
	LOOKUP_THREAD,
	LOOKUP_EMAIL,
	LOOKUP_TYPES,
};

static const char *const type_names[LOOKUP_TYPES] = {
    [LOOKUP_MAILBOX] = "Mailbox",
    [LOOKUP_THREAD] = "Thread",
    [LOOKUP_EMAIL] = "Email",
};

struct lookup {
	bool wanted[LOOKUP_TYPES];
	struct view *ids;
	size_t id_count;
	struct store_view *view;
	size_t at;
};

// The number of the email that a blob is of; 0: of none.
static uint64_t email_of(struct jmap_call *call, struct view id)
{
	struct jmap_blob *blob;
	struct view rest = id, root;
	uint64_t number;
	if (!view_split(&rest, '-', &root) ||
	    !jmap_id_read(root, JMAP_ID_BLOB, &number) ||
	    jmap_blob_open(call->account, &call->asker, id, &blob) != RC_OK)
		return 0;
	jmap_blob_close(&blob);
	return number;
}

static void write_mailboxes(
    const struct store_view_email *email, struct json_text *out)
{
	uint64_t last = 0;
	for (size_t i = 0; i < email->place_count; i++) {
		if (email->places[i].mailbox_id == last)
			continue;
		last = email->places[i].mailbox_id;
		jmap_id_add(out, JMAP_ID_MAILBOX, last);
	}
}

static void write_matches(struct lookup *lookup, enum lookup_type type,
    const struct store_view_email *email, struct json_text *out)
{
	uint64_t thread_id;
	switch (type) {
	case LOOKUP_MAILBOX: write_mailboxes(email, out); return;
	case LOOKUP_THREAD:
		if (store_view_thread_of(
			lookup->view, email->email_id, &thread_id) == RC_OK)
			jmap_id_add(out, JMAP_ID_THREAD, thread_id);
		return;
	case LOOKUP_EMAIL:
		jmap_id_add(out, JMAP_ID_EMAIL, email->email_id);
		return;
	case LOOKUP_TYPES: return;
	}
}

// A blob that nobody sees has empty lists, like one that is in no email.
static void look_up(
    struct jmap_call *call, struct lookup *lookup, struct view id)
{
	struct json_text *out = &call->out;
	struct store_view_email email;
	struct view real;
	uint64_t number = 0;
	if (jmap_resolve_id(call, id, &real))
		number = email_of(call, real);
	else
		real = id;
	bool found = number > 0 &&
		     store_view_email(lookup->view, number, &email) == RC_OK;
	json_begin_object(out);
	json_member_string(out, "id", real);
	json_key(out, "matchedIds");
	json_begin_object(out);
	for (unsigned i = 0; i < LOOKUP_TYPES; i++) {
		if (!lookup->wanted[i])
			continue;
		json_key(out, type_names[i]);
		json_begin_array(out);
		if (found)
			write_matches(lookup, i, &email, out);
		json_end_array(out);
	}
	json_end_object(out);
	json_end_object(out);
}

static bool read_types(struct jmap_call *call, struct lookup *lookup)
{
	struct view *names = NULL;
	size_t count = 0;
	if (!jmap_take_strings(call, "typeNames", &names, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		unsigned type = 0;
		while (type < LOOKUP_TYPES &&
		       !view_eq(names[i], view_of_string(type_names[type])))
			type++;
		// All three are of the mail capability.
		if (type == LOOKUP_TYPES ||
		    !(call->request->using >> JMAP_CAPABILITY_MAIL & 1)) {
			jmap_fail(call, JMAP_ERROR_UNKNOWN_DATA_TYPE, NULL);
			return false;
		}
		lookup->wanted[type] = true;
	}
	if (!names)
		jmap_fail(
		    call, JMAP_ERROR_INVALID_ARGUMENTS, "typeNames is missing");
	return names;
}

static bool lookup_begin(struct jmap_call *call)
{
	struct lookup *lookup =
	    arena_zalloc(&call->arena, sizeof(struct lookup));
	call->state = lookup;
	if (!read_types(call, lookup) ||
	    !jmap_take_strings(call, "ids", &lookup->ids, &lookup->id_count) ||
	    !jmap_taken_all(call))
		return false;
	if (!lookup->ids) {
		jmap_fail(
		    call, JMAP_ERROR_INVALID_ARGUMENTS, "ids are missing");
		return false;
	}
	if (!jmap_get_may_have(call, lookup->id_count) ||
	    !jmap_view_open(call, &lookup->view))
		return false;
	json_begin_object(&call->out);
	json_member_string(&call->out, "accountId", call->account_id);
	json_key(&call->out, "list");
	json_begin_array(&call->out);
	return true;
}

static enum jmap_step blob_lookup(struct jmap_call *call)
{
	if (!call->state && !lookup_begin(call))
		return JMAP_DONE;
	struct lookup *lookup = call->state;
	struct json_text *out = &call->out;
	uint64_t end = clock_monotonic_ms() + NET_SLICE_MS;
	while (lookup->at < lookup->id_count) {
		look_up(call, lookup, lookup->ids[lookup->at++]);
		if (clock_monotonic_ms() >= end)
			return JMAP_MORE;
	}
	json_end_array(out);
	json_key(out, "notFound");
	json_begin_array(out);
	json_end_array(out);
	json_end_object(out);
	return JMAP_DONE;
}

static void blob_lookup_end(struct jmap_call *call)
{
	struct lookup *lookup = call->state;
	if (lookup && lookup->view)
		store_view_close(&lookup->view);
}

// ---- Blob/copy -------------------------------------------------------------

// A user has one account today, so there is none to copy from.
static enum jmap_step blob_copy(struct jmap_call *call)
{
	struct view from = {NULL, 0}, *ids = NULL;
	size_t count = 0;
	if (!jmap_take_id(call, "fromAccountId", &from) ||
	    !jmap_take_strings(call, "blobIds", &ids, &count) ||
	    !jmap_taken_all(call))
		return JMAP_DONE;
	if (!from.ptr || !ids || view_eq(from, call->account_id))
		return jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
		    "blobIds are missing, or fromAccountId is no other "
		    "account");
	return jmap_fail(call, JMAP_ERROR_FROM_ACCOUNT_NOT_FOUND, NULL);
}

const struct jmap_method jmap_blob_lookup_methods[] = {
    {"Blob/lookup", JMAP_CAPABILITY_BLOB, JMAP_NEEDS_ACCOUNT, blob_lookup,
	blob_lookup_end},
    {"Blob/copy", JMAP_CAPABILITY_CORE, JMAP_NEEDS_ACCOUNT | JMAP_CHANGES,
	blob_copy, NULL},
    {.name = NULL},
};

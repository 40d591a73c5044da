// SPDX-License-Identifier: Apache-2.0
// What the functions of methods see: one call of a request, its arguments, and
// the means to answer it.
//
// How a method is written. A file has the methods of one type of object:
//
//	static enum jmap_step mailbox_get(struct jmap_call *call)
//	{
//		struct jmap_get get;
//		if (jmap_get_read(call, &mailbox_class, NULL, &get) &&
//		    jmap_taken_all(call)) { // else an error was answered
//			jmap_get_begin(call, version);
//			...
//			jmap_get_end(call, &get);
//		}
//		jmap_get_done(&get);
//		return JMAP_DONE;
//	}
//	const struct jmap_method jmap_mailbox_methods[] = {
//	    {"Mailbox/get", JMAP_CAPABILITY_MAIL, JMAP_NEEDS_ACCOUNT,
//	     mailbox_get, NULL}, {.name = NULL}};
//
// and methods.c lists it. The response's arguments are written to `call->out`,
// as one object, or jmap_fail() is called, which drops what was written.
//
// A method that may take long (NET_SLICE_MS) returns JMAP_MORE after a piece of
// work and is called again; what it needs then is in `call->state`, which its
// end() frees. A method may wait for the disk, never for the network: then it
// returns JMAP_WAIT, and has `call->request->waker` called later.
#ifndef ROOST_JMAP_CALL_H
#define ROOST_JMAP_CALL_H

#include <jansson.h>

#include "base/arena.h"
#include "jmap/errors.h"
#include "jmap/request.h"
#include "store/rights.h"
#include "wire/json_text.h"

enum jmap_method_flag {
	// Has the argument accountId, and `call->account` is that account.
	JMAP_NEEDS_ACCOUNT = 1 << 0,
	JMAP_CHANGES = 1 << 1, // refused for accounts that are only read
	// Has no such argument, and `call->account` is the user's own.
	JMAP_OWN_ACCOUNT = 1 << 2,
};

struct jmap_call;

struct jmap_method {
	const char *name; // "Email/get"; NULL ends a table
	enum jmap_capability capability;
	unsigned flags; // of enum jmap_method_flag
	enum jmap_step (*run)(struct jmap_call *call);
	void (*end)(struct jmap_call *call); // may be NULL
};

struct jmap_call {
	struct jmap_request *request;
	const struct jmap_method *method;
	struct view id;     // the method call id
	json_t *arguments;  // an object; references are resolved
	size_t taken;       // how many of them were read
	struct arena arena; // lives as long as the call
	// With JMAP_NEEDS_ACCOUNT:
	struct store_account *account;
	struct store_asker asker;
	struct view account_id; // as the client wrote it
	struct json_text out;   // for the response's arguments
	// What jmap_fail() drops begins here, and the writer was like this.
	size_t out_start;
	struct json_text before;
	void *state; // the method's own
	bool failed; // jmap_fail() was called
};

// Answers with an error instead; `description` (may be NULL) is for
// programmers. Returns JMAP_DONE.
enum jmap_step jmap_fail(struct jmap_call *call, enum jmap_error error,
    const char *description, ...) PRINTF_LIKE(3, 4);
// The same for a failure of the store: RC_DENIED is forbidden, RC_QUOTA
// overQuota, RC_NOT_FOUND notFound; what is internal is logged, and is
// serverUnavailable (disk) or serverFail.
enum jmap_step jmap_fail_rc(
    struct jmap_call *call, enum rc rc, const struct fault *fault);
// The error for such a failure, as for an object of a /set. Logs it if it is
// internal.
enum jmap_error jmap_error_of(
    struct jmap_call *call, enum rc rc, const struct fault *fault);

// After this call's response, another method is called with these arguments
// (whose reference is taken), with the same call id (RFC 8620 section 3.2).
void jmap_follow(struct jmap_call *call, const char *method, json_t *arguments);

// ---- Arguments -------------------------------------------------------------
//
// Each reads an argument, or leaves the result as it was if the client gave
// none or null. False: it has another type, and invalidArguments was answered.

MUST_CHECK bool jmap_take_bool(
    struct jmap_call *call, const char *name, bool *ret_value);
// UnsignedInt and Int: up to 2^53 - 1 (RFC 8620 section 1.3).
MUST_CHECK bool jmap_take_u64(struct jmap_call *call, const char *name,
    bool *ret_has, uint64_t *ret_value);
MUST_CHECK bool jmap_take_i64(
    struct jmap_call *call, const char *name, int64_t *ret_value);
MUST_CHECK bool jmap_take_string(
    struct jmap_call *call, const char *name, struct view *ret_value);
// Also checks that it is an Id (section 1.2).
MUST_CHECK bool jmap_take_id(
    struct jmap_call *call, const char *name, struct view *ret_value);
// Borrowed.
MUST_CHECK bool jmap_take_object(
    struct jmap_call *call, const char *name, json_t **ret_value);
MUST_CHECK bool jmap_take_array(
    struct jmap_call *call, const char *name, json_t **ret_value);
// An array of strings; the array is in the call's arena.
MUST_CHECK bool jmap_take_strings(struct jmap_call *call, const char *name,
    struct view **ret_values, size_t *ret_count);
// After all have been taken: false if the client gave others, too, and
// invalidArguments was answered.
MUST_CHECK bool jmap_taken_all(struct jmap_call *call);

// ---- Ids -------------------------------------------------------------------
//
// A letter and a number. Those of emails, threads and mailboxes are what IMAP
// shows as EMAILID, THREADID and MAILBOXID (RFC 8474, RFC 9698 section 3), and
// so the numbers of emails and threads, and of blobs, are decimal, and all
// others are hexadecimal.

#define JMAP_ID_MAX  255 // bytes of any Id
#define JMAP_ID_TEXT 24  // of one of ours, with the NUL

enum jmap_id_kind {
	JMAP_ID_ACCOUNT = 'A',
	JMAP_ID_EMAIL = 'E',
	JMAP_ID_MAILBOX = 'M',
	JMAP_ID_THREAD = 'T',
	JMAP_ID_PUSH = 'P',
	JMAP_ID_BLOB = 'B',   // see blob.h
	JMAP_ID_UPLOAD = 'U', // is no number
	JMAP_ID_IDENTITY = 'I',
	JMAP_ID_SUBMISSION = 'S',
};

bool jmap_id_is_valid(struct view id); // RFC 8620 section 1.2
// False: it is none of ours, so there is no such object.
MUST_CHECK bool jmap_id_read(
    struct view id, enum jmap_id_kind kind, uint64_t *ret_number);
// Writes an id; returns it without the NUL.
struct view jmap_id_text(
    char ret_text[JMAP_ID_TEXT], enum jmap_id_kind kind, uint64_t number);
void jmap_id_add(struct json_text *out, enum jmap_id_kind kind,
    uint64_t number); // as a string
void jmap_id_key(
    struct json_text *out, enum jmap_id_kind kind, uint64_t number);

// "#key" stands for the id of what was created under that key in this request
// (RFC 8620 section 5.3). Any other id is returned as it is. False: nothing was
// created under that key.
MUST_CHECK bool jmap_resolve_id(
    const struct jmap_call *call, struct view id, struct view *ret_id);

// ---- States ----------------------------------------------------------------

// The state of every type is the version of the account, in decimal.
void jmap_state_member(
    struct json_text *out, const char *name, uint64_t version);
// False: it never was a state of ours.
MUST_CHECK bool jmap_state_read(struct view state, uint64_t *ret_version);

#endif

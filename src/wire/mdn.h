// SPDX-License-Identifier: Apache-2.0
// The fields of a message/disposition-notification (RFC 8098 section 3.1): what
// a program says of a message that its user got, such as that it was displayed.
// The reader is strict: what misses a field that must be there, or has one
// twice, is no notification.
#ifndef ROOST_WIRE_MDN_H
#define ROOST_WIRE_MDN_H

#include "base/arena.h"
#include "base/rc.h"

#define MDN_ERRORS_MAX     20 // Error fields
#define MDN_EXTENSIONS_MAX 50 // extension fields

// The words of the Disposition field. They are read in any case, and written as
// JMAP has them (RFC 9007 section 2).
#define MDN_ACTION_TABLE(X)                                                    \
	X(MDN_MANUAL_ACTION, "manual-action")                                  \
	X(MDN_AUTOMATIC_ACTION, "automatic-action")
#define MDN_SENDING_TABLE(X)                                                   \
	X(MDN_SENT_MANUALLY, "mdn-sent-manually")                              \
	X(MDN_SENT_AUTOMATICALLY, "mdn-sent-automatically")
#define MDN_TYPE_TABLE(X)                                                      \
	X(MDN_DELETED, "deleted")                                              \
	X(MDN_DISPATCHED, "dispatched")                                        \
	X(MDN_DISPLAYED, "displayed")                                          \
	X(MDN_PROCESSED, "processed")

#define X(name, word) name,
enum mdn_action { MDN_ACTION_TABLE(X) };
enum mdn_sending { MDN_SENDING_TABLE(X) };
enum mdn_type { MDN_TYPE_TABLE(X) };
#undef X

struct mdn_disposition {
	enum mdn_action action;
	enum mdn_sending sending;
	enum mdn_type type;
};

const char *mdn_action_word(enum mdn_action action);
const char *mdn_sending_word(enum mdn_sending sending);
const char *mdn_type_word(enum mdn_type type);
// Each finds the word, in any case of letters; false: there is no such word.
MUST_CHECK bool mdn_action_find(struct view word, enum mdn_action *ret_action);
MUST_CHECK bool mdn_sending_find(
    struct view word, enum mdn_sending *ret_sending);
MUST_CHECK bool mdn_type_find(struct view word, enum mdn_type *ret_type);

struct mdn_extension {
	struct view name;
	struct view value;
};

// Values are trimmed and unfolded; their bytes may be anything else. `ptr` is
// NULL: there is no such field.
struct mdn_fields {
	struct view reporting_ua;
	struct view gateway;
	struct view original_recipient; // "rfc822; joe@example.org"
	struct view final_recipient;    // never NULL
	struct view original_message_id;
	struct mdn_disposition disposition;
	struct view errors[MDN_ERRORS_MAX];
	size_t error_count;
	// Each name once (the case of letters does not matter): the first one
	// counts.
	struct mdn_extension extensions[MDN_EXTENSIONS_MAX];
	size_t extension_count;
};

// Whether a field of this name has a meaning of its own, so that it is no
// extension field.
bool mdn_field_is_known(struct view name);
// Whether it is "type; address", as the recipients are.
bool mdn_recipient_is_valid(struct view value);

// Reads the content of such a part, after its transfer encoding was decoded.
// RC_SYNTAX: it is none. RC_LIMIT: it has too many fields.
MUST_CHECK enum rc mdn_parse(
    struct arena *arena, struct view content, struct mdn_fields *ret_fields);

#endif

// SPDX-License-Identifier: Apache-2.0
// Searching: does a message match a tree of search keys (RFC 9051 section 6.4.4
// and the extensions that search_ast.h names)?
//
// A string is looked for in decoded text. Both are folded by Unicode (fold.h:
// FOLD_SEARCH), and a run of white space counts as one space. The text is:
//
//   SUBJECT, HEADER Subject   the subject as in ENVELOPE, decoded; the first
//                             one if a message has several
//   HEADER, FROM, TO …        each field of that name, decoded; an empty
//                             string matches if there is such a field. From,
//                             To, Cc and Bcc also as in ENVELOPE: without
//                             comments and quotes
//   BODY                      each text part by itself, decoded; HTML as
//                             people read it
//   TEXT                      the same, and the header of the message, of each
//                             part, and of the messages inside it, with the
//                             names of the fields
//
// Parts other than text (images, PDF …) and bytes between the parts of a
// multipart are not searched. See wire/message_text.h.
#ifndef ROOST_STORE_SEARCH_H
#define ROOST_STORE_SEARCH_H

#include "store/email.h"
#include "store/snapshot.h"
#include "wire/search_ast.h"

// A search that is nested deeper is refused.
#define STORE_SEARCH_DEPTH_MAX 200
// The most keys in one search, counted on all levels.
#define STORE_SEARCH_KEYS_MAX 10000
// Bytes of a string to search for, folded.
#define STORE_SEARCH_NEEDLE_MAX ((size_t)256 * 1024)
// Bytes of all strings together, if there are more than a few.
#define STORE_SEARCH_NEEDLES_MAX ((size_t)64 * 1024)

// Reads emails as they were when it was made. Belongs to one thread at a time.
// Memory: a few hundred KiB, and some more for each string.
struct store_search;

// Makes a search of `mailbox`; `snapshot` is one of the mailbox, and names its
// keywords. `program` must live as long as the search; its strings are UTF-8.
// The caller has replaced what only a protocol knows: SEARCH_SEQUENCE,
// SEARCH_UID and the flag \Recent by SEARCH_UIDS, and SEARCH_EMAIL_ID and
// SEARCH_THREAD_ID have their id in `number`. OLDER and YOUNGER count from now,
// by the store's clock. RC_LIMIT, RC_INVALID, with a sentence in `fault`.
MUST_CHECK enum rc store_search_new(struct store_mailbox *mailbox,
    const struct store_snapshot *snapshot, const struct search_key *program,
    struct fault *fault, struct store_search **ret_search);

// The tests of a caller that knows more of a message than the store.
struct store_search_asks {
	bool (*entry)(void *context, uint64_t number,
	    const struct store_message *message);
	bool (*record)(void *context, uint64_t number,
	    const struct message_record *record);
	void *context;
};
// Makes a search of emails, whatever mailboxes they are in: `program` has no
// flags and no sets of UIDs. Emails are read by `reader`, which must outlive
// the search.
MUST_CHECK enum rc store_search_new_of_emails(struct store_account *account,
    struct store_reader *reader, const struct search_key *program,
    const struct store_search_asks *asks, struct fault *fault,
    struct store_search **ret_search);
void store_search_free(struct store_search **search);

// Whether emails may have to be read: testing a message can then cost much more
// than looking at its entry.
bool store_search_reads(const struct store_search *search);

// Tests a message. Testing them in ascending order costs least. If the email
// has to be read, and it is gone or arrived after the search was made, the
// message does not match. RC_CORRUPT, RC_IO: this email could not be read;
// others can still be tested.
MUST_CHECK enum rc store_search_test(struct store_search *search,
    const struct store_message *message, bool *ret_matches);

#endif

// SPDX-License-Identifier: Apache-2.0
// Searching: does a message match a tree of search keys (RFC 9051 section
// 6.4.4 and the extensions that search_ast.h names)?
//
// Strings match as substrings of decoded text, folded by Unicode (fold.h:
// FOLD_SEARCH), a run of white space like one space. Text is:
//
//   SUBJECT, HEADER Subject    the subject as ENVELOPE has it, decoded; where a
//                              message has several, the first
//   HEADER, FROM, TO …         each field of that name, decoded; the empty
//                              needle: there is such a field. From, To, Cc
//                              and Bcc also as ENVELOPE has them: without
//                              comments and quotes
//   BODY                       each text/* part in turn, transfer encoding and
//                              charset undone, an HTML part with its tags; and
//                              the header of each message within the message
//   TEXT                       the same, after the whole header, names included
//
// Not searched: parts that are no text (images, PDF …), the headers of parts,
// and what stands between the parts of a multipart.
#ifndef ROOST_STORE_SEARCH_H
#define ROOST_STORE_SEARCH_H

#include "store/snapshot.h"
#include "wire/search_ast.h"

// Nested deeper than this, a search is refused.
#define STORE_SEARCH_DEPTH_MAX 200
// Keys in one search, all counted.
#define STORE_SEARCH_KEYS_MAX 10000

// Reads emails as they were when it was made. Belongs to one thread at a time.
// Memory: a few hundred KiB, and some more for each string.
struct store_search;

// A search of `mailbox`; `snapshot` (one of it) says which keywords there are.
// `program` stays as long as the search; its strings are UTF-8. What only a
// protocol knows is gone from it: SEARCH_SEQUENCE, SEARCH_UID and the flag
// \Recent have become SEARCH_UIDS, and SEARCH_EMAIL_ID and SEARCH_THREAD_ID
// have their id in `number`. OLDER and YOUNGER count from now, by the store's
// clock. RC_LIMIT, RC_INVALID, with a sentence in `fault`.
MUST_CHECK enum rc store_search_new(struct store_mailbox *mailbox,
    const struct store_snapshot *snapshot, const struct search_key *program,
    struct fault *fault, struct store_search **ret_search);
void store_search_free(struct store_search **search);

// True when emails may have to be read: a message can cost much more than its
// entry.
bool store_search_reads(const struct store_search *search);

// Cheapest in ascending order of messages. A message whose email is gone, or
// arrived after the search was made, does not match once it has to be read.
// RC_CORRUPT, RC_IO: this email could not be read; the search can go on with
// others.
MUST_CHECK enum rc store_search_test(struct store_search *search,
    const struct store_message *message, bool *ret_matches);

#endif

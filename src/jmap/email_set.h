// SPDX-License-Identifier: Apache-2.0
// What Email/set, Email/import and Email/copy share: emails to be made.
#ifndef ROOST_JMAP_EMAIL_SET_H
#define ROOST_JMAP_EMAIL_SET_H

#include "base/vec.h"
#include "jmap/blob.h"
#include "jmap/object.h"
#include "store/emails_set.h"

// An email that a client wants to make.
struct email_new {
	struct view creation_id;
	struct store_draft *draft; // owned
	struct store_email_new order;
};

struct email_news {
	VEC(struct email_new) items;
};

void email_news_done(struct email_news *news);

// Reads "mailboxIds", "keywords" and "receivedAt" of a new object. False:
// invalidProperties was noted.
MUST_CHECK bool email_new_places(struct jmap_call *call, struct jmap_set *set,
    struct store_view *view, struct view creation_id, json_t *object,
    struct store_email_new *order);
// Makes a draft of a blob. False: the error was noted. `property` is the
// blob's.
MUST_CHECK bool email_new_from_blob(struct jmap_call *call,
    struct jmap_set *set, struct view creation_id, struct view blob_id,
    struct store_draft **ret_draft);
// A copy of the emails' orders for the store, in the call's arena.
struct store_email_new *email_news_orders(
    struct jmap_call *call, const struct email_news *news);
// Notes the results of the store.
void email_news_results(struct jmap_call *call, struct jmap_set *set,
    const struct email_news *news, const struct store_email_new *orders);

// The error for what became of an email in the store.
enum jmap_error email_result_error(
    struct jmap_call *call, const struct store_email_result *result);

// Opens a view for the call. NULL: the error was answered.
struct store_view *email_view_open(struct jmap_call *call);
// Does it. False: the error was answered, stateMismatch if the account has
// another version than set.if_version.
MUST_CHECK bool email_set_run(
    struct jmap_call *call, struct store_emails_set *set);

#endif

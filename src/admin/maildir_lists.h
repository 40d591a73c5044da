// SPDX-License-Identifier: Apache-2.0
// The lists that Dovecot and Courier keep beside the mail of a Maildir. Pure
// syntax over the text of a file, which may have any bytes: a line that cannot
// be read is left out.
#ifndef ROOST_ADMIN_MAILDIR_LISTS_H
#define ROOST_ADMIN_MAILDIR_LISTS_H

#include "base/view.h"

// dovecot-uidlist: gives the next message's UID and the unique part of its
// file's name. Returns false at the end of the text.
bool maildir_uidlist_next(
    struct view *text, uint64_t *ret_uid, struct view *ret_unique);

// dovecot-keywords: gives the next keyword (not empty) and its letter's number,
// which is less than MAILDIR_KEYWORDS.
bool maildir_keywords_next(
    struct view *text, uint32_t *ret_number, struct view *ret_keyword);

// The lists of subscriptions: Dovecot's "subscriptions", and Courier's
// "courierimapsubscribed".
struct maildir_subscriptions {
	struct view rest;
	bool courier;
	char separator; // of levels
};
struct maildir_subscriptions maildir_subscriptions_open(
    struct view text, bool courier);
// Gives the next name, which is not empty; levels are separated by
// `separator` (see maildir_path_decode()).
bool maildir_subscriptions_next(
    struct maildir_subscriptions *list, struct view *ret_name);

#endif

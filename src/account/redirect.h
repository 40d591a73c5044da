// SPDX-License-Identifier: Apache-2.0
// Where an authorization ends: the redirect URIs of a client. Only a program
// on the user's own machine can receive them (draft-ietf-mailmaint-oauth-public
// section 3.3, RFC 8252 section 7). That is what makes it safe to let everybody
// register: no web page can get a code.
#ifndef ROOST_ACCOUNT_REDIRECT_H
#define ROOST_ACCOUNT_REDIRECT_H

#include "base/buf.h"

// Whether a client may register this URI: "http://127.0.0.1/…",
// "http://[::1]/…", or a private scheme with a dot: "com.example:/…". No
// fragment, no "..". Stricter than auth_redirect_is_allowed() in what is a URI,
// as it is written into pages and fields.
bool account_redirect_is_allowed(struct view uri);

// Adds the part of a URI that a Content-Security-Policy needs, so that a form
// may lead there: "http://127.0.0.1:4711" or "com.example:".
void account_redirect_source(struct view uri, struct buf *out);

// Adds "?name=value" or "&name=value" to a URI that is written to `out`.
// `*first` says whether there is no query yet; account_redirect_begin() sets
// it. An empty value adds nothing.
void account_redirect_begin(struct view uri, bool *ret_first, struct buf *out);
void account_redirect_add(
    struct buf *out, bool *first, const char *name, struct view value);

#endif

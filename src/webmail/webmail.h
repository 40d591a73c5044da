// SPDX-License-Identifier: Apache-2.0
// The web mail's page: its files and their policies. Whoever reads mail here
// logs in by the routes of the account, and the page speaks JMAP.
//
//	struct webmail *webmail = webmail_new();
//	… webmail_routes, with `webmail` as their context …
//	webmail_free(&webmail);
#ifndef ROOST_WEBMAIL_WEBMAIL_H
#define ROOST_WEBMAIL_WEBMAIL_H

#include "http/http.h"

#define WEBMAIL_PATH "/mail/"

struct webmail;

struct webmail *webmail_new(void);
void webmail_free(struct webmail **ret_webmail); // may be NULL

// Their context is a struct webmail.
extern const struct http_route webmail_routes[];
extern const size_t webmail_route_count;

#endif

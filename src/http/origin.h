// SPDX-License-Identifier: Apache-2.0
// What a browser says of a request: which page makes it, and which cookies it
// has. A cookie is sent by the browser whoever makes the request. So a request
// that is logged in by one counts only if a page of this host makes it.
#ifndef ROOST_HTTP_ORIGIN_H
#define ROOST_HTTP_ORIGIN_H

#include "http/http.h"

// Adds the origin of the host that the request is for (RFC 6454 section 6.2):
// "https://host", with the port unless it is 443.
void http_add_own_origin(const struct http_request *request, struct buf *out);

// Whether a page of this host makes the request: by Sec-Fetch-Site where the
// browser sends it, otherwise by Origin.
bool http_is_same_origin(const struct http_request *request);
// Whether a page of another host makes it. Both are false for what the user
// typed or opened from elsewhere, and for a browser that says nothing.
bool http_is_foreign(const struct http_request *request);

// Whether the body has this media type, whatever its parameters.
bool http_has_type(const struct http_request *request, const char *type);

// For a request that is logged in by a cookie: 0, or the status that refuses
// it. What reads (GET) is refused if a page of another host asks (403). What
// changes has to come from a page of this host, and to have the field
// "X-Roost: 1", which no form and no link can send (403); and its body has the
// type `type` (415), unless that is NULL.
unsigned http_cookie_refusal(
    const struct http_request *request, const char *type);

// The value of a cookie (RFC 6265 section 4.2). False: there is none, or there
// are several, of which nobody knows who has set them.
MUST_CHECK bool http_cookie(const struct http_request *request,
    const char *name, struct view *ret_value);

#endif

// SPDX-License-Identifier: Apache-2.0
// Foreign text in URLs and in JSON.
#ifndef ROOST_HTTP_TEXT_H
#define ROOST_HTTP_TEXT_H

#include "base/buf.h"

// Adds text as the value of a parameter in a URL (RFC 3986 section 2).
void http_add_percent(struct buf *out, struct view text);
// Adds text as a string in JSON, with its quotes (as json_add_string() of
// wire/json_text.h does), where nothing else is JSON.
void http_add_json(struct buf *out, struct view text);

#endif

// SPDX-License-Identifier: Apache-2.0
// Pages that the server fills in. In their text stand:
//
//	{{name}}            a value, written so that it cannot end the text or
//	                    the attribute where it stands
//	{{?name}} … {{/}}   only if that is so
//	{{#name}} … {{/}}   once for each thing of a list
//
// Parts may stand in each other. A page is a part of the program, so a mistake
// in it is found by a test, not by a user. Below: the choice of its language.
#ifndef ROOST_HTTP_TEMPLATE_H
#define ROOST_HTTP_TEMPLATE_H

#include "base/buf.h"

struct http_template {
	// Writes the value with its escapes (xml_add_text() of wire).
	void (*value)(const void *context, struct view name, struct buf *out);
	bool (*holds)(const void *context, struct view name);
	// Calls http_template_fill() with `inner` and a context for each thing.
	// NULL: the page has no lists.
	void (*each)(const void *context, struct view name, struct view inner,
	    struct buf *out);
};

void http_template_fill(const struct http_template *template,
    const void *context, struct view text, struct buf *out);

// The number of the language that was chosen (a language tag, or empty), or of
// the one that the browser prefers (Accept-Language, RFC 9110 section 12.5.4)
// among `tags`; 0 if it is none of them.
size_t http_language_choose(const char *const *tags, size_t count,
    struct view chosen, struct view accept);

#endif

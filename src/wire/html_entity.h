// SPDX-License-Identifier: Apache-2.0
// Character references of HTML.
#ifndef ROOST_WIRE_HTML_ENTITY_H
#define ROOST_WIRE_HTML_ENTITY_H

#include "base/view.h"

// Takes the reference at the front of `*text`, which begins with "&", off it:
// "&eacute;", "&#233;", "&#xe9;". False, and nothing taken, when it is none
// that is known.
bool html_entity_next(struct view *text, uint32_t *ret_code);

#endif

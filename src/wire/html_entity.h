// SPDX-License-Identifier: Apache-2.0
// Character references of HTML.
#ifndef ROOST_WIRE_HTML_ENTITY_H
#define ROOST_WIRE_HTML_ENTITY_H

#include "base/view.h"

// `*text` begins with "&". If it begins with a known reference ("&eacute;",
// "&#233;", "&#xe9;"), removes it and returns true. Otherwise returns false and
// leaves `*text`.
bool html_entity_next(struct view *text, uint32_t *ret_code);

#endif

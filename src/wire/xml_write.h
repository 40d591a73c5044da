// SPDX-License-Identifier: Apache-2.0
// Text in XML documents (XML 1.0), and whole elements.
#ifndef ROOST_WIRE_XML_WRITE_H
#define ROOST_WIRE_XML_WRITE_H

#include "base/buf.h"

// Adds `text` as character data or as the value of an attribute in either kind
// of quotes: nothing in it can end either. Bytes that are not UTF-8, and
// characters that XML does not allow at all (section 2.2: most control
// characters, U+FFFE, U+FFFF), become U+FFFD. Tabs and ends of lines become
// references, so that no reader changes them (sections 2.11 and 3.3.3).
void xml_add_text(struct buf *out, struct view text);

// Adds a line with an element: `depth` times two spaces, "<name>", the text,
// "</name>". `name` is the program's own.
void xml_add_element(
    struct buf *out, unsigned depth, const char *name, struct view text);
// The same with a number.
void xml_add_number(
    struct buf *out, unsigned depth, const char *name, uint64_t number);

#endif

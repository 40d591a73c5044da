// SPDX-License-Identifier: Apache-2.0
// Recognizes mail in formats that no import reads. The person then learns what
// it is and what to do, instead of only seeing "0 new".
#ifndef ROOST_ADMIN_FOREIGN_H
#define ROOST_ADMIN_FOREIGN_H

#include "admin/listing.h"

// A text that says what a file is, judged by its beginning; NULL if it is not
// recognized.
const char *foreign_file(struct view start);
// A text that says what a folder is, judged by the names in it; NULL if it is
// not recognized.
const char *foreign_folder(const struct listing *list);

#endif

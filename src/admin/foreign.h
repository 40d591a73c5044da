// SPDX-License-Identifier: Apache-2.0
// Recognizes mail in forms that no import reads, so that the person learns what
// it is and what to do, instead of "0 new".
#ifndef ROOST_ADMIN_FOREIGN_H
#define ROOST_ADMIN_FOREIGN_H

#include "admin/listing.h"

// What a file is, judged by its beginning; NULL: not a known form.
const char *foreign_file(struct view start);
// What a folder is, judged by the names in it; NULL: not a known form.
const char *foreign_folder(const struct listing *list);

#endif

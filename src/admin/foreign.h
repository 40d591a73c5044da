// SPDX-License-Identifier: Apache-2.0
// Mail in forms that no import reads: told apart, so that a person learns what
// it is and what to do, instead of "0 new".
#ifndef ROOST_ADMIN_FOREIGN_H
#define ROOST_ADMIN_FOREIGN_H

#include "admin/listing.h"

// What a file is, by how it begins; NULL: nothing that is known here.
const char *foreign_file(struct view start);
// What a folder is, by the names in it; NULL as above.
const char *foreign_folder(const struct listing *list);

#endif

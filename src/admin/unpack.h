// SPDX-License-Identifier: Apache-2.0
// Messages that a server keeps compressed (Dovecot's zlib plugin): gzip, bzip2
// and zstd, one file a message.
#ifndef ROOST_ADMIN_UNPACK_H
#define ROOST_ADMIN_UNPACK_H

#include "base/buf.h"

// Whether it begins as one of them does. No message begins so: the bytes are
// none of a field's name.
bool unpack_is_packed(struct view bytes);
// Adds what was packed to `ret_text`. RC_LIMIT when it is more than fits there:
// a small file may unpack to any size. RC_CORRUPT when it is damaged, or ends
// before its end.
MUST_CHECK enum rc unpack(struct view bytes, struct buf *ret_text);

#endif

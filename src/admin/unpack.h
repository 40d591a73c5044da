// SPDX-License-Identifier: Apache-2.0
// Messages that a server keeps compressed (Dovecot's zlib plugin): gzip, bzip2
// and zstd, one file for each message.
#ifndef ROOST_ADMIN_UNPACK_H
#define ROOST_ADMIN_UNPACK_H

#include "base/buf.h"

// True if the bytes begin like a compressed file. No message begins like that:
// it begins with a field's name, which cannot contain these bytes.
bool unpack_is_packed(struct view bytes);
// Adds the unpacked bytes to `ret_text`. RC_LIMIT when they do not fit (a small
// file may unpack to any size); RC_CORRUPT when the file is damaged or
// incomplete.
MUST_CHECK enum rc unpack(struct view bytes, struct buf *ret_text);

#endif

// SPDX-License-Identifier: Apache-2.0
// Raw DEFLATE in both directions (RFC 4978, RFC 1951). Used inside this room
// only. Input is inflated in pieces that are no larger than the caller's
// buffer, so a small input that inflates to gigabytes needs no more memory.
#ifndef ROOST_NET_COMPRESS_H
#define ROOST_NET_COMPRESS_H

#include "base/buf.h"

struct compress;

// `early` is compressed input that has arrived already.
struct compress *compress_new(struct view early);
void compress_free(struct compress **compress);

// Whether all input so far has been inflated and returned.
bool compress_is_starved(const struct compress *compress);

// Inflates into `to` (`size` is at least 1). `raw` is new input; it must be
// empty unless compress_is_starved(). RC_OK: *ret_len bytes, at least 1.
// RC_MORE: more input is needed. RC_END: the peer ended its stream. RC_CORRUPT:
// the input is not DEFLATE.
MUST_CHECK enum rc compress_inflate(struct compress *compress, struct view raw,
    char *to, size_t size, size_t *ret_len);

// Compresses `bytes` into `wire`. With `flush` the peer can read everything
// given so far when it has received `wire`.
void compress_deflate(
    struct compress *compress, struct view bytes, bool flush, struct buf *wire);

#endif

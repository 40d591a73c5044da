// SPDX-License-Identifier: Apache-2.0
// Raw DEFLATE in both directions (RFC 4978, RFC 1951). Inside the room only.
// Output is inflated in pieces no larger than the caller's buffer, so that a
// small input that stands for gigabytes costs no memory.
#ifndef ROOST_NET_COMPRESS_H
#define ROOST_NET_COMPRESS_H

#include "base/buf.h"

struct compress;

// `early` is compressed input that has come already.
struct compress *compress_new(struct view early);
void compress_free(struct compress **compress);

// True when all input given so far is inflated and taken.
bool compress_is_starved(const struct compress *compress);

// Inflates into `to` (`size` at least 1). `raw` is new input: empty unless
// starved. RC_OK: *ret_len bytes, at least 1. RC_MORE: more input is needed.
// RC_END: the peer ended its stream. RC_CORRUPT: not DEFLATE.
MUST_CHECK enum rc compress_inflate(struct compress *compress, struct view raw,
    char *to, size_t size, size_t *ret_len);

// Compresses `bytes` onto `wire`. `flush`: what was given until now can be read
// by the peer when it has `wire`.
void compress_deflate(
    struct compress *compress, struct view bytes, bool flush, struct buf *wire);

#endif

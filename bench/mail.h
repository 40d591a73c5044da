// SPDX-License-Identifier: Apache-2.0
// Mails of made-up text of an exact size, all different, that compress about as
// text does. Lines end in CRLF, none begins with a dot.
#ifndef ROOST_BENCH_MAIL_H
#define ROOST_BENCH_MAIL_H

#include "base/buf.h"

#define MAIL_SIZE_MIN 1024
#define MAIL_SIZE_MAX (4U << 20)

struct mail_maker {
	char *text;
	unsigned lines;
	unsigned size;
};

// For mails of `size` bytes, MAIL_SIZE_MIN to MAIL_SIZE_MAX.
void mail_maker_init(struct mail_maker *maker, unsigned size);
void mail_maker_done(struct mail_maker *maker);
// Adds the mail that `number` and `serial` name. With `stored` it has the
// Return-Path that the last server on its way gives it.
void mail_add(const struct mail_maker *maker, unsigned number, unsigned serial,
    bool stored, struct buf *out);

#endif

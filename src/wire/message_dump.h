// SPDX-License-Identifier: Apache-2.0
// A parsed message as text, for the tests and the fuzzer.
#ifndef ROOST_WIRE_MESSAGE_DUMP_H
#define ROOST_WIRE_MESSAGE_DUMP_H

#include "wire/message.h"

// "multipart/mixed(text/plain=one| image/gif=)": the tree with the leaves'
// bodies, CRLF as "|", a bare LF as "/".
void message_dump_tree(
    const struct message *message, struct view bytes, struct buf *out);

// Everything the parser found out, every field and offset.
void message_dump_all(const struct message *message, struct buf *out);

// NULL when the parts' offsets lie in the message and in their parents, and
// their links are sound; else what is wrong.
const char *message_dump_fault(const struct message *message);

#endif

// SPDX-License-Identifier: Apache-2.0
// For tests and fuzzers: a message parsed all at once.
#ifndef ROOST_WIRE_MESSAGE_WHOLE_H
#define ROOST_WIRE_MESSAGE_WHOLE_H

#include <stdlib.h>

#include "wire/message.h"

// `bytes` is at most MESSAGE_SIZE_MAX long. The caller frees the message.
static inline struct message *message_parse(
    struct view bytes, size_t header_max)
{
	struct message_parser *parser = message_parser_new(header_max);
	struct message *message = NULL;
	message_parser_push(parser, bytes);
	if (message_parser_finish(parser, &message) != RC_OK)
		abort();
	message_parser_free(&parser);
	return message;
}

#endif

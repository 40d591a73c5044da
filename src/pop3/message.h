// SPDX-License-Identifier: Apache-2.0
// Finds a message that a client names by its number, for LIST, UIDL, RETR, TOP,
// DELE.
#ifndef ROOST_POP3_MESSAGE_H
#define ROOST_POP3_MESSAGE_H

#include "pop3/impl.h"
#include "pop3/maildrop.h"

struct pop3_message {
	uint32_t index; // its number minus 1
	struct store_message message;
};

// False: `number` is not a number, or there is no such message; the client was
// told.
bool pop3_message_named(struct pop3_command *command, struct view number,
    struct pop3_message *ret_message);
// The same; also false if another client has expunged the message.
bool pop3_message_there(struct pop3_command *command, struct view number,
    struct pop3_message *ret_message);

#endif

// SPDX-License-Identifier: Apache-2.0
// Finds the message that a client names.
#include "pop3/message.h"

bool pop3_message_named(struct pop3_command *command, struct view number,
    struct pop3_message *ret_message)
{
	const struct pop3_maildrop *maildrop = command->session->maildrop;
	struct pop3_message found;
	enum rc rc =
	    pop3_maildrop_find(maildrop, number, &found.index, &found.message);
	if (rc == RC_OK)
		*ret_message = found;
	else if (rc == RC_SYNTAX)
		pop3_bad(command, "Expected the number of a message");
	else
		pop3_err(command, NULL, "No such message among the %u here",
		    pop3_maildrop_count(maildrop));
	return rc == RC_OK;
}

bool pop3_message_there(struct pop3_command *command, struct view number,
    struct pop3_message *ret_message)
{
	struct pop3_message found;
	if (!pop3_message_named(command, number, &found))
		return false;
	if (pop3_maildrop_has_lost(
		command->session->maildrop, &found.message)) {
		pop3_err(command, NULL,
		    "Another client has deleted this message meanwhile");
		return false;
	}
	*ret_message = found;
	return true;
}

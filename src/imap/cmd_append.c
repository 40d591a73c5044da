// SPDX-License-Identifier: Apache-2.0
// APPEND (RFC 9051 section 6.3.12), with MULTIAPPEND (RFC 3502), literal8 (RFC
// 3516) and UTF8 literals (RFC 6855 section 4), APPENDLIMIT (RFC 7889). If a
// command can be refused, it is refused before the client is asked for the
// literal.
#include "imap/append.h"
#include "imap/commands.h"

enum imap_step imap_append_begin(struct imap_command *command)
{
	struct imap_append *append;
	if (!imap_append_complete(command, &append))
		return IMAP_STEP_DONE;
	struct store_appended appended;
	enum rc rc = store_append(append->mailbox, append->messages,
	    append->count, &command->fault, &appended);
	if (rc != RC_OK)
		return imap_append_failed(command, rc);
	imap_append_write_code(imap_code(command), &appended, append->count);
	return imap_ok(command, "APPEND completed");
}

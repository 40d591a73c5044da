// SPDX-License-Identifier: Apache-2.0
// GETJMAPACCESS (RFC 9698): where the same account is served by JMAP. The
// capability promises that the same credentials are good there, and that
// EMAILID, THREADID and MAILBOXID (RFC 8474) are JMAP's ids.
#include "imap/commands.h"
#include "imap/session.h"

enum imap_step imap_getjmapaccess_begin(struct imap_command *command)
{
	const char *url = command->session->server->jmap_url;
	if (!url)
		return imap_bad(command, "there is no JMAP here");
	if (imap_no_arguments(command) != RC_OK)
		return IMAP_STEP_DONE;
	imap_untagged(command, "JMAPACCESS \"%s\"", url);
	return imap_ok(command, "GETJMAPACCESS completed");
}

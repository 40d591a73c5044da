// SPDX-License-Identifier: Apache-2.0
// COMPRESS=DEFLATE (RFC 4978); the network compresses.
#include "imap/commands.h"
#include "imap/session.h"

enum imap_step imap_compress_begin(struct imap_command *command)
{
	struct imap_session *session = command->session;
	struct imap_cursor *args = &command->args;
	struct view mechanism;
	enum rc rc = imap_parse_sp(args);
	if (rc == RC_OK)
		rc = imap_parse_atom(
		    args, "a compression mechanism", &mechanism);
	if (rc == RC_OK)
		rc = imap_parse_end(args);
	if (rc != RC_OK)
		return imap_bad_arguments(command, rc);
	if (!session->server->compress)
		return imap_bad(command, "COMPRESS is not available here");
	if (!view_eq_nocase(mechanism, VIEW("DEFLATE")))
		return imap_no(command, "CANNOT", "Only DEFLATE is known");
	if (session->compressed)
		// RFC 4978 section 3.
		return imap_no(command, "COMPRESSIONACTIVE",
		    "Compression is active already");
	session->compressed = true;
	command->then = NET_COMPRESS;
	return imap_ok(command, "DEFLATE active");
}

// SPDX-License-Identifier: Apache-2.0
// What the tests of commands on messages share: sessions on one account over
// the memory engine. They run single commands without the reader, each with an
// output as small as the test wants.
#ifndef ROOST_IMAP_TEST_CLIENT_H
#define ROOST_IMAP_TEST_CLIENT_H

#include "imap/commands.h"
#include "imap/view.h"
#include "store/store_test_tools.h"

struct desk {
	struct bed bed;
	struct imap_server server;
};

void desk_open(struct desk *desk, struct store_options options);
void desk_close(struct desk *desk);
// Appends a message with the flags of "\Seen $Junk", or without flags.
uint32_t desk_append(struct desk *desk, const char *mailbox, const char *text,
    const char *flags);
// The same with any bytes, and without flags.
uint32_t desk_append_bytes(
    struct desk *desk, const char *mailbox, struct view bytes);

struct client {
	struct desk *desk;
	struct imap_session session;
	struct buf all; // everything that the last command wrote
	// How much each step may write before the output counts as full; 0: the
	// usual size.
	size_t room;
	// Called between the steps of a command; may be NULL.
	void (*between)(void *context);
	void *context;
	unsigned steps; // of the last command
};

void client_open(struct client *client, struct desk *desk, unsigned features);
void client_close(struct client *client);
// SELECT or EXAMINE; the result is valid until the next call.
const char *client_select(
    struct client *client, const char *mailbox, bool read_only);
// SELECT with QRESYNC; `known` and the others may be NULL.
const char *client_resync(struct client *client, const char *mailbox,
    uint32_t uidvalidity, uint64_t modseq, const char *known,
    const char *match_sequences, const char *match_uids);
// Runs "UID FETCH 1:* FLAGS" and the like, and gives everything that is
// written, with "t" as the tag.
const char *client_run(struct client *client, const char *line);
const char *client_runf(struct client *client, const char *format, ...)
    PRINTF_LIKE(2, 3);
// Gives the news, as IDLE or NOOP would.
const char *client_sync(struct client *client, bool expunge);

#endif

// SPDX-License-Identifier: Apache-2.0
// What IMAP says to a user who has not all rights to a mailbox (RFC 4314
// section 4 and 5.2). The user looks into an account that is someone else's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "imap/impl.h"
#include "imap/rig.h"

#define GUEST 2000

#define L  STORE_RIGHT_LOOKUP
#define R  STORE_RIGHT_READ
#define LR (STORE_RIGHT_LOOKUP | STORE_RIGHT_READ)
#define S  STORE_RIGHT_SEEN
#define W  STORE_RIGHT_WRITE
#define I  STORE_RIGHT_INSERT
#define K  STORE_RIGHT_CREATE
#define X  STORE_RIGHT_DELETE_MAILBOX
#define T  STORE_RIGHT_DELETE_MESSAGES
#define E  STORE_RIGHT_EXPUNGE

// The guest's rights to every mailbox.
static unsigned rights_of(void *context, const struct store_asker *asker,
    uint64_t account_id, uint64_t mailbox_id)
{
	const unsigned *rights = context;
	(void)account_id;
	(void)mailbox_id;
	return asker->account == GUEST ? *rights : 0;
}

static void assert_has(
    const char *command, unsigned rights, const char *said, const char *part)
{
	struct view all = view_of_string(said);
	size_t at = view_find(all, view_of_string(part));
	if (at == SIZE_MAX || (at > 0 && part[0] == 'A'))
		fail_msg("%s with 0x%x: no \"%s\" in: %.*s", command, rights,
		    part, VIEW_FMT(all));
}

static const char no_mailbox[] = "NO [NONEXISTENT]";
static const char denied[] = "NO [NOPERM]";

// What begins with the tag is all that is said.
// Without a mailbox selected, or with one that was selected with all rights.
static const struct {
	bool selected;
	unsigned rights;
	const char *command;
	const char *said;
} table[] = {
    {false, L, "LIST \"\" *", "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"},
    {false, R, "LIST \"\" *", "A1 OK"},
    {false, 0, "LIST \"\" INBOX", "A1 OK"},
    {false, LR, "LIST \"\" INBOX RETURN (STATUS (MESSAGES))",
	"* STATUS INBOX (MESSAGES 2)\r\n"},
    {false, LR, "STATUS INBOX (MESSAGES)", "(MESSAGES 2)\r\n"},
    {false, R, "STATUS INBOX (MESSAGES)", "(MESSAGES 2)\r\n"},
    {false, L, "STATUS INBOX (MESSAGES)", denied},
    {false, 0, "STATUS INBOX (MESSAGES)", no_mailbox},
    {false, LR, "STATUS None (MESSAGES)", no_mailbox},
    {false, L, "SELECT INBOX", denied},
    {false, 0, "SELECT INBOX", no_mailbox},
    {false, 0, "SELECT None", no_mailbox},
    {false, L, "EXAMINE INBOX", denied},
    {false, R, "SELECT INBOX", "OK [READ-ONLY]"},
    {false, LR, "SELECT INBOX", "[PERMANENTFLAGS ()]"},
    {false, LR | X | K, "SELECT INBOX", "OK [READ-ONLY]"},
    {false, LR | I, "SELECT INBOX", "OK [READ-WRITE]"},
    {false, LR | E, "SELECT INBOX", "OK [READ-WRITE]"},
    {false, LR | S, "SELECT INBOX", "OK [READ-WRITE]"},
    {false, LR | S, "SELECT INBOX", "[PERMANENTFLAGS (\\Seen)]"},
    {false, LR | T, "SELECT INBOX", "[PERMANENTFLAGS (\\Deleted)]"},
    {false, LR | S | T, "SELECT INBOX", "[PERMANENTFLAGS (\\Deleted \\Seen)]"},
    {false, LR | W, "SELECT INBOX",
	"[PERMANENTFLAGS (\\Answered \\Flagged \\Draft \\*)]"},
    {false, LR | S | T | W, "SELECT INBOX",
	"[PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)]"},
    {false, LR | S | T | W, "EXAMINE INBOX", "[PERMANENTFLAGS ()]"},
    {false, LR | S | T | W, "EXAMINE INBOX", "OK [READ-ONLY]"},
    {false, L, "CREATE INBOX/New", denied},
    {false, L | K, "CREATE INBOX/New", "A1 OK"},
    {false, STORE_RIGHTS_ALL, "CREATE New", denied},
    {false, L, "DELETE Trash", denied},
    {false, 0, "DELETE Trash", no_mailbox},
    {false, X, "DELETE Trash", "A1 OK"},
    {false, K, "RENAME Trash INBOX/Old", no_mailbox},
    {false, L | K, "RENAME Trash INBOX/Old", denied},
    {false, L | X, "RENAME Trash INBOX/Old", denied},
    {false, K | X, "RENAME Trash INBOX/Old", "A1 OK"},
    {false, 0, "SUBSCRIBE INBOX", no_mailbox},
    {true, LR, "STORE 1 +FLAGS (\\Seen)", denied},
    {true, LR | S, "STORE 1 +FLAGS (\\Seen \\Flagged)",
	"(FLAGS (\\Seen \\Recent)"},
    {true, LR | T, "STORE 1 +FLAGS (\\Seen \\Deleted)",
	"FLAGS (\\Deleted \\Recent)"},
    {true, LR | W, "STORE 1 FLAGS (\\Seen \\Flagged)",
	"FLAGS (\\Flagged \\Recent)"},
    {true, LR | W, "STORE 1 +FLAGS.SILENT (\\Seen \\Flagged)",
	"* 1 FETCH (FLAGS (\\Flagged"},
    {true, LR | T, "EXPUNGE", denied},
    {true, LR | E, "EXPUNGE", "* 2 EXPUNGE\r\n"},
    {true, LR, "CLOSE", "A1 OK"},
    {true, LR, "COPY 1 Trash", denied},
    {true, R, "COPY 1 Trash", "NO [TRYCREATE]"},
    {true, R | I, "COPY 1 Trash", "OK [COPYUID"},
    {true, LR | I | E, "MOVE 1 Trash", denied},
    {true, LR | I | T, "MOVE 1 Trash", denied},
    {true, LR | T | E, "MOVE 1 Trash", denied},
    {true, R | I | T | E, "MOVE 1 Trash", "COPYUID"},
    {true, LR, "FETCH 1 BODY[]", "* 1 FETCH (BODY[] {"},
    {true, LR | S, "FETCH 1 BODY[]",
	"* 1 FETCH (FLAGS (\\Seen \\Recent) BODY[] {"},
};

// What is said to `line`; valid until the next call.
static const char *say(struct rig_client *client, const char *line)
{
	buf_reset(&client->out);
	rig_say(client, view_of_string(line));
	buf_add_char(&client->out, '\0');
	return client->out.ptr;
}

static void as_guest(struct rig_client *client)
{
	struct imap_session *session = client->session;
	session->asker = store_user(GUEST);
}

static void each_command_needs_its_rights(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct rig rig;
		struct rig_client client;
		char line[100];
		unsigned rights = STORE_RIGHTS_ALL;
		rig_init(&rig,
		    &(struct rig_options){.sharing = {rights_of, &rights}});
		rig_connect(&rig, true, &client);
		say(&client, "A0 APPEND INBOX {8+}\r\nA: b\r\n\r\n\r\n");
		say(&client,
		    "A0 APPEND INBOX (\\Deleted) {8+}\r\nA: b\r\n\r\n\r\n");
		as_guest(&client);
		if (table[i].selected)
			say(&client, "A0 SELECT INBOX\r\n");
		rights = table[i].rights;
		snprintf(line, sizeof(line), "A1 %s\r\n", table[i].command);
		const char *said = say(&client, line);
		assert_has(table[i].command, rights, said, table[i].said);
		rig_disconnect(&client);
		rig_done(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_command_needs_its_rights),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

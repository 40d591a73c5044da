// SPDX-License-Identifier: Apache-2.0
// What a stranger sends after "RCPT TO:", with the real delivery. An accepted
// address leads to a user here, or to the targets of our alias: nothing else is
// ever queued.
#include "smtp/rig.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SAID_MAX     ((size_t)1 << 20)
#define MESSAGES_MAX 100 // then a new office is made

static struct rig_users users; // made once for the process, which takes long
static struct rig rig;
static size_t messages;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	rig_users_init(&users);
	rig_init(&rig, &(struct rig_options){.users = &users});
	return 0;
}

static void check_messages(struct view path)
{
	struct buf message;
	buf_init(&message, SAID_MAX);
	while (rig_office_next(rig.office, &message)) {
		struct view text = buf_view(&message);
		if (view_starts_with(text, VIEW("queue ")) &&
		    !view_starts_with(text,
			VIEW("queue <a@example.net> > a@example.com: "))) {
			fprintf(stderr, "%.*s led to %.*s\n", VIEW_FMT(path),
			    VIEW_FMT(text));
			abort();
		}
		buf_reset(&message);
		messages++;
	}
	buf_done(&message);
	if (messages < MESSAGES_MAX)
		return;
	rig_done(&rig);
	rig_init(&rig, &(struct rig_options){.users = &users});
	messages = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rig_client client;
	struct buf line;
	struct view path = view_of(data, size);
	path = view_slice(path, 0, view_find_char(path, '\n'));
	buf_init(&line, SAID_MAX);
	buf_add_literal(&line, "RCPT TO:");
	buf_add(&line, path);
	buf_add_literal(&line, "\r\n");
	rig_connect(&rig, VIEW(""), &client);
	rig_say(&client, VIEW("EHLO client\r\n"));
	rig_say(&client, VIEW("MAIL FROM:<a@example.net> SMTPUTF8\r\n"));
	buf_reset(&client.out);
	rig_say(&client, buf_view(&line));
	if (view_starts_with(buf_view(&client.out), VIEW("250 "))) {
		rig_say(&client, VIEW("DATA\r\n"));
		rig_say(&client, VIEW("\r\nx\r\n.\r\n"));
	}
	rig_disconnect(&client);
	check_messages(path);
	buf_done(&line);
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Three devices at once, each a thread of its own, change the same mailboxes at
// random. Afterwards all see the same, and so does one who comes anew. Meant
// for ThreadSanitizer, too.
#include <pthread.h>

#include "imap/test_client.h"

#define DEVICES    3
#define OPERATIONS 400

struct device {
	struct client client;
	uint64_t random;
	unsigned refused; // commands that ended in BAD
};

static uint32_t roll(struct device *device, uint32_t below)
{
	device->random ^= device->random >> 12;
	device->random ^= device->random << 25;
	device->random ^= device->random >> 27;
	return (uint32_t)((device->random * 2685821657736338717ull) >> 33) %
	       below;
}

static void append(struct device *device)
{
	struct store_account *account = device->client.session.account;
	struct store_draft *draft =
	    store_draft_new(device->client.desk->bed.store);
	struct store_append message = {.draft = draft};
	struct store_mailbox *mailbox = NULL;
	struct store_appended appended;
	struct fault fault;
	bool good =
	    store_draft_add(draft, VIEW("Subject: x\r\n\r\nbody\r\n")) ==
		RC_OK &&
	    store_draft_finish(draft) == RC_OK &&
	    store_mailbox_open(&store_system, account, VIEW("INBOX"),
		STORE_RIGHT_INSERT, &fault, &mailbox) == RC_OK &&
	    store_append(mailbox, &message, 1, &fault, &appended) == RC_OK;
	if (!good)
		device->refused++;
	if (mailbox)
		store_mailbox_close(&mailbox);
	store_draft_free(&draft);
}

static void operate(struct device *device)
{
	static const char *const formats[] = {
	    "UID STORE %u:%u +FLAGS (\\Seen $Mine)",
	    "UID STORE %u:%u -FLAGS.SILENT (\\Seen)",
	    "UID STORE %u:%u +FLAGS (\\Deleted)",
	    "UID FETCH %u:%u (FLAGS BODY[TEXT])",
	    "UID FETCH %u:%u (ENVELOPE MODSEQ)",
	    "UID COPY %u:%u Sent",
	    "UID COPY %u:%u INBOX",
	    "UID MOVE %u:%u INBOX",
	    "UID SEARCH UID %u:%u UNSEEN",
	    "UID EXPUNGE %u:%u",
	    "UID THREAD REFERENCES UTF-8 UID %u:%u",
	};
	uint32_t last = imap_view_last_uid(device->client.session.view);
	uint32_t low = last > 60 ? last - 60 : 0;
	uint32_t first = low + 1 + roll(device, 60);
	uint32_t what = roll(device, 14);
	if (what >= ARRAY_LEN(formats)) {
		append(device);
		return;
	}
	device->client.room = roll(device, 2) ? 1 + roll(device, 200) : 0;
	char line[200];
	struct buf text;
	buf_init(&text, sizeof(line) - 1);
	struct view rest = view_of_string(formats[what]);
	struct view part;
	uint32_t numbers[] = {first, first + roll(device, 5)};
	for (size_t i = 0; view_split(&rest, '%', &part); i++) {
		// Behind a "%" comes its "u".
		buf_add(&text, view_from(part, i ? 1 : 0));
		if (i < ARRAY_LEN(numbers))
			buf_add_u64(&text, numbers[i]);
	}
	memcpy(line, text.ptr, text.len);
	line[text.len] = '\0';
	buf_done(&text);
	if (strstr(client_run(&device->client, line), "t BAD "))
		device->refused++;
}

static void *work(void *context)
{
	struct device *device = context;
	for (int i = 0; i < OPERATIONS; i++)
		operate(device);
	return NULL;
}

static char *all_of(struct client *client)
{
	client->room = 0;
	client_sync(client, true);
	return mem_strdup(client_run(client, "FETCH 1:* (UID FLAGS)"));
}

static void three_devices_agree_in_the_end(void **unused)
{
	(void)unused;
	struct desk desk;
	desk_open(&desk, (struct store_options){0});
	for (int i = 0; i < 20; i++)
		desk_append(&desk, "INBOX", "Subject: a\r\n\r\nb\r\n", "");
	struct device devices[DEVICES] = {
	    {.random = 11}, {.random = 22}, {.random = 33}};
	pthread_t threads[DEVICES];
	for (int i = 0; i < DEVICES; i++) {
		client_open(&devices[i].client, &desk,
		    IMAP_FEATURE_REV2 |
			(i == 1 ? IMAP_FEATURE_QRESYNC | IMAP_FEATURE_CONDSTORE
				: 0));
		client_select(&devices[i].client, "INBOX", false);
	}
	for (int i = 0; i < DEVICES; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, work, &devices[i]), 0);
	for (int i = 0; i < DEVICES; i++)
		pthread_join(threads[i], NULL);

	struct client fresh;
	client_open(&fresh, &desk, IMAP_FEATURE_REV2);
	client_select(&fresh, "INBOX", false);
	desk_append(&desk, "INBOX", "Subject: last\r\n\r\nb\r\n", "");
	char *expected = all_of(&fresh);
	for (int i = 0; i < DEVICES; i++) {
		char *said = all_of(&devices[i].client);
		assert_string_equal(said, expected);
		assert_int_equal(devices[i].refused, 0);
		free(said);
		client_close(&devices[i].client);
	}
	free(expected);
	client_close(&fresh);
	bed_check(&desk.bed, false, 0);
	desk_close(&desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(three_devices_agree_in_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

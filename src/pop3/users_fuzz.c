// SPDX-License-Identifier: Apache-2.0
// A user's sessions while another user has mail. The input is what the first
// one says, in two worlds: in one the other user has messages full of secrets,
// and a session that reads, deletes and gets more of them between the lines; in
// the other world this user has nothing and does nothing. The first user must
// get the same bytes in both, and no secret. The first byte says how each
// session begins (before login, logged in, with mail). A session that has ended
// is followed by a new one.
#include "pop3/rig.h"
#include "store/change.h"

#define OTHER          "keeper"
#define OTHER_PASSWORD "a password that no fuzzer finds"
#define SECRET         "xyzzy" // in all mail of the other user, nowhere else
#define TALKS          7       // so often the other user says something
#define SESSIONS_MAX   8       // of the first user, one after the other
#define OUT_MAX        ((size_t)64 << 20)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rig_users users; // of the process: they take long to make

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct fault fault;
	uint64_t account;
	(void)argc, (void)argv;
	rig_users_init(&users);
	rig_must(auth_user_add(users.auth, VIEW(OTHER), VIEW(OTHER_PASSWORD),
		     &fault, &account),
	    "auth_user_add");
	return 0;
}

static void fail(const char *why, struct view a, struct view b)
{
	fprintf(stderr, "%s\n--- one:\n%.*s\n--- two:\n%.*s\n", why,
	    VIEW_FMT(a), VIEW_FMT(b));
	abort();
}

// ---- The other user --------------------------------------------------------

struct other {
	struct rig *rig;
	struct store_account *account;
	struct store_mailbox *inbox;
	struct rig_client client;
	bool connected;
};

static const char secret_mail[] = "Message-ID: <" SECRET "@x>\r\n"
				  "Subject: " SECRET "\r\n"
				  "\r\n"
				  "the " SECRET "\r\n"
				  "." SECRET "\n" SECRET;

static void put_secret(struct other *other)
{
	struct fault fault;
	struct store_appended appended;
	struct store_append append = {
	    .draft = store_draft_new(other->rig->store)};
	rig_must(store_draft_add(append.draft, VIEW(secret_mail)),
	    "store_draft_add");
	rig_must(store_draft_finish(append.draft), "store_draft_finish");
	rig_must(store_append(other->inbox, &append, 1, &fault, &appended),
	    "store_append");
	store_draft_free(&append.draft);
}

static void open_other(struct rig *rig, struct other *other)
{
	struct fault fault;
	struct auth_user user = rig_users_find(&users, VIEW(OTHER));
	*other = (struct other){.rig = rig};
	rig_must(store_account_create(rig->store, user.account, &fault),
	    "store_account_create");
	rig_must(store_account_open(
		     rig->store, user.account, &fault, &other->account),
	    "store_account_open");
	rig_must(store_mailbox_open(&store_system, other->account,
		     VIEW("INBOX"), STORE_RIGHT_READ, &fault, &other->inbox),
	    "store_mailbox_open");
}

static void leave_other(struct other *other)
{
	if (other->connected)
		rig_disconnect(&other->client);
	other->connected = false;
}

static void close_other(struct other *other)
{
	leave_other(other);
	store_mailbox_close(&other->inbox);
	store_account_close(&other->account);
}

// A new session of the other user, who must find the secrets.
static void connect_other(struct other *other)
{
	leave_other(other);
	rig_connect(other->rig, false, &other->client);
	other->connected = true;
	rig_say(&other->client,
	    VIEW("USER " OTHER "\r\nPASS " OTHER_PASSWORD "\r\nRETR 1\r\n"));
	struct view out = buf_view(&other->client.out);
	if (view_find(out, VIEW("the " SECRET)) == SIZE_MAX)
		fail("the secret is not there", out, VIEW(secret_mail));
}

// What the other user does between the lines of the first.
static void talk(struct other *other, size_t turn)
{
	struct rig_client *client = &other->client;
	switch (turn % TALKS) {
	case 0: put_secret(other); break;
	case 1: rig_say(client, VIEW("USER " SECRET "\r\nRETR 1\r\n")); break;
	case 2: rig_say(client, VIEW("UIDL\r\nTOP 1 1\r\n")); break;
	case 3: rig_say(client, VIEW("DELE 1\r\nRSET\r\nRETR 2\r\n")); break;
	case 4: rig_say(client, VIEW("DELE 1\r\n")); break;
	case 5: rig_say(client, VIEW("QUIT\r\n")); break;
	default:
		put_secret(other);
		connect_other(other);
		break;
	}
	buf_reset(&client->out);
}

// ---- The user who looks for them -------------------------------------------

static void put_own(struct rig *rig)
{
	rig_put(rig, VIEW("Subject: one\r\n\r\nfirst\r\n.\r\n..x\r\n"));
	rig_put(rig, VIEW("Subject: two\n\n.\nno end"));
	rig_put(rig, VIEW("no header and no end"));
}

static void end_session(struct rig_client *client, struct buf *out)
{
	buf_add(out, buf_view(&client->out));
	buf_add_literal(out, "(the end)\r\n");
	rig_disconnect(client);
}

static void run(struct view input, int begin, bool secrets, struct buf *out)
{
	struct rig rig;
	struct rig_client client;
	struct other other;
	struct view line;
	size_t turn = 0, sessions = 1;
	rig_init(&rig,
	    &(struct rig_options){.users = &users, .tls_available = true});
	open_other(&rig, &other);
	if (secrets) {
		put_secret(&other);
		put_secret(&other);
		connect_other(&other);
	}
	if (begin == 2)
		put_own(&rig);
	rig_connect(&rig, begin > 0, &client);
	while (input.len > 0) {
		size_t end = view_find_char(input, '\n');
		line = view_slice(input, 0, end == SIZE_MAX ? end : end + 1);
		input = view_from(input, line.len);
		if (client.next == NET_CLOSE) {
			if (sessions++ == SESSIONS_MAX)
				break;
			end_session(&client, out);
			rig_connect(&rig, begin > 0, &client);
		}
		rig_say(&client, line);
		if (secrets)
			talk(&other, turn++);
		rig_wake(&client);
	}
	end_session(&client, out);
	rig_describe(&rig, out);
	close_other(&other);
	rig_done(&rig);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	int begin = data[0] % 3;
	struct view input = view_of(data + 1, size - 1);
	struct buf with, without;
	buf_init(&with, OUT_MAX);
	buf_init(&without, OUT_MAX);
	run(input, begin, true, &with);
	run(input, begin, false, &without);
	// A client's own words may be repeated to it.
	if (view_find(input, VIEW(SECRET)) == SIZE_MAX &&
	    view_find(buf_view(&with), VIEW(SECRET)) != SIZE_MAX)
		fail("a secret is out", buf_view(&with), input);
	// Before a login, SCRAM makes random nonces.
	if (begin > 0 && !view_eq(buf_view(&with), buf_view(&without)))
		fail("the other user makes a difference", buf_view(&with),
		    buf_view(&without));
	buf_done(&with);
	buf_done(&without);
	return 0;
}

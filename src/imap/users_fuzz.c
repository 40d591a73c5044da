// SPDX-License-Identifier: Apache-2.0
// A user's session while another user has mail. The input is what the first
// one says, in two worlds: in one the other user has secrets, mailboxes with
// telling names, and a session that stores more of them between the lines; in
// the other world this user has nothing and does nothing. The first user must
// get the same bytes in both, and no secret. The first byte says how the
// session begins (before login, logged in, with a mailbox selected).
#include "imap/rig.h"

#define OTHER   "keeper"
#define SECRET  "xyzzy" // in all that the other user has, and nowhere else
#define TALKS   8       // so often the other user says something
#define OUT_MAX ((size_t)64 << 20)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rig_users users; // of the process: they take long to make

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct fault fault;
	uint64_t account;
	(void)argc, (void)argv;
	rig_users_init(&users);
	rig_must(auth_user_add(users.auth, VIEW(OTHER),
		     VIEW("a password that no fuzzer finds"), &fault, &account),
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

static void connect_other(struct rig *rig, struct rig_client *client)
{
	struct fault fault;
	struct auth_user user = rig_users_find(&users, VIEW(OTHER));
	struct net_peer peer = rig_base_peer(&rig->base, NULL, 143);
	struct net_waker waker = rig_client_init(client, &imap_session_ops);
	struct imap_session *session =
	    imap_session_new(&rig->server, &peer, waker);
	rig_must(store_account_create(rig->store, user.account, &fault),
	    "store_account_create");
	rig_must(imap_session_preauthenticate(session, &user, &fault),
	    "imap_session_preauthenticate");
	rig_start(client, session, NULL, VIEW(""));
}

static const char secret_mail[] = "Message-ID: <" SECRET "@x>\r\n"
				  "From: " SECRET "@example.org\r\n"
				  "Subject: " SECRET "\r\n"
				  "\r\n"
				  "the " SECRET "\r\n";

static void append_secret(struct rig_client *client, const char *mailbox)
{
	char text[sizeof(secret_mail) + 100];
	int len = snprintf(text, sizeof(text), "s APPEND %s %s{%zu+}\r\n%s\r\n",
	    mailbox, "(\\Flagged " SECRET ") ", sizeof(secret_mail) - 1,
	    secret_mail);
	rig_say(client, view_of(text, (size_t)len));
}

static void hide_secrets(struct rig_client *client)
{
	rig_say(client, VIEW("s CREATE " SECRET "\r\n"
			     "s CREATE Secret/" SECRET "\r\n"
			     "s SUBSCRIBE " SECRET "\r\n"));
	append_secret(client, "INBOX");
	append_secret(client, SECRET);
	rig_say(client, VIEW("s SELECT " SECRET "\r\ns FETCH 1 BODY[]\r\n"));
	if (view_find(buf_view(&client->out), VIEW(secret_mail)) == SIZE_MAX)
		fail("the secret is not there", buf_view(&client->out),
		    VIEW(secret_mail));
}

// What the other user says between the lines of the first.
static void talk(struct rig_client *client, size_t turn)
{
	switch (turn % TALKS) {
	case 0: append_secret(client, SECRET); break;
	case 1:
		rig_say(
		    client, VIEW("s SEARCH RETURN (SAVE) TEXT " SECRET "\r\n"));
		break;
	case 2:
		rig_say(client, VIEW("s STORE 1 +FLAGS (" SECRET "2)\r\n"));
		break;
	case 3: rig_say(client, VIEW("s COPY 1 INBOX\r\n")); break;
	case 4:
		rig_say(client,
		    VIEW("s RENAME Secret/" SECRET " INBOX/" SECRET "\r\n"));
		break;
	case 5:
		rig_say(client, VIEW("s FETCH 1:* (BODY[] ENVELOPE)\r\n"));
		break;
	case 6:
		rig_say(client, VIEW("s STORE 1 FLAGS (\\Deleted)\r\n"
				     "s EXPUNGE\r\n"));
		break;
	default: append_secret(client, "INBOX"); break;
	}
	buf_reset(&client->out);
}

// ---- The user who looks for them -------------------------------------------

static void begin_session(struct rig_client *client, int begin)
{
	static const char mail[] = "Message-ID: <own@x>\r\n"
				   "Subject: own\r\n"
				   "\r\n"
				   "mine\r\n";
	char text[sizeof(mail) + 100];
	if (begin < 2)
		return;
	int len = snprintf(text, sizeof(text),
	    "p APPEND INBOX {%zu+}\r\n%s\r\n", sizeof(mail) - 1, mail);
	rig_say(client, view_of(text, (size_t)len));
	rig_say(client, VIEW("p ENABLE QRESYNC\r\np SELECT INBOX\r\n"));
}

static void run(struct view input, int begin, bool secrets, struct buf *out)
{
	struct rig rig;
	struct rig_client client, other;
	struct view line;
	size_t turn = 0;
	rig_init(&rig,
	    &(struct rig_options){.users = &users, .message_max = 100000});
	connect_other(&rig, &other);
	if (secrets)
		hide_secrets(&other);
	rig_connect(&rig, begin > 0, &client);
	begin_session(&client, begin);
	while (input.len > 0) {
		size_t end = view_find_char(input, '\n');
		line = view_slice(input, 0, end == SIZE_MAX ? end : end + 1);
		input = view_from(input, line.len);
		rig_say(&client, line);
		if (secrets)
			talk(&other, turn++);
		rig_wake(&client);
	}
	buf_add(out, buf_view(&client.out));
	rig_disconnect(&client);
	rig_disconnect(&other);
	rig_done(&rig);
}

// After this command the session is one of a stranger, for whom SCRAM makes
// random nonces.
static bool may_unauthenticate(struct view input)
{
	const struct view word = VIEW("UNAUTHENTICATE");
	for (size_t i = 0; i + word.len <= input.len; i++)
		if (view_eq_nocase(view_slice(input, i, word.len), word))
			return true;
	return false;
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
	// A client's own words are repeated to it, for example in FLAGS.
	if (view_find(input, VIEW(SECRET)) == SIZE_MAX &&
	    view_find(buf_view(&with), VIEW(SECRET)) != SIZE_MAX)
		fail("a secret is out", buf_view(&with), input);
	if (begin > 0 && !may_unauthenticate(input) &&
	    !view_eq(buf_view(&with), buf_view(&without)))
		fail("the other user makes a difference", buf_view(&with),
		    buf_view(&without));
	buf_done(&with);
	buf_done(&without);
	return 0;
}

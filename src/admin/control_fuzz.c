// SPDX-License-Identifier: Apache-2.0
// Any bytes on the control socket of a server with one user, one mailbox with
// mail, one domain and a queue. Whatever they are, each answer is a message of
// the protocol, and the connection comes to its end.
#include "admin/control.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "auth/rig_users.h"
#include "store/change.h"

// So much fits into a socket's buffer, so nobody waits for the other side.
#define INPUT_MAX ((size_t)64 << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

// ---- The server ------------------------------------------------------------

struct rooms {
	struct rig_users users;
	struct control_host host;
};

static void put_message(
    struct store *store, struct store_account *account, struct view text)
{
	struct fault fault;
	struct store_mailbox *inbox;
	struct store_appended appended;
	rig_must(store_mailbox_open(&store_system, account, VIEW("INBOX"),
		     STORE_RIGHT_READ, &fault, &inbox),
	    "store_mailbox_open");
	struct store_append append = {.draft = store_draft_new(store)};
	rig_must(store_draft_add(append.draft, text), "store_draft_add");
	rig_must(store_draft_finish(append.draft), "store_draft_finish");
	rig_must(
	    store_append(inbox, &append, 1, &fault, &appended), "store_append");
	store_draft_free(&append.draft);
	store_mailbox_close(&inbox);
}

static void fill_store(const struct rooms *rooms)
{
	struct fault fault;
	struct store_account *account;
	struct store *store = rooms->host.store;
	uint64_t id = rooms->users.user.account;
	rig_must(
	    store_account_create(store, id, &fault), "store_account_create");
	rig_must(store_account_open(store, id, &fault, &account),
	    "store_account_open");
	put_message(store, account, VIEW("Subject: one\r\n\r\ntext\r\n"));
	store_account_close(&account);
}

static void rooms_open(struct rooms *rooms)
{
	struct fault fault;
	struct route_domain domain = {.name = VIEW("ours.test")};
	struct control_host *host = &rooms->host;
	*rooms = (struct rooms){0};
	rig_users_init(&rooms->users);
	*host = (struct control_host){
	    .engine = rooms->users.engine,
	    .auth = rooms->users.auth,
	    .version = "fuzz",
	    .data = "/nonexistent",
	    .server_name = "mail.ours.test",
	};
	host->store = store_new(&(struct store_options){
	    .engine = host->engine, .message_max = 100000});
	host->route = route_new(host->engine, NULL, NULL);
	host->dkim = dkim_keys_new(host->engine, NULL);
	host->sending = sending_new(
	    host->engine, &(struct sending_settings){.per_day = {100, 100}});
	rig_must(
	    route_domain_add(host->route, &domain, &fault), "route_domain_add");
	fill_store(rooms);
}

static void rooms_close(struct rooms *rooms)
{
	struct control_host *host = &rooms->host;
	sending_free(&host->sending);
	dkim_keys_free(&host->dkim);
	route_free(&host->route);
	store_free(&host->store);
	rig_users_done(&rooms->users);
}

// ---- The other side --------------------------------------------------------

// Reads all that the server has said.
static void read_answers(struct link *link)
{
	json_t *message;
	enum rc rc;
	while ((rc = link_receive(link, &message)) == RC_OK) {
		uint64_t left = link_payload(message);
		struct view result = link_member(message, "result");
		if (result.len > 0)
			require(view_eq(
			    view_of_string(rc_name(link_rc(result))), result));
		json_decref(message);
		while (left > 0) {
			struct view bytes;
			size_t len = left < 4096 ? (size_t)left : 4096;
			if (link_read(link, len, &bytes) != RC_OK)
				return; // cut, because the buffer was full
			left -= bytes.len;
		}
	}
	require(rc == RC_CLOSED);
}

// The server finds all its input at once, and a buffer for its answers. When
// that is full, the connection ends, as if the other side were gone.
static void converse(const struct control_host *host, struct view input)
{
	int pair[2];
	struct link link;
	require(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	require(send(pair[0], input.ptr, input.len, MSG_NOSIGNAL) ==
		(ssize_t)input.len);
	require(shutdown(pair[0], SHUT_WR) == 0);
	require(fcntl(pair[1], F_SETFL, O_NONBLOCK) == 0);
	control_serve(host, NULL, pair[1]);
	link_init(&link, pair[0]);
	read_answers(&link);
	link_done(&link);
}

// RSA keys take seconds to make; nothing of that depends on the input.
static bool makes_rsa_keys(struct view input)
{
	return view_find(input, VIEW("rsa")) != SIZE_MAX ||
	       view_find(input, VIEW("both")) != SIZE_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rooms rooms;
	struct view input = view_of(data, size);
	if (size > INPUT_MAX || makes_rsa_keys(input))
		return 0;
	rooms_open(&rooms);
	converse(&rooms.host, input);
	rooms_close(&rooms);
	return 0;
}

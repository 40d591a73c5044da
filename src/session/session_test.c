// SPDX-License-Identifier: Apache-2.0
// The registry of users' sessions, and how the base ends sessions that may not
// go on. The protocol here says lines and nothing else.
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "auth/standing.h"
#include "auth/token.h"
#include "base/mem.h"
#include "session/rig.h"

static void say_bye(struct session *session, struct view text)
{
	buf_printf(session->out, "bye %.*s\n", VIEW_FMT(text));
}

static const struct session_kind kind = {.protocol = "test", .bye = say_bye};

struct client {
	struct session session;
	unsigned woken;
	unsigned cuts;
	struct buf out;
};

struct fixture {
	struct rig_base base;
	struct session_server server;
	struct client clients[3];
};

static void count_wake(void *context)
{
	((struct client *)context)->woken++;
}

static void count_cut(void *context)
{
	((struct client *)context)->cuts++;
}

static void connect_client(struct fixture *fixture, struct client *client)
{
	struct net_peer peer = rig_base_peer(&fixture->base, "192.0.2.1", 1);
	struct net_waker waker = {
	    .wake = count_wake, .cut = count_cut, .context = client};
	*client = (struct client){0};
	buf_init(&client->out, 1000);
	session_init(&client->session, &kind, &fixture->server, &peer, waker);
}

static void log_in(struct fixture *fixture, size_t client, const char *name)
{
	struct auth_user user =
	    rig_users_find(fixture->base.users, view_of_string(name));
	user.seen = auth_epoch(fixture->base.users->auth);
	session_log_in(&fixture->clients[client].session, &user);
}

static void shut_out(void *context, struct view user)
{
	session_registry_wake(context, user);
}

static int set_up(void **state)
{
	struct fixture *fixture = mem_zalloc(sizeof(*fixture));
	rig_base_init(&fixture->base, NULL);
	fixture->server = rig_base_server(&fixture->base);
	struct auth_watcher watcher = {shut_out, fixture->base.registry};
	auth_set_watcher(fixture->base.users->auth, &watcher);
	for (size_t i = 0; i < ARRAY_LEN(fixture->clients); i++)
		connect_client(fixture, &fixture->clients[i]);
	log_in(fixture, 0, RIG_USER);
	log_in(fixture, 1, RIG_USER);
	log_in(fixture, 2, RIG_FRIEND);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	for (size_t i = 0; i < ARRAY_LEN(fixture->clients); i++) {
		session_done(&fixture->clients[i].session);
		buf_done(&fixture->clients[i].out);
	}
	assert_int_equal(
	    session_registry_count(fixture->base.registry, VIEW(RIG_USER)), 0);
	rig_base_done(&fixture->base);
	free(fixture);
	return 0;
}

// One call of the network: what the session says and wants next.
static const char *call(struct client *client, enum net_next *ret_next)
{
	buf_reset(&client->out);
	if (session_enter(&client->session, &client->out))
		buf_add_literal(&client->out, "work\n");
	*ret_next = session_leave(&client->session);
	buf_add_char(&client->out, '\0');
	return client->out.ptr;
}

static void assert_goes_on(struct client *client)
{
	enum net_next next;
	assert_string_equal(call(client, &next), "work\n");
	assert_int_equal(next, NET_READ);
}

static void assert_ends(struct client *client, const char *words)
{
	enum net_next next;
	assert_string_equal(call(client, &next), words);
	assert_int_equal(next, NET_CLOSE);
}

#define NOT_VALID "bye This login is not valid any more\n"
#define ENDED     "bye The administrator has ended this connection\n"

// ---- Shut out --------------------------------------------------------------

static void sessions_of_one_user_are_woken_and_end(void **state)
{
	struct fixture *fixture = *state;
	struct client *clients = fixture->clients;
	assert_int_equal(auth_user_set_disabled(fixture->base.users->auth,
			     VIEW(RIG_USER), true, NULL),
	    RC_OK);
	assert_true(clients[0].woken == 1 && clients[1].woken == 1);
	assert_int_equal(clients[2].woken, 0);
	assert_ends(&clients[0], NOT_VALID);
	assert_ends(&clients[1], NOT_VALID);
	assert_goes_on(&clients[2]);
}

static void pipelined_commands_end_at_the_next_one(void **state)
{
	struct fixture *fixture = *state;
	struct session *session = &fixture->clients[0].session;
	struct buf *out = &fixture->clients[0].out;
	assert_true(session_enter(session, out));
	session_breathe(session, true);
	assert_int_equal(session->next, NET_READ);
	assert_int_equal(auth_user_set_password(fixture->base.users->auth,
			     VIEW(RIG_USER), VIEW("another"), NULL),
	    RC_OK);
	session_breathe(session, true);
	assert_int_equal(session_leave(session), NET_CLOSE);
	assert_true(view_eq(buf_view(out), VIEW(NOT_VALID)));
}

// A change between the check of the password and the session's login found no
// session to wake.
static void log_in_that_was_overtaken_ends(void **state)
{
	struct fixture *fixture = *state;
	struct client *client = &fixture->clients[2];
	struct auth *auth = fixture->base.users->auth;
	struct auth_user user =
	    rig_users_find(fixture->base.users, VIEW(RIG_USER));
	user.seen = auth_epoch(auth);
	session_log_out(&client->session);
	assert_int_equal(
	    auth_user_set_disabled(auth, VIEW(RIG_USER), true, NULL), RC_OK);
	assert_int_equal(client->woken, 0);
	session_log_in(&client->session, &user);
	assert_int_equal(client->woken, 1);
	assert_ends(client, NOT_VALID);
}

static void a_revoked_credential_ends_its_sessions(void **state)
{
	struct fixture *fixture = *state;
	struct client *clients = fixture->clients;
	struct auth *auth = fixture->base.users->auth;
	struct auth_channel channel = session_channel(&clients[0].session);
	struct auth_user user =
	    rig_users_find(fixture->base.users, VIEW(RIG_USER));
	struct auth_app_password_order order = {
	    .name = VIEW("x"), .scopes = AUTH_SCOPE_IMAP};
	struct auth_token_text text;
	uint64_t id;
	assert_int_equal(auth_app_password_make(
			     auth, &channel, &user, &order, NULL, &text, &id),
	    RC_OK);
	session_log_out(&clients[0].session);
	user.credential = id;
	session_log_in(&clients[0].session, &user);
	assert_goes_on(&clients[0]);
	assert_int_equal(
	    auth_credential_revoke(auth, user.account, id, NULL), RC_OK);
	assert_int_equal(clients[0].woken, 1);
	assert_ends(&clients[0], NOT_VALID);
	assert_goes_on(&clients[1]);
	assert_goes_on(&clients[2]);
}

static void stranger_stays(void **state)
{
	struct fixture *fixture = *state;
	session_log_out(&fixture->clients[0].session);
	assert_int_equal(
	    auth_user_remove(fixture->base.users->auth, VIEW(RIG_USER), NULL),
	    RC_OK);
	assert_int_equal(fixture->clients[0].woken, 0);
	assert_goes_on(&fixture->clients[0]);
}

// ---- Kick ------------------------------------------------------------------

static void kick_ends_those_who_are_there(void **state)
{
	struct fixture *fixture = *state;
	struct session_registry *registry = fixture->base.registry;
	struct client *clients = fixture->clients;
	assert_int_equal(session_registry_kick(registry, VIEW(RIG_USER)), 2);
	assert_ends(&clients[0], ENDED);
	assert_goes_on(&clients[2]);
	log_in(fixture, 2, RIG_USER); // later
	session_log_out(&clients[0].session);
	assert_false(session_registry_wait(registry, VIEW(RIG_USER), 1));
	session_registry_cut(registry, VIEW(RIG_USER));
	assert_true(clients[1].cuts == 1 && clients[2].cuts == 0);
	session_log_out(&clients[1].session);
	assert_true(session_registry_wait(registry, VIEW(RIG_USER), 60000));
	assert_goes_on(&clients[2]);
}

// ---- List ------------------------------------------------------------------

static void describe(void *context, const struct session_info *info)
{
	buf_printf(context, "%.*s %s %s %s %llu %lld %d\n",
	    VIEW_FMT(info->user), info->protocol, info->address,
	    info->client ? info->client : "-", (unsigned long long)info->id,
	    (long long)(info->since - RIG_NOW), info->tls);
}

static const char *list(
    struct fixture *fixture, const char *user, struct buf *out)
{
	buf_reset(out);
	session_registry_each(
	    fixture->base.registry, view_of_string(user), describe, out);
	buf_add_char(out, '\0');
	return out->ptr;
}

static void sessions_are_listed(void **state)
{
	struct fixture *fixture = *state;
	struct session_registry *registry = fixture->base.registry;
	struct client *clients = fixture->clients;
	struct buf out;
	buf_init(&out, 4096);
	session_set_client(&clients[1].session, VIEW("Some Client"));
	assert_string_equal(list(fixture, RIG_USER, &out),
	    "demo test 192.0.2.1 - 1 0 0\n"
	    "demo test 192.0.2.1 Some Client 2 0 0\n");
	assert_string_equal(list(fixture, "nobody", &out), "");
	assert_int_equal(session_registry_count(registry, VIEW(RIG_USER)), 2);
	// What a client says before it logs in is kept.
	session_log_out(&clients[0].session);
	session_set_client(&clients[0].session, VIEW("Early"));
	fixture->base.now += 5;
	log_in(fixture, 0, RIG_FRIEND);
	session_log_out(&clients[1].session);
	assert_string_equal(list(fixture, "", &out),
	    "friend test 192.0.2.1 - 3 0 0\n"
	    "friend test 192.0.2.1 Early 1 5 0\n");
	buf_done(&out);
}

static void a_user_has_so_many_places(void **state)
{
	struct fixture *fixture = *state;
	struct client *clients = fixture->clients;
	struct auth_user user =
	    rig_users_find(fixture->base.users, VIEW(RIG_USER));
	struct auth_user friend =
	    rig_users_find(fixture->base.users, VIEW(RIG_FRIEND));
	session_log_out(&clients[1].session);
	assert_true(session_has_place(&clients[1].session, &user)); // no limit
	fixture->server.user_sessions_max = 1;
	assert_false(session_has_place(&clients[1].session, &user));
	assert_false(session_has_place(&clients[1].session, &friend));
	fixture->server.user_sessions_max = 2;
	assert_true(session_has_place(&clients[1].session, &user));
	session_log_in(&clients[1].session, &user);
	session_log_out(&clients[2].session);
	assert_false(session_has_place(&clients[2].session, &user));
	session_log_out(&clients[0].session);
	assert_true(session_has_place(&clients[2].session, &user));
}

static void the_log_has_a_full_user_once_in_a_while(void **state)
{
	struct fixture *fixture = *state;
	struct session_registry *registry = fixture->base.registry;
	bool tell;
	assert_true(
	    session_registry_has_place(registry, VIEW(RIG_USER), 3, &tell));
	assert_false(tell);
	assert_false(
	    session_registry_has_place(registry, VIEW(RIG_USER), 2, &tell));
	assert_true(tell);
	assert_false(
	    session_registry_has_place(registry, VIEW(RIG_USER), 2, &tell));
	assert_false(tell);
	assert_false(
	    session_registry_has_place(registry, VIEW(RIG_FRIEND), 1, &tell));
	assert_true(tell);
}

static void long_name_of_a_client_is_cut(void **state)
{
	struct fixture *fixture = *state;
	char name[1000];
	memset(name, 'x', sizeof(name));
	session_set_client(
	    &fixture->clients[0].session, view_of(name, sizeof(name)));
	assert_int_equal(strlen(fixture->clients[0].session.place.client), 128);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(sessions_of_one_user_are_woken_and_end),
	    TEST(pipelined_commands_end_at_the_next_one),
	    TEST(log_in_that_was_overtaken_ends),
	    TEST(a_revoked_credential_ends_its_sessions),
	    TEST(stranger_stays),
	    TEST(kick_ends_those_who_are_there),
	    TEST(sessions_are_listed),
	    TEST(long_name_of_a_client_is_cut),
	    TEST(a_user_has_so_many_places),
	    TEST(the_log_has_a_full_user_once_in_a_while),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

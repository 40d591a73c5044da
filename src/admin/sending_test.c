// SPDX-License-Identifier: Apache-2.0
// A user whose record of sending is damaged: `roost check` names it, and so do
// the requests about sending, also the list of all users.
#include <pthread.h>
#include <sys/socket.h>

#include "admin/control.h"
#include "auth/directory.h"
#include "base/bytes.h"
#include "base/test.h"

struct bed {
	struct control_host host;
	struct link link;
	pthread_t thread;
	int fd;
	struct buf said; // what the last request was told
};

static const struct auth_settings cheap = {.hashing.cost = 1};

static void *serve(void *context)
{
	struct bed *bed = context;
	control_serve(&bed->host, NULL, bed->fd);
	return NULL;
}

static void add_user(struct bed *bed, const char *name, uint64_t *ret_account)
{
	struct fault fault;
	assert_int_equal(auth_user_add(bed->host.auth, view_of_string(name),
			     VIEW("pass word"), &fault, ret_account),
	    RC_OK);
	assert_int_equal(
	    store_account_create(bed->host.store, *ret_account, &fault), RC_OK);
}

static void open_bed(struct bed *bed)
{
	struct fault fault;
	struct sending_settings settings = {.per_day = {100, 100}};
	*bed = (struct bed){.host.version = "test"};
	buf_init(&bed->said, 1 << 20);
	bed->host.engine = engine_memory_new();
	bed->host.store =
	    store_new(&(struct store_options){.engine = bed->host.engine});
	assert_int_equal(auth_new(bed->host.engine, &cheap, NULL, NULL, &fault,
			     &bed->host.auth),
	    RC_OK);
	bed->host.route = route_new(bed->host.engine, bed->host.auth, NULL);
	bed->host.sending = sending_new(bed->host.engine, &settings);
}

static void close_bed(struct bed *bed)
{
	sending_free(&bed->host.sending);
	route_free(&bed->host.route);
	auth_free(&bed->host.auth);
	store_free(&bed->host.store);
	engine_close(&bed->host.engine);
	buf_done(&bed->said);
}

static enum rc put_damaged(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	char key[9] = {'s'};
	(void)from;
	(void)fault;
	put_be64(key + 1, *(uint64_t *)context);
	engine_batch_put(batch, view_of(key, sizeof(key)), VIEW("rubbish"));
	return RC_OK;
}

// Asks, keeps the notes as text, and gives whether the result was RC_OK.
static bool ask(struct bed *bed, json_t *request)
{
	int pair[2];
	json_t *message;
	bool good = false;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	bed->fd = pair[1];
	link_init(&bed->link, pair[0]);
	assert_int_equal(pthread_create(&bed->thread, NULL, serve, bed), 0);
	assert_int_equal(link_receive(&bed->link, &message), RC_OK);
	json_decref(message); // the greeting
	assert_int_equal(link_send(&bed->link, request, VIEW("")), RC_OK);
	buf_truncate(&bed->said, 0);
	for (bool last = false; !last;) {
		assert_int_equal(link_receive(&bed->link, &message), RC_OK);
		char *text = json_dumps(message, JSON_SORT_KEYS);
		buf_add(&bed->said, view_of_string(text));
		buf_add_char(&bed->said, '\n');
		free(text);
		struct view result = link_member(message, "result");
		last = result.len > 0;
		good = view_eq(result, VIEW("RC_OK"));
		json_decref(message);
	}
	link_done(&bed->link);
	pthread_join(bed->thread, NULL);
	return good;
}

static json_t *about(const char *user, const char *act)
{
	json_t *request = json_pack("{s:s}", "do", "user.sending");
	if (user)
		json_object_set_new(request, "user", json_string(user));
	if (act)
		json_object_set_new(request, "act", json_string(act));
	return request;
}

static bool said(const struct bed *bed, const char *text)
{
	return view_find(buf_view(&bed->said), view_of_string(text)) !=
	       SIZE_MAX;
}

static void a_damaged_record_is_named(void **state)
{
	(void)state;
	struct bed bed;
	uint64_t anna, bert;
	static const char row[] = "\"damaged\": true, \"name\": \"anna\"";
	open_bed(&bed);
	add_user(&bed, "anna", &anna);
	add_user(&bed, "bert", &bert);
	assert_int_equal(engine_change(bed.host.engine, SENDING_PARTITION,
			     put_damaged, &anna, NULL),
	    RC_OK);
	assert_true(ask(&bed, json_pack("{s:s}", "do", "check")));
	assert_true(said(&bed, "roost user sending anna default"));
	assert_false(said(&bed, "sending bert"));
	assert_true(ask(&bed, about(NULL, NULL)));
	assert_true(said(&bed, row));
	assert_true(ask(&bed, about("anna", NULL)));
	assert_true(said(&bed, row));
	assert_true(ask(&bed, about("anna", "default")));
	assert_true(ask(&bed, about("anna", NULL)));
	assert_false(said(&bed, "damaged"));
	assert_true(ask(&bed, json_pack("{s:s}", "do", "check")));
	assert_false(said(&bed, "sending"));
	close_bed(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_damaged_record_is_named),
	};
	return cmocka_run_group_tests_name("admin sending", tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// PushSubscription and what is sent to its URL (RFC 8620 section 7.2), with a
// push service that this test plays.
#include <unistd.h>

#include "base/clock.h"
#include "jmap/impl.h"
#include "jmap/push.h"
#include "jmap/push_record.h"
#include "jmap/rig_one.h"
#include "jmap/watch.h"

#define URL "https://push.example/x?device=1"
#define KEYS                                                                   \
	"{'p256dh':'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-"                           \
	"JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',"           \
	"'auth':'BTBZMqHH6r4Tts7J_aSIgg'}"

// ---- The push service ------------------------------------------------------

struct sent {
	char url[200];
	char body[5000];
	size_t len;
	bool encrypted;
	char authorization[1000];
	char urgency[10];
	uint32_t ttl;
	void (*done)(void *context, const struct jmap_posted *posted);
	void *context;
};

static struct sent sent[100];
static size_t sent_count, answered;

static void begin(void *context, const struct jmap_post *post,
    void (*done)(void *done_context, const struct jmap_posted *posted),
    void *done_context)
{
	struct sent *own = &sent[sent_count++];
	(void)context;
	assert_in_range(sent_count, 1, ARRAY_LEN(sent));
	*own = (struct sent){.done = done,
	    .context = done_context,
	    .len = post->body.len,
	    .ttl = post->ttl,
	    .encrypted = post->content_encoding};
	snprintf(own->url, sizeof(own->url), "%s", post->url);
	snprintf(own->authorization, sizeof(own->authorization), "%s",
	    post->authorization);
	snprintf(own->urgency, sizeof(own->urgency), "%s", post->urgency);
	assert_in_range(post->body.len, 1, sizeof(own->body) - 1);
	memcpy(own->body, post->body.ptr, post->body.len);
	assert_string_equal(post->content_type,
	    own->encrypted ? "application/octet-stream" : "application/json");
}

static void poster_wait(void *context, uint32_t ms)
{
	(void)context, (void)ms;
}

static void poster_wake(void *context)
{
	(void)context;
}

static void answer(struct jmap_posted posted)
{
	assert_in_range(answered, 0, sent_count - 1);
	struct sent *own = &sent[answered++];
	own->done(own->context, &posted);
}

static void poster_cancel(void *context)
{
	(void)context;
	while (answered < sent_count)
		answer((struct jmap_posted){.why = "cancelled"});
}

static const struct jmap_poster poster = {
    .begin = begin,
    .wait = poster_wait,
    .wake = poster_wake,
    .cancel = poster_cancel,
    .port = 443,
};

static struct jmap_options options;

static void step(void)
{
	(void)jmap_push_step(rig.jmap->push);
}

// Lets the time pass until this many requests were made.
static void await_sent(size_t count)
{
	uint64_t end_ms = clock_monotonic_ms() + 120000;
	for (;;) {
		step();
		if (sent_count >= count)
			break;
		assert_true(clock_monotonic_ms() < end_ms);
		usleep(1000);
	}
	assert_int_equal(sent_count, count);
}

// ---- The client ------------------------------------------------------------

// Calls PushSubscription/get or /set, and gives the arguments of the answer.
static json_t *call(const char *method, const char *arguments)
{
	char text[3000];
	snprintf(text, sizeof(text), "[['PushSubscription/%s',%s,'0']]", method,
	    arguments);
	json_t *responses = jmap_rig_calls(&rig, text);
	json_t *result =
	    json_incref(json_array_get(json_array_get(responses, 0), 1));
	json_decref(responses);
	return result;
}

static char made[30]; // the id of the last one

static void create(const char *members)
{
	char text[2000];
	snprintf(text, sizeof(text),
	    "{'create':{'k':{'deviceClientId':'d','url':'" URL "'%s}}}",
	    members);
	json_t *result = call("set", text);
	const char *id = json_string_value(jmap_rig_at(result, "created/k/id"));
	if (!id)
		fail_msg("%s", json_dumps(result, 0));
	snprintf(made, sizeof(made), "%s", id);
	json_decref(result);
}

static json_t *update(const char *patch)
{
	char text[2000];
	snprintf(text, sizeof(text), "{'update':{'%s':{%s}}}", made, patch);
	return call("set", text);
}

static size_t count_of_list(void)
{
	json_t *result = call("get", "{'ids':null}");
	size_t count = json_array_size(json_object_get(result, "list"));
	json_decref(result);
	return count;
}

// The code that was sent last.
static void read_code(char ret_code[JMAP_PUSH_CODE_LEN + 1])
{
	const struct sent *own = &sent[sent_count - 1];
	json_t *json = json_loadb(own->body, own->len, 0, NULL);
	jmap_rig_expect(json, "@type", "'PushVerification'");
	assert_string_equal(
	    json_string_value(json_object_get(json, "pushSubscriptionId")),
	    made);
	snprintf(ret_code, JMAP_PUSH_CODE_LEN + 1, "%s",
	    json_string_value(json_object_get(json, "verificationCode")));
	json_decref(json);
}

static void verify(void)
{
	char code[JMAP_PUSH_CODE_LEN + 1], patch[100], path[60];
	await_sent(sent_count + 1);
	read_code(code);
	answer((struct jmap_posted){.status = 201});
	snprintf(patch, sizeof(patch), "'verificationCode':'%s'", code);
	json_t *result = update(patch);
	snprintf(path, sizeof(path), "updated/%s", made);
	jmap_rig_expect(result, path, "null");
	json_decref(result);
	step();
}

static void deliver(void)
{
	jmap_rig_deliver(&rig, "INBOX", "Subject: x\r\n\r\nHello\r\n");
}

static void expect_change(const char *types)
{
	const struct sent *own = &sent[sent_count - 1];
	json_t *json = json_loadb(own->body, own->len, 0, NULL);
	json_t *changed =
	    jmap_rig_at(json_object_get(json, "changed"), rig.account_id);
	struct view rest = view_of_string(types), name;
	size_t count = 0;
	jmap_rig_expect(json, "@type", "'StateChange'");
	while (view_split(&rest, ' ', &name)) {
		assert_non_null(json_object_getn(changed, name.ptr, name.len));
		count++;
	}
	assert_int_equal(json_object_size(changed), count);
	json_decref(json);
}

// ---- Creating --------------------------------------------------------------

static const struct {
	const char *object;
	const char *path; // of the answer
	const char *value;
} creations[] = {
    {"{'deviceClientId':'d','url':'" URL "'}", "created/k/types", "null"},
    {"{'deviceClientId':'d','url':'" URL "'}", "created/k/keys", "null"},
    {"{'deviceClientId':'d','url':'" URL "'}", "created/k/verificationCode",
	"null"},
    {"{'deviceClientId':'d','url':'" URL "','expires':"
     "'2023-11-15T22:13:20Z'}",
	"created/k/expires", "'2023-11-15T22:13:20Z'"},
    // At most thirty days.
    {"{'deviceClientId':'d','url':'" URL "','expires':"
     "'2030-01-01T00:00:00Z'}",
	"created/k/expires", "'2023-12-14T22:13:20Z'"},
    {"{'deviceClientId':'d','url':'" URL "','expires':null}",
	"created/k/expires", "'2023-12-14T22:13:20Z'"},
    {"{'deviceClientId':'d','url':'" URL "','keys':" KEYS "}",
	"created/k/types", "null"},
    // What is wrong.
    {"{'url':'" URL "'}", "notCreated/k/properties", "['deviceClientId']"},
    {"{'deviceClientId':'d'}", "notCreated/k/properties", "['url']"},
    {"{'deviceClientId':'','url':'" URL "'}", "notCreated/k/properties",
	"['deviceClientId']"},
    {"{'deviceClientId':'d','url':'http://push.example/'}",
	"notCreated/k/properties", "['url']"},
    {"{'deviceClientId':'d','url':'https://push.example:444/'}",
	"notCreated/k/properties", "['url']"},
    {"{'deviceClientId':'d','url':'https://push.example:443/'}",
	"created/k/types", "null"},
    {"{'deviceClientId':'d','url':'https://u:p@push.example/'}",
	"notCreated/k/properties", "['url']"},
    {"{'deviceClientId':'d','url':'https:///x'}", "notCreated/k/properties",
	"['url']"},
    {"{'deviceClientId':'d','url':'https://push.example/a b'}",
	"notCreated/k/properties", "['url']"},
    {"{'deviceClientId':'d','url':'" URL "','keys':{'p256dh':'x'}}",
	"notCreated/k/properties", "['keys']"},
    {"{'deviceClientId':'d','url':'" URL "','verificationCode':'x'}",
	"notCreated/k/properties", "['verificationCode']"},
    {"{'deviceClientId':'d','url':'" URL "','types':'Email'}",
	"notCreated/k/properties", "['types']"},
    {"{'deviceClientId':'d','url':'" URL "','types':['Email','What']}",
	"created/k/keys", "null"},
    {"{'deviceClientId':'d','url':'" URL "','expires':"
     "'2020-01-01T00:00:00Z'}",
	"notCreated/k/properties", "['expires']"},
    {"{'deviceClientId':'d','url':'" URL "','id':'P1'}",
	"notCreated/k/properties", "['id']"},
};

static void what_is_created_is_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(creations); i++) {
		char text[2000];
		snprintf(text, sizeof(text), "{'create':{'k':%s}}",
		    creations[i].object);
		json_t *result = call("set", text);
		jmap_rig_expect(result, creations[i].path, creations[i].value);
		// It is in no account, and has no state.
		assert_null(json_object_get(result, "accountId"));
		assert_null(json_object_get(result, "newState"));
		json_decref(result);
	}
}

static void secrets_are_not_told(void **state)
{
	(void)state;
	create(",'keys':" KEYS ",'types':['Email']");
	json_t *result = call("get", "{'ids':null}");
	json_t *one = jmap_rig_at(result, "list/0");
	assert_int_equal(json_object_size(one), 5);
	jmap_rig_expect(one, "deviceClientId", "'d'");
	jmap_rig_expect(one, "verificationCode", "null");
	jmap_rig_expect(one, "types", "['Email']");
	assert_null(json_object_get(result, "accountId"));
	assert_null(json_object_get(result, "state"));
	json_decref(result);
	result = call("get", "{'ids':null,'properties':['id','url']}");
	jmap_rig_expect(result, "type", "'forbidden'");
	json_decref(result);
	result = call("get", "{'ids':['Pff','x']}");
	jmap_rig_expect(result, "notFound", "['Pff','x']");
	json_decref(result);
	result = call("get", "{'ids':null,'accountId':'A1'}");
	jmap_rig_expect(result, "type", "'invalidArguments'");
	json_decref(result);
	result = call("set", "{'ifInState':'1'}");
	jmap_rig_expect(result, "type", "'invalidArguments'");
	json_decref(result);
}

// ---- Verification ----------------------------------------------------------

static void nothing_is_pushed_without_the_code(void **state)
{
	(void)state;
	char code[JMAP_PUSH_CODE_LEN + 1], path[60];
	create("");
	await_sent(1);
	read_code(code);
	assert_string_equal(sent[0].url, URL);
	assert_int_equal(strlen(code), JMAP_PUSH_CODE_LEN);
	answer((struct jmap_posted){.status = 201});
	deliver();
	step();
	assert_int_equal(sent_count, 1);
	// A wrong code.
	json_t *result =
	    update("'verificationCode':'00000000000000000000000000000000'");
	snprintf(path, sizeof(path), "notUpdated/%s/properties", made);
	jmap_rig_expect(result, path, "['verificationCode']");
	json_decref(result);
	step();
	assert_int_equal(sent_count, 1);
}

static void a_verification_is_tried_a_few_times(void **state)
{
	(void)state;
	create("");
	for (size_t i = 1; i <= 5; i++) {
		char code[JMAP_PUSH_CODE_LEN + 1];
		await_sent(i);
		read_code(code);
		answer((struct jmap_posted){.status = 500});
	}
	for (int i = 0; i < 300; i++) {
		usleep(1000);
		step();
	}
	assert_int_equal(sent_count, 5);
}

// ---- Pushing ---------------------------------------------------------------

static void changes_are_pushed(void **state)
{
	(void)state;
	create("");
	verify();
	deliver();
	await_sent(2);
	expect_change("Mailbox Email EmailDelivery Thread Quota");
	assert_string_equal(sent[1].urgency, "normal");
	assert_true(sent[1].ttl > 0);
	assert_memory_equal(sent[1].authorization, "vapid t=", 8);
	// What changes meanwhile is told together, when the answer is there.
	deliver();
	deliver();
	for (int i = 0; i < 50; i++)
		step();
	assert_int_equal(sent_count, 2);
	answer((struct jmap_posted){.status = 201});
	await_sent(3);
	expect_change("Mailbox Email EmailDelivery Thread Quota");
	answer((struct jmap_posted){.status = 200});
	usleep(1000);
	step();
	assert_int_equal(sent_count, 3);
}

static void only_the_types_that_are_wanted(void **state)
{
	(void)state;
	struct fault fault;
	uint64_t id;
	struct store_asker asker = store_user(rig.users.user.account);
	create(",'types':['Mailbox']");
	verify();
	deliver();
	await_sent(2);
	expect_change("Mailbox");
	assert_string_equal(sent[1].urgency, "low");
	answer((struct jmap_posted){.status = 201});
	json_t *result = update("'types':['EmailDelivery']");
	json_decref(result);
	assert_int_equal(store_mailbox_create(
			     &asker, rig.account, VIEW("More"), 0, &fault, &id),
	    RC_OK);
	step();
	assert_int_equal(sent_count, 2);
	deliver();
	await_sent(3);
	expect_change("EmailDelivery");
}

static void with_keys_it_is_encrypted(void **state)
{
	(void)state;
	create(",'keys':" KEYS);
	await_sent(1);
	assert_true(sent[0].encrypted);
	assert_true(view_find(view_of(sent[0].body, sent[0].len),
			VIEW("Push")) == SIZE_MAX);
	// The header of RFC 8188: salt, record size, and our key.
	assert_memory_equal(sent[0].body + 16, "\0\0\x10\0\x41\x04", 6);
}

// ---- Failures --------------------------------------------------------------

static const struct {
	unsigned status;
	bool again; // the same is told again
	bool stays; // the subscription
} statuses[] = {
    {200, false, true},
    {201, false, true},
    {204, false, true},
    {0, true, true},
    {429, true, true},
    {500, true, true},
    {503, true, true},
    {400, false, true},
    {403, false, true},
    {413, false, true},
    {404, false, false},
    {410, false, false},
};

static void each_answer_is_obeyed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		create("");
		size_t before = sent_count;
		verify();
		deliver();
		await_sent(before + 2);
		answer((struct jmap_posted){.status = statuses[i].status});
		if (statuses[i].again) {
			await_sent(before + 3);
			expect_change(
			    "Mailbox Email EmailDelivery Thread Quota");
			answer((struct jmap_posted){.status = 201});
		}
		for (int j = 0; j < 50; j++) {
			usleep(1000);
			step();
		}
		assert_int_equal(sent_count, before + 2 + statuses[i].again);
		assert_int_equal(count_of_list(), statuses[i].stays);
		// The next change is told in any case.
		if (statuses[i].stays) {
			deliver();
			await_sent(before + 3 + statuses[i].again);
			answer((struct jmap_posted){.status = 201});
			char text[60];
			snprintf(
			    text, sizeof(text), "{'destroy':['%s']}", made);
			json_decref(call("set", text));
		}
		step();
	}
}

static void a_push_service_may_ask_for_time(void **state)
{
	(void)state;
	create("");
	verify();
	deliver();
	await_sent(2);
	uint64_t begin_ms = clock_monotonic_ms();
	answer((struct jmap_posted){.status = 429, .retry_after = 1});
	await_sent(3);
	assert_true(clock_monotonic_ms() - begin_ms >= 1000);
}

// ---- The end ---------------------------------------------------------------

static void a_subscription_is_destroyed_while_under_way(void **state)
{
	(void)state;
	char text[60];
	create("");
	verify();
	deliver();
	await_sent(2);
	snprintf(text, sizeof(text), "{'destroy':['%s']}", made);
	json_t *result = call("set", text);
	snprintf(text, sizeof(text), "['%s']", made);
	jmap_rig_expect(result, "destroyed", text);
	json_decref(result);
	step();
	answer((struct jmap_posted){.status = 500});
	deliver();
	for (int i = 0; i < 50; i++) {
		usleep(1000);
		step();
	}
	assert_int_equal(sent_count, 2);
	assert_int_equal(count_of_list(), 0);
}

static void a_subscription_expires(void **state)
{
	(void)state;
	create(",'expires':'2023-11-15T22:13:20Z'");
	verify();
	rig.http.base.now += 86400;
	deliver();
	for (int i = 0; i < 10; i++)
		step();
	assert_int_equal(sent_count, 1);
	assert_int_equal(count_of_list(), 0);
	rig.http.base.now -= 86400;
}

// Whoever made it was shut out.
static void a_new_password_ends_it(void **state)
{
	(void)state;
	struct fault fault;
	create("");
	verify();
	assert_int_equal(auth_user_set_password(rig.users.auth, VIEW(RIG_USER),
			     VIEW("another password"), &fault),
	    RC_OK);
	deliver();
	for (int i = 0; i < 10; i++)
		step();
	assert_int_equal(sent_count, 1);
	assert_int_equal(auth_user_set_password(rig.users.auth, VIEW(RIG_USER),
			     VIEW(RIG_PASSWORD), &fault),
	    RC_OK);
	assert_int_equal(count_of_list(), 0);
}

// After a restart the same subscriptions are there, and our key.
static void a_restart_changes_nothing(void **state)
{
	(void)state;
	struct fault fault;
	char key[200];
	create("");
	verify();
	struct view before = jmap_push_public_key(rig.jmap->push);
	snprintf(key, sizeof(key), "%.*s", VIEW_FMT(before));
	jmap_push_free(&rig.jmap->push);
	assert_int_equal(
	    jmap_push_new(&options, &fault, &rig.jmap->push), RC_OK);
	assert_view_equal(
	    jmap_push_public_key(rig.jmap->push), view_of_string(key));
	step();
	assert_int_equal(sent_count, 1);
	deliver();
	await_sent(2);
	expect_change("Mailbox Email EmailDelivery Thread Quota");
}

// Section 8.6: others are not to be flooded through us.
static void new_ones_have_a_limit(void **state)
{
	(void)state;
	unsigned limited = 0;
	for (int i = 0; i < 70; i++) {
		json_t *result = call("set",
		    "{'create':{'k':{'deviceClientId':'d','url':'" URL "'}}}");
		const char *type =
		    json_string_value(jmap_rig_at(result, "notCreated/k/type"));
		limited += type && strcmp(type, "rateLimit") == 0;
		json_decref(result);
	}
	assert_int_equal(limited, 10);
}

// ---- The record ------------------------------------------------------------

static void a_damaged_record_is_none(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "{}", "[]", "x",
	    "{\"url\":\"https://x/\",\"user\":\"demo\",\"expires\":1}"};
	struct arena arena;
	struct jmap_subscription s;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct store_object object = {
		    .id = 1, .bytes = view_of_string(bad[i])};
		assert_int_equal(
		    jmap_subscription_read(&arena, &object, &s), RC_CORRUPT);
	}
	arena_done(&arena);
}

// ---- Each test begins with nothing -----------------------------------------

static int set_up(void **state)
{
	(void)state;
	struct fault fault;
	struct jmap_limits limits = jmap_limits_default;
	limits.push_pace_ms = 5;
	limits.push_retry_ms = 5;
	sent_count = answered = 0;
	jmap_rig_init_limits(&rig, &limits);
	options = rig.jmap->options;
	options.poster = &poster;
	options.contact = "https://mail.example.org";
	options.clock = &rig.http.base.clock;
	rig.jmap->options = options;
	assert_int_equal(
	    jmap_push_new(&options, &fault, &rig.jmap->push), RC_OK);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_is_created_is_checked),
	    TEST(secrets_are_not_told),
	    TEST(nothing_is_pushed_without_the_code),
	    TEST(a_verification_is_tried_a_few_times),
	    TEST(changes_are_pushed),
	    TEST(only_the_types_that_are_wanted),
	    TEST(with_keys_it_is_encrypted),
	    TEST(each_answer_is_obeyed),
	    TEST(a_push_service_may_ask_for_time),
	    TEST(a_subscription_is_destroyed_while_under_way),
	    TEST(a_subscription_expires),
	    TEST(a_new_password_ends_it),
	    TEST(a_restart_changes_nothing),
	    TEST(new_ones_have_a_limit),
	    TEST(a_damaged_record_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

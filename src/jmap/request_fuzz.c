// SPDX-License-Identifier: Apache-2.0
// Whole requests of a user whose account has some mail, run by all methods;
// those that begin with a blank are messages of a WebSocket. What push
// subscriptions are sent is taken. Invariants: a request ends; its response is
// I-JSON, and is not longer than the limit; what is pushed is short.
#include <stdio.h>
#include <stdlib.h>

#include "jmap/impl.h"
#include "jmap/push.h"
#include "jmap/request.h"
#include "jmap/rig.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// What requests change stays, so now and then all begins anew.
#define REQUESTS_OF_A_RIG 2000
#define STEPS_MAX         1000000

static struct jmap_rig rig;
static unsigned requests;
static bool open;

static const struct jmap_limits limits = {
    .upload_bytes = 100000,
    .uploads = 8,
    .request_bytes = 100000,
    .requests = 16,
    .calls = 16,
    .objects_get = 100,
    .objects_set = 100,
    .response_bytes = 200000,
    .request_values = 10000,
};

static const char *const messages[] = {
    "Subject: one\r\nMessage-ID: <1@x>\r\nFrom: a@b.example\r\n\r\nHello.\r\n",
    "Subject: =?utf-8?q?Re:_one?=\r\nReferences: <1@x>\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/html; charset=koi8-r\r\n\r\n<b>\xf2</b>\r\n"
    "--b\r\nContent-Type: image/png; name=a.png\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nin\r\n"
    "--b--\r\n",
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	return 0;
}

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void wake(void *context)
{
	(void)context;
}

// ---- A push service --------------------------------------------------------

#define POSTS_MAX 64 // more than are under way at a time

static struct post {
	void (*done)(void *context, const struct jmap_posted *posted);
	void *context;
} posts[POSTS_MAX];
static size_t post_count;

static void post_begin(void *context, const struct jmap_post *post,
    void (*done)(void *done_context, const struct jmap_posted *posted),
    void *done_context)
{
	(void)context;
	must(post_count < POSTS_MAX, "too many pushes at a time");
	must(post->body.len <= 4096, "a push is too long");
	posts[post_count++] = (struct post){done, done_context};
}

static void post_answer(void *context, uint32_t ms)
{
	(void)context, (void)ms;
	while (post_count > 0) {
		struct post post = posts[--post_count];
		post.done(post.context, &(struct jmap_posted){.status = 201});
	}
}

static void post_cancel(void *context)
{
	post_answer(context, 0);
}

static const struct jmap_poster poster = {
    .begin = post_begin,
    .wait = post_answer,
    .wake = wake,
    .cancel = post_cancel,
    .port = 443,
};

// ---- A request -------------------------------------------------------------

static void prepare(void)
{
	struct fault fault;
	if (open && requests++ < REQUESTS_OF_A_RIG)
		return;
	if (open)
		jmap_rig_done(&rig);
	jmap_rig_init_limits(&rig, &limits);
	rig.jmap->options.poster = &poster;
	rig.jmap->options.contact = "https://mail.example.org";
	must(
	    jmap_push_new(&rig.jmap->options, &fault, &rig.jmap->push) == RC_OK,
	    "push");
	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		(void)jmap_rig_deliver(&rig, "INBOX", messages[i]);
	open = true;
	requests = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct net_waker waker = {.wake = wake};
	prepare();
	struct jmap_user user = {.user = rig.users.user};
	bool message = size > 0 && data[0] == ' ';
	struct view text = view_of(data, size);
	struct jmap_request *request =
	    message ? jmap_request_of_message(rig.jmap, &user, text, waker)
		    : jmap_request_new(rig.jmap, &user, text, waker);
	unsigned steps = 0;
	enum jmap_step step;
	do {
		step = jmap_request_run(request);
		must(++steps < STEPS_MAX, "the request does not end");
	} while (step != JMAP_DONE);
	struct view response = jmap_request_response(request);
	json_t *json = json_loadb(response.ptr, response.len,
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	must(json || jmap_request_push(request), "the response is no JSON");
	must(response.len <= limits.response_bytes + ((size_t)1 << 20),
	    "the response is too long");
	json_decref(json);
	jmap_request_free(&request);
	(void)jmap_push_step(rig.jmap->push);
	post_answer(NULL, 0);
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Whole requests of a user whose account has some mail, run by all methods.
// Invariants: a request ends; its response is I-JSON, and is not longer than
// the limit.
#include <stdio.h>
#include <stdlib.h>

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

static void prepare(void)
{
	if (open && requests++ < REQUESTS_OF_A_RIG)
		return;
	if (open)
		jmap_rig_done(&rig);
	jmap_rig_init_limits(&rig, &limits);
	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		(void)jmap_rig_deliver(&rig, "INBOX", messages[i]);
	open = true;
	requests = 0;
}

static void wake(void *context)
{
	(void)context;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct net_waker waker = {.wake = wake};
	prepare();
	struct jmap_user user = {.user = rig.users.user};
	struct jmap_request *request =
	    jmap_request_new(rig.jmap, &user, view_of(data, size), waker);
	unsigned steps = 0;
	enum jmap_step step;
	do {
		step = jmap_request_run(request);
		must(++steps < STEPS_MAX, "the request does not end");
	} while (step != JMAP_DONE);
	struct view response = jmap_request_response(request);
	json_t *json = json_loadb(response.ptr, response.len,
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	must(json, "the response is no JSON");
	must(response.len <= limits.response_bytes + ((size_t)1 << 20),
	    "the response is too long");
	json_decref(json);
	jmap_request_free(&request);
	return 0;
}

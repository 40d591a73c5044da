// SPDX-License-Identifier: Apache-2.0
// An authority that answers anything. The input is a list of answers: each a
// line "STATUS NONCE LOCATION RETRY-AFTER" and a body, with a byte 0x01 behind
// it. Invariants: the dialogue comes to an end; every request goes to an https
// address without white space; a token is base64url; a result that is no
// success has a sentence.
#include <stdio.h>
#include <stdlib.h>

#include "acme/client.h"
#include "acme/jws.h"
#include "wire/base64url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS_MAX 100000

static const char *const names[] = {"a.test", "b.test"};

static void require(bool holds)
{
	if (!holds)
		abort();
}

// The key costs more than a dialogue.
static EVP_PKEY *key_of_all(void)
{
	static EVP_PKEY *key;
	if (!key)
		key = acme_key_new();
	return key;
}

static void check_request(const struct acme_request *request)
{
	struct view url = view_of_string(request->url);
	require(view_starts_with_nocase(url, VIEW("https://")));
	for (size_t i = 0; i < url.len; i++)
		require(url.ptr[i] > ' ' && (unsigned char)url.ptr[i] < 0x7f);
	require((request->method == ACME_POST) == (request->body.len > 0));
}

static void give_answer(struct acme_client *client, struct view *rest)
{
	struct view one = {0}, line = {0}, word = {0};
	struct acme_answer answer = {.failure = "the end"};
	if (view_split(rest, '\1', &one)) {
		uint32_t status;
		answer.body = one;
		if (view_split(&answer.body, '\n', &line) &&
		    view_split(&line, ' ', &word) && view_to_u32(word, &status))
			answer.status = status;
		view_split(&line, ' ', &answer.nonce);
		view_split(&line, ' ', &answer.location);
		answer.retry_after = line;
	}
	acme_client_answer(client, &answer);
}

static void check_result(const struct acme_result *result)
{
	require(result->outcome == ACME_OK || result->text[0]);
	for (size_t i = 0; i < result->failed_count; i++) {
		require(result->failed[i].text[0]);
		require(result->failed[i].name == names[0] ||
			result->failed[i].name == names[1]);
	}
	require(result->window.start == 0 ||
		result->window.end > result->window.start);
}

static void talk(
    struct acme_client *client, const struct acme_job *job, struct view rest)
{
	struct acme_step step;
	acme_client_begin(client, job);
	for (unsigned i = 0;; i++) {
		require(i < STEPS_MAX);
		acme_client_step(client, &step);
		switch (step.kind) {
		case ACME_REQUEST:
			check_request(&step.request);
			give_answer(client, &rest);
			break;
		case ACME_WAIT: require(step.seconds > 0); break;
		case ACME_PRESENT:
			require(
			    base64url_is(view_of_string(step.challenge.token)));
			break;
		case ACME_DONE:
			check_result(acme_client_result(client));
			return;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	unsigned how = data[0];
	struct acme_settings settings = {
	    .directory = "https://ca.test/dir",
	    .contact = how & 1 ? "root@a.test" : "",
	    .eab_key_id = how & 2 ? "kid" : "",
	    .eab_key = VIEW("secret"),
	    .account_key = key_of_all(),
	    .account = how & 4 ? "https://ca.test/me" : "",
	    .account_contact = "",
	    .challenges = ACME_HTTP_01 | ACME_TLS_ALPN_01,
	};
	struct acme_job job = {
	    .names = names,
	    .count = how & 8 ? 0 : 2,
	    .key = key_of_all(),
	    .order = how & 16 ? "https://ca.test/o/1" : NULL,
	    .replaces = how & 32 ? "key.serial" : NULL,
	};
	struct acme_client *client = acme_client_new(&settings);
	talk(client, &job, view_of(data + 1, size - 1));
	// What the client keeps does not spoil the next job.
	talk(client, &job, view_of(data + 1, size - 1));
	acme_client_free(&client);
	return 0;
}

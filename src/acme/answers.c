// SPDX-License-Identifier: Apache-2.0
#include "acme/answers.h"

#include <pthread.h>

#include "base/mem.h"
#include "base/vec.h"

struct pair {
	char *token;
	char *answer;
};

struct acme_answers {
	pthread_mutex_t lock;
	VEC(struct pair) pairs;
};

struct acme_answers *acme_answers_new(void)
{
	struct acme_answers *answers = mem_zalloc(sizeof(*answers));
	pthread_mutex_init(&answers->lock, NULL);
	return answers;
}

void acme_answers_free(struct acme_answers **answers)
{
	if (!*answers)
		return;
	acme_answers_clear(*answers);
	vec_done(&(*answers)->pairs);
	pthread_mutex_destroy(&(*answers)->lock);
	free(*answers);
	*answers = NULL;
}

void acme_answers_add(struct acme_answers *answers, struct view token,
    struct view key_authorization)
{
	pthread_mutex_lock(&answers->lock);
	vec_push(&answers->pairs,
	    (struct pair){mem_strndup(token.ptr, token.len),
		mem_strndup(key_authorization.ptr, key_authorization.len)});
	pthread_mutex_unlock(&answers->lock);
}

void acme_answers_clear(struct acme_answers *answers)
{
	pthread_mutex_lock(&answers->lock);
	for (size_t i = 0; i < answers->pairs.count; i++) {
		free(answers->pairs.items[i].token);
		free(answers->pairs.items[i].answer);
	}
	answers->pairs.count = 0;
	pthread_mutex_unlock(&answers->lock);
}

enum rc acme_answers_find(
    struct acme_answers *answers, struct view token, struct buf *out)
{
	enum rc rc = RC_NOT_FOUND;
	pthread_mutex_lock(&answers->lock);
	for (size_t i = 0; i < answers->pairs.count && rc != RC_OK; i++)
		if (view_eq(
			token, view_of_string(answers->pairs.items[i].token))) {
			buf_add_string(out, answers->pairs.items[i].answer);
			rc = RC_OK;
		}
	pthread_mutex_unlock(&answers->lock);
	return rc == RC_OK ? buf_status(out) : rc;
}

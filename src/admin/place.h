// SPDX-License-Identifier: Apache-2.0
// A command's way to the store: the running server's control socket, or, when
// no server runs, a child process that opens the data folder itself, with no
// more rights than the server has. Requests and answers are the same.
#ifndef ROOST_ADMIN_PLACE_H
#define ROOST_ADMIN_PLACE_H

#include "admin/cli.h"
#include "admin/link.h"

struct place {
	struct link link;
	pid_t child; // 0: a server answers
	bool serving;
};

// Whether there is room for the control socket's path. RC_LIMIT.
MUST_CHECK enum rc place_check_path(
    const struct cli_place *at, struct fault *fault);
// Whether a server answers at the control socket.
bool place_is_served(const struct cli_place *at);
// With `create`, makes the data folder if it does not exist; without it, that
// is RC_NOT_FOUND. Waits for other commands, at most a minute: RC_IN_USE.
MUST_CHECK enum rc place_open(const struct cli_place *at, bool create,
    struct fault *fault, struct place *ret_place);
// Waits until the child has closed the store.
void place_close(struct place *place);

// Sends `request` (reference taken over), calls `note` for the messages that
// come before the result, and returns the result. `*ret_answer` (the pointer
// may be NULL) is always written, and may be NULL; the caller drops it with
// json_decref().
MUST_CHECK enum rc place_ask(struct place *place, json_t *request,
    void (*note)(void *context, const json_t *message), void *context,
    struct fault *fault, json_t **ret_answer);
// Gives the next message. RC_END when it is the result: its code, which may be
// RC_OK, and its text are then in `fault`.
MUST_CHECK enum rc place_receive(
    struct place *place, struct fault *fault, json_t **ret_message);

// Opens, asks, closes. What fails is complained of.
enum cli_exit place_command(const struct cli_call *call, bool create,
    json_t *request, void (*note)(void *context, const json_t *message),
    void *context);
// The same, with the result in `*ret_answer`, to be dropped with json_decref();
// NULL when there is none.
enum cli_exit place_fetch(const struct cli_call *call, bool create,
    json_t *request, void (*note)(void *context, const json_t *message),
    void *context, json_t **ret_answer);
// The same for a change of what the first argument names. A doubt in the answer
// is CLI_PROBLEM and told: "NAME was <done>, but …".
enum cli_exit place_change(const struct cli_call *call, bool create,
    json_t *request, const char *done);
// Only the telling. CLI_OK when there is no doubt.
enum cli_exit place_doubt(
    const struct cli_call *call, const json_t *answer, const char *done);

#endif

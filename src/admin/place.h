// SPDX-License-Identifier: Apache-2.0
// How a command reaches the store. If a server runs, it uses the server's
// control socket. If none runs, it starts a child process, which opens the data
// folder and has no more rights than the server. Requests and answers are the
// same.
#ifndef ROOST_ADMIN_PLACE_H
#define ROOST_ADMIN_PLACE_H

#include "admin/cli.h"
#include "admin/link.h"

struct place {
	struct link link;
	pid_t child; // 0: a server answers
	bool serving;
};

// RC_LIMIT if the path of the control socket would be too long.
MUST_CHECK enum rc place_check_path(
    const struct cli_place *at, struct fault *fault);
// True if a server answers at the control socket.
bool place_is_served(const struct cli_place *at);
// Opens the way to the store. If the data folder does not exist, creates it if
// `create` is true, and fails with RC_NOT_FOUND otherwise. Waits at most a
// minute for other commands, then RC_IN_USE.
MUST_CHECK enum rc place_open(const struct cli_place *at, bool create,
    struct fault *fault, struct place *ret_place);
// Opens a folder that holds nothing but a database, for reading only, in a
// child process.
MUST_CHECK enum rc place_open_store(const struct cli_place *at,
    const char *folder, struct fault *fault, struct place *ret_place);
// Closes the connection, and waits until the child has closed the store.
void place_close(struct place *place);

// Sends `request`, whose reference it takes over. Calls `note` for each message
// that comes before the result, and returns the result. If `ret_answer` is not
// NULL, always sets `*ret_answer` to the answer, or to NULL if there is none.
// The caller drops it with json_decref().
MUST_CHECK enum rc place_ask(struct place *place, json_t *request,
    void (*note)(void *context, const json_t *message), void *context,
    struct fault *fault, json_t **ret_answer);
// Gives the next message. RC_END if that message is the result. `fault` then
// has the result's code, which may be RC_OK, and its text.
MUST_CHECK enum rc place_receive(
    struct place *place, struct fault *fault, json_t **ret_message);

// Opens a place, sends the request, and closes the place. Prints an error
// message if something fails.
enum cli_exit place_command(const struct cli_call *call, bool create,
    json_t *request, void (*note)(void *context, const json_t *message),
    void *context);
// Does the same, and sets `*ret_answer` to the answer, or to NULL if there is
// none. The caller drops it with json_decref().
enum cli_exit place_fetch(const struct cli_call *call, bool create,
    json_t *request, void (*note)(void *context, const json_t *message),
    void *context, json_t **ret_answer);
// Does the same for a request that changes something; the command's first
// argument is its name. If the answer has a doubt, prints "NAME was <done>, but
// …" and returns CLI_PROBLEM.
enum cli_exit place_change(const struct cli_call *call, bool create,
    json_t *request, const char *done);
// Only handles the doubt, as place_change() does. CLI_OK if there is none.
enum cli_exit place_doubt(
    const struct cli_call *call, const json_t *answer, const char *done);

#endif

// SPDX-License-Identifier: Apache-2.0
#include "admin/control.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/verbs.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

// Bytes of a value, and elements of a list, that are logged.
#define LOG_VALUE_MAX    200
#define LOG_ELEMENTS_MAX 10

// ---- One connection --------------------------------------------------------

static enum rc greet(const struct control_host *host, struct link *link)
{
	return link_send(link,
	    json_pack("{s:s, s:b}", "roost", host->version, "serving",
		host->server != NULL),
	    VIEW(""));
}

static enum rc send_result(
    struct link *link, json_t *answer, enum rc rc, const struct fault *fault)
{
	json_object_set_new(answer, "result", json_string(rc_name(rc)));
	if (rc != RC_OK) {
		const char *text = fault->text[0] ? fault->text : rc_text(rc);
		json_object_set_new(
		    answer, "text", link_text(view_of_string(text)));
	}
	return link_send(link, answer, VIEW(""));
}

static enum rc run_verb(struct verb_call *call, struct fault *fault)
{
	struct view name = link_member(call->request, "do");
#define X(verb, function)                                                      \
	if (view_eq(name, VIEW(verb)))                                         \
		return function(call, fault);
	VERB_TABLE(X)
#undef X
	return fault_set(fault, RC_UNSUPPORTED,
	    "this server does not know the request %.*s", VIEW_FMT(name));
}

static bool is_secret(struct view key)
{
	return view_eq(key, VIEW("password")) || view_eq(key, VIEW("stored"));
}

static bool is_word(struct view key)
{
	for (size_t i = 0; i < key.len; i++)
		if ((key.ptr[i] < 'a' || key.ptr[i] > 'z') && key.ptr[i] != '_')
			return false;
	return key.len > 0;
}

static void log_value(
    struct log_line *line, const char *key, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t i;
	const json_t *element;
	if (text)
		log_add(line, key,
		    view_slice(view_of_string(text), 0, LOG_VALUE_MAX));
	else if (json_is_integer(value))
		log_add_u64(line, key, (uint64_t)json_integer_value(value));
	else if (json_is_boolean(value))
		log_add_string(line, key, json_is_true(value) ? "yes" : "no");
	json_array_foreach(value, i, element)
	{
		if (i < LOG_ELEMENTS_MAX && json_is_string(element))
			log_value(line, key, element);
	}
}

// The audit: who asked for what, and what came of it. Passwords are left out.
static void log_request(const struct control_host *host, const struct ucred *by,
    const json_t *request, enum rc rc)
{
	const char *key;
	json_t *value;
	struct log_line line;
	log_begin(&line, host->audit, LOG_LEVEL_INFO, "admin");
	log_add(&line, "do", link_member(request, "do"));
	log_add_u64(&line, "uid", by->uid);
	log_add_u64(&line, "pid", (uint64_t)by->pid);
	json_object_foreach((json_t *)(uintptr_t)request, key, value)
	{
		struct view name = view_of_string(key);
		if (is_word(name) && !view_eq(name, VIEW("do")) &&
		    !is_secret(name))
			log_value(&line, key, value);
	}
	log_add_string(&line, "result", rc_name(rc));
	log_end(&line);
}

// Whoever is at the other end of the socket.
static struct ucred peer_of(int fd)
{
	struct ucred by = {.uid = (uid_t)-1, .gid = (gid_t)-1};
	socklen_t len = sizeof(by);
	(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &by, &len);
	return by;
}

// Serves one request after another until the other side closes the connection.
static void serve_link(const struct control_host *host, struct link *link)
{
	enum rc rc = greet(host, link);
	const struct ucred by = peer_of(link->fd);
	while (rc == RC_OK) {
		struct verb_call call = {.host = host, .link = link};
		struct fault fault = {0};
		json_t *request;
		rc = link_receive(link, &request);
		if (rc != RC_OK)
			break;
		call.request = request;
		call.answer = json_object();
		enum rc result = run_verb(&call, &fault);
		log_request(host, &by, request, result);
		rc = send_result(link, call.answer, result, &fault);
		json_decref(request);
	}
}

void control_serve(
    const struct control_host *host, const struct fault *fault, int fd)
{
	struct link link;
	link_init(&link, fd);
	if (fault) {
		enum rc rc =
		    send_result(&link, json_object(), fault->rc, fault);
		(void)rc; // the other side is gone, so nobody can be told
	} else {
		serve_link(host, &link);
	}
	link_done(&link);
}

#define SLOT_WAIT_MS 30000

// ---- The socket ------------------------------------------------------------

struct session {
	struct control *control;
	pthread_t thread;
	int fd;       // guarded by the lock; -1 when the thread has ended
	bool started; // pthread_join() is still to be called
};

struct control {
	struct control_host host;
	int fd;
	int stop;  // eventfd
	int freed; // eventfd: a session has ended
	pthread_t thread;
	pthread_mutex_t lock;
	struct session sessions[CONTROL_SESSIONS];
};

static void *session_run(void *context)
{
	struct session *session = context;
	struct control *control = session->control;
	// control_serve() closes the descriptor that it gets, so it gets a
	// copy. The slot's own stays valid for shutdown() until it is closed
	// here, under the lock.
	int fd = dup(session->fd);
	if (fd >= 0)
		control_serve(&control->host, NULL, fd);
	pthread_mutex_lock(&control->lock);
	close(session->fd);
	session->fd = -1;
	pthread_mutex_unlock(&control->lock);
	eventfd_write(control->freed, 1);
	return NULL;
}

static struct session *free_slot(struct control *control)
{
	struct session *found = NULL;
	pthread_mutex_lock(&control->lock);
	for (size_t i = 0; i < CONTROL_SESSIONS && !found; i++)
		if (control->sessions[i].fd < 0)
			found = &control->sessions[i];
	pthread_mutex_unlock(&control->lock);
	return found;
}

// Finds a free slot. If all are in use, waits up to SLOT_WAIT_MS for one. NULL
// if none becomes free; the connection is then refused.
static struct session *wait_for_slot(struct control *control)
{
	struct pollfd wait[2] = {
	    {.fd = control->freed, .events = POLLIN},
	    {.fd = control->stop, .events = POLLIN},
	};
	uint64_t end = clock_monotonic_ms() + SLOT_WAIT_MS;
	for (;;) {
		eventfd_t ignored;
		struct session *found = free_slot(control);
		uint64_t now = clock_monotonic_ms();
		if (found || now >= end || wait[1].revents)
			return found;
		if (poll(wait, 2, (int)(end - now)) > 0 && wait[0].revents)
			eventfd_read(control->freed, &ignored);
	}
}

static void accept_one(struct control *control)
{
	struct fault fault = {
	    .rc = RC_LIMIT, .text = "too many administrators are connected"};
	int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	struct session *session = wait_for_slot(control);
	if (!session) {
		control_serve(&control->host, &fault, fd);
		return;
	}
	if (session->started)
		pthread_join(session->thread, NULL);
	pthread_mutex_lock(&control->lock);
	session->control = control;
	session->fd = fd;
	session->started =
	    thread_start(&session->thread, session_run, session) == RC_OK;
	if (!session->started) {
		close(fd);
		session->fd = -1;
	}
	pthread_mutex_unlock(&control->lock);
}

static void *accept_run(void *context)
{
	struct control *control = context;
	struct pollfd wait[2] = {
	    {.fd = control->fd, .events = POLLIN},
	    {.fd = control->stop, .events = POLLIN},
	};
	for (;;) {
		if (poll(wait, 2, -1) < 0 && errno != EINTR)
			return NULL;
		if (wait[1].revents)
			return NULL;
		if (wait[0].revents)
			accept_one(control);
	}
}

static void destroy(struct control *control)
{
	close(control->fd);
	close(control->stop);
	close(control->freed);
	pthread_mutex_destroy(&control->lock);
	free(control);
}

enum rc control_new(const struct control_host *host, int fd,
    struct fault *fault, struct control **ret_control)
{
	struct control *control = mem_zalloc(sizeof(*control));
	control->host = *host;
	control->fd = fd;
	control->stop = eventfd(0, EFD_CLOEXEC);
	control->freed = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&control->lock, NULL);
	for (size_t i = 0; i < CONTROL_SESSIONS; i++)
		control->sessions[i].fd = -1;
	listen(fd, CONTROL_SESSIONS);
	if (thread_start(&control->thread, accept_run, control) != RC_OK) {
		destroy(control);
		return fault_set(fault, RC_LIMIT,
		    "no thread can be started for the control socket");
	}
	*ret_control = control;
	return RC_OK;
}

void control_free(struct control **control_at)
{
	struct control *control = *control_at;
	if (!control)
		return;
	*control_at = NULL;
	eventfd_write(control->stop, 1);
	pthread_join(control->thread, NULL);
	pthread_mutex_lock(&control->lock);
	for (size_t i = 0; i < CONTROL_SESSIONS; i++)
		if (control->sessions[i].fd >= 0)
			shutdown(control->sessions[i].fd, SHUT_RDWR);
	pthread_mutex_unlock(&control->lock);
	for (size_t i = 0; i < CONTROL_SESSIONS; i++)
		if (control->sessions[i].started)
			pthread_join(control->sessions[i].thread, NULL);
	destroy(control);
}

// SPDX-License-Identifier: Apache-2.0
#include "admin/place.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/become.h"
#include "admin/control.h"
#include "admin/database.h"
#include "admin/folder_lock.h"
#include "admin/user_life.h"
#include "base/clock.h"

// Several commands take turns at using the data folder. This is how long a
// command waits in total.
#define TURN_WAIT_MS 60000
// A command waits this long for the folder's lock, and then looks for a server
// again: a server that is starting gets the lock before it has its socket.
#define TURN_MS 500

// ---- The child that has the store ------------------------------------------

// The child of `roost repair` prints what it does: there is no answer that
// could carry it before the store is open.
static void print_repair(void *context, const char *text)
{
	(void)context;
	printf("database: %s\n", text);
}

// Files that are changed are kept beside the store, in a folder whose name has
// the time.
static enum rc repair_engine(const struct cli_place *at, const char *path,
    struct fault *fault, struct engine_repair *ret_repair)
{
	char aside[4160];
	struct stat status;
	snprintf(aside, sizeof(aside), "%s/damaged-%lld", at->data,
	    (long long)clock_wall_seconds(NULL));
	struct engine_repair_options options = {
	    .aside = aside, .say = print_repair};
	enum rc rc = engine_rocksdb_repair(path, &options, fault, ret_repair);
	if (stat(aside, &status) == 0)
		printf("database: the files as they were are in %s\n", aside);
	fflush(stdout);
	return rc;
}

static enum rc open_engine(const struct cli_place *at, const char *folder,
    struct fault *fault, struct engine_repair *repair,
    struct engine **ret_engine)
{
	struct engine_rocksdb_options options = {
	    .cache_bytes = at->cache_bytes, .read_only = folder != NULL};
	char path[4096];
	int lock; // held until the process ends
	if (folder)
		return database_open(folder, &options, fault, ret_engine);
	enum rc rc = folder_lock_open(at->data, TURN_MS, fault, &lock);
	if (rc != RC_OK)
		return rc;
	snprintf(path, sizeof(path), "%s/store", at->data);
	if (at->repair) {
		rc = repair_engine(at, path, fault, repair);
		if (rc != RC_OK)
			return rc;
	}
	return database_open(path, &options, fault, ret_engine);
}

// Opens everything that uses the engine. If something cannot be opened, `fault`
// says why.
static enum rc open_rooms(const struct cli_place *at, struct log *log,
    struct delivery_office *office, struct fault *fault,
    struct control_host *host)
{
	host->store = store_new(&(struct store_options){
	    .engine = host->engine,
	    .log = log,
	    .message_max = at->message_max,
	    .quota_bytes = at->quota_bytes,
	    .quota_messages = at->quota_messages,
	    .tombstones_max = at->tombstones_max,
	    .changes_max = at->changes_max,
	    .kept_seconds = at->kept_seconds,
	});
	enum rc rc =
	    auth_new(host->engine, &at->auth, log, NULL, fault, &host->auth);
	if (rc != RC_OK)
		return rc;
	struct fault none;
	struct route_settings route = at->route;
	struct dns_settings dns = at->dns;
	struct relay_settings relay = at->relay;
	route.log = log;
	dns.log = log;
	host->route = route_new(host->engine, host->auth, &route);
	host->dkim = dkim_keys_new(host->engine, log);
	struct sending_settings sending = at->sending;
	sending.log = log;
	host->sending = sending_new(host->engine, &sending);
	host->server_name = at->server_name;
	host->services = at->services;
	// Only a few commands use DNS and the relay. If one of these cannot be
	// opened, it stays NULL, and such a command says so.
	office->route = host->route;
	relay.office = office;
	if (dns_new(&dns, &none, &host->dns) == RC_OK) {
		relay.dns = host->dns;
		if (relay_new(&relay, &none, &host->relay) != RC_OK)
			host->relay = NULL;
	}
	return RC_OK;
}

static void close_rooms(struct control_host *host)
{
	relay_free(&host->relay);
	if (host->dns)
		dns_free(&host->dns);
	if (host->dkim)
		dkim_keys_free(&host->dkim);
	sending_free(&host->sending);
	if (host->route)
		route_free(&host->route);
	if (host->auth)
		auth_free(&host->auth);
	store_free(&host->store);
	engine_close(&host->engine);
}

// No server runs that could log what is asked for: it goes to the system's log,
// if there is one. A line for the journal has the form that syslog(3) sends.
static int open_system_log(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const void *)&at, sizeof(at)) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

// `folder`: see place_open_store(); NULL: the data folder.
static void serve_store(const struct cli_place *at, const struct become *become,
    const char *folder, int fd)
{
	struct control_host host = {.version = at->version, .data = at->data};
	struct log log = {.fd = STDERR_FILENO, .minimum = LOG_LEVEL_WARN};
	struct fault fault = {0};
	struct delivery_office office = {0};
	struct log audit = {.fd = open_system_log(),
	    .minimum = LOG_LEVEL_INFO,
	    .journal = true};
	struct engine_repair repair = {0};
	host.log = &log;
	host.audit = &audit;
	if (at->repair)
		host.repair = &repair;
	enum rc rc = RC_OK;
	if (!folder)
		rc = become_user(become, false, &fault);
	if (rc == RC_OK)
		rc = open_engine(at, folder, &fault, &repair, &host.engine);
	if (rc != RC_OK) {
		control_serve(&host, &fault, fd);
		return;
	}
	rc = open_rooms(at, &log, &office, &fault, &host);
	if (rc == RC_OK && !folder)
		user_life_resume(&host);
	control_serve(&host, rc == RC_OK ? NULL : &fault, fd);
	close_rooms(&host);
	if (audit.fd >= 0)
		close(audit.fd);
	engine_repair_done(&repair);
}

static enum rc start_child(const struct cli_place *at,
    const struct become *become, const char *folder, struct fault *fault,
    struct place *ret_place)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return fault_set(
		    fault, RC_IO, "socketpair: %s", strerror(errno));
	fflush(NULL);
	pid_t child = fork();
	if (child < 0) {
		close(pair[0]);
		close(pair[1]);
		return fault_set(fault, RC_IO, "fork: %s", strerror(errno));
	}
	if (child == 0) {
		close(pair[0]);
		serve_store(at, become, folder, pair[1]);
		_exit(0);
	}
	close(pair[1]);
	ret_place->child = child;
	link_init(&ret_place->link, pair[0]);
	return RC_OK;
}

// ---- Reaching it -----------------------------------------------------------

enum rc place_check_path(const struct cli_place *at, struct fault *fault)
{
	struct sockaddr_un to;
	size_t max = sizeof(to.sun_path) - sizeof("/" CONTROL_SOCKET);
	size_t len = strlen(at->data);
	if (len <= max)
		return RC_OK;
	return fault_set(fault, RC_LIMIT,
	    "the path of the data folder has %zu bytes; as there is a socket "
	    "in it, it may have no more than %zu: %s",
	    len, max, at->data);
}

// Whether the process behind the socket has a right to the data folder. The
// socket may be a link to another program's, made by who may write there.
static enum rc check_peer(
    const struct cli_place *at, int fd, struct fault *fault)
{
	struct ucred peer;
	struct stat info;
	socklen_t len = sizeof(peer);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	    (peer.uid == 0 || peer.uid == geteuid() ||
		(stat(at->data, &info) == 0 && peer.uid == info.st_uid)))
		return RC_OK;
	return fault_set(fault, RC_DENIED,
	    "another user's program answers in the data folder %s", at->data);
}

// Connects to the control socket. RC_NOT_FOUND if no server listens there.
static enum rc connect_server(
    const struct cli_place *at, struct fault *fault, int *ret_fd)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	enum rc rc = place_check_path(at, fault);
	if (rc != RC_OK)
		return rc;
	snprintf(to.sun_path, sizeof(to.sun_path), "%s/%s", at->data,
	    CONTROL_SOCKET);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fault_set(fault, RC_IO, "socket: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0) {
		rc = check_peer(at, fd, fault);
		if (rc == RC_OK)
			*ret_fd = fd;
		else
			close(fd);
		return rc;
	}
	int error = errno;
	close(fd);
	if (error == ENOENT || error == ECONNREFUSED || error == ENOTDIR)
		return RC_NOT_FOUND;
	if (error == EACCES)
		return fault_set(fault, RC_DENIED,
		    "only its owner and root may use the data folder %s: run "
		    "the command as one of them",
		    at->data);
	return fault_set(fault, RC_IO,
	    "cannot look for a server in the data folder %s: %s", at->data,
	    strerror(error));
}

static enum rc find_folder(const struct cli_place *at, bool create,
    struct fault *fault, struct become *ret_become)
{
	struct stat info;
	bool there = stat(at->data, &info) == 0;
	if (there && !S_ISDIR(info.st_mode))
		return fault_set(fault, RC_INVALID,
		    "%s is no folder, and so cannot be the data folder",
		    at->data);
	if (!there && !create && errno == ENOENT)
		return fault_set(fault, RC_NOT_FOUND,
		    "there is no data folder %s: `roost serve` and `roost "
		    "user add` make it",
		    at->data);
	if (!there && !create)
		return fault_set(fault, RC_NOT_FOUND,
		    "there is no data folder %s: %s", at->data,
		    strerror(errno));
	enum rc rc = become_find(at->user, at->data, fault, ret_become);
	if (rc == RC_OK && ret_become->is_root && ret_become->is_exposed)
		rc = fault_set(fault, RC_DENIED,
		    "the data folder %s is root's, but other users may write "
		    "in it or in a folder above it: root does not work there",
		    at->data);
	if (rc == RC_OK)
		rc = become_make_folder(at->data, ret_become, fault);
	return rc;
}

bool place_is_served(const struct cli_place *at)
{
	struct fault ignored;
	int fd = -1;
	if (connect_server(at, &ignored, &fd) != RC_OK)
		return false;
	close(fd);
	return true;
}

static enum rc reach(const struct cli_place *at, bool create,
    struct fault *fault, struct place *place)
{
	struct become become;
	int fd = -1;
	enum rc rc = connect_server(at, fault, &fd);
	if (rc == RC_OK)
		link_init(&place->link, fd);
	if (rc != RC_NOT_FOUND)
		return rc;
	rc = find_folder(at, create, fault, &become);
	return rc == RC_OK ? start_child(at, &become, NULL, fault, place) : rc;
}

// Reads the greeting. Closes the place if it is a failure.
static enum rc greet(
    struct place from, struct fault *fault, struct place *ret_place)
{
	struct place place = from;
	json_t *greeting;
	enum rc rc = place_receive(&place, fault, &greeting);
	if (rc == RC_END)
		rc = fault->rc;
	if (rc == RC_OK) {
		place.serving =
		    json_is_true(json_object_get(greeting, "serving"));
		*ret_place = place;
	} else {
		place_close(&place);
	}
	json_decref(greeting);
	return rc;
}

static enum rc place_try(const struct cli_place *at, bool create,
    struct fault *fault, struct place *ret_place)
{
	struct place place = {0};
	enum rc rc = reach(at, create, fault, &place);
	return rc == RC_OK ? greet(place, fault, ret_place) : rc;
}

enum rc place_open_store(const struct cli_place *at, const char *folder,
    struct fault *fault, struct place *ret_place)
{
	struct place place = {0};
	enum rc rc = start_child(at, NULL, folder, fault, &place);
	return rc == RC_OK ? greet(place, fault, ret_place) : rc;
}

enum rc place_open(const struct cli_place *at, bool create, struct fault *fault,
    struct place *ret_place)
{
	uint64_t end = clock_monotonic_ms() + TURN_WAIT_MS;
	enum rc rc;
	do
		rc = place_try(at, create, fault, ret_place);
	while (rc == RC_IN_USE && clock_monotonic_ms() < end);
	return rc;
}

void place_close(struct place *place)
{
	int status;
	link_done(&place->link);
	while (place->child > 0 && waitpid(place->child, &status, 0) < 0 &&
	       errno == EINTR)
		;
	place->child = 0;
}

// ---- Asking ----------------------------------------------------------------

enum rc place_receive(
    struct place *place, struct fault *fault, json_t **ret_message)
{
	*ret_message = NULL;
	enum rc rc = link_receive(&place->link, ret_message);
	if (rc != RC_OK)
		return fault_set(fault, rc == RC_CLOSED ? RC_CLOSED : rc,
		    "the server hung up in the middle");
	struct view result = link_member(*ret_message, "result");
	if (result.len == 0)
		return RC_OK;
	struct view text = link_member(*ret_message, "text");
	rc = fault_set(fault, link_rc(result), "%.*s", VIEW_FMT(text));
	(void)rc; // the result is in `fault`
	return RC_END;
}

enum rc place_ask(struct place *place, json_t *request,
    void (*note)(void *context, const json_t *message), void *context,
    struct fault *fault, json_t **ret_answer)
{
	json_t *message = NULL;
	enum rc rc = link_send(&place->link, request, VIEW(""));
	while (rc == RC_OK) {
		rc = place_receive(place, fault, &message);
		if (rc != RC_OK)
			break;
		if (note)
			note(context, message);
		json_decref(message);
		message = NULL;
	}
	if (ret_answer)
		*ret_answer = message;
	else
		json_decref(message);
	return rc == RC_END ? fault->rc : rc;
}

enum cli_exit place_fetch(const struct cli_call *call, bool create,
    json_t *request, void (*note)(void *context, const json_t *message),
    void *context, json_t **ret_answer)
{
	struct place place;
	struct fault fault = {0};
	enum rc rc = place_open(&call->place, create, &fault, &place);
	*ret_answer = NULL;
	if (rc != RC_OK) {
		json_decref(request);
		return cli_fail(rc, &fault);
	}
	rc = place_ask(&place, request, note, context, &fault, ret_answer);
	place_close(&place);
	return rc == RC_OK ? CLI_OK : cli_fail(rc, &fault);
}

enum cli_exit place_command(const struct cli_call *call, bool create,
    json_t *request, void (*note)(void *context, const json_t *message),
    void *context)
{
	json_t *answer;
	enum cli_exit code =
	    place_fetch(call, create, request, note, context, &answer);
	json_decref(answer);
	return code;
}

enum cli_exit place_doubt(
    const struct cli_call *call, const json_t *answer, const char *done)
{
	struct view doubt = link_member(answer, "doubt");
	if (doubt.len == 0)
		return CLI_OK;
	cli_complain(
	    "%s was %s, but %.*s", call->arguments[0], done, VIEW_FMT(doubt));
	return CLI_PROBLEM;
}

enum cli_exit place_change(
    const struct cli_call *call, bool create, json_t *request, const char *done)
{
	json_t *answer;
	enum cli_exit code =
	    place_fetch(call, create, request, NULL, NULL, &answer);
	if (code == CLI_OK)
		code = place_doubt(call, answer, done);
	json_decref(answer);
	return code;
}

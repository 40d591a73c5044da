// SPDX-License-Identifier: Apache-2.0
#include "server/demo.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/import.h"
#include "admin/listing.h"

// Beside the program in its build folder, or where it was installed.
const char *demo_folder(struct arena *arena)
{
	static const char *const places[] = {
	    "/../demo", "/../share/roost/demo"};
	char self[4096];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len <= 0)
		return NULL;
	self[len] = '\0';
	char *slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		struct buf path;
		buf_init(&path, sizeof(self) + 64);
		buf_printf(&path, "%s%s", self, places[i]);
		const char *found = arena_string(arena, buf_view(&path));
		buf_done(&path);
		if (listing_is_folder(found))
			return found;
	}
	return NULL;
}

// ---- The mail, through the same door as any import -------------------------

struct service {
	const struct control_host *host;
	int fd;
};

static void *serve_one(void *context)
{
	const struct service *service = context;
	control_serve(service->host, NULL, service->fd);
	return NULL;
}

static enum rc import_over(
    struct place *place, const char *folder, struct fault *fault)
{
	struct import *import;
	json_t *greeting;
	enum rc rc = place_receive(place, fault, &greeting);
	json_decref(greeting);
	if (rc != RC_OK)
		return rc;
	rc = import_open(place, DEMO_USER, fault, &import);
	if (rc != RC_OK)
		return rc;
	import_set_quiet(import);
	rc = import_eml(import, folder, NULL, fault);
	return import_close(&import, rc, fault) == CLI_OK ? RC_OK : RC_IO;
}

static enum rc import_mail(
    const struct control_host *host, const char *folder, struct fault *fault)
{
	struct place place = {0};
	pthread_t thread;
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return fault_set(
		    fault, RC_IO, "socketpair: %s", strerror(errno));
	struct service service = {host, pair[1]};
	link_init(&place.link, pair[0]);
	pthread_create(&thread, NULL, serve_one, &service);
	enum rc rc = import_over(&place, folder, fault);
	place_close(&place);
	pthread_join(thread, NULL);
	return rc;
}

enum rc demo_prepare(
    const struct control_host *host, const char *folder, struct fault *fault)
{
	struct auth_user user;
	uint64_t account;
	enum rc rc = auth_user_find(host->auth, VIEW(DEMO_USER), &user);
	if (rc != RC_NOT_FOUND)
		return rc;
	rc = auth_user_add(
	    host->auth, VIEW(DEMO_USER), VIEW(DEMO_PASSWORD), fault, &account);
	if (rc == RC_EXISTS) // but disabled
		return RC_OK;
	if (rc == RC_OK)
		rc = store_account_create(host->store, account, fault);
	if (rc == RC_OK && folder)
		rc = import_mail(host, folder, fault);
	return rc;
}

// ---- What to type ----------------------------------------------------------

void demo_print(const struct config *config)
{
	const struct config_listener *starttls = NULL, *implicit = NULL;
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct config_listener *l = &config->listeners[i];
		if (l->tls == CONFIG_TLS_IMPLICIT)
			implicit = l;
		else
			starttls = l;
	}
	puts("\nRoost is serving. In a mail program, type:\n\n"
	     "  account type  IMAP\n"
	     "  server        127.0.0.1  (this machine only)");
	if (starttls)
		printf("  port          %u, encryption STARTTLS\n",
		    starttls->port);
	if (implicit)
		printf(
		    "  or port       %u, encryption SSL/TLS\n", implicit->port);
	puts("  user name     " DEMO_USER "\n"
	     "  password      " DEMO_PASSWORD "\n\n"
	     "The certificate is self-signed: the mail program will ask once "
	     "whether to trust it.");
	if (implicit)
		printf("To see the inbox from a shell:\n\n"
		       "  curl -k -u " DEMO_USER ":" DEMO_PASSWORD
		       " imaps://127.0.0.1:%u/INBOX -X 'FETCH 1:* (FLAGS "
		       "ENVELOPE)'\n\n",
		    implicit->port);
	printf("Mail and users are kept in %s. Ctrl-C stops the server.\n\n",
	    config->data);
	fflush(stdout);
}

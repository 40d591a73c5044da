// SPDX-License-Identifier: Apache-2.0
#include "server/demo.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/import.h"
#include "admin/listing.h"
#include "admin/user_life.h"
#include "base/thread.h"

// Next to the program in its build folder, or where it was installed.
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
	struct arena arena;
	struct folder mail;
	json_t *greeting;
	enum rc rc = place_receive(place, fault, &greeting);
	json_decref(greeting);
	if (rc != RC_OK)
		return rc;
	rc = import_open(place, DEMO_USER, fault, &import);
	if (rc != RC_OK)
		return rc;
	import_set_quiet(import);
	arena_init(&arena);
	rc = folder_open(&arena, folder, fault, &mail);
	if (rc == RC_OK) {
		rc = import_eml(import, &mail, NULL, fault);
		folder_close(&mail);
	}
	arena_done(&arena);
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
	if (thread_start(&thread, serve_one, &service) != RC_OK) {
		close(pair[1]);
		place_close(&place);
		return fault_set(
		    fault, RC_LIMIT, "no thread can be started for the import");
	}
	enum rc rc = import_over(&place, folder, fault);
	place_close(&place);
	pthread_join(thread, NULL);
	return rc;
}

// `*ret_new`: there was no such user.
static enum rc prepare_user(const struct control_host *host, const char *name,
    const char *password, struct fault *fault, bool *ret_new)
{
	struct auth_new_user user = {
	    .name = view_of_string(name), .password = view_of_string(password)};
	uint64_t account;
	enum rc rc = user_life_add(host, &user, fault, &account);
	*ret_new = rc == RC_OK;
	return rc == RC_EXISTS ? RC_OK : rc;
}

enum rc demo_prepare(
    const struct control_host *host, const char *folder, struct fault *fault)
{
	struct route_domain domain = {.name = VIEW(DEMO_DOMAIN)};
	bool fresh, fresh_friend;
	enum rc rc = route_domain_add(host->route, &domain, fault);
	if (rc == RC_OK || rc == RC_EXISTS)
		rc = prepare_user(host, DEMO_FRIEND, DEMO_FRIEND_PASSWORD,
		    fault, &fresh_friend);
	if (rc == RC_OK)
		rc =
		    prepare_user(host, DEMO_USER, DEMO_PASSWORD, fault, &fresh);
	if (rc == RC_OK && fresh && folder)
		rc = import_mail(host, folder, fault);
	return rc;
}

// ---- What to type ----------------------------------------------------------

static uint32_t port_of(const struct config *config,
    enum config_protocol protocol, enum config_tls tls)
{
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct config_listener *l = &config->listeners[i];
		if (l->protocol == (uint32_t)protocol &&
		    l->tls == (uint32_t)tls)
			return l->port;
	}
	return 0;
}

static void print_ports(const struct config *config, const char *what,
    enum config_protocol protocol)
{
	printf("  %-13s 127.0.0.1, port %u with STARTTLS or %u with SSL/TLS\n",
	    what, port_of(config, protocol, CONFIG_TLS_STARTTLS),
	    port_of(config, protocol, CONFIG_TLS_IMPLICIT));
}

void demo_print(const struct config *config, const char *data)
{
	uint32_t imaps = port_of(config, CONFIG_IMAP, CONFIG_TLS_IMPLICIT);
	uint32_t submissions =
	    port_of(config, CONFIG_SUBMISSION, CONFIG_TLS_IMPLICIT);
	printf("\nRoost is serving, on this machine only. Open "
	       "https://localhost:%u/ in a browser\nand log in with the user "
	       "name " DEMO_USER " and the password " DEMO_PASSWORD
	       ". In a mail program, type:\n\n",
	    port_of(config, CONFIG_HTTP, CONFIG_TLS_IMPLICIT));
	print_ports(config, "IMAP", CONFIG_IMAP);
	print_ports(config, "or POP3", CONFIG_POP3);
	print_ports(config, "SMTP (sends)", CONFIG_SUBMISSION);
	puts("  user name     " DEMO_USER "\n"
	     "  password      " DEMO_PASSWORD "\n"
	     "  address       " DEMO_USER "@" DEMO_DOMAIN "\n\n"
	     "There is another user to write to: " DEMO_FRIEND "@" DEMO_DOMAIN
	     ", password " DEMO_FRIEND_PASSWORD ".\n"
	     "The certificate is self-signed: the mail program will ask once "
	     "whether to trust it.\n"
	     "Mail to other domains waits in the queue: nothing leaves this "
	     "machine.\n\n"
	     "From a shell:\n");
	printf("  curl -k -u " DEMO_USER ":" DEMO_PASSWORD
	       " imaps://127.0.0.1:%u/INBOX -X 'FETCH 1:* (FLAGS ENVELOPE)'\n",
	    imaps);
	printf("  printf 'From: " DEMO_USER "@" DEMO_DOMAIN
	       "\\nTo: " DEMO_FRIEND "@" DEMO_DOMAIN
	       "\\nSubject: Hello\\n\\nHello there\\n' |\n"
	       "    curl -k --crlf -u " DEMO_USER ":" DEMO_PASSWORD
	       " smtps://127.0.0.1:%u --mail-from " DEMO_USER "@" DEMO_DOMAIN
	       " \\\n    --mail-rcpt " DEMO_FRIEND "@" DEMO_DOMAIN " -T -\n",
	    submissions);
	printf("  curl -k -u " DEMO_FRIEND ":" DEMO_FRIEND_PASSWORD
	       " 'imaps://127.0.0.1:%u/INBOX;MAILINDEX=*'\n\n",
	    imaps);
	printf("Mail and users are kept in %s. Ctrl-C stops the server.\n\n",
	    data);
	fflush(stdout);
}

// SPDX-License-Identifier: Apache-2.0
#include "server/config_check.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "admin/become.h"
#include "admin/listing.h"
#include "admin/place.h"
#include "server/config.h"

struct check {
	const struct cli_call *call;
	struct config *config;
	unsigned refused;  // the server cannot run with these
	unsigned problems; // it can with these
};

static void tell(const struct check *check, unsigned line, struct view text)
{
	const char *path = check->config->path ? check->config->path : "roost";
	if (line)
		fprintf(stderr, "%s:%u: %.*s\n", path, line, VIEW_FMT(text));
	else
		fprintf(stderr, "%s: %.*s\n", path, VIEW_FMT(text));
}

static void problem(struct check *check, unsigned line, const char *text)
{
	check->problems++;
	tell(check, line, view_of_string(text));
}

// ---- Certificates ----------------------------------------------------------

static void tell_mistakes(
    struct check *check, unsigned line, struct view mistakes, unsigned *count)
{
	struct view one;
	while (view_split(&mistakes, '\n', &one)) {
		++*count;
		tell(check, line, one);
	}
}

static void check_names(struct check *check, bool named)
{
	char text[512];
	const struct config *config = check->config;
	if (named || config->certificate_count == 0 || config->acme)
		return;
	snprintf(text, sizeof(text),
	    "no certificate is for \"%s\" (server_name), so mail programs will "
	    "complain",
	    config->server_name);
	problem(check, config->certificate_lines[0], text);
}

static void check_certificates(struct check *check)
{
	const struct config *config = check->config;
	bool any_named = false;
	for (size_t i = 0; i < config->certificate_count; i++) {
		struct buf mistakes;
		bool named;
		buf_init(&mistakes, CONFIG_MISTAKES_MAX);
		enum rc rc = net_tls_examine(&config->certificates[i],
		    config->server_name, &mistakes, &named);
		tell_mistakes(check, config->certificate_lines[i],
		    buf_view(&mistakes),
		    rc == RC_OK ? &check->problems : &check->refused);
		any_named |= named;
		buf_done(&mistakes);
	}
	if (check->refused == 0)
		check_names(check, any_named);
}

// ---- Files that the server's user has to read ------------------------------

static void check_readable(struct check *check, const struct become *become,
    const char *path, unsigned line)
{
	char text[4400];
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	if (fd >= 0 || errno != EACCES)
		return; // other problems have been reported before
	snprintf(text, sizeof(text),
	    "%s: the user that Roost runs as cannot read it: chgrp %u %s; "
	    "chmod g+r %s",
	    path, become->group, path, path);
	problem(check, line, text);
}

// Changes to that user, for the rest of this process: what follows may read no
// more than the server could.
static void check_rights(struct check *check)
{
	const struct config *config = check->config;
	struct become become;
	struct fault fault;
	if (become_find(config->user[0] ? config->user : NULL, config->data,
		&fault, &become) != RC_OK) {
		problem(check, 0, fault.text);
		return;
	}
	if (!become.from_root || become.is_root ||
	    become_user(&become, false, &fault) != RC_OK)
		return;
	for (size_t i = 0; i < config->certificate_count; i++) {
		unsigned line = config->certificate_lines[i];
		check_readable(check, &become,
		    config->certificates[i].certificate_path, line);
		check_readable(
		    check, &become, config->certificates[i].key_path, line);
	}
}

// ---- The postmaster --------------------------------------------------------

// Whether there is a postmaster (RFC 5321 section 4.5.1). Before the first
// start there are no users yet.
static void check_postmaster(struct check *check)
{
	struct config *config = check->config;
	struct place place;
	struct fault fault;
	json_t *answer;
	if (!listing_is_folder(
		listing_join(&config->arena, config->data, "store")) &&
	    !place_is_served(&check->call->place))
		return;
	if (place_open(&check->call->place, false, &fault, &place) != RC_OK)
		return; // another command reports it
	enum rc rc = place_ask(&place,
	    json_pack("{s:s, s:s}", "do", "route", "address", "postmaster"),
	    NULL, NULL, &fault, &answer);
	place_close(&place);
	struct view verdict = link_member(answer, "verdict");
	if (rc == RC_OK && !view_eq(verdict, VIEW("ok")))
		problem(check, 0,
		    config->postmaster[0]
			? "nobody gets mail to postmaster: there is no such "
			  "user or address (see `roost route postmaster`)"
			: "nobody gets mail to postmaster: set postmaster, or "
			  "make an alias (see `roost route postmaster`)");
	json_decref(answer);
}

static void check_path(struct check *check)
{
	struct fault fault;
	if (place_check_path(&check->call->place, &fault) == RC_OK)
		return;
	check->refused++;
	tell(check, 0, view_of_string(fault.text));
}

enum cli_exit config_check_command(const struct cli_call *call)
{
	struct check check = {.call = call, .config = call->context};
	const char *exposed = config_exposed(check.config);
	if (exposed) {
		char text[100];
		snprintf(text, sizeof(text),
		    "everybody on this machine can read %s", exposed);
		problem(&check, 0, text);
	}
	check_path(&check);
	check_certificates(&check);
	check_postmaster(&check);
	check_rights(&check);
	if (check.refused > 0)
		return CLI_USAGE;
	if (check.problems > 0)
		return CLI_PROBLEM;
	if (check.config->path)
		printf("%s: no mistakes\n", check.config->path);
	else
		puts("no configuration file: all settings have their defaults");
	return CLI_OK;
}

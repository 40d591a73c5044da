// SPDX-License-Identifier: Apache-2.0
// What setup has to know: from options, from what is there already, or asked
// for at the terminal with a proposal.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#include "admin/ask.h"
#include "admin/listing.h"
#include "admin/place.h"
#include "server/config_scan.h"
#include "server/installer_impl.h"
#include "wire/domain_name.h"
#include "wire/utf8.h"

#define TRIES_MAX 5

// ---- The configuration file that is there ----------------------------------

static void take_setting(
    struct installer *in, struct view name, struct view value)
{
	if (view_eq(name, VIEW("server_name")))
		in->config_host = arena_string(&in->arena, value);
	else if (view_eq(name, VIEW("postmaster")))
		in->config_postmaster = arena_string(&in->arena, value);
	else if (view_eq(name, VIEW("acme")))
		in->config_acme = view_eq(value, VIEW("yes"));
}

// Finds the settings that are not in a section. The file has no mistakes.
static void scan(struct installer *in, struct view text)
{
	struct config_scan at = {.arena = &in->arena, .rest = text, .line = 1};
	struct view name = VIEW(""), last = VIEW("");
	unsigned depth = 0;
	bool value = false;
	for (;;) {
		struct config_token token = config_scan_next(&at);
		if (token.kind == CONFIG_TOKEN_END)
			return;
		in->config_is_set = true;
		depth += token.kind == CONFIG_TOKEN_OPEN;
		depth -= token.kind == CONFIG_TOKEN_CLOSE && depth > 0;
		if (token.kind == CONFIG_TOKEN_TEXT && value && depth == 0)
			take_setting(in, name, token.text);
		if (token.kind == CONFIG_TOKEN_EQUALS)
			name = last;
		value = token.kind == CONFIG_TOKEN_EQUALS;
		last = token.text;
	}
}

static bool read_all(int fd, struct buf *text)
{
	char block[8192];
	ssize_t len;
	while ((len = read(fd, block, sizeof(block))) > 0)
		buf_add(text, view_of(block, (size_t)len));
	return len == 0 && buf_status(text) == RC_OK;
}

// Gives the file's text; nothing if there is none.
bool installer_read_file(struct installer *in, struct buf *text)
{
	in->config_host = in->config_postmaster = "";
	int fd = open(in->config_path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return true;
	in->config_exists = true;
	bool good = fd >= 0 && read_all(fd, text);
	const char *why = strerror(errno);
	if (fd >= 0)
		close(fd);
	in->step = "config";
	if (!good)
		installer_fail(in, INSTALLER_STOP, MEND_CONFIG_WRONG,
		    in->config_path, NULL, "%s cannot be read: %s.",
		    in->config_path, why);
	else if (in->call->config_wrong)
		installer_fail(in, INSTALLER_STOP, MEND_CONFIG_WRONG,
		    in->config_path, NULL, "%s has mistakes.", in->config_path);
	else
		scan(in, buf_view(text));
	return good && !in->call->config_wrong;
}

// ---- What the store knows --------------------------------------------------

struct known {
	struct installer *in;
	bool any_domain;
	bool primary; // the chosen domain is the primary one
	const char *first_domain;
	const char *first_user;
};

static void take_domain(void *context, const json_t *note)
{
	struct known *known = context;
	struct installer *in = known->in;
	struct view name = link_member(note, "domain");
	bool primary = json_is_true(json_object_get(note, "primary"));
	known->any_domain = true;
	if (primary || !known->first_domain)
		known->first_domain = arena_string(&in->arena, name);
	if (in->domain && view_eq(name, view_of_string(in->domain))) {
		in->domain_exists = true;
		known->primary = primary;
	}
}

static void take_user(void *context, const json_t *note)
{
	struct known *known = context;
	struct installer *in = known->in;
	struct view name = link_member(note, "name");
	if (!known->first_user)
		known->first_user = arena_string(&in->arena, name);
	if (in->user && view_eq_nocase(name, view_of_string(in->user)))
		in->user_exists = true;
}

// Without a store nothing is made: it may be that nobody wants it.
static bool look_up(struct known *known, const char *verb,
    void (*take)(void *context, const json_t *note))
{
	struct installer *in = known->in;
	struct fault fault = {0};
	if (!listing_is_folder(
		listing_join(&in->arena, in->place.data, "store")) &&
	    !place_is_served(&in->place))
		return true;
	if (installer_ask(in, installer_request(verb, NULL, NULL), take, known,
		&fault, NULL) == RC_OK)
		return true;
	installer_fail(in, INSTALLER_STOP, MEND_STORE, NULL, NULL,
	    "The mail in %s cannot be used: %s.", in->place.data, fault.text);
	return false;
}

// ---- Proposals -------------------------------------------------------------

static const char *full_host_name(struct installer *in)
{
	char name[256] = "";
	struct addrinfo hints = {.ai_flags = AI_CANONNAME}, *found = NULL;
	if (gethostname(name, sizeof(name) - 1) != 0 || !name[0])
		return NULL;
	if (!strchr(name, '.') &&
	    getaddrinfo(name, NULL, &hints, &found) == 0) {
		if (found->ai_canonname && strchr(found->ai_canonname, '.'))
			snprintf(name, sizeof(name), "%s", found->ai_canonname);
		freeaddrinfo(found);
	}
	bool local = strncmp(name, "localhost", 9) == 0;
	return !local && strchr(name, '.')
		   ? arena_string(&in->arena, view_of_string(name))
		   : NULL;
}

static const char *propose_host(struct installer *in)
{
	const char *domain = cli_value(in->call, "domain");
	if (in->config_host[0])
		return in->config_host;
	const char *name = full_host_name(in);
	return name || !domain ? name : installer_text(in, "mail.%s", domain);
}

// The host's name without its first label, if a domain is left.
static const char *propose_domain(
    struct installer *in, const struct known *known)
{
	const char *dot = strchr(in->host, '.');
	if (known->first_domain)
		return known->first_domain;
	return strchr(dot + 1, '.') ? dot + 1 : in->host;
}

static const char *propose_user(struct installer *in, const struct known *known)
{
	if (in->config_postmaster[0])
		return in->config_postmaster;
	return known->first_user;
}

// ---- Answers ---------------------------------------------------------------

// Returns what is wrong with the text, or NULL, and the answer.
static const char *check_domain(
    struct installer *in, const char *text, const char **ret_value)
{
	struct view name;
	struct in_addr v4;
	if (inet_pton(AF_INET, text, &v4) == 1)
		return "this is an address, and a name is wanted";
	if (domain_name_to_ascii(&in->arena, view_of_string(text),
		DOMAIN_NAME_HOST, &name) != RC_OK)
		return "this is not a name as DNS has them";
	if (view_find_char(name, '.') == SIZE_MAX)
		return "the name has no domain (mail.example.org has one)";
	*ret_value = arena_string(&in->arena, name);
	return NULL;
}

// The part before the @.
static const char *check_user(
    struct installer *in, const char *text, const char **ret_value)
{
	const char *at = strrchr(text, '@');
	const char *domain;
	if (!text[0] || text[0] == '@')
		return "a name is wanted, such as anna";
	if (at && (check_domain(in, at + 1, &domain) != NULL ||
		      strcmp(domain, in->domain) != 0))
		return "the first user is one of the domain";
	size_t len = at ? (size_t)(at - text) : strlen(text);
	*ret_value = arena_string(&in->arena, view_of(text, len));
	return NULL;
}

static const char *check_yes(
    struct installer *in, const char *text, const char **ret_value)
{
	(void)in;
	bool yes = strcmp(text, "yes") == 0 || strcmp(text, "y") == 0;
	bool no = strcmp(text, "no") == 0 || strcmp(text, "n") == 0;
	*ret_value = yes ? "yes" : "no";
	return yes || no ? NULL : "the answer is yes or no";
}

struct question {
	const char *option;
	const char *text;
	const char *proposal; // NULL: none
	const char *(*check)(struct installer *in, const char *text,
	    const char **ret_value); // NULL: is right
};

static bool ask_person(struct installer *in, const struct question *question,
    const char **ret_value)
{
	char line[CLI_TEXT_MAX];
	for (int i = 0; i < TRIES_MAX; i++) {
		if (question->proposal)
			fprintf(stderr, "%s [%s]: ", question->text,
			    question->proposal);
		else
			fprintf(stderr, "%s: ", question->text);
		fflush(stderr);
		if (!ask_line(line, sizeof(line)))
			break;
		const char *answer =
		    arena_string(&in->arena, view_trim(view_of_string(line)));
		if (!answer[0] && question->proposal)
			answer = question->proposal;
		const char *wrong = question->check(in, answer, ret_value);
		if (!wrong)
			return true;
		fprintf(stderr, "%s: %s.\n", answer, wrong);
	}
	installer_fail(in, INSTALLER_STOP, MEND_ANSWER, question->option, NULL,
	    "There was no answer.");
	return false;
}

static bool get(struct installer *in, const struct question *question,
    const char **ret_value)
{
	const char *text = cli_value(in->call, question->option);
	if (!text && in->terminal)
		return ask_person(in, question, ret_value);
	if (!text && cli_value(in->call, "yes"))
		text = question->proposal;
	if (!text) {
		installer_fail(in, INSTALLER_STOP, MEND_ANSWER,
		    installer_text(in, "option: --%s%s%s%s", question->option,
			question->proposal ? ", or --yes to take " : "",
			question->proposal ? question->proposal : "",
			question->proposal ? " and all other proposals" : ""),
		    NULL, "--%s is missing, and nobody can be asked.",
		    question->option);
		return false;
	}
	const char *wrong = question->check(in, text, ret_value);
	if (wrong)
		installer_fail(in, INSTALLER_STOP, MEND_ANSWER,
		    question->option, NULL, "--%s %s: %s.", question->option,
		    text, wrong);
	return !wrong;
}

static bool get_names(struct installer *in, struct known *known)
{
	const char *local;
	if (!get(in,
		&(struct question){"host", "Name of this server",
		    propose_host(in), check_domain},
		&in->host) ||
	    !get(in,
		&(struct question){"domain",
		    "Domain of the mail addresses (behind the @)",
		    propose_domain(in, known), check_domain},
		&in->domain) ||
	    !look_up(known, "domain.list", take_domain) ||
	    !get(in,
		&(struct question){"user", "First user (before the @)",
		    propose_user(in, known), check_user},
		&local))
		return false;
	// Users of the primary domain are known without it. The first domain is
	// the primary one.
	bool primary = known->primary || !known->any_domain;
	in->address = installer_text(in, "%s@%s", local, in->domain);
	in->user = primary ? local : in->address;
	return look_up(known, "user.list", take_user);
}

// ---- The password ----------------------------------------------------------

static bool refuse_password(struct installer *in, const char *why)
{
	installer_fail(in, INSTALLER_STOP, MEND_ANSWER,
	    "password: --password-stdin, or --generate makes one up", NULL,
	    "%s.", why);
	return false;
}

static bool get_password(struct installer *in)
{
	char *to = in->password;
	size_t size = sizeof(in->password);
	if (cli_value(in->call, "password-stdin")) {
		if (!ask_line(to, size) || !to[0])
			return refuse_password(in,
			    "There is no password on standard input, or it is "
			    "too long");
	} else if (in->user_exists) {
		if (in->terminal &&
		    !ask_hidden(
			"The user's password, for a test mail (nothing: no "
			"test)",
			to, size))
			to[0] = '\0';
	} else if (cli_value(in->call, "generate")) {
		in->generated = ask_generate(to);
	} else if (in->terminal) {
		if (!ask_new_password(to, size) || !to[0])
			return refuse_password(in, "There is no password");
	} else {
		return refuse_password(
		    in, "Nobody can be asked for the user's password");
	}
	return utf8_is_valid(view_of_string(to)) ||
	       refuse_password(in, "The password is not UTF-8");
}

// ---- All -------------------------------------------------------------------

static bool get_acme(struct installer *in)
{
	// Nobody agrees to terms by --yes: that is not what it was asked.
	const char *answer = "no";
	bool asked = cli_value(in->call, "acme") || in->terminal;
	in->acme = in->config_acme;
	if (in->config_is_set || !asked)
		return true;
	if (!get(in,
		&(struct question){"acme",
		    "Get certificates from Let's Encrypt? You agree to its "
		    "terms (https://letsencrypt.org/repository/)",
		    "yes", check_yes},
		&answer))
		return false;
	in->acme = strcmp(answer, "yes") == 0;
	return true;
}

static bool confirm(struct installer *in)
{
	const char *answer;
	if (!in->terminal)
		return true;
	fprintf(stderr, "\n%s serves the mail of %s; the first user is %s.\n",
	    in->host, in->domain, in->address);
	if (!ask_person(in,
		&(struct question){"answer", "Go on?", "yes", check_yes},
		&answer))
		return false;
	if (strcmp(answer, "yes") == 0)
		return true;
	in->stop_code = CLI_REFUSED;
	return false;
}

enum installer_end installer_answers(struct installer *in)
{
	struct known known = {.in = in};
	if (!look_up(&known, "domain.list", take_domain) ||
	    !look_up(&known, "user.list", take_user) ||
	    !get_names(in, &known) || !get_acme(in) || !get_password(in) ||
	    !confirm(in))
		return INSTALLER_STOP;
	in->place.server_name = in->host;
	if (!in->config_is_set)
		in->place.route.postmaster = view_of_string(in->user);
	return INSTALLER_OK;
}

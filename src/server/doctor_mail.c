// SPDX-License-Identifier: Apache-2.0
// The mail: the server's process and storage, domains, aliases, the queue, and
// refused log-ins.
#include <string.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "server/doctor_impl.h"

#define ALIASES_MAX 500 // are followed

void doctor_configuration(struct doctor *doctor)
{
	const char *path = doctor->config->path;
	if (doctor->call->config_wrong)
		doctor_say(doctor, DOCTOR_WRONG,
		    "Correct what is named above (roost config check). The "
		    "checks below use what could be read.",
		    "The configuration has mistakes.");
	else if (path)
		doctor_say(doctor, DOCTOR_OK, NULL,
		    "The configuration %s can be read.", path);
	else
		doctor_say(doctor, DOCTOR_NOTE,
		    "roost config sample > " CONFIG_PATH_DEFAULT,
		    "There is no configuration file: all settings have their "
		    "defaults.");
}

// ---- The server ------------------------------------------------------------

static void take_domain(void *context, const json_t *note)
{
	json_t *all = context;
	json_array_append(all, (json_t *)(uintptr_t)note);
}

static void check_storage(struct doctor *doctor)
{
	struct view storage = link_member(doctor->status, "storage");
	if (storage.len > 0 && !view_eq(storage, VIEW("well")))
		doctor_say(doctor, DOCTOR_WRONG,
		    "Look at the disk and at the server's log (journalctl -u "
		    "roost).",
		    "The server cannot write (\"%.*s\"): no mail is accepted.",
		    VIEW_FMT(storage));
}

void doctor_server(struct doctor *doctor)
{
	doctor->domains = json_array();
	(void)doctor_ask(doctor, json_pack("{s:s}", "do", "domain.list"),
	    take_domain, doctor->domains, NULL);
	if (doctor->running && doctor->place_is_open) {
		doctor_say(doctor, DOCTOR_OK, NULL,
		    "The server runs for %lld minutes, with %lld connections.",
		    doctor_number(doctor, "up_seconds") / 60,
		    doctor_number(doctor, "connections"));
		check_storage(doctor);
	} else if (!doctor->place_is_open) {
		doctor_say(doctor, DOCTOR_WRONG,
		    "If it is damaged: roost repair. If there is none: roost "
		    "user add. As another user: run this as root.",
		    "The data cannot be opened: %s.", doctor->place_fault.text);
	} else {
		doctor_say(doctor, DOCTOR_WRONG,
		    "systemctl start roost; if it ends at once: journalctl -u "
		    "roost",
		    "No server runs.");
	}
}

// ---- Domains and aliases ---------------------------------------------------

// Whether mail reaches a user: the verdict as of an address.
static const char *user_verdict(struct doctor *doctor, struct view name)
{
	json_t *answer = NULL;
	json_t *request = json_pack("{s:s}", "do", "user.find");
	json_object_set_new(request, "user", link_text(name));
	bool found = doctor_ask(doctor, request, NULL, NULL, &answer);
	bool disabled = json_is_true(json_object_get(answer, "disabled"));
	json_decref(answer);
	if (!found)
		return doctor->place_is_open ? "unknown" : "";
	return disabled ? "disabled" : "ok";
}

// Where mail for an address goes: the verdict of `roost route`; "" if it cannot
// be asked.
static const char *verdict(struct doctor *doctor, struct view address)
{
	json_t *answer = NULL;
	const char *word = "";
	json_t *request = json_pack("{s:s}", "do", "route");
	json_object_set_new(request, "address", link_text(address));
	if (doctor_ask(doctor, request, NULL, NULL, &answer))
		word = arena_string(
		    &doctor->arena, link_member(answer, "verdict"));
	json_decref(answer);
	return word;
}

// The same for what an alias or a catch-all leads to: an address, or a user.
static const char *target_verdict(struct doctor *doctor, struct view target)
{
	return view_find_char(target, '@') == SIZE_MAX
		   ? user_verdict(doctor, target)
		   : verdict(doctor, target);
}

static const char *explain(const char *verdict)
{
	if (strcmp(verdict, "unknown") == 0)
		return "leads to nobody";
	if (strcmp(verdict, "disabled") == 0)
		return "leads to a disabled user";
	if (strcmp(verdict, "loop") == 0)
		return "leads in a circle";
	return NULL;
}

void doctor_domains(struct doctor *doctor)
{
	size_t i;
	json_t *domain;
	if (!doctor->place_is_open)
		return;
	if (json_array_size(doctor->domains) == 0) {
		doctor_say(doctor, DOCTOR_DOUBT, "roost domain add example.org",
		    "There is no domain, so no mail is accepted.");
		return;
	}
	const char *word = verdict(doctor, VIEW("postmaster"));
	if (explain(word))
		doctor_say(doctor, DOCTOR_WRONG,
		    "Set postmaster in the configuration, or: roost alias add "
		    "postmaster@DOMAIN USER",
		    "Nobody gets mail to postmaster: it %s.", explain(word));
	json_array_foreach(doctor->domains, i, domain)
	{
		struct view name = link_member(domain, "domain");
		struct view all = link_member(domain, "catch_all");
		if (all.len == 0)
			continue;
		const char *why = explain(target_verdict(doctor, all));
		if (why)
			doctor_say(doctor, DOCTOR_WRONG,
			    doctor_text(doctor,
				"roost domain set %.*s --catch-all USER",
				VIEW_FMT(name)),
			    "The catch-all %.*s of %.*s %s.", VIEW_FMT(all),
			    VIEW_FMT(name), why);
		else
			doctor_say(doctor, DOCTOR_NOTE, NULL,
			    "%.*s has a catch-all, which gets much spam.",
			    VIEW_FMT(name));
	}
	doctor_say(doctor, DOCTOR_OK, NULL, "Mail is accepted for %zu %s.",
	    json_array_size(doctor->domains),
	    json_array_size(doctor->domains) == 1 ? "domain" : "domains");
}

static void check_target(
    struct doctor *doctor, struct view alias, struct view target)
{
	// An alias may lead to the user who has the same address.
	const char *why = view_eq(alias, target)
			      ? NULL
			      : explain(target_verdict(doctor, target));
	if (why)
		doctor_say(doctor, DOCTOR_WRONG,
		    doctor_text(doctor, "roost alias remove %.*s %.*s",
			VIEW_FMT(alias), VIEW_FMT(target)),
		    "The target %.*s of the alias %.*s %s.", VIEW_FMT(target),
		    VIEW_FMT(alias), why);
}

void doctor_aliases(struct doctor *doctor)
{
	size_t i, j;
	json_t *alias, *target;
	json_t *aliases = json_array();
	if (doctor_ask(doctor, json_pack("{s:s}", "do", "alias.list"),
		take_domain, aliases, NULL))
		doctor_say(doctor, DOCTOR_OK, NULL, "%zu %s looked at.",
		    json_array_size(aliases),
		    json_array_size(aliases) == 1 ? "alias was"
						  : "aliases were");
	json_array_foreach(aliases, i, alias)
	{
		if (i == ALIASES_MAX)
			break;
		json_array_foreach(json_object_get(alias, "targets"), j, target)
		    check_target(doctor, link_member(alias, "address"),
			view_of_string(json_string_value(target)));
	}
	json_decref(aliases);
}

// ---- The queue -------------------------------------------------------------

#define REASONS_MAX 8
#define OLD_SECONDS (4 * 3600)

struct reason {
	char text[120];
	unsigned count;
};

struct queue_view {
	struct reason reasons[REASONS_MAX];
	size_t count;
	unsigned messages;
	unsigned held;
	unsigned off;
	int64_t oldest;
};

// Replies of many servers about the same thing differ in numbers and names:
// what is between digits and brackets is left out.
static void shorten(struct view reply, char ret_text[120])
{
	size_t len = 0;
	bool inside = false;
	for (size_t i = 0; i < reply.len && len < 118; i++) {
		char c = reply.ptr[i];
		if (c == '<' || c == '[')
			inside = true;
		if (!inside && !(ascii_is_digit(c) && i > 12))
			ret_text[len++] = c;
		if (c == '>' || c == ']')
			inside = false;
	}
	ret_text[len] = '\0';
}

static void add_reason(struct queue_view *all, struct view reply)
{
	char text[120];
	shorten(reply.len ? reply : VIEW("not tried yet"), text);
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->reasons[i].text, text) == 0) {
			all->reasons[i].count++;
			return;
		}
	if (all->count == REASONS_MAX)
		return;
	struct reason *new = &all->reasons[all->count++];
	memcpy(new->text, text, sizeof(text));
	new->count = 1;
}

static void take_message(void *context, const json_t *note)
{
	struct queue_view *all = context;
	size_t i;
	json_t *recipient;
	int64_t created = json_integer_value(json_object_get(note, "created"));
	if (all->oldest == 0 || created < all->oldest)
		all->oldest = created;
	all->messages++;
	json_array_foreach(json_object_get(note, "recipients"), i, recipient)
	{
		struct view state = link_member(recipient, "state");
		all->held += view_eq(state, VIEW("held"));
		all->off += view_eq(state, VIEW("off"));
		add_reason(all, link_member(recipient, "reply"));
	}
}

void doctor_queue(struct doctor *doctor)
{
	struct queue_view all = {0};
	if (!doctor_ask(doctor, json_pack("{s:s}", "do", "queue.list"),
		take_message, &all, NULL))
		return;
	int64_t age = clock_wall_seconds(NULL) - all.oldest;
	if (all.messages == 0) {
		doctor_say(
		    doctor, DOCTOR_OK, NULL, "No mail waits to be sent.");
		return;
	}
	bool old = age > OLD_SECONDS;
	doctor_say(doctor, old ? DOCTOR_DOUBT : DOCTOR_OK,
	    old ? "roost queue list; then, when the reason is mended: roost "
		  "queue retry --all"
		: NULL,
	    "%u messages wait to be sent, the oldest for %lld minutes.",
	    all.messages, (long long)age / 60);
	for (size_t i = 0; i < all.count; i++)
		doctor_say(doctor, DOCTOR_NOTE, NULL,
		    "%u recipients wait because of: %s", all.reasons[i].count,
		    all.reasons[i].text);
	if (all.off > 0)
		doctor_say(doctor, DOCTOR_DOUBT, "Set relay = yes.",
		    "Mail for other servers is not sent (relay = no).");
	if (all.held > 0)
		doctor_say(doctor, DOCTOR_NOTE, "roost queue release ID",
		    "%u recipients are held by an administrator.", all.held);
}

// ---- Log-ins ---------------------------------------------------------------

static const struct {
	const char *reason;
	const char *sentence;
	const char *mend;
	enum doctor_state state;
} login_rows[] = {
    {"wrong-password", "with a wrong password", NULL, DOCTOR_NOTE},
    {"unknown-user", "of users who do not exist", NULL, DOCTOR_NOTE},
    {"disabled", "of disabled users", "roost user enable NAME", DOCTOR_NOTE},
    {"no-scram-keys", "by SCRAM of users who have no SCRAM keys yet",
	"They get them at their first log-in with PLAIN, or by roost user "
	"passwd NAME.",
	DOCTOR_NOTE},
    {"too-many-failures", "because there were too many failures before",
	"If it is a user's device: correct its password and wait. "
	"fail2ban keeps guessers away (docs/mail-server.md).",
	DOCTOR_DOUBT},
    {"second-factor-needed",
	"with the password of a user who has a second factor",
	"The user's mail programs need an application password: the user makes "
	"one in the browser, or roost user app-password NAME LABEL.",
	DOCTOR_DOUBT},
    {"wrong-second-factor", "with a wrong second factor", NULL, DOCTOR_NOTE},
    {"bad-token", "with tokens that are not this server's", NULL, DOCTOR_NOTE},
    {"no-tls", "without TLS", "Choose TLS or STARTTLS in the mail program.",
	DOCTOR_NOTE},
    {"channel-binding", "whose channel binding was wrong",
	"Something on the way opens TLS: a virus scanner, a proxy, or an "
	"attack.",
	DOCTOR_DOUBT},
    {"unavailable", "because the users could not be read",
	"Look at the server's log: journalctl -u roost", DOCTOR_WRONG},
};

void doctor_logins(struct doctor *doctor)
{
	json_t *failures = json_object_get(doctor->status, "failures");
	bool any = false;
	if (!doctor->running)
		return;
	for (size_t i = 0; i < ARRAY_LEN(login_rows); i++) {
		json_t *row = json_object_get(failures, login_rows[i].reason);
		long long count =
		    (long long)json_integer_value(json_array_get(row, 0));
		long long last =
		    (long long)json_integer_value(json_array_get(row, 1));
		if (count == 0)
			continue;
		any = true;
		doctor_say(doctor, login_rows[i].state, login_rows[i].mend,
		    "%lld log-ins were refused %s since the start, the last "
		    "one %lld minutes ago.",
		    count, login_rows[i].sentence,
		    ((long long)clock_wall_seconds(NULL) - last) / 60);
	}
	if (!any)
		doctor_say(doctor, DOCTOR_OK, NULL,
		    "No log-in was refused since the start.");
}

// SPDX-License-Identifier: Apache-2.0
// Starts the server, by the service manager if there is one, and waits for its
// certificate.
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/link.h"
#include "admin/place.h"
#include "base/clock.h"
#include "server/installer_impl.h"

#define START_MS       60000u
#define BY_HAND_MS     (600u * 1000)
#define CERTIFICATE_MS (300u * 1000)
#define UNIT           "roost.service"

bool installer_has_systemd(void)
{
	return access("/run/systemd/system", F_OK) == 0; // sd_booted(3)
}

const char *installer_by_hand(struct installer *in)
{
	if (installer_has_systemd() && !in->call->config && !in->call->data)
		return "systemctl enable --now roost";
	return installer_text(in, "roost serve%s%s%s%s",
	    in->call->config ? " --config " : "",
	    in->call->config ? in->call->config : "",
	    in->call->data ? " --data " : "",
	    in->call->data ? in->call->data : "");
}

// ---- Which server runs -----------------------------------------------------

static long long number(const json_t *answer, const char *key)
{
	return (long long)json_integer_value(json_object_get(answer, key));
}

// Whether the configuration is newer than the server that runs.
static bool is_old(struct installer *in)
{
	struct fault fault;
	struct stat info;
	json_t *answer;
	bool old = false;
	if (installer_ask(in, installer_request("status", NULL, NULL), NULL,
		NULL, &fault, &answer) == RC_OK &&
	    stat(in->config_path, &info) == 0)
		old = clock_wall_seconds(NULL) - number(answer, "up_seconds") <
		      info.st_mtime;
	json_decref(answer);
	return (in->config_written && !in->was_restarted) || old;
}

static bool is_unit_active(void)
{
	static const char *const ask[] = {
	    "systemctl", "is-active", "--quiet", UNIT, NULL};
	struct buf out;
	buf_init(&out, INSTALLER_TEXT_MAX);
	bool active =
	    installer_has_systemd() && installer_program(ask, &out) == 0;
	buf_done(&out);
	return active;
}

// ---- Starting --------------------------------------------------------------

static bool wait_for_server(struct installer *in, unsigned ms)
{
	uint64_t end = clock_monotonic_ms() + ms;
	bool go_on = true;
	while (
	    !place_is_served(&in->place) && go_on && clock_monotonic_ms() < end)
		go_on = installer_wait(1);
	in->in_use = place_is_served(&in->place);
	return in->in_use;
}

static void print_journal(void)
{
	static const char *const ask[] = {"journalctl", "--unit", UNIT,
	    "--lines", "8", "--no-pager", "--output", "cat", NULL};
	struct buf out;
	buf_init(&out, INSTALLER_TEXT_MAX * 4);
	if (installer_program(ask, &out) == 0)
		installer_more(buf_view(&out));
	buf_done(&out);
}

static enum installer_end run_unit(
    struct installer *in, const char *const command[], const char *done)
{
	struct buf out;
	buf_init(&out, INSTALLER_TEXT_MAX * 4);
	bool good = installer_program(command, &out) == 0 &&
		    wait_for_server(in, START_MS);
	if (good) {
		installer_say(in, INSTALLER_OK, "%s", done);
	} else {
		installer_say(in, INSTALLER_LATER, "systemctl says:");
		installer_more(buf_view(&out));
		print_journal();
	}
	buf_done(&out);
	return good ? INSTALLER_OK
		    : installer_fail(in, INSTALLER_STOP, MEND_NOT_STARTED, NULL,
			  NULL, "The server did not start.");
}

static enum installer_end start_by_hand(struct installer *in)
{
	const char *how = installer_by_hand(in);
	if (in->patient) {
		installer_say(in, INSTALLER_LATER,
		    "There is no service manager. Start the server, in "
		    "another terminal: %s",
		    how);
		if (wait_for_server(in, BY_HAND_MS)) {
			installer_say(in, INSTALLER_OK, "The server runs.");
			return INSTALLER_OK;
		}
	}
	return installer_fail(in, INSTALLER_LATER, MEND_BY_HAND, how, NULL,
	    "The server does not run.");
}

// ---- The steps -------------------------------------------------------------

// A server that runs has to know its new name before it says which records
// there should be. A package starts the server when it is installed.
bool installer_restart_look(struct installer *in)
{
	return !in->in_use || !is_old(in);
}

enum installer_end installer_restart_act(struct installer *in)
{
	static const char *const restart[] = {
	    "systemctl", "restart", UNIT, NULL};
	bool is_units = !in->call->config && !in->call->data;
	if (cli_value(in->call, "no-start") || !is_units || !is_unit_active())
		return installer_fail(in, INSTALLER_STOP, MEND_RESTART,
		    installer_by_hand(in), NULL,
		    "The server that runs is older than its configuration.");
	in->was_restarted = true;
	return run_unit(in, restart,
	    "The server was started again, with its new configuration.");
}

bool installer_service_look(struct installer *in)
{
	in->in_use = place_is_served(&in->place);
	if (in->in_use)
		installer_say(in, INSTALLER_OK, "The server runs.");
	return in->in_use;
}

enum installer_end installer_service_act(struct installer *in)
{
	static const char *const start[] = {
	    "systemctl", "enable", "--now", UNIT, NULL};
	if (cli_value(in->call, "no-start")) {
		installer_say(in, INSTALLER_SKIPPED,
		    "The server is to be started: %s", installer_by_hand(in));
		return INSTALLER_SKIPPED;
	}
	// The unit serves the default configuration.
	if (!installer_has_systemd() || in->call->config || in->call->data)
		return start_by_hand(in);
	return run_unit(in, start,
	    "The server was started, and will be at each start of this "
	    "machine.");
}

// ---- The certificate -------------------------------------------------------

enum certificate_state {
	CERTIFICATE_COMES,
	CERTIFICATE_THERE,
	CERTIFICATE_REFUSED,
};

static bool is_for(const json_t *one, const char *host)
{
	size_t i;
	json_t *name;
	json_array_foreach(json_object_get(one, "names"), i, name)
	{
		if (view_eq_nocase(
			link_member(name, "name"), view_of_string(host)))
			return true;
	}
	return false;
}

// The authority's words about the whole certificate, or about the name.
static struct view reason_of(const json_t *one, const char *host)
{
	size_t i;
	json_t *name;
	json_array_foreach(json_object_get(one, "names"), i, name)
	{
		struct view problem = link_member(name, "problem");
		if (problem.len > 0 && view_eq_nocase(link_member(name, "name"),
					   view_of_string(host)))
			return problem;
	}
	return link_member(one, "error");
}

static enum certificate_state judge(
    struct installer *in, const json_t *answer, const char **ret_detail)
{
	size_t i;
	json_t *one;
	json_array_foreach(json_object_get(answer, "certificates"), i, one)
	{
		bool busy = json_is_true(json_object_get(one, "busy"));
		bool stand_in = json_is_true(json_object_get(one, "stand_in"));
		if (!is_for(one, in->host))
			continue;
		struct view reason = reason_of(one, in->host);
		*ret_detail = arena_string(&in->arena, reason);
		if (!stand_in && number(one, "not_after") > 0 &&
		    reason.len == 0) {
			*ret_detail = arena_string(
			    &in->arena, link_member(one, "issuer"));
			return CERTIFICATE_THERE;
		}
		if (!busy && reason.len > 0)
			return CERTIFICATE_REFUSED;
	}
	return CERTIFICATE_COMES;
}

static enum installer_end tell_certificate(
    struct installer *in, enum certificate_state state, const char *detail)
{
	in->certificate_is_good = state == CERTIFICATE_THERE;
	if (in->certificate_is_good) {
		installer_say(in, INSTALLER_OK,
		    "The server has a certificate for %s from %s.", in->host,
		    detail);
		return INSTALLER_OK;
	}
	return installer_fail(in, INSTALLER_LATER, MEND_CERTIFICATE, in->host,
	    NULL, "There is no certificate for %s yet%s%s.", in->host,
	    detail[0] ? ". The authority or the server says: " : "", detail);
}

static enum installer_end wait_for_certificate(struct installer *in)
{
	uint64_t end = clock_monotonic_ms() + CERTIFICATE_MS;
	enum certificate_state state = CERTIFICATE_COMES;
	const char *detail = "";
	bool told = false, go_on = true;
	for (;;) {
		struct fault fault = {0};
		json_t *answer;
		if (installer_ask(in,
			installer_request("certificate.list", NULL, NULL), NULL,
			NULL, &fault, &answer) == RC_OK)
			state = judge(in, answer, &detail);
		else
			detail = arena_string(
			    &in->arena, view_of_string(fault.text));
		json_decref(answer);
		if (state != CERTIFICATE_COMES || !go_on || !in->patient ||
		    clock_monotonic_ms() > end)
			return tell_certificate(in, state, detail);
		if (!told)
			installer_say(in, INSTALLER_LATER,
			    "The server is getting its certificate.");
		told = true;
		go_on = installer_wait(2);
	}
}

enum installer_end installer_certificate_act(struct installer *in)
{
	if (in->config->certificate_count > 0) {
		in->certificate_is_good = true;
		installer_say(in, INSTALLER_OK,
		    "The configuration names a certificate of your own.");
		return INSTALLER_OK;
	}
	if (in->acme && in->in_use)
		return wait_for_certificate(in);
	if (in->acme) {
		installer_say(in, INSTALLER_SKIPPED,
		    "The server gets its certificate when it runs.");
		return INSTALLER_SKIPPED;
	}
	return installer_fail(in, INSTALLER_NOTE, MEND_SELF_SIGNED,
	    in->config_path, NULL,
	    "The server uses a certificate that it signed itself.");
}

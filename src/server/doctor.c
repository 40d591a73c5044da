// SPDX-License-Identifier: Apache-2.0
// The table of checks, and how their findings are printed.
#include "server/doctor.h"

#include <stdarg.h>

#include "admin/become.h"
#include "admin/commands.h"
#include "admin/show.h"
#include "server/doctor_impl.h"

#define DNS_MS 8000 // a person waits

static const struct {
	const char *id;
	const char *text;
	void (*run)(struct doctor *doctor);
	enum doctor_rights rights;
} checks[] = {
#define X(id, text, function, rights) {id, text, function, DOCTOR_##rights},
    DOCTOR_TABLE(X)
#undef X
};

static const char *const words[] = {
    [DOCTOR_OK] = "ok",
    [DOCTOR_NOTE] = "note",
    [DOCTOR_DOUBT] = "doubtful",
    [DOCTOR_WRONG] = "wrong",
};

// ---- For the checks --------------------------------------------------------

void doctor_say(struct doctor *doctor, enum doctor_state state,
    const char *mend, const char *format, ...)
{
	char text[8192];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_t *finding = json_object();
	json_object_set_new(finding, "check", json_string(doctor->check));
	json_object_set_new(finding, "state", json_string(words[state]));
	json_object_set_new(
	    finding, "sentence", link_text(view_of_string(text)));
	json_object_set_new(
	    finding, "mend", link_text(view_of_string(mend ? mend : "")));
	json_array_append_new(doctor->findings, finding);
	if (state > doctor->worst)
		doctor->worst = state;
}

bool doctor_ask(struct doctor *doctor, json_t *request,
    void (*note)(void *context, const json_t *message), void *context,
    json_t **ret_answer)
{
	struct fault fault = {0};
	json_t *answer = NULL;
	enum rc rc = RC_CLOSED;
	if (doctor->place_is_open)
		rc = place_ask(
		    &doctor->place, request, note, context, &fault, &answer);
	else
		json_decref(request);
	if (rc == RC_CLOSED && doctor->place_is_open) {
		place_close(&doctor->place);
		doctor->place_is_open = false;
	}
	if (ret_answer && rc == RC_OK)
		*ret_answer = answer;
	else
		json_decref(answer);
	return rc == RC_OK;
}

long long doctor_number(const struct doctor *doctor, const char *key)
{
	return (long long)json_integer_value(
	    json_object_get(doctor->status, key));
}

const char *doctor_text(struct doctor *doctor, const char *format, ...)
{
	char text[4096];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return arena_string(&doctor->arena, view_of_string(text));
}

// ---- Output ----------------------------------------------------------------

static void print_finding(const json_t *finding)
{
	struct view mend = link_member(finding, "mend");
	printf("%-9s %-13s ",
	    json_string_value(json_object_get(finding, "state")),
	    json_string_value(json_object_get(finding, "check")));
	show_print(stdout, link_member(finding, "sentence"));
	putchar('\n');
	struct view line;
	while (view_split(&mend, '\n', &line)) {
		printf("%24s", "");
		show_print(stdout, line);
		putchar('\n');
	}
}

static void print_all(const struct doctor *doctor, size_t from)
{
	for (size_t i = from; i < json_array_size(doctor->findings); i++)
		print_finding(json_array_get(doctor->findings, i));
	fflush(stdout); // the next check may take a while
}

static void print_json(const struct doctor *doctor)
{
	json_t *all = json_object();
	json_object_set_new(all, "worst", json_string(words[doctor->worst]));
	json_object_set(all, "findings", doctor->findings);
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
}

static void print_sum(const struct doctor *doctor)
{
	unsigned doubts = 0, faults = 0;
	for (size_t i = 0; i < json_array_size(doctor->findings); i++) {
		struct view state =
		    link_member(json_array_get(doctor->findings, i), "state");
		doubts += view_eq(state, VIEW("doubtful"));
		faults += view_eq(state, VIEW("wrong"));
	}
	printf("\n%u wrong, %u doubtful\n", faults, doubts);
}

// ---- The command -----------------------------------------------------------

static void open_place(struct doctor *doctor)
{
	const struct cli_place *at = &doctor->call->place;
	doctor->running = place_is_served(at);
	doctor->place_is_open = place_open(at, false, &doctor->place_fault,
				    &doctor->place) == RC_OK;
	if (doctor->running)
		(void)doctor_ask(doctor, json_pack("{s:s}", "do", "status"),
		    NULL, NULL, &doctor->status);
}

static void open_tls(struct doctor *doctor)
{
	struct fault fault;
	struct net_tls_client_config tls = {
	    .authorities_path = cli_value(doctor->call, "ca-file")};
	if (net_tls_client_new(&tls, &doctor->tls, &fault) != RC_OK)
		doctor->tls = NULL;
}

static void open_dns(struct doctor *doctor)
{
	struct fault fault;
	struct dns_settings dns = doctor->call->place.dns;
	dns.timeout_ms = DNS_MS;
	if (dns_new(&dns, &fault, &doctor->dns) != RC_OK)
		doctor->dns = NULL;
}

// Becomes the server's user; if there is none, "nobody", but not before others
// are met: nobody could not read the certificates. In a name space in which
// nobody else exists, the process is no real root.
static void give_up_root(struct doctor *doctor, enum doctor_rights rights)
{
	const struct cli_place *at = &doctor->call->place;
	struct become become;
	struct fault fault;
	if (rights == DOCTOR_AS_STARTED || doctor->is_weak ||
	    (!become_find_weak(at->user, at->data, &become) &&
		rights == DOCTOR_AS_SERVER))
		return;
	doctor->is_weak = true;
	if (become_user(&become, false, &fault) != RC_OK)
		cli_complain("%s; the checks go on as root", fault.text);
}

// Runs a check with the rights that it is to have. What starts threads is
// opened after the rights were given up.
static void run_check(struct doctor *doctor, size_t i)
{
	give_up_root(doctor, checks[i].rights);
	if (checks[i].rights == DOCTOR_AS_NOBODY && !doctor->dns_tried) {
		doctor->dns_tried = true;
		open_dns(doctor);
	}
	doctor->check = checks[i].id;
	checks[i].run(doctor);
}

static enum cli_exit look_at_all(const struct cli_call *call)
{
	struct doctor doctor = {
	    .call = call, .config = call->context, .findings = json_array()};
	bool json = cli_value(call, "json") != NULL;
	arena_init(&doctor.arena);
	open_place(&doctor);
	open_tls(&doctor);
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		size_t before = json_array_size(doctor.findings);
		run_check(&doctor, i);
		if (!json)
			print_all(&doctor, before);
	}
	if (json)
		print_json(&doctor);
	else
		print_sum(&doctor);
	if (doctor.place_is_open)
		place_close(&doctor.place);
	if (doctor.dns)
		dns_free(&doctor.dns);
	net_tls_client_free(&doctor.tls);
	json_decref(doctor.status);
	json_decref(doctor.domains);
	json_decref(doctor.findings);
	arena_done(&doctor.arena);
	return doctor.worst >= DOCTOR_DOUBT ? CLI_PROBLEM : CLI_OK;
}

enum cli_exit doctor_command(const struct cli_call *call)
{
	static const char *const of_account[] = {"server", "port", "protocol",
	    "encryption", "user", "password-stdin", "insecure", "private",
	    "seconds", "ca-file"};
	if (cli_value(call, "account"))
		return cmd_doctor_account(call);
	for (size_t i = 0; i < ARRAY_LEN(of_account); i++)
		if (cli_value(call, of_account[i]) &&
		    !view_eq(view_of_string(of_account[i]), VIEW("ca-file"))) {
			cli_complain("--%s is for the test of an --account",
			    of_account[i]);
			return CLI_USAGE;
		}
	return look_at_all(call);
}

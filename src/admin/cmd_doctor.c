// SPDX-License-Identifier: Apache-2.0
// roost doctor --account
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "admin/ask.h"
#include "admin/become.h"
#include "admin/commands.h"
#include "admin/link.h"
#include "admin/show.h"
#include "probe/account.h"

#define SECONDS_MAX 600

// ---- Options ---------------------------------------------------------------

static bool read_number(const struct cli_call *call, const char *name,
    uint32_t max, uint32_t *ret_number)
{
	const char *text = cli_value(call, name);
	*ret_number = 0;
	if (!text)
		return true;
	if (view_to_u32(view_of_string(text), ret_number) && *ret_number > 0 &&
	    *ret_number <= max)
		return true;
	cli_complain("--%s is a number from 1 to %u, not %s", name, max, text);
	return false;
}

// The number of the word; -1: the option was not given; -2: there is no such
// word.
static int read_word(const struct cli_call *call, const char *name, int count,
    const char *(*word)(int number))
{
	const char *text = cli_value(call, name);
	if (!text)
		return -1;
	for (int i = 0; i < count; i++)
		if (strcmp(text, word(i)) == 0)
			return i;
	cli_complain("--%s is %s, %s or %s, not %s", name, word(0), word(1),
	    word(2), text);
	return -2;
}

static const char *protocol_word(int number)
{
	return probe_protocol_id((enum probe_protocol)number);
}

static const char *security_word(int number)
{
	return probe_security_id((enum probe_security)number);
}

static bool read_options(
    const struct cli_call *call, struct probe_account_settings *settings)
{
	uint32_t port;
	settings->address = cli_value(call, "account");
	settings->server = cli_value(call, "server");
	settings->user = cli_value(call, "user");
	settings->authorities = cli_value(call, "ca-file");
	settings->insecure = cli_value(call, "insecure") != NULL;
	settings->private_allowed = cli_value(call, "private") != NULL;
	settings->dns = call->place.dns;
	settings->helo = call->place.server_name;
	settings->protocol =
	    read_word(call, "protocol", PROBE_PROTOCOLS, protocol_word);
	settings->security =
	    read_word(call, "encryption", PROBE_SECURITIES, security_word);
	if (settings->protocol == -2 || settings->security == -2 ||
	    !read_number(call, "port", UINT16_MAX, &port) ||
	    !read_number(call, "seconds", SECONDS_MAX, &settings->seconds))
		return false;
	settings->port = (uint16_t)port;
	if (!settings->server && (port > 0 || settings->security >= 0)) {
		cli_complain("--port and --encryption are those of a --server");
		return false;
	}
	if (settings->security >= 0 && port == 0) {
		cli_complain("--encryption is that of a --port");
		return false;
	}
	return true;
}

static bool read_password(
    const struct cli_call *call, char *to, size_t size, bool *ret_given)
{
	*ret_given = cli_value(call, "password-stdin") != NULL;
	if (!*ret_given)
		return true;
	if (isatty(STDIN_FILENO) ? ask_hidden("Password", to, size)
				 : ask_line(to, size))
		return true;
	cli_complain("no line of standard input, or too long a one");
	return false;
}

// ---- For people ------------------------------------------------------------

static void print_day(int64_t seconds, char ret_text[32])
{
	time_t when = (time_t)seconds;
	struct tm tm;
	if (seconds == 0 || !gmtime_r(&when, &tm) ||
	    strftime(ret_text, 32, "%Y-%m-%d", &tm) == 0)
		snprintf(ret_text, 32, "-");
}

static void print_working(const struct probe_report *report)
{
	static const struct show_column columns[] = {
	    {"PROTOCOL", false},
	    {"SERVER", false},
	    {"PORT", true},
	    {"ENCRYPTION", false},
	    {"USER NAME", false},
	    {"LOG-IN", false},
	    {"CERTIFICATE UNTIL", false},
	};
	struct show_table table;
	if (report->working_count == 0) {
		puts("No settings were found that work.");
		return;
	}
	puts("These settings work:\n");
	show_table_init(&table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < report->working_count; i++) {
		const struct probe_working *w = &report->working[i];
		char day[32];
		print_day(w->certificate_end, day);
		show_table_add(
		    &table, view_of_string(probe_protocol_name(w->protocol)));
		show_table_add(&table, view_of_string(w->host));
		show_table_add_number(&table, w->port);
		show_table_add(
		    &table, view_of_string(probe_security_name(w->security)));
		show_table_add(&table, view_of_string(w->user));
		show_table_add(
		    &table, w->logged_in ? VIEW("works") : VIEW("not tried"));
		show_table_add(&table, view_of_string(day));
	}
	show_table_print(&table);
	show_table_done(&table);
}

static void print_findings(const struct probe_report *report)
{
	struct buf text;
	buf_init(&text, 4096);
	for (size_t i = 0; i < report->finding_count; i++) {
		const struct probe_finding *finding = &report->findings[i];
		bool doubt =
		    probe_cause_severity(finding->cause) == PROBE_DOUBT;
		printf("\n%s: ", doubt ? "doubtful" : "wrong");
		buf_reset(&text);
		probe_cause_sentence(finding->cause, &finding->words, &text);
		show_print(stdout, buf_view(&text));
		printf("\n  ");
		buf_reset(&text);
		probe_cause_mend(finding->cause, &finding->words, &text);
		show_print(stdout, buf_view(&text));
		putchar('\n');
	}
	buf_done(&text);
}

// ---- For programs ----------------------------------------------------------

static void set_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(
	    object, key, link_text(view_of_string(text ? text : "")));
}

static void set_number(json_t *object, const char *key, int64_t number)
{
	json_object_set_new(object, key, json_integer(number));
}

static json_t *working_json(const struct probe_working *working)
{
	json_t *object = json_object();
	set_text(object, "protocol", probe_protocol_id(working->protocol));
	set_text(object, "server", working->host);
	set_number(object, "port", working->port);
	set_text(object, "encryption", probe_security_id(working->security));
	set_text(object, "user", working->user);
	json_object_set_new(
	    object, "logged_in", json_boolean(working->logged_in));
	set_text(object, "source", probe_source_id(working->source));
	set_text(object, "tls", working->tls_version);
	set_number(object, "certificate_end", working->certificate_end);
	return object;
}

static void set_sentence(json_t *object, const char *key,
    const struct probe_finding *finding,
    void (*print)(enum probe_cause cause, const struct probe_words *words,
	struct buf *out))
{
	struct buf text;
	buf_init(&text, 4096);
	print(finding->cause, &finding->words, &text);
	json_object_set_new(object, key, link_text(buf_view(&text)));
	buf_done(&text);
}

static json_t *finding_json(const struct probe_finding *finding)
{
	bool doubt = probe_cause_severity(finding->cause) == PROBE_DOUBT;
	json_t *object = json_object();
	set_text(object, "cause", probe_cause_id(finding->cause));
	set_text(object, "severity", doubt ? "doubtful" : "wrong");
	set_text(
	    object, "part", probe_part_id(probe_cause_part(finding->cause)));
	set_text(object, "server", finding->words.host);
	set_text(object, "protocol", finding->words.protocol);
	set_number(object, "port", finding->words.port);
	set_text(object, "detail", finding->words.detail);
	set_sentence(object, "sentence", finding, probe_cause_sentence);
	set_sentence(object, "mend", finding, probe_cause_mend);
	return object;
}

static json_t *trial_json(const struct probe_trial *trial)
{
	json_t *object = json_object();
	set_text(
	    object, "protocol", probe_protocol_id(trial->candidate.protocol));
	set_text(object, "server", trial->candidate.host);
	set_text(object, "address", trial->address);
	set_number(object, "port", trial->candidate.port);
	set_text(object, "encryption", probe_security_id(trial->security));
	set_text(object, "source", probe_source_id(trial->candidate.source));
	json_object_set_new(
	    object, "proven", json_boolean(trial->candidate.vouched));
	json_object_set_new(object, "login", json_boolean(trial->login));
	set_text(object, "stage", probe_stage_id(trial->outcome.stage));
	set_text(object, "cause",
	    trial->ended ? probe_cause_id(trial->outcome.cause) : "time-over");
	set_text(object, "detail", trial->outcome.detail);
	set_number(object, "greeting_ms", trial->outcome.greeting_ms);
	set_text(object, "certificate_names", trial->outcome.certificate.names);
	set_text(
	    object, "certificate_issuer", trial->outcome.certificate.issuer);
	return object;
}

static void print_json(const char *address, const struct probe_report *report)
{
	json_t *all = json_object();
	json_t *settings = json_array(), *findings = json_array();
	json_t *trials = json_array();
	set_text(all, "account", address);
	for (size_t i = 0; i < report->working_count; i++)
		json_array_append_new(
		    settings, working_json(&report->working[i]));
	for (size_t i = 0; i < report->finding_count; i++)
		json_array_append_new(
		    findings, finding_json(&report->findings[i]));
	for (size_t i = 0; i < report->trial_count; i++)
		json_array_append_new(trials, trial_json(report->trials[i]));
	json_object_set_new(all, "settings", settings);
	json_object_set_new(all, "findings", findings);
	json_object_set_new(all, "tried", trials);
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
}

// ---- The command -----------------------------------------------------------

static enum cli_exit test_account(
    const struct cli_call *call, const struct probe_account_settings *settings)
{
	struct arena arena;
	struct fault fault = {0};
	struct probe_report report;
	arena_init(&arena);
	enum rc rc = probe_account(&arena, settings, &fault, &report);
	enum cli_exit code = CLI_OK;
	if (rc != RC_OK) {
		code = cli_fail(rc, &fault);
	} else {
		if (cli_value(call, "json")) {
			print_json(settings->address, &report);
		} else {
			print_working(&report);
			print_findings(&report);
		}
		if (report.finding_count > 0)
			code = CLI_PROBLEM;
	}
	arena_done(&arena);
	return code;
}

// What strangers answer is not read with root's rights. In a name space in
// which nobody else exists, the process is no real root.
static void give_up_root(const struct cli_call *call)
{
	struct become become;
	struct fault fault;
	(void)become_find_weak(call->place.user, call->place.data, &become);
	if (become_user(&become, false, &fault) != RC_OK)
		cli_complain("%s; the test goes on as root", fault.text);
}

enum cli_exit cmd_doctor_account(const struct cli_call *call)
{
	char password[AUTH_PASSWORD_MAX + 3] = "";
	struct probe_account_settings settings = {0};
	bool given;
	if (!read_options(call, &settings) ||
	    !read_password(call, password, sizeof(password), &given))
		return CLI_USAGE;
	settings.password = given ? password : NULL;
	give_up_root(call);
	enum cli_exit code = test_account(call, &settings);
	explicit_bzero(password, sizeof(password));
	return code;
}

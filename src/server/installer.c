// SPDX-License-Identifier: Apache-2.0
// The table of steps, what they print, and what comes after them.
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "admin/place.h"
#include "admin/show.h"
#include "server/installer_impl.h"

// In the order in which they run.
static const struct installer_step steps[] = {
    {"config", installer_config_look, installer_config_act},
    {"ports", installer_ports_look, installer_ports_act},
    {"restart", installer_restart_look, installer_restart_act},
    {"folder", installer_folder_look, installer_folder_act},
    {"domain", installer_domain_look, installer_domain_act},
    {"user", installer_user_look, installer_user_act},
    {"keys", installer_keys_look, installer_keys_act},
    {"check", NULL, installer_check_act},
    {"dns", NULL, installer_records_act},
    {"port 25", NULL, installer_port25_act},
    {"service", installer_service_look, installer_service_act},
    {"certificate", NULL, installer_certificate_act},
    {"mail", NULL, installer_mail_act},
    {"programs", NULL, installer_programs_act},
};

static const struct {
	enum cli_exit code;
	const char *text;
} mends[] = {
#define X(id, exit, text) [id] = {exit, text},
    INSTALLER_MEND_TABLE(X)
#undef X
};

static const char *const words[] = {
    [INSTALLER_OK] = "ok",
    [INSTALLER_NOTE] = "note",
    [INSTALLER_SKIPPED] = "skipped",
    [INSTALLER_LATER] = "wait",
};

// ---- For the steps ---------------------------------------------------------

const char *installer_text(struct installer *in, const char *format, ...)
{
	char text[INSTALLER_TEXT_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return arena_string(&in->arena, view_of_string(text));
}

static void print_line(struct installer *in, const char *word, const char *text)
{
	printf("%-8s %-12s ", word, in->step);
	show_print(stdout, view_of_string(text));
	putchar('\n');
	fflush(stdout);
}

void installer_say(
    struct installer *in, enum installer_end end, const char *format, ...)
{
	char text[INSTALLER_TEXT_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_line(in, words[end], text);
}

void installer_more(struct view text)
{
	struct view line;
	while (view_split(&text, '\n', &line)) {
		printf("%22s", "");
		show_print(stdout, line);
		putchar('\n');
	}
	fflush(stdout);
}

static void print_mend(
    enum installer_mend mend, const char *one, const char *two)
{
	struct buf text;
	buf_init(&text, INSTALLER_TEXT_MAX * 2);
	for (const char *at = mends[mend].text; *at; at++) {
		bool first = strncmp(at, "{1}", 3) == 0;
		if (first || strncmp(at, "{2}", 3) == 0) {
			buf_add_string(&text, first ? one : two);
			at += 2;
		} else {
			buf_add_char(&text, *at);
		}
	}
	installer_more(buf_view(&text));
	buf_done(&text);
}

enum installer_end installer_fail(struct installer *in, enum installer_end end,
    enum installer_mend mend, const char *one, const char *two,
    const char *format, ...)
{
	char text[INSTALLER_TEXT_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_line(in, end == INSTALLER_NOTE ? words[end] : "FAILED", text);
	print_mend(mend, one ? one : "", two ? two : "");
	in->problems += end != INSTALLER_NOTE;
	if (end == INSTALLER_STOP)
		in->stop_code = mends[mend].code;
	return end;
}

json_t *installer_request(const char *verb, const char *key, const char *text)
{
	json_t *request = json_pack("{s:s}", "do", verb);
	if (key)
		json_object_set_new(
		    request, key, link_text(view_of_string(text)));
	return request;
}

enum rc installer_ask(struct installer *in, json_t *request,
    void (*note)(void *context, const json_t *message), void *context,
    struct fault *fault, json_t **ret_answer)
{
	struct place place;
	enum rc rc = place_open(&in->place, true, fault, &place);
	if (ret_answer)
		*ret_answer = NULL;
	if (rc != RC_OK) {
		json_decref(request);
		return rc;
	}
	rc = place_ask(&place, request, note, context, fault, ret_answer);
	place_close(&place);
	return rc;
}

// ---- The end ---------------------------------------------------------------

static void print_settings(struct installer *in)
{
	static const struct show_column columns[] = {
	    {.title = "MAIL PROGRAM"},
	    {.title = "SERVER"},
	    {.title = "PORT", .right = true},
	    {.title = "ENCRYPTION"},
	    {.title = "USER NAME"},
	};
	struct show_table table;
	show_table_init(&table, columns, ARRAY_LEN(columns));
	for (enum mail_service i = 0; i < MAIL_SERVICES; i++) {
		const struct service_info *info = service_info(i);
		unsigned port = in->place.services.ports[i];
		if (port == 0 || info->protocol == SERVICE_PROTOCOL_HTTP)
			continue;
		show_table_add(&table, info->protocol == SERVICE_PROTOCOL_IMAP
					   ? VIEW("IMAP")
				       : info->protocol == SERVICE_PROTOCOL_POP3
					   ? VIEW("POP3")
					   : VIEW("sending"));
		show_table_add(&table, view_of_string(in->host));
		show_table_add_number(&table, port);
		show_table_add(&table,
		    info->implicit_tls ? VIEW("SSL/TLS") : VIEW("STARTTLS"));
		show_table_add(&table, view_of_string(in->address));
	}
	show_table_print(&table);
	show_table_done(&table);
}

static void print_next(struct installer *in)
{
	puts("\nMail programs need these settings. Most find them by "
	     "themselves, by the address alone.\n");
	print_settings(in);
	printf("\nNext:\n");
	printf("  roost user add NAME       further users\n");
	printf("  roost doctor              looks at the whole installation\n");
	printf("  roost doctor --account %s --password-stdin\n"
	       "                            from another machine: tests the "
	       "account as a mail program would\n",
	    in->address);
	if (in->place.services.ports[SERVICE_AUTODISCOVER])
		printf(
		    "  https://%s/setup\n                            for your "
		    "users: how mail programs are set up\n",
		    in->host);
}

// ---- The command -----------------------------------------------------------

static enum installer_end run_step(
    struct installer *in, const struct installer_step *step)
{
	in->step = step->name;
	if (step->look && step->look(in))
		return INSTALLER_OK;
	return step->act(in);
}

static enum cli_exit run_all(struct installer *in)
{
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (run_step(in, &steps[i]) == INSTALLER_STOP)
			return in->stop_code;
	print_next(in);
	if (in->problems == 0)
		return CLI_OK;
	printf("\nNot all is done yet: mend what FAILED, then run setup again. "
	       "What is done stays as it is.\n");
	return CLI_PROBLEM;
}

// What is written belongs to root, and Roost's own user cannot listen on the
// ports of mail.
static bool has_rights(struct installer *in)
{
	const char *slash = strrchr(in->config_path, '/');
	size_t len = slash ? (size_t)(slash - in->config_path) : 0;
	const char *folder = slash
				 ? arena_string(&in->arena,
				       view_of(in->config_path, len ? len : 1))
				 : ".";
	return geteuid() == 0 || access(folder, W_OK) == 0;
}

static enum cli_exit begin(struct installer *in)
{
	struct buf text;
	buf_init(&text, CONFIG_FILE_MAX);
	bool good = installer_read_file(in, &text);
	buf_done(&text);
	if (!good)
		return in->stop_code;
	in->step = "questions";
	if (installer_answers(in) == INSTALLER_STOP)
		return in->stop_code;
	return run_all(in);
}

enum cli_exit installer_command(const struct cli_call *call)
{
	struct installer in = {.call = call,
	    .config = call->context,
	    .place = call->place,
	    .config_path = call->config ? call->config : CONFIG_PATH_DEFAULT,
	    .terminal = isatty(STDIN_FILENO) && !cli_value(call, "yes"),
	    .patient = !cli_value(call, "no-wait"),
	    .step = "rights",
	    .stop_code = CLI_FAILED};
	enum cli_exit code;
	arena_init(&in.arena);
	if (has_rights(&in)) {
		code = begin(&in);
	} else {
		installer_fail(&in, INSTALLER_STOP, MEND_ROOT, NULL, NULL,
		    "Only root can set up a mail server: it writes %s and "
		    "listens on ports below 1024.",
		    in.config_path);
		code = in.stop_code;
	}
	explicit_bzero(in.password, sizeof(in.password));
	arena_done(&in.arena);
	return code;
}

// SPDX-License-Identifier: Apache-2.0
// Reading the file:
//
//   setting = value              setting = {value, value}
//   section "title" {            (a title only where the section has one)
//       setting = value
//   }
//
// A mistake does not end the reading: it is noted with its line, and the rest
// is read, too. (libconfuse, whose syntax is similar, stops at the first one,
// and accepts a section that is never closed.)
#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "admin/folder.h"
#include "base/mem.h"
#include "server/config_scan.h"
#include "server/config_value.h"

#define MISTAKES_MAX 100   // further ones are not reported
#define SENTENCE_MAX 320   // bytes
#define SEEN_MAX     128   // settings of one section
#define READ_STEP    65536 // bytes

struct mistake {
	unsigned line; // 0: it has no line
	char text[SENTENCE_MAX];
};

// A section that is being read, or the whole file.
struct part {
	const char *name; // NULL: the file
	const struct setting *settings;
	void *base; // the settings' offsets count from here
	unsigned line;
	const struct setting *seen[SEEN_MAX];
	unsigned seen_lines[SEEN_MAX];
	size_t seen_count;
};

struct parse {
	struct config *config;
	struct config_scan scan;
	struct config_token token; // the next token
	struct mistake mistakes[MISTAKES_MAX];
	size_t count;
	bool has_listeners;
	struct config_listener listener; // the section that is being read
	struct net_tls_pair pair;
};

static void note(struct parse *parse, unsigned line, const char *format, ...)
    PRINTF_LIKE(3, 4);
static void note(struct parse *parse, unsigned line, const char *format, ...)
{
	va_list args;
	if (parse->count == MISTAKES_MAX)
		return;
	struct mistake *mistake = &parse->mistakes[parse->count++];
	mistake->line = line;
	va_start(args, format);
	vsnprintf(mistake->text, sizeof(mistake->text), format, args);
	va_end(args);
}

static void advance(struct parse *parse)
{
	parse->token = config_scan_next(&parse->scan);
}

// Continues with the line after the mistake.
static void recover(struct parse *parse, unsigned line)
{
	while (parse->token.kind != CONFIG_TOKEN_END &&
	       parse->token.line <= line) {
		config_scan_skip_line(&parse->scan);
		advance(parse);
	}
}

// ---- Settings --------------------------------------------------------------

static bool was_seen(const struct part *part, const struct setting *setting)
{
	for (size_t i = 0; i < part->seen_count; i++)
		if (part->seen[i] == setting)
			return true;
	return false;
}

// A setting that is given twice is a mistake: the first value would be lost.
static void see(struct parse *parse, struct part *part,
    const struct setting *setting, unsigned line)
{
	if (was_seen(part, setting))
		note(parse, line, "%s is set a second time", setting->name);
	else if (part->seen_count < SEEN_MAX) {
		part->seen_lines[part->seen_count] = line;
		part->seen[part->seen_count++] = setting;
	}
}

static const struct setting *find(const struct part *part, struct view name)
{
	for (const struct setting *s = part->settings; s->name; s++)
		if (view_eq(name, view_of_string(s->name)))
			return s;
	return NULL;
}

static void add_address(struct parse *parse, const struct config_token *value)
{
	struct config_listener *l = &parse->listener;
	const char *text = arena_string(&parse->config->arena, value->text);
	if (!config_value_is_address(text))
		note(parse, value->line,
		    "address wants an IP address, \"*\" or the path of a Unix "
		    "socket, not \"%.80s\"",
		    text);
	else if (l->address_count == CONFIG_ADDRESSES_MAX)
		note(parse, value->line,
		    "more than %d addresses in one section",
		    CONFIG_ADDRESSES_MAX);
	else
		l->addresses[l->address_count++] = text;
}

// `setting` NULL: it does not exist; its value is skipped.
static void take_value(
    struct parse *parse, const struct part *part, const struct setting *setting)
{
	struct fault fault;
	struct config_token value = parse->token;
	advance(parse);
	if (value.kind == CONFIG_TOKEN_WRONG)
		note(parse, value.line, "a quotation mark is missing");
	else if (!setting)
		return;
	else if (setting->kind == SETTING_ADDRESSES)
		add_address(parse, &value);
	else if (config_value_set(setting, value.text, &parse->config->arena,
		     part->base, &fault) != RC_OK)
		note(parse, value.line, "%s", fault.text);
}

static bool at_value(const struct parse *parse)
{
	return parse->token.kind == CONFIG_TOKEN_TEXT ||
	       parse->token.kind == CONFIG_TOKEN_WRONG;
}

// After the opening brace.
static void take_list(struct parse *parse, const struct part *part,
    const struct setting *setting, unsigned line)
{
	if (setting && setting->kind != SETTING_ADDRESSES)
		note(parse, line, "%s takes one value, not a list",
		    setting->name);
	if (setting && setting->kind != SETTING_ADDRESSES)
		setting = NULL;
	while (at_value(parse)) {
		take_value(parse, part, setting);
		if (parse->token.kind == CONFIG_TOKEN_COMMA)
			advance(parse);
	}
	if (parse->token.kind == CONFIG_TOKEN_CLOSE) {
		advance(parse);
		return;
	}
	note(parse, line, "this list is not closed with }");
	recover(parse, line);
}

// After the equals sign.
static void take_setting(
    struct parse *parse, struct part *part, const struct config_token *name)
{
	const struct setting *setting = find(part, name->text);
	if (!setting)
		note(parse, name->line, "there is no setting \"%.*s\"%s%s",
		    VIEW_FMT(view_slice(name->text, 0, 80)),
		    part->name ? " in section " : "",
		    part->name ? part->name : "");
	else
		see(parse, part, setting, name->line);
	if (parse->token.kind == CONFIG_TOKEN_OPEN) {
		advance(parse);
		take_list(parse, part, setting, name->line);
	} else if (at_value(parse) && parse->token.line == name->line) {
		take_value(parse, part, setting);
	} else {
		note(parse, name->line, "%.*s = lacks its value",
		    VIEW_FMT(view_slice(name->text, 0, 80)));
		recover(parse, name->line);
	}
}

// ---- Sections --------------------------------------------------------------

static void take_statements(struct parse *parse, struct part *part);

static bool only_unix(const struct config_listener *listener)
{
	for (size_t i = 0; i < listener->address_count; i++)
		if (listener->addresses[i][0] != '/')
			return false;
	return listener->address_count > 0;
}

static void take_listen(struct parse *parse, struct view title, unsigned line)
{
	struct config *config = parse->config;
	struct config_listener *l = &parse->listener;
	struct part part = {.name = "listen",
	    .settings = config_listen_settings,
	    .base = l,
	    .line = line};
	*l = (struct config_listener){
	    .name = arena_string(&config->arena, title), .line = line};
	take_statements(parse, &part);
	bool has_port = was_seen(&part, find(&part, VIEW("port")));
	if (!has_port && !only_unix(l))
		note(parse, line, "listen \"%s\" has no port", l->name);
	if (has_port && only_unix(l))
		note(parse, line,
		    "listen \"%s\" has a port, but no address with ports",
		    l->name);
	if (l->protocol == CONFIG_HTTP && l->tls == CONFIG_TLS_STARTTLS)
		note(parse, line,
		    "listen \"%s\": HTTP has no STARTTLS, only tls = implicit "
		    "or none",
		    l->name);
	if (l->protocol == CONFIG_LMTP && l->tls == CONFIG_TLS_IMPLICIT)
		note(parse, line,
		    "listen \"%s\": LMTP has no implicit TLS, only starttls "
		    "or none",
		    l->name);
	if (l->protocol == CONFIG_LMTP &&
	    !was_seen(&part, find(&part, VIEW("address"))))
		note(parse, line,
		    "listen \"%s\" wants an address: whoever "
		    "reaches LMTP may deliver mail to all",
		    l->name);
	if (l->address_count == 0)
		l->addresses[l->address_count++] = "*";
	if (!parse->has_listeners)
		config->listener_count = 0; // these were the defaults
	parse->has_listeners = true;
	if (config->listener_count == CONFIG_LISTENERS_MAX)
		note(parse, line, "more than %d listen sections",
		    CONFIG_LISTENERS_MAX);
	else
		config->listeners[config->listener_count++] = *l;
}

static void take_certificate(struct parse *parse, unsigned line)
{
	struct config *config = parse->config;
	struct part part = {.name = "certificate",
	    .settings = config_certificate_settings,
	    .base = &parse->pair,
	    .line = line};
	parse->pair = (struct net_tls_pair){0};
	take_statements(parse, &part);
	for (const struct setting *s = part.settings; s->name; s++)
		if (!was_seen(&part, s))
			note(parse, line, "this certificate section has no %s",
			    s->name);
	if (config->certificate_count == CONFIG_CERTIFICATES_MAX)
		note(parse, line, "more than %d certificates",
		    CONFIG_CERTIFICATES_MAX);
	else if (parse->pair.certificate_path && parse->pair.key_path) {
		config->certificate_lines[config->certificate_count] = line;
		config->certificates[config->certificate_count++] = parse->pair;
	}
}

// After the opening brace of a section that does not exist.
static void skip_section(struct parse *parse)
{
	unsigned depth = 1;
	while (depth > 0 && parse->token.kind != CONFIG_TOKEN_END) {
		depth += parse->token.kind == CONFIG_TOKEN_OPEN;
		depth -= parse->token.kind == CONFIG_TOKEN_CLOSE;
		advance(parse);
	}
}

// After the section's name; the next token is a title or a brace.
static void take_section(struct parse *parse, const struct part *outer,
    const struct config_token *name)
{
	struct view title = VIEW("");
	bool titled = at_value(parse);
	if (titled) {
		title = parse->token.text;
		advance(parse);
	}
	if (parse->token.kind != CONFIG_TOKEN_OPEN) {
		note(parse, name->line,
		    "\"%.*s\" is followed by neither = nor "
		    "{",
		    VIEW_FMT(view_slice(name->text, 0, 80)));
		recover(parse, name->line);
		return;
	}
	advance(parse);
	if (!outer->name && view_eq(name->text, VIEW("listen"))) {
		if (!titled)
			note(parse, name->line,
			    "a listen section wants a name: listen \"imap\" {");
		take_listen(parse, title, name->line);
	} else if (!outer->name && view_eq(name->text, VIEW("certificate"))) {
		take_certificate(parse, name->line);
	} else {
		note(parse, name->line, "there is no section \"%.*s\"%s",
		    VIEW_FMT(view_slice(name->text, 0, 80)),
		    outer->name ? " inside another" : "");
		skip_section(parse);
	}
}

static void take_statement(struct parse *parse, struct part *part)
{
	struct config_token name = parse->token;
	advance(parse);
	if (name.kind != CONFIG_TOKEN_TEXT) {
		note(parse, name.line,
		    name.kind == CONFIG_TOKEN_WRONG
			? "a quotation mark is missing"
			: "a setting or a section is wanted "
			  "here");
		recover(parse, name.line);
	} else if (parse->token.kind == CONFIG_TOKEN_EQUALS) {
		advance(parse);
		take_setting(parse, part, &name);
	} else {
		take_section(parse, part, &name);
	}
}

// Up to the closing brace of the section, or to the end of the file.
static void take_statements(struct parse *parse, struct part *part)
{
	for (;;) {
		if (parse->token.kind == CONFIG_TOKEN_END) {
			if (part->name)
				note(parse, part->line,
				    "this section is not closed with }");
			return;
		}
		bool close = parse->token.kind == CONFIG_TOKEN_CLOSE;
		if (close && !part->name)
			note(parse, parse->token.line, "this } closes nothing");
		if (!close) {
			take_statement(parse, part);
			continue;
		}
		advance(parse);
		if (part->name)
			return;
	}
}

// ---- What only the whole shows ---------------------------------------------

// Whether both would bind the same address.
static bool addresses_meet(const char *a, const char *b, bool same_port)
{
	if (a[0] == '/' || b[0] == '/') // Unix sockets
		return strcmp(a, b) == 0;
	return same_port && (strcmp(a, "*") == 0 || strcmp(b, "*") == 0 ||
				strcmp(a, b) == 0);
}

static bool listeners_meet(
    const struct config_listener *a, const struct config_listener *b)
{
	bool same_port = a->port == b->port && a->port != 0;
	for (size_t i = 0; i < a->address_count; i++)
		for (size_t j = 0; j < b->address_count; j++)
			if (addresses_meet(
				a->addresses[i], b->addresses[j], same_port))
				return true;
	return false;
}

// The line of a setting in the file; 0: it is not there.
static unsigned line_of(const struct part *file, const char *name)
{
	for (size_t i = 0; i < file->seen_count; i++)
		if (strcmp(file->seen[i]->name, name) == 0)
			return file->seen_lines[i];
	return 0;
}

// Metrics are served like the protocols, but no section is written for them:
// the first section would replace the default listeners.
static void add_metrics(struct parse *parse, const struct part *file)
{
	struct config *config = parse->config;
	unsigned line = line_of(file, "metrics_port");
	if (config->metrics_port == 0)
		return;
	if (config->listener_count == CONFIG_LISTENERS_MAX) {
		note(parse, line,
		    "metrics_port: there are %d listeners already",
		    CONFIG_LISTENERS_MAX);
		return;
	}
	config->listeners[config->listener_count++] = (struct config_listener){
	    .name = "metrics",
	    .addresses = {config->metrics_address},
	    .address_count = 1,
	    .protocol = CONFIG_METRICS,
	    .port = config->metrics_port,
	    .tls = CONFIG_TLS_NONE,
	    .line = line,
	};
}

static void check_ports(struct parse *parse)
{
	const struct config *config = parse->config;
	for (size_t i = 0; i < config->listener_count; i++)
		for (size_t j = 0; j < i; j++) {
			const struct config_listener *a = &config->listeners[j];
			const struct config_listener *b = &config->listeners[i];
			if (!listeners_meet(a, b))
				continue;
			if (a->port == b->port && a->port != 0)
				note(parse, b->line,
				    "listen \"%s\" has the port %u of listen "
				    "\"%s\"",
				    b->name, b->port, a->name);
			else
				note(parse, b->line,
				    "listen \"%s\" has the socket of listen "
				    "\"%s\"",
				    b->name, a->name);
		}
}

// Where users log in, the listener must allow them to.
static void check_log_ins(struct parse *parse)
{
	const struct config *config = parse->config;
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct config_listener *l = &config->listeners[i];
		bool users = l->protocol == CONFIG_IMAP ||
			     l->protocol == CONFIG_POP3 ||
			     l->protocol == CONFIG_SUBMISSION;
		if (users && l->tls == CONFIG_TLS_NONE &&
		    !config->plain_on_loopback)
			note(parse, l->line,
			    "listen \"%s\": without TLS nobody can log in "
			    "(see plain_on_loopback)",
			    l->name);
	}
}

// A secret is only sent to a server that has proved its name: with
// "opportunistic", anybody on the way could switch TLS off or show a
// certificate of their own, and read the password.
static void check_relay_tls(struct parse *parse, const struct part *file)
{
	const struct config *config = parse->config;
	const char *colon = strrchr(config->relay_host, ':');
	unsigned line = line_of(file, "relay_tls");
	bool secret = config->relay_user[0] || config->relay_password[0];
	switch ((enum config_relay_tls)config->relay_tls) {
	case CONFIG_RELAY_TLS_REQUIRED: break;
	case CONFIG_RELAY_TLS_OPPORTUNISTIC:
		if (secret)
			note(parse, line,
			    "relay_tls = opportunistic could show "
			    "relay_password to anybody on the way; write "
			    "relay_tls = required (with relay_ca_file for a "
			    "certificate of your own)");
		break;
	case CONFIG_RELAY_TLS_NONE:
		if (secret)
			note(parse, line,
			    "relay_tls = none would show relay_password to "
			    "everybody on the way; write relay_tls = required");
		if (colon && strcmp(colon, ":465") == 0)
			note(parse, line,
			    "relay_tls = none: port 465 of relay_host is TLS "
			    "from the first byte");
		break;
	}
}

static void check_relay(struct parse *parse, const struct part *file)
{
	const struct config *config = parse->config;
	bool host = config->relay_host[0], user = config->relay_user[0];
	bool password = config->relay_password[0];
	if (!config->relay_ipv4 && !config->relay_ipv6)
		note(parse, line_of(file, "relay_ipv6"),
		    "relay_ipv4 and relay_ipv6 are both no");
	if (!host && user)
		note(parse, line_of(file, "relay_user"),
		    "relay_user is set, but no relay_host");
	if (user != password)
		note(parse,
		    line_of(file, user ? "relay_user" : "relay_password"),
		    "relay_user and relay_password want each other");
	check_relay_tls(parse, file);
}

static size_t count_words(const char *text)
{
	struct view rest = view_of_string(text), one;
	size_t count = 0;
	while (view_split(&rest, ' ', &one))
		count += one.len > 0;
	return count;
}

static void check_acme(struct parse *parse, const struct part *file)
{
	const struct config *config = parse->config;
	bool id = config->acme_eab_key_id[0], key = config->acme_eab_key[0];
	if (id != key)
		note(parse,
		    line_of(file, id ? "acme_eab_key_id" : "acme_eab_key"),
		    "acme_eab_key_id and acme_eab_key want each other");
	if (key && !config_is_base64url(config->acme_eab_key))
		note(parse, line_of(file, "acme_eab_key"),
		    "acme_eab_key is not base64url: copy it as the authority "
		    "shows it");
	if (config->acme && !config_can_be_challenged(config))
		note(parse, line_of(file, "acme"),
		    "acme = yes wants a listener where the authority can see "
		    "whether a name is ours: protocol = http, on port 80 with "
		    "tls = none (http-01) or on port 443 with tls = implicit "
		    "(tls-alpn-01)");
	// The server's own name is the first of 100.
	if (count_words(config->acme_names) > CONFIG_ACME_NAMES_MAX)
		note(parse, line_of(file, "acme_names"),
		    "acme_names has more than %d names", CONFIG_ACME_NAMES_MAX);
}

static void check_times(struct parse *parse)
{
	const struct config *config = parse->config;
	if (config->queue_retry_last_seconds <
	    config->queue_retry_first_seconds)
		note(parse, 0,
		    "queue_retry_last_seconds is less than "
		    "queue_retry_first_seconds");
}

static int compare_lines(const void *a, const void *b)
{
	const struct mistake *x = a, *y = b;
	return x->line < y->line ? -1 : x->line > y->line;
}

static enum rc tell(struct parse *parse, const char *path, struct buf *mistakes)
{
	qsort(parse->mistakes, parse->count, sizeof(*parse->mistakes),
	    compare_lines);
	for (size_t i = 0; i < parse->count; i++) {
		const struct mistake *m = &parse->mistakes[i];
		buf_add_string(mistakes, path);
		if (m->line > 0)
			buf_printf(mistakes, ":%u", m->line);
		buf_printf(mistakes, ": %s\n", m->text);
	}
	return parse->count > 0 ? RC_INVALID : RC_OK;
}

enum rc config_parse(struct config *config, const char *path, struct view text,
    struct buf *mistakes)
{
	struct parse *parse = mem_zalloc(sizeof(*parse));
	struct part file = {.settings = config_settings, .base = config};
	parse->config = config;
	parse->scan = (struct config_scan){
	    .arena = &config->arena, .rest = text, .line = 1};
	advance(parse);
	take_statements(parse, &file);
	add_metrics(parse, &file);
	check_ports(parse);
	check_log_ins(parse);
	check_relay(parse, &file);
	check_acme(parse, &file);
	check_times(parse);
	enum rc rc = tell(parse, path, mistakes);
	config->path = arena_string(&config->arena, view_of_string(path));
	free(parse);
	return rc;
}

// `text` has room for CONFIG_FILE_MAX + READ_STEP bytes.
static enum rc read_file(int fd, struct buf *text)
{
	while (text->len <= CONFIG_FILE_MAX) {
		char *to = buf_reserve(text, READ_STEP);
		ssize_t got = read(fd, to, READ_STEP);
		if (got <= 0)
			return got == 0 ? RC_OK : RC_IO;
		buf_commit(text, (size_t)got);
	}
	return RC_LIMIT;
}

// Opens a file, or a pipe to which somebody writes (a shell's `<(…)`). What
// cannot be read is named in `mistakes`.
static enum rc open_file(const char *path, struct buf *mistakes, int *ret_fd)
{
	struct fault fault;
	enum rc rc = folder_open_named(path, true, &fault, ret_fd);
	if (rc == RC_INVALID)
		buf_printf(mistakes, "%s: %s\n", path, fault.text);
	else if (rc != RC_OK)
		buf_printf(mistakes,
		    "%s: this configuration cannot be read: %s\n", path,
		    fault.text);
	return rc;
}

enum rc config_read(
    struct config *config, const char *path, struct buf *mistakes)
{
	int fd;
	enum rc rc = open_file(path, mistakes, &fd);
	if (rc != RC_OK)
		return rc;
	struct buf text;
	buf_init(&text, CONFIG_FILE_MAX + READ_STEP);
	rc = read_file(fd, &text);
	if (rc == RC_LIMIT)
		buf_printf(mistakes, "%s: it is longer than %zu bytes\n", path,
		    CONFIG_FILE_MAX);
	else if (rc != RC_OK)
		buf_printf(mistakes,
		    "%s: this configuration cannot be read: "
		    "%s\n",
		    path, strerror(errno));
	else if (memchr(text.ptr ? text.ptr : "", '\0', text.len)) {
		buf_printf(mistakes, "%s: it holds NUL bytes\n", path);
		rc = RC_INVALID;
	} else {
		rc = config_parse(config, path, buf_view(&text), mistakes);
	}
	close(fd);
	buf_done(&text);
	return rc;
}

// SPDX-License-Identifier: Apache-2.0
// Defaults, and the sample file.
#include "server/config.h"

#include <sys/stat.h>

#include "server/config_table.h"
#include "server/config_value.h"

struct listener {
	const char *name;
	uint32_t protocol; // enum config_protocol
	uint32_t tls;      // enum config_tls
	uint32_t port;
	uint32_t demo_port;
};

// The ports are those of RFC 8314 section 7.3.
static const struct listener listeners[] = {
    {"imap", CONFIG_IMAP, CONFIG_TLS_STARTTLS, 143, 1143},
    {"imaps", CONFIG_IMAP, CONFIG_TLS_IMPLICIT, 993, 1993},
    {"smtp", CONFIG_SMTP, CONFIG_TLS_STARTTLS, 25, 1025},
    {"submission", CONFIG_SUBMISSION, CONFIG_TLS_STARTTLS, 587, 1587},
    {"submissions", CONFIG_SUBMISSION, CONFIG_TLS_IMPLICIT, 465, 1465},
    {"pop3", CONFIG_POP3, CONFIG_TLS_STARTTLS, 110, 1110},
    {"pop3s", CONFIG_POP3, CONFIG_TLS_IMPLICIT, 995, 1995},
    {"https", CONFIG_HTTP, CONFIG_TLS_IMPLICIT, 443, 8443},
    {"http", CONFIG_HTTP, CONFIG_TLS_NONE, 80, 1080},
};

static void set_listeners(struct config *config, bool demo)
{
	config->listener_count = 0;
	for (size_t i = 0; i < ARRAY_LEN(listeners); i++) {
		const struct listener *from = &listeners[i];
		struct config_listener *to =
		    &config->listeners[config->listener_count++];
		*to = (struct config_listener){.name = from->name,
		    .protocol = from->protocol,
		    .tls = from->tls,
		    .optional = from->protocol == CONFIG_HTTP,
		    .port = demo ? from->demo_port : from->port,
		    .addresses = {demo ? "127.0.0.1" : "*", "::1"},
		    .address_count = demo ? 2 : 1};
	}
}

void config_init(struct config *config)
{
	*config = (struct config){0};
	arena_init(&config->arena);
	for (const struct setting *s = config_settings; s->name; s++) {
		struct fault fault;
		enum rc rc = config_value_set(s, view_of_string(s->initial),
		    &config->arena, config, &fault);
		if (rc != RC_OK) // config_test.c checks that this cannot happen
			abort();
	}
	set_listeners(config, false);
}

void config_done(struct config *config)
{
	arena_done(&config->arena);
}

void config_demo(struct config *config)
{
	config->data = "data";
	config->server_name = "localhost";
	config->plain_on_loopback = true;
	config->relay = false;
	config->postmaster = "demo";
	set_listeners(config, true);
}

const char *config_exposed(const struct config *config)
{
	struct stat info;
	const char *secret = config->relay_password[0] ? "relay_password"
			     : config->acme_eab_key[0] ? "acme_eab_key"
						       : NULL;
	if (secret && config->path && stat(config->path, &info) == 0 &&
	    (info.st_mode & S_IROTH) != 0)
		return secret;
	return NULL;
}

void config_log_mistakes(struct log *log, const struct buf *mistakes)
{
	struct view text = buf_view(mistakes), line;
	while (view_split(&text, '\n', &line))
		log_text(
		    log, LOG_LEVEL_ERROR, "mistake", "%.*s", VIEW_FMT(line));
}

// ---- The sample file -------------------------------------------------------

static void add_help(struct buf *out, const char *indent, const char *help)
{
	struct view text = view_of_string(help), line;
	while (view_split(&text, '\n', &line))
		buf_printf(out, "%s# %.*s\n", indent, VIEW_FMT(line));
}

static void add_range(
    struct buf *out, const char *indent, const struct setting *s)
{
	if (s->kind == SETTING_NUMBER)
		buf_printf(out, "%s# %s%s%u to %u\n", indent,
		    s->unit ? s->unit : "", s->unit ? ", " : "", s->min,
		    s->max);
	if (s->kind == SETTING_SWITCH)
		buf_printf(out, "%s# yes or no\n", indent);
	if (s->kind != SETTING_CHOICE)
		return;
	buf_printf(out, "%s#", indent);
	for (size_t i = 0; s->words[i]; i++)
		buf_printf(out, "%s %s", i ? "," : "", s->words[i]);
	buf_add_char(out, '\n');
}

static void add_setting(
    struct buf *out, const char *indent, const struct setting *s)
{
	bool quoted = s->kind == SETTING_TEXT || s->kind == SETTING_FILE ||
		      s->kind == SETTING_USER || s->kind == SETTING_FOLDER ||
		      s->kind == SETTING_NAME || s->kind == SETTING_IPV4 ||
		      s->kind == SETTING_IPV6 || s->kind == SETTING_HOST ||
		      s->kind == SETTING_SERVERS ||
		      s->kind == SETTING_NETWORKS || s->kind == SETTING_NAMES ||
		      s->kind == SETTING_URL;
	const char *quote = quoted ? "\"" : "";
	add_help(out, indent, s->help);
	add_range(out, indent, s);
	buf_printf(out, "%s#%s = %s%s%s\n", indent, s->name, quote,
	    s->initial ? s->initial : "", quote);
}

static void add_section(struct buf *out, const char *head, const char *help,
    const struct setting *settings)
{
	buf_add_char(out, '\n');
	add_help(out, "", help);
	buf_printf(out, "#%s {\n", head);
	for (const struct setting *s = settings; s->name; s++) {
		if (s != settings)
			buf_add_literal(out, "#\n");
		add_setting(out, "#\t", s);
	}
	buf_add_literal(out, "#}\n");
}

void config_sample(struct buf *out)
{
	buf_add_literal(out,
	    "# Roost's configuration: every setting, with its default. `roost "
	    "config check`\n# names every mistake in it.\n");
	for (const struct setting *s = config_settings; s->name; s++) {
		buf_add_char(out, '\n');
		add_setting(out, "", s);
	}
	add_section(out, "listen \"imap\"",
	    "Where mail programs and other servers connect to. With no such "
	    "section: ports 143,\n110, 25 and 587 with STARTTLS, 993, 995, "
	    "465 and 443 with TLS, and 80, on all addresses.\n(443 and 80 "
	    "only if no other program has them.) One section each, with a "
	    "name for\nthe log.",
	    config_listen_settings);
	add_section(out, "certificate",
	    "A certificate; one section each. Clients that ask for no name get "
	    "the first.\nWith no such section: a self-signed one, made in the "
	    "data folder.",
	    config_certificate_settings);
}

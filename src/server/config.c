// SPDX-License-Identifier: Apache-2.0
// Defaults, and the sample file.
#include "server/config.h"

#include "server/config_table.h"
#include "server/config_value.h"

static const char *const any_address[] = {"*"};
static const char *const loopback[] = {"127.0.0.1", "::1"};

static void set_listener(struct config *config, const char *name,
    const char *const *addresses, size_t count, uint16_t port,
    enum config_tls tls)
{
	struct config_listener *l =
	    &config->listeners[config->listener_count++];
	*l = (struct config_listener){
	    .name = name, .port = port, .tls = tls, .address_count = count};
	for (size_t i = 0; i < count; i++)
		l->addresses[i] = addresses[i];
}

void config_init(struct config *config)
{
	*config = (struct config){0};
	arena_init(&config->arena);
	for (const struct setting *s = config_settings; s->name; s++) {
		struct fault fault;
		enum rc rc = config_value_set(s, view_of_string(s->initial),
		    &config->arena, config, &fault);
		if (rc != RC_OK) // config_test.c sees to it that none is
			abort();
	}
	set_listener(config, "imap", any_address, 1, 143, CONFIG_TLS_STARTTLS);
	set_listener(config, "imaps", any_address, 1, 993, CONFIG_TLS_IMPLICIT);
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
	config->listener_count = 0;
	set_listener(config, "imap", loopback, 2, 1143, CONFIG_TLS_STARTTLS);
	set_listener(config, "imaps", loopback, 2, 1993, CONFIG_TLS_IMPLICIT);
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
		      s->kind == SETTING_USER || s->kind == SETTING_FOLDER;
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
	    "Where mail programs connect to. With no such section: port 143 "
	    "with STARTTLS and\nport 993 with TLS, on all addresses. One "
	    "section each, with a name for the log.",
	    config_listen_settings);
	add_section(out, "certificate",
	    "A certificate; one section each. Clients that ask for no name get "
	    "the first.\nWith no such section: a self-signed one, made in the "
	    "data folder.",
	    config_certificate_settings);
}

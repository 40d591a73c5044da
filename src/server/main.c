// SPDX-License-Identifier: Apache-2.0
// The program: finds the command, reads the configuration, runs it.
#include <unistd.h>

#include "admin/commands.h"
#include "server/config.h"
#include "server/config_check.h"
#include "server/doctor.h"
#include "server/installer.h"
#include "server/post_office.h"
#include "server/serve.h"
#include "server/version.h"

static enum cli_exit version_command(const struct cli_call *call)
{
	(void)call;
	printf("roost %s\n", roost_version);
	return CLI_OK;
}

static enum cli_exit config_sample_command(const struct cli_call *call)
{
	(void)call;
	struct buf sample;
	buf_init(&sample, CONFIG_FILE_MAX);
	config_sample(&sample);
	fwrite(sample.ptr, 1, sample.len, stdout);
	buf_done(&sample);
	return CLI_OK;
}

static const struct cli_command commands[] = {
    {
	.name = "serve",
	.arguments = "",
	.summary = "run the server until SIGTERM or SIGINT",
	.details =
	    "SIGHUP reads the certificates and log_level again. With --demo: "
	    "the data\nfolder ./data, loopback only, IMAP on the ports 1143 "
	    "(STARTTLS) and 1993 (TLS),\nPOP3 on 1110 and 1995, SMTP on 1025, "
	    "submission on 1587 and 1465, the web mail\non "
	    "https://localhost:8443/, and the users \"demo\" and \"friend\", "
	    "whose passwords are\ntheir names.",
	.options = {CLI_SWITCH("demo", "a demonstration on this machine")},
	.run = serve_command,
    },
    {
	.name = "setup",
	.arguments = "",
	.summary = "lead from an installed program to mail that works",
	.details =
	    "Asks for the names and the first user, writes the configuration, "
	    "makes the keys,\nprints the DNS records to paste and waits for "
	    "them, starts the server, waits for\nits certificate, and sends "
	    "a test mail. What is done already stays as it is, so\nthe "
	    "command can be run again. A configuration with settings is not "
	    "changed.",
	.options = {CLI_VALUE("host", "NAME", "the name of this server"),
	    CLI_VALUE("domain", "DOMAIN", "the domain of the mail addresses"),
	    CLI_VALUE("user", "NAME", "the first user"),
	    {.name = "password-stdin",
		.help = "read the user's password from standard input",
		.one_of = 1},
	    {.name = "generate",
		.help = "make up a password and print it",
		.one_of = 1},
	    CLI_VALUE("acme", "yes|no",
		"get certificates from Let's Encrypt, and agree to its terms"),
	    CLI_SWITCH("no-wait", "look once, and do not wait for anything"),
	    CLI_SWITCH("no-start", "do not start the server"),
	    CLI_SWITCH("yes", "do not ask; take what is proposed")},
	.run = installer_command,
	.tolerant = true,
	.makes_config = true,
    },
    {
	.name = "config check",
	.arguments = "",
	.summary = "read the configuration and name its mistakes",
	.details = "Looks at the certificates too, whether the user that the "
		   "server runs "
		   "as can\nread them, and whether somebody is the postmaster. "
		   "Exit code 2: "
		   "it cannot be\nserved; 1: it can, but what is named will be "
		   "complained "
		   "of.",
	.run = config_check_command,
    },
    {
	.name = "config sample",
	.arguments = "",
	.summary = "print a configuration file with every setting",
	.run = config_sample_command,
	.needs_nothing = true,
    },
    {
	.name = "doctor",
	.arguments = "",
	.summary = "say what is right and wrong here, or with an account "
		   "anywhere",
	.details =
	    "Alone, it looks at this whole installation. With --account it "
	    "tests a mail account\nof any provider as a mail program would: it "
	    "finds the servers, tries each protocol,\nport and encryption, "
	    "and ends with the settings that work, or with what is wrong.\n"
	    "Exit code 1: something is wrong or doubtful.",
	.options = {CLI_VALUE("account", "ADDRESS", "test this account"),
	    CLI_VALUE("server", "HOST",
		"at this server, instead of looking "
		"for it"),
	    CLI_VALUE("port", "N", "this port of the server"),
	    CLI_VALUE("protocol", "NAME", "only imap, pop3 or smtp"),
	    CLI_VALUE(
		"encryption", "NAME", "the port's: tls, starttls or none"),
	    CLI_VALUE("user", "NAME", "the name to log in with (the address)"),
	    CLI_SWITCH(
		"password-stdin", "log in with the password on standard input"),
	    CLI_SWITCH("insecure", "send the password even if the server "
				   "cannot be verified"),
	    CLI_SWITCH("private", "follow the domain also into private "
				  "networks and to this machine"),
	    CLI_VALUE("ca-file", "FILE",
		"trust the authorities of this file "
		"only"),
	    CLI_VALUE("seconds", "N", "end after so many seconds (30)"),
	    CLI_SWITCH("json", "print JSON")},
	.run = doctor_command,
	.tolerant = true,
    },
    {
	.name = "version",
	.arguments = "",
	.summary = "print the version",
	.run = version_command,
	.needs_nothing = true,
    },
    {0},
};

static const char *host_name(struct arena *arena)
{
	char name[256];
	if (gethostname(name, sizeof(name)) != 0)
		return "localhost";
	name[sizeof(name) - 1] = '\0';
	return arena_string(arena, view_of_string(name));
}

// Settings: the defaults; the file replaces them, and the command line replaces
// both.
static enum cli_exit read_config(
    const struct cli_call *call, struct config *config)
{
	struct buf mistakes;
	bool demo = cli_value(call, "demo") != NULL;
	const char *path = call->config;
	enum rc rc = RC_OK;
	if (demo)
		config_demo(config);
	else if (!path && access(CONFIG_PATH_DEFAULT, F_OK) == 0)
		path = CONFIG_PATH_DEFAULT;
	buf_init(&mistakes, CONFIG_MISTAKES_MAX);
	if (path && call->command->makes_config && access(path, F_OK) != 0)
		path = NULL;
	if (path)
		rc = config_read(config, path, &mistakes);
	fwrite(mistakes.ptr ? mistakes.ptr : "", 1, mistakes.len, stderr);
	buf_done(&mistakes);
	if (call->data)
		config->data = call->data;
	if (!config->server_name[0])
		config->server_name = host_name(&config->arena);
	return rc == RC_OK ? CLI_OK : CLI_USAGE;
}

// The metadata of the authorization server (src/account), for clients that log
// in without a good token.
static const char *discovery_url(struct config *config)
{
	uint16_t port = config_https_port(config);
	char suffix[8] = "", url[CLI_TEXT_MAX];
	if (port == 0)
		return NULL;
	if (port != 443)
		snprintf(suffix, sizeof(suffix), ":%u", port);
	snprintf(url, sizeof(url),
	    "https://%s%s/.well-known/openid-configuration",
	    config->server_name, suffix);
	return arena_string(&config->arena, view_of_string(url));
}

static struct auth_token_settings token_settings(struct config *config)
{
	return (struct auth_token_settings){
	    .session_idle_seconds = config->session_idle_days * 86400,
	    .session_max_seconds = config->session_max_days * 86400,
	    .access_seconds = config->access_token_minutes * 60,
	    .grant_idle_seconds = config->grant_idle_days * 86400,
	    .no_app_passwords = !config->app_passwords,
	    .no_oauth = !config->oauth || config_https_port(config) == 0,
	    .discovery = discovery_url(config),
	};
}

static void set_place(struct cli_call *call, struct config *config)
{
	call->context = config;
	call->place = (struct cli_place){
	    .data = config->data,
	    .user = config->user[0] ? config->user : NULL,
	    .version = roost_version,
	    .cache_bytes = (size_t)config->cache_mib << 20,
	    .message_max = (uint64_t)config->message_max_mib << 20,
	    .quota_bytes = (uint64_t)config->quota_mib << 20,
	    .quota_messages = config->quota_messages,
	    .tombstones_max = config->tombstones_max,
	    .changes_max = config->changes_max,
	    .kept_seconds = config->undelete_days * 86400,
	    .route.postmaster = view_of_string(config->postmaster),
	    .dns = post_office_dns(config),
	    .relay = post_office_relay(config),
	    .sending = post_office_sending(config),
	    .server_name = config->server_name,
	    .services = config_services(config),
	    .auth =
		{
		    .hashing.scram_sha1 = config->scram_sha1,
		    .hashing.scram_iterations = config->scram_iterations,
		    .cache_entries = config->auth_cache_entries,
		    .address_failures = config->auth_address_failures,
		    .user_failures = config->auth_user_failures,
		    .total_failures = config->auth_total_failures,
		    .window_seconds = config->auth_window_seconds,
		    .tokens = token_settings(config),
		    // Half of the threads stay free for users who have logged
		    // in.
		    .hashers = (config->threads + 1) / 2,
		},
	};
}

static enum cli_exit run(struct cli_call *call)
{
	struct config config;
	if (call->command->needs_nothing)
		return call->command->run(call);
	config_init(&config);
	enum cli_exit exit = read_config(call, &config);
	call->config_wrong = exit != CLI_OK;
	if (exit == CLI_OK || call->command->tolerant) {
		set_place(call, &config);
		exit = call->command->run(call);
	}
	config_done(&config);
	return exit;
}

int main(int argc, char **argv)
{
	static const struct cli_command *const tables[] = {
	    commands, admin_commands, NULL};
	struct cli_call call;
	enum cli_exit code = CLI_USAGE;
	cli_begin();
	switch (cli_parse(tables, argc, argv, &call)) {
	case CLI_PARSED: code = run(&call); break;
	case CLI_ANSWERED: code = CLI_OK; break;
	case CLI_WRONG: code = CLI_USAGE; break;
	}
	return (int)cli_end(code);
}

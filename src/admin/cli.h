// SPDX-License-Identifier: Apache-2.0
// The command line. A table of commands says how arguments are parsed, and what
// --help prints. Exit codes are the same for all commands.
#ifndef ROOST_ADMIN_CLI_H
#define ROOST_ADMIN_CLI_H

#include "setup/services.h"
#include "auth/auth.h"
#include "base/rc.h"
#include "base/view.h"
#include "delivery/sending.h"
#include "dns/dns.h"
#include "relay/relay.h"
#include "route/route.h"

#define CLI_EXIT_TABLE(X)                                                      \
	X(CLI_OK, 0, "done")                                                   \
	X(CLI_PROBLEM, 1, "done, but there are problems, named on stderr")     \
	X(CLI_USAGE, 2, "the command line or the configuration is wrong")      \
	X(CLI_NOT_FOUND, 3, "no such user, mailbox, file or folder")           \
	X(CLI_IN_USE, 4, "the data folder or a port is in use")                \
	X(CLI_EXISTS, 5, "it exists already")                                  \
	X(CLI_REFUSED, 6, "refused: not permitted, not valid, over a limit")   \
	X(CLI_FAILED, 7, "failed: input/output, damaged data, a lost server")

enum cli_exit {
#define X(name, number, text) name = number,
	CLI_EXIT_TABLE(X)
#undef X
};

#define CLI_OPTIONS_MAX   13
#define CLI_ARGUMENTS_MAX 100
// The most bytes of a name, an address or the like. Valid ones are all shorter.
#define CLI_TEXT_MAX 1000

struct cli_option {
	const char *name;  // without the dashes
	const char *value; // a word for its value, "FILE"; NULL: it is a switch
	const char *help;
	// Of a command's options that have the same number, only one may be
	// given. 0: this option does not exclude any other.
	unsigned one_of;
	bool required;
};

#define CLI_SWITCH(n, h)                                                       \
	{                                                                      \
		.name = n, .help = h                                           \
	}
#define CLI_VALUE(n, v, h)                                                     \
	{                                                                      \
		.name = n, .value = v, .help = h                               \
	}

// Where the mail is, which user a process must be to read it, and the settings
// for opening it.
struct cli_place {
	const char *data; // the data folder
	const char *user; // the user that root becomes; NULL: none
	const char *version;
	size_t cache_bytes;
	uint64_t message_max;
	uint64_t quota_bytes; // 0: no limit
	uint64_t quota_messages;
	uint32_t tombstones_max;
	uint32_t changes_max;
	uint32_t kept_seconds;
	struct auth_settings auth;
	struct route_settings route;
	struct dns_settings dns;
	struct relay_settings relay; // only what the configuration sets
	struct sending_settings sending;
	const char *server_name;
	struct mail_services services; // as configured
	bool repair; // repair the database before it is opened
};

struct cli_command;

struct cli_call {
	const struct cli_command *command;
	char **argv; // the whole command line
	// Each value has its option's position in the command's table. NULL:
	// the option was not given. A switch that was given has the value "".
	const char *values[CLI_OPTIONS_MAX];
	const char *arguments[CLI_ARGUMENTS_MAX];
	unsigned argument_count;
	const char *data;   // --data, or NULL
	const char *config; // --config, or NULL
	struct cli_place place;
	void *context; // the program's settings
	// The configuration has mistakes, which have been printed.
	bool config_wrong;
};

struct cli_command {
	const char *name; // "user add"
	// "NAME"; "" when it takes none. "PATH" and "FILE" may hold any bytes.
	const char *arguments;
	unsigned arguments_min;
	unsigned arguments_max;
	const char *summary; // one line
	const char *details; // more for --help; may be NULL
	struct cli_option options[CLI_OPTIONS_MAX]; // ends with a NULL name
	enum cli_exit (*run)(const struct cli_call *call);
	bool needs_nothing; // it needs neither configuration nor data folder
	// It also runs when the configuration has mistakes, with what could be
	// read of it.
	bool tolerant;
	// The file that --config names need not exist.
	bool makes_config;
};

enum cli_parsed {
	CLI_PARSED,   // run the command
	CLI_ANSWERED, // help was asked for, and has been printed
	CLI_WRONG,    // there was a mistake, and a message has been printed
};

// The program calls this first. Opens standard input, output and error if they
// are closed, so that no file that is opened later gets their numbers. Ignores
// SIGPIPE, so that writing to a pipe that nobody reads gives an error.
void cli_begin(void);
// The program calls this last. Returns `code`. If some of the output could not
// be written, prints an error message and returns CLI_FAILED.
enum cli_exit cli_end(enum cli_exit code);

// Parses the program's arguments by `tables`. A NULL ends the list of tables; a
// command with a NULL name ends each table.
enum cli_parsed cli_parse(const struct cli_command *const *tables, int argc,
    char **argv, struct cli_call *ret_call);

// The value of the option `name`, or NULL.
const char *cli_value(const struct cli_call *call, const char *name);

// Prints "roost: …" on stderr. Characters that must not reach a terminal are
// replaced as by show_print().
void cli_complain(const char *format, ...) PRINTF_LIKE(1, 2);
enum cli_exit cli_fail(enum rc rc, const struct fault *fault);

#endif

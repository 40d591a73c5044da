// SPDX-License-Identifier: Apache-2.0
// The command line: a table of commands, by which arguments are parsed and
// every --help is printed. Exit codes are the same for all commands.
#ifndef ROOST_ADMIN_CLI_H
#define ROOST_ADMIN_CLI_H

#include "admin/services.h"
#include "auth/auth.h"
#include "base/rc.h"
#include "base/view.h"
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

#define CLI_OPTIONS_MAX   8
#define CLI_ARGUMENTS_MAX 100
// Bytes of a name, an address or the like; none that is valid has so many.
#define CLI_TEXT_MAX 1000

struct cli_option {
	const char *name;  // without the dashes
	const char *value; // what its value is, "FILE"; NULL: it is a switch
	const char *help;
	// Of those of a command that have the same number, only one may be
	// given. 0: it gets along with all.
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

// Where the mail is, and as whom it is touched.
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
	struct auth_settings auth;
	struct route_settings route;
	struct dns_settings dns;
	struct relay_settings relay; // as far as the configuration sets them
	const char *server_name;
	struct mail_services services; // as configured
};

struct cli_command;

struct cli_call {
	const struct cli_command *command;
	// Values by the option's position in the table; NULL: not given. The
	// value of a switch that was given is "".
	const char *values[CLI_OPTIONS_MAX];
	const char *arguments[CLI_ARGUMENTS_MAX];
	unsigned argument_count;
	const char *data;   // --data, or NULL
	const char *config; // --config, or NULL
	struct cli_place place;
	void *context; // the program's settings
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
};

enum cli_parsed {
	CLI_PARSED,   // run the command
	CLI_ANSWERED, // --help: it has been printed
	CLI_WRONG,    // a mistake: it has been printed
};

// Sees to it that standard input, output and error are open, so that nothing
// that is opened later gets their numbers, and that a reader who goes away is
// told of as any other output that cannot be written. The first thing to do.
void cli_begin(void);
// The last thing: `code`, or CLI_FAILED when not all of the output could be
// written, which is then complained of.
enum cli_exit cli_end(enum cli_exit code);

// Parses the program's arguments by `tables` (ended by NULL), each of which is
// ended by a NULL name.
enum cli_parsed cli_parse(const struct cli_command *const *tables, int argc,
    char **argv, struct cli_call *ret_call);

// The value of the option `name`, or NULL.
const char *cli_value(const struct cli_call *call, const char *name);

// Prints "roost: …" on stderr, as show_print() does.
void cli_complain(const char *format, ...) PRINTF_LIKE(1, 2);
enum cli_exit cli_fail(enum rc rc, const struct fault *fault);

#endif

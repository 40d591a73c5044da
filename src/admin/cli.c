// SPDX-License-Identifier: Apache-2.0
#include "admin/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include "admin/cli_help.h"
#include "admin/show.h"
#include "wire/utf8.h"

// How many bytes of an argument an error message quotes.
#define QUOTED_MAX 200

static enum cli_exit cli_exit_of(enum rc rc)
{
	switch (rc) {
	case RC_OK:
	case RC_END:
	case RC_MORE: return CLI_OK;
	case RC_NOT_FOUND:
	case RC_GONE: return CLI_NOT_FOUND;
	case RC_EXISTS: return CLI_EXISTS;
	case RC_IN_USE: return CLI_IN_USE;
	case RC_SYNTAX:
	case RC_INVALID:
	case RC_LIMIT:
	case RC_DENIED:
	case RC_AUTH:
	case RC_QUOTA:
	case RC_FULL:
	case RC_UNSUPPORTED:
	case RC_CHARSET: return CLI_REFUSED;
	case RC_CONFLICT:
	case RC_CLOSED:
	case RC_CORRUPT:
	case RC_IO: return CLI_FAILED;
	}
	return CLI_FAILED;
}

void cli_complain(const char *format, ...)
{
	char text[8192];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fputs("roost: ", stderr);
	show_print(stderr, view_of_string(text));
	fputc('\n', stderr);
}

enum cli_exit cli_fail(enum rc rc, const struct fault *fault)
{
	cli_complain("%s", fault && fault->text[0] ? fault->text : rc_text(rc));
	return cli_exit_of(rc);
}

// ---- Standard input and output ---------------------------------------------

void cli_begin(void)
{
	// These modes are wrong on purpose: reading standard input and writing
	// standard output fail, as with a closed descriptor. Standard error
	// cannot be read, and messages to it are lost.
	static const int modes[] = {O_WRONLY, O_RDONLY, O_WRONLY};
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null", modes[fd]);
	signal(SIGPIPE, SIG_IGN);
}

enum cli_exit cli_end(enum cli_exit code)
{
	bool failed_before = ferror(stdout) != 0;
	errno = 0;
	if (fflush(stdout) == 0 && !failed_before)
		return code;
	// If an earlier write failed, its reason is no longer known.
	cli_complain("not all of the output could be written%s%s",
	    errno ? ": " : "; is the disk full, or does nobody read it?",
	    errno == EPIPE ? "nobody reads it"
	    : errno        ? strerror(errno)
			   : "");
	return CLI_FAILED;
}

// ---- Parsing ---------------------------------------------------------------

// The number of words in `name` if the arguments begin with these words; 0 if
// they do not.
static int words_matched(const char *name, int argc, char **argv)
{
	struct view rest = view_of_string(name), word;
	int words = 0;
	while (view_split(&rest, ' ', &word)) {
		if (words >= argc ||
		    !view_eq(word, view_of_string(argv[words])))
			return 0;
		words++;
	}
	return words;
}

static const struct cli_command *find_command(
    const struct cli_command *const *tables, int argc, char **argv,
    int *ret_words)
{
	for (; *tables; tables++)
		for (const struct cli_command *c = *tables; c->name; c++) {
			int words = words_matched(c->name, argc, argv);
			if (words > 0) {
				*ret_words = words;
				return c;
			}
		}
	return NULL;
}

static bool is_help(const char *word)
{
	struct view v = view_of_string(word);
	return view_eq(v, VIEW("--help")) || view_eq(v, VIEW("-h")) ||
	       view_eq(v, VIEW("help"));
}

static struct view quoted(struct view text)
{
	return utf8_truncate(text, QUOTED_MAX);
}

// The place for the value of the option `name`; NULL if there is no such
// option.
static const char **find_option(struct cli_call *call, struct view name,
    const struct cli_option **ret_option)
{
	for (size_t i = 0; i < CLI_OPTIONS_MAX; i++) {
		const struct cli_option *o = &call->command->options[i];
		if (!o->name)
			break;
		*ret_option = o;
		if (view_eq(name, view_of_string(o->name)))
			return &call->values[i];
	}
	*ret_option = &cli_common_options[0];
	if (view_eq(name, VIEW("data")))
		return &call->data;
	*ret_option = &cli_common_options[1];
	return view_eq(name, VIEW("config")) ? &call->config : NULL;
}

// Parses the option at argv[*at], and its value.
static bool parse_option(struct cli_call *call, int argc, char **argv, int *at)
{
	struct view word = view_of_string(argv[*at]);
	struct view name = view_from(word, 2);
	size_t equals = view_find_char(name, '=');
	const char *given = equals == SIZE_MAX ? NULL : name.ptr + equals + 1;
	name = view_slice(name, 0, equals);
	const struct cli_option *option;
	const char **to = view_starts_with(word, VIEW("--"))
			      ? find_option(call, name, &option)
			      : NULL;
	if (!to) {
		cli_complain("there is no option %.*s (see roost %s --help)",
		    VIEW_FMT(quoted(word)), call->command->name);
		return false;
	}
	if (*to) {
		cli_complain("--%s is given twice", option->name);
		return false;
	}
	if (!option->value) {
		if (given)
			cli_complain("--%s takes no value", option->name);
		*to = "";
		return !given;
	}
	if (!given && *at + 1 < argc)
		given = argv[++*at];
	if (!given || !*given) {
		cli_complain("--%s needs a value: --%s %s", option->name,
		    option->name, option->value);
		return false;
	}
	*to = given;
	return true;
}

// A "-" alone is an argument, which means standard input or output.
static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

static bool parse_argument(struct cli_call *call, const char *word)
{
	if (call->argument_count == call->command->arguments_max) {
		cli_complain("one argument too many: %.*s",
		    VIEW_FMT(quoted(view_of_string(word))));
		return false;
	}
	if (!*word) {
		cli_complain("an argument is empty: roost %s %s",
		    call->command->name, call->command->arguments);
		return false;
	}
	call->arguments[call->argument_count++] = word;
	return true;
}

static enum cli_parsed parse_rest(
    struct cli_call *call, int argc, char **argv, int at)
{
	const struct cli_command *command = call->command;
	bool options_ended = false;
	for (; at < argc; at++) {
		struct view word = view_of_string(argv[at]);
		bool good = true;
		if (!options_ended && (view_eq(word, VIEW("--help")) ||
					  view_eq(word, VIEW("-h")))) {
			cli_help_command(stdout, command);
			return CLI_ANSWERED;
		}
		if (!options_ended && view_eq(word, VIEW("--")))
			options_ended = true;
		else if (!options_ended && is_option(argv[at]))
			good = parse_option(call, argc, argv, &at);
		else
			good = parse_argument(call, argv[at]);
		if (!good)
			return CLI_WRONG;
	}
	if (call->argument_count < command->arguments_min) {
		cli_complain(
		    "usage: roost %s %s", command->name, command->arguments);
		return CLI_WRONG;
	}
	return CLI_PARSED;
}

// ---- Checking --------------------------------------------------------------

// False if two of the options exclude each other, or if a required one is
// missing.
static bool check_options(const struct cli_call *call)
{
	const struct cli_option *options = call->command->options;
	for (size_t i = 0; i < CLI_OPTIONS_MAX && options[i].name; i++) {
		if (!call->values[i] && options[i].required) {
			cli_complain("--%s %s is needed", options[i].name,
			    options[i].value);
			return false;
		}
		for (size_t j = 0; call->values[i] && j < i; j++) {
			if (!call->values[j] || options[i].one_of == 0 ||
			    options[i].one_of != options[j].one_of)
				continue;
			cli_complain("--%s and --%s exclude each other",
			    options[j].name, options[i].name);
			return false;
		}
	}
	return true;
}

// Refuses a text that is not UTF-8: names are sent to the service as JSON, and
// replacing a wrong byte would make another name.
static bool check_text(const char *text)
{
	struct view left = view_of_string(text);
	uint32_t code;
	if (left.len > CLI_TEXT_MAX) {
		cli_complain("an argument has %zu bytes; none may have over "
			     "%d: %.*s",
		    left.len, CLI_TEXT_MAX, VIEW_FMT(quoted(left)));
		return false;
	}
	if (!utf8_is_valid(left)) {
		cli_complain("the command line is not UTF-8: %.*s",
		    VIEW_FMT(quoted(left)));
		return false;
	}
	while (utf8_next(&left, &code))
		if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
			cli_complain("there is a control character in an "
				     "argument: %.*s",
			    VIEW_FMT(quoted(view_of_string(text))));
			return false;
		}
	return true;
}

// Paths are not checked: they are used by the command itself, and may have any
// bytes.
static bool check_texts(const struct cli_call *call)
{
	const char *what = call->command->arguments;
	bool path = strcmp(what, "PATH") == 0 || strcmp(what, "FILE") == 0;
	for (unsigned i = 0; i < call->argument_count && !path; i++)
		if (!check_text(call->arguments[i]))
			return false;
	for (size_t i = 0; i < CLI_OPTIONS_MAX; i++)
		if (call->values[i] && !check_text(call->values[i]))
			return false;
	return true;
}

// ---- Which command ---------------------------------------------------------

static enum cli_parsed no_command(
    const struct cli_command *const *tables, int argc, char **argv)
{
	struct view first = view_of_string(argv[1]);
	struct view second = view_of_string(argc > 2 ? argv[2] : "");
	bool help = argc > 2 && is_help(argv[2]);
	if (argc == 2 || help) {
		// The word may be a group of commands. Then list them: on
		// standard output if help was asked for, else as a mistake.
		if (cli_help_commands(help ? stdout : stderr, tables, argv[1]))
			return help ? CLI_ANSWERED : CLI_WRONG;
	}
	if (is_option(argv[1]))
		cli_complain("there is no command %.*s: options come behind "
			     "the command (see roost help)",
		    VIEW_FMT(quoted(first)));
	else
		cli_complain("there is no such command: %.*s%s%.*s (see roost "
			     "help)",
		    VIEW_FMT(quoted(first)), argc > 2 ? " " : "",
		    VIEW_FMT(quoted(second)));
	return CLI_WRONG;
}

// Answers "roost help", "roost help user" and "roost help user add".
static enum cli_parsed help(
    const struct cli_command *const *tables, int argc, char **argv)
{
	int words;
	if (argc == 2) {
		cli_help_commands(stdout, tables, NULL);
		return CLI_ANSWERED;
	}
	const struct cli_command *command =
	    find_command(tables, argc - 2, argv + 2, &words);
	if (command && words == argc - 2) {
		cli_help_command(stdout, command);
		return CLI_ANSWERED;
	}
	if (argc == 3 && cli_help_commands(stdout, tables, argv[2]))
		return CLI_ANSWERED;
	return no_command(tables, argc - 1, argv + 1);
}

enum cli_parsed cli_parse(const struct cli_command *const *tables, int argc,
    char **argv, struct cli_call *ret_call)
{
	static char version[] = "version";
	int words;
	struct cli_call call = {0};
	if (argc < 2) {
		cli_help_commands(stderr, tables, NULL);
		return CLI_WRONG;
	}
	if (is_help(argv[1]))
		return help(tables, argc, argv);
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		argv[1] = version;
	call.command = find_command(tables, argc - 1, argv + 1, &words);
	if (!call.command)
		return no_command(tables, argc, argv);
	enum cli_parsed parsed = parse_rest(&call, argc, argv, 1 + words);
	if (parsed == CLI_PARSED &&
	    !(check_options(&call) && check_texts(&call)))
		parsed = CLI_WRONG;
	call.argv = argv;
	*ret_call = call;
	return parsed;
}

const char *cli_value(const struct cli_call *call, const char *name)
{
	for (size_t i = 0; i < CLI_OPTIONS_MAX; i++) {
		const char *option = call->command->options[i].name;
		if (!option)
			break;
		if (view_eq(view_of_string(option), view_of_string(name)))
			return call->values[i];
	}
	return NULL;
}

// SPDX-License-Identifier: Apache-2.0
#include "admin/cli.h"

#include <stdarg.h>

#include "wire/utf8.h"

#define HELP_COLUMN 26 // where the explanations begin

static const struct cli_option common_options[] = {
    {"data", "DIR", "the data folder, instead of the configured one"},
    {"config", "FILE", "the configuration file"},
    {"help", NULL, "print this"},
};

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
	va_list args;
	va_start(args, format);
	fputs("roost: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

enum cli_exit cli_fail(enum rc rc, const struct fault *fault)
{
	cli_complain("%s", fault && fault->text[0] ? fault->text : rc_text(rc));
	return cli_exit_of(rc);
}

// ---- Help ------------------------------------------------------------------

static void print_entry(const char *name, const char *value, const char *help)
{
	char left[80];
	snprintf(left, sizeof(left), "  %s%s%s", name,
	    value && *value ? " " : "", value ? value : "");
	if (strlen(left) > HELP_COLUMN)
		printf("%s\n%-*s %s\n", left, HELP_COLUMN, "", help);
	else
		printf("%-*s %s\n", HELP_COLUMN, left, help);
}

static void print_options(const struct cli_option *options, size_t count)
{
	for (size_t i = 0; i < count && options[i].name; i++) {
		char name[40];
		snprintf(name, sizeof(name), "--%s", options[i].name);
		print_entry(name, options[i].value, options[i].help);
	}
}

static void print_exits(void)
{
	puts("\nExit codes:");
#define X(name, number, text) printf("  %d  %s\n", number, text);
	CLI_EXIT_TABLE(X)
#undef X
}

static void print_command(const struct cli_command *command)
{
	printf("Usage: roost %s%s%s%s\n\n%s\n", command->name,
	    command->options[0].name ? " [options]" : "",
	    *command->arguments ? " " : "", command->arguments,
	    command->summary);
	if (command->details)
		printf("\n%s\n", command->details);
	puts("\nOptions:");
	print_options(command->options, CLI_OPTIONS_MAX);
	print_options(common_options, ARRAY_LEN(common_options));
}

// All commands whose name begins with `first` (empty: all).
static void print_commands(
    const struct cli_command *const *tables, struct view first)
{
	puts("Usage: roost COMMAND [options] [arguments]\n\nCommands:");
	for (; *tables; tables++)
		for (const struct cli_command *c = *tables; c->name; c++)
			if (view_starts_with(view_of_string(c->name), first))
				print_entry(c->name, c->arguments, c->summary);
	puts("\nEvery command takes:");
	print_options(common_options, ARRAY_LEN(common_options));
	print_exits();
}

// ---- Parsing ---------------------------------------------------------------

// How many of the words are `name`'s; 0: it is another command.
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

// Where the value of the option `name` goes; NULL when there is no such option.
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
	*ret_option = &common_options[0];
	if (view_eq(name, VIEW("data")))
		return &call->data;
	*ret_option = &common_options[1];
	return view_eq(name, VIEW("config")) ? &call->config : NULL;
}

// Takes the option at argv[*at], and its value.
static bool parse_option(struct cli_call *call, int argc, char **argv, int *at)
{
	struct view name = view_of_string(argv[*at] + 2);
	size_t equals = view_find_char(name, '=');
	const char *given = equals == SIZE_MAX ? NULL : name.ptr + equals + 1;
	name = view_slice(name, 0, equals);
	const struct cli_option *option;
	const char **to = find_option(call, name, &option);
	if (!to) {
		cli_complain("there is no option --%.*s", VIEW_FMT(name));
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
	if (!given) {
		cli_complain("--%s needs %s", option->name, option->value);
		return false;
	}
	*to = given;
	return true;
}

static enum cli_parsed parse_rest(
    struct cli_call *call, int argc, char **argv, int at)
{
	const struct cli_command *command = call->command;
	bool options_ended = false;
	for (; at < argc; at++) {
		struct view word = view_of_string(argv[at]);
		if (!options_ended && (view_eq(word, VIEW("--help")) ||
					  view_eq(word, VIEW("-h")))) {
			print_command(command);
			return CLI_ANSWERED;
		}
		if (!options_ended && view_eq(word, VIEW("--"))) {
			options_ended = true;
		} else if (!options_ended &&
			   view_starts_with(word, VIEW("--"))) {
			if (!parse_option(call, argc, argv, &at))
				return CLI_WRONG;
		} else if (call->argument_count == command->arguments_max) {
			cli_complain("one argument too many: %s", argv[at]);
			return CLI_WRONG;
		} else {
			call->arguments[call->argument_count++] = argv[at];
		}
	}
	if (call->argument_count < command->arguments_min) {
		cli_complain(
		    "usage: roost %s %s", command->name, command->arguments);
		return CLI_WRONG;
	}
	return CLI_PARSED;
}

// Names go to the service as JSON, where what is not UTF-8 could only become
// another name. Paths stay with the command.
static bool is_text(const struct cli_call *call)
{
	bool path = strcmp(call->command->arguments, "PATH") == 0;
	for (unsigned i = 0; i < call->argument_count && !path; i++)
		if (!utf8_is_valid(view_of_string(call->arguments[i])))
			return false;
	for (size_t i = 0; i < CLI_OPTIONS_MAX; i++)
		if (call->values[i] &&
		    !utf8_is_valid(view_of_string(call->values[i])))
			return false;
	return true;
}

enum cli_parsed cli_parse(const struct cli_command *const *tables, int argc,
    char **argv, struct cli_call *ret_call)
{
	if (argc < 2 || is_help(argv[1])) {
		print_commands(tables, VIEW(""));
		return argc < 2 ? CLI_WRONG : CLI_ANSWERED;
	}
	int words;
	struct cli_call call = {0};
	call.command = find_command(tables, argc - 1, argv + 1, &words);
	if (!call.command) {
		if (argc > 2 && is_help(argv[2])) {
			print_commands(tables, view_of_string(argv[1]));
			return CLI_ANSWERED;
		}
		cli_complain("there is no such command: %s%s%s (see roost "
			     "--help)",
		    argv[1], argc > 2 ? " " : "", argc > 2 ? argv[2] : "");
		return CLI_WRONG;
	}
	enum cli_parsed parsed = parse_rest(&call, argc, argv, 1 + words);
	if (parsed == CLI_PARSED && !is_text(&call)) {
		cli_complain("the command line is not UTF-8");
		parsed = CLI_WRONG;
	}
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

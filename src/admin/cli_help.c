// SPDX-License-Identifier: Apache-2.0
#include "admin/cli_help.h"

#define HELP_COLUMN 26 // where the explanations begin

const struct cli_option cli_common_options[CLI_COMMON_OPTIONS] = {
    CLI_VALUE("data", "DIR", "the data folder, instead of the configured one"),
    CLI_VALUE("config", "FILE", "the configuration file"),
    CLI_SWITCH("help", "print this"),
};

static void print_entry(
    FILE *out, const char *name, const char *value, const char *help)
{
	char left[80];
	snprintf(left, sizeof(left), "  %s%s%s", name,
	    value && *value ? " " : "", value ? value : "");
	if (strlen(left) > HELP_COLUMN)
		fprintf(out, "%s\n%-*s %s\n", left, HELP_COLUMN, "", help);
	else
		fprintf(out, "%-*s %s\n", HELP_COLUMN, left, help);
}

static void print_options(
    FILE *out, const struct cli_option *options, size_t count)
{
	for (size_t i = 0; i < count && options[i].name; i++) {
		char name[40];
		snprintf(name, sizeof(name), "--%s", options[i].name);
		print_entry(out, name, options[i].value, options[i].help);
	}
}

static void print_exits(FILE *out)
{
	fputs("\nExit codes:\n", out);
#define X(name, number, text) fprintf(out, "  %d  %s\n", number, text);
	CLI_EXIT_TABLE(X)
#undef X
}

void cli_help_command(FILE *out, const struct cli_command *command)
{
	fprintf(out, "Usage: roost %s%s%s%s\n\n%s\n", command->name,
	    command->options[0].name ? " [options]" : "",
	    *command->arguments ? " " : "", command->arguments,
	    command->summary);
	if (command->details)
		fprintf(out, "\n%s\n", command->details);
	fputs("\nOptions:\n", out);
	print_options(out, command->options, CLI_OPTIONS_MAX);
	print_options(out, cli_common_options, CLI_COMMON_OPTIONS);
}

static bool is_in(const struct cli_command *command, const char *group)
{
	struct view rest = view_of_string(command->name), word;
	return !group || (view_split(&rest, ' ', &word) &&
			     view_eq(word, view_of_string(group)));
}

static bool has_any(const struct cli_command *const *tables, const char *group)
{
	for (; *tables; tables++)
		for (const struct cli_command *c = *tables; c->name; c++)
			if (is_in(c, group))
				return true;
	return false;
}

bool cli_help_commands(
    FILE *out, const struct cli_command *const *tables, const char *group)
{
	if (!has_any(tables, group))
		return false;
	fputs("Usage: roost COMMAND [options] [arguments]\n\nCommands:\n", out);
	for (; *tables; tables++)
		for (const struct cli_command *c = *tables; c->name; c++)
			if (is_in(c, group))
				print_entry(
				    out, c->name, c->arguments, c->summary);
	fputs("\nEvery command takes:\n", out);
	print_options(out, cli_common_options, CLI_COMMON_OPTIONS);
	if (!group)
		fputs("\n`roost help COMMAND` says all about one.\n", out);
	print_exits(out);
	return true;
}

// SPDX-License-Identifier: Apache-2.0
#include "admin/ask.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <termios.h>
#include <unistd.h>

#include "admin/cli.h"

static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
_Static_assert(sizeof(letters) == 32 + 1, "a letter is five random bits");

bool ask_line(char *to, size_t size)
{
	if (!fgets(to, (int)size, stdin))
		return false;
	size_t len = strlen(to);
	bool whole = len > 0 && to[len - 1] == '\n';
	if (!whole && !feof(stdin))
		return false;
	while (len > 0 && (to[len - 1] == '\n' || to[len - 1] == '\r'))
		to[--len] = '\0';
	return true;
}

bool ask_hidden(const char *text, char *to, size_t size)
{
	struct termios before, quiet;
	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return false;
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	// This comes before the question, so that an answer to the question is
	// not shown and not thrown away.
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	fprintf(stderr, "%s: ", text);
	fflush(stderr);
	bool good = ask_line(to, size);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	fputc('\n', stderr);
	return good;
}

bool ask_new_password(char *to, size_t size)
{
	char again[AUTH_PASSWORD_MAX + 3];
	bool same = ask_hidden("Password", to, size) &&
		    ask_hidden("Again", again, sizeof(again)) &&
		    strcmp(to, again) == 0;
	if (!same)
		cli_complain("the two passwords are not the same");
	explicit_bzero(again, sizeof(again));
	return same;
}

bool ask_generate(char to[ASK_GENERATED_LEN + 1])
{
	unsigned char random[ASK_GENERATED_LEN];
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return false;
	for (size_t i = 0; i < ASK_GENERATED_LEN; i++)
		to[i] = letters[random[i] % 32];
	to[ASK_GENERATED_LEN] = '\0';
	explicit_bzero(random, sizeof(random));
	return true;
}

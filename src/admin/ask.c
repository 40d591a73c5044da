// SPDX-License-Identifier: Apache-2.0
#include "admin/ask.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

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

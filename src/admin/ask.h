// SPDX-License-Identifier: Apache-2.0
// Secrets that a person types or another program writes to standard input, and
// passwords that are made up. For commands only.
#ifndef ROOST_ADMIN_ASK_H
#define ROOST_ADMIN_ASK_H

#include <stdbool.h>
#include <stddef.h>

// Reads a line of standard input; false at the end of the input, or when the
// line is too long.
bool ask_line(char *to, size_t size);
// Asks at the terminal, without showing what is typed; false if there is no
// terminal.
bool ask_hidden(const char *text, char *to, size_t size);
// Asks for a new password twice, and complains if the two are not the same.
bool ask_new_password(char *to, size_t size);

#define ASK_GENERATED_LEN 20 // of 32 letters: 100 bits
// Makes up a password. No two of its letters look alike.
bool ask_generate(char to[ASK_GENERATED_LEN + 1]);

#endif

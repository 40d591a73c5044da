// SPDX-License-Identifier: Apache-2.0
// Functions that nobody may call: unbounded copies, character classes that
// depend on the locale, functions with hidden static state. The compiler
// includes this file into every source file (-include), after the system
// headers that declare the functions.
#ifndef ROOST_BASE_BANNED_H
#define ROOST_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets
#pragma GCC poison strtok isalpha isdigit isspace isalnum toupper tolower
#pragma GCC poison localtime gmtime ctime asctime atoi atol atof

#endif

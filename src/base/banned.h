// SPDX-License-Identifier: Apache-2.0
// Functions nobody may call: unbounded copies, locale-dependent character
// classes, hidden static state. Given to every file by the compiler's -include,
// after the system headers that declare them.
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

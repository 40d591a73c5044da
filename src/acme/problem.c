// SPDX-License-Identifier: Apache-2.0
#include "acme/problem.h"

#include <stdarg.h>

#include "base/ascii.h"

void acme_text(char to[ACME_TEXT_MAX], const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int len = vsnprintf(to, ACME_TEXT_MAX, format, args);
	va_end(args);
	size_t end = strlen(to);
	// Not within a character of UTF-8.
	if (len >= ACME_TEXT_MAX) {
		while (end > 0 && ((unsigned char)to[end - 1] & 0xc0) == 0x80)
			end--;
		if (end > 0)
			end--;
	}
	to[end] = '\0';
	for (size_t i = 0; i < end; i++)
		if (ascii_is_control(to[i]))
			to[i] = ' ';
}

static const struct {
	const char *type;
	const char *mend;
} kinds[] = {[ACME_PROBLEM_OTHER] = {"", NULL},
#define X(name, type, mend) [name] = {type, mend},
    ACME_PROBLEM_TABLE(X)
#undef X
};

static enum acme_problem_kind kind_of(const char *type)
{
	for (size_t i = 1; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].type, type) == 0)
			return (enum acme_problem_kind)i;
	return ACME_PROBLEM_OTHER;
}

void acme_problem_read(const json_t *json, struct acme_problem *ret_problem)
{
	static const char prefix[] = "urn:ietf:params:acme:error:";
	const char *type = json_string_value(json_object_get(json, "type"));
	const char *detail = json_string_value(json_object_get(json, "detail"));
	const char *title = json_string_value(json_object_get(json, "title"));
	*ret_problem = (struct acme_problem){0};
	if (!detail)
		detail = title;
	if (type && strncmp(type, prefix, sizeof(prefix) - 1) == 0)
		type += sizeof(prefix) - 1;
	if (type)
		ret_problem->kind = kind_of(type);
	ret_problem->mend = kinds[ret_problem->kind].mend;
	if (type && detail)
		acme_text(ret_problem->text, "%s: %s", type, detail);
	else if (type || detail)
		acme_text(ret_problem->text, "%s", type ? type : detail);
	else
		acme_text(ret_problem->text, "the authority gives no reason");
}

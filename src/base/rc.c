// SPDX-License-Identifier: Apache-2.0
#include "base/rc.h"

#include <stdarg.h>

const char *rc_name(enum rc rc)
{
	switch (rc) {
#define X(name, text)                                                          \
	case name: return #name;
		RC_TABLE(X)
#undef X
	}
	return "RC_?";
}

const char *rc_text(enum rc rc)
{
	switch (rc) {
#define X(name, text)                                                          \
	case name: return text;
		RC_TABLE(X)
#undef X
	}
	return "unknown result";
}

enum rc fault_set(struct fault *fault, enum rc rc, const char *format, ...)
{
	if (!fault)
		return rc;
	fault->rc = rc;
	va_list args;
	va_start(args, format);
	vsnprintf(fault->text, sizeof(fault->text), format, args);
	va_end(args);
	// The text goes into protocol lines and logs, so it must be one line
	// without control characters.
	for (unsigned char *at = (unsigned char *)fault->text; *at; at++)
		if (*at < 0x20 || *at == 0x7f)
			*at = '?';
	return rc;
}

// SPDX-License-Identifier: Apache-2.0
#include "base/rc.h"

#include <stdarg.h>

#include "base/mem.h"

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

bool rc_is_internal(enum rc rc)
{
	switch (rc) {
	case RC_IO:
	case RC_CORRUPT:
	case RC_CLOSED:
	case RC_OK: // a failure without a result is a mistake of ours
	case RC_MORE:
	case RC_END: return true;
	case RC_SYNTAX:
	case RC_INVALID:
	case RC_LIMIT:
	case RC_NOT_FOUND:
	case RC_EXISTS:
	case RC_GONE:
	case RC_CONFLICT:
	case RC_DENIED:
	case RC_AUTH:
	case RC_QUOTA:
	case RC_FULL:
	case RC_IN_USE:
	case RC_UNSUPPORTED:
	case RC_CHARSET: return false;
	}
	return true;
}

const char *fault_public_text(const struct fault *fault, enum rc rc)
{
	if (rc == RC_CORRUPT)
		return "stored data is damaged; the server's log says more";
	if (rc_is_internal(rc))
		return "the server has a problem; its log says more";
	return fault->rc == rc && fault->text[0] ? fault->text : rc_text(rc);
}

// Bytes at the front of a text that is cut.
#define FAULT_FRONT 100

// Cuts characters whole: moves back to where one begins.
static size_t character_start(const char *text, size_t at)
{
	while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
		at--;
	return at;
}

// `len` bytes of `text` into the fault, with what does not fit left out.
static void keep_both_ends(struct fault *fault, const char *text, size_t len)
{
	static const char gap[] = "...";
	size_t front = character_start(text, FAULT_FRONT);
	size_t back = len - (sizeof(fault->text) - sizeof(gap) - front);
	while (back < len && ((unsigned char)text[back] & 0xc0) == 0x80)
		back++;
	memcpy(fault->text, text, front);
	memcpy(fault->text + front, gap, sizeof(gap) - 1);
	memcpy(
	    fault->text + front + sizeof(gap) - 1, text + back, len - back + 1);
}

// A text of `len` bytes, more than there is room for.
static void print_long(
    struct fault *fault, size_t len, const char *format, va_list args)
{
	char *whole = mem_alloc(len + 1);
	vsnprintf(whole, len + 1, format, args);
	keep_both_ends(fault, whole, len);
	free(whole);
}

enum rc fault_set(struct fault *fault, enum rc rc, const char *format, ...)
{
	if (!fault)
		return rc;
	fault->rc = rc;
	fault->text[0] = '\0';
	char text[FAULT_TEXT_MAX] = "";
	va_list args;
	va_start(args, format);
	int len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len < 0)
		return rc;
	if ((size_t)len < sizeof(text)) {
		memcpy(fault->text, text, sizeof(text));
	} else {
		va_start(args, format);
		print_long(fault, (size_t)len, format, args);
		va_end(args);
	}
	// The text goes into protocol lines and logs, so it must be one line
	// without control characters.
	for (unsigned char *at = (unsigned char *)fault->text; *at; at++)
		if (*at < 0x20 || *at == 0x7f)
			*at = '?';
	return rc;
}

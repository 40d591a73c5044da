// SPDX-License-Identifier: Apache-2.0
// The built page (web/mail) as a part of the program. scripts/webmail makes the
// source of this table.
#ifndef ROOST_WEBMAIL_FILES_H
#define ROOST_WEBMAIL_FILES_H

#include <stdbool.h>
#include <stddef.h>

struct webmail_file {
	const char *name; // "index.html"
	const char *type;
	const char *bytes;
	size_t len;
	// Another content has another name, so browsers never ask again.
	bool fixed;
};

extern const struct webmail_file webmail_files[];
extern const size_t webmail_file_count;

#endif

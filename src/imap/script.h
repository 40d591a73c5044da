// SPDX-License-Identifier: Apache-2.0
// Dialogues with IMAP (net/script.h). A client's greeting is passed over. A
// script runs once in whole lines, once byte by byte, and once in pieces of 7.
#ifndef ROOST_IMAP_SCRIPT_H
#define ROOST_IMAP_SCRIPT_H

#include "imap/rig.h"
#include "net/script.h"

struct script_options {
	struct rig_options rig;
	bool log_in; // clients begin before login, with the greeting shown
};

#define SCRIPT_AS_USUAL                                                        \
	{                                                                      \
		.log_in = false                                                \
	}

struct script {
	const char *name;
	struct script_options options;
	const char *text;
};

void script_run(const struct script *script);
// A test program of nothing but scripts: what main() returns.
int script_main(const struct script *scripts, size_t count);

#endif

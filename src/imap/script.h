// SPDX-License-Identifier: Apache-2.0
// Dialogues with IMAP (net/script.h). The greeting is not shown in them. A
// script runs once in whole lines, once byte by byte, and once in pieces of 7
// bytes.
#ifndef ROOST_IMAP_SCRIPT_H
#define ROOST_IMAP_SCRIPT_H

#include "imap/rig.h"
#include "net/script.h"

struct script_options {
	struct rig_options rig;
	// False: clients begin before login, and the greeting is shown.
	bool log_in;
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
// The main() of a test program that consists only of scripts.
int script_main(const struct script *scripts, size_t count);

#endif

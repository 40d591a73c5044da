// SPDX-License-Identifier: Apache-2.0
// A dialogue as a fuzzer has it, with a false delivery behind it, and what must
// hold of any.
#ifndef ROOST_SMTP_FUZZ_DIALOGUE_H
#define ROOST_SMTP_FUZZ_DIALOGUE_H

#include "smtp/rig.h"

enum fuzz_begin {
	FUZZ_STRANGER,  // just greeted
	FUZZ_HELLO,     // said EHLO (and logged in, on submission)
	FUZZ_RECIPIENT, // with a recipient
	FUZZ_DATA,      // in the middle of the data
	FUZZ_BEGINS,    // how many
};

struct fuzz_dialogue {
	enum smtp_role role;
	enum fuzz_begin begin;
	bool normalize;
	size_t piece; // bytes at a time
};

// Runs it in one piece, line by line and in pieces. What is said is a sequence
// of replies; messages come out as often as it is said; the pieces make no
// difference (but for what comes before its turn). Aborts when not.
void fuzz_dialogue_run(const struct fuzz_dialogue *dialogue, struct view input);

#endif

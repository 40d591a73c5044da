// SPDX-License-Identifier: Apache-2.0
// A dialogue that a fuzzer makes, with a fake delivery behind the session, and
// the rules that every dialogue must keep.
#ifndef ROOST_SMTP_FUZZ_DIALOGUE_H
#define ROOST_SMTP_FUZZ_DIALOGUE_H

#include "smtp/rig.h"

enum fuzz_begin {
	FUZZ_STRANGER,  // just greeted
	FUZZ_HELLO,     // said EHLO (and logged in, on submission)
	FUZZ_RECIPIENT, // with a recipient
	FUZZ_DATA,      // in the middle of the data
	FUZZ_BEGINS,    // number of the others
};

struct fuzz_dialogue {
	enum smtp_role role;
	enum fuzz_begin begin;
	bool normalize;
	size_t piece; // bytes in each piece
};

// Runs the dialogue in one piece, line by line, and in pieces. It aborts if the
// output is not a sequence of replies, if the number of messages delivered
// differs from the number confirmed, or if the pieces make a difference (except
// for input that comes before its turn).
void fuzz_dialogue_run(const struct fuzz_dialogue *dialogue, struct view input);

#endif

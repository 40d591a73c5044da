// SPDX-License-Identifier: Apache-2.0
// What the test of the connection says, in each language of the page.
#ifndef ROOST_SETUP_SENTENCES_H
#define ROOST_SETUP_SENTENCES_H

#include "probe/dialogue.h"
#include "setup/page.h"

// The sentence for a cause, and what to do about it (may be nothing). In
// English they are those of probe/cause.h, unless users of the page need other
// words than operators.
void setup_sentence(enum setup_language language, enum probe_cause cause,
    const struct probe_words *words, struct buf *out);
void setup_mend(enum setup_language language, enum probe_cause cause,
    const struct probe_words *words, struct buf *out);

// What it means that this stage was reached. `protocol` of probe_protocol.
void setup_stage_sentence(enum setup_language language,
    enum probe_protocol protocol, enum probe_stage stage,
    const struct probe_words *words, struct buf *out);

enum setup_verdict {
	SETUP_VERDICT_GOOD,
	SETUP_VERDICT_DOUBT,
	SETUP_VERDICT_FAULT,
	SETUP_VERDICT_RIGHT_PASSWORD, // before anything else is tried
	SETUP_VERDICT_BUSY,           // too many tests at this moment
	SETUP_VERDICTS
};
const char *setup_verdict_sentence( // static
    enum setup_language language, enum setup_verdict verdict);

#endif

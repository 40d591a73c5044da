// SPDX-License-Identifier: Apache-2.0
// The parts of a dialogue; inside the room only.
#ifndef ROOST_PROBE_DIALOGUE_IMPL_H
#define ROOST_PROBE_DIALOGUE_IMPL_H

#include "base/arena.h"
#include "probe/dialogue.h"
#include "probe/scram.h"

#define PROBE_LINE_MAX   ((size_t)8 * 1024)
#define PROBE_ANSWER_MAX ((size_t)64 * 1024)

enum probe_step {
	STEP_GREETING,
	STEP_OFFER,    // CAPABILITY, CAPA, EHLO
	STEP_SECURE,   // STARTTLS, STLS
	STEP_AUTH,     // a SASL exchange
	STEP_USER,     // POP3's USER
	STEP_PASSWORD, // POP3's PASS, IMAP's LOGIN
	STEP_USE,      // EXAMINE, STAT, MAIL
	STEP_UNDO,     // RSET
	STEP_BYE,
};

enum probe_tone {
	TONE_GOOD,
	TONE_BAD,      // refused for good, or as far as the protocol says
	TONE_LATER,    // refused for now
	TONE_GO_ON,    // a SASL challenge is in `text`
	TONE_NONSENSE, // not an answer of this protocol
};

// One whole answer of the server.
struct probe_answer {
	enum probe_tone tone;
	struct view text; // of its last line, without tag, code and status word
	struct view all;  // its lines, each with LF
};

enum probe_mechanism { // bits of a set
	MECHANISM_SCRAM_SHA_256 = 1u << 0,
	MECHANISM_PLAIN = 1u << 1,
	MECHANISM_LOGIN = 1u << 2,   // SASL's
	MECHANISM_COMMAND = 1u << 3, // IMAP's LOGIN, POP3's USER and PASS
};

struct probe_offer {
	unsigned mechanisms;
	bool starttls;
	char others[200]; // mechanisms that are unknown here
};

struct probe_dialogue {
	struct probe_dialogue_config config;
	const struct probe_language *language;
	struct arena arena;
	struct probe_login login; // texts in the arena
	bool has_login;
	struct buf answer; // the lines of the answer
	enum probe_step step;
	uint64_t started_ms;
	unsigned tag; // IMAP's
	bool encrypted;
	struct probe_offer offer;
	unsigned mechanism; // in use
	unsigned turn;      // of the SASL exchange
	bool proved;        // the password, or a proof of it, was sent
	struct probe_scram scram;
	struct probe_outcome outcome;
	bool over;
};

// What the three protocols do each in their own way.
struct probe_language {
	// Takes a line into `answer`. False: more lines belong to the answer.
	bool (*hear)(struct probe_dialogue *dialogue, struct view line,
	    struct probe_answer *ret_answer);
	bool (*is_greeting)(struct view line);
	void (*say)(struct probe_dialogue *dialogue, enum probe_step step,
	    struct buf *out);
	void (*read_offer)(const struct probe_dialogue *dialogue,
	    const struct probe_answer *answer, struct probe_offer *ret_offer);
	// Why the log-in was refused.
	enum probe_cause (*judge)(const struct probe_answer *answer);
};

extern const struct probe_language probe_imap, probe_pop3, probe_smtp;

// The name of one SASL mechanism of enum probe_mechanism; static.
const char *probe_sasl_name(unsigned mechanism);
// Adds a mechanism that a server names.
void probe_offer_add(struct probe_offer *offer, struct view name);
// Adds the text as an IMAP string.
void probe_add_quoted(struct buf *out, const char *text);
// Whether one of `codes` (ends with NULL) stands in `text`, in any case.
bool probe_has_word(struct view text, const char *const *codes);

// log-in (login.c): begins with the best mechanism that is left, goes on with
// an answer.
enum net_next probe_login_begin(struct probe_dialogue *d, struct buf *out);
enum net_next probe_login_answer(struct probe_dialogue *d,
    const struct probe_answer *answer, struct buf *out);
enum net_next probe_dialogue_use(struct probe_dialogue *d, struct buf *out);
enum net_next probe_dialogue_say(
    struct probe_dialogue *d, enum probe_step step, struct buf *out);
// Ends with this cause.
enum net_next probe_dialogue_end(struct probe_dialogue *d,
    enum probe_cause cause, struct view detail, struct buf *out);
void probe_dialogue_step(struct probe_dialogue *d, enum probe_stage stage);

#endif

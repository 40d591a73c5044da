// SPDX-License-Identifier: Apache-2.0
// POP3 (RFC 1939), CAPA (RFC 2449), STLS (RFC 2595), AUTH (RFC 5034).
#include "probe/dialogue_impl.h"

static bool is_greeting(struct view line)
{
	return view_starts_with_nocase(line, VIEW("+OK")) ||
	       view_starts_with_nocase(line, VIEW("-ERR"));
}

static void set_tone(struct view line, struct probe_answer *answer)
{
	if (view_starts_with_nocase(line, VIEW("+OK"))) {
		answer->tone = TONE_GOOD;
		answer->text = view_trim(view_from(line, 3));
	} else if (view_starts_with_nocase(line, VIEW("-ERR"))) {
		answer->tone = TONE_BAD;
		answer->text = view_trim(view_from(line, 4));
	} else if (view_starts_with(line, VIEW("+"))) {
		answer->tone = TONE_GO_ON;
		answer->text = view_from(line, 2);
	} else {
		answer->tone = TONE_NONSENSE;
	}
}

static bool hear(
    struct probe_dialogue *d, struct view line, struct probe_answer *ret_answer)
{
	bool first = d->answer.len == 0;
	if (!first && view_eq(line, VIEW("."))) {
		ret_answer->tone = TONE_GOOD;
		return true;
	}
	if (first) {
		set_tone(line, ret_answer);
		if (d->step != STEP_OFFER || ret_answer->tone != TONE_GOOD)
			return true;
	}
	buf_add(&d->answer, line);
	buf_add_char(&d->answer, '\n');
	return false;
}

static void say(struct probe_dialogue *d, enum probe_step step, struct buf *out)
{
	switch (step) {
	case STEP_OFFER: buf_add_literal(out, "CAPA"); break;
	case STEP_SECURE: buf_add_literal(out, "STLS"); break;
	case STEP_AUTH:
		buf_printf(out, "AUTH %s", probe_sasl_name(d->mechanism));
		break;
	case STEP_USER:
		buf_add_literal(out, "USER ");
		buf_add_string(out, d->login.user);
		break;
	case STEP_PASSWORD:
		buf_add_literal(out, "PASS ");
		buf_add_string(out, d->login.password);
		break;
	case STEP_USE: buf_add_literal(out, "STAT"); break;
	case STEP_BYE: buf_add_literal(out, "QUIT"); break;
	case STEP_GREETING:
	case STEP_UNDO: buf_add_literal(out, "NOOP"); break;
	}
	buf_add_literal(out, "\r\n");
}

static void read_offer(const struct probe_dialogue *d,
    const struct probe_answer *answer, struct probe_offer *ret_offer)
{
	struct view all = answer->all, line, word;
	(void)d;
	if (answer->tone != TONE_GOOD) // a server from before RFC 2449
		ret_offer->mechanisms |= MECHANISM_COMMAND;
	while (view_split(&all, '\n', &line)) {
		if (!view_split(&line, ' ', &word))
			continue;
		if (view_eq_nocase(word, VIEW("STLS")))
			ret_offer->starttls = true;
		else if (view_eq_nocase(word, VIEW("USER")))
			ret_offer->mechanisms |= MECHANISM_COMMAND;
		else if (view_eq_nocase(word, VIEW("SASL")))
			while (view_split(&line, ' ', &word))
				probe_offer_add(ret_offer, word);
	}
}

// RFC 2449 section 8, RFC 3206.
static enum probe_cause judge(const struct probe_answer *answer)
{
	static const char *const limited[] = {
	    "[LOGIN-DELAY", "[IN-USE]", "too many", "rate limit", NULL};
	static const char *const trouble[] = {"[SYS/TEMP]", "temporar", NULL};
	static const char *const disabled[] = {
	    "[SYS/PERM]", "disabled", "suspended", "expired", NULL};
	if (probe_has_word(answer->text, limited))
		return PROBE_LIMITED;
	if (probe_has_word(answer->text, trouble))
		return PROBE_LOGIN_TROUBLE;
	if (probe_has_word(answer->text, disabled))
		return PROBE_DISABLED;
	return PROBE_WRONG_PASSWORD;
}

const struct probe_language probe_pop3 = {
    .hear = hear,
    .is_greeting = is_greeting,
    .say = say,
    .read_offer = read_offer,
    .judge = judge,
};

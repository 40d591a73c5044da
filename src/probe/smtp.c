// SPDX-License-Identifier: Apache-2.0
// Submission (RFC 6409): SMTP (RFC 5321), STARTTLS (RFC 3207), AUTH (RFC 4954).
#include "base/ascii.h"
#include "probe/dialogue_impl.h"

static bool has_code(struct view line)
{
	return line.len >= 3 && line.ptr[0] >= '2' && line.ptr[0] <= '5' &&
	       ascii_is_digit(line.ptr[1]) && ascii_is_digit(line.ptr[2]) &&
	       (line.len == 3 || line.ptr[3] == ' ' || line.ptr[3] == '-');
}

static bool is_greeting(struct view line)
{
	return has_code(line) && line.ptr[0] != '3';
}

static bool hear(
    struct probe_dialogue *d, struct view line, struct probe_answer *ret_answer)
{
	static const enum probe_tone tones[] = {
	    TONE_GOOD, TONE_GO_ON, TONE_LATER, TONE_BAD};
	ret_answer->tone = TONE_NONSENSE;
	if (!has_code(line))
		return true;
	if (d->answer.len > 0 || (line.len > 3 && line.ptr[3] == '-')) {
		buf_add(&d->answer, view_from(line, 4));
		buf_add_char(&d->answer, '\n');
	}
	if (line.len > 3 && line.ptr[3] == '-')
		return false;
	ret_answer->tone = tones[line.ptr[0] - '2'];
	// The code tells a person who looks it up more than the words.
	ret_answer->text =
	    ret_answer->tone == TONE_GO_ON ? view_from(line, 4) : line;
	return true;
}

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

static void say(struct probe_dialogue *d, enum probe_step step, struct buf *out)
{
	switch (step) {
	case STEP_OFFER: buf_printf(out, "EHLO %s", d->config.helo); break;
	case STEP_SECURE: buf_add_literal(out, "STARTTLS"); break;
	case STEP_AUTH:
		buf_printf(out, "AUTH %s", probe_sasl_name(d->mechanism));
		break;
	case STEP_USE:
		buf_printf(out, "MAIL FROM:<%s>", d->login.sender);
		if (!is_ascii(d->login.sender)) // RFC 6531 section 3.4
			buf_add_literal(out, " SMTPUTF8");
		break;
	case STEP_UNDO: buf_add_literal(out, "RSET"); break;
	case STEP_BYE: buf_add_literal(out, "QUIT"); break;
	case STEP_GREETING:
	case STEP_USER:
	case STEP_PASSWORD: buf_add_literal(out, "NOOP"); break;
	}
	buf_add_literal(out, "\r\n");
}

static void read_offer(const struct probe_dialogue *d,
    const struct probe_answer *answer, struct probe_offer *ret_offer)
{
	struct view all = answer->all, line, word;
	(void)d;
	while (view_split(&all, '\n', &line)) {
		if (!view_split(&line, ' ', &word))
			continue;
		if (view_eq_nocase(word, VIEW("STARTTLS")))
			ret_offer->starttls = true;
		else if (view_eq_nocase(word, VIEW("AUTH")))
			while (view_split(&line, ' ', &word))
				probe_offer_add(ret_offer, word);
	}
}

// RFC 4954 sections 4 and 6, RFC 5248.
static enum probe_cause judge(const struct probe_answer *answer)
{
	static const char *const limited[] = {
	    "too many", "rate limit", "try again later", NULL};
	static const char *const disabled[] = {"525", "5.7.13", NULL};
	static const char *const privacy[] = {"538", "530", "5.7.11", NULL};
	struct view code = view_slice(answer->text, 0, 10);
	if (answer->tone == TONE_LATER)
		return probe_has_word(answer->text, limited)
			   ? PROBE_LIMITED
			   : PROBE_LOGIN_TROUBLE;
	if (probe_has_word(code, disabled))
		return PROBE_DISABLED;
	if (probe_has_word(code, privacy))
		return PROBE_LOGIN_NEEDS_TLS;
	return probe_has_word(answer->text, limited) ? PROBE_LIMITED
						     : PROBE_WRONG_PASSWORD;
}

const struct probe_language probe_smtp = {
    .hear = hear,
    .is_greeting = is_greeting,
    .say = say,
    .read_offer = read_offer,
    .judge = judge,
};

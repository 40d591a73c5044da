// SPDX-License-Identifier: Apache-2.0
// IMAP (RFC 9051, RFC 3501).
#include "probe/dialogue_impl.h"

static bool is_greeting(struct view line)
{
	return view_starts_with_nocase(line, VIEW("* OK")) ||
	       view_starts_with_nocase(line, VIEW("* PREAUTH")) ||
	       view_starts_with_nocase(line, VIEW("* BYE"));
}

static void set_tone(struct view rest, struct probe_answer *answer)
{
	struct view word;
	answer->text = rest;
	answer->tone = TONE_NONSENSE;
	if (!view_split(&rest, ' ', &word))
		return;
	if (view_eq_nocase(word, VIEW("OK")) ||
	    view_eq_nocase(word, VIEW("PREAUTH")))
		answer->tone = TONE_GOOD;
	else if (view_eq_nocase(word, VIEW("NO")) ||
		 view_eq_nocase(word, VIEW("BAD")) ||
		 view_eq_nocase(word, VIEW("BYE")))
		answer->tone = TONE_BAD;
	else
		return;
	answer->text = rest;
}

static bool hear(
    struct probe_dialogue *d, struct view line, struct probe_answer *ret_answer)
{
	char tag[16];
	snprintf(tag, sizeof(tag), "p%u ", d->tag);
	if (d->step == STEP_GREETING) {
		set_tone(view_from(line, 2), ret_answer);
		return true;
	}
	if (view_starts_with(line, VIEW("+"))) {
		ret_answer->tone = TONE_GO_ON;
		ret_answer->text = view_from(line, 2);
		return true;
	}
	if (view_starts_with(line, view_of_string(tag))) {
		set_tone(view_from(line, strlen(tag)), ret_answer);
		return true;
	}
	buf_add(&d->answer, line);
	buf_add_char(&d->answer, '\n');
	return false;
}

static void say(struct probe_dialogue *d, enum probe_step step, struct buf *out)
{
	buf_printf(out, "p%u ", ++d->tag);
	switch (step) {
	case STEP_OFFER: buf_add_literal(out, "CAPABILITY"); break;
	case STEP_SECURE: buf_add_literal(out, "STARTTLS"); break;
	case STEP_AUTH:
		buf_printf(
		    out, "AUTHENTICATE %s", probe_sasl_name(d->mechanism));
		break;
	case STEP_PASSWORD:
		buf_add_literal(out, "LOGIN ");
		probe_add_quoted(out, d->login.user);
		buf_add_char(out, ' ');
		probe_add_quoted(out, d->login.password);
		break;
	case STEP_USE: buf_add_literal(out, "EXAMINE INBOX"); break;
	case STEP_BYE: buf_add_literal(out, "LOGOUT"); break;
	case STEP_GREETING:
	case STEP_USER:
	case STEP_UNDO: buf_add_literal(out, "NOOP"); break;
	}
	buf_add_literal(out, "\r\n");
}

static void read_offer(const struct probe_dialogue *d,
    const struct probe_answer *answer, struct probe_offer *ret_offer)
{
	struct view all = answer->all, line, word;
	bool no_login = false;
	(void)d;
	while (view_split(&all, '\n', &line)) {
		if (!view_starts_with_nocase(line, VIEW("* CAPABILITY ")))
			continue;
		line = view_from(line, sizeof("* CAPABILITY ") - 1);
		while (view_split(&line, ' ', &word)) {
			if (view_starts_with_nocase(word, VIEW("AUTH=")))
				probe_offer_add(ret_offer, view_from(word, 5));
			else if (view_eq_nocase(word, VIEW("STARTTLS")))
				ret_offer->starttls = true;
			else if (view_eq_nocase(word, VIEW("LOGINDISABLED")))
				no_login = true;
		}
	}
	if (!no_login)
		ret_offer->mechanisms |= MECHANISM_COMMAND;
}

// RFC 9051 section 7.1, RFC 5530.
static enum probe_cause judge(const struct probe_answer *answer)
{
	static const char *const limited[] = {
	    "[LIMIT]", "[INUSE]", "too many", "rate limit", NULL};
	static const char *const trouble[] = {
	    "[UNAVAILABLE]", "[SERVERBUG]", "temporar", NULL};
	static const char *const disabled[] = {"[EXPIRED]",
	    "[AUTHORIZATIONFAILED]", "[CONTACTADMIN]", "disabled", "suspended",
	    NULL};
	static const char *const privacy[] = {"[PRIVACYREQUIRED]", NULL};
	if (probe_has_word(answer->text, privacy))
		return PROBE_LOGIN_NEEDS_TLS;
	if (probe_has_word(answer->text, limited))
		return PROBE_LIMITED;
	if (probe_has_word(answer->text, trouble))
		return PROBE_LOGIN_TROUBLE;
	if (probe_has_word(answer->text, disabled))
		return PROBE_DISABLED;
	return PROBE_WRONG_PASSWORD;
}

const struct probe_language probe_imap = {
    .hear = hear,
    .is_greeting = is_greeting,
    .say = say,
    .read_offer = read_offer,
    .judge = judge,
};

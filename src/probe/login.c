// SPDX-License-Identifier: Apache-2.0
// The log-in. SCRAM goes first: it shows the password to nobody. A server that
// refuses SCRAM before it has seen a proof perhaps keeps the password in
// another form; then the next mechanism follows. After a proof or a password
// was sent there is no second attempt: servers count those.
#include "auth/prepare.h"
#include "base/ascii.h"
#include "probe/dialogue_impl.h"
#include "wire/base64.h"

#define MESSAGE_MAX 8192

static const struct {
	const char *name;
	enum probe_mechanism mechanism;
} mechanisms[] = {
    {"SCRAM-SHA-256", MECHANISM_SCRAM_SHA_256},
    {"PLAIN", MECHANISM_PLAIN},
    {"LOGIN", MECHANISM_LOGIN},
};

const char *probe_sasl_name(unsigned mechanism)
{
	for (size_t i = 0; i < ARRAY_LEN(mechanisms); i++)
		if (mechanisms[i].mechanism == mechanism)
			return mechanisms[i].name;
	return "";
}

void probe_offer_add(struct probe_offer *offer, struct view name)
{
	for (size_t i = 0; i < ARRAY_LEN(mechanisms); i++)
		if (view_eq_nocase(name, view_of_string(mechanisms[i].name))) {
			offer->mechanisms |= mechanisms[i].mechanism;
			return;
		}
	size_t at = strlen(offer->others);
	if (name.len == 0 || name.len > 40 ||
	    at + name.len + 3 > sizeof(offer->others))
		return;
	snprintf(offer->others + at, sizeof(offer->others) - at, "%s%.*s",
	    at ? ", " : "", VIEW_FMT(name));
}

static bool contains_nocase(struct view text, struct view word)
{
	for (size_t i = 0; i + word.len <= text.len; i++)
		if (view_eq_nocase(view_slice(text, i, word.len), word))
			return true;
	return false;
}

bool probe_has_word(struct view text, const char *const *codes)
{
	for (; *codes; codes++)
		if (contains_nocase(text, view_of_string(*codes)))
			return true;
	return false;
}

void probe_add_quoted(struct buf *out, const char *text)
{
	buf_add_char(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, *text);
	}
	buf_add_char(out, '"');
}

// ---- SASL ------------------------------------------------------------------

static void say_base64(struct buf *out, const struct buf *message)
{
	base64_encode(buf_view(message), out);
	buf_add_literal(out, "\r\n");
}

// Writes the client's first proof. RC_SYNTAX: the challenge makes no sense.
static enum rc scram_final(
    struct probe_dialogue *d, struct view challenge, struct buf *message)
{
	struct fault ignored;
	struct auth_secret secret;
	// RFC 5802 section 2.2: SASLprep; what it refuses is taken as it is.
	bool prepared = auth_password_prepare(view_of_string(d->login.password),
			    &ignored, &secret) == RC_OK;
	enum rc rc = probe_scram_final(&d->scram, challenge,
	    prepared ? secret.text : d->login.password, message);
	if (prepared)
		auth_secret_done(&secret);
	d->proved = d->proved || rc == RC_OK;
	return rc;
}

static enum rc scram_turn(
    struct probe_dialogue *d, struct view challenge, struct buf *message)
{
	switch (d->turn) {
	case 1:
		probe_scram_first(&d->scram, d->login.user, message);
		return RC_OK;
	case 2: return scram_final(d, challenge, message);
	case 3: return probe_scram_verify(&d->scram, challenge);
	default: return RC_SYNTAX;
	}
}

static enum rc password_turn(struct probe_dialogue *d, struct buf *message)
{
	bool plain = d->mechanism == MECHANISM_PLAIN;
	if (d->turn > (plain ? 1u : 2u))
		return RC_SYNTAX;
	if (plain) // RFC 4616: no authorization identity
		buf_add_char(message, '\0');
	if (plain || d->turn == 1)
		buf_add_string(message, d->login.user);
	if (plain)
		buf_add_char(message, '\0');
	if (plain || d->turn == 2) {
		buf_add_string(message, d->login.password);
		d->proved = true;
	}
	return RC_OK;
}

// Answers a challenge.
static enum net_next take_turn(
    struct probe_dialogue *d, struct view text, struct buf *out)
{
	struct buf challenge, message;
	bool scram = d->mechanism == MECHANISM_SCRAM_SHA_256;
	buf_init(&challenge, MESSAGE_MAX);
	buf_init(&message, MESSAGE_MAX);
	d->turn++;
	enum rc rc = RC_OK;
	// LOGIN's challenges are any words, and the first one is empty.
	if (scram)
		rc = base64_decode(view_trim(text), &challenge);
	if (rc == RC_OK)
		rc = scram ? scram_turn(d, buf_view(&challenge), &message)
			   : password_turn(d, &message);
	enum net_next next = NET_READ;
	if (rc == RC_OK)
		say_base64(out, &message);
	else
		next = probe_dialogue_end(d,
		    rc == RC_AUTH ? PROBE_FALSE_SERVER : PROBE_NONSENSE, text,
		    out);
	buf_done(&challenge);
	buf_done_secret(&message);
	return next;
}

// ---- Order -----------------------------------------------------------------

enum net_next probe_login_begin(struct probe_dialogue *d, struct buf *out)
{
	static const unsigned order[] = {MECHANISM_SCRAM_SHA_256,
	    MECHANISM_PLAIN, MECHANISM_LOGIN, MECHANISM_COMMAND};
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		if (!(d->offer.mechanisms & order[i]))
			continue;
		d->mechanism = order[i];
		d->offer.mechanisms &= ~order[i];
		d->turn = 0;
		if (d->mechanism != MECHANISM_COMMAND)
			return probe_dialogue_say(d, STEP_AUTH, out);
		if (d->config.protocol == PROBE_POP3)
			return probe_dialogue_say(d, STEP_USER, out);
		d->proved = true;
		return probe_dialogue_say(d, STEP_PASSWORD, out);
	}
	return NET_CLOSE;
}

static enum net_next refused(struct probe_dialogue *d,
    const struct probe_answer *answer, struct buf *out)
{
	if (!d->proved && d->offer.mechanisms != 0 && answer->tone == TONE_BAD)
		return probe_login_begin(d, out);
	return probe_dialogue_end(
	    d, d->language->judge(answer), answer->text, out);
}

enum net_next probe_login_answer(struct probe_dialogue *d,
    const struct probe_answer *answer, struct buf *out)
{
	if (answer->tone == TONE_GO_ON && d->step == STEP_AUTH)
		return take_turn(d, answer->text, out);
	if (answer->tone != TONE_GOOD)
		return refused(d, answer, out);
	if (d->step == STEP_USER) {
		d->proved = true;
		return probe_dialogue_say(d, STEP_PASSWORD, out);
	}
	// RFC 5802 section 5: the client must have seen the server's proof.
	if (d->step == STEP_AUTH && d->mechanism == MECHANISM_SCRAM_SHA_256 &&
	    d->turn < 3)
		return probe_dialogue_end(d, PROBE_FALSE_SERVER, VIEW(""), out);
	return probe_dialogue_use(d, out);
}

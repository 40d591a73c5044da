// SPDX-License-Identifier: Apache-2.0
// The steps that the three protocols have in common. Each protocol's file says
// how it is spoken.
#include <time.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/mem.h"
#include "probe/dialogue_impl.h"
#include "wire/smtp_reply.h"

#define QUOTED_MAX 200 // bytes of a server's words that are repeated

static const struct probe_language *const languages[PROBE_PROTOCOLS] = {
    [PROBE_IMAP] = &probe_imap,
    [PROBE_POP3] = &probe_pop3,
    [PROBE_SMTP] = &probe_smtp,
};

// ---- Names -----------------------------------------------------------------

const char *probe_protocol_id(enum probe_protocol protocol)
{
	static const char *const ids[] = {
#define X(name, id, shown) id,
	    PROBE_PROTOCOL_TABLE(X)
#undef X
	};
	return ids[protocol];
}

const char *probe_protocol_name(enum probe_protocol protocol)
{
	static const char *const names[] = {
#define X(name, id, shown) shown,
	    PROBE_PROTOCOL_TABLE(X)
#undef X
	};
	return names[protocol];
}

const char *probe_security_id(enum probe_security security)
{
	static const char *const ids[] = {
#define X(name, id, shown) id,
	    PROBE_SECURITY_TABLE(X)
#undef X
	};
	return ids[security];
}

const char *probe_security_name(enum probe_security security)
{
	static const char *const names[] = {
#define X(name, id, shown) shown,
	    PROBE_SECURITY_TABLE(X)
#undef X
	};
	return names[security];
}

const char *probe_stage_id(enum probe_stage stage)
{
	static const char *const ids[] = {
#define X(name, id) id,
	    PROBE_STAGE_TABLE(X)
#undef X
	};
	return ids[stage];
}

// ---- Certificates ----------------------------------------------------------

static enum probe_cause trust_cause(enum net_trust trust)
{
	switch (trust) {
	case NET_TRUST_GOOD: return PROBE_OK;
	case NET_TRUST_SELF_SIGNED: return PROBE_SELF_SIGNED;
	case NET_TRUST_UNKNOWN_ISSUER: return PROBE_UNKNOWN_ISSUER;
	case NET_TRUST_CHAIN_EXPIRED: return PROBE_CHAIN_EXPIRED;
	case NET_TRUST_BROKEN: return PROBE_BAD_CERTIFICATE;
	}
	return PROBE_BAD_CERTIFICATE;
}

size_t probe_certificate_causes(const struct net_certificate *certificate,
    int64_t now, enum probe_cause ret_causes[PROBE_CERTIFICATE_CAUSES_MAX])
{
	size_t count = 0;
	enum probe_cause trust = trust_cause(certificate->trust);
	if (trust == PROBE_BAD_CERTIFICATE && !certificate->issuer[0]) {
		ret_causes[0] = trust; // there is none that could be read
		return 1;
	}
	if (certificate->not_after < now)
		ret_causes[count++] = PROBE_EXPIRED;
	else if (certificate->not_before > now)
		ret_causes[count++] = PROBE_NOT_YET;
	if (!certificate->has_name)
		ret_causes[count++] = PROBE_WRONG_NAME;
	if (trust != PROBE_OK)
		ret_causes[count++] = trust;
	return count;
}

static void print_day(int64_t seconds, char ret_text[PROBE_DETAIL_MAX])
{
	time_t when = (time_t)seconds;
	struct tm tm;
	if (!gmtime_r(&when, &tm) || strftime(ret_text, PROBE_DETAIL_MAX,
					 "%Y-%m-%d %H:%M UTC", &tm) == 0)
		snprintf(ret_text, PROBE_DETAIL_MAX, "an unknown day");
}

void probe_certificate_detail(const struct net_certificate *certificate,
    enum probe_cause cause, char ret_detail[PROBE_DETAIL_MAX])
{
	const char *text = "";
	if (cause == PROBE_EXPIRED) {
		print_day(certificate->not_after, ret_detail);
		return;
	}
	if (cause == PROBE_NOT_YET) {
		print_day(certificate->not_before, ret_detail);
		return;
	}
	if (cause == PROBE_WRONG_NAME)
		text = certificate->names;
	else if (cause == PROBE_UNKNOWN_ISSUER || cause == PROBE_CHAIN_EXPIRED)
		text = certificate->issuer;
	else if (cause == PROBE_BAD_CERTIFICATE)
		text = certificate->why;
	snprintf(ret_detail, PROBE_DETAIL_MAX, "%s", text);
}

// ---- The end ---------------------------------------------------------------

static void set_detail(struct probe_outcome *outcome, struct view text)
{
	struct buf clean;
	buf_init(&clean, QUOTED_MAX);
	smtp_clean_text(text, QUOTED_MAX, &clean);
	snprintf(outcome->detail, sizeof(outcome->detail), "%.*s",
	    VIEW_FMT(buf_view(&clean)));
	buf_done(&clean);
}

static void conclude(
    struct probe_dialogue *d, enum probe_cause cause, struct view detail)
{
	if (d->over)
		return;
	d->over = true;
	d->outcome.cause = cause;
	set_detail(&d->outcome, detail);
}

void probe_dialogue_step(struct probe_dialogue *d, enum probe_stage stage)
{
	if (stage > d->outcome.stage)
		d->outcome.stage = stage;
	if (d->config.step)
		d->config.step(d->config.owner, stage);
}

enum net_next probe_dialogue_say(
    struct probe_dialogue *d, enum probe_step step, struct buf *out)
{
	d->step = step;
	buf_reset(&d->answer);
	d->language->say(d, step, out);
	return step == STEP_BYE ? NET_CLOSE : NET_READ;
}

enum net_next probe_dialogue_end(struct probe_dialogue *d,
    enum probe_cause cause, struct view detail, struct buf *out)
{
	conclude(d, cause, detail);
	return d->step == STEP_GREETING ? NET_CLOSE
					: probe_dialogue_say(d, STEP_BYE, out);
}

// ---- TLS -------------------------------------------------------------------

static void judge_tls(struct probe_dialogue *d, const struct net_tls_info *tls)
{
	enum probe_cause causes[PROBE_CERTIFICATE_CAUSES_MAX];
	struct probe_outcome *outcome = &d->outcome;
	d->encrypted = true;
	snprintf(outcome->tls_version, sizeof(outcome->tls_version), "%s",
	    tls->version);
	net_certificate_of_peer(tls, d->config.host, &outcome->certificate);
	if (probe_certificate_causes(
		&outcome->certificate, clock_wall_seconds(NULL), causes) > 0)
		outcome->certificate_cause = causes[0];
	probe_dialogue_step(d, PROBE_ENCRYPT);
}

// ---- Steps -----------------------------------------------------------------

static enum net_next end_plainly(struct probe_dialogue *d,
    enum probe_cause cause, const char *detail, struct buf *out)
{
	return probe_dialogue_end(d, cause, view_of_string(detail), out);
}

static enum net_next end_with_certificate(
    struct probe_dialogue *d, struct buf *out)
{
	char detail[PROBE_DETAIL_MAX];
	probe_certificate_detail(
	    &d->outcome.certificate, d->outcome.certificate_cause, detail);
	enum net_next next =
	    probe_dialogue_end(d, d->outcome.certificate_cause, VIEW(""), out);
	memcpy(d->outcome.detail, detail, sizeof(detail));
	return next;
}

// There is no TLS, and the server offers none.
static enum net_next no_encryption(struct probe_dialogue *d, struct buf *out)
{
	const unsigned plain =
	    MECHANISM_PLAIN | MECHANISM_LOGIN | MECHANISM_COMMAND;
	bool strict = !(d->offer.mechanisms & plain) && d->config.port != 25;
	return end_plainly(
	    d, strict ? PROBE_LOGIN_NEEDS_TLS : PROBE_NO_ENCRYPTION, "", out);
}

// Names come from documents of strangers. A line end in one would make a
// command of what follows.
static bool is_one_line(const char *text)
{
	for (; text && *text; text++)
		if (ascii_is_control(*text))
			return false;
	return true;
}

static enum net_next before_login(struct probe_dialogue *d, struct buf *out)
{
	bool insecure = d->has_login && d->login.insecure;
	d->outcome.offers_login = d->offer.mechanisms != 0;
	probe_dialogue_step(d, PROBE_OFFER);
	if (d->outcome.certificate_cause != PROBE_OK && !insecure)
		return end_with_certificate(d, out);
	if (d->encrypted && d->outcome.certificate_cause == PROBE_OK)
		probe_dialogue_step(d, PROBE_CERTIFICATE);
	if (d->offer.mechanisms == 0)
		return end_plainly(d,
		    d->offer.others[0] ? PROBE_NO_MECHANISM : PROBE_NO_LOGIN,
		    d->offer.others, out);
	if (!d->has_login)
		return end_plainly(d, PROBE_OK, "", out);
	if (!d->encrypted && !insecure)
		return end_plainly(d, PROBE_NO_ENCRYPTION, "", out);
	if (!is_one_line(d->login.user) || !is_one_line(d->login.password) ||
	    !is_one_line(d->login.sender))
		return end_plainly(d, PROBE_WRONG_PASSWORD,
		    "they have characters that cannot be sent", out);
	return probe_login_begin(d, out);
}

static enum net_next on_offer(struct probe_dialogue *d,
    const struct probe_answer *answer, struct buf *out)
{
	d->offer = (struct probe_offer){0};
	d->language->read_offer(d, answer, &d->offer);
	if (d->encrypted || d->config.security == PROBE_PLAIN)
		return before_login(d, out);
	if (!d->offer.starttls)
		return no_encryption(d, out);
	return probe_dialogue_say(d, STEP_SECURE, out);
}

static enum net_next on_greeting(struct probe_dialogue *d,
    const struct probe_answer *answer, struct buf *out)
{
	if (answer->tone != TONE_GOOD)
		return probe_dialogue_end(
		    d, PROBE_TURNED_AWAY, answer->text, out);
	d->outcome.greeted = true;
	d->outcome.greeting_ms =
	    (uint32_t)(clock_monotonic_ms() - d->started_ms);
	probe_dialogue_step(d, PROBE_GREETING);
	return probe_dialogue_say(d, STEP_OFFER, out);
}

static enum net_next finish(struct probe_dialogue *d, struct buf *out)
{
	probe_dialogue_step(d, PROBE_DONE);
	if (d->outcome.certificate_cause != PROBE_OK)
		return end_with_certificate(d, out);
	return end_plainly(d, PROBE_OK, "", out);
}

enum net_next probe_dialogue_use(struct probe_dialogue *d, struct buf *out)
{
	d->outcome.logged_in = true;
	probe_dialogue_step(d, PROBE_LOGIN);
	if (d->config.protocol == PROBE_SMTP && !d->login.sender)
		return finish(d, out);
	return probe_dialogue_say(d, STEP_USE, out);
}

static enum net_next on_use(struct probe_dialogue *d,
    const struct probe_answer *answer, struct buf *out)
{
	bool sends = d->config.protocol == PROBE_SMTP;
	if (answer->tone != TONE_GOOD)
		return probe_dialogue_end(d,
		    sends ? PROBE_SENDER_REFUSED : PROBE_NO_MAILBOX,
		    answer->text, out);
	probe_dialogue_step(d, PROBE_USE);
	return sends ? probe_dialogue_say(d, STEP_UNDO, out) : finish(d, out);
}

static enum net_next on_answer(struct probe_dialogue *d,
    const struct probe_answer *answer, struct buf *out)
{
	if (answer->tone == TONE_NONSENSE)
		return probe_dialogue_end(d, PROBE_NONSENSE, answer->text, out);
	switch (d->step) {
	case STEP_GREETING: return on_greeting(d, answer, out);
	case STEP_OFFER: return on_offer(d, answer, out);
	case STEP_SECURE:
		if (answer->tone != TONE_GOOD)
			return probe_dialogue_end(
			    d, PROBE_STARTTLS_REFUSED, answer->text, out);
		return NET_START_TLS;
	case STEP_AUTH:
	case STEP_USER:
	case STEP_PASSWORD: return probe_login_answer(d, answer, out);
	case STEP_USE: return on_use(d, answer, out);
	case STEP_UNDO: return finish(d, out);
	case STEP_BYE: return NET_CLOSE;
	}
	return NET_CLOSE;
}

// ---- Lines -----------------------------------------------------------------

// RFC 8446 section 5.1: a record of a TLS server that was spoken to in plain
// text is an alert.
static bool is_tls_record(struct view in)
{
	return in.len >= 2 && (in.ptr[0] == 0x15 || in.ptr[0] == 0x16) &&
	       in.ptr[1] == 0x03;
}

static enum net_next take_line(
    struct probe_dialogue *d, struct view line, struct buf *out)
{
	struct probe_answer answer = {.text = line};
	if (d->step == STEP_GREETING && !d->language->is_greeting(line))
		return probe_dialogue_end(
		    d, PROBE_WRONG_PROTOCOL, view_slice(line, 0, 100), out);
	bool whole = d->language->hear(d, line, &answer);
	if (buf_status(&d->answer) != RC_OK) {
		answer.tone = TONE_NONSENSE;
		whole = true;
	}
	if (!whole)
		return NET_READ;
	answer.all = buf_view(&d->answer);
	enum net_next next = on_answer(d, &answer, out);
	buf_reset(&d->answer);
	return next;
}

static enum net_next dialogue_input(
    void *session, struct view in, struct buf *out, size_t *ret_consumed)
{
	struct probe_dialogue *d = session;
	enum net_next next = NET_READ;
	size_t at = 0;
	if (d->step == STEP_GREETING && !d->encrypted && is_tls_record(in)) {
		*ret_consumed = in.len;
		return end_plainly(d, PROBE_NOT_STARTTLS, "", out);
	}
	while (next == NET_READ && !d->over) {
		struct view rest = view_from(in, at);
		size_t end = view_find_char(rest, '\n');
		if (end == SIZE_MAX)
			break;
		at += end + 1;
		struct view line = view_slice(rest, 0, end);
		if (view_ends_with(line, VIEW("\r")))
			line.len--;
		next = take_line(d, line, out);
	}
	*ret_consumed = at;
	if (next == NET_READ && in.len - at > PROBE_LINE_MAX) {
		*ret_consumed = in.len;
		return probe_dialogue_end(d,
		    d->step == STEP_GREETING ? PROBE_WRONG_PROTOCOL
					     : PROBE_NONSENSE,
		    view_slice(in, at, 100), out);
	}
	return next;
}

// ---- The session -----------------------------------------------------------

static enum net_next dialogue_start(
    void *session, const struct net_tls_info *tls, struct buf *out)
{
	struct probe_dialogue *d = session;
	(void)out;
	probe_dialogue_step(d, PROBE_CONNECT);
	if (tls)
		judge_tls(d, tls);
	return NET_READ;
}

static enum net_next dialogue_tls_started(
    void *session, const struct net_tls_info *tls, struct buf *out)
{
	struct probe_dialogue *d = session;
	buf_reset(&d->answer);
	judge_tls(d, tls);
	return probe_dialogue_say(d, STEP_OFFER, out);
}

static enum net_next dialogue_resume(void *session, struct buf *out)
{
	(void)session;
	(void)out;
	return NET_READ;
}

static uint32_t dialogue_timeout(const void *session)
{
	const struct probe_dialogue *d = session;
	return d->step == STEP_GREETING ? d->config.greeting_seconds
					: d->config.answer_seconds;
}

static uint64_t dialogue_end_ms(const void *session)
{
	const struct probe_dialogue *d = session;
	return d->config.end_ms;
}

static void dialogue_last_words(void *session, struct buf *out)
{
	(void)session;
	(void)out;
}

static void dialogue_ended(void *session, enum net_end end, const char *why)
{
	struct probe_dialogue *d = session;
	char seconds[16];
	bool greeted = d->outcome.greeted;
	snprintf(seconds, sizeof(seconds), "%u", dialogue_timeout(d));
	switch (end) {
	case NET_END_TIMEOUT:
		conclude(d, greeted ? PROBE_NO_ANSWER : PROBE_NO_GREETING,
		    view_of_string(seconds));
		break;
	case NET_END_TLS:
		conclude(d, PROBE_TLS_FAILED, view_of_string(why));
		break;
	case NET_END_STOPPED: conclude(d, PROBE_STOPPED, VIEW("")); break;
	case NET_END_CLOSED:
	case NET_END_PEER:
	case NET_END_LOST:
	case NET_END_REFUSED: conclude(d, PROBE_HUNG_UP, VIEW("")); break;
	}
	d->config.done(d->config.owner, &d->outcome);
}

static void dialogue_free(void *session)
{
	struct probe_dialogue *d = session;
	buf_done(&d->answer);
	probe_scram_done(&d->scram);
	arena_done_secret(&d->arena);
	free(d);
}

const struct net_session_ops probe_dialogue_ops = {
    .protocol = "probe",
    .start = dialogue_start,
    .input = dialogue_input,
    .resume = dialogue_resume,
    .wake = dialogue_resume,
    .tls_started = dialogue_tls_started,
    .timeout = dialogue_timeout,
    .end_ms = dialogue_end_ms,
    .timed_out = dialogue_last_words,
    .shut_down = dialogue_last_words,
    .ended = dialogue_ended,
    .free = dialogue_free,
};

static const char *copy(struct probe_dialogue *d, const char *text)
{
	return text ? arena_string(&d->arena, view_of_string(text)) : NULL;
}

struct probe_dialogue *probe_dialogue_new(
    const struct probe_dialogue_config *config)
{
	struct probe_dialogue *d = mem_zalloc(sizeof(*d));
	arena_init(&d->arena);
	buf_init(&d->answer, PROBE_ANSWER_MAX);
	d->config = *config;
	d->language = languages[config->protocol];
	d->config.host = copy(d, config->host);
	d->config.helo = copy(d, config->helo ? config->helo : "localhost");
	d->started_ms = clock_monotonic_ms();
	if (config->login) {
		d->has_login = true;
		d->login = *config->login;
		d->login.user = copy(d, config->login->user);
		d->login.password = copy(d, config->login->password);
		d->login.sender = copy(d, config->login->sender);
	}
	probe_scram_init(&d->scram, config->nonce);
	return d;
}

void probe_explain_failure(
    enum net_end end, const char *why, struct probe_outcome *ret_outcome)
{
	struct view text = view_of_string(why);
	struct probe_outcome outcome = {.stage = PROBE_RESOLVE};
	switch (end) {
	case NET_END_TIMEOUT: outcome.cause = PROBE_SILENT; break;
	case NET_END_TLS:
		outcome.stage = PROBE_CONNECT;
		// What OpenSSL says of an answer that is no TLS record.
		outcome.cause =
		    view_find(text, VIEW("wrong version number")) != SIZE_MAX ||
			    view_find(text, VIEW("packet length")) !=
				SIZE_MAX ||
			    view_find(text, VIEW("http request")) != SIZE_MAX
			? PROBE_NOT_TLS
			: PROBE_TLS_FAILED;
		break;
	case NET_END_REFUSED:
		outcome.cause = view_eq(text, VIEW("connection refused"))
				    ? PROBE_REFUSED
				    : PROBE_UNREACHABLE;
		break;
	case NET_END_STOPPED: outcome.cause = PROBE_STOPPED; break;
	case NET_END_CLOSED:
	case NET_END_PEER:
	case NET_END_LOST: outcome.cause = PROBE_HUNG_UP; break;
	}
	set_detail(&outcome, text);
	*ret_outcome = outcome;
}

// SPDX-License-Identifier: Apache-2.0
// Answers, and their effect: a client that is refused too often gets its
// answers late, and is cut off in the end.
#include "smtp/impl.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "smtp/transaction.h"
#include "wire/smtp_reply.h"

#define ERRORS_MAX   10u
#define ERRORS_SLOW  3u
#define SLOW_MS      500u
#define COMMANDS_MAX 100u

static void answer(struct smtp_session *session, unsigned code,
    struct enhanced_status status, struct view text)
{
	session->said.code = code;
	smtp_reply_write(session->base.out, code, status, text);
}

void smtp_answer(struct smtp_session *session, unsigned code,
    struct enhanced_status status, const char *format, ...)
{
	char text[SMTP_TEXT_MAX];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len < 0)
		len = 0;
	if ((size_t)len >= sizeof(text))
		len = (int)sizeof(text) - 1;
	answer(session, code, status, view_of(text, (size_t)len));
}

void smtp_answer_delivery(
    struct smtp_session *session, const struct delivery_reply *reply)
{
	// Users and servers that we trust have lists with old addresses, so
	// they are not slowed down. Strangers who guess names are.
	if (smtp_is_trusted(session))
		session->said.pardoned = true;
	answer(
	    session, reply->code, reply->status, view_of_string(reply->text));
}

void smtp_hang_up(struct smtp_session *session, const char *why, unsigned code,
    struct enhanced_status status, const char *text)
{
	answer(session, code, status, view_of_string(text));
	session_close(&session->base, why);
}

void smtp_forgive(struct smtp_session *session)
{
	session->errors = 0;
	session->commands = 0;
	session->base.since_ms = clock_monotonic_ms();
}

// How many milliseconds the refusal just written is to be late.
static uint32_t slow_down(const struct smtp_session *session)
{
	uint32_t from = SMTP_LIMIT(session, errors_slow, ERRORS_SLOW);
	uint32_t ms = SMTP_LIMIT(session, slow_ms, SLOW_MS);
	if (session->errors < from)
		return 0;
	for (unsigned i = from; i < session->errors; i++) {
		if (ms >= SMTP_PAUSE_MAX_MS)
			break;
		ms *= 2;
	}
	return ms < SMTP_PAUSE_MAX_MS ? ms : SMTP_PAUSE_MAX_MS;
}

static uint32_t count_error(struct smtp_session *session)
{
	session->errors++;
	if (session->errors >= SMTP_LIMIT(session, errors, ERRORS_MAX)) {
		smtp_hang_up(session, "too many errors", 421, ENHANCED(4, 7, 0),
		    "Too many errors");
		return 0;
	}
	return slow_down(session);
}

void smtp_finish_step(struct smtp_session *session, size_t begin)
{
	struct buf *out = session->base.out;
	struct smtp_said said = session->said;
	uint32_t pause = 0;
	// A 4xx answer is not the client's fault.
	if (said.code >= 500 && !said.pardoned &&
	    session->base.next == NET_READ)
		pause = count_error(session);
	if (session->base.next == NET_READ && !smtp_is_trusted(session) &&
	    session->commands >= SMTP_LIMIT(session, commands, COMMANDS_MAX))
		smtp_hang_up(session, "too many commands", 421,
		    ENHANCED(4, 7, 0), "Too many commands without a message");
	// The last answer to who guesses mailboxes is as late as the others.
	if (said.delay_ms > pause || session->base.next == NET_CLOSE)
		pause = said.delay_ms;
	session->said = (struct smtp_said){0};
	if (pause == 0 ||
	    (session->base.next != NET_READ && session->base.next != NET_CLOSE))
		return;
	buf_add(&session->held, view_from(buf_view(out), begin));
	buf_truncate(out, begin);
	session->pause_ms = pause;
	session->base.next = NET_PAUSE;
}

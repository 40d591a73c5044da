// SPDX-License-Identifier: Apache-2.0
// Command lines: verbs, arguments, every parameter with what it may be and may
// not, and the answer to each mistake.
#include "base/test.h"
#include "wire/smtp_command.h"

#define ALL 0xffffffffu

// Parses `line`; the refusal as "code class.subject.detail", or "".
static enum rc parse(struct arena *arena, struct view line, unsigned extensions,
    struct smtp_command *ret_command, struct buf *answer)
{
	struct smtp_fault fault;
	buf_reset(answer);
	enum rc rc =
	    smtp_command_parse(arena, line, extensions, ret_command, &fault);
	if (rc == RC_OK)
		return rc;
	buf_printf(answer, "%u ", fault.code);
	enhanced_status_print(fault.status, answer);
	assert_int_equal(fault.fault.rc, rc);
	assert_true(fault.fault.text[0] != '\0');
	return rc;
}

struct answer_row {
	struct view line;
	unsigned extensions;
	enum smtp_verb verb;
	const char *answer; // "": good
};

#define V(literal)                                                             \
	{                                                                      \
		(literal), sizeof(literal) - 1                                 \
	}
#define UNKNOWN SMTP_VERB_UNKNOWN
#define MAIL    SMTP_VERB_MAIL
#define RCPT    SMTP_VERB_RCPT

static const struct answer_row verb_rows[] = {
    {V("EHLO example.org"), 0, SMTP_VERB_EHLO, ""},
    {V("ehlo [192.0.2.1]  "), 0, SMTP_VERB_EHLO, ""},
    {V("HELO x"), 0, SMTP_VERB_HELO, ""},
    {V("LHLO x"), 0, SMTP_VERB_LHLO, ""},
    {V("EHLO"), 0, SMTP_VERB_EHLO, "501 5.5.4"},
    {V("HELO "), 0, SMTP_VERB_HELO, "501 5.5.4"},
    {V("DATA"), 0, SMTP_VERB_DATA, ""},
    {V("data \t"), 0, SMTP_VERB_DATA, ""},
    {V("DATA x"), 0, SMTP_VERB_DATA, "501 5.5.4"},
    {V("RSET"), 0, SMTP_VERB_RSET, ""},
    {V("RSET now"), 0, SMTP_VERB_RSET, "501 5.5.4"},
    {V("QUIT"), 0, SMTP_VERB_QUIT, ""},
    {V("NOOP"), 0, SMTP_VERB_NOOP, ""},
    {V("NOOP what ever"), 0, SMTP_VERB_NOOP, ""},
    {V("HELP"), 0, SMTP_VERB_HELP, ""},
    {V("HELP MAIL"), 0, SMTP_VERB_HELP, ""},
    {V("VRFY joe"), 0, SMTP_VERB_VRFY, ""},
    {V("VRFY"), 0, SMTP_VERB_VRFY, "501 5.5.4"},
    {V("EXPN list"), 0, SMTP_VERB_EXPN, ""},
    {V("STARTTLS"), ALL, SMTP_VERB_STARTTLS, ""},
    {V("STARTTLS"), 0, SMTP_VERB_STARTTLS, "502 5.5.1"},
    {V("STARTTLS x"), ALL, SMTP_VERB_STARTTLS, "501 5.5.4"},
    {V("AUTH PLAIN"), ALL, SMTP_VERB_AUTH, ""},
    {V("AUTH PLAIN"), 0, SMTP_VERB_AUTH, "502 5.5.1"},
    {V("AUTH"), ALL, SMTP_VERB_AUTH, "501 5.5.4"},
    {V("AUTH PLAIN a b"), ALL, SMTP_VERB_AUTH, "501 5.5.4"},
    {V("AUTH PL*IN"), ALL, SMTP_VERB_AUTH, "501 5.5.4"},
    {V("AUTH ABCDEFGHIJKLMNOPQRSTU"), ALL, SMTP_VERB_AUTH, "501 5.5.4"},
    {V("BDAT 0"), ALL, SMTP_VERB_BDAT, ""},
    {V("BDAT 1000 LAST"), ALL, SMTP_VERB_BDAT, ""},
    {V("bdat 18446744073709551615 last"), ALL, SMTP_VERB_BDAT, ""},
    {V("BDAT 18446744073709551616"), ALL, SMTP_VERB_BDAT, "501 5.5.4"},
    {V("BDAT"), ALL, SMTP_VERB_BDAT, "501 5.5.4"},
    {V("BDAT LAST"), ALL, SMTP_VERB_BDAT, "501 5.5.4"},
    {V("BDAT -1"), ALL, SMTP_VERB_BDAT, "501 5.5.4"},
    {V("BDAT 1LAST"), ALL, SMTP_VERB_BDAT, "501 5.5.4"},
    {V("BDAT 1 2"), ALL, SMTP_VERB_BDAT, "501 5.5.4"},
    {V("BDAT 0x10"), ALL, SMTP_VERB_BDAT, "501 5.5.4"},
    {V("BDAT 1"), 0, SMTP_VERB_BDAT, "502 5.5.1"},
    {V("GET / HTTP/1.1"), 0, SMTP_VERB_HTTP, ""},
    {V("POST /\0 HTTP/1.1"), 0, SMTP_VERB_HTTP, ""},
    {V("CONNECT mail:25 HTTP/1.0"), 0, SMTP_VERB_HTTP, ""},
    {V("options"), 0, SMTP_VERB_HTTP, ""},
    {V(""), 0, UNKNOWN, "500 5.5.2"},
    {V(" DATA"), 0, UNKNOWN, "500 5.5.2"},
    {V("XYZZY"), 0, UNKNOWN, "500 5.5.2"},
    {V("DATAX"), 0, UNKNOWN, "500 5.5.2"},
    {V("DAT"), 0, UNKNOWN, "500 5.5.2"},
    {V("\x16\x03\x01"), 0, UNKNOWN, "500 5.5.2"},
    {V("NOOP a\0b"), 0, SMTP_VERB_NOOP, "500 5.5.2"},
    {V("NOOP a\rb"), 0, SMTP_VERB_NOOP, "500 5.5.2"},
    {V("DATA\r"), 0, UNKNOWN, "500 5.5.2"},
};

static const struct answer_row mail_rows[] = {
    {V("MAIL FROM:<a@x>"), 0, MAIL, ""},
    {V("mail from:<a@x>"), 0, MAIL, ""},
    {V("MAIL FROM:<>"), 0, MAIL, ""},
    {V("MAIL FROM: <a@x>"), 0, MAIL, ""},
    {V("MAIL FROM:<a@x>  "), 0, MAIL, ""},
    {V("MAIL FROM:  <a@x>"), 0, MAIL, "501 5.1.7"},
    {V("MAIL FROM :<a@x>"), 0, MAIL, "501 5.5.4"},
    {V("MAIL  FROM:<a@x>"), 0, MAIL, "501 5.5.4"},
    {V("MAIL <a@x>"), 0, MAIL, "501 5.5.4"},
    {V("MAIL TO:<a@x>"), 0, MAIL, "501 5.5.4"},
    {V("MAIL"), 0, MAIL, "501 5.5.4"},
    {V("MAIL FROM:a@x"), 0, MAIL, "501 5.1.7"},
    {V("MAIL FROM:"), 0, MAIL, "501 5.1.7"},
    {V("MAIL FROM:<a>"), 0, MAIL, "501 5.1.7"},
    {V("MAIL FROM:<a@[1.2.3]>"), 0, MAIL, "553 5.1.7"},
    {V("MAIL FROM:<a@xn--.x>"), 0, MAIL, "553 5.1.7"},
    {V("MAIL FROM:<a@x>SIZE=1"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x>  SIZE=1"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> =1"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> S!ZE=1"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> WHAT=1"), ALL, MAIL, "555 5.5.4"},
    {V("MAIL FROM:<a@x> WHAT"), ALL, MAIL, "555 5.5.4"},
    {V("MAIL FROM:<a@x> NOTIFY=NEVER"), ALL, MAIL, "555 5.5.4"},
    {V("MAIL FROM:<a@x> SIZE=1 SIZE=1"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> size=1 SIZE=2"), ALL, MAIL, "501 5.5.4"},
    // SIZE
    {V("MAIL FROM:<a@x> SIZE=0"), ALL, MAIL, ""},
    {V("MAIL FROM:<a@x> SIZE=99999999999999999999"), ALL, MAIL, ""},
    {V("MAIL FROM:<a@x> SIZE=1"), ALL & ~(unsigned)SMTP_EXT_SIZE, MAIL,
	"555 5.5.4"},
    {V("MAIL FROM:<a@x> SIZE="), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> SIZE"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> SIZE=-1"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> SIZE=1k"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> SIZE=100000000000000000000"), ALL, MAIL, "501 5.5.4"},
    // BODY
    {V("MAIL FROM:<a@x> BODY=7bit"), SMTP_EXT_8BITMIME, MAIL, ""},
    {V("MAIL FROM:<a@x> BODY=8BITMIME"), SMTP_EXT_8BITMIME, MAIL, ""},
    {V("MAIL FROM:<a@x> BODY=BINARYMIME"), SMTP_EXT_8BITMIME, MAIL,
	"555 5.5.4"},
    {V("MAIL FROM:<a@x> BODY=BINARYMIME"), ALL, MAIL, ""},
    {V("MAIL FROM:<a@x> BODY=8BITMIME"), 0, MAIL, "555 5.5.4"},
    {V("MAIL FROM:<a@x> BODY=9BIT"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> BODY"), ALL, MAIL, "501 5.5.4"},
    // SMTPUTF8
    {V("MAIL FROM:<ä@x> SMTPUTF8"), ALL, MAIL, ""},
    {V("MAIL FROM:<a@x> SMTPUTF8"), ALL, MAIL, ""},
    {V("MAIL FROM:<ä@x>"), ALL, MAIL, "550 5.6.7"},
    {V("MAIL FROM:<a@ä.x>"), ALL, MAIL, "550 5.6.7"},
    {V("MAIL FROM:<ä@x> SMTPUTF8"), 0, MAIL, "555 5.5.4"},
    {V("MAIL FROM:<a@x> SMTPUTF8=1"), ALL, MAIL, "501 5.5.4"},
    // DSN
    {V("MAIL FROM:<a@x> RET=FULL ENVID=a+2Bb"), ALL, MAIL, ""},
    {V("MAIL FROM:<a@x> RET=hdrs"), ALL, MAIL, ""},
    {V("MAIL FROM:<a@x> RET=NONE"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> RET"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> RET=FULL"), 0, MAIL, "555 5.5.4"},
    {V("MAIL FROM:<a@x> ENVID=a+2"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> ENVID=a=b"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> ENVID=+0D+0A"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> ENVID=+C3+A4"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> ENVID"), ALL, MAIL, "501 5.5.4"},
    // AUTH
    {V("MAIL FROM:<a@x> AUTH=<>"), ALL, MAIL, ""},
    {V("MAIL FROM:<a@x> AUTH=e+3Dmc2@example.com"), ALL, MAIL, ""},
    {V("MAIL FROM:<a@x> AUTH=somebody"), ALL, MAIL, ""},
    {V("MAIL FROM:<a@x> AUTH=a+"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> AUTH="), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> AUTH"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> AUTH=<>"), 0, MAIL, "555 5.5.4"},
    // FUTURERELEASE
    {V("MAIL FROM:<a@x> HOLDFOR=1"), ALL, MAIL, ""},
    {V("MAIL FROM:<a@x> HOLDFOR=999999999"), ALL, MAIL, ""},
    {V("MAIL FROM:<a@x> HOLDFOR=0"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> HOLDFOR=1000000000"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> HOLDFOR="), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> HOLDUNTIL=2026-11-22T15:00:00Z"), ALL, MAIL, ""},
    {V("MAIL FROM:<a@x> HOLDUNTIL=2026-11-22T15:00:00+01:00"), ALL, MAIL,
	"501 5.5.4"},
    {V("MAIL FROM:<a@x> HOLDUNTIL=2026-11-31T15:00:00Z"), ALL, MAIL,
	"501 5.5.4"},
    {V("MAIL FROM:<a@x> HOLDUNTIL"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> HOLDFOR=1 HOLDUNTIL=2026-11-22T15:00:00Z"), ALL, MAIL,
	"501 5.5.4"},
    {V("MAIL FROM:<a@x> HOLDFOR=1"), 0, MAIL, "555 5.5.4"},
    // DELIVERBY
    {V("MAIL FROM:<a@x> BY=120;R"), ALL, MAIL, ""},
    {V("MAIL FROM:<a@x> BY=-5;nt"), ALL, MAIL, ""},
    {V("MAIL FROM:<a@x> BY=0;N"), ALL, MAIL, ""},
    {V("MAIL FROM:<a@x> BY=+999999999;RT"), ALL, MAIL, ""},
    {V("MAIL FROM:<a@x> BY=0;R"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> BY=-1;R"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> BY=1000000000;R"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> BY=;R"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> BY=1"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> BY=1;"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> BY=1;X"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> BY=1;RX"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> BY=1;RTT"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> BY=--1;N"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> BY"), ALL, MAIL, "501 5.5.4"},
    {V("MAIL FROM:<a@x> BY=1;N"), 0, MAIL, "555 5.5.4"},
    // REQUIRETLS
    {V("MAIL FROM:<a@x> REQUIRETLS"), ALL, MAIL, ""},
    {V("MAIL FROM:<a@x> REQUIRETLS"), 0, MAIL, "555 5.5.4"},
    {V("MAIL FROM:<a@x> REQUIRETLS=1"), ALL, MAIL, "501 5.5.4"},
};

static const struct answer_row rcpt_rows[] = {
    {V("RCPT TO:<a@x>"), 0, RCPT, ""},
    {V("rcpt to: <Postmaster>"), 0, RCPT, ""},
    {V("RCPT TO:<@b,@c:a@x>"), 0, RCPT, ""},
    {V("RCPT TO:<ä@x>"), 0, RCPT, ""}, // the server looks at the transaction
    {V("RCPT TO:<>"), 0, RCPT, "501 5.1.3"},
    {V("RCPT TO:a@x"), 0, RCPT, "501 5.1.3"},
    {V("RCPT TO:<a@[1]>"), 0, RCPT, "553 5.1.3"},
    {V("RCPT FROM:<a@x>"), 0, RCPT, "501 5.5.4"},
    {V("RCPT"), 0, RCPT, "501 5.5.4"},
    {V("RCPT TO:<a@x> SIZE=1"), ALL, RCPT, "555 5.5.4"},
    {V("RCPT TO:<a@x> NOTIFY=NEVER"), ALL, RCPT, ""},
    {V("RCPT TO:<a@x> NOTIFY=success,Failure,DELAY"), ALL, RCPT, ""},
    {V("RCPT TO:<a@x> NOTIFY=NEVER,DELAY"), ALL, RCPT, "501 5.5.4"},
    {V("RCPT TO:<a@x> NOTIFY=DELAY,NEVER"), ALL, RCPT, "501 5.5.4"},
    {V("RCPT TO:<a@x> NOTIFY=NEVER,NEVER"), ALL, RCPT, "501 5.5.4"},
    {V("RCPT TO:<a@x> NOTIFY="), ALL, RCPT, "501 5.5.4"},
    {V("RCPT TO:<a@x> NOTIFY"), ALL, RCPT, "501 5.5.4"},
    {V("RCPT TO:<a@x> NOTIFY=DELAY,"), ALL, RCPT, "501 5.5.4"},
    {V("RCPT TO:<a@x> NOTIFY=,DELAY"), ALL, RCPT, "501 5.5.4"},
    {V("RCPT TO:<a@x> NOTIFY=SOON"), ALL, RCPT, "501 5.5.4"},
    {V("RCPT TO:<a@x> NOTIFY=DELAY"), 0, RCPT, "555 5.5.4"},
    {V("RCPT TO:<a@x> NOTIFY=DELAY NOTIFY=DELAY"), ALL, RCPT, "501 5.5.4"},
    {V("RCPT TO:<a@x> ORCPT=rfc822;b+2Bc@y"), ALL, RCPT, ""},
    {V("RCPT TO:<a@x> ORCPT=utf-8;b\\x{E4}@y"), ALL, RCPT, ""},
    {V("RCPT TO:<a@x> ORCPT=utf-8;bä@y"), ALL, RCPT, ""},
    {V("RCPT TO:<a@x> ORCPT=utf-8;bä@y"), SMTP_EXT_DSN, RCPT, "501 5.5.4"},
    {V("RCPT TO:<a@x> ORCPT=utf-8;b\\x{0}"), ALL, RCPT, "501 5.5.4"},
    {V("RCPT TO:<a@x> ORCPT=utf-8;b\\x{0D}"), ALL, RCPT, "501 5.5.4"},
    {V("RCPT TO:<a@x> ORCPT=rfc822;b+0D+0A"), ALL, RCPT, "501 5.5.4"},
    {V("RCPT TO:<a@x> ORCPT=rfc822;b+C3+A4"), ALL, RCPT, "501 5.5.4"},
    {V("RCPT TO:<a@x> ORCPT=rfc822;"), ALL, RCPT, "501 5.5.4"},
    {V("RCPT TO:<a@x> ORCPT=;b@y"), ALL, RCPT, "501 5.5.4"},
    {V("RCPT TO:<a@x> ORCPT=b@y"), ALL, RCPT, "501 5.5.4"},
    {V("RCPT TO:<a@x> ORCPT=r(c;b@y"), ALL, RCPT, "501 5.5.4"},
    {V("RCPT TO:<a@x> ORCPT"), ALL, RCPT, "501 5.5.4"},
};

static void check_answers(const struct answer_row *rows, size_t count)
{
	struct arena arena;
	struct buf answer;
	arena_init(&arena);
	buf_init(&answer, 100);
	for (size_t i = 0; i < count; i++) {
		struct smtp_command command;
		enum rc rc = parse(&arena, rows[i].line, rows[i].extensions,
		    &command, &answer);
		struct view wanted = view_of_string(rows[i].answer);
		if (!view_eq(buf_view(&answer), wanted))
			print_error("%.*s: %.*s\n", VIEW_FMT(rows[i].line),
			    VIEW_FMT(buf_view(&answer)));
		assert_view_equal(buf_view(&answer), wanted);
		assert_int_equal(rc == RC_OK, wanted.len == 0);
		assert_int_equal(command.verb, rows[i].verb);
	}
	buf_done(&answer);
	arena_done(&arena);
}

static void every_line_gets_the_answer_it_deserves(void **state)
{
	(void)state;
	check_answers(verb_rows, ARRAY_LEN(verb_rows));
	check_answers(mail_rows, ARRAY_LEN(mail_rows));
	check_answers(rcpt_rows, ARRAY_LEN(rcpt_rows));
}

static struct smtp_command good(struct arena *arena, struct view line)
{
	struct smtp_command command;
	struct smtp_fault fault;
	assert_int_equal(
	    smtp_command_parse(arena, line, ALL, &command, &fault), RC_OK);
	return command;
}

static void parameters_of_mail_are_understood(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	struct smtp_mail mail =
	    good(&arena, VIEW("MAIL FROM:<a@x> SIZE=1000 BODY=BINARYMIME "
			      "SMTPUTF8 RET=HDRS ENVID=a+2Bb AUTH=e+3Dmc2@y.z "
			      "HOLDUNTIL=1970-01-02T00:00:00Z BY=-120;NT "
			      "REQUIRETLS"))
		.mail;
	assert_true(mail.size_given && mail.size == 1000);
	assert_true(mail.body_given && mail.body == SMTP_BODY_BINARYMIME);
	assert_true(mail.utf8 && mail.require_tls);
	assert_int_equal(mail.ret, SMTP_RET_HDRS);
	assert_view_equal(mail.envid, VIEW("a+b"));
	assert_true(mail.auth_given && !mail.auth_null);
	assert_view_equal(mail.auth.local, VIEW("e=mc2"));
	assert_view_equal(mail.auth.domain, VIEW("y.z"));
	assert_int_equal(mail.hold, SMTP_HOLD_UNTIL);
	assert_int_equal(mail.hold_value, 86400);
	assert_int_equal(mail.by, SMTP_BY_NOTIFY);
	assert_true(mail.by_trace && mail.by_seconds == -120);

	mail = good(&arena, VIEW("MAIL FROM:<> SIZE=99999999999999999999"
				 " HOLDFOR=60 AUTH=<>"))
		   .mail;
	assert_true(smtp_mailbox_is_null(&mail.from));
	assert_true(mail.size == UINT64_MAX);
	assert_true(mail.hold == SMTP_HOLD_FOR && mail.hold_value == 60);
	assert_true(mail.auth_given && mail.auth_null);
	assert_false(mail.body_given);
	assert_null(mail.envid.ptr);
	// What is no mailbox is nobody's.
	mail = good(&arena, VIEW("MAIL FROM:<a@x> AUTH=joe ENVID=")).mail;
	assert_true(mail.auth_given && mail.auth_null);
	assert_true(mail.envid.ptr && mail.envid.len == 0);
	arena_done(&arena);
}

static void parameters_of_rcpt_are_understood(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	struct smtp_rcpt rcpt =
	    good(&arena, VIEW("RCPT TO:<a@x> NOTIFY=SUCCESS,DELAY "
			      "ORCPT=UTF-8;b\\x{E4}\\x{2B}@y"))
		.rcpt;
	assert_int_equal(rcpt.notify, SMTP_NOTIFY_SUCCESS | SMTP_NOTIFY_DELAY);
	assert_view_equal(rcpt.orcpt_type, VIEW("UTF-8"));
	assert_view_equal(rcpt.orcpt, VIEW("bä+@y"));
	assert_view_equal(rcpt.orcpt_xtext, VIEW("UTF-8;b\\x{E4}\\x{2B}@y"));
	rcpt = good(&arena, VIEW("RCPT TO:<a@x>")).rcpt;
	assert_int_equal(rcpt.notify, 0);
	assert_null(rcpt.orcpt.ptr);
	arena_done(&arena);
}

static void arguments_of_other_verbs_are_understood(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	struct smtp_command command = good(&arena, VIEW("bdat 12 last "));
	assert_true(command.chunk_size == 12 && command.chunk_last);
	assert_view_equal(command.word, VIEW("bdat"));
	command = good(&arena, VIEW("BDAT 7"));
	assert_true(command.chunk_size == 7 && !command.chunk_last);
	command = good(&arena, VIEW("AUTH scram-sha-256 biws"));
	assert_view_equal(command.mechanism, VIEW("scram-sha-256"));
	assert_view_equal(command.argument, VIEW("biws"));
	command = good(&arena, VIEW("AUTH PLAIN ="));
	assert_view_equal(command.argument, VIEW("="));
	command = good(&arena, VIEW("AUTH PLAIN"));
	assert_null(command.argument.ptr);
	command = good(&arena, VIEW("EHLO   mail.example.org \t"));
	assert_view_equal(command.argument, VIEW("mail.example.org"));
	command = good(&arena, VIEW("VRFY  joe smith"));
	assert_view_equal(command.argument, VIEW("joe smith"));
	arena_done(&arena);
}

static void a_verb_is_known_before_its_line_is_whole(void **state)
{
	(void)state;
	assert_int_equal(
	    smtp_verb_of(VIEW("GET / HTTP/1.1\r\nHost: x")), SMTP_VERB_HTTP);
	assert_int_equal(smtp_verb_of(VIEW("quit\r\n")), SMTP_VERB_QUIT);
	assert_int_equal(smtp_verb_of(VIEW("qui")), SMTP_VERB_UNKNOWN);
	assert_int_equal(smtp_verb_of(VIEW("\r\nQUIT\r\n")), SMTP_VERB_UNKNOWN);
	assert_string_equal(smtp_verb_name(SMTP_VERB_BDAT), "BDAT");
	assert_string_equal(smtp_verb_name(SMTP_VERB_UNKNOWN), "unknown");
}

static void what_the_client_side_writes_is_read_back(void **state)
{
	(void)state;
	static const struct {
		struct view line;
		struct view ascii; // without SMTPUTF8; NULL: the same
	} rows[] = {
	    {V("MAIL FROM:<>"), {NULL, 0}},
	    {V("MAIL FROM:<\"a b\"@x> SIZE=10 BODY=8BITMIME SMTPUTF8 RET=FULL "
	       "ENVID=a+20b AUTH=e+3Dmc2@y HOLDFOR=9 BY=1;RT REQUIRETLS"),
		{NULL, 0}},
	    {V("MAIL FROM:<a@x> AUTH=<> HOLDUNTIL=2026-11-22T15:00:00Z "
	       "BY=-1;N"),
		{NULL, 0}},
	    {V("MAIL FROM:<ä@bücher.example> SMTPUTF8"), {NULL, 0}},
	    {V("RCPT TO:<a@x> NOTIFY=NEVER"), {NULL, 0}},
	    {V("RCPT TO:<a@x> NOTIFY=SUCCESS,FAILURE,DELAY "
	       "ORCPT=rfc822;b+2Bc@y"),
		{NULL, 0}},
	    {V("RCPT TO:<a@bücher.example> ORCPT=utf-8;ä@y"),
		V("RCPT TO:<a@xn--bcher-kva.example> ORCPT=utf-8;\\x{E4}@y")},
	};
	struct arena arena;
	struct buf out;
	arena_init(&arena);
	buf_init(&out, 4096);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct smtp_command command = good(&arena, rows[i].line);
		buf_reset(&out);
		if (command.verb == MAIL)
			smtp_mail_print(&command.mail, &out);
		else
			smtp_rcpt_print(&command.rcpt, true, &out);
		assert_view_equal_row(i, buf_view(&out), rows[i].line);
		buf_reset(&out);
		if (!rows[i].ascii.ptr)
			continue;
		smtp_rcpt_print(&command.rcpt, false, &out);
		assert_view_equal_row(i, buf_view(&out), rows[i].ascii);
	}
	buf_done(&out);
	arena_done(&arena);
}

static void a_limit_is_a_limit(void **state)
{
	(void)state;
	struct arena arena;
	struct buf line;
	struct smtp_command command;
	struct smtp_fault fault;
	arena_init(&arena);
	buf_init(&line, 4096);
	for (int over = 0; over < 2; over++) {
		enum rc wanted = over ? RC_LIMIT : RC_OK;
		buf_reset(&line);
		buf_add_string(&line, "MAIL FROM:<a@x> ENVID=");
		for (int i = 0; i < SMTP_ENVID_MAX + over; i++)
			buf_add_string(&line, "+2B");
		assert_int_equal(smtp_command_parse(&arena, buf_view(&line),
				     ALL, &command, &fault),
		    wanted);
		buf_reset(&line);
		buf_add_string(&line, "RCPT TO:<a@x> ORCPT=rfc822;");
		for (int i = 7; i < SMTP_ORCPT_MAX + over; i++)
			buf_add_char(&line, 'x');
		assert_int_equal(smtp_command_parse(&arena, buf_view(&line),
				     ALL, &command, &fault),
		    wanted);
	}
	buf_done(&line);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_line_gets_the_answer_it_deserves),
	    cmocka_unit_test(parameters_of_mail_are_understood),
	    cmocka_unit_test(parameters_of_rcpt_are_understood),
	    cmocka_unit_test(arguments_of_other_verbs_are_understood),
	    cmocka_unit_test(a_verb_is_known_before_its_line_is_whole),
	    cmocka_unit_test(what_the_client_side_writes_is_read_back),
	    cmocka_unit_test(a_limit_is_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

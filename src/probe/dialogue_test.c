// SPDX-License-Identifier: Apache-2.0
// Whole dialogues, each as a row: what the server says, what is said to it, and
// what is found.
#include "base/mem.h"
#include "base/test.h"
#include "probe/rig.h"
#include "probe/scram.h"

static const struct probe_login anna = {.user = "anna",
    .password = "secret",
    .sender = "anna@a.example",
    .insecure = true};

struct row {
	enum probe_protocol protocol;
	enum probe_security security;
	bool login;
	const char *server; // its lines
	const char *client; // everything that is said to it
	enum probe_cause cause;
	enum probe_stage stage;
	bool careful; // the password goes to proven servers only
	uint16_t port;
};

#define EHLO "EHLO me.example\r\n"

// SCRAM-SHA-256 for the password "secret" with the salt "saltsaltsalt".
#define SCRAM_HELLO "220 x\r\n250-x\r\n250 AUTH SCRAM-SHA-256\r\n334 \r\n334 "
#define SCRAM_FIRST "cj1ub25jZVNFUlZFUixzPWMyRnNkSE5oYkhSellXeDAsaT00MDk2"
#define SCRAM_PROOF                                                            \
	"dj1tTUJtcm1BeHYwazRKeDRKWlBhKzFFc1hMRWt2OVlSNFRVK0hpblpDNFFBPQ=="
#define SCRAM_ANSWER                                                           \
	EHLO "AUTH "                                                           \
	     "SCRAM-SHA-256\r\nbiwsbj1hbm5hLHI9bm9uY2U="                       \
	     "\r\nYz1iaXdzLHI9bm9uY2VTRVJWRVIscD1zSjdsbTdhY0tETGR4WSt6TU1jUlp" \
	     "NNlV6QnNlbzFpZTZXRzJFaTkrV2ZZPQ=="

static const struct row rows[] = {
    // Greetings.
    {PROBE_IMAP, PROBE_STARTTLS, false, "+OK POP3 ready\r\n", "",
	PROBE_WRONG_PROTOCOL, PROBE_CONNECT, false, 0},
    {PROBE_POP3, PROBE_STARTTLS, false, "220 mx ESMTP\r\n", "",
	PROBE_WRONG_PROTOCOL, PROBE_CONNECT, false, 0},
    {PROBE_SMTP, PROBE_STARTTLS, false, "* OK IMAP\r\n", "",
	PROBE_WRONG_PROTOCOL, PROBE_CONNECT, false, 0},
    {PROBE_SMTP, PROBE_STARTTLS, false, "HTTP/1.1 400 Bad\r\n", "",
	PROBE_WRONG_PROTOCOL, PROBE_CONNECT, false, 0},
    {PROBE_IMAP, PROBE_STARTTLS, false, "* BYE too many\r\n", "",
	PROBE_TURNED_AWAY, PROBE_CONNECT, false, 0},
    {PROBE_POP3, PROBE_STARTTLS, false, "-ERR busy\r\n", "", PROBE_TURNED_AWAY,
	PROBE_CONNECT, false, 0},
    {PROBE_SMTP, PROBE_STARTTLS, false, "421 busy\r\n", "", PROBE_TURNED_AWAY,
	PROBE_CONNECT, false, 0},
    {PROBE_SMTP, PROBE_STARTTLS, false, "554-no\r\n554 way\r\n", "",
	PROBE_TURNED_AWAY, PROBE_CONNECT, false, 0},
    {PROBE_IMAP, PROBE_STARTTLS, false, "\x15\x03\x01", "", PROBE_NOT_STARTTLS,
	PROBE_CONNECT, false, 0},
    {PROBE_IMAP, PROBE_STARTTLS, false, "", "", PROBE_HUNG_UP, PROBE_CONNECT,
	false, 0},
    // Encryption.
    {PROBE_IMAP, PROBE_STARTTLS, true,
	"* OK hi\r\n* CAPABILITY IMAP4rev1 LOGINDISABLED\r\np1 OK\r\n",
	"p1 CAPABILITY\r\np2 LOGOUT\r\n", PROBE_LOGIN_NEEDS_TLS, PROBE_GREETING,
	false, 143},
    {PROBE_IMAP, PROBE_STARTTLS, true,
	"* OK hi\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\np1 OK\r\n",
	"p1 CAPABILITY\r\np2 LOGOUT\r\n", PROBE_NO_ENCRYPTION, PROBE_GREETING,
	false, 143},
    {PROBE_SMTP, PROBE_STARTTLS, true, "220 x\r\n250-x\r\n250 SIZE\r\n",
	EHLO "QUIT\r\n", PROBE_LOGIN_NEEDS_TLS, PROBE_GREETING, false, 587},
    {PROBE_SMTP, PROBE_STARTTLS, true, "220 x\r\n250-x\r\n250 SIZE\r\n",
	EHLO "QUIT\r\n", PROBE_NO_ENCRYPTION, PROBE_GREETING, false, 25},
    {PROBE_POP3, PROBE_STARTTLS, true,
	"+OK\r\n+OK\r\nSTLS\r\n.\r\n-ERR no certificate\r\n",
	"CAPA\r\nSTLS\r\nQUIT\r\n", PROBE_STARTTLS_REFUSED, PROBE_GREETING,
	false, 110},
    // What came before TLS counts for nothing afterwards.
    {PROBE_SMTP, PROBE_STARTTLS, true,
	"220 x\r\n250-x\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n220 go\r\n"
	"250 AUTH PLAIN\r\n\x01"
	"250-x\r\n250 AUTH XOAUTH2 OAUTHBEARER\r\n",
	EHLO "STARTTLS\r\n<TLS>\n" EHLO "QUIT\r\n", PROBE_NO_MECHANISM,
	PROBE_OFFER, false, 587},
    // Without a proof of the server's name the password stays here.
    {PROBE_IMAP, PROBE_TLS, true,
	"* OK hi\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\np1 OK\r\n",
	"p1 CAPABILITY\r\np2 LOGOUT\r\n", PROBE_BAD_CERTIFICATE, PROBE_OFFER,
	true, 993},
    {PROBE_IMAP, PROBE_PLAIN, true,
	"* OK hi\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\np1 OK\r\n",
	"p1 CAPABILITY\r\np2 LOGOUT\r\n", PROBE_NO_ENCRYPTION, PROBE_OFFER,
	true, 143},
    {PROBE_IMAP, PROBE_PLAIN, false,
	"* OK hi\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\np1 OK\r\n",
	"p1 CAPABILITY\r\np2 LOGOUT\r\n", PROBE_OK, PROBE_OFFER, false, 143},
    // Log-in.
    {PROBE_IMAP, PROBE_PLAIN, true,
	"* OK hi\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\np1 OK\r\n"
	"+ \r\np2 OK in\r\n* 3 EXISTS\r\np3 OK [READ-ONLY]\r\n",
	"p1 CAPABILITY\r\np2 AUTHENTICATE PLAIN\r\nAGFubmEAc2VjcmV0\r\n"
	"p3 EXAMINE INBOX\r\np4 LOGOUT\r\n",
	PROBE_OK, PROBE_DONE, false, 143},
    {PROBE_IMAP, PROBE_PLAIN, true,
	"* OK hi\r\n* CAPABILITY IMAP4rev1\r\np1 OK\r\np2 NO "
	"[AUTHENTICATIONFAILED] no\r\n",
	"p1 CAPABILITY\r\np2 LOGIN \"anna\" \"secret\"\r\np3 LOGOUT\r\n",
	PROBE_WRONG_PASSWORD, PROBE_OFFER, false, 143},
    {PROBE_IMAP, PROBE_PLAIN, true,
	"* OK hi\r\n* CAPABILITY IMAP4rev1\r\np1 OK\r\np2 NO [UNAVAILABLE] "
	"later\r\n",
	"p1 CAPABILITY\r\np2 LOGIN \"anna\" \"secret\"\r\np3 LOGOUT\r\n",
	PROBE_LOGIN_TROUBLE, PROBE_OFFER, false, 143},
    {PROBE_IMAP, PROBE_PLAIN, true,
	"* OK hi\r\n* CAPABILITY IMAP4rev1\r\np1 OK\r\np2 NO [LIMIT] x\r\n",
	"p1 CAPABILITY\r\np2 LOGIN \"anna\" \"secret\"\r\np3 LOGOUT\r\n",
	PROBE_LIMITED, PROBE_OFFER, false, 143},
    {PROBE_IMAP, PROBE_PLAIN, true,
	"* OK hi\r\n* CAPABILITY IMAP4rev1\r\np1 OK\r\np2 NO [EXPIRED] x\r\n",
	"p1 CAPABILITY\r\np2 LOGIN \"anna\" \"secret\"\r\np3 LOGOUT\r\n",
	PROBE_DISABLED, PROBE_OFFER, false, 143},
    {PROBE_IMAP, PROBE_PLAIN, true,
	"* OK hi\r\n* CAPABILITY IMAP4rev1\r\np1 OK\r\np2 OK\r\np3 NO gone\r\n",
	"p1 CAPABILITY\r\np2 LOGIN \"anna\" \"secret\"\r\n"
	"p3 EXAMINE INBOX\r\np4 LOGOUT\r\n",
	PROBE_NO_MAILBOX, PROBE_LOGIN, false, 143},
    {PROBE_POP3, PROBE_PLAIN, true,
	"+OK\r\n-ERR what?\r\n+OK\r\n+OK\r\n+OK 2 320\r\n",
	"CAPA\r\nUSER anna\r\nPASS secret\r\nSTAT\r\nQUIT\r\n", PROBE_OK,
	PROBE_DONE, false, 110},
    {PROBE_POP3, PROBE_PLAIN, true,
	"+OK\r\n+OK\r\nSASL PLAIN\r\n.\r\n+ \r\n-ERR [SYS/TEMP] x\r\n",
	"CAPA\r\nAUTH PLAIN\r\nAGFubmEAc2VjcmV0\r\nQUIT\r\n",
	PROBE_LOGIN_TROUBLE, PROBE_OFFER, false, 110},
    {PROBE_POP3, PROBE_PLAIN, true,
	"+OK\r\n+OK\r\nUSER\r\n.\r\n+OK\r\n-ERR [IN-USE] x\r\n",
	"CAPA\r\nUSER anna\r\nPASS secret\r\nQUIT\r\n", PROBE_LIMITED,
	PROBE_OFFER, false, 110},
    {PROBE_SMTP, PROBE_PLAIN, true,
	"220 x\r\n250-x\r\n250 AUTH LOGIN\r\n334 VXNlcm5hbWU6\r\n334 "
	"UGFzc3dvcmQ6\r\n235 in\r\n250 ok\r\n250 ok\r\n",
	EHLO "AUTH LOGIN\r\nYW5uYQ==\r\nc2VjcmV0\r\nMAIL "
	     "FROM:<anna@a.example>\r\nRSET\r\nQUIT\r\n",
	PROBE_OK, PROBE_DONE, false, 587},
    {PROBE_SMTP, PROBE_PLAIN, true,
	"220 x\r\n250-x\r\n250 AUTH PLAIN\r\n334 \r\n235 in\r\n553 no\r\n",
	EHLO "AUTH PLAIN\r\nAGFubmEAc2VjcmV0\r\nMAIL "
	     "FROM:<anna@a.example>\r\nQUIT\r\n",
	PROBE_SENDER_REFUSED, PROBE_LOGIN, false, 587},
    {PROBE_SMTP, PROBE_PLAIN, true,
	"220 x\r\n250-x\r\n250 AUTH PLAIN\r\n334 \r\n525 5.7.13 off\r\n",
	EHLO "AUTH PLAIN\r\nAGFubmEAc2VjcmV0\r\nQUIT\r\n", PROBE_DISABLED,
	PROBE_OFFER, false, 587},
    {PROBE_SMTP, PROBE_PLAIN, true,
	"220 x\r\n250-x\r\n250 AUTH PLAIN\r\n334 \r\n454 4.7.0 down\r\n",
	EHLO "AUTH PLAIN\r\nAGFubmEAc2VjcmV0\r\nQUIT\r\n", PROBE_LOGIN_TROUBLE,
	PROBE_OFFER, false, 587},
    {PROBE_SMTP, PROBE_PLAIN, true,
	"220 x\r\n250-x\r\n250 AUTH PLAIN\r\n334 \r\n454 4.7.0 too many\r\n",
	EHLO "AUTH PLAIN\r\nAGFubmEAc2VjcmV0\r\nQUIT\r\n", PROBE_LIMITED,
	PROBE_OFFER, false, 587},
    // Port 25 of most servers.
    {PROBE_SMTP, PROBE_TLS, false, "220 x\r\n250-x\r\n250 SIZE\r\n",
	EHLO "QUIT\r\n", PROBE_BAD_CERTIFICATE, PROBE_OFFER, false, 465},
    // SCRAM is refused before the proof: PLAIN follows. After it: nothing.
    {PROBE_SMTP, PROBE_PLAIN, true,
	"220 x\r\n250-x\r\n250 AUTH PLAIN SCRAM-SHA-256\r\n334 \r\n535 "
	"no\r\n334 \r\n235 in\r\n250\r\n250\r\n",
	EHLO "AUTH SCRAM-SHA-256\r\nbiwsbj1hbm5hLHI9bm9uY2U=\r\nAUTH "
	     "PLAIN\r\nAGFubmEAc2VjcmV0\r\nMAIL FROM:<anna@a.example>\r\n"
	     "RSET\r\nQUIT\r\n",
	PROBE_OK, PROBE_DONE, false, 587},
    // The server says yes without a proof of its own.
    {PROBE_SMTP, PROBE_PLAIN, true,
	"220 x\r\n250-x\r\n250 AUTH PLAIN SCRAM-SHA-256\r\n334 \r\n235 in\r\n",
	EHLO "AUTH SCRAM-SHA-256\r\nbiwsbj1hbm5hLHI9bm9uY2U=\r\nQUIT\r\n",
	PROBE_FALSE_SERVER, PROBE_OFFER, false, 587},
    // SCRAM to its end: the server proves that it knows the password, too.
    {PROBE_SMTP, PROBE_PLAIN, true,
	SCRAM_HELLO SCRAM_FIRST "\r\n334 " SCRAM_PROOF
				"\r\n235 in\r\n250\r\n250\r\n",
	SCRAM_ANSWER "\r\n\r\nMAIL FROM:<anna@a.example>\r\nRSET\r\nQUIT\r\n",
	PROBE_OK, PROBE_DONE, false, 587},
    {PROBE_SMTP, PROBE_PLAIN, true,
	SCRAM_HELLO SCRAM_FIRST "\r\n334 "
				"dj1BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU"
				"FBQUFBQUFBQUFBPQ==\r\n235 in\r\n",
	SCRAM_ANSWER "\r\nQUIT\r\n", PROBE_FALSE_SERVER, PROBE_OFFER, false,
	587},
    {PROBE_SMTP, PROBE_PLAIN, true,
	SCRAM_HELLO SCRAM_FIRST "\r\n334 " SCRAM_PROOF "\r\n334 \r\n",
	SCRAM_ANSWER "\r\n\r\nQUIT\r\n", PROBE_NONSENSE, PROBE_OFFER, false,
	587},
    // Why a log-in is refused.
    {PROBE_SMTP, PROBE_PLAIN, true,
	"220 x\r\n250-x\r\n250 AUTH PLAIN\r\n334 \r\n538 5.7.11 TLS\r\n",
	EHLO "AUTH PLAIN\r\nAGFubmEAc2VjcmV0\r\nQUIT\r\n",
	PROBE_LOGIN_NEEDS_TLS, PROBE_OFFER, false, 587},
    {PROBE_SMTP, PROBE_PLAIN, true,
	"220 x\r\n250-x\r\n250 AUTH PLAIN\r\n334 \r\n535 5.7.8 too many\r\n",
	EHLO "AUTH PLAIN\r\nAGFubmEAc2VjcmV0\r\nQUIT\r\n", PROBE_LIMITED,
	PROBE_OFFER, false, 587},
    {PROBE_SMTP, PROBE_PLAIN, true,
	"220 x\r\n250-x\r\n250 AUTH PLAIN\r\n334 \r\n535 5.7.8 bad\r\n",
	EHLO "AUTH PLAIN\r\nAGFubmEAc2VjcmV0\r\nQUIT\r\n", PROBE_WRONG_PASSWORD,
	PROBE_OFFER, false, 587},
    {PROBE_POP3, PROBE_PLAIN, true,
	"+OK\r\n-ERR what?\r\n+OK\r\n-ERR account suspended\r\n",
	"CAPA\r\nUSER anna\r\nPASS secret\r\nQUIT\r\n", PROBE_DISABLED,
	PROBE_OFFER, false, 110},
    {PROBE_POP3, PROBE_PLAIN, true,
	"+OK\r\n-ERR what?\r\n+OK\r\n-ERR [AUTH] bad\r\n",
	"CAPA\r\nUSER anna\r\nPASS secret\r\nQUIT\r\n", PROBE_WRONG_PASSWORD,
	PROBE_OFFER, false, 110},
    // Nonsense.
    {PROBE_SMTP, PROBE_PLAIN, false, "220 x\r\nwhat\r\n", EHLO "QUIT\r\n",
	PROBE_NONSENSE, PROBE_GREETING, false, 587},
    {PROBE_SMTP, PROBE_PLAIN, true,
	"220 x\r\n250-x\r\n250 AUTH PLAIN\r\n334 \r\n334 \r\n",
	EHLO "AUTH PLAIN\r\nAGFubmEAc2VjcmV0\r\nQUIT\r\n", PROBE_NONSENSE,
	PROBE_OFFER, false, 587},
};

static void run_row(size_t n, size_t piece)
{
	const struct row *row = &rows[n];
	struct probe_rig rig;
	struct probe_login login = anna;
	login.insecure = !row->careful;
	probe_rig_init(
	    &rig, &(struct probe_dialogue_config){.protocol = row->protocol,
		      .security = row->security,
		      .host = "mail.example",
		      .port = row->port,
		      .helo = "me.example",
		      .nonce = "nonce",
		      .greeting_seconds = 5,
		      .answer_seconds = 5,
		      .login = row->login ? &login : NULL});
	probe_rig_say(&rig, view_of_string(row->server), piece);
	assert_view_equal_row(
	    n, buf_view(&rig.out), view_of_string(row->client));
	probe_rig_done(&rig, NET_END_PEER);
	assert_int_equal(rig.done, 1);
	if (rig.outcome.cause != row->cause || rig.outcome.stage != row->stage)
		fail_msg("row %zu: %s, %s", n,
		    probe_cause_id(rig.outcome.cause),
		    probe_stage_id(rig.outcome.stage));
}

static void test_dialogues(void **state)
{
	(void)state;
	for (size_t n = 0; n < ARRAY_LEN(rows); n++) {
		run_row(n, 0);
		run_row(n, 1);
	}
}

static void test_time_is_over(void **state)
{
	static const struct {
		const char *server;
		enum probe_cause cause;
	} table[] = {
	    {"", PROBE_NO_GREETING},
	    {"* OK hi\r\n", PROBE_NO_ANSWER},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct probe_rig rig;
		probe_rig_init(&rig,
		    &(struct probe_dialogue_config){.security = PROBE_STARTTLS,
			.host = "mail.example",
			.greeting_seconds = 7,
			.answer_seconds = 7});
		probe_rig_say(&rig, view_of_string(table[i].server), 0);
		probe_rig_done(&rig, NET_END_TIMEOUT);
		assert_int_equal(rig.outcome.cause, table[i].cause);
		assert_string_equal(rig.outcome.detail, "7");
	}
}

static void test_a_line_without_an_end(void **state)
{
	(void)state;
	struct probe_rig rig;
	struct buf line;
	buf_init(&line, 100000);
	for (size_t i = 0; i < 20000; i++)
		buf_add_char(&line, 'x');
	probe_rig_init(
	    &rig, &(struct probe_dialogue_config){
		      .security = PROBE_STARTTLS, .host = "mail.example"});
	probe_rig_say(&rig, buf_view(&line), 0);
	assert_false(rig.open);
	probe_rig_done(&rig, NET_END_CLOSED);
	assert_int_equal(rig.outcome.cause, PROBE_WRONG_PROTOCOL);
	buf_done(&line);
}

// The example of RFC 7677 section 3.
static void test_scram(void **state)
{
	(void)state;
	static const char server_first[] =
	    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
	struct probe_scram scram;
	struct buf out;
	buf_init(&out, 4096);
	probe_scram_init(&scram, "rOprNGfwEbeRWgbNEkqO");
	probe_scram_first(&scram, "user", &out);
	assert_view_equal(
	    buf_view(&out), VIEW("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"));
	buf_reset(&out);
	assert_int_equal(
	    probe_scram_final(&scram, VIEW(server_first), "pencil", &out),
	    RC_OK);
	assert_view_equal(buf_view(&out),
	    VIEW("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
		 "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
	assert_int_equal(
	    probe_scram_verify(
		&scram, VIEW("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")),
	    RC_OK);
	assert_int_equal(
	    probe_scram_verify(
		&scram, VIEW("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=")),
	    RC_AUTH);
	assert_int_equal(
	    probe_scram_verify(&scram, VIEW("e=other-error")), RC_AUTH);
	probe_scram_done(&scram);
	buf_done(&out);
}

static void test_scram_refuses(void **state)
{
	static const struct {
		const char *message;
		enum rc rc;
	} table[] = {
	    {"", RC_SYNTAX},
	    {"r=abc,s=AAAA,i=4096", RC_SYNTAX},     // not more than ours
	    {"r=xyzMORE,s=AAAA,i=4096", RC_SYNTAX}, // another nonce
	    {"r=abcMORE,s=AAAA", RC_SYNTAX},
	    {"r=abcMORE,s=AAAA,i=0", RC_SYNTAX},
	    {"r=abcMORE,s=,i=4096", RC_SYNTAX},
	    {"m=x,r=abcMORE,s=AAAA,i=4096", RC_SYNTAX},
	    {"r=abcMORE,s=AAAA,i=99999999", RC_LIMIT},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct probe_scram scram;
		struct buf out;
		buf_init(&out, 4096);
		probe_scram_init(&scram, "abc");
		probe_scram_first(&scram, "a=b,c", &out);
		assert_view_equal(buf_view(&out), VIEW("n,,n=a=3Db=2Cc,r=abc"));
		assert_int_equal(
		    probe_scram_final(
			&scram, view_of_string(table[i].message), "x", &out),
		    table[i].rc);
		probe_scram_done(&scram);
		buf_done(&out);
	}
}

static void test_every_cause_has_its_words(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 4096);
	for (enum probe_cause c = 0; c < PROBE_CAUSES; c++) {
		const struct probe_words words = {.host = "HOST",
		    .protocol = "PROTOCOL",
		    .port = 12345,
		    .detail = "DETAIL"};
		for (enum probe_cause other = 0; other < c; other++)
			assert_string_not_equal(
			    probe_cause_id(c), probe_cause_id(other));
		buf_reset(&text);
		probe_cause_sentence(c, &words, &text);
		assert_true(text.len > 10 && text.ptr[text.len - 1] != ' ');
		probe_cause_mend(c, &words, &text);
		assert_true(view_find_char(buf_view(&text), '{') == SIZE_MAX);
		assert_true(
		    c == PROBE_OK || probe_cause_severity(c) != PROBE_GOOD);
	}
	buf_done(&text);
}

// What is wrong with a certificate: all of it, the most important first.
static void test_certificates(void **state)
{
	static const struct {
		struct net_certificate certificate;
		const char *causes;
		const char *detail; // of the first
	} table[] = {
	    {{.issuer = "A", .not_after = 200, .has_name = true}, "", ""},
	    {{.issuer = "A", .not_after = 99, .has_name = true},
		"certificate-expired ", "1970-01-01 00:01 UTC"},
	    {{.issuer = "A",
		 .not_before = 86500,
		 .not_after = 90000,
		 .has_name = true},
		"certificate-not-yet ", "1970-01-02 00:01 UTC"},
	    {{.names = "b.example, c.example", .issuer = "A", .not_after = 200},
		"certificate-wrong-name ", "b.example, c.example"},
	    {{.issuer = "A",
		 .not_after = 200,
		 .has_name = true,
		 .trust = NET_TRUST_SELF_SIGNED},
		"certificate-self-signed ", ""},
	    {{.issuer = "A",
		 .not_after = 200,
		 .has_name = true,
		 .trust = NET_TRUST_UNKNOWN_ISSUER},
		"certificate-unknown-issuer ", "A"},
	    {{.names = "b.example",
		 .issuer = "A",
		 .not_after = 99,
		 .trust = NET_TRUST_CHAIN_EXPIRED},
		"certificate-expired certificate-wrong-name "
		"certificate-chain-expired ",
		"1970-01-01 00:01 UTC"},
	    {{.not_after = 200, .trust = NET_TRUST_BROKEN, .why = "bad key"},
		"certificate-bad ", "bad key"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		enum probe_cause causes[PROBE_CERTIFICATE_CAUSES_MAX];
		char detail[PROBE_DETAIL_MAX] = "";
		struct buf out;
		buf_init(&out, 4096);
		size_t count = probe_certificate_causes(
		    &table[i].certificate, 100, causes);
		for (size_t c = 0; c < count; c++)
			buf_printf(&out, "%s ", probe_cause_id(causes[c]));
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(table[i].causes));
		if (count > 0)
			probe_certificate_detail(
			    &table[i].certificate, causes[0], detail);
		assert_view_equal_row(
		    i, view_of_string(detail), view_of_string(table[i].detail));
		buf_done(&out);
	}
}

static void test_connections_that_fail(void **state)
{
	static const struct {
		enum net_end end;
		const char *why;
		enum probe_cause cause;
	} table[] = {
	    {NET_END_TIMEOUT, "timed out", PROBE_SILENT},
	    {NET_END_TLS, "wrong version number", PROBE_NOT_TLS},
	    {NET_END_TLS, "packet length too long", PROBE_NOT_TLS},
	    {NET_END_TLS, "http request", PROBE_NOT_TLS},
	    {NET_END_TLS, "handshake failure", PROBE_TLS_FAILED},
	    {NET_END_REFUSED, "connection refused", PROBE_REFUSED},
	    {NET_END_REFUSED, "no route to host", PROBE_UNREACHABLE},
	    {NET_END_STOPPED, "", PROBE_STOPPED},
	    {NET_END_LOST, "connection reset", PROBE_HUNG_UP},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct probe_outcome outcome;
		probe_explain_failure(table[i].end, table[i].why, &outcome);
		assert_view_equal_row(i,
		    view_of_string(probe_cause_id(outcome.cause)),
		    view_of_string(probe_cause_id(table[i].cause)));
		assert_string_equal(outcome.detail, table[i].why);
	}
}

// Nothing of such a log-in is sent: neither as a command, nor in its place.
static void test_what_is_no_line_is_not_sent(void **state)
{
	static const struct {
		const char *user, *password, *sender;
	} table[] = {
	    {"a\r\nDELE 1", "secret", "a@a.example"},
	    {"a\nDELE 1", "secret", "a@a.example"},
	    {"a", "se\r\ncret", "a@a.example"},
	    {"a", "secret", "a@a.example>\r\nRCPT TO:<b@b.example"},
	    {"a\x7f", "secret", "a@a.example"},
	};
	static const char *const server[] = {
	    [PROBE_IMAP] = "* OK hi\r\n* CAPABILITY IMAP4rev1\r\np1 OK\r\n",
	    [PROBE_POP3] = "+OK\r\n+OK\r\nUSER\r\n.\r\n",
	    [PROBE_SMTP] = "220 x\r\n250-x\r\n250 AUTH PLAIN\r\n",
	};
	static const char *const said[] = {
	    [PROBE_IMAP] = "p1 CAPABILITY\r\np2 LOGOUT\r\n",
	    [PROBE_POP3] = "CAPA\r\nQUIT\r\n",
	    [PROBE_SMTP] = "EHLO localhost\r\nQUIT\r\n",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		for (enum probe_protocol p = 0; p < PROBE_PROTOCOLS; p++) {
			struct probe_login login = {.user = table[i].user,
			    .password = table[i].password,
			    .sender = table[i].sender,
			    .insecure = true};
			struct probe_rig rig;
			probe_rig_init(
			    &rig, &(struct probe_dialogue_config){.protocol = p,
				      .security = PROBE_PLAIN,
				      .host = "mail.example",
				      .login = &login});
			probe_rig_say(&rig, view_of_string(server[p]), 0);
			assert_view_equal_row(
			    i, buf_view(&rig.out), view_of_string(said[p]));
			probe_rig_done(&rig, NET_END_CLOSED);
			assert_int_equal(
			    rig.outcome.cause, PROBE_WRONG_PASSWORD);
		}
}

static void test_connections_that_end(void **state)
{
	static const struct {
		enum net_end end;
		enum probe_cause cause;
	} table[] = {
	    {NET_END_TLS, PROBE_TLS_FAILED},
	    {NET_END_STOPPED, PROBE_STOPPED},
	    {NET_END_LOST, PROBE_HUNG_UP},
	    {NET_END_REFUSED, PROBE_HUNG_UP},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct probe_rig rig;
		probe_rig_init(&rig, &(struct probe_dialogue_config){
					 .host = "mail.example", .end_ms = 7});
		assert_int_equal(probe_dialogue_ops.end_ms(rig.dialogue), 7);
		// It says nothing when it is cut off.
		probe_dialogue_ops.shut_down(rig.dialogue, &rig.out);
		assert_int_equal(rig.out.len, 0);
		probe_rig_done(&rig, table[i].end);
		assert_int_equal(rig.outcome.cause, table[i].cause);
	}
}

static void test_each_has_a_name(void **state)
{
	(void)state;
	for (enum probe_protocol p = 0; p < PROBE_PROTOCOLS; p++)
		assert_view_equal_row(p, view_of_string(probe_protocol_name(p)),
		    view_of_string(p == PROBE_IMAP   ? "IMAP"
				   : p == PROBE_POP3 ? "POP3"
						     : "SMTP"));
	for (enum probe_security s = 0; s < PROBE_SECURITIES; s++)
		assert_true(probe_security_name(s)[0] != '\0');
	assert_string_equal(probe_stage_id(PROBE_CONNECT), "connect");
	assert_string_equal(probe_stage_id(PROBE_LOGIN), "login");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dialogues),
	    cmocka_unit_test(test_time_is_over),
	    cmocka_unit_test(test_a_line_without_an_end),
	    cmocka_unit_test(test_what_is_no_line_is_not_sent),
	    cmocka_unit_test(test_scram),
	    cmocka_unit_test(test_scram_refuses),
	    cmocka_unit_test(test_certificates),
	    cmocka_unit_test(test_connections_that_fail),
	    cmocka_unit_test(test_connections_that_end),
	    cmocka_unit_test(test_each_has_a_name),
	    cmocka_unit_test(test_every_cause_has_its_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// SASL exchanges: the RFCs' examples byte for byte, mistakes of clients, and
// GNU SASL as a client that shares no code with this server.
#include <gsasl.h>

#include "auth/sasl.h"
#include "base/mem.h"
#include "base/test.h"

struct fixture {
	struct engine *engine;
	struct auth *auth;
};

static void add_user(struct fixture *fixture, const char *name,
    const struct auth_credentials *credentials)
{
	uint64_t account;
	assert_int_equal(
	    auth_directory_add(fixture->engine, view_of_string(name),
		credentials, 0, NULL, &account),
	    RC_OK);
}

#define USER_FAILURES 200

// "user" and "disabled" have the RFCs' salts and the password "pencil";
// "import" has no SCRAM keys; "a,=b" needs escaping.
static int set_up(void **state)
{
	static const struct auth_settings settings = {
	    .hashing = {.cost = 1,
		.scram_iterations = AUTH_SCRAM_ITERATIONS_MIN,
		.scram_sha1 = true},
	    .user_failures = USER_FAILURES};
	struct fixture *fixture = mem_zalloc(sizeof(*fixture));
	fixture->engine = engine_memory_new();
	assert_int_equal(auth_new(fixture->engine, &settings, NULL, NULL, NULL,
			     &fixture->auth),
	    RC_OK);
	struct auth_credentials pencil;
	struct auth_credentials import = {0};
	assert_int_equal(auth_credentials_make(
			     &settings.hashing, VIEW("pencil"), NULL, &pencil),
	    RC_OK);
	memcpy(import.hash, pencil.hash, sizeof(import.hash));
	static const unsigned char salts[AUTH_DIGESTS][17] = {
	    "[m\x99h\x9d\x12\x35\x8e\xec\xa0K\x14\x12\x36\xfa\x81",
	    "A%\xc2G\xe4:\xb1\xe9<m\xffv"};
	for (int digest = 0; digest < AUTH_DIGESTS; digest++) {
		struct auth_scram_keys *keys = &pencil.scram[digest];
		keys->salt_len = digest == AUTH_SHA1 ? 12 : 16;
		memcpy(keys->salt, salts[digest], keys->salt_len);
		assert_int_equal(auth_scram_derive((enum auth_digest)digest,
				     VIEW("pencil"), keys),
		    RC_OK);
	}
	add_user(fixture, "user", &pencil);
	add_user(fixture, "disabled", &pencil);
	add_user(fixture, "a,=b", &pencil);
	add_user(fixture, "import", &import);
	assert_int_equal(auth_directory_set_disabled(
			     fixture->engine, VIEW("disabled"), true, NULL),
	    RC_OK);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	auth_free(&fixture->auth);
	engine_close(&fixture->engine);
	free(fixture);
	return 0;
}

static const struct auth_channel tls = {
    .protocol = "test", .peer_address = {"127.0.0.1", 9}, .tls = true};

static struct auth_channel bound_tls(void)
{
	struct auth_channel channel = tls;
	channel.exporter = VIEW("exporter-exporter-exporter-bytes");
	channel.end_point = VIEW("end-point-bytes");
	return channel;
}

struct line {
	struct view client;
	const char
	    *server; // what the server must say with RC_MORE; NULL: anything
	enum rc rc;
};

// Sends the client's lines; the result of the last one ends the exchange.
static enum auth_reason play(struct fixture *fixture,
    const struct auth_channel *channel, const char *mechanism,
    const char *nonce, const struct line *lines, size_t count)
{
	struct auth_sasl *sasl = NULL;
	struct auth_verdict verdict = {0};
	assert_int_equal(
	    auth_sasl_start(fixture->auth, view_of_string(mechanism), channel,
		&verdict, &sasl),
	    RC_OK);
	if (nonce)
		auth_sasl_set_nonce(sasl, view_of_string(nonce));
	struct buf out;
	buf_init(&out, AUTH_SASL_OUTPUT_MAX);
	for (size_t i = 0; i < count; i++) {
		buf_reset(&out);
		assert_null(auth_sasl_user(sasl));
		assert_int_equal(
		    auth_sasl_step(sasl, lines[i].client, &out), lines[i].rc);
		if (lines[i].server)
			assert_view_equal(
			    buf_view(&out), view_of_string(lines[i].server));
	}
	enum rc last = lines[count - 1].rc;
	assert_int_equal(auth_sasl_user(sasl) != NULL, last == RC_OK);
	if (last != RC_MORE) { // it has ended: further steps fail
		assert_int_equal(
		    auth_sasl_step(sasl, VIEW(""), &out), RC_SYNTAX);
		assert_int_equal(auth_sasl_challenge(sasl, &out), RC_SYNTAX);
	}
	enum auth_reason reason = auth_sasl_verdict(sasl)->reason;
	buf_done(&out);
	auth_sasl_free(&sasl);
	return reason;
}

#define PLAY(fixture, channel, mechanism, nonce, lines)                        \
	play(fixture, channel, mechanism, nonce, lines, ARRAY_LEN(lines))

// ---- SCRAM's examples ------------------------------------------------------

static void rfc_5802_and_7677_examples_come_out_byte_for_byte(void **state)
{
	const struct line sha1[] = {
	    {VIEW("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"),
		"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
		"s=QSXCR+Q6sek8bf92,i=4096",
		RC_MORE},
	    {VIEW("c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
		  "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="),
		"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", RC_MORE},
	    {VIEW(""), "", RC_OK},
	};
	const struct line sha256[] = {
	    {VIEW("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"),
		"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
		"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
		RC_MORE},
	    {VIEW("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)"
		  "hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
		"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", RC_MORE},
	    {VIEW(""), "", RC_OK},
	};
	assert_int_equal(
	    PLAY(*state, &tls, "SCRAM-SHA-1", "3rfcNHYJY1ZVvWVs7j", sha1),
	    AUTH_REASON_NONE);
	assert_int_equal(PLAY(*state, &tls, "scram-sha-256",
			     "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", sha256),
	    AUTH_REASON_NONE);
}

#define NONCE "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"

static void a_spoilt_final_message_fails(void **state)
{
	static const struct {
		const char *message;
		enum rc rc;
		enum auth_reason reason;
	} rows[] = {
	    {"c=biws,r=" NONCE
	     ",p=eHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		RC_AUTH, AUTH_REASON_PASSWORD},
	    {"c=eSws,r=" NONCE
	     ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		RC_AUTH, AUTH_REASON_BINDING},
	    {"c=,r=" NONCE ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		RC_AUTH, AUTH_REASON_BINDING},
	    {"c=biws,r=" NONCE
	     ",x=1,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		RC_AUTH, AUTH_REASON_PASSWORD},
	    // not the canonical base64, too short, missing, not last
	    {"c=biws,r=" NONCE
	     ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVR=",
		RC_SYNTAX, AUTH_REASON_SYNTAX},
	    {"c=biws,r=" NONCE ",p=dHzb", RC_SYNTAX, AUTH_REASON_SYNTAX},
	    {"c=biws,r=" NONCE ",p=", RC_SYNTAX, AUTH_REASON_SYNTAX},
	    {"c=biws,r=" NONCE, RC_SYNTAX, AUTH_REASON_SYNTAX},
	    {"c=biws,r=" NONCE
	     ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=,x=1",
		RC_SYNTAX, AUTH_REASON_SYNTAX},
	    {"c=biws,r=rOprNGfwEbeRWgbNEkqO,"
	     "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		RC_SYNTAX, AUTH_REASON_SYNTAX},
	    {"r=" NONCE
	     ",c=biws,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		RC_SYNTAX, AUTH_REASON_SYNTAX},
	    {"", RC_SYNTAX, AUTH_REASON_SYNTAX},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct line lines[] = {
		    {VIEW("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"), NULL, RC_MORE},
		    {view_of_string(rows[i].message), "", rows[i].rc},
		};
		assert_int_equal(PLAY(*state, &tls, "SCRAM-SHA-256",
				     "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", lines),
		    rows[i].reason);
	}
	const struct line chatty[] = {
	    {VIEW("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"), NULL, RC_MORE},
	    {VIEW("c=biws,r=" NONCE
		  ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
		NULL, RC_MORE},
	    {VIEW("and?"), NULL, RC_SYNTAX},
	};
	assert_int_equal(PLAY(*state, &tls, "SCRAM-SHA-256",
			     "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", chatty),
	    AUTH_REASON_SYNTAX);
}

static void first_messages_are_read_strictly(void **state)
{
	static const struct {
		const char *message;
		enum rc rc;
	} rows[] = {
	    {"n,,n=user,r=abc", RC_MORE},
	    {"n,a=user,n=user,r=abc", RC_MORE},
	    {"n,,n=user,r=abc,x=ignored", RC_MORE},
	    {"n,,n=a=2C=3Db,r=abc", RC_MORE},
	    {"y,,n=user,r=abc", RC_MORE}, // the channel has no binding
	    {"n,,n=no-such-user,r=abc", RC_MORE},
	    {"n,,n=\xff,r=abc",
		RC_MORE}, // nobody's name; refused only at the end
	    {"p=tls-exporter,,n=user,r=abc", RC_AUTH},
	    {"", RC_SYNTAX},
	    {"n", RC_SYNTAX},
	    {"n,", RC_SYNTAX},
	    {"n,,", RC_SYNTAX},
	    {"n,,n=user", RC_SYNTAX},
	    {"n,,n=user,", RC_SYNTAX},
	    {"n,,n=user,r=", RC_SYNTAX},
	    {"n,,n=,r=abc", RC_SYNTAX},
	    {"n,,n=us=er,r=abc", RC_SYNTAX},
	    {"n,,n=user=2,r=abc", RC_SYNTAX},
	    {"n,,n=user=2c,r=abc", RC_SYNTAX},
	    {"n,,r=abc,n=user", RC_SYNTAX},
	    {"n,,m=must,n=user,r=abc", RC_SYNTAX},
	    {"n,,n=user,r=a bc", RC_SYNTAX},
	    {"n,,n=user,r=abc,", RC_MORE},
	    {"n,,n=user,r=abc,xx", RC_SYNTAX},
	    {"n,b=user,n=user,r=abc", RC_SYNTAX},
	    {"n,a=,n=user,r=abc", RC_SYNTAX},
	    {"x,,n=user,r=abc", RC_SYNTAX},
	    {"p=,,n=user,r=abc", RC_SYNTAX},
	    {"N,,n=user,r=abc", RC_SYNTAX},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct line lines[] = {
		    {view_of_string(rows[i].message), NULL, rows[i].rc}};
		PLAY(*state, &tls, "SCRAM-SHA-256", NULL, lines);
	}
}

// What the server shows for a name before any proof.
static void first_answer(
    struct fixture *fixture, const char *first, char ret_answer[256])
{
	struct auth_sasl *sasl = NULL;
	struct auth_verdict verdict;
	struct buf out;
	buf_init(&out, AUTH_SASL_OUTPUT_MAX);
	assert_int_equal(auth_sasl_start(fixture->auth, VIEW("SCRAM-SHA-256"),
			     &tls, &verdict, &sasl),
	    RC_OK);
	auth_sasl_set_nonce(sasl, VIEW("server"));
	assert_int_equal(
	    auth_sasl_step(sasl, view_of_string(first), &out), RC_MORE);
	snprintf(ret_answer, 256, "%.*s", VIEW_FMT(buf_view(&out)));
	buf_done(&out);
	auth_sasl_free(&sasl);
}

static void a_user_who_does_not_exist_looks_like_one_who_does(void **state)
{
	char ghost[256];
	char again[256];
	char other[256];
	char import[256];
	char user[256];
	first_answer(*state, "n,,n=ghost,r=abc", ghost);
	first_answer(*state, "n,,n=GHOST,r=abc", again);
	first_answer(*state, "n,,n=phantom,r=abc", other);
	first_answer(*state, "n,,n=import,r=abc", import);
	first_answer(*state, "n,,n=user,r=abc", user);
	assert_string_equal(ghost, again);
	assert_string_not_equal(ghost, other);
	assert_string_not_equal(ghost, import);
	assert_int_equal(strlen(ghost), strlen(user));
	assert_int_equal(strlen(import), strlen(user));
	assert_memory_equal(ghost, "r=abcserver,s=", 14);
	assert_string_equal(ghost + strlen(ghost) - 7, ",i=4096");
}

// ---- PLAIN and LOGIN -------------------------------------------------------

static void plain_takes_one_form_only(void **state)
{
	static char long_text[AUTH_SASL_INPUT_MAX + 1];
	memset(long_text, 'x', sizeof(long_text));
	const struct {
		struct view message;
		enum rc rc;
		enum auth_reason reason;
	} rows[] = {
	    {VIEW("\0user\0pencil"), RC_OK, AUTH_REASON_NONE},
	    {VIEW("user\0user\0pencil"), RC_OK, AUTH_REASON_NONE},
	    {VIEW("USER\0user\0pencil"), RC_OK, AUTH_REASON_NONE},
	    {VIEW("other\0user\0pencil"), RC_DENIED, AUTH_REASON_AUTHZID},
	    {VIEW("other\0user\0wrong"), RC_AUTH, AUTH_REASON_PASSWORD},
	    {VIEW("\0user\0wrong"), RC_AUTH, AUTH_REASON_PASSWORD},
	    {VIEW("\0import\0pencil"), RC_OK, AUTH_REASON_NONE},
	    {VIEW("\0disabled\0pencil"), RC_AUTH, AUTH_REASON_DISABLED},
	    {VIEW("\0ghost\0pencil"), RC_AUTH, AUTH_REASON_UNKNOWN_USER},
	    {VIEW(""), RC_SYNTAX, AUTH_REASON_SYNTAX},
	    {VIEW("\0"), RC_SYNTAX, AUTH_REASON_SYNTAX},
	    {VIEW("\0\0"), RC_SYNTAX, AUTH_REASON_SYNTAX},
	    {VIEW("user"), RC_SYNTAX, AUTH_REASON_SYNTAX},
	    {VIEW("user\0pencil"), RC_SYNTAX, AUTH_REASON_SYNTAX},
	    {VIEW("\0user\0"), RC_SYNTAX, AUTH_REASON_SYNTAX},
	    {VIEW("\0\0pencil"), RC_SYNTAX, AUTH_REASON_SYNTAX},
	    {VIEW("\0user\0pencil\0"), RC_SYNTAX, AUTH_REASON_SYNTAX},
	    {VIEW("\0user\0pen\0cil"), RC_SYNTAX, AUTH_REASON_SYNTAX},
	    {view_of(long_text, sizeof(long_text)), RC_LIMIT,
		AUTH_REASON_SYNTAX},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct line lines[] = {{rows[i].message, "", rows[i].rc}};
		assert_int_equal(
		    PLAY(*state, &tls, "PLAIN", NULL, lines), rows[i].reason);
	}
}

static void login_asks_for_name_and_password(void **state)
{
	const struct line good[] = {
	    {VIEW("user"), "Password:", RC_MORE},
	    {VIEW("pencil"), "", RC_OK},
	};
	const struct line wrong[] = {
	    {VIEW("user"), "Password:", RC_MORE},
	    {VIEW(""), "", RC_AUTH},
	};
	const struct line empty[] = {{VIEW(""), "", RC_SYNTAX}};
	assert_int_equal(
	    PLAY(*state, &tls, "LOGIN", NULL, good), AUTH_REASON_NONE);
	assert_int_equal(
	    PLAY(*state, &tls, "LOGIN", NULL, wrong), AUTH_REASON_PASSWORD);
	assert_int_equal(
	    PLAY(*state, &tls, "LOGIN", NULL, empty), AUTH_REASON_SYNTAX);
}

static void a_client_that_waits_is_spoken_to(void **state)
{
	static const struct {
		const char *mechanism;
		const char *challenge;
	} rows[] = {
	    {"LOGIN", "Username:"}, {"PLAIN", ""}, {"SCRAM-SHA-256", ""}};
	struct fixture *fixture = *state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct auth_sasl *sasl = NULL;
		struct auth_verdict verdict;
		struct buf out;
		buf_init(&out, 100);
		assert_int_equal(auth_sasl_start(fixture->auth,
				     view_of_string(rows[i].mechanism), &tls,
				     &verdict, &sasl),
		    RC_OK);
		assert_int_equal(auth_sasl_challenge(sasl, &out), RC_MORE);
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(rows[i].challenge));
		assert_int_equal(auth_sasl_challenge(sasl, &out), RC_SYNTAX);
		buf_done(&out);
		auth_sasl_free(&sasl);
	}
}

// ---- What is announced -----------------------------------------------------

static void what_is_announced_depends_on_the_channel(void **state)
{
	struct fixture *fixture = *state;
	struct auth_channel bound = bound_tls();
	struct auth_channel plain = tls;
	plain.tls = false;
	struct auth_channel allowed = bound;
	allowed.tls = false; // bindings without TLS must not count
	allowed.plain_on_loopback = true;
	const struct {
		const struct auth_channel *channel;
		bool sha1;
		const char *announced;
	} rows[] = {
	    {&bound, true,
		"SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-1 "
		"OAUTHBEARER XOAUTH2 PLAIN LOGIN "},
	    {&bound, false,
		"SCRAM-SHA-256-PLUS SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN "
		"LOGIN "},
	    {&tls, false, "SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN LOGIN "},
	    {&plain, false, ""},
	    {&allowed, false, "SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN LOGIN "},
	};
	struct auth *usual;
	struct auth_settings settings = {.hashing = {.cost = 1}};
	assert_int_equal(
	    auth_new(fixture->engine, &settings, NULL, NULL, NULL, &usual),
	    RC_OK);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct auth *auth = rows[i].sha1 ? fixture->auth : usual;
		const char *names[AUTH_SASL_MECHANISMS_MAX];
		size_t count =
		    auth_sasl_mechanisms(auth, rows[i].channel, names);
		char text[200] = "";
		size_t len = 0;
		for (size_t n = 0; n < count; n++)
			len += (size_t)snprintf(
			    text + len, sizeof(text) - len, "%s ", names[n]);
		assert_string_equal(text, rows[i].announced);
	}
	struct auth_sasl *sasl = NULL;
	struct auth_verdict verdict;
	assert_int_equal(
	    auth_sasl_start(usual, VIEW("PLAIN"), &plain, &verdict, &sasl),
	    RC_DENIED);
	assert_string_equal(
	    auth_reason_code(verdict.reason), "PRIVACYREQUIRED");
	assert_int_equal(
	    auth_sasl_start(usual, VIEW("SCRAM-SHA-1"), &tls, &verdict, &sasl),
	    RC_UNSUPPORTED);
	assert_int_equal(auth_sasl_start(usual, VIEW("SCRAM-SHA-256-PLUS"),
			     &tls, &verdict, &sasl),
	    RC_UNSUPPORTED);
	assert_int_equal(
	    auth_sasl_start(usual, VIEW("GSSAPI"), &tls, &verdict, &sasl),
	    RC_UNSUPPORTED);
	assert_null(sasl);
	auth_free(&usual);
}

static void a_flag_that_does_not_fit_what_was_announced_fails(void **state)
{
	static const struct {
		const char *mechanism;
		const char *first;
		enum rc rc;
	} rows[] = {
	    // "y" although -PLUS was announced: somebody removed it
	    {"SCRAM-SHA-256", "y,,n=user,r=abc", RC_AUTH},
	    {"SCRAM-SHA-256", "n,,n=user,r=abc", RC_MORE},
	    {"SCRAM-SHA-256", "p=tls-exporter,,n=user,r=abc", RC_AUTH},
	    {"SCRAM-SHA-256-PLUS", "n,,n=user,r=abc", RC_AUTH},
	    {"SCRAM-SHA-256-PLUS", "y,,n=user,r=abc", RC_AUTH},
	    {"SCRAM-SHA-256-PLUS", "p=tls-exporter,,n=user,r=abc", RC_MORE},
	    {"SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,n=user,r=abc",
		RC_MORE},
	    {"SCRAM-SHA-256-PLUS", "p=tls-unique,,n=user,r=abc", RC_AUTH},
	    {"SCRAM-SHA-256-PLUS", "p=tls-what,,n=user,r=abc", RC_AUTH},
	};
	struct auth_channel bound = bound_tls();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct line lines[] = {
		    {view_of_string(rows[i].first), NULL, rows[i].rc}};
		PLAY(*state, &bound, rows[i].mechanism, NULL, lines);
	}
}

// ---- GNU SASL as the client ------------------------------------------------

struct client {
	const char *mechanism;
	const char *name;
	const char *authzid; // NULL: none
	const char *password;
	const char *exporter; // base64, as GNU SASL wants it; NULL: none
};

static enum rc gnu_sasl_logs_in(struct fixture *fixture,
    const struct auth_channel *channel, const struct client *client,
    enum auth_reason *ret_reason)
{
	Gsasl *context = NULL;
	Gsasl_session *session = NULL;
	struct auth_sasl *sasl = NULL;
	struct auth_verdict verdict;
	struct buf out;
	buf_init(&out, AUTH_SASL_OUTPUT_MAX);
	assert_int_equal(gsasl_init(&context), GSASL_OK);
	assert_int_equal(
	    gsasl_client_start(context, client->mechanism, &session), GSASL_OK);
	gsasl_property_set(session, GSASL_AUTHID, client->name);
	gsasl_property_set(session, GSASL_PASSWORD, client->password);
	if (client->authzid)
		gsasl_property_set(session, GSASL_AUTHZID, client->authzid);
	if (client->exporter)
		gsasl_property_set(
		    session, GSASL_CB_TLS_EXPORTER, client->exporter);
	assert_int_equal(
	    auth_sasl_start(fixture->auth, view_of_string(client->mechanism),
		channel, &verdict, &sasl),
	    RC_OK);
	enum rc rc = auth_sasl_challenge(sasl, &out);
	while (rc == RC_MORE) {
		char *said = NULL;
		size_t len = 0;
		int status = gsasl_step(session, out.ptr, out.len, &said, &len);
		if (status != GSASL_OK && status != GSASL_NEEDS_MORE)
			fail_msg("%s as %s (%s): %s to \"%.*s\"",
			    client->mechanism, client->name,
			    client->exporter ? "bound" : client->password,
			    gsasl_strerror(status), VIEW_FMT(buf_view(&out)));
		buf_reset(&out);
		rc = auth_sasl_step(sasl, view_of(said, len), &out);
		gsasl_free(said);
	}
	*ret_reason = auth_sasl_verdict(sasl)->reason;
	buf_done(&out);
	auth_sasl_free(&sasl);
	gsasl_finish(session);
	gsasl_done(context);
	return rc;
}

static void gnu_sasl_logs_in_and_is_refused_as_it_should(void **state)
{
	// The base64 of the exporter bytes in bound_tls(), and of other bytes.
	const char *bound = "ZXhwb3J0ZXItZXhwb3J0ZXItZXhwb3J0ZXItYnl0ZXM=";
	const char *elsewhere = "ZWxzZXdoZXJl";
	const struct {
		struct client client;
		bool bound;
		enum auth_reason reason;
	} rows[] = {
	    {{"SCRAM-SHA-256", "user", NULL, "pencil", NULL}, false, 0},
	    {{"SCRAM-SHA-256", "USER", "user", "pencil", NULL}, false, 0},
	    {{"SCRAM-SHA-256", "a,=b", NULL, "pencil", NULL}, false, 0},
	    {{"SCRAM-SHA-256", "user", NULL, "pen\u00adcil", NULL}, false, 0},
	    {{"SCRAM-SHA-256", "user", NULL, "pencil", NULL}, true, 0},
	    {{"SCRAM-SHA-1", "user", NULL, "pencil", NULL}, false, 0},
	    {{"SCRAM-SHA-256-PLUS", "user", NULL, "pencil", bound}, true, 0},
	    {{"SCRAM-SHA-1-PLUS", "user", NULL, "pencil", bound}, true, 0},
	    {{"PLAIN", "user", NULL, "pencil", NULL}, false, 0},
	    {{"LOGIN", "user", NULL, "pencil", NULL}, false, 0},
	    {{"SCRAM-SHA-256-PLUS", "user", NULL, "pencil", elsewhere}, true,
		AUTH_REASON_BINDING},
	    {{"SCRAM-SHA-256", "user", NULL, "wrong", NULL}, false,
		AUTH_REASON_PASSWORD},
	    {{"SCRAM-SHA-256", "user", "other", "pencil", NULL}, false,
		AUTH_REASON_AUTHZID},
	    {{"SCRAM-SHA-256", "ghost", NULL, "pencil", NULL}, false,
		AUTH_REASON_UNKNOWN_USER},
	    {{"SCRAM-SHA-256", "import", NULL, "pencil", NULL}, false,
		AUTH_REASON_NO_KEYS},
	    {{"SCRAM-SHA-256", "disabled", NULL, "pencil", NULL}, false,
		AUTH_REASON_DISABLED},
	    {{"SCRAM-SHA-256", "disabled", NULL, "wrong", NULL}, false,
		AUTH_REASON_PASSWORD},
	};
	struct auth_channel bound_channel = bound_tls();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum auth_reason reason = AUTH_REASON_CANCELLED;
		enum rc rc = gnu_sasl_logs_in(*state,
		    rows[i].bound ? &bound_channel : &tls, &rows[i].client,
		    &reason);
		assert_int_equal(reason, rows[i].reason);
		assert_int_equal(rc == RC_OK, reason == AUTH_REASON_NONE);
	}
}

static void scram_guesses_are_limited_too(void **state)
{
	struct auth_channel far = tls;
	far.peer_address = VIEW("192.0.2.1");
	struct client guess = {"SCRAM-SHA-256", "user", NULL, "wrong", NULL};
	enum auth_reason reason;
	for (int i = 0; i < AUTH_ADDRESS_FAILURES; i++) {
		assert_int_equal(
		    gnu_sasl_logs_in(*state, &far, &guess, &reason), RC_AUTH);
		assert_int_equal(reason, AUTH_REASON_PASSWORD);
	}
	guess.password = "pencil";
	assert_int_equal(
	    gnu_sasl_logs_in(*state, &far, &guess, &reason), RC_AUTH);
	assert_int_equal(reason, AUTH_REASON_LIMITED);
}

// ---- One user, several names -----------------------------------------------

// "NAME@here" stands for NAME, and "info" for user. All names that are nobody's
// end with "@here".
static enum rc whose_name(
    void *context, struct view name, struct auth_name *ret_name)
{
	struct fixture *fixture = context;
	struct view local = view_slice(name, 0, view_find_char(name, '@'));
	struct auth_record record;
	if (view_starts_with(name, VIEW("broken")))
		return RC_IO;
	if (view_eq(local, VIEW("info")))
		local = VIEW("user");
	if (auth_directory_lookup(fixture->engine, local, ret_name, &record) ==
	    RC_OK)
		return RC_OK;
	snprintf(ret_name->text, sizeof(ret_name->text), "%.*s@here",
	    VIEW_FMT(local));
	return RC_NOT_FOUND;
}

static void know_names(struct fixture *fixture)
{
	auth_set_resolver(
	    fixture->auth, &(struct auth_resolver){whose_name, fixture});
}

static void each_name_of_a_user_logs_in_as_this_user(void **state)
{
	static const struct {
		const char *name;
		const char *authzid; // NULL: none
		const char *password;
		enum auth_reason reason;
	} rows[] = {
	    {"user@here", NULL, "pencil", 0},
	    {"info", NULL, "pencil", 0},
	    {"user", "user@here", "pencil", 0},
	    {"info@here", "USER", "pencil", 0},
	    {"user@here", "info", "pencil", 0},
	    {"user@here", "disabled@here", "pencil", AUTH_REASON_AUTHZID},
	    {"user@here", "ghost", "pencil", AUTH_REASON_AUTHZID},
	    {"user@here", "broken", "pencil", AUTH_REASON_AUTHZID},
	    {"user@here", NULL, "wrong", AUTH_REASON_PASSWORD},
	    {"disabled@here", NULL, "pencil", AUTH_REASON_DISABLED},
	    {"ghost@here", NULL, "pencil", AUTH_REASON_UNKNOWN_USER},
	    // Both names are nobody's and resolve to the same text, so the
	    // refusal is not for another identity.
	    {"ghost@here", "ghost", "pencil", AUTH_REASON_UNKNOWN_USER},
	    {"broken", NULL, "pencil", AUTH_REASON_UNAVAILABLE},
	};
	static const char *const mechanisms[] = {
	    "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN"};
	struct fixture *fixture = *state;
	know_names(fixture);
	for (size_t m = 0; m < ARRAY_LEN(mechanisms); m++) {
		bool is_login = strcmp(mechanisms[m], "LOGIN") == 0;
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			if (is_login && rows[i].authzid)
				continue; // the user has no keys
			struct client client = {mechanisms[m], rows[i].name,
			    rows[i].authzid, rows[i].password, NULL};
			enum auth_reason reason;
			enum rc rc =
			    gnu_sasl_logs_in(fixture, &tls, &client, &reason);
			if (reason != rows[i].reason)
				fail_msg("%s as %s: %s", client.mechanism,
				    client.name, auth_reason_word(reason));
			assert_int_equal(rc == RC_OK, reason == 0);
		}
	}
}

static void all_names_of_one_are_alike_before_the_proof(void **state)
{
	static const char *const rows[][2] = {
	    {"n,,n=user,r=abc", "n,,n=user@here,r=abc"},
	    {"n,,n=user,r=abc", "n,,n=info,r=abc"},
	    // A user without keys and one who does not exist look the same.
	    {"n,,n=import,r=abc", "n,,n=import@here,r=abc"},
	    {"n,,n=ghost,r=abc", "n,,n=ghost@here,r=abc"},
	};
	know_names(*state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char one[256];
		char other[256];
		first_answer(*state, rows[i][0], one);
		first_answer(*state, rows[i][1], other);
		assert_string_equal(one, other);
	}
}

// An address that has guessed a little is not looked at any more when a user
// was guessed at often, whatever names that user was given.
static void guesses_under_all_names_count_together(void **state)
{
	static const char *const names[] = {
	    "user", "user@here", "info", "info@here"};
	struct fixture *fixture = *state;
	struct auth_channel far = tls;
	enum auth_reason reason;
	know_names(fixture);
	for (int i = 0; i < USER_FAILURES; i++) {
		char address[32], password[32];
		struct client guess = {
		    "PLAIN", names[i % 4], NULL, password, NULL};
		snprintf(password, sizeof(password), "wrong%d", i);
		snprintf(
		    address, sizeof(address), "10.%d.%d.1", i / 200, i % 200);
		far.peer_address = view_of_string(address);
		gnu_sasl_logs_in(fixture, &far, &guess, &reason);
		assert_int_equal(reason, AUTH_REASON_PASSWORD);
	}
	far.peer_address = VIEW("192.0.2.1");
	for (int i = 0; i < AUTH_CLEAN_FAILURES; i++) {
		char other[32];
		struct client guess = {"PLAIN", other, NULL, "wrong", NULL};
		snprintf(other, sizeof(other), "other%d", i);
		gnu_sasl_logs_in(fixture, &far, &guess, &reason);
		assert_int_equal(reason, AUTH_REASON_UNKNOWN_USER);
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct client right = {
		    "SCRAM-SHA-256", names[i], NULL, "pencil", NULL};
		gnu_sasl_logs_in(fixture, &far, &right, &reason);
		assert_int_equal(reason, AUTH_REASON_LIMITED);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(rfc_5802_and_7677_examples_come_out_byte_for_byte),
	    TEST(a_spoilt_final_message_fails),
	    TEST(first_messages_are_read_strictly),
	    TEST(a_user_who_does_not_exist_looks_like_one_who_does),
	    TEST(plain_takes_one_form_only),
	    TEST(login_asks_for_name_and_password),
	    TEST(a_client_that_waits_is_spoken_to),
	    TEST(what_is_announced_depends_on_the_channel),
	    TEST(a_flag_that_does_not_fit_what_was_announced_fails),
	    TEST(gnu_sasl_logs_in_and_is_refused_as_it_should),
	    TEST(scram_guesses_are_limited_too),
	    TEST(each_name_of_a_user_logs_in_as_this_user),
	    TEST(all_names_of_one_are_alike_before_the_proof),
	    TEST(guesses_under_all_names_count_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

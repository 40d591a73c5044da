// SPDX-License-Identifier: Apache-2.0
#include "auth/oauth.h"

#include "auth/auth_test_tools.h"
#include "auth/oauth_rows.h"
#include "auth/rows.h"
#include "base/tally.h"

#define NOW 1800000000

// RFC 7636 appendix B.
#define VERIFIER  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define REDIRECT  "http://127.0.0.1/done"
#define GIVEN     "http://127.0.0.1:49152/done"

static int64_t tell_time(void *context)
{
	return *(const int64_t *)context;
}

struct office {
	struct engine *engine;
	struct auth *auth;
	struct auth_user user;
	struct auth_client client;
	int64_t now;
	struct clock clock;
};

static struct auth_channel web_channel(void)
{
	struct auth_channel channel = channel_from("192.0.2.1");
	channel.protocol = "http";
	channel.scopes = AUTH_SCOPE_JMAP;
	return channel;
}

// `room` is long enough, and is zero behind the text.
static void set(char *room, const char *text)
{
	memcpy(room, text, strlen(text) + 1);
}

static struct auth_client a_client(const char *name)
{
	struct auth_client client = {
	    .scopes = AUTH_SCOPES_MAIL, .redirect_count = 1};
	set(client.name, name);
	set(client.redirects[0], REDIRECT);
	return client;
}

static int set_up_office(void **state)
{
	struct office *office = mem_zalloc(sizeof(*office));
	struct auth_channel channel = web_channel();
	uint64_t account;
	office->engine = engine_memory_new();
	office->now = NOW;
	office->clock = (struct clock){tell_time, &office->now};
	office->client = a_client("Mail program");
	assert_int_equal(auth_new(office->engine, &settings, NULL,
			     &office->clock, NULL, &office->auth),
	    RC_OK);
	assert_int_equal(auth_user_add(office->auth, VIEW("anna"),
			     VIEW("pencil"), NULL, &account),
	    RC_OK);
	assert_int_equal(
	    auth_user_find(office->auth, VIEW("anna"), &office->user), RC_OK);
	assert_int_equal(auth_client_register(office->auth, &channel, false,
			     &office->client, NULL),
	    RC_OK);
	*state = office;
	return 0;
}

static int tear_down_office(void **state)
{
	struct office *office = *state;
	auth_free(&office->auth);
	engine_close(&office->engine);
	free(office);
	return 0;
}

static enum auth_reason use_access(
    struct office *office, const struct auth_tokens *tokens)
{
	struct auth_channel channel = web_channel();
	struct auth_user user;
	struct auth_verdict verdict;
	(void)!auth_token_verify(office->auth, &channel, AUTH_KIND_ACCESS,
	    view_of_string(tokens->access.text), &user, &verdict);
	return verdict.reason;
}

static struct auth_token_text make_code(struct office *office, uint32_t scopes)
{
	struct auth_channel channel = web_channel();
	struct auth_token_text code;
	struct auth_code_order order = {
	    .client = view_of_string(office->client.id),
	    .redirect_uri = VIEW(GIVEN),
	    .challenge = VIEW(CHALLENGE),
	    .scopes = scopes};
	assert_int_equal(auth_code_make(office->auth, &channel, &office->user,
			     &order, NULL, &code),
	    RC_OK);
	return code;
}

static enum rc redeem(struct office *office, const struct auth_token_text *code,
    const char *client, const char *redirect, const char *verifier,
    struct auth_tokens *ret_tokens)
{
	struct auth_channel channel = web_channel();
	struct fault fault;
	return auth_code_redeem(office->auth, &channel, view_of_string(client),
	    view_of_string(code->text), view_of_string(redirect),
	    view_of_string(verifier), &fault, ret_tokens);
}

static enum rc exchange(struct office *office,
    const struct auth_token_text *code, struct auth_tokens *ret_tokens)
{
	return redeem(
	    office, code, office->client.id, GIVEN, VERIFIER, ret_tokens);
}

static struct auth_tokens get_tokens(struct office *office)
{
	struct auth_tokens tokens;
	struct auth_token_text code = make_code(office, AUTH_SCOPES_MAIL);
	assert_int_equal(exchange(office, &code, &tokens), RC_OK);
	return tokens;
}

static enum rc refresh(struct office *office, const struct auth_tokens *tokens,
    uint32_t scopes, struct auth_tokens *ret_tokens)
{
	struct auth_channel channel = web_channel();
	struct fault fault;
	return auth_grant_refresh(office->auth, &channel,
	    view_of_string(office->client.id),
	    view_of_string(tokens->refresh.text), scopes, &fault, ret_tokens);
}

// ---- Clients ---------------------------------------------------------------

static void redirect_uris_are_those_of_programs(void **state)
{
	static const struct {
		const char *uri;
		bool allowed;
	} rows[] = {
	    {"http://127.0.0.1/", true},
	    {"http://127.0.0.1/redirect?a=b", true},
	    {"http://[::1]/", true},
	    {"com.example:/", true},
	    {"com.example.app:/oauth2redirect", true},
	    {"http://127.0.0.1", false},
	    {"http://127.0.0.1:8080/", false},
	    {"http://127.0.0.1.example/", false},
	    {"http://127.0.0.1@example.org/", false},
	    {"http://localhost/", false},
	    {"http://example.org/", false},
	    {"https://example.org/", false},
	    {"https://127.0.0.1/", false},
	    {"http://127.0.0.1/a/../b", false},
	    {"http://127.0.0.1/#fragment", false},
	    {"http://127.0.0.1/a b", false},
	    {"http://127.0.0.1/\n", false},
	    {"javascript:alert(1)", false},
	    {"javascript:/x", false},
	    {"com.example:x", false},
	    {"com.:/", false},
	    {".com:/", false},
	    {"data:/text.html", false},
	    {":/", false},
	    {"", false},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
		    auth_redirect_is_allowed(view_of_string(rows[i].uri)),
		    rows[i].allowed);
}

static void a_loopback_has_any_port(void **state)
{
	static const struct {
		const char *registered;
		const char *given;
		bool same;
	} rows[] = {
	    {"http://127.0.0.1/redirect", "http://127.0.0.1:49152/redirect",
		true},
	    {"http://127.0.0.1/redirect", "http://127.0.0.1/redirect", true},
	    {"http://[::1]/", "http://[::1]:1/", true},
	    {"http://127.0.0.1/redirect", "http://127.0.0.1:49152/other",
		false},
	    {"http://127.0.0.1/redirect", "http://127.0.0.1:0/redirect", false},
	    {"http://127.0.0.1/redirect", "http://127.0.0.1:65536/redirect",
		false},
	    {"http://127.0.0.1/redirect", "http://127.0.0.1:1@x/redirect",
		false},
	    {"http://127.0.0.1/redirect", "http://127.0.0.1:/redirect", false},
	    {"http://127.0.0.1/redirect", "http://127.0.0.1:1", false},
	    {"http://127.0.0.1/redirect", "http://[::1]:1/redirect", false},
	    {"com.example:/a", "com.example:/a", true},
	    {"com.example:/a", "com.example:/ab", false},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
		    auth_redirect_matches(view_of_string(rows[i].registered),
			view_of_string(rows[i].given)),
		    rows[i].same);
}

static void a_client_registers_once(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = web_channel();
	struct auth_client again = a_client("Mail program");
	struct auth_client other = a_client("Other");
	struct auth_client found;
	assert_int_equal(
	    auth_client_register(office->auth, &channel, false, &again, NULL),
	    RC_OK);
	assert_string_equal(again.id, office->client.id);
	assert_int_equal(
	    auth_client_register(office->auth, &channel, false, &other, NULL),
	    RC_OK);
	assert_string_not_equal(other.id, office->client.id);
	assert_int_equal(
	    auth_client_find(office->auth, view_of_string(other.id), &found),
	    RC_OK);
	assert_string_equal(found.name, "Other");
	assert_string_equal(found.redirects[0], REDIRECT);
	assert_int_equal(
	    auth_client_find(office->auth, VIEW("none"), &found), RC_NOT_FOUND);
	assert_int_equal(
	    auth_client_find(office->auth, VIEW("../../x"), &found),
	    RC_NOT_FOUND);
}

static void bad_clients_are_refused(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = web_channel();
	struct auth_client client = a_client("x");
	struct fault fault;
	set(client.redirects[0], "https://example.org/");
	assert_int_equal(auth_client_register(
			     office->auth, &channel, false, &client, &fault),
	    RC_INVALID);
	client.redirect_count = 0;
	assert_int_equal(auth_client_register(
			     office->auth, &channel, false, &client, &fault),
	    RC_INVALID);
	assert_int_equal(
	    auth_client_register(office->auth, &channel, true, &client, &fault),
	    RC_OK);
	client = a_client(" a\nname\x01 \xff");
	assert_int_equal(auth_client_register(
			     office->auth, &channel, false, &client, &fault),
	    RC_OK);
	assert_string_equal(client.name, "a name  \xef\xbf\xbd");
}

static void one_address_registers_few_clients(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = web_channel();
	struct fault fault;
	char name[16];
	enum rc rc = RC_OK;
	size_t count = 1; // the office's
	while (rc == RC_OK) {
		snprintf(name, sizeof(name), "client %zu", count);
		struct auth_client client = a_client(name);
		rc = auth_client_register(
		    office->auth, &channel, false, &client, &fault);
		count += rc == RC_OK;
	}
	assert_int_equal(rc, RC_LIMIT);
	assert_int_equal(count, AUTH_CLIENTS_PER_HOUR);
	channel.peer_address = VIEW("198.51.100.1");
	struct auth_client client = a_client("from elsewhere");
	assert_int_equal(auth_client_register(
			     office->auth, &channel, false, &client, &fault),
	    RC_OK);
}

static void unused_clients_are_forgotten(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = web_channel();
	struct auth_client other = a_client("Other"), found;
	assert_int_equal(
	    auth_client_register(office->auth, &channel, false, &other, NULL),
	    RC_OK);
	struct auth_tokens tokens = get_tokens(office);
	office->now += AUTH_CLIENT_SECONDS - 1;
	assert_int_equal(auth_credentials_sweep(office->auth, NULL), RC_OK);
	assert_int_equal(
	    auth_client_find(office->auth, view_of_string(other.id), &found),
	    RC_OK);
	office->now++;
	assert_int_equal(auth_credentials_sweep(office->auth, NULL), RC_OK);
	assert_int_equal(
	    auth_client_find(office->auth, view_of_string(other.id), &found),
	    RC_NOT_FOUND);
	// This one has a grant, until that is given back.
	assert_int_equal(refresh(office, &tokens, 0, &tokens), RC_OK);
	assert_int_equal(auth_token_surrender(office->auth,
			     view_of_string(office->client.id),
			     view_of_string(tokens.refresh.text), NULL),
	    RC_OK);
	assert_int_equal(auth_credentials_sweep(office->auth, NULL), RC_OK);
	assert_int_equal(auth_client_find(office->auth,
			     view_of_string(office->client.id), &found),
	    RC_NOT_FOUND);
}

static void a_client_is_read_as_written(void **state)
{
	struct auth_client client = a_client("name"), read = {.scopes = 0};
	struct buf bytes;
	(void)state;
	client.seen = NOW;
	client.used = true;
	set(client.uri, "https://example.org/");
	set(client.software_id, "id");
	set(client.software_version, "1");
	buf_init(&bytes, AUTH_CLIENT_RECORD_MAX);
	auth_client_encode(&client, &bytes);
	assert_int_equal(auth_client_decode(buf_view(&bytes), &read), RC_OK);
	assert_memory_equal(&client, &read, sizeof(client));
	for (size_t len = 0; len < bytes.len; len++)
		assert_int_equal(
		    auth_client_decode(view_of(bytes.ptr, len), &read),
		    RC_CORRUPT);
	buf_add_char(&bytes, '\0');
	assert_int_equal(
	    auth_client_decode(buf_view(&bytes), &read), RC_CORRUPT);
	buf_done(&bytes);
}

// ---- Codes -----------------------------------------------------------------

static void a_code_gives_tokens_once(void **state)
{
	struct office *office = *state;
	struct auth_tokens tokens, again;
	struct auth_credential grant;
	struct auth_channel channel = web_channel();
	struct auth_user user;
	struct auth_verdict verdict;
	struct auth_token_text code =
	    make_code(office, AUTH_SCOPE_IMAP | AUTH_SCOPE_JMAP);
	assert_int_equal(exchange(office, &code, &tokens), RC_OK);
	assert_int_equal(tokens.expires_in, AUTH_ACCESS_SECONDS);
	assert_int_equal(tokens.scopes, AUTH_SCOPE_IMAP | AUTH_SCOPE_JMAP);
	assert_int_equal(
	    auth_token_verify(office->auth, &channel, AUTH_KIND_ACCESS,
		view_of_string(tokens.access.text), &user, &verdict),
	    RC_OK);
	assert_int_equal(user.scopes, AUTH_SCOPE_IMAP | AUTH_SCOPE_JMAP);
	assert_int_equal(auth_credential_find(office->auth, user.account,
			     user.credential, &grant),
	    RC_OK);
	assert_string_equal(grant.name, "Mail program");
	assert_string_equal(grant.client, office->client.id);
	// A refresh token is no access token.
	assert_int_equal(
	    auth_token_verify(office->auth, &channel, AUTH_KIND_ACCESS,
		view_of_string(tokens.refresh.text), &user, &verdict),
	    RC_AUTH);
	// The second time somebody has stolen it.
	assert_int_equal(exchange(office, &code, &again), RC_AUTH);
	assert_int_equal(use_access(office, &tokens), AUTH_REASON_EXPIRED);
	assert_int_equal(refresh(office, &tokens, 0, &again), RC_AUTH);
	assert_int_equal(exchange(office, &code, &again), RC_AUTH);
}

static void a_code_is_bound(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = web_channel();
	struct auth_client other = a_client("Other");
	struct auth_token_text code = make_code(office, AUTH_SCOPES_MAIL);
	struct auth_tokens tokens;
	assert_int_equal(
	    auth_client_register(office->auth, &channel, false, &other, NULL),
	    RC_OK);
	const struct {
		const char *client;
		const char *redirect;
		const char *verifier;
		enum rc rc;
	} rows[] = {
	    {other.id, GIVEN, VERIFIER, RC_AUTH},
	    {"", GIVEN, VERIFIER, RC_AUTH},
	    {office->client.id, REDIRECT, VERIFIER, RC_AUTH},
	    {office->client.id, "", VERIFIER, RC_AUTH},
	    {office->client.id, GIVEN, CHALLENGE, RC_AUTH},
	    {office->client.id, GIVEN, "", RC_AUTH},
	    {office->client.id, GIVEN, VERIFIER "x", RC_AUTH},
	    {office->client.id, GIVEN, VERIFIER, RC_OK},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
		    redeem(office, &code, rows[i].client, rows[i].redirect,
			rows[i].verifier, &tokens),
		    rows[i].rc);
	code = make_code(office, AUTH_SCOPES_MAIL);
	office->now += AUTH_CODE_SECONDS - 1;
	struct auth_token_text late = code;
	assert_int_equal(exchange(office, &code, &tokens), RC_OK);
	office->now -= AUTH_CODE_SECONDS - 1;
	late = make_code(office, AUTH_SCOPES_MAIL);
	office->now += AUTH_CODE_SECONDS;
	assert_int_equal(exchange(office, &late, &tokens), RC_AUTH);
	// Nor is any other token a code.
	code = tokens.refresh;
	assert_int_equal(exchange(office, &code, &tokens), RC_AUTH);
}

static void bad_orders_for_codes_are_refused(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = web_channel();
	struct auth_client narrow = a_client("Narrow");
	struct auth_token_text code;
	struct fault fault;
	narrow.scopes = AUTH_SCOPE_IMAP;
	assert_int_equal(
	    auth_client_register(office->auth, &channel, false, &narrow, NULL),
	    RC_OK);
	struct view id = view_of_string(office->client.id);
	const struct {
		struct auth_code_order order;
		enum rc rc;
	} rows[] = {
	    {{id, VIEW(GIVEN), VIEW(CHALLENGE), 1}, RC_OK},
	    {{id, VIEW(REDIRECT), VIEW(CHALLENGE), 1}, RC_OK},
	    {{VIEW("x"), VIEW(GIVEN), VIEW(CHALLENGE), 1}, RC_NOT_FOUND},
	    {{id, VIEW("http://127.0.0.1:1/other"), VIEW(CHALLENGE), 1},
		RC_INVALID},
	    {{id, VIEW(GIVEN), VIEW(""), 1}, RC_INVALID},
	    {{id, VIEW(GIVEN), VIEW(CHALLENGE "="), 1}, RC_INVALID},
	    {{id, VIEW(GIVEN), VIEW(CHALLENGE), 0}, RC_INVALID},
	    {{id, VIEW(GIVEN), VIEW(CHALLENGE), AUTH_SCOPE_ACCOUNT},
		RC_INVALID},
	    {{view_of_string(narrow.id), VIEW(GIVEN), VIEW(CHALLENGE),
		 AUTH_SCOPE_IMAP},
		RC_OK},
	    {{view_of_string(narrow.id), VIEW(GIVEN), VIEW(CHALLENGE),
		 AUTH_SCOPE_SMTP},
		RC_INVALID},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
		    auth_code_make(office->auth, &channel, &office->user,
			&rows[i].order, &fault, &code),
		    rows[i].rc);
	assert_int_equal(
	    auth_user_set_disabled(office->auth, VIEW("anna"), true, NULL),
	    RC_OK);
	assert_int_equal(auth_code_make(office->auth, &channel, &office->user,
			     &rows[0].order, &fault, &code),
	    RC_GONE);
}

// ---- Refresh tokens --------------------------------------------------------

static void a_refresh_token_is_used_once(void **state)
{
	struct office *office = *state;
	struct auth_tokens first = get_tokens(office), second, third, none;
	office->now += 3000;
	assert_int_equal(refresh(office, &first, 0, &second), RC_OK);
	assert_string_not_equal(first.refresh.text, second.refresh.text);
	assert_int_equal(use_access(office, &first), AUTH_REASON_NONE);
	assert_int_equal(use_access(office, &second), AUTH_REASON_NONE);
	office->now += 3000;
	assert_int_equal(use_access(office, &first), AUTH_REASON_EXPIRED);
	assert_int_equal(refresh(office, &second, 0, &third), RC_OK);
	// The first one again: somebody else has it.
	uint64_t epoch = auth_epoch(office->auth);
	assert_int_equal(refresh(office, &first, 0, &none), RC_AUTH);
	assert_int_not_equal(auth_epoch(office->auth), epoch);
	assert_int_equal(refresh(office, &third, 0, &none), RC_AUTH);
	assert_int_equal(use_access(office, &third), AUTH_REASON_EXPIRED);
}

static void a_lost_answer_is_no_theft(void **state)
{
	struct office *office = *state;
	struct auth_tokens first = get_tokens(office), lost, second, third;
	office->now += 3000;
	assert_int_equal(refresh(office, &first, 0, &lost), RC_OK);
	office->now += AUTH_REFRESH_GRACE_SECONDS - 1;
	assert_int_equal(refresh(office, &first, 0, &second), RC_OK);
	assert_int_equal(refresh(office, &second, 0, &third), RC_OK);
	office->now += 100;
	assert_int_equal(use_access(office, &third), AUTH_REASON_NONE);
	assert_int_equal(refresh(office, &lost, 0, &second), RC_AUTH);
	assert_int_equal(use_access(office, &third), AUTH_REASON_EXPIRED);
}

static void the_grace_ends(void **state)
{
	struct office *office = *state;
	struct auth_tokens first = get_tokens(office), second, none;
	office->now += 3000;
	assert_int_equal(refresh(office, &first, 0, &second), RC_OK);
	office->now += AUTH_REFRESH_GRACE_SECONDS;
	assert_int_equal(refresh(office, &first, 0, &none), RC_AUTH);
	assert_int_equal(use_access(office, &second), AUTH_REASON_EXPIRED);
}

static void a_refresh_may_ask_for_less(void **state)
{
	struct office *office = *state;
	struct auth_tokens tokens, narrow, none, wide;
	struct auth_token_text code =
	    make_code(office, AUTH_SCOPE_IMAP | AUTH_SCOPE_JMAP);
	assert_int_equal(exchange(office, &code, &tokens), RC_OK);
	assert_int_equal(
	    refresh(office, &tokens, AUTH_SCOPE_IMAP, &narrow), RC_OK);
	assert_int_equal(narrow.scopes, AUTH_SCOPE_IMAP);
	assert_int_equal(use_access(office, &narrow), AUTH_REASON_SCOPE);
	assert_int_equal(
	    refresh(office, &narrow, AUTH_SCOPES_MAIL, &none), RC_DENIED);
	assert_int_equal(refresh(office, &narrow, 0, &wide), RC_OK);
	assert_int_equal(use_access(office, &wide), AUTH_REASON_NONE);
}

static void a_grant_ends_without_use(void **state)
{
	struct office *office = *state;
	struct auth_tokens tokens = get_tokens(office);
	for (int i = 0; i < 4; i++) {
		office->now += AUTH_GRANT_IDLE_SECONDS - 1;
		assert_int_equal(refresh(office, &tokens, 0, &tokens), RC_OK);
	}
	assert_int_equal(auth_credentials_sweep(office->auth, NULL), RC_OK);
	office->now += AUTH_GRANT_IDLE_SECONDS;
	assert_int_equal(refresh(office, &tokens, 0, &tokens), RC_AUTH);
}

static void a_revoked_grant_ends_its_sessions(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = web_channel();
	struct auth_tokens tokens = get_tokens(office);
	struct auth_user user;
	struct auth_verdict verdict;
	assert_int_equal(
	    auth_token_verify(office->auth, &channel, AUTH_KIND_ACCESS,
		view_of_string(tokens.access.text), &user, &verdict),
	    RC_OK);
	// That an access token has expired does not end a session (section 3.9
	// of the profile).
	office->now += AUTH_ACCESS_SECONDS;
	assert_int_equal(auth_credentials_sweep(office->auth, NULL), RC_OK);
	assert_int_equal(use_access(office, &tokens), AUTH_REASON_EXPIRED);
	assert_int_equal(auth_user_check(office->auth, &user), RC_OK);
	assert_int_equal(auth_credential_revoke(
			     office->auth, user.account, user.credential, NULL),
	    RC_OK);
	assert_int_equal(auth_user_check(office->auth, &user), RC_GONE);
	assert_int_equal(refresh(office, &tokens, 0, &tokens), RC_AUTH);
}

static void tokens_are_given_back(void **state)
{
	struct office *office = *state;
	struct auth_tokens tokens = get_tokens(office), more;
	struct view client = view_of_string(office->client.id);
	assert_int_equal(refresh(office, &tokens, 0, &more), RC_OK);
	assert_int_equal(auth_token_surrender(office->auth, VIEW("other"),
			     view_of_string(more.access.text), NULL),
	    RC_OK);
	assert_int_equal(use_access(office, &more), AUTH_REASON_NONE);
	assert_int_equal(auth_token_surrender(office->auth, client,
			     view_of_string(more.access.text), NULL),
	    RC_OK);
	assert_int_equal(use_access(office, &more), AUTH_REASON_EXPIRED);
	assert_int_equal(use_access(office, &tokens), AUTH_REASON_NONE);
	assert_int_equal(auth_token_surrender(office->auth, client,
			     view_of_string(more.refresh.text), NULL),
	    RC_OK);
	assert_int_equal(use_access(office, &tokens), AUTH_REASON_EXPIRED);
	assert_int_equal(auth_token_surrender(office->auth, client,
			     view_of_string(more.refresh.text), NULL),
	    RC_OK);
	assert_int_equal(
	    auth_token_surrender(office->auth, client, VIEW("what"), NULL),
	    RC_OK);
}

static void made_up_tokens_are_counted(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = web_channel();
	struct auth_tokens tokens;
	struct fault fault;
	uint64_t before = auth_outcomes(office->auth, AUTH_REASON_TOKEN);
	assert_int_equal(auth_grant_refresh(office->auth, &channel, VIEW("x"),
			     VIEW("made up"), 0, &fault, &tokens),
	    RC_AUTH);
	assert_int_equal(
	    auth_code_redeem(office->auth, &channel, VIEW("x"), VIEW("made up"),
		VIEW("y"), VIEW(VERIFIER), &fault, &tokens),
	    RC_AUTH);
	assert_int_equal(auth_device_poll(office->auth, &channel, VIEW("x"),
			     VIEW("made up"), &fault, &tokens),
	    RC_AUTH);
	assert_int_equal(
	    auth_outcomes(office->auth, AUTH_REASON_TOKEN), before + 3);
}

// ---- Devices ---------------------------------------------------------------

static struct auth_device_codes begin(struct office *office)
{
	struct auth_channel channel = channel_from("198.51.100.5");
	struct auth_device_codes codes;
	assert_int_equal(auth_device_begin(office->auth, &channel,
			     view_of_string(office->client.id),
			     AUTH_SCOPES_MAIL, NULL, &codes),
	    RC_OK);
	return codes;
}

// Without the limit of time between two polls.
static enum rc poll(struct office *office,
    const struct auth_device_codes *codes, struct auth_tokens *ret_tokens)
{
	struct auth_channel channel = channel_from("198.51.100.5");
	struct fault fault;
	tally_free(&office->auth->polls);
	office->auth->polls = tally_new_window(16, 1000);
	return auth_device_poll(office->auth, &channel,
	    view_of_string(office->client.id),
	    view_of_string(codes->device.text), &fault, ret_tokens);
}

static void a_device_gets_tokens(void **state)
{
	struct office *office = *state;
	struct auth_device_codes codes = begin(office);
	struct auth_device_request request;
	struct auth_tokens tokens;
	struct auth_channel channel = web_channel();
	struct fault fault;
	char typed[16] = "";
	assert_int_equal(strlen(codes.user), AUTH_USER_CODE_LEN);
	assert_int_equal(codes.user[4], '-');
	assert_int_equal(poll(office, &codes, &tokens), RC_MORE);
	// A second poll at once is too early.
	assert_int_equal(
	    auth_device_poll(office->auth, &channel,
		view_of_string(office->client.id),
		view_of_string(codes.device.text), &fault, &tokens),
	    RC_LIMIT);
	for (size_t i = 0; codes.user[i]; i++)
		typed[i] =
		    codes.user[i] == '-' ? ' ' : (char)(codes.user[i] + 32);
	assert_int_equal(auth_device_find(office->auth, &office->user,
			     view_of_string(typed), &request),
	    RC_OK);
	assert_string_equal(request.client.name, "Mail program");
	assert_string_equal(request.address, "198.51.100.5");
	assert_int_equal(request.scopes, AUTH_SCOPES_MAIL);
	assert_int_equal(
	    auth_device_decide(office->auth, &office->user,
		view_of_string(typed), true, AUTH_SCOPE_JMAP, NULL),
	    RC_OK);
	assert_int_equal(auth_device_find(office->auth, &office->user,
			     view_of_string(typed), &request),
	    RC_NOT_FOUND);
	assert_int_equal(poll(office, &codes, &tokens), RC_OK);
	assert_int_equal(tokens.scopes, AUTH_SCOPE_JMAP);
	assert_int_equal(use_access(office, &tokens), AUTH_REASON_NONE);
	assert_int_equal(poll(office, &codes, &tokens), RC_GONE);
}

static void a_device_may_be_denied_or_come_too_late(void **state)
{
	struct office *office = *state;
	struct auth_device_codes codes = begin(office);
	struct auth_device_request request;
	struct auth_tokens tokens;
	struct fault fault;
	struct view code = view_of_string(codes.user);
	assert_int_equal(auth_device_decide(
			     office->auth, &office->user, code, false, 0, NULL),
	    RC_OK);
	assert_int_equal(auth_device_decide(office->auth, &office->user, code,
			     true, AUTH_SCOPES_MAIL, &fault),
	    RC_NOT_FOUND);
	assert_int_equal(poll(office, &codes, &tokens), RC_DENIED);
	codes = begin(office);
	code = view_of_string(codes.user);
	office->now += AUTH_DEVICE_SECONDS;
	assert_int_equal(
	    auth_device_find(office->auth, &office->user, code, &request),
	    RC_NOT_FOUND);
	assert_int_equal(auth_device_decide(office->auth, &office->user, code,
			     true, AUTH_SCOPES_MAIL, &fault),
	    RC_NOT_FOUND);
	assert_int_equal(poll(office, &codes, &tokens), RC_GONE);
	assert_int_equal(auth_credentials_sweep(office->auth, NULL), RC_OK);
}

static void user_codes_cannot_be_tried(void **state)
{
	struct office *office = *state;
	struct auth_device_request request;
	struct auth_device_codes codes = begin(office);
	struct view wrong[] = {VIEW("BCDF-GHJK"), VIEW(""), VIEW("AEIO-UAEI"),
	    VIEW("BCDF-GHJ"), VIEW("BCDF-GHJKL")};
	for (int i = 0; i < 20; i++)
		assert_int_equal(
		    auth_device_find(office->auth, &office->user,
			wrong[(size_t)i % ARRAY_LEN(wrong)], &request),
		    RC_NOT_FOUND);
	assert_int_equal(auth_device_find(office->auth, &office->user,
			     view_of_string(codes.user), &request),
	    RC_LIMIT);
}

static void a_device_is_read_as_written(void **state)
{
	struct auth_device device = {.state = AUTH_DEVICE_ALLOWED,
	    .scopes = 5,
	    .created = 1,
	    .expires = 2,
	    .account = 1000,
	    .user = {"anna"},
	    .client = "client",
	    .address = "192.0.2.1"};
	struct auth_device read = {.id = 0};
	struct buf bytes;
	(void)state;
	memset(device.hash, 0xaa, sizeof(device.hash));
	buf_init(&bytes, AUTH_DEVICE_RECORD_MAX);
	auth_device_encode(&device, &bytes);
	assert_int_equal(auth_device_decode(buf_view(&bytes), &read), RC_OK);
	assert_memory_equal(&device, &read, sizeof(device));
	for (size_t len = 0; len < bytes.len; len++)
		assert_int_equal(
		    auth_device_decode(view_of(bytes.ptr, len), &read),
		    RC_CORRUPT);
	buf_done(&bytes);
}

static void count_problem(void *context, const char *text)
{
	(void)text;
	++*(size_t *)context;
}

static void the_check_knows_all_of_it(void **state)
{
	struct office *office = *state;
	size_t problems = 0;
	get_tokens(office);
	begin(office);
	make_code(office, AUTH_SCOPE_IMAP);
	assert_int_equal(
	    auth_directory_check(office->engine, count_problem, &problems),
	    RC_OK);
	assert_int_equal(problems, 0);
}

#define OFFICE(name)                                                           \
	cmocka_unit_test_setup_teardown(name, set_up_office, tear_down_office)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(redirect_uris_are_those_of_programs),
	    cmocka_unit_test(a_loopback_has_any_port),
	    OFFICE(a_client_registers_once),
	    OFFICE(bad_clients_are_refused),
	    OFFICE(one_address_registers_few_clients),
	    OFFICE(unused_clients_are_forgotten),
	    cmocka_unit_test(a_client_is_read_as_written),
	    OFFICE(a_code_gives_tokens_once),
	    OFFICE(a_code_is_bound),
	    OFFICE(bad_orders_for_codes_are_refused),
	    OFFICE(a_refresh_token_is_used_once),
	    OFFICE(a_lost_answer_is_no_theft),
	    OFFICE(the_grace_ends),
	    OFFICE(a_refresh_may_ask_for_less),
	    OFFICE(a_grant_ends_without_use),
	    OFFICE(a_revoked_grant_ends_its_sessions),
	    OFFICE(tokens_are_given_back),
	    OFFICE(made_up_tokens_are_counted),
	    OFFICE(a_device_gets_tokens),
	    OFFICE(a_device_may_be_denied_or_come_too_late),
	    OFFICE(user_codes_cannot_be_tried),
	    cmocka_unit_test(a_device_is_read_as_written),
	    OFFICE(the_check_knows_all_of_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

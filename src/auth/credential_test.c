// SPDX-License-Identifier: Apache-2.0
// All that a user has besides the password: lists, revocations, limits, the
// sweep; and what is stored.
#include "auth/token_test_tools.h"
#include "base/bytes.h"
#include "wire/base64url.h"

// ---- All of a user ---------------------------------------------------------

struct list {
	size_t count;
	struct auth_credential found[64];
};

static enum rc keep(void *context, const struct auth_credential *credential)
{
	struct list *list = context;
	list->found[list->count++] = *credential;
	return RC_OK;
}

static struct list list_of(struct office *office)
{
	struct list list = {0};
	assert_int_equal(auth_credentials_list(
			     office->auth, office->user.account, keep, &list),
	    RC_OK);
	return list;
}

static void the_list_shows_names_and_last_uses(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = web_channel();
	struct auth_token_text token;
	uint64_t id;
	struct auth_session_order pending = {.kind = AUTH_KIND_PENDING};
	token = open_session(office, " Fire\nfox \xff ", &id);
	make_app_password(office, AUTH_SCOPE_IMAP, 0, &id);
	assert_int_equal(auth_session_open(office->auth, &channel,
			     &office->user, &pending, NULL, &token, &id),
	    RC_OK);
	struct list list = list_of(office);
	assert_int_equal(list.count, 2);
	for (size_t i = 0; i < 2; i++) {
		bool app = list.found[i].kind == AUTH_KIND_APP_PASSWORD;
		assert_string_equal(
		    list.found[i].name, app ? "Mutt" : "Fire fox \xef\xbf\xbd");
		assert_string_equal(list.found[i].address, "192.0.2.1");
		assert_int_equal(list.found[i].used.last, 0);
	}
}

static void a_use_is_noted_once_in_a_while(void **state)
{
	struct office *office = *state;
	struct auth_credential found;
	uint64_t id;
	struct auth_token_text token = open_session(office, "", &id);
	office->now += 5;
	assert_int_equal(verify(office, &token), AUTH_REASON_NONE);
	office->now += 60;
	assert_int_equal(verify(office, &token), AUTH_REASON_NONE);
	assert_int_equal(auth_credential_find(
			     office->auth, office->user.account, id, &found),
	    RC_OK);
	assert_int_equal(found.used.last, NOW + 5);
	assert_string_equal(found.used.address, "192.0.2.1");
	assert_string_equal(found.used.protocol, "http");
	assert_int_equal(auth_uses_write(office->auth->uses, NULL), RC_OK);
	assert_int_equal(auth_credential_find(
			     office->auth, office->user.account, id, &found),
	    RC_OK);
	assert_int_equal(found.used.last, NOW + 5);
}

static void a_new_password_ends_sessions_but_one(void **state)
{
	struct office *office = *state;
	struct auth_user user;
	uint64_t id, kept, lost;
	struct auth_token_text app =
	    make_app_password(office, AUTH_SCOPE_IMAP, 0, &id);
	struct auth_token_text keep_token = open_session(office, "", &kept);
	struct auth_token_text lose = open_session(office, "", &lost);
	assert_int_equal(
	    log_in(office, AUTH_SCOPE_IMAP, "anna", app.text, &user),
	    AUTH_REASON_NONE);
	assert_int_equal(auth_user_change_password(office->auth, VIEW("anna"),
			     VIEW("new"), kept, NULL),
	    RC_OK);
	assert_int_equal(verify(office, &keep_token), AUTH_REASON_NONE);
	assert_int_equal(verify(office, &lose), AUTH_REASON_EXPIRED);
	assert_int_equal(
	    log_in(office, AUTH_SCOPE_IMAP, "anna", app.text, &user),
	    AUTH_REASON_NONE);
	assert_int_equal(auth_user_set_password(
			     office->auth, VIEW("anna"), VIEW("newer"), NULL),
	    RC_OK);
	assert_int_equal(verify(office, &keep_token), AUTH_REASON_EXPIRED);
	assert_int_equal(list_of(office).count, 1);
	size_t count;
	assert_int_equal(
	    auth_credentials_revoke(office->auth, office->user.account,
		AUTH_KINDS_ALL, 0, NULL, &count),
	    RC_OK);
	assert_int_equal(count, 1);
	assert_int_equal(list_of(office).count, 0);
}

static void a_disabled_user_gets_nowhere(void **state)
{
	struct office *office = *state;
	struct auth_user user;
	uint64_t id;
	struct auth_token_text app =
	    make_app_password(office, AUTH_SCOPE_IMAP, 0, &id);
	struct auth_token_text token = open_session(office, "", &id);
	assert_int_equal(verify(office, &token), AUTH_REASON_NONE);
	assert_int_equal(
	    auth_user_set_disabled(office->auth, VIEW("anna"), true, NULL),
	    RC_OK);
	assert_int_equal(verify(office, &token), AUTH_REASON_DISABLED);
	assert_int_equal(
	    log_in(office, AUTH_SCOPE_IMAP, "anna", app.text, &user),
	    AUTH_REASON_DISABLED);
	assert_int_equal(
	    auth_user_set_disabled(office->auth, VIEW("anna"), false, NULL),
	    RC_OK);
	assert_int_equal(verify(office, &token), AUTH_REASON_NONE);
}

static enum rc count_key(void *context, struct view key, struct view value)
{
	(void)key;
	(void)value;
	++*(size_t *)context;
	return RC_OK;
}

static size_t count_keys(
    struct office *office, uint64_t partition, struct view prefix)
{
	size_t count = 0;
	assert_int_equal(engine_scan(office->engine, partition, prefix,
			     VIEW(""), count_key, &count),
	    RC_OK);
	return count;
}

static void a_removed_user_leaves_nothing(void **state)
{
	struct office *office = *state;
	uint64_t id;
	struct auth_token_text token = open_session(office, "", &id);
	make_app_password(office, AUTH_SCOPE_IMAP, 0, &id);
	assert_int_equal(verify(office, &token), AUTH_REASON_NONE);
	assert_int_equal(auth_uses_write(office->auth->uses, NULL), RC_OK);
	assert_int_equal(
	    count_keys(office, AUTH_PARTITION, VIEW(AUTH_CREDENTIAL_PREFIX)),
	    2);
	assert_int_equal(
	    auth_user_remove(office->auth, VIEW("anna"), NULL), RC_OK);
	assert_int_equal(
	    count_keys(office, AUTH_PARTITION, VIEW(AUTH_CREDENTIAL_PREFIX)),
	    0);
	assert_int_equal(
	    count_keys(office, AUTH_PLACES_PARTITION, VIEW("")), 0);
	assert_int_equal(verify(office, &token), AUTH_REASON_EXPIRED);
	// The next user of that name is another.
	uint64_t account;
	assert_int_equal(auth_user_add(office->auth, VIEW("anna"),
			     VIEW("pencil"), NULL, &account),
	    RC_OK);
	assert_int_equal(verify(office, &token), AUTH_REASON_EXPIRED);
}

static void the_session_longest_unused_makes_room(void **state)
{
	struct office *office = *state;
	struct auth_token_text tokens[51];
	uint64_t id;
	for (size_t i = 0; i < 50; i++) {
		office->now++;
		tokens[i] = open_session(office, "", &id);
	}
	office->now++;
	assert_int_equal(verify(office, &tokens[0]), AUTH_REASON_NONE);
	tokens[50] = open_session(office, "", &id);
	assert_int_equal(verify(office, &tokens[1]), AUTH_REASON_EXPIRED);
	assert_int_equal(verify(office, &tokens[0]), AUTH_REASON_NONE);
	for (size_t i = 2; i < 51; i++)
		assert_int_equal(verify(office, &tokens[i]), AUTH_REASON_NONE);
}

static void too_many_application_passwords_are_refused(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = web_channel();
	struct auth_token_text text;
	struct fault fault;
	uint64_t id;
	struct auth_app_password_order order = {
	    .name = VIEW("x"), .scopes = AUTH_SCOPE_IMAP};
	for (size_t i = 0; i < 50; i++)
		make_app_password(
		    office, AUTH_SCOPE_IMAP, i == 7 ? NOW + 1 : 0, &id);
	assert_int_equal(auth_app_password_make(office->auth, &channel,
			     &office->user, &order, &fault, &text, &id),
	    RC_LIMIT);
	assert_string_equal(text.text, "");
	// One that has expired does not count.
	office->now++;
	assert_int_equal(auth_app_password_make(office->auth, &channel,
			     &office->user, &order, &fault, &text, &id),
	    RC_OK);
}

static void the_sweep_removes_what_is_over(void **state)
{
	struct office *office = *state;
	struct auth_user user;
	uint64_t id;
	struct auth_token_text token = {{0}};
	for (size_t i = 0; i < 40; i++)
		token = open_session(office, "", &id);
	make_app_password(office, AUTH_SCOPE_IMAP, NOW + 10, &id);
	struct auth_token_text app =
	    make_app_password(office, AUTH_SCOPE_IMAP, 0, &id);
	office->now += AUTH_SESSION_IDLE_SECONDS - 1;
	assert_int_equal(verify(office, &token), AUTH_REASON_NONE);
	office->now++;
	assert_int_equal(auth_credentials_sweep(office->auth, NULL), RC_OK);
	assert_int_equal(
	    count_keys(office, AUTH_PARTITION, VIEW(AUTH_CREDENTIAL_PREFIX)),
	    2);
	assert_int_equal(verify(office, &token), AUTH_REASON_NONE);
	assert_int_equal(
	    log_in(office, AUTH_SCOPE_IMAP, "anna", app.text, &user),
	    AUTH_REASON_NONE);
	office->now += AUTH_SESSION_MAX_SECONDS;
	assert_int_equal(auth_credentials_sweep(office->auth, NULL), RC_OK);
	assert_int_equal(
	    count_keys(office, AUTH_PARTITION, VIEW(AUTH_CREDENTIAL_PREFIX)),
	    1);
	assert_int_equal(
	    count_keys(office, AUTH_PLACES_PARTITION, VIEW(AUTH_USE_PREFIX)),
	    1);
}

// ---- What is stored --------------------------------------------------------

struct search {
	struct view needle;
	bool found;
};

static enum rc search(void *context, struct view key, struct view value)
{
	struct search *search = context;
	if (view_find(key, search->needle) != SIZE_MAX ||
	    view_find(value, search->needle) != SIZE_MAX)
		search->found = true;
	return RC_OK;
}

static bool is_stored(struct office *office, struct view needle)
{
	struct search needles = {needle, false};
	assert_int_equal(engine_scan(office->engine, AUTH_PARTITION, VIEW(""),
			     VIEW(""), search, &needles),
	    RC_OK);
	return needles.found;
}

static void no_secret_is_stored(void **state)
{
	struct office *office = *state;
	struct buf bytes;
	uint64_t id;
	struct auth_token_text token = open_session(office, "needle", &id);
	struct auth_token_text app =
	    make_app_password(office, AUTH_SCOPE_IMAP, 0, &id);
	buf_init(&bytes, 64);
	assert_int_equal(
	    base64url_decode(view_of_string(token.text), &bytes), RC_OK);
	assert_true(is_stored(office, VIEW("needle")));
	assert_true(is_stored(office, view_slice(buf_view(&bytes), 1, 16)));
	assert_false(is_stored(office, view_slice(buf_view(&bytes), 17, 8)));
	assert_false(is_stored(office, view_slice(buf_view(&bytes), 25, 8)));
	assert_false(is_stored(office, view_of_string(token.text)));
	assert_false(is_stored(office, view_of(app.text, 9)));
	buf_done(&bytes);
}

static struct auth_credential a_record(enum auth_kind kind)
{
	struct auth_credential record = {.kind = kind,
	    .user = {"anna"},
	    .scopes = 5,
	    .created = 1,
	    .expires = 2,
	    .idle_seconds = 3,
	    .proved = 4,
	    .name = "a name",
	    .address = "192.0.2.1",
	    .client = "client"};
	memset(record.hash, 0xaa, sizeof(record.hash));
	if (kind == AUTH_KIND_GRANT) {
		memset(record.before, 0xbb, sizeof(record.before));
		record.rotated = 77;
	}
	if (kind == AUTH_KIND_CODE) {
		memset(record.redirect, 0xcc, sizeof(record.redirect));
		memset(record.challenge, 0xdd, sizeof(record.challenge));
		record.grant = 88;
	}
	return record;
}

static void records_are_read_as_written(void **state)
{
	(void)state;
	for (int kind = AUTH_KIND_SESSION; kind <= AUTH_KIND_ACCESS; kind++) {
		struct auth_credential record = a_record((enum auth_kind)kind);
		struct auth_credential read;
		struct buf bytes;
		memset(&read, 0, sizeof(read));
		buf_init(&bytes, AUTH_CREDENTIAL_RECORD_MAX);
		auth_credential_encode(&record, &bytes);
		assert_int_equal(
		    auth_credential_decode(buf_view(&bytes), &read), RC_OK);
		assert_memory_equal(&record, &read, sizeof(record));
		// No beginning of it, nor more, is a record; nor another
		// version.
		for (size_t len = 0; len < bytes.len; len++)
			assert_int_equal(auth_credential_decode(
					     view_of(bytes.ptr, len), &read),
			    RC_CORRUPT);
		buf_add_char(&bytes, '\0');
		assert_int_equal(
		    auth_credential_decode(buf_view(&bytes), &read),
		    RC_CORRUPT);
		buf_truncate(&bytes, bytes.len - 1);
		bytes.ptr[0] = 2;
		assert_int_equal(
		    auth_credential_decode(buf_view(&bytes), &read),
		    RC_CORRUPT);
		buf_done(&bytes);
	}
}

static void a_use_is_read_as_written(void **state)
{
	struct auth_use use = {
	    .last = NOW, .address = "2001:db8::1", .protocol = "imap"};
	struct auth_use read;
	struct buf bytes;
	(void)state;
	memset(&read, 0, sizeof(read));
	buf_init(&bytes, 128);
	auth_use_encode(&use, &bytes);
	assert_int_equal(auth_use_decode(buf_view(&bytes), &read), RC_OK);
	assert_memory_equal(&use, &read, sizeof(use));
	for (size_t len = 0; len < bytes.len; len++)
		assert_int_equal(
		    auth_use_decode(view_of(bytes.ptr, len), &read),
		    RC_CORRUPT);
	bytes.ptr[0] = 2;
	assert_int_equal(auth_use_decode(buf_view(&bytes), &read), RC_CORRUPT);
	buf_done(&bytes);
}

static void note_problem(void *context, const char *text)
{
	(void)text;
	++*(size_t *)context;
}

static enum rc spoil(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	struct auth_row_key key = auth_row_of(1000, 5);
	(void)context;
	(void)from;
	(void)fault;
	engine_batch_put(batch, auth_row_view(&key), VIEW("spoilt"));
	return RC_OK;
}

static void the_check_knows_credentials(void **state)
{
	struct office *office = *state;
	size_t problems = 0;
	uint64_t id;
	open_session(office, "", &id);
	assert_int_equal(
	    auth_directory_check(office->engine, note_problem, &problems),
	    RC_OK);
	assert_int_equal(problems, 0);
	assert_int_equal(
	    engine_change(office->engine, AUTH_PARTITION, spoil, NULL, NULL),
	    RC_OK);
	assert_int_equal(
	    auth_directory_check(office->engine, note_problem, &problems),
	    RC_OK);
	assert_int_equal(problems, 1);
	assert_int_equal(list_of(office).count, 1);
	assert_int_equal(
	    auth_credential_revoke(office->auth, 1000, 5, NULL), RC_OK);
}

// ---- Words -----------------------------------------------------------------

static void scopes_have_words(void **state)
{
	static const struct {
		const char *text;
		uint32_t scopes; // 0: refused
		const char *written;
	} rows[] = {
	    {"imap", AUTH_SCOPE_IMAP, "imap"},
	    {"smtp,IMAP", AUTH_SCOPE_IMAP | AUTH_SCOPE_SMTP, "imap smtp"},
	    {"imap, pop3 smtp  jmap", AUTH_SCOPES_MAIL, "imap pop3 smtp jmap"},
	    {"", 0, ""},
	    {"account", 0, ""},
	    {"second", 0, ""},
	    {"imap,pop", 0, ""},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint32_t scopes = 0;
		struct buf text;
		buf_init(&text, 128);
		assert_int_equal(
		    auth_scopes_read(view_of_string(rows[i].text), &scopes),
		    rows[i].scopes ? RC_OK : RC_INVALID);
		assert_int_equal(scopes, rows[i].scopes);
		auth_scopes_write(scopes, ' ', &text);
		assert_true(
		    view_eq(buf_view(&text), view_of_string(rows[i].written)));
		buf_done(&text);
	}
}

static void scopes_have_values_in_oauth(void **state)
{
	static const struct {
		const char *text;
		uint32_t scopes;
		const char *written;
	} rows[] = {
	    {AUTH_OAUTH_SCOPE_MAIL, AUTH_SCOPES_MAIL, AUTH_OAUTH_SCOPE_MAIL},
	    {AUTH_OAUTH_SCOPE_MAIL " offline_access", AUTH_SCOPES_MAIL,
		AUTH_OAUTH_SCOPE_MAIL},
	    {"imap smtp", AUTH_SCOPE_IMAP | AUTH_SCOPE_SMTP, "imap smtp"},
	    {"urn:ietf:params:oauth:scope:contacts", 0, ""},
	    {"account", 0, ""},
	    {"", 0, ""},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text;
		uint32_t scopes =
		    auth_scopes_read_oauth(view_of_string(rows[i].text));
		buf_init(&text, 128);
		assert_int_equal(scopes, rows[i].scopes);
		auth_scopes_write_oauth(scopes, &text);
		assert_true(
		    view_eq(buf_view(&text), view_of_string(rows[i].written)));
		buf_done(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    OFFICE(the_list_shows_names_and_last_uses),
	    OFFICE(a_use_is_noted_once_in_a_while),
	    OFFICE(a_new_password_ends_sessions_but_one),
	    OFFICE(a_disabled_user_gets_nowhere),
	    OFFICE(a_removed_user_leaves_nothing),
	    OFFICE(the_session_longest_unused_makes_room),
	    OFFICE(too_many_application_passwords_are_refused),
	    OFFICE(the_sweep_removes_what_is_over),
	    OFFICE(no_secret_is_stored),
	    OFFICE(the_check_knows_credentials),
	    cmocka_unit_test(records_are_read_as_written),
	    cmocka_unit_test(a_use_is_read_as_written),
	    cmocka_unit_test(scopes_have_words),
	    cmocka_unit_test(scopes_have_values_in_oauth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

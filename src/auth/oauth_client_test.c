// SPDX-License-Identifier: Apache-2.0
// Registered clients, and devices.
#include "auth/oauth_test_tools.h"

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
	    OFFICE(a_device_gets_tokens),
	    OFFICE(a_device_may_be_denied_or_come_too_late),
	    OFFICE(user_codes_cannot_be_tried),
	    cmocka_unit_test(a_device_is_read_as_written),
	    OFFICE(the_check_knows_all_of_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

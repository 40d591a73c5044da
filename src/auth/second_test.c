// SPDX-License-Identifier: Apache-2.0
#include "auth/second.h"

#include "auth/auth_test_tools.h"
#include "auth/exchange.h"
#include "auth/second_rows.h"
#include "auth/token.h"
#include "auth/webauthn_test_tools.h"

#define NOW 1800000000

static int64_t tell_time(void *context)
{
	return *(const int64_t *)context;
}

struct office {
	struct engine *engine;
	struct auth *auth;
	struct auth_user user;
	int64_t now;
	struct clock clock;
	struct auth_second second;
	unsigned char secret[AUTH_TOTP_SECRET_LEN];
};

static int set_up_office(void **state)
{
	struct office *office = mem_zalloc(sizeof(*office));
	uint64_t account;
	office->engine = engine_memory_new();
	office->now = NOW;
	office->clock = (struct clock){tell_time, &office->now};
	assert_int_equal(auth_new(office->engine, NULL, NULL, &office->clock,
			     NULL, &office->auth),
	    RC_OK);
	office->auth->settings.hashing = settings.hashing;
	assert_int_equal(auth_user_add(office->auth, VIEW("anna"),
			     VIEW("pencil"), NULL, &account),
	    RC_OK);
	assert_int_equal(
	    auth_user_find(office->auth, VIEW("anna"), &office->user), RC_OK);
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

static const struct auth_second *get(struct office *office)
{
	assert_int_equal(auth_second_get(office->auth, office->user.account,
			     &office->second),
	    RC_OK);
	return &office->second;
}

// The code of the app now, or some steps later.
static struct view code_of(struct office *office, int later, char room[8])
{
	uint64_t step = (uint64_t)office->now / 30 + (uint64_t)later;
	snprintf(room, 8, "%06u", auth_totp_code(office->secret, step));
	return view_of_string(room);
}

static void add_app(struct office *office)
{
	char room[8];
	assert_int_equal(
	    auth_totp_begin(office->auth, &office->user, NULL, office->secret),
	    RC_OK);
	assert_int_equal(auth_totp_confirm(office->auth, &office->user,
			     code_of(office, 0, room), NULL),
	    RC_OK);
	office->now += 30; // that code is used up
}

static enum rc log_in(struct office *office, bool asks, const char *password,
    struct auth_user *ret_user, enum auth_reason *ret_reason)
{
	struct auth_channel channel = channel_from("192.0.2.1");
	struct auth_verdict verdict;
	channel.scopes = AUTH_SCOPE_IMAP;
	channel.asks_second = asks;
	enum rc rc = auth_verify(office->auth, &channel, VIEW("anna"),
	    view_of_string(password), ret_user, &verdict);
	*ret_reason = verdict.reason;
	return rc;
}

static enum rc give_code(
    struct office *office, struct view code, enum auth_reason *ret_reason)
{
	struct auth_channel channel = channel_from("192.0.2.1");
	struct auth_verdict verdict;
	struct auth_user user = {0};
	enum rc rc = auth_second_code(
	    office->auth, &channel, &office->user, code, &user, &verdict);
	*ret_reason = verdict.reason;
	if (rc == RC_OK) {
		assert_string_equal(user.name.text, "anna");
		assert_int_equal(user.scopes, AUTH_SCOPES_ALL);
		assert_int_equal(user.credential, 0);
		assert_int_equal(auth_user_check(office->auth, &user), RC_OK);
	}
	return rc;
}

// ---- The app ---------------------------------------------------------------

static void an_app_counts_when_it_is_confirmed(void **state)
{
	struct office *office = *state;
	struct auth_user user;
	enum auth_reason reason;
	struct fault fault;
	char room[8];
	assert_int_equal(auth_totp_confirm(office->auth, &office->user,
			     VIEW("123456"), &fault),
	    RC_NOT_FOUND);
	assert_int_equal(
	    auth_totp_begin(office->auth, &office->user, NULL, office->secret),
	    RC_OK);
	assert_false(auth_second_is_on(get(office)));
	assert_int_equal(
	    log_in(office, false, "pencil", &user, &reason), RC_OK);
	code_of(office, 0, room);
	room[0] = room[0] == '9' ? '0' : (char)(room[0] + 1);
	assert_int_equal(auth_totp_confirm(office->auth, &office->user,
			     view_of_string(room), &fault),
	    RC_AUTH);
	assert_int_equal(auth_totp_confirm(office->auth, &office->user,
			     code_of(office, 0, room), NULL),
	    RC_OK);
	assert_true(get(office)->totp && !office->second.totp_new);
	// Who has logged in with the password alone is shut out.
	assert_int_equal(auth_user_check(office->auth, &user), RC_GONE);
}

static void the_password_alone_is_not_enough(void **state)
{
	struct office *office = *state;
	struct auth_user user;
	enum auth_reason reason;
	// It is in the cache.
	assert_int_equal(
	    log_in(office, false, "pencil", &user, &reason), RC_OK);
	add_app(office);
	for (int i = 0; i < 2; i++) {
		uint64_t hashed = atomic_load(&office->auth->hashed);
		assert_int_equal(
		    log_in(office, false, "pencil", &user, &reason), RC_AUTH);
		assert_int_equal(reason, AUTH_REASON_SECOND);
		assert_int_equal(
		    atomic_load(&office->auth->hashed), hashed + 1);
	}
	assert_int_equal(
	    log_in(office, false, "wrong", &user, &reason), RC_AUTH);
	assert_int_equal(reason, AUTH_REASON_PASSWORD);
	// A browser is asked; that is no log-in yet.
	uint64_t before = auth_outcomes(office->auth, AUTH_REASON_NONE);
	assert_int_equal(
	    log_in(office, true, "pencil", &user, &reason), RC_MORE);
	assert_int_equal(reason, AUTH_REASON_SECOND);
	assert_int_equal(user.account, office->user.account);
	assert_int_equal(auth_outcomes(office->auth, AUTH_REASON_NONE), before);
	assert_int_equal(
	    log_in(office, true, "wrong", &user, &reason), RC_AUTH);
	assert_int_equal(reason, AUTH_REASON_PASSWORD);
}

static void programs_have_application_passwords(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = channel_from("192.0.2.1");
	struct auth_app_password_order order = {
	    .name = VIEW("x"), .scopes = AUTH_SCOPE_IMAP};
	struct auth_token_text text;
	struct auth_user user;
	enum auth_reason reason;
	uint64_t id;
	add_app(office);
	assert_int_equal(auth_app_password_make(office->auth, &channel,
			     &office->user, &order, NULL, &text, &id),
	    RC_OK);
	assert_int_equal(
	    log_in(office, false, text.text, &user, &reason), RC_OK);
	// Nor does it lead past the second factor in the browser.
	channel.asks_second = true;
	channel.scopes = AUTH_SCOPE_ACCOUNT;
	struct auth_verdict verdict;
	assert_int_equal(auth_verify(office->auth, &channel, VIEW("anna"),
			     view_of_string(text.text), &user, &verdict),
	    RC_AUTH);
}

static void plain_is_refused_too(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = channel_from("192.0.2.1");
	struct auth_sasl *sasl = NULL;
	struct auth_verdict verdict;
	struct buf out;
	add_app(office);
	buf_init(&out, AUTH_SASL_OUTPUT_MAX);
	assert_int_equal(auth_sasl_start(office->auth, VIEW("PLAIN"), &channel,
			     &verdict, &sasl),
	    RC_OK);
	assert_int_equal(
	    auth_sasl_step(sasl, VIEW("\0anna\0pencil"), &out), RC_AUTH);
	assert_int_equal(auth_sasl_verdict(sasl)->reason, AUTH_REASON_SECOND);
	auth_sasl_free(&sasl);
	buf_done(&out);
}

static void a_code_is_good_once(void **state)
{
	struct office *office = *state;
	enum auth_reason reason;
	char room[8];
	add_app(office);
	assert_int_equal(
	    give_code(office, code_of(office, 0, room), &reason), RC_OK);
	assert_int_equal(
	    give_code(office, code_of(office, 0, room), &reason), RC_AUTH);
	assert_int_equal(reason, AUTH_REASON_CODE);
	assert_int_equal(
	    give_code(office, code_of(office, 1, room), &reason), RC_OK);
	assert_int_equal(
	    give_code(office, code_of(office, 2, room), &reason), RC_AUTH);
}

static void codes_cannot_be_tried(void **state)
{
	struct office *office = *state;
	enum auth_reason reason;
	char room[8], wrong[8];
	add_app(office);
	for (unsigned i = 0; i < AUTH_SECOND_FAILURES; i++) {
		// The same one again is no further guess.
		snprintf(wrong, sizeof(wrong), "x%05u", i);
		assert_int_equal(
		    give_code(office, view_of_string(wrong), &reason), RC_AUTH);
		assert_int_equal(
		    give_code(office, view_of_string(wrong), &reason), RC_AUTH);
		assert_int_equal(reason, i + 1 < AUTH_SECOND_FAILURES
					     ? AUTH_REASON_CODE
					     : AUTH_REASON_LIMITED);
	}
	assert_int_equal(
	    give_code(office, code_of(office, 0, room), &reason), RC_AUTH);
	assert_int_equal(reason, AUTH_REASON_LIMITED);
}

static void it_can_be_taken_away(void **state)
{
	struct office *office = *state;
	struct auth_user user;
	enum auth_reason reason;
	struct fault fault;
	assert_int_equal(auth_totp_remove(office->auth, &office->user, &fault),
	    RC_NOT_FOUND);
	assert_int_equal(auth_second_reset(office->auth, &office->user, &fault),
	    RC_NOT_FOUND);
	add_app(office);
	assert_int_equal(
	    auth_totp_remove(office->auth, &office->user, NULL), RC_OK);
	assert_int_equal(
	    log_in(office, false, "pencil", &user, &reason), RC_OK);
	add_app(office);
	assert_int_equal(
	    auth_second_reset(office->auth, &office->user, NULL), RC_OK);
	assert_int_equal(
	    log_in(office, false, "pencil", &user, &reason), RC_OK);
	assert_false(auth_second_is_on(get(office)));
	assert_int_equal(office->second.user.text[0], '\0');
}

static enum rc spoil(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	char key[sizeof(AUTH_SECOND_PREFIX) + 7] = AUTH_SECOND_PREFIX;
	(void)from;
	(void)fault;
	key[sizeof(key) - 2] = 3; // 1000
	key[sizeof(key) - 1] = (char)0xe8;
	engine_batch_put(batch, view_of(key, sizeof(key)), VIEW("spoilt"));
	++*(int *)context;
	return RC_OK;
}

// A damaged record lets nobody in by the password alone, and can be reset.
static void damage_does_not_switch_it_off(void **state)
{
	struct office *office = *state;
	struct auth_user user;
	enum auth_reason reason;
	int count = 0;
	add_app(office);
	assert_int_equal(
	    engine_change(office->engine, AUTH_PARTITION, spoil, &count, NULL),
	    RC_OK);
	assert_int_equal(auth_second_get(office->auth, office->user.account,
			     &office->second),
	    RC_CORRUPT);
	assert_int_equal(
	    log_in(office, false, "pencil", &user, &reason), RC_AUTH);
	assert_int_equal(
	    log_in(office, true, "pencil", &user, &reason), RC_MORE);
	assert_int_equal(give_code(office, VIEW("123456"), &reason), RC_AUTH);
	assert_int_equal(
	    auth_second_reset(office->auth, &office->user, NULL), RC_OK);
	assert_int_equal(
	    log_in(office, false, "pencil", &user, &reason), RC_OK);
}

// ---- Recovery codes --------------------------------------------------------

static void a_recovery_code_is_good_once(void **state)
{
	struct office *office = *state;
	struct auth_recovery_codes codes, more;
	enum auth_reason reason;
	struct fault fault;
	char typed[24] = "";
	assert_int_equal(
	    auth_recovery_make(office->auth, &office->user, &fault, &codes),
	    RC_NOT_FOUND);
	add_app(office);
	assert_int_equal(
	    auth_recovery_make(office->auth, &office->user, NULL, &codes),
	    RC_OK);
	assert_int_equal(get(office)->recovery_count, AUTH_RECOVERY_CODES);
	for (size_t i = 0, k = 0; codes.codes[3][i]; i++)
		if (codes.codes[3][i] != '-')
			typed[k++] = codes.codes[3][i];
	assert_int_equal(
	    give_code(office, view_of_string(typed), &reason), RC_OK);
	assert_int_equal(
	    give_code(office, view_of_string(codes.codes[3]), &reason),
	    RC_AUTH);
	assert_int_equal(get(office)->recovery_count, AUTH_RECOVERY_CODES - 1);
	assert_int_equal(
	    give_code(office, view_of_string(codes.codes[0]), &reason), RC_OK);
	assert_int_equal(
	    auth_recovery_make(office->auth, &office->user, NULL, &more),
	    RC_OK);
	assert_int_equal(
	    give_code(office, view_of_string(codes.codes[1]), &reason),
	    RC_AUTH);
	assert_int_equal(
	    give_code(office, view_of_string(more.codes[1]), &reason), RC_OK);
	// They go with the last factor.
	assert_int_equal(
	    auth_totp_remove(office->auth, &office->user, NULL), RC_OK);
	assert_int_equal(get(office)->recovery_count, 0);
}

// ---- Passkeys --------------------------------------------------------------

#define BINDING VIEW("session 7")

static struct view challenge_for(
    struct office *office, const char *use, unsigned char *room)
{
	assert_int_equal(
	    auth_challenge_make(office->auth, use, BINDING, room), RC_OK);
	return view_of(room, AUTH_CHALLENGE_LEN);
}

static enum rc add_passkey(struct office *office, struct device *device,
    struct view challenge, struct view binding)
{
	struct bufs bufs;
	struct fault fault;
	bufs_init(&bufs);
	write_client_data(
	    "webauthn.create", challenge, GOOD_ORIGIN, "", &bufs.client);
	write_data(device, "example.org", PRESENT | VERIFIED | WITH_KEY, 7,
	    &bufs.data);
	write_attestation(buf_view(&bufs.data), &bufs.object);
	struct auth_passkey_order order = {.name = VIEW("my\nkey"),
	    .challenge = challenge,
	    .binding = binding,
	    .client_data = buf_view(&bufs.client),
	    .attestation = buf_view(&bufs.object)};
	enum rc rc = auth_passkey_add(
	    office->auth, &office->user, &site, &order, &fault);
	bufs_done(&bufs);
	return rc;
}

struct
try {
	struct view challenge;
	struct view binding;
	const char *id;
	unsigned flags;
	uint32_t counter;
	bool known; // the password was given
	uint64_t handle;
};

static enum rc use_passkey(
    struct office *office, struct device *device, const struct try *try)
{
	struct auth_channel channel = channel_from("192.0.2.1");
	struct auth_verdict verdict;
	struct auth_user user = {0};
	unsigned char handle[AUTH_USER_HANDLE_LEN];
	struct bufs bufs;
	bufs_init(&bufs);
	write_client_data(
	    "webauthn.get", try->challenge, GOOD_ORIGIN, "", &bufs.client);
	write_data(device, "example.org", try->flags, try->counter, &bufs.data);
	sign(device, buf_view(&bufs.data), buf_view(&bufs.client),
	    &bufs.signature);
	auth_user_handle(try->handle, handle);
	struct auth_passkey_proof proof = {.challenge = try->challenge,
	    .binding = try->binding,
	    .id = view_of_string(try->id),
	    .client_data = buf_view(&bufs.client),
	    .authenticator_data = buf_view(&bufs.data),
	    .signature = buf_view(&bufs.signature),
	    .user_handle = view_of(handle, sizeof(handle))};
	enum rc rc = auth_second_passkey(office->auth, &channel, &site, &proof,
	    try->known ? &office->user : NULL, &user, &verdict);
	assert_int_equal(rc == RC_OK, verdict.reason == AUTH_REASON_NONE);
	if (rc == RC_OK) {
		assert_string_equal(user.name.text, "anna");
		assert_int_equal(auth_user_check(office->auth, &user), RC_OK);
	} else {
		assert_int_equal(verdict.reason, AUTH_REASON_CODE);
	}
	bufs_done(&bufs);
	return rc;
}

static void a_passkey_is_a_second_factor(void **state)
{
	struct office *office = *state;
	struct device device;
	struct auth_user user;
	enum auth_reason reason;
	unsigned char room[AUTH_CHALLENGE_LEN];
	device_init(&device, COSE_ES256, 0);
	assert_int_equal(add_passkey(office, &device,
			     challenge_for(office, "register", room), BINDING),
	    RC_OK);
	assert_int_equal(get(office)->passkey_count, 1);
	assert_string_equal(office->second.passkeys[0].name, "my key");
	assert_int_equal(office->second.passkeys[0].created, NOW);
	assert_int_equal(
	    log_in(office, false, "pencil", &user, &reason), RC_AUTH);
	assert_int_equal(
	    log_in(office, true, "pencil", &user, &reason), RC_MORE);
	struct try try = {
	    .challenge = challenge_for(office, "login", room),
	    .binding = BINDING,
	    .id = "an id",
	    .flags = PRESENT,
	    .counter = 8,
	    .known = true,
	};
	assert_int_equal(use_passkey(office, &device, &try), RC_OK);
	assert_int_equal(get(office)->passkeys[0].counter, 8);
	assert_int_equal(office->second.passkeys[0].used, NOW);
	// The same challenge again, and the same counter again.
	try.counter = 9;
	assert_int_equal(use_passkey(office, &device, &try), RC_AUTH);
	try.challenge = challenge_for(office, "login", room);
	try.counter = 8;
	assert_int_equal(use_passkey(office, &device, &try), RC_AUTH);
	assert_int_equal(auth_passkey_rename(office->auth, &office->user,
			     VIEW("an id"), VIEW("new"), NULL),
	    RC_OK);
	assert_string_equal(get(office)->passkeys[0].name, "new");
	assert_int_equal(auth_passkey_remove(
			     office->auth, &office->user, VIEW("an id"), NULL),
	    RC_OK);
	assert_int_equal(
	    log_in(office, false, "pencil", &user, &reason), RC_OK);
	device_done(&device);
}

static void a_passkey_alone_is_both_factors(void **state)
{
	struct office *office = *state;
	struct device device, other;
	unsigned char room[AUTH_CHALLENGE_LEN];
	uint64_t account = office->user.account;
	device_init(&device, COSE_EDDSA, 0);
	device_init(&other, COSE_EDDSA, 0);
	assert_int_equal(add_passkey(office, &device,
			     challenge_for(office, "register", room), BINDING),
	    RC_OK);
	struct try rows[] = {
	    {.flags = PRESENT | VERIFIED, .handle = account}, // good
	    {.flags = PRESENT, .handle = account},
	    {.flags = PRESENT | VERIFIED, .handle = account + 1},
	    {.flags = PRESENT | VERIFIED, .handle = account, .id = "other"},
	    {.flags = PRESENT | VERIFIED,
		.handle = account,
		.binding = VIEW("session 8")},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct try try = rows[i];
		try.challenge = challenge_for(office, "login", room);
		try.counter = (uint32_t)(10 + i);
		if (!try.id)
			try.id = "an id";
		if (!try.binding.ptr)
			try.binding = BINDING;
		assert_int_equal(use_passkey(office, &device, &try),
		    i == 0 ? RC_OK : RC_AUTH);
	}
	struct try good = rows[0];
	good.id = "an id";
	good.binding = BINDING;
	good.counter = 50;
	// A signature by another key, and a challenge for something else.
	good.challenge = challenge_for(office, "login", room);
	assert_int_equal(use_passkey(office, &other, &good), RC_AUTH);
	good.challenge = challenge_for(office, "register", room);
	assert_int_equal(use_passkey(office, &device, &good), RC_AUTH);
	good.challenge = own_challenge;
	assert_int_equal(use_passkey(office, &device, &good), RC_AUTH);
	// Too late, and just in time.
	good.challenge = challenge_for(office, "login", room);
	office->now += AUTH_CHALLENGE_SECONDS;
	assert_int_equal(use_passkey(office, &device, &good), RC_AUTH);
	good.challenge = challenge_for(office, "login", room);
	office->now += AUTH_CHALLENGE_SECONDS - 1;
	assert_int_equal(use_passkey(office, &device, &good), RC_OK);
	device_done(&device);
	device_done(&other);
}

static void passkeys_are_limited(void **state)
{
	struct office *office = *state;
	struct device device;
	unsigned char room[AUTH_CHALLENGE_LEN];
	device_init(&device, COSE_EDDSA, 0);
	assert_int_equal(
	    add_passkey(office, &device, own_challenge, BINDING), RC_INVALID);
	struct view challenge = challenge_for(office, "register", room);
	assert_int_equal(
	    add_passkey(office, &device, challenge, VIEW("other")), RC_INVALID);
	assert_int_equal(
	    add_passkey(office, &device, challenge, BINDING), RC_OK);
	assert_int_equal(
	    add_passkey(office, &device, challenge, BINDING), RC_INVALID);
	assert_int_equal(add_passkey(office, &device,
			     challenge_for(office, "register", room), BINDING),
	    RC_EXISTS);
	device_done(&device);
}

// ---- What is stored --------------------------------------------------------

static void a_record_is_read_as_written(void **state)
{
	struct office *office = *state;
	struct auth_second *read = mem_zalloc(sizeof(*read));
	struct device device;
	struct auth_recovery_codes codes;
	struct buf bytes;
	unsigned char room[AUTH_CHALLENGE_LEN];
	device_init(&device, COSE_RS256, 2048);
	add_app(office);
	assert_int_equal(add_passkey(office, &device,
			     challenge_for(office, "register", room), BINDING),
	    RC_OK);
	assert_int_equal(
	    auth_recovery_make(office->auth, &office->user, NULL, &codes),
	    RC_OK);
	assert_int_equal(
	    auth_totp_begin(office->auth, &office->user, NULL, office->secret),
	    RC_OK);
	get(office);
	buf_init(&bytes, AUTH_SECOND_RECORD_MAX);
	auth_second_encode(&office->second, &bytes);
	assert_int_equal(auth_second_decode(buf_view(&bytes), read), RC_OK);
	assert_memory_equal(read, &office->second, sizeof(*read));
	for (size_t len = 0; len < bytes.len; len++)
		assert_int_equal(
		    auth_second_decode(view_of(bytes.ptr, len), read),
		    RC_CORRUPT);
	buf_add_char(&bytes, '\0');
	assert_int_equal(
	    auth_second_decode(buf_view(&bytes), read), RC_CORRUPT);
	buf_truncate(&bytes, bytes.len - 1);
	bytes.ptr[0] = 2;
	assert_int_equal(
	    auth_second_decode(buf_view(&bytes), read), RC_CORRUPT);
	buf_done(&bytes);
	device_done(&device);
	free(read);
}

static void the_largest_record_has_room(void **state)
{
	struct office *office = *state;
	struct auth_second *second = &office->second;
	struct buf bytes;
	memset(second, 'x', sizeof(*second));
	second->user.text[AUTH_NAME_MAX] = '\0';
	second->totp = second->totp_new = true;
	second->recovery_count = AUTH_RECOVERY_CODES;
	second->passkey_count = AUTH_PASSKEYS_MAX;
	for (size_t i = 0; i < AUTH_PASSKEYS_MAX; i++) {
		struct auth_passkey *passkey = &second->passkeys[i];
		passkey->id_len = AUTH_WEBAUTHN_ID_MAX;
		passkey->key.len = AUTH_WEBAUTHN_KEY_MAX;
		passkey->backed_up = true;
		passkey->created = passkey->used = NOW;
		passkey->name[AUTH_CREDENTIAL_NAME_MAX] = '\0';
	}
	buf_init(&bytes, AUTH_SECOND_RECORD_MAX);
	auth_second_encode(second, &bytes);
	assert_int_equal(buf_status(&bytes), RC_OK);
	struct auth_second *read = mem_zalloc(sizeof(*read));
	assert_int_equal(auth_second_decode(buf_view(&bytes), read), RC_OK);
	free(read);
	buf_done(&bytes);
}

static void count_problem(void *context, const char *text)
{
	(void)text;
	++*(size_t *)context;
}

static enum rc find_key(void *context, struct view key, struct view value)
{
	(void)value;
	if (view_starts_with(key, VIEW(AUTH_SECOND_PREFIX)))
		++*(size_t *)context;
	return RC_OK;
}

static void a_removed_user_leaves_nothing(void **state)
{
	struct office *office = *state;
	size_t problems = 0, keys = 0;
	add_app(office);
	assert_int_equal(
	    auth_directory_check(office->engine, count_problem, &problems),
	    RC_OK);
	assert_int_equal(problems, 0);
	assert_int_equal(
	    auth_user_remove(office->auth, VIEW("anna"), NULL), RC_OK);
	assert_int_equal(engine_scan(office->engine, AUTH_PARTITION, VIEW(""),
			     VIEW(""), find_key, &keys),
	    RC_OK);
	assert_int_equal(keys, 0);
}

#define OFFICE(name)                                                           \
	cmocka_unit_test_setup_teardown(name, set_up_office, tear_down_office)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    OFFICE(an_app_counts_when_it_is_confirmed),
	    OFFICE(the_password_alone_is_not_enough),
	    OFFICE(programs_have_application_passwords),
	    OFFICE(plain_is_refused_too),
	    OFFICE(a_code_is_good_once),
	    OFFICE(codes_cannot_be_tried),
	    OFFICE(it_can_be_taken_away),
	    OFFICE(damage_does_not_switch_it_off),
	    OFFICE(a_recovery_code_is_good_once),
	    OFFICE(a_passkey_is_a_second_factor),
	    OFFICE(a_passkey_alone_is_both_factors),
	    OFFICE(passkeys_are_limited),
	    OFFICE(a_record_is_read_as_written),
	    OFFICE(the_largest_record_has_room),
	    OFFICE(a_removed_user_leaves_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

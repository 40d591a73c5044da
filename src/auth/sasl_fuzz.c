// SPDX-License-Identifier: Apache-2.0
// Any client against every mechanism: nobody gets in without the right proof.
// The first byte chooses the mechanism and the channel. The client's messages
// follow; each ends with 0xff, which UTF-8 never has. In a message, 0x01 stands
// for the server's nonce and 0x02 for the right proof, so that the fuzzer gets
// past these. In OAuth's mechanisms 0x01 is itself, and 0x02 is a right token.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "auth/impl.h"
#include "auth/oauth.h"
#include "auth/sasl.h"

#define PASSWORD "the fuzzer never finds this one, 36 characters"

static const struct auth_settings settings = {
    .hashing = {.cost = 1, .scram_sha1 = true},
    .user_failures = UINT32_MAX,
    .address_failures = UINT32_MAX};

struct fixture {
	struct engine *engine;
	struct auth *auth;
	struct auth_credentials credentials;
	unsigned char client_keys[AUTH_DIGESTS][32];
	struct auth_tokens tokens;
};

static void must(bool condition)
{
	if (!condition)
		abort();
}

static const EVP_MD *md_of(enum auth_digest digest)
{
	return digest == AUTH_SHA256 ? EVP_sha256() : EVP_sha1();
}

// ClientKey from the password, as a client makes it (RFC 5802 section 3).
static void make_client_key(struct fixture *fixture, enum auth_digest digest)
{
	const struct auth_scram_keys *keys =
	    &fixture->credentials.scram[digest];
	int len = (int)auth_digest_len(digest);
	unsigned char salted[32];
	must(PKCS5_PBKDF2_HMAC(PASSWORD, sizeof(PASSWORD) - 1, keys->salt,
	    (int)keys->salt_len, (int)keys->iterations, md_of(digest), len,
	    salted));
	must(HMAC(md_of(digest), salted, len,
		 (const unsigned char *)"Client Key", 10,
		 fixture->client_keys[digest], NULL) != NULL);
}

// "user" has allowed a client everything.
static void make_tokens(struct fixture *fixture)
{
	struct auth_channel channel = {.peer_address = VIEW("127.0.0.1")};
	struct auth_client client = {
	    .redirect_count = 1, .redirects = {"com.example:/"}};
	struct auth_token_text code;
	struct auth_user user;
	must(auth_user_find(fixture->auth, VIEW("user"), &user) == RC_OK);
	must(auth_client_register(
		 fixture->auth, &channel, false, &client, NULL) == RC_OK);
	// The example of RFC 7636 appendix B.
	struct auth_code_order order = {.client = view_of_string(client.id),
	    .redirect_uri = VIEW("com.example:/"),
	    .challenge = VIEW("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
	    .scopes = AUTH_SCOPES_MAIL};
	must(auth_code_make(
		 fixture->auth, &channel, &user, &order, NULL, &code) == RC_OK);
	must(auth_code_redeem(fixture->auth, &channel, order.client,
		 view_of_string(code.text), order.redirect_uri,
		 VIEW("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), NULL,
		 &fixture->tokens) == RC_OK);
}

// The fixture is made once for all inputs, because this takes as long as
// thousands of inputs.
static struct fixture *get_fixture(void)
{
	static struct fixture fixture;
	if (fixture.auth)
		return &fixture;
	uint64_t account;
	fixture.engine = engine_memory_new();
	must(auth_credentials_make(&settings.hashing, VIEW(PASSWORD), NULL,
		 &fixture.credentials) == RC_OK);
	make_client_key(&fixture, AUTH_SHA256);
	make_client_key(&fixture, AUTH_SHA1);
	// A hash that is quick to check, so that the fuzzer does not spend its
	// time there.
	snprintf(fixture.credentials.hash, sizeof(fixture.credentials.hash),
	    "{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	must(auth_directory_add(fixture.engine, VIEW("user"),
		 &fixture.credentials, 0, NULL, &account) == RC_OK);
	must(auth_directory_add(fixture.engine, VIEW("gone"),
		 &fixture.credentials, 0, NULL, &account) == RC_OK);
	must(auth_directory_set_disabled(
		 fixture.engine, VIEW("gone"), true, NULL) == RC_OK);
	must(auth_new(fixture.engine, &settings, NULL, NULL, NULL,
		 &fixture.auth) == RC_OK);
	memcpy(fixture.auth->nobody.hash, fixture.credentials.hash,
	    sizeof(fixture.credentials.hash));
	make_tokens(&fixture);
	return &fixture;
}

static struct auth_channel channel_of(uint8_t flags)
{
	struct auth_channel channel = {
	    .peer_address = VIEW("127.0.0.1"), .tls = flags & 1};
	channel.plain_on_loopback = true;
	channel.scopes = AUTH_SCOPE_IMAP;
	if (flags & 2)
		channel.exporter = VIEW("exporter");
	if (flags & 4)
		channel.end_point = VIEW("end-point");
	return channel;
}

// The exchange so far, as a client knows it.
struct dialogue {
	struct fixture *fixture;
	enum auth_digest digest;
	struct buf first;  // client-first-message-bare
	struct buf server; // the server's last message
	bool oauth;
	bool proved; // 0x02 was used
};

static struct view nonce_of(struct view server)
{
	struct view part = VIEW("");
	if (!view_starts_with(server, VIEW("r=")))
		return part;
	view_split(&server, ',', &part);
	return view_from(part, 2);
}

static void add_proof(struct dialogue *dialogue, struct buf *message)
{
	const struct auth_scram_keys *keys =
	    &dialogue->fixture->credentials.scram[dialogue->digest];
	const EVP_MD *md = md_of(dialogue->digest);
	int len = (int)auth_digest_len(dialogue->digest);
	const unsigned char *key =
	    dialogue->fixture->client_keys[dialogue->digest];
	unsigned char proof[32];
	unsigned char text[64];
	struct buf all;
	struct view without = buf_view(message);
	if (view_ends_with(without, VIEW(",p=")))
		without.len -= 3;
	buf_init(&all, 65536);
	buf_add(&all, buf_view(&dialogue->first));
	buf_add_char(&all, ',');
	buf_add(&all, buf_view(&dialogue->server));
	buf_add_char(&all, ',');
	buf_add(&all, without);
	must(HMAC(md, keys->stored_key, len, (unsigned char *)all.ptr, all.len,
	    proof, NULL));
	for (int i = 0; i < len; i++)
		proof[i] ^= key[i];
	EVP_EncodeBlock(text, proof, len);
	buf_add_string(message, (const char *)text);
	buf_done(&all);
	dialogue->proved = true;
}

static void fill_in(
    struct dialogue *dialogue, struct view template, struct buf *message)
{
	buf_reset(message);
	for (size_t i = 0; i < template.len; i++) {
		char c = template.ptr[i];
		if (dialogue->oauth && c == 2) {
			buf_add_string(
			    message, dialogue->fixture->tokens.access.text);
			dialogue->proved = true;
		} else if (dialogue->oauth)
			buf_add_char(message, c);
		else if (c == 1)
			buf_add(message, nonce_of(buf_view(&dialogue->server)));
		else if (c == 2 && !dialogue->proved)
			add_proof(dialogue, message);
		else
			buf_add_char(message, c);
	}
}

static void remember_first(struct dialogue *dialogue, struct view message)
{
	struct view part;
	if (dialogue->first.len == 0 && view_split(&message, ',', &part) &&
	    view_split(&message, ',', &part))
		buf_add(&dialogue->first, message);
}

static void judge(const struct dialogue *dialogue, const struct auth_sasl *sasl,
    enum rc rc, struct view out)
{
	const struct auth_user *user = auth_sasl_user(sasl);
	must((user != NULL) == (rc == RC_OK));
	must(rc == RC_MORE || out.len == 0);
	must(out.len <= AUTH_SASL_OUTPUT_MAX);
	must(!view_starts_with(out, VIEW("v=")) || dialogue->proved);
	must(!user || (dialogue->proved && user->account == 1000 &&
			  strcmp(user->name.text, "user") == 0));
	bool told = auth_sasl_verdict(sasl)->reason != AUTH_REASON_NONE;
	must(told == (rc != RC_MORE && rc != RC_OK));
}

static void converse(
    struct dialogue *dialogue, struct auth_sasl *sasl, struct view input)
{
	struct buf message;
	struct buf out;
	struct view template;
	enum rc rc = RC_MORE;
	buf_init(&message, 65536);
	buf_init(&out, AUTH_SASL_OUTPUT_MAX);
	while (rc == RC_MORE && view_split(&input, (char)0xff, &template)) {
		fill_in(dialogue, template, &message);
		remember_first(dialogue, buf_view(&message));
		buf_reset(&out);
		rc = auth_sasl_step(sasl, buf_view(&message), &out);
		judge(dialogue, sasl, rc, buf_view(&out));
		buf_reset(&dialogue->server);
		buf_add(&dialogue->server, buf_view(&out));
	}
	if (rc != RC_MORE)
		must(auth_sasl_step(sasl, VIEW(""), &out) == RC_SYNTAX);
	buf_done(&message);
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct dialogue dialogue = {.fixture = get_fixture()};
	struct auth_channel channel = channel_of(data[0] & 7);
	const char *names[AUTH_SASL_MECHANISMS_MAX];
	size_t count =
	    auth_sasl_mechanisms(dialogue.fixture->auth, &channel, names);
	must(count >= 4);
	struct view name = view_of_string(names[(data[0] >> 3) % count]);
	struct auth_verdict verdict;
	struct auth_sasl *sasl = NULL;
	must(auth_sasl_start(dialogue.fixture->auth, name, &channel, &verdict,
		 &sasl) == RC_OK);
	dialogue.digest = view_starts_with(name, VIEW("SCRAM-SHA-1"))
			      ? AUTH_SHA1
			      : AUTH_SHA256;
	dialogue.oauth = view_find(name, VIEW("OAUTH")) != SIZE_MAX;
	buf_init(&dialogue.first, 65536);
	buf_init(&dialogue.server, AUTH_SASL_OUTPUT_MAX);
	converse(&dialogue, sasl, view_of(data + 1, size - 1));
	buf_done(&dialogue.first);
	buf_done(&dialogue.server);
	auth_sasl_free(&sasl);
	return 0;
}

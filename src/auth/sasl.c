// SPDX-License-Identifier: Apache-2.0
// The table of mechanisms, and a SASL exchange as a state that each step
// changes. The step function of a mechanism returns RC_MORE until the outcome
// is known. After the end, the exchange answers RC_SYNTAX to every further
// step.
#include "auth/sasl.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <time.h>

#include "auth/bearer.h"
#include "auth/credential.h"
#include "auth/impl.h"
#include "auth/scram.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/mem.h"

#define STEP_NS 1000000 // see wait_for_step()

struct mechanism {
	const char *name;
	// Checks one response of the client; the server's answer is added to
	// `out`.
	enum rc (*step)(
	    struct auth_sasl *sasl, struct view said, struct buf *out);
	// The challenge to send if the client sent no initial response; "" in
	// mechanisms in which the client speaks first.
	const char *challenge;
	enum auth_digest digest; // SCRAM's
	bool scram;
	bool plus;
	bool oauth;
	bool xoauth2;
};

enum stage {
	STAGE_FRESH,    // nothing was said yet
	STAGE_FIRST,    // the client's first response comes next
	STAGE_SECOND,   // the second response comes next
	STAGE_FAREWELL, // success is decided; an empty response comes next
	STAGE_ERROR,    // refused and logged; a dummy response comes next
	STAGE_OVER,     // ended
	STAGE_LOGGED_IN,
};

struct auth_sasl {
	const struct mechanism *mechanism;
	enum stage stage;
	struct auth_try try;
	struct auth_user user;
	struct auth_verdict verdict;
	struct auth_scram scram;
	enum auth_reason doom; // SCRAM: why it will fail, whatever the proof is
	const struct view *nonce; // NULL: random
	struct view test_nonce;
	struct auth_secret
	    name; // LOGIN: the user name, until the password comes
	// OAuth: the refusal, until the client has taken the error.
	enum rc refusal;
	struct auth_verdict refusal_verdict;
};

static enum rc refuse(
    struct auth_sasl *sasl, enum rc rc, enum auth_reason reason)
{
	return auth_try_refuse(&sasl->try, rc, reason, &sasl->verdict);
}

// ---- PLAIN (RFC 4616) ------------------------------------------------------

static enum rc step_plain(
    struct auth_sasl *sasl, struct view said, struct buf *out UNUSED)
{
	// [authzid] NUL authcid NUL passwd; authcid and passwd are not empty
	size_t first = view_find_char(said, '\0');
	if (first == SIZE_MAX)
		return RC_SYNTAX;
	struct view authzid = view_slice(said, 0, first);
	struct view rest = view_from(said, first + 1);
	size_t second = view_find_char(rest, '\0');
	if (second == SIZE_MAX)
		return RC_SYNTAX;
	struct view name = view_slice(rest, 0, second);
	struct view password = view_from(rest, second + 1);
	if (name.len == 0 || password.len == 0 ||
	    view_find_char(password, '\0') != SIZE_MAX)
		return RC_SYNTAX;
	return auth_try_password(
	    &sasl->try, authzid, name, password, &sasl->user, &sasl->verdict);
}

// ---- LOGIN (draft-murchison-sasl-login) ------------------------------------

static enum rc step_login(
    struct auth_sasl *sasl, struct view said, struct buf *out)
{
	if (sasl->stage == STAGE_SECOND) {
		struct view name = view_of(sasl->name.text, sasl->name.len);
		return auth_try_password(&sasl->try, VIEW(""), name, said,
		    &sasl->user, &sasl->verdict);
	}
	if (said.len == 0 || said.len > sizeof(sasl->name.text))
		return RC_SYNTAX;
	memcpy(sasl->name.text, said.ptr, said.len);
	sasl->name.len = said.len;
	sasl->stage = STAGE_SECOND;
	buf_add_literal(out, "Password:");
	return RC_MORE;
}

// ---- SCRAM (RFC 5802, RFC 7677) --------------------------------------------

// Makes keys for a user who has none. The salt depends on the name only, as a
// real one does, and is the same for all its spellings; so do the rounds. The
// keys are nobody's.
static void make_decoy(struct auth_sasl *sasl, struct auth_scram_keys *keys)
{
	const struct auth *auth = sasl->try.auth;
	const char *name = sasl->try.name.text;
	enum auth_digest digest = sasl->mechanism->digest;
	unsigned char mac[EVP_MAX_MD_SIZE] = {0};
	char input[AUTH_NAME_MAX + 1];
	size_t len = strlen(name);
	input[0] = (char)digest;
	memcpy(input + 1, name, len);
	HMAC(EVP_sha256(), auth->secret, sizeof(auth->secret),
	    (const unsigned char *)input, len + 1, mac, NULL);
	*keys = auth->nobody.scram[digest];
	keys->salt_len = AUTH_SCRAM_SALT;
	memcpy(keys->salt, mac, AUTH_SCRAM_SALT);
	keys->iterations = auth_rounds_pick(auth->rounds, digest,
	    get_le32(mac + AUTH_SCRAM_SALT), keys->iterations);
}

// Waits until a whole number of steps has passed since `begin`. The engine
// needs some microseconds more to read a record than to find that there is
// none, and a thousand log-ins would tell the difference.
static void wait_for_step(uint64_t begin)
{
	uint64_t passed = clock_monotonic_ns() - begin;
	uint64_t end = begin + (passed / STEP_NS + 1) * STEP_NS;
	struct timespec until = {.tv_sec = (time_t)(end / 1000000000u),
	    .tv_nsec = (long)(end % 1000000000u)};
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) ==
	       EINTR)
		;
}

// Finds the user's keys; or makes a decoy, and stores the reason. The reason is
// used only after the client's proof.
static enum rc find_keys(struct auth_sasl *sasl, struct auth_scram_keys *keys)
{
	struct auth_record record;
	sasl->user.seen = auth_epoch(sasl->try.auth);
	enum rc rc = auth_try_lookup(&sasl->try, &record);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	sasl->doom = AUTH_REASON_NONE;
	// Also for users, so that the time is the same.
	make_decoy(sasl, keys);
	if (rc == RC_NOT_FOUND)
		sasl->doom = AUTH_REASON_UNKNOWN_USER;
	else if (!record.credentials.scram[sasl->mechanism->digest].iterations)
		sasl->doom = AUTH_REASON_NO_KEYS;
	if (sasl->doom == AUTH_REASON_NONE) {
		*keys = record.credentials.scram[sasl->mechanism->digest];
		auth_try_take_user(&sasl->try, &record, &sasl->user);
		if (record.disabled)
			sasl->doom = AUTH_REASON_DISABLED;
		else if (record.second)
			sasl->doom = AUTH_REASON_SECOND;
	}
	OPENSSL_cleanse(&record, sizeof(record));
	return RC_OK;
}

static enum rc scram_first(
    struct auth_sasl *sasl, struct view said, struct buf *out)
{
	struct auth_scram *scram = &sasl->scram;
	uint64_t begin = clock_monotonic_ns();
	enum rc rc = auth_scram_client_first(scram, said);
	if (rc == RC_SYNTAX)
		return rc;
	enum rc named =
	    auth_try_name(&sasl->try, view_of(scram->name, scram->name_len));
	if (rc != RC_OK)
		return refuse(sasl, rc, AUTH_REASON_BINDING);
	struct auth_scram_keys keys;
	rc = named == RC_OK ? find_keys(sasl, &keys) : named;
	if (rc == RC_OK)
		rc = auth_scram_server_first(scram, &keys, sasl->nonce, out);
	OPENSSL_cleanse(&keys, sizeof(keys));
	if (rc != RC_OK)
		return refuse(sasl, rc, AUTH_REASON_UNAVAILABLE);
	wait_for_step(begin);
	sasl->stage = STAGE_SECOND;
	return RC_MORE;
}

static enum rc scram_final(
    struct auth_sasl *sasl, struct view said, struct buf *out)
{
	struct auth_scram *scram = &sasl->scram;
	enum auth_reason reason;
	size_t before = out->len;
	enum rc rc = auth_try_ask(&sasl->try);
	if (rc == RC_IN_USE)
		return rc;
	if (rc != RC_OK)
		return refuse(sasl, RC_AUTH, AUTH_REASON_LIMITED);
	rc = auth_scram_client_final(scram, said, out, &reason);
	if (rc == RC_SYNTAX)
		return rc;
	struct view authzid = view_of(scram->authzid, scram->authzid_len);
	// If the proof is wrong too, the reason is the wrong password, not the
	// disabled user or the lack of a second factor.
	if (rc == RC_OK || (sasl->doom != AUTH_REASON_DISABLED &&
			       sasl->doom != AUTH_REASON_SECOND))
		reason = sasl->doom != AUTH_REASON_NONE ? sasl->doom : reason;
	if (rc == RC_OK && sasl->doom != AUTH_REASON_NONE)
		rc = RC_AUTH;
	if (rc == RC_OK && !auth_try_is_same(&sasl->try, authzid)) {
		rc = RC_DENIED;
		reason = AUTH_REASON_AUTHZID;
	}
	if (rc != RC_OK) {
		buf_truncate(out, before); // a refusal has no signature
		return refuse(sasl, rc, reason);
	}
	// RFC 5802 section 3's server-final-message; protocols that cannot send
	// data with success send it as a challenge (RFC 4422 section 3.6).
	sasl->stage = STAGE_FAREWELL;
	return RC_MORE;
}

static enum rc step_scram(
    struct auth_sasl *sasl, struct view said, struct buf *out)
{
	enum rc rc;
	if (!auth_try_begin(&sasl->try, &rc, &sasl->verdict))
		return rc;
	if (sasl->stage == STAGE_FIRST)
		return scram_first(sasl, said, out);
	if (sasl->stage == STAGE_SECOND)
		return scram_final(sasl, said, out);
	if (said.len != 0)
		return RC_SYNTAX;
	auth_try_accept(&sasl->try, &sasl->user, &sasl->verdict);
	return RC_OK;
}

// ---- OAUTHBEARER (RFC 7628) and XOAUTH2 ------------------------------------

// Sends the error as a challenge, because a refusal cannot have data (RFC 7628
// section 3.2.3). It is logged already.
static enum rc send_error(struct auth_sasl *sasl, enum rc rc, struct buf *out)
{
	const struct auth *auth = sasl->try.auth;
	auth_bearer_write_error(sasl->verdict.reason, sasl->mechanism->xoauth2,
	    auth->settings.tokens.discovery, out);
	sasl->stage = STAGE_ERROR;
	sasl->refusal = rc;
	sasl->refusal_verdict = sasl->verdict;
	sasl->verdict = (struct auth_verdict){.reason = AUTH_REASON_NONE};
	return RC_MORE;
}

static enum rc step_oauth(
    struct auth_sasl *sasl, struct view said, struct buf *out)
{
	struct auth_bearer bearer;
	// The dummy response is 0x01, XOAUTH2's is empty; nothing depends on
	// it.
	if (sasl->stage == STAGE_ERROR) {
		sasl->verdict = sasl->refusal_verdict;
		return sasl->refusal;
	}
	enum rc rc = sasl->mechanism->xoauth2
			 ? auth_bearer_read_xoauth2(said, &bearer)
			 : auth_bearer_read(said, &bearer);
	if (rc != RC_OK)
		return rc;
	if (bearer.token.len == 0) // a question (section 4.3), and no guess
		return send_error(
		    sasl, refuse(sasl, RC_AUTH, AUTH_REASON_SYNTAX), out);
	rc = auth_try_token(&sasl->try, AUTH_KIND_ACCESS,
	    view_of(bearer.authzid, bearer.authzid_len), bearer.token,
	    &sasl->user, &sasl->verdict);
	if (rc == RC_OK)
		auth_try_accept(&sasl->try, &sasl->user, &sasl->verdict);
	return rc == RC_AUTH || rc == RC_DENIED ? send_error(sasl, rc, out)
						: rc;
}

// ---- The table -------------------------------------------------------------

// Strongest first, as announced.
static const struct mechanism mechanisms[] = {
    {"SCRAM-SHA-256-PLUS", step_scram, "", .scram = true, .plus = true},
    {"SCRAM-SHA-256", step_scram, "", .scram = true},
    {"SCRAM-SHA-1-PLUS", step_scram, "", AUTH_SHA1, .scram = true,
	.plus = true},
    {"SCRAM-SHA-1", step_scram, "", AUTH_SHA1, .scram = true},
    {"OAUTHBEARER", step_oauth, "", .oauth = true},
    {"XOAUTH2", step_oauth, "", .oauth = true, .xoauth2 = true},
    {"PLAIN", step_plain, "", .scram = false},
    {"LOGIN", step_login, "Username:", .scram = false},
};
_Static_assert(ARRAY_LEN(mechanisms) <= AUTH_SASL_MECHANISMS_MAX,
    "callers' arrays have room for every mechanism");

static bool is_offered(const struct auth *auth,
    const struct auth_channel *channel, const struct mechanism *mechanism)
{
	if (mechanism->plus && !auth_scram_can_bind(channel))
		return false;
	if (mechanism->oauth && auth->settings.tokens.no_oauth)
		return false;
	return !mechanism->scram || mechanism->digest != AUTH_SHA1 ||
	       auth->settings.hashing.scram_sha1;
}

size_t auth_sasl_mechanisms(const struct auth *auth,
    const struct auth_channel *channel,
    const char *ret_names[AUTH_SASL_MECHANISMS_MAX])
{
	size_t count = 0;
	if (!auth_channel_is_private(channel))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(mechanisms); i++)
		if (is_offered(auth, channel, &mechanisms[i]))
			ret_names[count++] = mechanisms[i].name;
	return count;
}

static const struct mechanism *find_mechanism(const struct auth *auth,
    const struct auth_channel *channel, struct view name)
{
	for (size_t i = 0; i < ARRAY_LEN(mechanisms); i++) {
		struct view known = view_of_string(mechanisms[i].name);
		if (view_eq_nocase(name, known) &&
		    is_offered(auth, channel, &mechanisms[i]))
			return &mechanisms[i];
	}
	return NULL;
}

// ---- An exchange -----------------------------------------------------------

enum rc auth_sasl_start(struct auth *auth, struct view mechanism,
    const struct auth_channel *channel, struct auth_verdict *ret_verdict,
    struct auth_sasl **ret_sasl)
{
	const struct mechanism *found =
	    find_mechanism(auth, channel, mechanism);
	struct auth_try try = {.auth = auth,
	    .channel = channel,
	    .mechanism = found ? found->name : "?"};
	if (!found)
		return auth_try_refuse(
		    &try, RC_UNSUPPORTED, AUTH_REASON_MECHANISM, ret_verdict);
	if (!auth_channel_is_private(channel))
		return auth_try_refuse(
		    &try, RC_DENIED, AUTH_REASON_PRIVACY, ret_verdict);
	struct auth_sasl *sasl = mem_zalloc(sizeof(*sasl));
	sasl->mechanism = found;
	sasl->try = try;
	auth_scram_init(&sasl->scram, found->digest, found->plus, channel);
	*ret_sasl = sasl;
	return RC_OK;
}

void auth_sasl_free(struct auth_sasl **sasl)
{
	struct auth_sasl *old = *sasl;
	if (!old)
		return;
	*sasl = NULL;
	const struct auth_turn *turn = old->try.channel->turn;
	bool refused =
	    (turn && turn->decided) || old->stage == STAGE_ERROR; // and logged
	if (old->stage < STAGE_OVER && !refused)
		(void)refuse(old, RC_CLOSED, AUTH_REASON_CANCELLED);
	auth_scram_done(&old->scram);
	OPENSSL_cleanse(old, sizeof(*old));
	free(old);
}

enum rc auth_sasl_challenge(struct auth_sasl *sasl, struct buf *ret_server_data)
{
	if (sasl->stage != STAGE_FRESH)
		return RC_SYNTAX;
	sasl->stage = STAGE_FIRST;
	buf_add_string(ret_server_data, sasl->mechanism->challenge);
	return RC_MORE;
}

enum rc auth_sasl_step(struct auth_sasl *sasl, struct view client_data,
    struct buf *ret_server_data)
{
	if (sasl->stage >= STAGE_OVER)
		return RC_SYNTAX;
	if (sasl->stage == STAGE_FRESH)
		sasl->stage = STAGE_FIRST;
	enum rc rc = RC_LIMIT;
	if (client_data.len <= AUTH_SASL_INPUT_MAX)
		rc = sasl->mechanism->step(sasl, client_data, ret_server_data);
	bool told = sasl->verdict.reason != AUTH_REASON_NONE;
	if ((rc == RC_SYNTAX || rc == RC_LIMIT) && !told)
		(void)refuse(sasl, rc, AUTH_REASON_SYNTAX);
	if (rc != RC_MORE && rc != RC_IN_USE)
		sasl->stage = rc == RC_OK ? STAGE_LOGGED_IN : STAGE_OVER;
	return rc;
}

const struct auth_user *auth_sasl_user(const struct auth_sasl *sasl)
{
	return sasl->stage == STAGE_LOGGED_IN ? &sasl->user : NULL;
}

const struct auth_verdict *auth_sasl_verdict(const struct auth_sasl *sasl)
{
	return &sasl->verdict;
}

void auth_sasl_set_nonce(struct auth_sasl *sasl, struct view nonce)
{
	sasl->test_nonce = nonce;
	sasl->nonce = &sasl->test_nonce;
}

// SPDX-License-Identifier: Apache-2.0
#include "auth/webauthn.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

#include "auth/cose.h"
#include "base/bytes.h"
#include "wire/base64url.h"
#include "wire/cbor.h"

#define HASH_LEN 32
#define DATA_MIN 37 // authenticatorData without key and extensions

#define FLAG_PRESENT    0x01 // UP
#define FLAG_VERIFIED   0x04 // UV
#define FLAG_ELIGIBLE   0x08 // BE
#define FLAG_BACKED_UP  0x10 // BS
#define FLAG_KEY        0x40 // AT
#define FLAG_EXTENSIONS 0x80 // ED

#define CLIENT_DATA_MAX ((size_t)16384)

static enum rc malformed(struct fault *fault, const char *what)
{
	return fault_set(fault, RC_SYNTAX, "%s is malformed", what);
}

static enum rc refuse(struct fault *fault, const char *why)
{
	return fault_set(fault, RC_INVALID, "%s", why);
}

// ---- clientDataJSON (section 5.8.1) ----------------------------------------

static struct view member(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	return json_is_string(value) ? view_of(json_string_value(value),
					   json_string_length(value))
				     : VIEW("");
}

static bool is_origin_of(
    const struct auth_webauthn_site *site, struct view origin)
{
	for (size_t i = 0; i < site->origin_count; i++)
		if (view_eq(origin, site->origins[i]))
			return true;
	return false;
}

static bool is_challenge(struct view challenge, struct view text)
{
	struct buf own;
	buf_init(&own, 512);
	base64url_encode(challenge, &own);
	bool same = own.len == text.len && own.len > 0 &&
		    CRYPTO_memcmp(own.ptr, text.ptr, text.len) == 0;
	buf_done(&own);
	return same;
}

static enum rc check_members(const struct auth_webauthn_site *site,
    struct view challenge, const char *type, const json_t *object,
    struct fault *fault)
{
	const json_t *crossed = json_object_get(object, "crossOrigin");
	if (!view_eq(member(object, "type"), view_of_string(type)))
		return refuse(fault, "the client data is of another type");
	if (!is_challenge(challenge, member(object, "challenge")))
		return refuse(fault, "the challenge is another one");
	if (!is_origin_of(site, member(object, "origin")))
		return refuse(fault, "the origin is another site");
	if ((crossed && !json_is_false(crossed)) ||
	    json_object_get(object, "topOrigin"))
		return refuse(fault, "the page is inside of another one");
	return RC_OK;
}

static enum rc check_client_data(const struct auth_webauthn_site *site,
    struct view challenge, const char *type, struct view client_data,
    struct fault *fault)
{
	if (client_data.len > CLIENT_DATA_MAX)
		return malformed(fault, "the client data");
	json_t *object = json_loadb(client_data.ptr ? client_data.ptr : "",
	    client_data.len, JSON_REJECT_DUPLICATES, NULL);
	enum rc rc = json_is_object(object)
			 ? check_members(site, challenge, type, object, fault)
			 : malformed(fault, "the client data");
	json_decref(object);
	return rc;
}

// ---- authenticatorData (section 6.1) ---------------------------------------

static enum rc read_key(struct view *rest, struct fault *fault,
    struct auth_webauthn_registration *registration)
{
	if (rest->len < 18)
		return malformed(fault, "the attested credential data");
	const unsigned char *at = (const unsigned char *)rest->ptr;
	size_t id_len = (size_t)at[16] << 8 | at[17];
	memcpy(registration->aaguid, at, sizeof(registration->aaguid));
	*rest = view_from(*rest, 18);
	if (id_len == 0 || id_len > AUTH_WEBAUTHN_ID_MAX || id_len > rest->len)
		return malformed(fault, "the credential's id");
	registration->id = view_slice(*rest, 0, id_len);
	*rest = view_from(*rest, id_len);
	struct view key = *rest;
	if (cbor_skip(rest) != RC_OK)
		return malformed(fault, "the credential's key");
	key.len -= rest->len;
	enum rc rc = cose_read_key(key, &registration->key);
	if (rc == RC_SYNTAX)
		return malformed(fault, "the credential's key");
	if (rc != RC_OK)
		return refuse(
		    fault, "the key is of a kind that is not accepted");
	return RC_OK;
}

static enum rc check_flags(unsigned flags, bool with_key, struct fault *fault)
{
	if (!(flags & FLAG_PRESENT))
		return refuse(fault, "the user was not present");
	if ((flags & FLAG_BACKED_UP) && !(flags & FLAG_ELIGIBLE))
		return refuse(fault, "a key that cannot be copied was copied");
	if (!(flags & FLAG_KEY) != !with_key)
		return malformed(fault, "the authenticator data");
	return RC_OK;
}

enum rc auth_webauthn_read_data(struct view rp_id, struct view data,
    bool with_key, struct fault *fault,
    struct auth_webauthn_registration *ret_registration)
{
	struct auth_webauthn_registration read = {.id = VIEW("")};
	unsigned char hash[HASH_LEN];
	if (data.len < DATA_MIN)
		return malformed(fault, "the authenticator data");
	SHA256((const unsigned char *)rp_id.ptr, rp_id.len, hash);
	if (CRYPTO_memcmp(hash, data.ptr, HASH_LEN) != 0)
		return refuse(
		    fault, "the authenticator data is of another site");
	unsigned flags = (unsigned char)data.ptr[HASH_LEN];
	enum rc rc = check_flags(flags, with_key, fault);
	read.state.counter = get_be32(data.ptr + HASH_LEN + 1);
	read.state.verified = flags & FLAG_VERIFIED;
	read.state.backed_up = flags & FLAG_BACKED_UP;
	struct view rest = view_from(data, DATA_MIN);
	if (rc == RC_OK && with_key)
		rc = read_key(&rest, fault, &read);
	if (rc == RC_OK && (flags & FLAG_EXTENSIONS) &&
	    cbor_skip(&rest) != RC_OK)
		return malformed(fault, "an extension");
	if (rc == RC_OK && rest.len > 0)
		return malformed(fault, "the authenticator data");
	if (rc == RC_OK)
		*ret_registration = read;
	return rc;
}

// ---- Registration (section 7.1) --------------------------------------------

enum rc auth_webauthn_register(const struct auth_webauthn_site *site,
    struct view challenge, struct view client_data, struct view attestation,
    struct fault *fault, struct auth_webauthn_registration *ret_registration)
{
	struct view whole = attestation, value, data, format;
	enum rc rc = check_client_data(
	    site, challenge, "webauthn.create", client_data, fault);
	if (rc != RC_OK)
		return rc;
	if (cbor_skip(&whole) != RC_OK || whole.len > 0 ||
	    cbor_map_find(attestation, VIEW("fmt"), &value) != RC_OK ||
	    cbor_string(value, CBOR_TEXT, &format) != RC_OK ||
	    cbor_map_find(attestation, VIEW("authData"), &value) != RC_OK ||
	    cbor_string(value, CBOR_BYTES, &data) != RC_OK)
		return malformed(fault, "the attestation object");
	return auth_webauthn_read_data(
	    site->rp_id, data, true, fault, ret_registration);
}

// ---- Assertion (section 7.2) -----------------------------------------------

enum rc auth_webauthn_assert(const struct auth_webauthn_site *site,
    struct view challenge, const struct auth_webauthn_key *key,
    struct view client_data, struct view authenticator_data,
    struct view signature, struct fault *fault,
    struct auth_webauthn_state *ret_state)
{
	struct auth_webauthn_registration read;
	struct buf text;
	unsigned char hash[HASH_LEN];
	enum rc rc = check_client_data(
	    site, challenge, "webauthn.get", client_data, fault);
	if (rc == RC_OK)
		rc = auth_webauthn_read_data(
		    site->rp_id, authenticator_data, false, fault, &read);
	if (rc != RC_OK)
		return rc;
	SHA256((const unsigned char *)client_data.ptr, client_data.len, hash);
	buf_init(&text, authenticator_data.len + HASH_LEN);
	buf_add(&text, authenticator_data);
	buf_add(&text, view_of(hash, HASH_LEN));
	bool right = cose_verify(key, buf_view(&text), signature);
	buf_done(&text);
	if (!right)
		return fault_set(fault, RC_AUTH, "the signature is wrong");
	*ret_state = read.state;
	return RC_OK;
}

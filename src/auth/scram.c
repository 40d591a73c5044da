// SPDX-License-Identifier: Apache-2.0
// RFC 5802: the grammar of section 7, read attribute by attribute, and the
// computations of section 3 by OpenSSL. The channel binding is never decoded:
// the expected value is encoded and compared.
#include "auth/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/ascii.h"

#define BASE64_LEN(bytes) (((bytes) + 2) / 3 * 4)
#define MESSAGE_MAX       4096 // any message, and so the parts of AuthMessage

void auth_scram_init(struct auth_scram *scram, enum auth_digest digest,
    bool plus, const struct auth_channel *channel)
{
	*scram = (struct auth_scram){
	    .digest = digest, .plus = plus, .channel = channel};
	buf_init(&scram->auth_message, 3 * MESSAGE_MAX);
	buf_init(&scram->gs2_header, AUTH_SCRAM_HEADER_MAX);
	buf_init(&scram->nonce, AUTH_SCRAM_NONCE_MAX + AUTH_SCRAM_NONCE_MAX);
}

void auth_scram_done(struct auth_scram *scram)
{
	buf_done(&scram->auth_message);
	buf_done(&scram->gs2_header);
	buf_done(&scram->nonce);
	OPENSSL_cleanse(scram, sizeof(*scram));
}

bool auth_scram_can_bind(const struct auth_channel *channel)
{
	return channel->tls && (channel->exporter.len || channel->unique.len ||
				   channel->end_point.len);
}

static void add_base64(struct buf *out, const void *bytes, size_t len)
{
	// EVP_EncodeBlock() also writes a NUL.
	char *room = buf_reserve(out, BASE64_LEN(len) + 1);
	if (!room)
		return;
	int added = EVP_EncodeBlock((unsigned char *)room, bytes, (int)len);
	buf_commit(out, (size_t)added);
}

// ---- client-first-message --------------------------------------------------

// The binding of the type that the client names (RFC 9266, RFC 5929); empty if
// this channel has none of this type.
static struct view find_binding(
    const struct auth_channel *channel, struct view type)
{
	if (!channel->tls)
		return VIEW("");
	if (view_eq(type, VIEW("tls-exporter")))
		return channel->exporter;
	if (view_eq(type, VIEW("tls-unique")))
		return channel->unique;
	if (view_eq(type, VIEW("tls-server-end-point")))
		return channel->end_point;
	return VIEW("");
}

// RFC 5802 section 6: which values of the flag are allowed depends on what was
// announced.
static enum rc check_binding_flag(struct auth_scram *scram, struct view flag)
{
	if (view_eq(flag, VIEW("n")))
		return scram->plus ? RC_AUTH : RC_OK;
	if (view_eq(flag, VIEW("y"))) {
		// "y": the client supports bindings and believes that the
		// server does not. If the server does, somebody in between
		// removed -PLUS from the announcement.
		bool cheated =
		    scram->plus || auth_scram_can_bind(scram->channel);
		return cheated ? RC_AUTH : RC_OK;
	}
	if (!view_starts_with(flag, VIEW("p=")) || flag.len == 2)
		return RC_SYNTAX;
	scram->binding = find_binding(scram->channel, view_from(flag, 2));
	return scram->plus && scram->binding.len ? RC_OK : RC_AUTH;
}

// saslname: "=2C" is ',' and "=3D" is '='; no other '=' and no NUL is allowed.
static bool unescape_name(
    struct view text, char ret_name[AUTH_NAME_MAX], size_t *ret_len)
{
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '=') {
			struct view code = view_slice(text, i, 3);
			if (view_eq(code, VIEW("=2C")))
				c = ',';
			else if (!view_eq(code, VIEW("=3D")))
				return false;
			i += 2;
		}
		if (c == '\0' || len == AUTH_NAME_MAX)
			return false;
		ret_name[len++] = c;
	}
	*ret_len = len;
	return len > 0;
}

static bool is_nonce(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < 0x21 || text.ptr[i] > 0x7e)
			return false; // view_split() removed the ','
	return text.len > 0 && text.len <= AUTH_SCRAM_NONCE_MAX;
}

// Extensions after the known attributes are "a=value". They must be well
// formed, and are ignored.
static bool is_extensions(struct view rest)
{
	struct view part;
	while (view_split(&rest, ',', &part))
		if (part.len < 3 || part.ptr[1] != '=' ||
		    !ascii_is_alpha(part.ptr[0]))
			return false;
	return true;
}

static bool read_bare(struct auth_scram *scram, struct view bare)
{
	struct view name;
	struct view nonce;
	// "m=" here would be a mandatory extension, and we know none: so the
	// user name must come first (RFC 5802 section 5.1).
	if (!view_split(&bare, ',', &name) ||
	    !view_starts_with(name, VIEW("n=")) ||
	    !view_split(&bare, ',', &nonce) ||
	    !view_starts_with(nonce, VIEW("r=")) ||
	    !is_nonce(view_from(nonce, 2)) || !is_extensions(bare))
		return false;
	buf_add(&scram->nonce, view_from(nonce, 2));
	return unescape_name(view_from(name, 2), scram->name, &scram->name_len);
}

static bool read_authzid(struct auth_scram *scram, struct view authzid)
{
	return authzid.len == 0 ||
	       (view_starts_with(authzid, VIEW("a=")) &&
		   unescape_name(view_from(authzid, 2), scram->authzid,
		       &scram->authzid_len));
}

enum rc auth_scram_client_first(struct auth_scram *scram, struct view message)
{
	struct view flag;
	struct view authzid;
	struct view rest = message;
	if (!view_split(&rest, ',', &flag) || !view_split(&rest, ',', &authzid))
		return RC_SYNTAX;
	struct view header = view_slice(message, 0, message.len - rest.len);
	buf_add(&scram->gs2_header, header);
	buf_add(&scram->auth_message, rest);
	if (!read_authzid(scram, authzid) || !read_bare(scram, rest) ||
	    buf_status(&scram->gs2_header) != RC_OK ||
	    buf_status(&scram->auth_message) != RC_OK)
		return RC_SYNTAX;
	return check_binding_flag(scram, flag);
}

// ---- server-first-message --------------------------------------------------

enum rc auth_scram_server_first(struct auth_scram *scram,
    const struct auth_scram_keys *keys, const struct view *nonce,
    struct buf *ret_message)
{
	unsigned char random[AUTH_SCRAM_NONCE / 4 * 3];
	if (nonce)
		buf_add(&scram->nonce, *nonce);
	else if (RAND_bytes(random, sizeof(random)) == 1)
		add_base64(&scram->nonce, random, sizeof(random));
	else
		return RC_IO;
	scram->keys = *keys;
	struct buf message;
	buf_init(&message, MESSAGE_MAX);
	buf_add_literal(&message, "r=");
	buf_add(&message, buf_view(&scram->nonce));
	buf_add_literal(&message, ",s=");
	add_base64(&message, keys->salt, keys->salt_len);
	buf_add_literal(&message, ",i=");
	buf_add_u64(&message, keys->iterations);
	buf_add_char(&scram->auth_message, ',');
	buf_add(&scram->auth_message, buf_view(&message));
	buf_add(ret_message, buf_view(&message));
	enum rc rc = buf_status(&message);
	buf_done(&message);
	return rc == RC_OK ? buf_status(ret_message) : rc;
}

// ---- client-final-message --------------------------------------------------

// Whether "c=" is the base64 of the GS2 header and the channel's binding.
static bool is_our_channel(const struct auth_scram *scram, struct view sent)
{
	struct buf input;
	struct buf text;
	buf_init(&input, AUTH_SCRAM_HEADER_MAX + MESSAGE_MAX);
	buf_init(&text, 2 * input.max);
	buf_add(&input, buf_view(&scram->gs2_header));
	buf_add(&input, scram->binding);
	add_base64(&text, input.ptr, input.len);
	bool same = buf_status(&input) == RC_OK && buf_status(&text) == RC_OK &&
		    text.len == sent.len &&
		    CRYPTO_memcmp(text.ptr, sent.ptr, sent.len) == 0;
	buf_done(&input);
	buf_done(&text);
	return same;
}

// Reads the base64 of a key, in its one valid spelling.
static bool read_proof(
    struct view text, size_t len, unsigned char ret_proof[AUTH_SCRAM_KEY_MAX])
{
	unsigned char bytes[AUTH_SCRAM_KEY_MAX + 4];
	unsigned char again[BASE64_LEN(AUTH_SCRAM_KEY_MAX) + 1];
	if (text.len != BASE64_LEN(len) ||
	    EVP_DecodeBlock(
		bytes, (const unsigned char *)text.ptr, (int)text.len) < 0)
		return false;
	EVP_EncodeBlock(again, bytes, (int)len);
	if (memcmp(again, text.ptr, text.len) != 0)
		return false;
	memcpy(ret_proof, bytes, len);
	return true;
}

static bool hmac(enum auth_digest digest, const unsigned char *key,
    struct view text, unsigned char ret_mac[AUTH_SCRAM_KEY_MAX])
{
	const EVP_MD *md = digest == AUTH_SHA256 ? EVP_sha256() : EVP_sha1();
	return HMAC(md, key, (int)auth_digest_len(digest),
	    (const unsigned char *)text.ptr, text.len, ret_mac, NULL);
}

// H(ClientProof XOR HMAC(StoredKey, AuthMessage)) = StoredKey
static bool is_proof_right(
    const struct auth_scram *scram, const unsigned char *proof)
{
	size_t len = auth_digest_len(scram->digest);
	unsigned char client_key[AUTH_SCRAM_KEY_MAX];
	unsigned char stored_key[AUTH_SCRAM_KEY_MAX];
	bool done = hmac(scram->digest, scram->keys.stored_key,
	    buf_view(&scram->auth_message), client_key);
	for (size_t i = 0; i < len; i++)
		client_key[i] ^= proof[i];
	done = done && EVP_Q_digest(NULL, auth_digest_name(scram->digest), NULL,
			   client_key, len, stored_key, NULL);
	bool right =
	    done && CRYPTO_memcmp(stored_key, scram->keys.stored_key, len) == 0;
	OPENSSL_cleanse(client_key, sizeof(client_key));
	return right;
}

struct client_final {
	struct view binding;
	struct view nonce;
	unsigned char proof[AUTH_SCRAM_KEY_MAX];
};

static bool read_final(const struct auth_scram *scram, struct view without,
    struct view proof, struct client_final *ret_final)
{
	struct view binding;
	struct view nonce;
	if (!view_split(&without, ',', &binding) ||
	    !view_starts_with(binding, VIEW("c=")) ||
	    !view_split(&without, ',', &nonce) ||
	    !view_starts_with(nonce, VIEW("r=")) || !is_extensions(without))
		return false;
	ret_final->binding = view_from(binding, 2);
	ret_final->nonce = view_from(nonce, 2);
	return read_proof(
	    proof, auth_digest_len(scram->digest), ret_final->proof);
}

enum rc auth_scram_client_final(struct auth_scram *scram, struct view message,
    struct buf *ret_message, enum auth_reason *ret_reason)
{
	// The proof is the last attribute, and its base64 has no ','.
	const char *comma =
	    message.len ? memrchr(message.ptr, ',', message.len) : NULL;
	size_t at = comma ? (size_t)(comma - message.ptr) : message.len;
	struct view without = view_slice(message, 0, at);
	struct view proof = view_from(message, at);
	struct client_final final;
	if (!view_starts_with(proof, VIEW(",p=")) ||
	    !read_final(scram, without, view_from(proof, 3), &final) ||
	    !view_eq(final.nonce, buf_view(&scram->nonce)))
		return RC_SYNTAX;
	buf_add_char(&scram->auth_message, ',');
	buf_add(&scram->auth_message, without);
	if (buf_status(&scram->auth_message) != RC_OK)
		return RC_SYNTAX;
	*ret_reason = AUTH_REASON_BINDING;
	if (!is_our_channel(scram, final.binding))
		return RC_AUTH;
	*ret_reason = AUTH_REASON_PASSWORD;
	if (!is_proof_right(scram, final.proof))
		return RC_AUTH;
	unsigned char signature[AUTH_SCRAM_KEY_MAX];
	if (!hmac(scram->digest, scram->keys.server_key,
		buf_view(&scram->auth_message), signature))
		return RC_AUTH;
	buf_add_literal(ret_message, "v=");
	add_base64(ret_message, signature, auth_digest_len(scram->digest));
	return buf_status(ret_message);
}

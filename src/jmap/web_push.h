// SPDX-License-Identifier: Apache-2.0
// What is sent to a push service, encrypted for the client (RFC 8291, RFC
// 8188), and how we show who we are (VAPID, RFC 8292). Only computation:
// nothing here is sent or stored.
#ifndef ROOST_JMAP_WEB_PUSH_H
#define ROOST_JMAP_WEB_PUSH_H

#include <openssl/evp.h>

#include "base/buf.h"

#define WEB_PUSH_POINT 65 // bytes of a public key on P-256, uncompressed
#define WEB_PUSH_AUTH  16 // bytes of the client's secret
#define WEB_PUSH_SALT  16
// A push service takes bodies of at least 4096 bytes (RFC 8030 section 7.2);
// so much text fits into one.
#define WEB_PUSH_BODY_MAX 4096
#define WEB_PUSH_TEXT_MAX 3993

struct web_push_keys {
	unsigned char p256dh[WEB_PUSH_POINT]; // the client's public key
	unsigned char auth[WEB_PUSH_AUTH];
};

// From the client's base64url. False: they are no such keys.
MUST_CHECK bool web_push_keys_read(
    struct view p256dh, struct view auth, struct web_push_keys *ret_keys);

// Adds the body for Content-Encoding aes128gcm. RC_LIMIT: the text is too long.
MUST_CHECK enum rc web_push_encrypt(
    const struct web_push_keys *keys, struct view text, struct buf *out);
// The same with our key of one use and the salt given, for tests.
MUST_CHECK enum rc web_push_encrypt_with(const struct web_push_keys *keys,
    struct view text, EVP_PKEY *own, const unsigned char salt[WEB_PUSH_SALT],
    struct buf *out);

// ---- VAPID -----------------------------------------------------------------

// Our key is kept as its 32 bytes. The caller frees it with EVP_PKEY_free().
#define WEB_PUSH_SECRET 32
EVP_PKEY *web_push_key_new(void);
// RC_CORRUPT: it is none.
MUST_CHECK enum rc web_push_key_read(struct view secret, EVP_PKEY **ret_key);
void web_push_key_write(
    EVP_PKEY *key, unsigned char ret_secret[WEB_PUSH_SECRET]);
// Adds the public key, in base64url.
void web_push_key_public(EVP_PKEY *key, struct buf *out);

// Adds the value of the field Authorization. `origin` is that of the URL
// ("https://push.example"), `contact` a URI such as "mailto:…"; the token is
// good until `expires`, at most 24 hours ahead (seconds).
void web_push_authorization(EVP_PKEY *key, struct view origin,
    const char *contact, int64_t expires, struct buf *out);

#endif

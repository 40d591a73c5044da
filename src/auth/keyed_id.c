// SPDX-License-Identifier: Apache-2.0
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "auth/impl.h"

void auth_keyed_id(const struct auth *auth, const char *use, struct view text,
    unsigned char ret_id[AUTH_KEYED_ID_LEN])
{
	unsigned char mac[EVP_MAX_MD_SIZE] = {0};
	unsigned char key[EVP_MAX_MD_SIZE] = {0};
	// First a key for this use. SCRAM's false salts are made with the
	// secret itself, of texts that begin with a control character.
	HMAC(EVP_sha256(), auth->secret, sizeof(auth->secret),
	    (const unsigned char *)use, strlen(use), key, NULL);
	HMAC(EVP_sha256(), key, 32, (const unsigned char *)text.ptr, text.len,
	    mac, NULL);
	memcpy(ret_id, mac, AUTH_KEYED_ID_LEN);
	explicit_bzero(key, sizeof(key));
}

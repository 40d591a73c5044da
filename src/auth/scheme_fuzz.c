// SPDX-License-Identifier: Apache-2.0
// Any bytes as a password that another server stored: they are refused, or
// become a hash that can be kept in a user's record, or the password itself.
#include "auth/scheme.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "auth/directory.h"
#include "base/ascii.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

// What crypt(3), Argon2 and PBKDF2 are asked for here may take seconds.
static bool is_cheap(const char *hash)
{
	return hash[0] == '{' &&
	       view_find(view_of_string(hash), VIEW("$")) == SIZE_MAX;
}

static void check_hash(const struct auth_credentials *credentials)
{
	size_t len = strnlen(credentials->hash, sizeof(credentials->hash));
	require(len < sizeof(credentials->hash));
	for (size_t i = 0; i < len; i++)
		require(!ascii_is_control(credentials->hash[i]));
	struct auth_record record = {
	    .account = 1000, .credentials = *credentials};
	struct auth_record read;
	struct buf out;
	buf_init(&out, 4096);
	auth_record_encode(&record, &out);
	require(auth_record_decode(buf_view(&out), &read) == RC_OK);
	require(strcmp(read.credentials.hash, credentials->hash) == 0);
	buf_done(&out);
	const struct auth_secret wrong = {.text = "wrong", .len = 5};
	if (is_cheap(credentials->hash))
		(void)!auth_scheme_check(credentials->hash, &wrong);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct auth_credentials credentials = {0};
	struct auth_secret clear = {0};
	struct fault fault = {0};
	enum rc rc =
	    auth_scheme_read(view_of(data, size), &fault, &credentials, &clear);
	if (rc == RC_OK && clear.len == 0)
		check_hash(&credentials);
	require(rc == RC_OK || fault.text[0]);
	OPENSSL_cleanse(&clear, sizeof(clear));
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Any bytes as what a browser sends of a passkey. The first byte chooses what
// they are; the hash of the site is put in where it belongs, so that the fuzzer
// gets past it.
#include <openssl/sha.h>
#include <stdlib.h>

#include "auth/cose.h"
#include "auth/webauthn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void read_data(struct view bytes, bool with_key)
{
	struct auth_webauthn_registration made;
	struct fault fault;
	struct buf copy;
	unsigned char hash[32];
	SHA256((const unsigned char *)"example.org", 11, hash);
	buf_init(&copy, bytes.len + 32);
	buf_add(&copy, view_of(hash, sizeof(hash)));
	buf_add(&copy, bytes);
	if (auth_webauthn_read_data(VIEW("example.org"), buf_view(&copy),
		with_key, &fault, &made) == RC_OK)
		must(!with_key || (made.id.len > 0 && made.key.len > 0));
	buf_done(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct view origin = {"https://example.org", 19};
	const struct auth_webauthn_site site = {.rp_id = VIEW("example.org"),
	    .origins = &origin,
	    .origin_count = 1};
	struct auth_webauthn_registration made;
	struct auth_webauthn_key key;
	struct fault fault;
	if (size == 0)
		return 0;
	struct view bytes = view_of(data + 1, size - 1);
	struct view client = VIEW("{\"type\":\"webauthn.create\",\"challenge\":"
				  "\"eA\",\"origin\":\"https://example.org\"}");
	switch (data[0] % 4) {
	case 0: read_data(bytes, data[0] & 4); break;
	case 1:
		(void)!auth_webauthn_register(
		    &site, VIEW("x"), client, bytes, &fault, &made);
		break;
	case 2:
		(void)!auth_webauthn_register(
		    &site, VIEW("x"), bytes, VIEW(""), &fault, &made);
		break;
	default:
		if (cose_read_key(bytes, &key) == RC_OK)
			must(!cose_verify(&key, VIEW("text"), bytes));
		break;
	}
	return 0;
}

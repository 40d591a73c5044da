// SPDX-License-Identifier: Apache-2.0
// Any bytes as a stored credential, the note of a use, a client, a device or a
// second factor: they are refused, or read and written back as the same bytes.
#include "auth/oauth_rows.h"
#include "auth/second.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(struct buf *again, struct view bytes)
{
	if (!view_eq(buf_view(again), bytes))
		abort();
}

static void compare_oauth(struct view bytes)
{
	struct auth_client client;
	struct auth_device device;
	struct buf again;
	buf_init(&again, AUTH_CLIENT_RECORD_MAX);
	if (auth_client_decode(bytes, &client) == RC_OK) {
		auth_client_encode(&client, &again);
		compare(&again, bytes);
	}
	buf_reset(&again);
	if (auth_device_decode(bytes, &device) == RC_OK) {
		auth_device_encode(&device, &again);
		compare(&again, bytes);
	}
	buf_done(&again);
}

static void compare_second(struct view bytes)
{
	static struct auth_second second; // too large for every input's stack
	struct buf again;
	buf_init(&again, AUTH_SECOND_RECORD_MAX);
	if (auth_second_decode(bytes, &second) == RC_OK) {
		auth_second_encode(&second, &again);
		compare(&again, bytes);
	}
	buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct auth_credential credential;
	struct auth_use use;
	struct view bytes = view_of(data, size);
	struct buf again;
	buf_init(&again, AUTH_CREDENTIAL_RECORD_MAX);
	if (auth_credential_decode(bytes, &credential) == RC_OK) {
		auth_credential_encode(&credential, &again);
		compare(&again, bytes);
	}
	buf_reset(&again);
	if (auth_use_decode(bytes, &use) == RC_OK) {
		auth_use_encode(&use, &again);
		compare(&again, bytes);
	}
	buf_done(&again);
	compare_oauth(bytes);
	compare_second(bytes);
	return 0;
}

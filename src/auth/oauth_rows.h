// SPDX-License-Identifier: Apache-2.0
// What the files of oauth.h share. Only this room includes it.
#ifndef ROOST_AUTH_OAUTH_ROWS_H
#define ROOST_AUTH_OAUTH_ROWS_H

#include "auth/oauth.h"

#define AUTH_CLIENT_PREFIX     AUTH_KEY_PREFIX "client/"
#define AUTH_DEVICE_PREFIX     AUTH_KEY_PREFIX "device/"
#define AUTH_CLIENT_RECORD_MAX ((size_t)4096)
#define AUTH_DEVICE_RECORD_MAX ((size_t)1024)

// ---- Clients ---------------------------------------------------------------

void auth_client_encode(
    const struct auth_client *client, struct buf *ret_bytes);
MUST_CHECK enum rc auth_client_decode(
    struct view bytes, struct auth_client *ret_client);
// Reads from the snapshot, or, if that is NULL, from the engine. RC_NOT_FOUND
// also for a text that is no id.
MUST_CHECK enum rc auth_client_read(struct engine *engine,
    struct engine_snapshot *from, struct view id,
    struct auth_client *ret_client);
void auth_client_put(
    struct engine_batch *batch, const struct auth_client *client);
// Removes clients that nobody uses any more.
MUST_CHECK enum rc auth_clients_sweep(struct auth *auth, struct fault *fault);

// ---- Devices ---------------------------------------------------------------

enum auth_device_state {
	AUTH_DEVICE_WAITS,
	AUTH_DEVICE_ALLOWED,
	AUTH_DEVICE_DENIED,
};

struct auth_device {
	uint64_t id; // the key; of the user's code
	enum auth_device_state state;
	uint32_t scopes;
	int64_t created;
	int64_t expires;
	unsigned char hash[AUTH_HASH_LEN]; // of the device's code
	uint64_t account;                  // who has allowed it
	struct auth_name user;
	char client[AUTH_CLIENT_ID_MAX + 1];
	char address[AUTH_USE_ADDRESS_MAX + 1];
};
void auth_device_encode(
    const struct auth_device *device, struct buf *ret_bytes);
MUST_CHECK enum rc auth_device_decode(
    struct view bytes, struct auth_device *ret_device);
MUST_CHECK enum rc auth_devices_sweep(struct auth *auth, struct fault *fault);

// ---- A new grant -----------------------------------------------------------

// A grant and its first access token, made before the change that stores them.
struct auth_new_grant {
	struct auth_credential grant;
	struct auth_credential access;
	struct auth_tokens tokens;
};
// Makes the texts. RC_IO: no random bytes.
MUST_CHECK enum rc auth_grant_begin(struct auth *auth,
    const struct auth_channel *channel, struct auth_new_grant *ret_new);
// Completes the records for the user and the client, and adds them to the
// batch.
MUST_CHECK enum rc auth_grant_add(struct auth *auth,
    struct engine_snapshot *from, struct engine_batch *batch,
    struct auth_new_grant *fresh, uint64_t account,
    const struct auth_name *user, struct view client, uint32_t scopes,
    struct fault *fault);
// After the commit: writes it into the log.
void auth_grant_log(struct auth *auth, const struct auth_channel *channel,
    const struct auth_new_grant *fresh);

// Counts a text that is no token against the address; returns RC_AUTH.
enum rc auth_oauth_refuse(struct auth *auth, const struct auth_channel *channel,
    struct view text, struct fault *fault);

#endif

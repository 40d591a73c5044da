// SPDX-License-Identifier: Apache-2.0
// Push subscriptions as they are stored (RFC 8620 section 7.2): objects of an
// account (store/object.h), as JSON; and our VAPID key.
#ifndef ROOST_JMAP_PUSH_RECORD_H
#define ROOST_JMAP_PUSH_RECORD_H

#include "auth/auth.h"
#include "jmap/web_push.h"
#include "store/object.h"

#define JMAP_PUSH_URL_MAX    2048 // bytes
#define JMAP_PUSH_DEVICE_MAX 255
#define JMAP_PUSH_TYPES_MAX  4096 // of the names, as JSON
#define JMAP_PUSH_CODE_LEN   32   // hexadecimal digits: 128 random bits
// The longest life of a subscription, unless its client renews it.
#define JMAP_PUSH_SECONDS ((int64_t)30 * 24 * 3600)

struct jmap_subscription {
	uint64_t id;      // of the object; not in its bytes
	uint64_t version; // the same
	struct view device, url;
	bool has_keys;
	struct web_push_keys keys;
	struct view code;  // that the client has to give
	bool verified;     // it has
	int64_t expires;   // seconds
	struct view types; // the names that the client gave, as JSON, or "null"
	unsigned type_set; // of watch.h
	// Who made it, and with which credential: when that is revoked, it
	// ends.
	struct view user;
	uint64_t epoch, credential;
};

// The views lead into `arena`. RC_CORRUPT.
MUST_CHECK enum rc jmap_subscription_read(struct arena *arena,
    const struct store_object *object, struct jmap_subscription *ret);
void jmap_subscription_write(
    const struct jmap_subscription *subscription, struct buf *out);

// Whether whoever made it may still be told. RC_OK; RC_GONE; otherwise it is
// not known now.
MUST_CHECK enum rc jmap_subscription_check(const struct auth *auth,
    uint64_t account, const struct jmap_subscription *subscription);

// Our key, which is made when there is none. The caller frees it.
MUST_CHECK enum rc jmap_push_key(
    struct store *store, struct fault *fault, EVP_PKEY **ret_key);

#endif

// SPDX-License-Identifier: Apache-2.0
// Uploads: bytes that a user has sent and that are in no email yet (RFC 8620
// section 6). They belong to the user who sent them; nobody else can read them,
// and no quota of mail counts them. An upload is kept for STORE_UPLOAD_SECONDS,
// unless the user's newer ones need its room.
//
// All uploads are in one partition of the engine, so they change no account's
// version. They survive a restart.
#ifndef ROOST_STORE_UPLOAD_H
#define ROOST_STORE_UPLOAD_H

#include "store/store.h"

#define STORE_UPLOAD_PARTITION 8 // of the engine
// How long an upload is kept. RFC 8620 asks for an hour; people write an email
// for longer than that.
#define STORE_UPLOAD_SECONDS ((int64_t)24 * 3600)
#define STORE_UPLOADS_MAX    1000 // uploads of a user
#define STORE_UPLOAD_ID_LEN  32   // lower-case hexadecimal digits

// How many bytes the uploads of a user may have together: at least twice the
// longest message.
uint64_t store_uploads_bytes_max(const struct store *store);

// An upload that is coming in. Its bytes are written as they come; it holds one
// chunk of content in memory.
struct store_upload;

// `user` is the number of the user's account.
struct store_upload *store_upload_new(struct store *store, uint64_t user);
// RC_LIMIT: longer than store_uploads_bytes_max(). RC_FULL, RC_IO.
MUST_CHECK enum rc store_upload_add(
    struct store_upload *upload, struct view bytes);
uint64_t store_upload_size(const struct store_upload *upload);
// All bytes have come. It is durable when the call returns. If the user has too
// many uploads, the oldest ones are removed.
MUST_CHECK enum rc store_upload_finish(struct store_upload *upload,
    struct fault *fault, char ret_id[STORE_UPLOAD_ID_LEN + 1]);
void store_upload_free(struct store_upload **upload);

// An upload that is there.
struct store_upload_info {
	uint64_t size;
	int64_t when; // it came; seconds since 1970 UTC
	struct engine_content_id content;
};

// RC_NOT_FOUND: this user has no upload with this id (any more).
MUST_CHECK enum rc store_upload_find(struct store *store, uint64_t user,
    struct view id, struct store_upload_info *ret_info);
// Appends the bytes offset .. offset+len, or as many of them as there are.
// RC_GONE: it was removed long ago.
MUST_CHECK enum rc store_upload_read(struct store *store,
    const struct store_upload_info *info, uint64_t offset, size_t len,
    struct buf *ret_bytes);

// Removes the uploads whose time is over.
MUST_CHECK enum rc store_uploads_expire(
    struct store *store, struct fault *fault, uint64_t *ret_removed);
// Removes all uploads of a user.
MUST_CHECK enum rc store_uploads_forget(
    struct store *store, uint64_t user, struct fault *fault);
// Reads all records. Calls `problem` for each damaged one.
MUST_CHECK enum rc store_uploads_check(struct store *store,
    void (*problem)(void *context, const char *text), void *context);

#endif

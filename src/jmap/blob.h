// SPDX-License-Identifier: Apache-2.0
// Blobs: the bytes that a client names by an id (RFC 8620 section 6). They are
// never stored again: an id says where the bytes are.
//
//	B5      the message of email E5
//	B5-2    its part number 2 (of the record's part table; the partId),
//		after its transfer encoding was decoded
//	U…      an upload of the user (store/upload.h)
//	U…-1    part number 1 of the message that was uploaded; also of a
// message 		in an encoded part: B5-2-1
//
// To make a message of one:
//
//	struct jmap_blob *blob;
//	enum rc rc = jmap_blob_find(call, id, &blob);
//	if (rc == RC_OK)
//		rc = jmap_blob_to_draft(blob, draft);
//	jmap_blob_close(&blob);
#ifndef ROOST_JMAP_BLOB_H
#define ROOST_JMAP_BLOB_H

#include "jmap/call.h"
#include "store/email.h"

// Bytes that jmap_blob_next() adds at most.
#define JMAP_BLOB_PIECE ((size_t)80 * 1024)
// Messages in encoded parts of messages … are followed this far.
#define JMAP_BLOB_LAYERS 4

// Sources of one creation of Blob/upload (RFC 9404 section 3.1: at least 64).
#define JMAP_DATA_SOURCES_MAX 256

struct jmap_blob;

// Opens the blob with this id for who asks. RC_NOT_FOUND: there is none, or the
// asker may not see it. RC_IO, RC_CORRUPT. `*ret_blob` is NULL then.
MUST_CHECK enum rc jmap_blob_open(struct store_account *account,
    const struct store_asker *asker, struct view id,
    struct jmap_blob **ret_blob);
// The same in a call; "#key" is what was created in this request.
MUST_CHECK enum rc jmap_blob_find(
    struct jmap_call *call, struct view id, struct jmap_blob **ret_blob);
// The message of an email, without asking who may see it. `reader` must outlive
// the blob.
struct jmap_blob *jmap_blob_of_email(
    struct store_reader *reader, uint64_t email_id, uint64_t size);
// A range of a message, decoded: a blob of its own. What `whole` reads from
// must outlive it. RC_LIMIT: too many layers.
MUST_CHECK enum rc jmap_blob_of_range(const struct jmap_blob *whole,
    uint64_t offset, uint64_t len, enum transfer_encoding encoding,
    struct jmap_blob **ret_blob);
void jmap_blob_close(struct jmap_blob **blob); // may be NULL

// Adds the next bytes, at least one, to `out`. RC_END: there are no more.
// RC_GONE: it was removed meanwhile. RC_LIMIT: `out` is full. RC_IO,
// RC_CORRUPT.
MUST_CHECK enum rc jmap_blob_next(struct jmap_blob *blob, struct buf *out);
// Begins again with the first byte.
void jmap_blob_rewind(struct jmap_blob *blob);

// Its size, if that is known without reading it: a blob is read if its part is
// encoded.
bool jmap_blob_size_known(const struct jmap_blob *blob, uint64_t *ret_size);
// Its size, which may take reading all of it. It is at its first byte then.
MUST_CHECK enum rc jmap_blob_size(struct jmap_blob *blob, uint64_t *ret_size);

// Adds all of it to `out`; RC_LIMIT: that is too small.
MUST_CHECK enum rc jmap_blob_read(struct jmap_blob *blob, struct buf *out);
// Adds all of it to a draft, which the caller finishes. RC_LIMIT: too long for
// a message.
MUST_CHECK enum rc jmap_blob_to_draft(
    struct jmap_blob *blob, struct store_draft *draft);

#endif

// SPDX-License-Identifier: Apache-2.0
// Each library unpacks at most STEP bytes at a time. So memory never holds more
// than the limit of `ret_text` allows.
#include "admin/unpack.h"

#include <bzlib.h>
#include <zlib.h>
#include <zstd.h>

#define STEP ((size_t)64 << 10)

#define GZIP  VIEW("\x1f\x8b")
#define BZIP2 VIEW("BZh")
#define ZSTD  VIEW("\x28\xb5\x2f\xfd")

bool unpack_is_packed(struct view bytes)
{
	return view_starts_with(bytes, GZIP) || view_starts_with(bytes, ZSTD) ||
	       // "BZh" alone could begin a field's name; the bytes that
	       // follow in a compressed file could not.
	       (view_starts_with(bytes, BZIP2) && bytes.len > 10 &&
		   view_starts_with(view_from(bytes, 4), VIEW("1AY&SY")));
}

static enum rc unpack_gzip(struct view bytes, struct buf *ret_text)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes.ptr,
	    .avail_in = (uInt)bytes.len};
	int state = Z_OK;
	enum rc rc = RC_OK;
	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return RC_CORRUPT;
	while (rc == RC_OK && state != Z_STREAM_END) {
		char *room = buf_reserve(ret_text, STEP);
		if (!room) {
			rc = RC_LIMIT;
			break;
		}
		z.next_out = (Bytef *)room;
		z.avail_out = (uInt)STEP;
		state = inflate(&z, Z_NO_FLUSH);
		buf_commit(ret_text, STEP - z.avail_out);
		// The file may have several gzip members.
		if (state == Z_STREAM_END && z.avail_in > 0)
			state = inflateReset(&z);
		if (state != Z_OK && state != Z_STREAM_END)
			rc = RC_CORRUPT;
	}
	inflateEnd(&z);
	return rc;
}

static enum rc unpack_bzip2(struct view bytes, struct buf *ret_text)
{
	bz_stream z = {.next_in = (char *)(uintptr_t)bytes.ptr,
	    .avail_in = (unsigned)bytes.len};
	int state = BZ_OK;
	enum rc rc = RC_OK;
	if (BZ2_bzDecompressInit(&z, 0, 0) != BZ_OK)
		return RC_CORRUPT;
	while (rc == RC_OK && state != BZ_STREAM_END) {
		unsigned before = z.avail_in;
		char *room = buf_reserve(ret_text, STEP);
		if (!room) {
			rc = RC_LIMIT;
			break;
		}
		z.next_out = room;
		z.avail_out = (unsigned)STEP;
		state = BZ2_bzDecompress(&z);
		buf_commit(ret_text, STEP - z.avail_out);
		bool idle = z.avail_in == before && z.avail_out == STEP;
		if ((state != BZ_OK && state != BZ_STREAM_END) ||
		    (state == BZ_OK && idle))
			rc = RC_CORRUPT;
	}
	BZ2_bzDecompressEnd(&z);
	return rc;
}

static enum rc unpack_zstd(struct view bytes, struct buf *ret_text)
{
	ZSTD_DStream *z = ZSTD_createDStream();
	ZSTD_inBuffer in = {bytes.ptr, bytes.len, 0};
	size_t left = 1; // 0 when a frame has ended
	enum rc rc = z ? RC_OK : RC_CORRUPT;
	while (rc == RC_OK && (left != 0 || in.pos < in.size)) {
		size_t before = in.pos;
		char *room = buf_reserve(ret_text, STEP);
		if (!room) {
			rc = RC_LIMIT;
			break;
		}
		ZSTD_outBuffer out = {room, STEP, 0};
		left = ZSTD_decompressStream(z, &out, &in);
		buf_commit(ret_text, out.pos);
		if (ZSTD_isError(left) ||
		    (left != 0 && in.pos == before && out.pos == 0))
			rc = RC_CORRUPT;
	}
	ZSTD_freeDStream(z);
	return rc;
}

enum rc unpack(struct view bytes, struct buf *ret_text)
{
	if (bytes.len > UINT32_MAX / 2)
		return RC_LIMIT;
	if (view_starts_with(bytes, GZIP))
		return unpack_gzip(bytes, ret_text);
	if (view_starts_with(bytes, BZIP2))
		return unpack_bzip2(bytes, ret_text);
	return unpack_zstd(bytes, ret_text);
}

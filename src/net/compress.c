// SPDX-License-Identifier: Apache-2.0
// RFC 4978: raw DEFLATE streams, with a sync flush at the end of each batch of
// output (section 4). Memory is allocated only when a client asks for
// compression.
#include "net/compress.h"

#include <zlib.h>

#include "base/mem.h"

// The outgoing window (8 KB) and hash are smaller than zlib's defaults. So each
// connection needs 64 KB instead of 256 KB, for 1-2 % more bytes on the wire.
// Incoming streams may use the whole window of 32 KB (RFC 1951 section 2).
#define DEFLATE_WINDOW (-13)
#define DEFLATE_MEMORY 6
#define DEFLATE_LEVEL  3
#define INFLATE_WINDOW (-15)

// Output space for one call of deflate().
#define DEFLATE_STEP ((size_t)16 * 1024)

struct compress {
	z_stream in;
	z_stream out;
	char *rest; // owned; input that was not inflated yet, because the
		    // caller's buffer was full
	size_t rest_start;
	size_t rest_len;
	bool filled; // the last piece filled its buffer, so there may be more
	bool ended;
};

static voidpf zlib_alloc(voidpf opaque, uInt items, uInt size)
{
	(void)opaque;
	return mem_zalloc((size_t)items * size);
}

static void zlib_free(voidpf opaque, voidpf address)
{
	(void)opaque;
	free(address);
}

static void keep_rest(struct compress *compress, struct view rest)
{
	char *copy = NULL;
	if (rest.len) {
		copy = mem_alloc(rest.len);
		memcpy(copy, rest.ptr, rest.len);
	}
	free(compress->rest);
	compress->rest = copy;
	compress->rest_start = 0;
	compress->rest_len = rest.len;
}

struct compress *compress_new(struct view early)
{
	struct compress *compress = mem_zalloc(sizeof(*compress));
	compress->in.zalloc = compress->out.zalloc = zlib_alloc;
	compress->in.zfree = compress->out.zfree = zlib_free;
	// These calls fail only when memory is out, in which case mem_alloc()
	// aborts, or when a parameter is wrong, but the parameters are
	// constants.
	if (inflateInit2(&compress->in, INFLATE_WINDOW) != Z_OK ||
	    deflateInit2(&compress->out, DEFLATE_LEVEL, Z_DEFLATED,
		DEFLATE_WINDOW, DEFLATE_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	keep_rest(compress, early);
	return compress;
}

void compress_free(struct compress **compress)
{
	struct compress *gone = *compress;
	if (!gone)
		return;
	*compress = NULL;
	inflateEnd(&gone->in);
	deflateEnd(&gone->out);
	free(gone->rest);
	free(gone);
}

bool compress_is_starved(const struct compress *compress)
{
	return compress->rest_len == 0 && !compress->filled;
}

// Keeps the input that inflate() left.
static void update_rest(struct compress *compress, bool from_rest)
{
	size_t left = compress->in.avail_in;
	if (from_rest) {
		compress->rest_start += compress->rest_len - left;
		compress->rest_len = left;
		if (left == 0)
			keep_rest(compress, view_of(NULL, 0));
	} else {
		keep_rest(compress, view_of(compress->in.next_in, left));
	}
	compress->in.next_in = NULL;
	compress->in.avail_in = 0;
}

enum rc compress_inflate(struct compress *compress, struct view raw, char *to,
    size_t size, size_t *ret_len)
{
	if (compress->ended)
		return RC_END;
	bool from_rest = compress->rest_len > 0;
	struct view source = raw;
	if (from_rest)
		source = view_of(
		    compress->rest + compress->rest_start, compress->rest_len);
	z_stream *in = &compress->in;
	// zlib only reads the bytes, but its pointer is not const by default.
	memcpy(&in->next_in, &source.ptr, sizeof(source.ptr));
	in->avail_in = (uInt)source.len;
	in->next_out = (Bytef *)to;
	in->avail_out = (uInt)size;
	int status = inflate(in, Z_SYNC_FLUSH);
	size_t made = size - in->avail_out;
	update_rest(compress, from_rest);
	compress->filled = in->avail_out == 0;
	if (status == Z_STREAM_END)
		compress->ended = true;
	else if (status != Z_OK && status != Z_BUF_ERROR)
		return RC_CORRUPT;
	if (made) {
		*ret_len = made;
		return RC_OK;
	}
	return compress->ended ? RC_END : RC_MORE;
}

void compress_deflate(
    struct compress *compress, struct view bytes, bool flush, struct buf *wire)
{
	z_stream *out = &compress->out;
	memcpy(&out->next_in, &bytes.ptr, sizeof(bytes.ptr));
	out->avail_in = (uInt)bytes.len;
	do {
		char *room = buf_reserve(wire, DEFLATE_STEP);
		if (!room)
			return; // the buffer remembers the overflow
		out->next_out = (Bytef *)room;
		out->avail_out = (uInt)DEFLATE_STEP;
		// Z_BUF_ERROR means only that there was nothing to do.
		(void)deflate(out, flush ? Z_SYNC_FLUSH : Z_NO_FLUSH);
		buf_commit(wire, DEFLATE_STEP - out->avail_out);
	} while (out->avail_out == 0);
}

// SPDX-License-Identifier: Apache-2.0
// Any bytes as a compressed message, for each of the three formats: nothing is
// unpacked beyond the limit, and the end is reached.
#include "admin/unpack.h"

#include <stdlib.h>

#define LIMIT ((size_t)256 << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_unpack(struct view bytes)
{
	struct buf text;
	buf_init(&text, LIMIT);
	enum rc rc = unpack(bytes, &text);
	if ((rc != RC_OK && rc != RC_LIMIT && rc != RC_CORRUPT) ||
	    text.len > LIMIT)
		abort();
	if (rc == RC_OK && bytes.len == 0)
		abort();
	buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct view starts[] = {
	    {"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10},
	    {"BZh11AY&SY", 10},
	    {"\x28\xb5\x2f\xfd", 4},
	};
	struct view bytes = view_of(data, size);
	(void)unpack_is_packed(bytes);
	try_unpack(bytes);
	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		struct buf whole;
		buf_init(&whole, starts[i].len + size);
		buf_add(&whole, starts[i]);
		buf_add(&whole, bytes);
		try_unpack(buf_view(&whole));
		buf_done(&whole);
	}
	return 0;
}

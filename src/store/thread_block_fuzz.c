// SPDX-License-Identifier: Apache-2.0
// What is read of a block of threads is written back as the same bytes.
#include <stdint.h>
#include <stdlib.h>

#include "store/thread_blocks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view rest = view_of(data, size);
	uint64_t email_id;
	uint64_t thread_id;
	struct buf out;
	buf_init(&out, SIZE_MAX / 2);
	while (thread_block_take(&rest, 7, &email_id, &thread_id) == RC_OK) {
		if (email_id / THREAD_BLOCK != 7 || thread_id == 0 ||
		    thread_id > email_id)
			abort();
		thread_block_put(email_id, thread_id, &out);
	}
	if (!view_eq(buf_view(&out), view_of(data, size - rest.len)))
		abort();
	buf_done(&out);
	return 0;
}

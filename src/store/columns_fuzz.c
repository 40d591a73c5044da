// SPDX-License-Identifier: Apache-2.0
// What is read of a block of sort columns is written back as the same bytes.
#include <stdint.h>
#include <stdlib.h>

#include "store/columns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view rest = view_of(data, size);
	struct columns_entry entry;
	struct buf out;
	buf_init(&out, SIZE_MAX / 2);
	enum rc rc;
	while ((rc = columns_take(&rest, 7, &entry)) == RC_OK) {
		if (entry.email_id / COLUMNS_BLOCK != 7)
			abort();
		columns_put(&entry, &out);
	}
	if (!view_eq(buf_view(&out), view_of(data, size - rest.len)))
		abort();
	buf_done(&out);
	return 0;
}

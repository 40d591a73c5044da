// SPDX-License-Identifier: Apache-2.0
// Any bytes as a stored record: it is refused, or read and written back as the
// same bytes.
#include "auth/directory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct auth_record record;
	struct view bytes = view_of(data, size);
	if (auth_record_decode(bytes, &record) != RC_OK)
		return 0;
	struct buf again;
	buf_init(&again, 4096);
	auth_record_encode(&record, &again);
	if (!view_eq(buf_view(&again), bytes))
		abort();
	buf_done(&again);
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Any bytes, cut in three ways, come out of the reader as the same commands.
#include "wire/imap_reader_drive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > 4096)
		return 0;
	struct imap_reader_limits limits = {
	    .line_max = data[0] % 64,
	    .collect_max = data[0] / 4,
	    .nonsync_max = data[0] & 1 ? 16 : IMAP_LITERAL_PLUS_ANY,
	};
	struct view input = view_of(data + 1, size - 1);
	struct buf logs[3];
	for (unsigned i = 0; i < ARRAY_LEN(logs); i++) {
		buf_init(&logs[i], (size_t)16 * 1024 * 1024);
		drive_reader(
		    &limits, input, i < 2 ? i : data[0] + 2u, &logs[i]);
		if (!view_eq(buf_view(&logs[i]), buf_view(&logs[0])))
			abort();
	}
	for (size_t i = 0; i < ARRAY_LEN(logs); i++)
		buf_done(&logs[i]);
	return 0;
}

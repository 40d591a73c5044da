// SPDX-License-Identifier: Apache-2.0
// A whole session of LMTP, in the way of session_fuzz.c.
#include "smtp/fuzz_dialogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct fuzz_dialogue dialogue = {
	    .role = SMTP_ROLE_LMTP,
	    .normalize = data[0] % 2 != 0,
	    .begin = data[0] / 2 % FUZZ_BEGINS,
	    .piece = data[0] / 8 + 2u,
	};
	fuzz_dialogue_run(&dialogue, view_of(data + 1, size - 1));
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
// A whole session of MX or submission. The first byte chooses the role, how the
// session begins, and the pieces. fuzz_dialogue.h has the invariants.
#include "smtp/fuzz_dialogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct fuzz_dialogue dialogue = {
	    .role = data[0] % 2 == 0 ? SMTP_ROLE_MX : SMTP_ROLE_SUBMISSION,
	    .normalize = data[0] / 2 % 2 != 0,
	    .begin = data[0] / 4 % FUZZ_BEGINS,
	    .piece = data[0] / 16 + 2u,
	};
	fuzz_dialogue_run(&dialogue, view_of(data + 1, size - 1));
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Any XML as published settings: what is found keeps to its limits and is
// clean.
#include <stdlib.h>
#include <string.h>

#include "probe/candidates.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	const char *redirect = NULL;
	enum rc rc;
	if (size < 1)
		return 0;
	struct view xml = view_of(data + 1, size - 1);
	arena_init(&arena);
	struct probe_candidates candidates = {.arena = &arena};
	if (data[0] & 1)
		rc = probe_read_autoconfig(
		    &candidates, xml, VIEW("anna@a.example"), PROBE_AUTOCONFIG);
	else
		rc = probe_read_autodiscover(
		    &candidates, xml, VIEW("anna@a.example"), &redirect);
	(void)rc;
	if (candidates.count > PROBE_CANDIDATES_MAX)
		abort();
	for (size_t i = 0; i < candidates.count; i++) {
		const struct probe_candidate *c = &candidates.items[i];
		size_t len = strlen(c->host);
		if (len == 0 || len > 253 || c->port == 0)
			abort();
		for (size_t at = 0; at < len; at++)
			if ((unsigned char)c->host[at] <= ' ' ||
			    (unsigned char)c->host[at] >= 0x7f)
				abort();
	}
	arena_done(&arena);
	return 0;
}

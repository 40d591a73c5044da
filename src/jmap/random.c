// SPDX-License-Identifier: Apache-2.0
#include "jmap/random.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

void jmap_random_text(char *text, size_t bytes)
{
	unsigned char random[64];
	assert(bytes <= sizeof(random));
	if (RAND_bytes(random, (int)bytes) != 1)
		abort();
	for (size_t i = 0; i < bytes; i++)
		snprintf(text + 2 * i, 3, "%02x", random[i]);
}

void jmap_random_boundary(char ret_boundary[JMAP_BOUNDARY_LEN + 1])
{
	memcpy(ret_boundary, "=_", 2);
	jmap_random_text(ret_boundary + 2, (JMAP_BOUNDARY_LEN - 2) / 2);
}

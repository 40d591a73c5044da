// SPDX-License-Identifier: Apache-2.0
// A stored record that can be read is written back as the same bytes.
#include <stdint.h>
#include <stdlib.h>

#include "route/impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be(struct buf *written, struct view bytes)
{
	if (!view_eq(buf_view(written), bytes))
		abort();
	buf_done(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view bytes = view_of(data, size);
	struct route_domain domain;
	struct view *targets;
	size_t count;
	struct arena arena;
	struct buf out;
	struct view name, local;
	arena_init(&arena);
	buf_init(&out, SIZE_MAX / 2);
	if (route_domain_decode(bytes, &domain) == RC_OK) {
		route_domain_encode(&domain, &out);
		must_be(&out, bytes);
	}
	buf_init(&out, SIZE_MAX / 2);
	if (route_alias_decode(&arena, bytes, &targets, &count) == RC_OK) {
		route_alias_encode(targets, count, &out);
		must_be(&out, bytes);
	}
	if (route_alias_key_split(bytes, &name, &local) &&
	    !view_eq(route_alias_key(&arena, name, local), bytes))
		abort();
	arena_done(&arena);
	return 0;
}

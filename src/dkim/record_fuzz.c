// SPDX-License-Identifier: Apache-2.0
// Any bytes as the record of a signing key, and as its key in the partition:
// they are refused, or written back as the same bytes.
#include <stdint.h>
#include <stdlib.h>

#include "dkim/impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be(struct buf *written, struct view bytes)
{
	if (!view_eq(buf_view(written), bytes))
		abort();
	buf_reset(written);
}

static void try_key(struct view bytes, const char *prefix, struct buf *again)
{
	struct view domain, selector;
	if (!dkim_record_split(bytes, prefix, &domain, &selector))
		return;
	if (domain.len == 0 || selector.len == 0 ||
	    selector.len > DKIM_SELECTOR_MAX)
		abort();
	dkim_record_key(prefix, domain, selector, again);
	must_be(again, bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view bytes = view_of(data, size);
	struct dkim_record record;
	struct buf again;
	buf_init(&again, SIZE_MAX / 2);
	if (dkim_record_decode(bytes, &record) == RC_OK) {
		if (record.public_key.len == 0)
			abort();
		dkim_record_encode(&record, &again);
		must_be(&again, bytes);
	}
	try_key(bytes, DKIM_PUBLIC_PREFIX, &again);
	try_key(bytes, DKIM_PRIVATE_PREFIX, &again);
	buf_done(&again);
	return 0;
}

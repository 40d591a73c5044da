// SPDX-License-Identifier: Apache-2.0
// Any bytes as CBOR: what is passed over is a part of the input, and consists
// of items that can be read one by one.
#include <stdlib.h>

#include "wire/cbor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view all = view_of(data, size), rest = all, value;
	struct cbor_item item;
	int64_t number;
	enum rc rc = cbor_skip(&rest);
	must(rc == RC_OK || rc == RC_SYNTAX || rc == RC_LIMIT);
	must(rc == RC_OK ? rest.len < size : rest.len == size);
	struct view whole = view_slice(all, 0, size - rest.len);
	while (rc == RC_OK && whole.len > 0)
		must(cbor_next(&whole, &item) == RC_OK);
	for (int64_t key = -3; key <= 3; key++)
		if (cbor_map_find_number(all, key, &value) == RC_OK &&
		    value.len > 0)
			must(cbor_skip(&value) == RC_OK && value.len == 0);
	if (cbor_map_find(all, VIEW("fmt"), &value) == RC_OK && value.len > 0)
		must(cbor_skip(&value) == RC_OK && value.len == 0);
	if (cbor_number(all, &number) == RC_OK)
		must(number >= -INT64_MAX - 1);
	return 0;
}

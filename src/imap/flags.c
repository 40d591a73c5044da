// SPDX-License-Identifier: Apache-2.0
// System flags: the wire's numbers (wire/imap_parse.h) and the store's
// (store/snapshot.h).
#include "imap/impl.h"

static const struct {
	unsigned wire;
	unsigned store;
} flags[] = {
    {IMAP_FLAG_ANSWERED, STORE_FLAG_ANSWERED},
    {IMAP_FLAG_FLAGGED, STORE_FLAG_FLAGGED},
    {IMAP_FLAG_DELETED, STORE_FLAG_DELETED},
    {IMAP_FLAG_SEEN, STORE_FLAG_SEEN},
    {IMAP_FLAG_DRAFT, STORE_FLAG_DRAFT},
};

unsigned imap_flags_to_store(unsigned wire)
{
	unsigned store = 0;
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		if (wire & flags[i].wire)
			store |= flags[i].store;
	}
	return store;
}

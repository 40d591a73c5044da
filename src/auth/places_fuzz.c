// SPDX-License-Identifier: Apache-2.0
// Any bytes as the stored places of a user: they are refused, or read and
// written back as the same bytes; and a log-in can be added.
#include "auth/places.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct auth_place_list list;
	struct view bytes = view_of(data, size);
	if (auth_place_list_decode(bytes, &list) != RC_OK)
		return 0;
	struct buf again;
	buf_init(&again, 16384);
	auth_place_list_encode(&list, &again);
	if (!view_eq(buf_view(&again), bytes))
		abort();
	buf_done(&again);
	struct auth_place place = {
	    .address = "192.0.2.1", .protocol = "imap", .last = 1};
	auth_place_list_add(&list, &place);
	if (list.count > AUTH_PLACES_MAX ||
	    strcmp(list.places[0].address, place.address) != 0)
		abort();
	return 0;
}

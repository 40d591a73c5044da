// SPDX-License-Identifier: Apache-2.0
// A user's places as a list, and as bytes: a version, then for each place its
// first and last log-in (eight bytes each, little-endian), whether the last one
// had TLS, and the address and the protocol, each after its length.
#include "auth/address.h"
#include "auth/places.h"
#include "base/bytes.h"

#define LIST_VERSION 1

// ---- Bytes -----------------------------------------------------------------

static void add_le64(struct buf *out, uint64_t n)
{
	char bytes[8];
	put_le64(bytes, n);
	buf_add(out, view_of(bytes, sizeof(bytes)));
}

static void add_text(struct buf *out, const char *text)
{
	size_t len = strlen(text);
	buf_add_char(out, (char)(unsigned char)len);
	buf_add(out, view_of(text, len));
}

void auth_place_list_encode(
    const struct auth_place_list *list, struct buf *ret_bytes)
{
	buf_add_char(ret_bytes, LIST_VERSION);
	for (size_t i = 0; i < list->count; i++) {
		const struct auth_place *place = &list->places[i];
		add_le64(ret_bytes, (uint64_t)place->first);
		add_le64(ret_bytes, (uint64_t)place->last);
		buf_add_char(ret_bytes, place->tls ? 1 : 0);
		add_text(ret_bytes, place->address);
		add_text(ret_bytes, place->protocol);
	}
}

static bool take_text(struct view *from, size_t max, char *ret_text)
{
	if (from->len == 0)
		return false;
	size_t len = (unsigned char)from->ptr[0];
	struct view text = view_slice(*from, 1, len);
	if (len > max || text.len != len ||
	    view_find_char(text, '\0') != SIZE_MAX)
		return false;
	if (len > 0)
		memcpy(ret_text, text.ptr, len);
	ret_text[len] = '\0';
	*from = view_from(*from, 1 + len);
	return true;
}

static bool take_place(struct view *from, struct auth_place *ret_place)
{
	if (from->len < 17 || (from->ptr[16] != 0 && from->ptr[16] != 1))
		return false;
	ret_place->first = (int64_t)get_le64(from->ptr);
	ret_place->last = (int64_t)get_le64(from->ptr + 8);
	ret_place->tls = from->ptr[16];
	*from = view_from(*from, 17);
	return take_text(from, AUTH_PLACE_ADDRESS_MAX, ret_place->address) &&
	       take_text(from, AUTH_PLACE_PROTOCOL_MAX, ret_place->protocol);
}

enum rc auth_place_list_decode(
    struct view bytes, struct auth_place_list *ret_list)
{
	ret_list->count = 0;
	if (bytes.len == 0 || bytes.ptr[0] != LIST_VERSION)
		return RC_CORRUPT;
	bytes = view_from(bytes, 1);
	while (bytes.len > 0)
		if (ret_list->count == AUTH_PLACES_MAX ||
		    !take_place(&bytes, &ret_list->places[ret_list->count++]))
			return RC_CORRUPT;
	return RC_OK;
}

// ---- Adding ----------------------------------------------------------------

// The place to replace: the same address; or, if its network has many, the
// oldest of that network; or, if the list is full, the last. `count` if none.
static size_t find_victim(
    const struct auth_place_list *list, const struct auth_place *place)
{
	size_t victim = list->count;
	size_t neighbours = 0;
	for (size_t i = 0; i < list->count; i++) {
		struct view a = view_of_string(list->places[i].address);
		struct view b = view_of_string(place->address);
		if (auth_address_is_same(a, b))
			return i;
		if (!auth_address_is_near(a, b))
			continue;
		neighbours++;
		if (neighbours >= AUTH_PLACES_NETWORK_MAX)
			victim = i; // the list is in the order of use
	}
	if (victim == AUTH_PLACES_MAX)
		victim--;
	return victim;
}

void auth_place_list_add(
    struct auth_place_list *list, const struct auth_place *place)
{
	struct auth_place added = *place;
	size_t victim = find_victim(list, place);
	if (victim == list->count) {
		list->count++;
	} else {
		const struct auth_place *old = &list->places[victim];
		if (auth_address_is_same(view_of_string(old->address),
			view_of_string(place->address))) {
			added.first = old->first;
			if (old->last > added.last)
				added.last = old->last;
		}
	}
	memmove(
	    list->places + 1, list->places, victim * sizeof(list->places[0]));
	list->places[0] = added;
}

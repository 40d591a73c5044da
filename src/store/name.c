// SPDX-License-Identifier: Apache-2.0
// Mailbox names: what is one, and their order.
#include "base/ascii.h"
#include "store/account_impl.h"
#include "wire/utf8.h"

// The order of bytes, except that '/' comes before every other: a mailbox's
// children follow it directly.
int store_name_compare(struct view a, struct view b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	for (size_t i = 0; i < common; i++) {
		unsigned char x = (unsigned char)a.ptr[i];
		unsigned char y = (unsigned char)b.ptr[i];
		if (x == y)
			continue;
		if (x == '/' || y == '/')
			return x == '/' ? -1 : 1;
		return x < y ? -1 : 1;
	}
	return (a.len > b.len) - (a.len < b.len);
}

// RFC 9051 section 5.1 forbids controls by way of Net-Unicode (RFC 5198
// section 2): C0, DEL, C1, and the line and paragraph separators.
static bool has_control(struct view name)
{
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.ptr[i];
		unsigned char next =
		    i + 1 < name.len ? (unsigned char)name.ptr[i + 1] : 0;
		if (ascii_is_control((char)c))
			return true;
		if (c == 0xc2 && next >= 0x80 && next < 0xa0)
			return true;
		if (c == 0xe2 && next == 0x80 && i + 2 < name.len &&
		    ((unsigned char)name.ptr[i + 2] & 0xfe) == 0xa8)
			return true;
	}
	return false;
}

enum rc store_name_check(struct view name, struct fault *fault)
{
	if (name.len == 0)
		return fault_set(fault, RC_INVALID, "a mailbox needs a name");
	if (name.len > STORE_NAME_MAX)
		return fault_set(fault, RC_LIMIT,
		    "a mailbox name has at most %d bytes", STORE_NAME_MAX);
	if (!utf8_is_valid(name))
		return fault_set(
		    fault, RC_INVALID, "the mailbox name is not valid UTF-8");
	if (has_control(name))
		return fault_set(fault, RC_INVALID,
		    "the mailbox name contains a control character");
	size_t levels = 0;
	struct view rest = name;
	struct view level;
	if (name.ptr[name.len - 1] == '/')
		return fault_set(fault, RC_INVALID,
		    "the mailbox name ends in the separator \"/\"");
	while (view_split(&rest, '/', &level)) {
		if (level.len == 0)
			return fault_set(fault, RC_INVALID,
			    "the mailbox name has an empty level");
		if (++levels > STORE_LEVELS_MAX)
			return fault_set(fault, RC_LIMIT,
			    "a mailbox name has at most %d levels",
			    STORE_LEVELS_MAX);
	}
	return RC_OK;
}

struct view name_canonical(struct view name, char room[STORE_NAME_MAX])
{
	struct view inbox = VIEW("INBOX");
	if (!view_starts_with_nocase(name, inbox) ||
	    view_starts_with(name, inbox) || name.len > STORE_NAME_MAX ||
	    (name.len > inbox.len && name.ptr[inbox.len] != '/'))
		return name;
	memcpy(room, name.ptr, name.len);
	memcpy(room, inbox.ptr, inbox.len);
	return view_of(room, name.len);
}

bool name_is_below(struct view name, struct view parent)
{
	return name.len > parent.len && view_starts_with(name, parent) &&
	       name.ptr[parent.len] == '/';
}

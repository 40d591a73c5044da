// SPDX-License-Identifier: Apache-2.0
// Mailbox names: what is a valid name, its one spelling, and the order of
// names.
#include "store/account_impl.h"
#include "wire/nfc.h"
#include "wire/utf8.h"

// The order of bytes, except that '/' comes before every other byte, so that a
// mailbox's children follow it directly.
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

// What no name may contain: RFC 9051 section 5.1, which refers to Net-Unicode
// (RFC 5198 section 2) and RFC 6855 section 3. Characters that Unicode has not
// assigned are accepted, as it may assign them later.
static enum rc check_character(uint32_t code, struct fault *fault)
{
	// C0, DEL, C1, the line separator and the paragraph separator.
	if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 ||
	    code == 0x2029)
		return fault_set(fault, RC_INVALID,
		    "the mailbox name contains a control character");
	if (code == 0xfeff)
		return fault_set(fault, RC_INVALID,
		    "the mailbox name contains a byte order mark, U+FEFF");
	if ((code & 0xfffe) == 0xfffe || (code >= 0xfdd0 && code <= 0xfdef))
		return fault_set(fault, RC_INVALID,
		    "the mailbox name contains U+%04X, which is no character",
		    (unsigned)code);
	return RC_OK;
}

static enum rc check_characters(struct view name, struct fault *fault)
{
	uint32_t code;
	enum rc rc = RC_OK;
	while (rc == RC_OK && utf8_next(&name, &code))
		rc = check_character(code, fault);
	return rc;
}

static enum rc check_levels(struct view name, struct fault *fault)
{
	size_t levels = 0;
	struct view level;
	if (name.ptr[name.len - 1] == '/')
		return fault_set(fault, RC_INVALID,
		    "the mailbox name ends in the separator \"/\"");
	while (view_split(&name, '/', &level)) {
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

enum rc store_name_check(struct view name, struct fault *fault)
{
	char room[STORE_NAME_MAX];
	struct view canonical = store_name_canonical(name, room);
	if (name.len == 0)
		return fault_set(fault, RC_INVALID, "a mailbox needs a name");
	if (!utf8_is_valid(name))
		return fault_set(
		    fault, RC_INVALID, "the mailbox name is not valid UTF-8");
	if (canonical.len == 0)
		return fault_set(fault, RC_LIMIT,
		    "a mailbox name has at most %d bytes", STORE_NAME_MAX);
	enum rc rc = check_characters(canonical, fault);
	return rc == RC_OK ? check_levels(canonical, fault) : rc;
}

// Writes the canonical spelling into `room` and gives its length; 0: no mailbox
// can have that name.
static size_t normalize(struct view name, char room[STORE_NAME_MAX])
{
	// In another normalization form the name may be longer, but not by more
	// than this.
	if (name.len > STORE_NAME_MAX * 4)
		return 0;
	struct buf normal;
	buf_init(&normal, STORE_NAME_MAX);
	size_t len = nfc_add(name, &normal) == RC_OK ? normal.len : 0;
	if (len > 0)
		memcpy(room, normal.ptr, len);
	buf_done(&normal);
	return len;
}

struct view store_name_canonical(struct view name, char room[STORE_NAME_MAX])
{
	const struct view inbox = VIEW("INBOX");
	size_t len = name.len;
	if (len > STORE_NAME_MAX || !utf8_is_ascii(name))
		len = normalize(name, room);
	else if (len > 0)
		memcpy(room, name.ptr, len);
	name = view_of(room, len);
	if (view_starts_with_nocase(name, inbox) &&
	    (len == inbox.len || room[inbox.len] == '/'))
		memcpy(room, inbox.ptr, inbox.len);
	return name;
}

bool name_is_below(struct view name, struct view parent)
{
	return name.len > parent.len && view_starts_with(name, parent) &&
	       name.ptr[parent.len] == '/';
}

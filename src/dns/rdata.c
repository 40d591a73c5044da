// SPDX-License-Identifier: Apache-2.0
#include "dns/rdata.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "base/ascii.h"

#define NAME_WIRE_MAX  255 // RFC 1035 section 2.3.4
#define LABEL_WIRE_MAX 63

// Reads a number from the front of `*rdata`.
static bool take_u16(struct view *rdata, uint16_t *ret_number)
{
	if (rdata->len < 2)
		return false;
	const unsigned char *at = (const unsigned char *)rdata->ptr;
	*ret_number = (uint16_t)(at[0] << 8 | at[1]);
	*rdata = view_from(*rdata, 2);
	return true;
}

// The characters of host names and of service names.
static bool is_host_char(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_';
}

// Parses all of `rdata` as one name. A compression pointer (RFC 1035 section
// 4.1.4) is not accepted.
static MUST_CHECK enum rc parse_name(
    struct arena *arena, struct view rdata, struct view *ret_name)
{
	if (rdata.len == 0 || rdata.len > NAME_WIRE_MAX)
		return RC_SYNTAX;
	char *text = arena_alloc(arena, rdata.len);
	size_t len = 0;
	for (size_t at = 0;;) {
		size_t label = (unsigned char)rdata.ptr[at++];
		if (label == 0) {
			if (at != rdata.len)
				return RC_SYNTAX;
			break;
		}
		// At least the root's label must follow each label.
		if (label > LABEL_WIRE_MAX || label >= rdata.len - at)
			return RC_SYNTAX;
		if (len > 0)
			text[len++] = '.';
		for (size_t i = 0; i < label; i++) {
			char c = rdata.ptr[at++];
			if (!is_host_char(c))
				return RC_SYNTAX;
			text[len++] = ascii_lower(c);
		}
	}
	*ret_name = view_of(text, len);
	return RC_OK;
}

static MUST_CHECK enum rc parse_address(
    struct arena *arena, int family, struct view rdata, struct view *ret_text)
{
	char text[INET6_ADDRSTRLEN];
	if (rdata.len != (family == AF_INET ? 4 : 16))
		return RC_SYNTAX;
	if (!inet_ntop(family, rdata.ptr, text, sizeof(text)))
		return RC_SYNTAX;
	*ret_text = arena_copy(arena, view_of_string(text));
	return RC_OK;
}

// Parses strings that each begin with a byte for their length (RFC 1035 section
// 3.3.14), and joins them.
static MUST_CHECK enum rc parse_text(
    struct arena *arena, struct view rdata, struct view *ret_text)
{
	char *text = arena_alloc(arena, rdata.len + 1);
	size_t len = 0, at = 0;
	if (rdata.len == 0)
		return RC_SYNTAX;
	while (at < rdata.len) {
		size_t part = (unsigned char)rdata.ptr[at++];
		if (part > rdata.len - at)
			return RC_SYNTAX;
		if (part > 0)
			memcpy(text + len, rdata.ptr + at, part);
		len += part;
		at += part;
	}
	*ret_text = view_of(text, len);
	return RC_OK;
}

static MUST_CHECK enum rc parse_srv(
    struct arena *arena, struct view rdata, struct dns_record *record)
{
	if (!take_u16(&rdata, &record->preference) ||
	    !take_u16(&rdata, &record->weight) ||
	    !take_u16(&rdata, &record->port))
		return RC_SYNTAX;
	return parse_name(arena, rdata, &record->value);
}

enum rc dns_rdata_parse(struct arena *arena, enum dns_type type,
    struct view rdata, struct dns_record *ret_record)
{
	struct dns_record record = {0};
	enum rc rc = RC_UNSUPPORTED;
	switch (type) {
	case DNS_A:
		rc = parse_address(arena, AF_INET, rdata, &record.value);
		break;
	case DNS_AAAA:
		rc = parse_address(arena, AF_INET6, rdata, &record.value);
		break;
	case DNS_PTR: rc = parse_name(arena, rdata, &record.value); break;
	case DNS_MX:
		rc = RC_SYNTAX;
		if (take_u16(&rdata, &record.preference))
			rc = parse_name(arena, rdata, &record.value);
		break;
	case DNS_SRV: rc = parse_srv(arena, rdata, &record); break;
	case DNS_TXT: rc = parse_text(arena, rdata, &record.value); break;
	case DNS_TLSA:
		// Usage, selector, matching type, and at least one byte to
		// match.
		rc = rdata.len > 3 ? RC_OK : RC_SYNTAX;
		record.value = arena_copy(arena, rdata);
		break;
	}
	if (rc == RC_OK)
		*ret_record = record;
	return rc;
}

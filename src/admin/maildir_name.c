// SPDX-License-Identifier: Apache-2.0
#include "admin/maildir_name.h"

#include <openssl/evp.h>

#include "base/ascii.h"
#include "store/snapshot.h"
#include "wire/imap_utf7.h"
#include "wire/utf8.h"

#define DOT "&AC4-"

// Some file systems (eCryptfs) have room for 143 bytes in a name only.
#define START_MAX   100
#define HASH_DIGITS 16

// ---- Files -----------------------------------------------------------------

static const struct {
	char letter;
	unsigned flag;
} letters[] = {
    {'D', STORE_FLAG_DRAFT},
    {'F', STORE_FLAG_FLAGGED},
    {'R', STORE_FLAG_ANSWERED},
    {'S', STORE_FLAG_SEEN},
    {'T', STORE_FLAG_DELETED},
};

static void take_flag(struct maildir_name *name, char letter)
{
	for (size_t i = 0; i < ARRAY_LEN(letters); i++)
		if (letters[i].letter == letter)
			name->flags |= letters[i].flag;
	if (letter == 'P')
		name->forwarded = true;
	if (ascii_is_lower(letter))
		name->keywords |= 1u << (letter - 'a');
}

// Finds where ":2," begins; some file systems have ';' or '!' instead of ':'.
static size_t find_info(struct view name)
{
	for (size_t i = name.len; i-- > 0;) {
		char c = name.ptr[i];
		if ((c == ':' || c == ';' || c == '!') &&
		    view_starts_with(view_from(name, i + 1), VIEW("2,")))
			return i;
	}
	return SIZE_MAX;
}

struct maildir_name maildir_name_parse(struct view name)
{
	size_t info = find_info(name);
	struct maildir_name parsed = {.unique = view_slice(name, 0, info)};
	size_t digits = 0;
	while (digits < name.len && ascii_is_digit(name.ptr[digits]))
		digits++;
	if (!view_to_u64(view_slice(name, 0, digits), &parsed.seconds))
		parsed.seconds = 0;
	for (size_t i = info; info != SIZE_MAX && i + 3 < name.len; i++)
		take_flag(&parsed, name.ptr[i + 3]);
	return parsed;
}

void maildir_name_add_flags(
    unsigned flags, bool forwarded, uint32_t keywords, struct buf *out)
{
	buf_add_literal(out, ":2,");
	for (int letter = 'A'; letter <= 'Z'; letter++) {
		char c = (char)letter;
		bool set = c == 'P' && forwarded;
		for (size_t i = 0; i < ARRAY_LEN(letters); i++)
			set |= letters[i].letter == c &&
			       (flags & letters[i].flag) != 0;
		if (set)
			buf_add_char(out, c);
	}
	for (int c = 'a'; c <= 'z'; c++)
		if (keywords >> (c - 'a') & 1)
			buf_add_char(out, (char)c);
}

// ---- Folders ---------------------------------------------------------------

// Decodes the text between two dots.
static void decode_part(struct view part, struct buf *out)
{
	size_t before = out->len;
	if (imap_utf7_decode(part, out, NULL) != RC_OK) {
		bool good = utf8_is_valid(part);
		for (size_t i = 0; i < part.len; i++) {
			char c = part.ptr[i];
			buf_add_char(out, c < 0 && !good ? '_' : c);
		}
	}
	for (size_t i = before; i < out->len; i++)
		if (out->ptr[i] == '/' || ascii_is_control(out->ptr[i]))
			out->ptr[i] = '_';
}

void maildir_level_decode(struct view level, struct buf *out)
{
	for (;;) {
		size_t dot = view_find(level, VIEW(DOT));
		decode_part(view_slice(level, 0, dot), out);
		if (dot == SIZE_MAX)
			return;
		buf_add_char(out, '.');
		level = view_from(level, dot + sizeof(DOT) - 1);
	}
}

enum rc maildir_level_encode(struct view level, struct buf *out)
{
	for (;;) {
		size_t dot = view_find_char(level, '.');
		enum rc rc = imap_utf7_encode(view_slice(level, 0, dot), out);
		if (rc != RC_OK || dot == SIZE_MAX)
			return rc;
		buf_add_literal(out, DOT);
		level = view_from(level, dot + 1);
	}
}

void maildir_path_decode(struct view path, char separator, struct buf *out)
{
	struct view level;
	bool first = true;
	while (view_split(&path, separator, &level)) {
		if (!first)
			buf_add_char(out, '/');
		maildir_level_decode(level, out);
		first = false;
	}
}

enum rc maildir_path_encode(struct view mailbox, struct buf *out)
{
	struct view level;
	while (view_split(&mailbox, '/', &level)) {
		buf_add_char(out, '.');
		enum rc rc = maildir_level_encode(level, out);
		if (rc != RC_OK)
			return rc;
	}
	return buf_status(out);
}

// ---- Short names -----------------------------------------------------------

// Adds as much of the mailbox's name as fits into START_MAX bytes, in whole
// characters.
static enum rc add_start(struct view mailbox, struct buf *out)
{
	size_t before = out->len;
	size_t len = mailbox.len < START_MAX ? mailbox.len : START_MAX;
	for (; len > 0; len--) {
		struct view start = view_slice(mailbox, 0, len);
		if (!utf8_is_valid(start) || start.ptr[len - 1] == '/')
			continue;
		enum rc rc = maildir_path_encode(start, out);
		if (rc != RC_OK || out->len - before <= START_MAX)
			return rc;
		out->len = before;
	}
	buf_add_char(out, '.');
	return RC_OK;
}

enum rc maildir_path_shorten(struct view mailbox, struct buf *out)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	enum rc rc = add_start(mailbox, out);
	if (rc != RC_OK)
		return rc;
	if (EVP_Digest(
		mailbox.ptr, mailbox.len, hash, &len, EVP_sha256(), NULL) != 1)
		return RC_UNSUPPORTED;
	buf_add_char(out, '~');
	for (size_t i = 0; i < HASH_DIGITS / 2; i++)
		buf_printf(out, "%02x", hash[i]);
	return buf_status(out);
}

bool maildir_path_is_short(struct view folder)
{
	const struct view digits = VIEW("0123456789abcdef");
	if (folder.len < HASH_DIGITS + 2 ||
	    folder.ptr[folder.len - HASH_DIGITS - 1] != '~')
		return false;
	for (size_t i = folder.len - HASH_DIGITS; i < folder.len; i++)
		if (view_find_char(digits, folder.ptr[i]) == SIZE_MAX)
			return false;
	return true;
}

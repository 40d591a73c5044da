// SPDX-License-Identifier: Apache-2.0
// Ids of messages: a time and random bytes. The last four bits say the
// partition.
#include <sys/random.h>

#include "base/ascii.h"
#include "base/bytes.h"
#include "queue/record.h"

// RFC 4648 section 7, base32hex: the digits sort in the order of their values.
static const char digits[] = "0123456789abcdefghijklmnopqrstuv";

_Static_assert(QUEUE_PARTITIONS == 16, "four bits of an id");

void queue_id_print(const struct queue_id *id, char ret_text[QUEUE_ID_TEXT + 1])
{
	size_t bit = 0;
	for (size_t i = 0; i < QUEUE_ID_TEXT; i++, bit += 5) {
		size_t byte = bit / 8;
		unsigned pair = (unsigned)id->bytes[byte] << 8;
		if (byte + 1 < sizeof(id->bytes))
			pair |= id->bytes[byte + 1];
		ret_text[i] = digits[(pair >> (11 - bit % 8)) & 31];
	}
	ret_text[QUEUE_ID_TEXT] = '\0';
}

static int digit_value(char c)
{
	c = ascii_lower(c);
	if (ascii_is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'v' ? c - 'a' + 10 : -1;
}

enum rc queue_id_parse(struct view text, struct queue_id *ret_id)
{
	struct queue_id id = {{0}};
	if (text.len != QUEUE_ID_TEXT)
		return RC_SYNTAX;
	for (size_t i = 0; i < text.len; i++) {
		int value = digit_value(text.ptr[i]);
		if (value < 0)
			return RC_SYNTAX;
		size_t byte = i * 5 / 8;
		unsigned pair = (unsigned)value << (11 - i * 5 % 8);
		id.bytes[byte] |= (unsigned char)(pair >> 8);
		if (byte + 1 < sizeof(id.bytes))
			id.bytes[byte + 1] |= (unsigned char)pair;
		else if (pair & 0xff)
			return RC_SYNTAX; // 20 digits hold 4 bits more than an
					  // id
	}
	*ret_id = id;
	return RC_OK;
}

struct queue_id queue_id_new(int64_t now_ms, unsigned partition)
{
	struct queue_id id;
	char time[8];
	put_be64(time, (uint64_t)now_ms << 16);
	memcpy(id.bytes, time, 6);
	if (getrandom(id.bytes + 6, 6, 0) != 6)
		abort(); // cannot happen after the machine has started
	id.bytes[11] = (unsigned char)((id.bytes[11] & 0xf0) | partition);
	return id;
}

struct queue_id queue_id_next(const struct queue_id *first, unsigned n)
{
	struct queue_id id = *first;
	char random[8] = {0};
	memcpy(random + 2, id.bytes + 6, 6);
	// The last four bits are the partition.
	put_be64(random, get_be64(random) + ((uint64_t)n << 4));
	memcpy(id.bytes + 6, random + 2, 6);
	return id;
}

unsigned queue_id_partition(const struct queue_id *id)
{
	return id->bytes[11] & 0x0f;
}

int64_t queue_id_seconds(const struct queue_id *id)
{
	char time[8] = {0};
	memcpy(time, id->bytes, 6);
	return (int64_t)((get_be64(time) >> 16) / 1000);
}

bool queue_id_eq(const struct queue_id *a, const struct queue_id *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

struct view queue_domain_of(struct view address)
{
	const char *at =
	    address.len ? memrchr(address.ptr, '@', address.len) : NULL;
	if (!at)
		return VIEW("");
	return view_from(address, (size_t)(at - address.ptr) + 1);
}

// ---- Keys ------------------------------------------------------------------

#define ID_KEY_LEN (1 + sizeof(struct queue_id))

struct queue_key queue_key(char kind, const struct queue_id *id)
{
	struct queue_key key = {.len = ID_KEY_LEN};
	key.bytes[0] = kind;
	memcpy(key.bytes + 1, id->bytes, sizeof(id->bytes));
	return key;
}

struct queue_key queue_key_numbered(
    char kind, const struct queue_id *id, uint16_t number)
{
	struct queue_key key = queue_key(kind, id);
	key.bytes[key.len++] = (char)(number >> 8);
	key.bytes[key.len++] = (char)(number & 0xff);
	return key;
}

enum rc queue_key_parse(
    struct view key, char kind, struct queue_id *ret_id, uint16_t *ret_number)
{
	bool numbered = kind == QUEUE_KEY_RECIPIENT || kind == QUEUE_KEY_NOTE;
	if (key.len != ID_KEY_LEN + (numbered ? 2 : 0) || key.ptr[0] != kind)
		return RC_CORRUPT;
	memcpy(ret_id->bytes, key.ptr + 1, sizeof(ret_id->bytes));
	if (numbered)
		*ret_number = (uint16_t)((unsigned char)key.ptr[13] << 8 |
					 (unsigned char)key.ptr[14]);
	return RC_OK;
}

// SPDX-License-Identifier: Apache-2.0
// BINARY[…]<n.m> of long parts: pieces in order and at any place are those of
// the whole part, and the decoder begins near them.
#include "imap/fetch.h"

#include "imap/test_client.h"

#define RAW_BYTES ((size_t)4 << 20)

struct part {
	struct buf text; // the message
	struct buf decoded;
};

static void part_done(struct part *part)
{
	buf_done(&part->text);
	buf_done(&part->decoded);
}

// Decodes `raw` in one go.
static void add_body(
    struct part *part, enum transfer_encoding encoding, struct view raw)
{
	struct transfer_decoder decoder;
	transfer_decoder_init(&decoder, encoding);
	buf_init(&part->text, 2 * RAW_BYTES);
	buf_init(&part->decoded, 2 * RAW_BYTES);
	buf_add_literal(&part->text, "Content-Transfer-Encoding: ");
	buf_add(&part->text, transfer_encoding_name(encoding));
	buf_add_literal(&part->text, "\r\n\r\n");
	buf_add(&part->text, raw);
	transfer_decode(&decoder, raw, &part->decoded);
	transfer_decode_end(&decoder, &part->decoded);
	assert_false(decoder.malformed);
	assert_int_equal(buf_status(&part->text), RC_OK);
}

// Lines of many lengths, so that no two lines are alike, and the ends of the
// pieces that are read lie at different places in them.
static void make_base64(struct part *part)
{
	struct buf raw;
	buf_init(&raw, 2 * RAW_BYTES);
	for (uint32_t i = 0; raw.len < RAW_BYTES; i++) {
		for (uint32_t n = 0; n <= i % 23; n++)
			buf_printf(&raw, "%04u", (i * 31 + n) % 10000);
		buf_add_literal(&raw, "\r\n");
	}
	add_body(part, TRANSFER_BASE64, buf_view(&raw));
	buf_done(&raw);
}

// The decoder always holds something: escapes, soft line breaks, and blanks at
// the ends of lines.
static void make_quoted_printable(struct part *part)
{
	struct buf raw;
	buf_init(&raw, 2 * RAW_BYTES);
	for (uint32_t i = 0; raw.len < RAW_BYTES; i++) {
		buf_printf(&raw, "=%02X%u", i % 256, i);
		for (uint32_t n = 0; n < i % 67; n++)
			buf_add_literal(&raw, " ");
		buf_add_string(&raw, i % 3 ? "\r\n" : "=\r\n");
	}
	add_body(part, TRANSFER_QUOTED_PRINTABLE, buf_view(&raw));
	buf_done(&raw);
}

static void check_piece(struct client *client, const struct part *part,
    uint64_t offset, uint64_t len)
{
	struct view wanted = view_slice(
	    view_from(buf_view(&part->decoded), (size_t)offset), 0, len);
	client_runf(client, "FETCH 1 BINARY.PEEK[1]<%llu.%llu>",
	    (unsigned long long)offset, (unsigned long long)len);
	struct view said = buf_view(&client->all);
	size_t head = view_find(said, VIEW("}\r\n"));
	assert_true(head != SIZE_MAX);
	struct view got = view_slice(view_from(said, head + 3), 0, wanted.len);
	assert_true(view_eq(got, wanted));
	assert_string_equal(got.ptr + got.len, ")\r\nt OK Fetch completed\r\n");
}

static struct fetch_places *places_of(const struct client *client)
{
	return client->session.view->places.parts[0];
}

static void check_part(
    struct client *client, const struct part *part, size_t room)
{
	uint64_t size = part->decoded.len;
	client->room = room;
	client_runf(client, "FETCH 1 BINARY.SIZE[1]");
	char wanted[64];
	snprintf(wanted, sizeof(wanted), "BINARY.SIZE[1] %zu)", (size_t)size);
	assert_non_null(strstr(client->all.ptr, wanted));
	// In order: each piece begins to decode in the piece before.
	uint64_t step = 100003;
	for (uint64_t at = 0; at < size + step; at += step) {
		uint64_t begin = at < size ? at : size;
		check_piece(client, part, begin, step);
		if (begin + step > size)
			continue;
		const struct fetch_place *next =
		    fetch_places_before(places_of(client), begin + step);
		assert_true(
		    begin + step - next->decoded <= 2 * FETCH_READ_STEP);
	}
	// Backwards and to and fro.
	for (uint64_t i = 0; i < 60; i++)
		check_piece(client, part, i * 7919 * 1013 % size, 1 + i % 5);
	check_piece(client, part, 0, size + 1);
}

static void pieces_are_those_of_the_whole(void **unused)
{
	(void)unused;
	void (*const make[])(struct part *) = {
	    make_base64, make_quoted_printable};
	for (size_t i = 0; i < ARRAY_LEN(make); i++) {
		struct desk desk;
		struct client client;
		struct part part;
		desk_open(&desk, (struct store_options){0});
		make[i](&part);
		desk_append_bytes(&desk, "INBOX", buf_view(&part.text));
		client_open(&client, &desk, 0);
		client_select(&client, "INBOX", false);
		check_part(&client, &part, 0);
		check_part(&client, &part, 1000);
		assert_true(places_of(&client)->count >= 4);
		client_close(&client);
		desk_close(&desk);
		part_done(&part);
	}
}

// Wherever the wanted bytes are, at most a step and a piece have to be decoded
// before them.
static void no_place_is_far(void **unused)
{
	(void)unused;
	static const uint32_t lens[] = {
	    1, 300000, 1 << 20, 5000001, 100 << 20, UINT32_MAX};
	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		struct fetch_places_cache cache = {0};
		struct message_range range = {.len = lens[i]};
		struct fetch_places *places =
		    fetch_places_new(&cache, 1, &range, TRANSFER_BASE64);
		struct fetch_place at = places->places[0];
		uint64_t before = 0;
		while (at.raw < lens[i]) {
			fetch_places_note(places, &at);
			before = fetch_places_before(places, at.decoded)->raw;
			assert_true(
			    at.raw - before < places->step + FETCH_READ_STEP);
			at.raw += FETCH_READ_STEP;
			at.decoded += FETCH_READ_STEP / 4 * 3;
		}
		assert_true(places->count <= FETCH_PLACES_MAX);
		fetch_places_done(&cache);
	}
}

static void the_cache_keeps_the_last_parts(void **unused)
{
	(void)unused;
	struct fetch_places_cache cache = {0};
	struct message_range range = {.offset = 7, .len = 1000000};
	for (uint64_t id = 1; id <= FETCH_PLACES_PARTS; id++)
		fetch_places_new(&cache, id, &range, TRANSFER_BASE64)
		    ->complete = true;
	assert_non_null(fetch_places_find(&cache, 1, &range, TRANSFER_BASE64));
	// 1 was used just now, so 2 has to go.
	fetch_places_new(&cache, 99, &range, TRANSFER_BASE64);
	assert_non_null(fetch_places_find(&cache, 1, &range, TRANSFER_BASE64));
	assert_null(fetch_places_find(&cache, 2, &range, TRANSFER_BASE64));
	// 99 is not complete; other parts and encodings are different ones.
	assert_null(fetch_places_find(&cache, 99, &range, TRANSFER_BASE64));
	assert_null(
	    fetch_places_find(&cache, 1, &range, TRANSFER_QUOTED_PRINTABLE));
	range.offset++;
	assert_null(fetch_places_find(&cache, 1, &range, TRANSFER_BASE64));
	fetch_places_done(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pieces_are_those_of_the_whole),
	    cmocka_unit_test(no_place_is_far),
	    cmocka_unit_test(the_cache_keeps_the_last_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

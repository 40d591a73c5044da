// SPDX-License-Identifier: Apache-2.0
// Requests of Autodiscover: whatever comes, what is taken for an address gives
// an answer that is well formed.
#include "setup/autodiscover.h"
#include "wire/utf8.h"
#include "wire/xml_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

static void check_answer(struct arena *arena, const struct buf *out)
{
	struct xml_reader reader;
	struct xml_token token = {.kind = XML_TEXT};
	xml_reader_init(&reader, arena, buf_view(out));
	while (token.kind != XML_DONE)
		must(xml_next(&reader, &token) == RC_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mail_services services = {
	    {993, 143, 995, 110, 465, 587, 443}};
	struct arena arena;
	struct buf out;
	struct view text;
	struct setup_account account = {
	    .host = VIEW("mail.example.org"), .services = &services};
	arena_init(&arena);
	buf_init(&out, 65536);
	if (setup_autodiscover_read(&arena, view_of(data, size), &text) ==
	    RC_OK) {
		must(text.len > 0 && utf8_is_valid(text));
		if (setup_address_parse(&arena, text, &account.address) ==
		    RC_OK) {
			account.domain = account.address.domain;
			setup_autodiscover_write(&account, &out);
			check_answer(&arena, &out);
		}
	}
	buf_done(&out);
	arena_done(&arena);
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
// XML: what is read is well nested, has only characters that XML allows, and
// stays the same when it is written and read again.
#include "wire/utf8.h"
#include "wire/xml_reader.h"
#include "wire/xml_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

// C1 controls are allowed in XML, but the writer replaces them.
static bool has_c1(struct view text)
{
	uint32_t code;
	while (utf8_next(&text, &code))
		if (code >= 0x7f && code < 0xa0)
			return true;
	return false;
}

static void check_text(struct arena *arena, struct view text)
{
	struct buf out;
	struct xml_reader reader;
	struct xml_token token;
	struct view again = VIEW("");
	must(utf8_is_valid(text));
	if (has_c1(text))
		return;
	buf_init(&out, 8 * text.len + 64);
	buf_add_literal(&out, "<a b=\"");
	xml_add_text(&out, text);
	buf_add_literal(&out, "\"/>");
	must(buf_status(&out) == RC_OK);
	xml_reader_init(&reader, arena, buf_view(&out));
	must(xml_next(&reader, &token) == RC_OK);
	again = xml_attribute(&token, VIEW("b"));
	must(view_eq(again, text));
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct xml_reader reader;
	struct xml_token token = {.kind = XML_OPEN};
	size_t depth = 0;
	arena_init(&arena);
	xml_reader_init(&reader, &arena, view_of(data, size));
	while (xml_next(&reader, &token) == RC_OK && token.kind != XML_DONE) {
		if (token.kind == XML_OPEN)
			depth++;
		if (token.kind == XML_CLOSE)
			must(depth-- > 0);
		must(token.kind != XML_TEXT || depth > 0);
		check_text(&arena, token.text);
		for (size_t i = 0; i < token.attribute_count; i++)
			check_text(&arena, token.attributes[i].value);
	}
	must(token.kind != XML_DONE || depth == 0);
	arena_done(&arena);
	return 0;
}

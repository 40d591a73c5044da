// SPDX-License-Identifier: Apache-2.0
// Checks that a body's canonical form does not depend on how the body is cut,
// and that it is its own canonical form; and that a header's choice of fields
// signs at most what is there.
#include <stdint.h>
#include <stdlib.h>

#include "dkim/canon.h"
#include "dkim/impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void collect(void *context, struct view bytes)
{
	buf_add(context, bytes);
}

static void canon(struct view body, size_t step, struct buf *out)
{
	struct dkim_canon_body state;
	dkim_canon_body_init(&state, collect, out);
	for (size_t at = 0; at < body.len; at += step)
		dkim_canon_body_add(&state, view_slice(body, at, step));
	dkim_canon_body_end(&state);
}

static void check_body(struct view body, size_t step)
{
	struct buf whole, cut, again;
	buf_init(&whole, SIZE_MAX / 2);
	buf_init(&cut, SIZE_MAX / 2);
	buf_init(&again, SIZE_MAX / 2);
	canon(body, SIZE_MAX / 2, &whole);
	canon(body, step, &cut);
	if (!view_eq(buf_view(&whole), buf_view(&cut)))
		abort();
	canon(buf_view(&whole), step, &again);
	if (!view_eq(buf_view(&whole), buf_view(&again)))
		abort();
	if (whole.len > body.len + 2)
		abort();
	if (view_find(buf_view(&whole), VIEW("  ")) != SIZE_MAX ||
	    view_find(buf_view(&whole), VIEW(" \r\n")) != SIZE_MAX)
		abort();
	buf_done(&whole);
	buf_done(&cut);
	buf_done(&again);
}

static void check_header(struct view header)
{
	struct buf text, names;
	buf_init(&text, SIZE_MAX / 2);
	buf_init(&names, SIZE_MAX / 2);
	enum rc rc = dkim_fields_choose(header, collect, &text, &names);
	if (rc == RC_OK && !view_starts_with(buf_view(&names), VIEW("from")))
		abort();
	if (rc != RC_OK && text.len > 0)
		abort();
	// Only the last field may have had no CRLF.
	if (text.len > header.len + 2)
		abort();
	buf_done(&text);
	buf_done(&names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct view text = view_of(data + 1, size - 1);
	check_body(text, (size_t)(data[0] & 15) + 1);
	check_header(text);
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Any bytes as a notification: what is read has what must be there, and no line
// ends, so that it can be written again and read as the same.
#include <stdlib.h>

#include "base/buf.h"
#include "wire/mdn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void add(struct buf *out, const char *name, struct view value)
{
	must(view_find_char(value, '\n') == SIZE_MAX);
	if (value.ptr)
		buf_printf(out, "%s: ", name);
	buf_add(out, value);
	if (value.ptr)
		buf_add_literal(out, "\n");
}

static void write(const struct mdn_fields *fields, struct buf *out)
{
	add(out, "Reporting-UA", fields->reporting_ua);
	add(out, "MDN-Gateway", fields->gateway);
	add(out, "Original-Recipient", fields->original_recipient);
	add(out, "Final-Recipient", fields->final_recipient);
	add(out, "Original-Message-ID", fields->original_message_id);
	buf_printf(out, "Disposition: %s/%s;%s\n",
	    mdn_action_word(fields->disposition.action),
	    mdn_sending_word(fields->disposition.sending),
	    mdn_type_word(fields->disposition.type));
	for (size_t i = 0; i < fields->error_count; i++)
		add(out, "Error", fields->errors[i]);
	for (size_t i = 0; i < fields->extension_count; i++) {
		buf_add(out, fields->extensions[i].name);
		add(out, "", fields->extensions[i].value);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mdn_fields fields, again;
	struct arena arena;
	struct buf text;
	arena_init(&arena);
	enum rc rc = mdn_parse(&arena, view_of(data, size), &fields);
	must(rc == RC_OK || rc == RC_SYNTAX || rc == RC_LIMIT);
	if (rc == RC_OK) {
		must(mdn_recipient_is_valid(fields.final_recipient));
		buf_init(&text, size * 2 + 10000);
		write(&fields, &text);
		must(mdn_parse(&arena, buf_view(&text), &again) == RC_OK);
		must(view_eq(fields.final_recipient, again.final_recipient));
		must(fields.disposition.type == again.disposition.type);
		must(fields.error_count == again.error_count);
		must(fields.extension_count == again.extension_count);
		buf_done(&text);
	}
	arena_done(&arena);
	return 0;
}

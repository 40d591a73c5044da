// SPDX-License-Identifier: Apache-2.0
// Core/echo (RFC 8620 section 4).
#include "jmap/impl.h"
#include "jmap/methods.h"

static int add(const char *bytes, size_t len, void *context)
{
	buf_add(context, view_of(bytes, len));
	return 0;
}

static enum jmap_step echo(struct jmap_call *call)
{
	struct buf text;
	buf_init(&text, call->request->response.max);
	(void)json_dump_callback(
	    call->arguments, add, &text, JSON_COMPACT | JSON_ENCODE_ANY);
	json_add_raw(&call->out, buf_view(&text));
	buf_done(&text);
	return JMAP_DONE;
}

const struct jmap_method jmap_core_methods[] = {
    {"Core/echo", JMAP_CAPABILITY_CORE, 0, echo, NULL},
    {.name = NULL},
};

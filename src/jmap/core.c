// SPDX-License-Identifier: Apache-2.0
// Core/echo (RFC 8620 section 4).
#include "jmap/methods.h"
#include "jmap/stored.h"

static enum jmap_step echo(struct jmap_call *call)
{
	jmap_add_json(&call->out, call->arguments);
	return JMAP_DONE;
}

const struct jmap_method jmap_core_methods[] = {
    {"Core/echo", JMAP_CAPABILITY_CORE, 0, echo, NULL},
    {.name = NULL},
};

// SPDX-License-Identifier: Apache-2.0
#include "auth/binding.h"

#include "base/mem.h"

struct auth_binding {
	uint8_t exporter_len;
	uint8_t unique_len;
	uint8_t end_point_len;
	char bytes[]; // the three, one after the other
};

static uint8_t length(struct view bytes)
{
	return bytes.len <= AUTH_BINDING_MAX ? (uint8_t)bytes.len : 0;
}

static char *put(char *at, struct view bytes, uint8_t len)
{
	if (len > 0)
		memcpy(at, bytes.ptr, len);
	return at + len;
}

struct auth_binding *auth_binding_new(
    struct view exporter, struct view unique, struct view end_point)
{
	struct auth_binding lengths = {
	    .exporter_len = length(exporter),
	    .unique_len = length(unique),
	    .end_point_len = length(end_point),
	};
	struct auth_binding *binding =
	    mem_alloc(sizeof(*binding) + lengths.exporter_len +
		      lengths.unique_len + lengths.end_point_len);
	*binding = lengths;
	char *at = put(binding->bytes, exporter, lengths.exporter_len);
	at = put(at, unique, lengths.unique_len);
	put(at, end_point, lengths.end_point_len);
	return binding;
}

void auth_binding_view(
    const struct auth_binding *binding, struct auth_channel *ret_channel)
{
	if (!binding)
		return;
	const char *at = binding->bytes;
	ret_channel->exporter = view_of(at, binding->exporter_len);
	at += binding->exporter_len;
	ret_channel->unique = view_of(at, binding->unique_len);
	at += binding->unique_len;
	ret_channel->end_point = view_of(at, binding->end_point_len);
}

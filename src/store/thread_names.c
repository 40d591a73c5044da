// SPDX-License-Identifier: Apache-2.0
#include "store/thread_names.h"

#include "base/map.h"
#include "base/mem.h"
#include "store/thread.h"

#define HEADS_FIRST 256

struct thread_name {
	uint64_t hash;
	size_t offset;
	uint32_t len;
	uint32_t next; // like the entries of heads
};

void thread_names_init(struct thread_names *names)
{
	*names = (struct thread_names){0};
	buf_init(&names->bytes, STORE_THREAD_BYTES_MAX);
}

void thread_names_done(struct thread_names *names)
{
	buf_done(&names->bytes);
	free(names->names);
	free(names->heads);
}

static void chain_add(struct thread_names *names, uint32_t number)
{
	struct thread_name *name = &names->names[number];
	uint32_t *head = &names->heads[name->hash & (names->head_count - 1)];
	name->next = *head;
	*head = number + 1;
}

// Keeps at least as many heads as there are names.
static void heads_grow(struct thread_names *names)
{
	if (names->count < names->head_count)
		return;
	free(names->heads);
	names->head_count =
	    names->head_count ? names->head_count * 4 : HEADS_FIRST;
	names->heads = mem_zalloc(names->head_count * sizeof(names->heads[0]));
	for (uint32_t i = 0; i < names->count; i++)
		chain_add(names, i);
}

enum rc thread_names_number(
    struct thread_names *names, struct view name, uint32_t *ret_number)
{
	heads_grow(names);
	uint64_t hash = map_hash(name);
	uint32_t at = names->heads[hash & (names->head_count - 1)];
	while (at) {
		const struct thread_name *one = &names->names[at - 1];
		if (one->hash == hash &&
		    view_eq(name, view_slice(buf_view(&names->bytes),
				      one->offset, one->len))) {
			*ret_number = at - 1;
			return RC_OK;
		}
		at = one->next;
	}
	if (names->count == STORE_THREAD_NAMES_MAX)
		return RC_LIMIT;
	size_t offset = names->bytes.len;
	buf_add(&names->bytes, name);
	enum rc rc = buf_status(&names->bytes);
	if (rc != RC_OK)
		return rc;
	names->names = mem_grow(names->names, &names->names_room,
	    names->count + (size_t)1, sizeof(names->names[0]));
	names->names[names->count] = (struct thread_name){
	    .hash = hash, .offset = offset, .len = (uint32_t)name.len};
	chain_add(names, names->count);
	*ret_number = names->count++;
	return RC_OK;
}

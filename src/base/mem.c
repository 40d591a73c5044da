// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"

#include <stdint.h>

static void *checked(void *ptr)
{
	if (!ptr) {
		fputs("roost: out of memory\n", stderr);
		abort();
	}
	return ptr;
}

void *mem_alloc(size_t size)
{
	return checked(malloc(size ? size : 1));
}

void *mem_zalloc(size_t size)
{
	return checked(calloc(1, size ? size : 1));
}

void *mem_realloc(void *ptr, size_t size)
{
	return checked(realloc(ptr, size ? size : 1));
}

char *mem_strdup(const char *text)
{
	return mem_strndup(text, strlen(text));
}

char *mem_strndup(const char *ptr, size_t len)
{
	char *copy = mem_alloc(len + 1);
	if (len)
		memcpy(copy, ptr, len);
	copy[len] = '\0';
	return copy;
}

void *mem_grow(void *ptr, size_t *capacity, size_t need, size_t size)
{
	if (need <= *capacity)
		return ptr;
	size_t wanted = *capacity ? *capacity : 8;
	while (wanted < need) {
		if (wanted > SIZE_MAX / 2 / size)
			checked(NULL);
		wanted *= 2;
	}
	*capacity = wanted;
	return mem_realloc(ptr, wanted * size);
}

void mem_free_ptr(void *ptr_to_ptr)
{
	void **ptr = ptr_to_ptr;
	free(*ptr);
	*ptr = NULL;
}

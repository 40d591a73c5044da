// SPDX-License-Identifier: Apache-2.0
// Heap memory whose allocation never returns NULL. Every buffer and count has a
// limit (see buf.h), so an allocation fails only when the machine has no memory
// left. The process then says so and aborts. No mail is lost, because
// everything that was answered is on disk already.
#ifndef ROOST_BASE_MEM_H
#define ROOST_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);  // not cleared
void *mem_zalloc(size_t size); // cleared
void *mem_realloc(void *ptr, size_t size);
char *mem_strdup(const char *text);
// A NUL-terminated copy of `len` bytes.
char *mem_strndup(const char *ptr, size_t len);

// Makes room for `need` elements of `size` bytes in the array `ptr`, which has
// room for `*capacity`. Returns the array, which may have moved. The capacity
// doubles, so that adding one element at a time costs O(1).
void *mem_grow(void *ptr, size_t *capacity, size_t need, size_t size);

// For CLEANUP(mem_free_ptr): frees what the pointer variable points to.
void mem_free_ptr(void *ptr_to_ptr);

#endif

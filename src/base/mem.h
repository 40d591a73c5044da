// SPDX-License-Identifier: Apache-2.0
// Heap memory that never comes back NULL. Every buffer and count has a limit
// (see buf.h), so running out of memory means that the machine is out of it:
// the process says so and aborts, and what was answered is on disk already.
#ifndef ROOST_BASE_MEM_H
#define ROOST_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);  // not cleared
void *mem_zalloc(size_t size); // cleared
void *mem_realloc(void *ptr, size_t size);
char *mem_strdup(const char *text);
// NUL-terminated copy of `len` bytes.
char *mem_strndup(const char *ptr, size_t len);

// Makes room for `need` elements of `size` bytes in the array `ptr`, which has
// room for `*capacity`; returns the array, perhaps moved. Doubles, so that
// adding one at a time costs O(1).
void *mem_grow(void *ptr, size_t *capacity, size_t need, size_t size);

// For CLEANUP(mem_free_ptr): frees what a pointer variable points to.
void mem_free_ptr(void *ptr_to_ptr);

#endif

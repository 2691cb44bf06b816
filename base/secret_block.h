/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_SECRET_BLOCK_H
#define BASE_SECRET_BLOCK_H

/*
 * malloc and free for a library that is handed secrets (json_set_alloc_funcs):
 * a block knows its size, and is wiped before it is freed.
 */

#include <stddef.h>

/* n bytes, aligned as malloc's, or NULL. Freed by secret_block_free only. */
void	*secret_block_new(size_t n);

/* Wipes all n bytes and frees them. NULL is fine. */
void	 secret_block_free(void *);

#endif

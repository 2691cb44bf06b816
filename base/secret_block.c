/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "base/secret_block.h"

#include <stdint.h>

#include "base/secret.h"

/* Stands in front of a block. */
union head {
	size_t n;
	max_align_t align;
};

void *
secret_block_new(size_t n)
{
	union head *h;

	if (n > SIZE_MAX - sizeof(*h))
		return NULL;
	h = malloc(sizeof(*h) + n);
	if (h == NULL)
		return NULL;
	h->n = n;
	return h + 1;
}

void
secret_block_free(void *p)
{
	union head *h = p;

	if (p == NULL)
		return;
	h--;
	secret_free(&h, sizeof(*h) + h->n);
}

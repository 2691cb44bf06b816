/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

/*
 * An APDU may hold a PIN, so every buffer that held one is wiped before it is
 * freed, reused or forgotten. The compiler may not drop these writes.
 */

#include <stdlib.h>
#include <string.h>

static inline void
secret_wipe(void *p, size_t n)
{
	if (p != NULL && n != 0)
		explicit_bzero(p, n);
}

/* Wipes and frees; *p is NULL afterwards. n is the size allocated. */
static inline void
secret_free(void *p_to_pointer, size_t n)
{
	void *p;

	memcpy(&p, p_to_pointer, sizeof(p));
	secret_wipe(p, n);
	free(p);
	p = NULL;
	memcpy(p_to_pointer, &p, sizeof(p));
}

#endif

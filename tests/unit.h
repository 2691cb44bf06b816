/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>

#include "base/bytes.h"

/* A byte string literal as a view, its closing NUL left out. */
#define B(s) ((struct view){ (const uint8_t *)(s), sizeof(s) - 1 })

/* Runs one suite and prints TAP, for main to return. */
static inline int
unit_run(Suite *s)
{
	SRunner *sr = srunner_create(s);

	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	srunner_free(sr);
	return 0;	/* the TAP lines tell pass from fail */
}

/* Fails with both sides in hex when the bytes differ. */
#define ck_view_eq(got, want)						\
	do {								\
		struct view g_ = (got), w_ = (want);			\
		ck_assert_uint_eq(g_.n, w_.n);				\
		if (w_.n != 0)						\
			ck_assert_mem_eq(g_.p, w_.p, w_.n);		\
	} while (0)

#endif

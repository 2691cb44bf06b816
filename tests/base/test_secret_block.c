/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/secret_block.h"

START_TEST(all_of_a_block_is_its_owners)
{
	size_t n = (size_t)_i;
	uint8_t *p = secret_block_new(n);

	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
	memset(p, 0xa5, n);
	secret_block_free(p);
}
END_TEST

/* The bytes in front of the block must not make the sum small. */
START_TEST(a_size_that_wraps_is_refused)
{
	ck_assert_ptr_null(secret_block_new(SIZE_MAX));
	ck_assert_ptr_null(secret_block_new(SIZE_MAX - 7));
	secret_block_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("secret_block");
	TCase *t = tcase_create("secret_block");

	tcase_add_loop_test(t, all_of_a_block_is_its_owners, 0, 70);
	tcase_add_test(t, a_size_that_wraps_is_refused);
	suite_add_tcase(s, t);
	return unit_run(s);
}

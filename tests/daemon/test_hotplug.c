/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "daemon/hotplug.h"

/* A device and a configuration with a keyboard, then a smart card reader. */
#define DEVICE "\x12\x01\x00\x02\x00\x00\x00\x08\x6a\x04\x10\x00\x01\x00" \
	"\x01\x02\x00\x01"
#define CONFIGURATION "\x09\x02\x2b\x00\x02\x01\x00\x80\x32"
#define KEYBOARD "\x09\x04\x00\x00\x01\x03\x01\x01\x00"
#define ENDPOINT "\x07\x05\x81\x03\x08\x00\x0a"
#define READER "\x09\x04\x01\x00\x02\x0b\x00\x00\x00"

START_TEST(interfaces_are_found_by_class)
{
	struct view both = B(DEVICE CONFIGURATION KEYBOARD ENDPOINT READER);

	ck_assert(hotplug_has_class(both, 0x0b));
	ck_assert(hotplug_has_class(both, 0x03));
	ck_assert(!hotplug_has_class(both, 0x08));
	ck_assert(!hotplug_has_class(B(DEVICE CONFIGURATION KEYBOARD), 0x0b));
}
END_TEST

START_TEST(descriptors_may_be_cut_or_nonsense)
{
	struct view both = B(DEVICE CONFIGURATION KEYBOARD ENDPOINT READER);

	for (size_t n = 0; n < both.n; n++) {
		uint8_t *copy = malloc(n + (n == 0));

		memcpy(copy, both.p, n);
		ck_assert(!hotplug_has_class((struct view){ copy, n }, 0x0b));
		free(copy);
	}
	ck_assert(!hotplug_has_class(B("\x00\x04\x00\x00\x00\x0b"), 0x0b));
	ck_assert(!hotplug_has_class(B("\x01\x04\x00\x00\x00\x0b"), 0x0b));
	ck_assert(!hotplug_has_class(B("\x05\x04\x00\x00\x00\x0b"), 0x0b));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hotplug");
	TCase *tc = tcase_create("hotplug");

	tcase_add_test(tc, interfaces_are_found_by_class);
	tcase_add_test(tc, descriptors_may_be_cut_or_nonsense);
	suite_add_tcase(s, tc);
	return unit_run(s);
}

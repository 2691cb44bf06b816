/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/driver.h"

#include <stdarg.h>
#include <stdio.h>

static const struct ifd_driver *const drivers[] = {
	&ifd_cardman,
	&ifd_ccid,
	&ifd_cyberjack,
	&ifd_egate,
	&ifd_epass3000,
	&ifd_etoken,
	&ifd_etoken64,
	&ifd_eutron,
	&ifd_ikey2k,
	&ifd_ikey3k,
	&ifd_pertosmart1030,
	&ifd_pertosmart1038,
	&ifd_rutoken,
	&ifd_starkey,
	&ifd_vpcd,
};

const struct ifd_driver *const *
ifd_drivers(size_t *n)
{
	*n = sizeof(drivers) / sizeof(drivers[0]);
	return drivers;
}

const struct ifd_driver *
ifd_driver_find(const char *name)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (strcmp(drivers[i]->name, name) == 0)
			return drivers[i];
	return NULL;
}

struct step
ifd_fail(struct ifd_slot *slot, enum err e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(slot->why, sizeof(slot->why), fmt, ap);
	va_end(ap);
	return step_fail(e);
}

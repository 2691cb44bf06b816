/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/ids.h"

/*
 * CCID readers need no row: the interface class 0b finds them. A row is for a
 * device of another class, and for one whose name users look for.
 */
static const struct id_row rows[] = {
	{ 0x046a, 0x002d, "ccid", "Cherry SmartTerminal ST-1044U" },
	{ 0x0529, 0x050c, "etoken", "Aladdin eToken PRO" },
	{ 0x0529, 0x0514, "etoken", "Aladdin eToken PRO" },
	{ 0x0529, 0x0600, "etoken64", "Aladdin eToken PRO 64k" },
	{ 0x0529, 0x0700, "etoken64", "Aladdin eToken PRO 64k" },
	{ 0x096e, 0x0005, "starkey", "G&D Starkey 100" },
	{ 0x0973, 0x0001, "egate", "Schlumberger E-Gate" },
	{ 0x0a89, 0x0012, "rutoken", "Rutoken S driver" },
	{ 0x0a89, 0x0020, "rutoken", "Rutoken S driver" },
};

const struct id_row *
ids_all(size_t *n)
{
	*n = sizeof(rows) / sizeof(rows[0]);
	return rows;
}

const struct id_row *
ids_find(uint16_t vid, uint16_t pid)
{
	size_t n;
	const struct id_row *row = ids_all(&n);

	for (; n-- != 0; row++)
		if (row->vid == vid && row->pid == pid)
			return row;
	return NULL;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/ids.h"

#include <string.h>

/*
 * CCID readers need no row: the interface class 0b finds them. A row is for a
 * device of another class, such as the CCID readers that say FF, and for one
 * whose name users look for.
 */
static const struct id_row rows[] = {
	{ 0x046a, 0x002d, "ccid", "Cherry SmartTerminal ST-1044U" },
	{ 0x046a, 0x003e, "ccid", "Cherry SmartTerminal ST-2xxx" },
	{ 0x04b9, 0x1200, "ikey2k", "Rainbow iKey 2032" },
	{ 0x04b9, 0x1202, "ikey2k", "Rainbow iKey 2032" },
	{ 0x04b9, 0x1300, "ikey3k", "Rainbow iKey 3000" },
	{ 0x04e6, 0x5111, "ccid", "SCM SCR331-DI" },
	{ 0x04e6, 0x511a, "ccid", "SCM SCR3310 NTTCom" },
	{ 0x04e6, 0x5120, "ccid", "SCM SCR331-DI NTTCom" },
	{ 0x04e6, 0x5121, "ccid", "SCM SDI010" },
	{ 0x04e6, 0x512b, "ccid", "SCM SDI011" },
	{ 0x04e6, 0x512c, "ccid", "SCM SDI011" },
	{ 0x04e6, 0x5291, "ccid", "SCM SCL010" },
	{ 0x04e6, 0x5292, "ccid", "SCM SCL01x" },
	{ 0x04e6, 0xe003, "ccid", "SCM SPR532" },
	{ 0x0529, 0x050c, "etoken", "Aladdin eToken PRO" },
	{ 0x0529, 0x0514, "etoken", "Aladdin eToken PRO" },
	{ 0x0529, 0x0600, "etoken64", "Aladdin eToken PRO 64k" },
	{ 0x0529, 0x0700, "etoken64", "Aladdin eToken PRO 64k" },
	{ 0x072f, 0x0001, "pertosmart1030", "PertoSmart (AC1030)" },
	{ 0x072f, 0x8009, "pertosmart1030", "PertoSmart (AC1030)" },
	{ 0x072f, 0x9000, "pertosmart1038", "PertoSmart EMV (AC1038)" },
	{ 0x072f, 0x9006, "pertosmart1038", "PertoSmart EMV (AC1038)" },
	{ 0x072f, 0x9007, "pertosmart1038", "PertoSmart EMV (AC1038)" },
	{ 0x072f, 0x90d0, "pertosmart1038", "PertoSmart EMV (AC1038)" },
	{ 0x073d, 0x0005, "eutron", "Eutron CryptoIdendity" },
	{ 0x076b, 0x0596, "cardman", "OMNIKEY CardMan 2020" },
	{ 0x076b, 0x1784, "cardman", "OMNIKEY CardMan 6020" },
	{ 0x076b, 0x532a, "ccid", "OMNIKEY 5321 CLi" },
	{ 0x076b, 0x5340, "ccid", "OMNIKEY 5021 CL" },
	{ 0x08e6, 0x1359, "ccid", "Verisign secure storage token" },
	{ 0x08e6, 0x2202, "ccid", "Gemalto e-Seal Pro" },
	{ 0x08e6, 0xace0, "ccid", "Verisign secure token" },
	{ 0x096e, 0x0005, "starkey", "G&D Starkey 100" },
	{ 0x096e, 0x0401, "ePass3000", "FT SCR2000A" },
	{ 0x0973, 0x0001, "egate", "Schlumberger E-Gate" },
	{ 0x0973, 0x0003, "ccid", "Schlumberger e-gate" },
	{ 0x09be, 0x0002, "ccid", "MySmart Pad" },
	{ 0x0a89, 0x0012, "rutoken", "Rutoken S driver" },
	{ 0x0a89, 0x0020, "rutoken", "Rutoken S driver" },
	{ 0x0c4b, 0x0100, "cyberjack", "cyberjack reader" },
	{ 0x0c4b, 0x0300, "ccid", "REINER SCT cyberJack" },
	{ 0x0c4b, 0x0500, "ccid", "REINER SCT cyberJack RFID standard" },
	{ 0x1a74, 0x6354, "ccid", "Oberthur CosmoCard" },
	{ 0x1a74, 0x6356, "ccid", "Oberthur CosmoCard" },
	{ 0x1db2, 0x0600, "ccid", "DUALi DE-ABCM6" },
	{ 0x1db2, 0x0604, "ccid", "DUALi DRAGON BT" },
	{ 0x413c, 0x2100, "ccid", "Dell SK-3106" },
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

bool
ids_has_driver(const char *name)
{
	size_t n;
	const struct id_row *row = ids_all(&n);

	for (; n-- != 0; row++)
		if (strcmp(row->driver, name) == 0)
			return true;
	return strcmp(name, "vpcd") == 0;	/* drives nothing on USB */
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "protocols/ccid_quirks.h"
#include "protocols/ids.h"

/*
 * Runs while the tree is built: prints the table of protocols/ids.c as a udev
 * rules file ("rules") or as the driver blocks of openct.conf ("conf").
 */

static const char head[] =
    "# SPDX-License-Identifier: BSD-2-Clause\n"
    "# Made from protocols/ids.c; put changes into a file of your own.\n"
    "# Smart card readers belong to slotd. GROUP is final (:=): the rules of\n"
    "# other smart card drivers come later and would take it away again.\n"
    "ACTION==\"remove\", GOTO=\"slotd_end\"\n"
    "SUBSYSTEM!=\"usb\", GOTO=\"slotd_end\"\n"
    "ENV{DEVTYPE}!=\"usb_device\", GOTO=\"slotd_end\"\n"
    "\n";

static const char tail[] =
    "GOTO=\"slotd_end\"\n"
    "\n"
    "# ModemManager would send modem commands to what looks like a serial port.\n"
    "LABEL=\"slotd_only\"\n"
    "ENV{ID_MM_DEVICE_IGNORE}=\"1\"\n"
    "\n"
    "LABEL=\"slotd_reader\"\n"
    "MODE=\"0660\", GROUP:=\"slotd\", TAG+=\"slotd\", "
    "ENV{ID_SMARTCARD_READER}=\"1\"\n"
    "# What comes back after the system slept may be another one.\n"
    "TEST==\"power/persist\", ATTR{power/persist}=\"0\"\n"
    "\n";

/* Readers that the kernel must not put to sleep while nobody uses them. */
static void
sleepless(void)
{
	size_t n;
	const struct ccid_quirk_row *row = ccid_quirk_rows(&n);

	printf("# %s\n", ccid_quirk_text(CCID_QUIRK_NO_SUSPEND));
	for (; n-- != 0; row++)
		if (ccid_has_quirk(row->quirks, CCID_QUIRK_NO_SUSPEND))
			printf("ATTR{idVendor}==\"%04x\", "
			       "ATTR{idProduct}==\"%04x\", "
			       "TEST==\"power/control\", "
			       "ATTR{power/control}=\"on\"\n",
			    row->vid, row->pid);
	puts("\nLABEL=\"slotd_end\"");
}

/* A keyboard or a modem that has a reader in it stays what else it is. */
static void
by_class(unsigned class)
{
	printf("# a reader and nothing else: the kernel may suspend it\n"
	       "ENV{ID_USB_INTERFACES}==\":%02x????:\", "
	       "TEST==\"power/control\", ATTR{power/control}=\"auto\"\n"
	       "ENV{ID_USB_INTERFACES}==\":%02x????:\", GOTO=\"slotd_only\"\n"
	       "# any other device with a smart card interface\n"
	       "ENV{ID_USB_INTERFACES}==\"*:%02x????:*\", "
	       "GOTO=\"slotd_reader\"\n\n",
	    class, class, class);
}

static void
rules(const struct id_row *row, size_t n)
{
	fputs(head, stdout);
	by_class(USB_CLASS_CCID);
	for (; n-- != 0; row++)
		printf("# %s\n"
		       "ATTR{idVendor}==\"%04x\", ATTR{idProduct}==\"%04x\", "
		       "GOTO=\"slotd_only\"\n",
		    row->device, row->vid, row->pid);
	fputs(tail, stdout);
	sleepless();
}

/* Whether an earlier row has the same driver. */
static int
seen(const struct id_row *first, const struct id_row *row)
{
	for (; first != row; first++)
		if (strcmp(first->driver, row->driver) == 0)
			return 1;
	return 0;
}

static void
conf_driver(const struct id_row *row, const struct id_row *end)
{
	const char *driver = row->driver;

	printf("driver %s {\n\tids = {\n", driver);
	for (; row != end; row++)
		if (strcmp(row->driver, driver) == 0)
			printf("\t\tusb:%04x/%04x,\t# %s\n", row->vid, row->pid,
			    row->device);
	puts("\t};\n};");
}

static void
conf(const struct id_row *first, size_t n)
{
	for (const struct id_row *row = first; row != first + n; row++)
		if (!seen(first, row))
			conf_driver(row, first + n);
}

int
main(int argc, char **argv)
{
	size_t n;
	const struct id_row *row = ids_all(&n);

	if (argc == 2 && strcmp(argv[1], "rules") == 0) {
		rules(row, n);
	} else if (argc == 2 && strcmp(argv[1], "conf") == 0) {
		conf(row, n);
	} else {
		fputs("usage: genids rules|conf\n", stderr);
		return 2;
	}
	return fflush(stdout) != 0;
}

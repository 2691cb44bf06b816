/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_USB_HOLDER_H
#define BASE_USB_HOLDER_H

/* Who keeps a USB device from us, as far as /sys and /proc show it to us. */

#include <stddef.h>
#include <sys/types.h>

enum { USB_HOLDER_MAX = 200 };

#define USB_HOLDER_HIDDEN_TEXT "a program that only root can see"

enum usb_holder {
	USB_HOLDER_NOBODY,	/* text is empty */
	USB_HOLDER_KNOWN,	/* "pcscd (process 71)", "the kernel's driver x" */
	USB_HOLDER_HIDDEN,	/* another user's program: "a program that only
				   root can see, maybe scdaemon (process 71)" */
};

/*
 * Who has the device at this node in /dev/bus/usb. slotd is the process of that
 * name, which does not count, nor do its children.
 */
enum usb_holder	usb_holder_find(char text[USB_HOLDER_MAX + 1],
		    const char *node, pid_t slotd);

/*
 * The part of it that looks at processes: those that have the file at path open,
 * three at most by name. Returns how many there are.
 */
unsigned	usb_holder_processes(char text[USB_HOLDER_MAX + 1],
		    const char *path, pid_t slotd);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/pipes.h"

#include <stdio.h>

static const struct usb_endpoint *
find(const struct ifd_reader *r, uint8_t address, enum usb_endpoint_type type)
{
	const struct usb_interface *i = &r->interface;

	for (size_t n = 0; n < i->n_endpoints; n++)
		if (i->endpoint[n].address == address &&
		    i->endpoint[n].type == type &&
		    i->endpoint[n].max_packet != 0)
			return &i->endpoint[n];
	return NULL;
}

enum err
pipes_choose(struct ifd_reader *r, uint8_t bulk_out, uint8_t bulk_in,
    uint8_t interrupt)
{
	const struct {
		uint8_t address;
		enum usb_endpoint_type type;
	} wanted[] = {
		{ bulk_out, USB_EP_BULK },
		{ bulk_in, USB_EP_BULK },
		{ interrupt, USB_EP_INTERRUPT },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (wanted[i].address == 0 ||
		    find(r, wanted[i].address, wanted[i].type) != NULL)
			continue;
		snprintf(r->why, sizeof(r->why), "it has no endpoint %02x, "
		    "which devices of this kind have", wanted[i].address);
		return ERR_UNSUPPORTED;
	}
	r->bulk_out = bulk_out;
	r->bulk_in = bulk_in;
	r->interrupt = interrupt;
	if (interrupt != 0)
		r->interrupt_cap = find(r, interrupt,
		    USB_EP_INTERRUPT)->max_packet;
	if (bulk_in != 0)
		r->in_read = find(r, bulk_in, USB_EP_BULK)->max_packet;
	return ERR_OK;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/usb_standard.h"

#include <errno.h>
#include <string.h>

/* USB 2.0, chapter 9 */
enum {
	RECIPIENT_MASK = 0x1f,
	TO_DEVICE = 0,
	TO_INTERFACE = 1,
	TO_ENDPOINT = 2,
	REQ_GET_STATUS = 0,
	REQ_CLEAR_FEATURE = 1,
	REQ_SET_FEATURE = 3,
	REQ_SET_ADDRESS = 5,
	REQ_GET_DESCRIPTOR = 6,
	REQ_GET_CONFIGURATION = 8,
	REQ_SET_CONFIGURATION = 9,
	REQ_GET_INTERFACE = 10,
	REQ_SET_INTERFACE = 11,
	DESC_DEVICE = 1,
	DESC_CONFIGURATION = 2,
	DESC_STRING = 3,
	DEVICE_SIZE = 18,
	SERIAL_AT = 16,		/* iSerialNumber in the device descriptor */
	LANG_EN_US = 0x0409,
};

/* A string descriptor: UTF-16LE of the ASCII text. */
static void
put_string(struct wr *in, const char *s)
{
	size_t n = strnlen(s, 126);

	wr_u8(in, (uint8_t)(2 + 2 * n));
	wr_u8(in, DESC_STRING);
	for (size_t i = 0; i < n; i++)
		wr_le16(in, (uint8_t)s[i]);
}

static int
get_string(const struct usb_device *d, uint8_t index, struct wr *in)
{
	const struct usb_model *m = d->model;

	if (index == 0) {
		wr_u8(in, 4);
		wr_u8(in, DESC_STRING);
		wr_le16(in, LANG_EN_US);
		return 0;
	}
	if (index == m->n_strings + 1u && d->serial[0] != 0)
		put_string(in, d->serial);
	else if (index <= m->n_strings && m->strings[index - 1] != NULL)
		put_string(in, m->strings[index - 1]);
	else
		return -EPIPE;
	return 0;
}

static int
get_descriptor(struct usb_device *d, const struct usb_setup *s, struct wr *in)
{
	uint8_t device[DEVICE_SIZE];

	switch (s->value >> 8) {
	case DESC_DEVICE:
		memcpy(device, d->model->device.p, DEVICE_SIZE);
		if (d->serial[0] != 0)
			device[SERIAL_AT] = (uint8_t)(d->model->n_strings + 1);
		wr_view(in, (struct view){ device, DEVICE_SIZE });
		return 0;
	case DESC_CONFIGURATION:
		if ((s->value & 0xff) != 0)
			return -EPIPE;
		wr_view(in, (struct view){ d->config, d->config_len });
		return 0;
	case DESC_STRING:
		return get_string(d, (uint8_t)(s->value & 0xff), in);
	default:	/* a full speed device has no qualifier: USB 2.0 §9.6.2 */
		return -EPIPE;
	}
}

static int
set_configuration(struct usb_device *d, uint8_t value)
{
	if (value > 1)
		return -EPIPE;
	d->configuration = value;
	for (size_t i = 0; i < d->n_ep; i++)
		d->ep[i].halted = false;
	return 0;
}

static int
device_request(struct usb_device *d, const struct usb_setup *s, struct wr *in)
{
	switch (s->request) {
	case REQ_GET_STATUS:
		wr_le16(in, 0);		/* bus powered, no remote wakeup */
		return 0;
	case REQ_CLEAR_FEATURE:
	case REQ_SET_FEATURE:
		return -EPIPE;
	case REQ_SET_ADDRESS:
		return 0;		/* the host controller's business */
	case REQ_GET_DESCRIPTOR:
		return get_descriptor(d, s, in);
	case REQ_GET_CONFIGURATION:
		wr_u8(in, d->configuration);
		return 0;
	case REQ_SET_CONFIGURATION:
		return set_configuration(d, (uint8_t)(s->value & 0xff));
	default:
		return -EPIPE;
	}
}

static int
interface_request(struct usb_device *d, const struct usb_setup *s,
    struct wr *in)
{
	if (d->configuration == 0 || (s->index & 0xff) >= d->config[4])
		return -EPIPE;
	switch (s->request) {
	case REQ_GET_STATUS:
		wr_le16(in, 0);
		return 0;
	case REQ_GET_INTERFACE:
		wr_u8(in, 0);
		return 0;
	case REQ_SET_INTERFACE:
		return s->value == 0 ? 0 : -EPIPE;
	default:
		return -EPIPE;
	}
}

static int
endpoint_request(struct usb_device *d, const struct usb_setup *s,
    struct wr *in)
{
	struct usb_endpoint *ep = usb_endpoint(d, (uint8_t)(s->index & 0xff));

	if (s->request == REQ_GET_STATUS && (s->index & 0x7f) == 0) {
		wr_le16(in, 0);
		return 0;
	}
	if (ep == NULL)
		return -EPIPE;
	switch (s->request) {
	case REQ_GET_STATUS:
		wr_le16(in, ep->halted);
		return 0;
	case REQ_CLEAR_FEATURE:
	case REQ_SET_FEATURE:
		if (s->value != 0)	/* ENDPOINT_HALT */
			return -EPIPE;
		ep->halted = s->request == REQ_SET_FEATURE;
		return 0;
	default:
		return -EPIPE;
	}
}

int
usb_standard_request(struct usb_device *d, const struct usb_setup *s,
    struct wr *in)
{
	switch (s->type & RECIPIENT_MASK) {
	case TO_DEVICE:
		return device_request(d, s, in);
	case TO_INTERFACE:
		return interface_request(d, s, in);
	case TO_ENDPOINT:
		return endpoint_request(d, s, in);
	default:
		return -EPIPE;
	}
}

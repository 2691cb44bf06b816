/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "protocols/ccid_plan.h"
#include "tests/fuzz/fuzz.h"

static bool
is_inside(struct view part, struct view whole)
{
	return part.n == 0 || (part.p >= whole.p && part.n <= whole.n &&
	    (size_t)(part.p - whole.p) <= whole.n - part.n);
}

/* A plan is usable as it is, whatever the descriptor said. */
static void
check_plan(const struct ccid_plan *p)
{
	char text[CCID_PLAN_TEXT];

	FUZZ_ASSERT(p->slots >= 1 && p->slots <= CCID_SLOTS_MAX);
	FUZZ_ASSERT(p->busy_slots >= 1 && p->busy_slots <= p->slots);
	FUZZ_ASSERT(p->n_power >= 1 && p->n_power <= 3);
	FUZZ_ASSERT(p->ifsd >= 1 && p->ifsd <= 254);
	FUZZ_ASSERT(p->max_message <= CCID_MESSAGE_MAX && p->max_data >= 1);
	FUZZ_ASSERT(p->max_message == p->max_data + CCID_HEADER);
	FUZZ_ASSERT(p->max_apdu >= 1 && p->max_apdu <= CCID_APDU_MAX);
	FUZZ_ASSERT(p->protocols != 0);
	FUZZ_ASSERT(p->transport != CCID_BULK ||
	    (p->bulk_in != 0 && p->out_packet != 0));
	FUZZ_ASSERT(ccid_plan_text(text, sizeof(text), p)[0] != '\0');
}

static void
plan(const struct usb_interface *i, struct view whole)
{
	struct ccid_device dev = { .vid = 0x046a, .pid = 0x002d };
	struct view raw = ccid_desc_find(i);
	struct ccid_plan p;
	char why[CCID_PLAN_TEXT];

	FUZZ_ASSERT(is_inside(raw, whole) && is_inside(i->extra, whole));
	FUZZ_ASSERT(i->n_endpoints <= USB_ENDPOINTS_MAX);
	if (ccid_plan_make(&p, i, raw, &dev, why) == ERR_OK)
		check_plan(&p);
	else
		FUZZ_ASSERT(why[0] != '\0');
}

/* A configuration with its length mended, so that the walk is reached. */
static void
walk(struct view in)
{
	uint8_t *copy = fuzz_copy(in);
	struct view whole = { copy, in.n };
	struct usb_config c;
	struct usb_interface i;

	if (in.n >= USB_CONFIG_SIZE && in.n <= 0xffff) {
		copy[0] = USB_CONFIG_SIZE;
		copy[1] = USB_DESC_CONFIG;
		copy[2] = (uint8_t)in.n;
		copy[3] = (uint8_t)(in.n >> 8);
		FUZZ_ASSERT(usb_config_parse(&c, whole) == ERR_OK);
		while (usb_interface_next(&c.body, &i))
			plan(&i, whole);
	}
	free(copy);
}

static void
read_string(struct view in)
{
	char text[40];

	if (usb_string_parse(text, sizeof(text), in) != ERR_OK)
		FUZZ_ASSERT(text[0] == '\0');
	for (size_t k = 0; text[k] != '\0'; k++)
		FUZZ_ASSERT((uint8_t)text[k] >= 0x20 && text[k] != 0x7f);
	FUZZ_ASSERT(text[0] != ' ');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct view in = { data, n };
	struct usb_device_desc dev;
	struct ccid_desc d;
	const char *why;

	if (usb_device_parse(&dev, in) == ERR_OK)
		FUZZ_ASSERT(n >= USB_DEVICE_SIZE);
	if (ccid_desc_parse(&d, in, &why) == ERR_OK)
		FUZZ_ASSERT(n == CCID_DESC_SIZE && why == NULL);
	else
		FUZZ_ASSERT(why != NULL);
	(void)usb_langid_parse(in);
	read_string(in);
	walk(in);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/identify.h"

#include "protocols/ccid_desc.h"
#include "protocols/ids.h"
#include "protocols/usb_setup.h"

enum { GET_DESCRIPTOR = 6, GET_CONFIGURATION = 8, SET_CONFIGURATION = 9 };

static struct step
ask(struct identify *id, uint8_t request, uint16_t value, uint16_t index,
    uint16_t length)
{
	struct wr w = { .p = id->setup, .cap = sizeof(id->setup) };
	struct usb_setup s = { USB_DIR_IN, request, value, index, length };

	usb_setup_write(&w, &s);
	return step_control(wr_done(&w), IDENTIFY_WAIT_MS);
}

static struct step
ask_descriptor(struct identify *id, uint8_t type, uint8_t n, uint16_t language,
    uint16_t length)
{
	return ask(id, GET_DESCRIPTOR, (uint16_t)(type << 8 | n), language,
	    length);
}

static struct step
start(struct ifd_slot *slot, const struct ifd_request *r)
{
	struct identify *id = slot->state;

	(void)r;
	id->state = IDENTIFY_DEVICE;
	return ask_descriptor(id, USB_DESC_DEVICE, 0, 0, USB_DEVICE_SIZE);
}

static struct step
ask_head(struct identify *id)
{
	id->state = IDENTIFY_HEAD;
	return ask_descriptor(id, USB_DESC_CONFIG, id->index, 0,
	    USB_CONFIG_SIZE);
}

static struct step
on_device(struct ifd_slot *slot, struct view in)
{
	struct identify *id = slot->state;
	struct usb_device_desc *d = &slot->reader->device;
	struct channel_info *info = &slot->reader->info;
	enum err e = usb_device_parse(d, in);

	if (e != ERR_OK)
		return ifd_fail(slot, e, "its device descriptor is bad (%zu "
		    "bytes came)", in.n);
	info->vid = d->vid;
	info->pid = d->pid;
	info->bcd_device = d->bcd_device;
	if (d->configurations <= 1 || id->configure)
		return ask_head(id);
	id->state = IDENTIFY_ACTIVE;
	return ask(id, GET_CONFIGURATION, 0, 0, 1);
}

static struct step
on_active(struct ifd_slot *slot, struct view in)
{
	struct identify *id = slot->state;

	if (in.n != 1 || in.p[0] == 0)
		return ifd_fail(slot, ERR_UNSUPPORTED,
		    "it is not configured");
	id->active = in.p[0];
	return ask_head(id);
}

static struct step
on_head(struct ifd_slot *slot, struct view in)
{
	struct identify *id = slot->state;
	struct rd r = { .in = in };
	uint16_t total;

	(void)rd_le16(&r);
	total = rd_le16(&r);
	if (r.bad || total < USB_CONFIG_SIZE || total > IDENTIFY_CONFIG_MAX)
		return ifd_fail(slot, ERR_FORMAT, "its configuration "
		    "descriptor claims %u bytes, %u to %u are possible",
		    total, USB_CONFIG_SIZE, IDENTIFY_CONFIG_MAX);
	id->state = IDENTIFY_CONFIG;
	return ask_descriptor(id, USB_DESC_CONFIG, id->index, 0, total);
}

/* How well an interface fits; the first of the best is taken. Readers that came
   before the class was there have its descriptor in an interface of class FF. */
static int
fitness(const struct usb_interface *i, int wanted)
{
	if (wanted >= 0)
		return i->number == wanted ? 1 : 0;
	if (i->iface_class == USB_CLASS_CCID)
		return 3;
	return i->iface_class == USB_CLASS_VENDOR &&
	    ccid_desc_find(i).n == CCID_DESC_SIZE ? 2 : 1;
}

static bool
pick_interface(struct ifd_reader *r, int wanted)
{
	struct view rest = r->config.body;
	struct usb_interface i;
	int best = 0;

	while (usb_interface_next(&rest, &i)) {
		int fit = fitness(&i, wanted);

		if (fit > best) {
			r->interface = i;
			best = fit;
		}
	}
	return best != 0;
}

/* The strings in the order in which they are asked for. */
enum { STRING_VENDOR, STRING_PRODUCT, STRING_SERIAL, STRING_INTERFACE,
	STRING_COUNT };

static uint8_t
string_index(const struct ifd_reader *r, unsigned which)
{
	const uint8_t index[STRING_COUNT] = {
		[STRING_VENDOR] = r->device.manufacturer,
		[STRING_PRODUCT] = r->device.product,
		[STRING_SERIAL] = r->device.serial,
		[STRING_INTERFACE] = r->interface.string,
	};

	return index[which];
}

static bool
has_strings(const struct ifd_reader *r)
{
	for (unsigned i = 0; i < STRING_COUNT; i++)
		if (string_index(r, i) != 0)
			return true;
	return false;
}

static char *
string_place(struct channel_info *info, unsigned which)
{
	char *const place[STRING_COUNT] = {
		[STRING_VENDOR] = info->vendor,
		[STRING_PRODUCT] = info->product,
		[STRING_SERIAL] = info->serial,
		[STRING_INTERFACE] = info->interface,
	};

	return place[which];
}

/* Asks for the next string that there is; done when there is none. */
static struct step
ask_string(struct ifd_slot *slot)
{
	struct identify *id = slot->state;
	uint8_t n = 0;

	id->state = IDENTIFY_STRINGS;
	while (id->string < STRING_COUNT &&
	    (n = string_index(slot->reader, id->string)) == 0)
		id->string++;
	if (id->string == STRING_COUNT)
		return step_done((struct view){ NULL, 0 });
	return ask_descriptor(id, USB_DESC_STRING, n, id->language,
	    IDENTIFY_STRING_MAX);
}

static struct step
ask_language(struct ifd_slot *slot)
{
	struct identify *id = slot->state;

	if (!has_strings(slot->reader))
		return step_done((struct view){ NULL, 0 });
	id->state = IDENTIFY_LANGUAGE;
	return ask_descriptor(id, USB_DESC_STRING, 0, 0, IDENTIFY_STRING_MAX);
}

static struct step
set_configuration(struct ifd_slot *slot)
{
	struct identify *id = slot->state;
	struct wr w = { .p = id->setup, .cap = sizeof(id->setup) };
	struct usb_setup s = { 0, SET_CONFIGURATION,
		slot->reader->config.value, 0, 0 };

	id->state = IDENTIFY_CONFIGURE;
	usb_setup_write(&w, &s);
	return step_control(wr_done(&w), IDENTIFY_WAIT_MS);
}

static struct step
on_config(struct ifd_slot *slot, struct view in)
{
	struct identify *id = slot->state;
	struct ifd_reader *r = slot->reader;
	enum err e;

	in = view_first(in, sizeof(id->config));
	if (in.n != 0)
		memcpy(id->config, in.p, in.n);
	e = usb_config_parse(&r->config, (struct view){ id->config, in.n });
	if (e != ERR_OK)
		return ifd_fail(slot, e, "its configuration descriptor is bad "
		    "(%zu bytes came)", in.n);
	if (id->active != 0 && r->config.value != id->active &&
	    ++id->index < r->device.configurations)
		return ask_head(id);
	if (!pick_interface(r, id->interface))
		return ifd_fail(slot, ERR_UNSUPPORTED,
		    "it has no such interface");
	return id->configure ? set_configuration(slot) : ask_language(slot);
}

static struct step
on_string(struct ifd_slot *slot, struct view in)
{
	struct identify *id = slot->state;

	/* a bad one comes out empty */
	(void)!usb_string_parse(string_place(&slot->reader->info, id->string),
	    CHANNEL_TEXT_MAX + 1, in);
	id->string++;
	return ask_string(slot);
}

static struct step
input(struct ifd_slot *slot, struct view in)
{
	struct identify *id = slot->state;

	switch (id->state) {
	case IDENTIFY_DEVICE:
		return on_device(slot, in);
	case IDENTIFY_ACTIVE:
		return on_active(slot, in);
	case IDENTIFY_HEAD:
		return on_head(slot, in);
	case IDENTIFY_CONFIG:
		return on_config(slot, in);
	case IDENTIFY_CONFIGURE:
		return ask_language(slot);
	case IDENTIFY_LANGUAGE:
		id->language = usb_langid_parse(in);
		return ask_string(slot);
	case IDENTIFY_STRINGS:
		return on_string(slot, in);
	}
	return step_fail(ERR_ARG);
}

/* Strings may fail: the Cherry ST-1044U refuses the one of its interface. */
static struct step
failed(struct ifd_slot *slot, enum err e)
{
	struct identify *id = slot->state;

	if (id->state < IDENTIFY_LANGUAGE)
		return ifd_fail(slot, e, "it does not tell its descriptors: %s",
		    err_text(e));
	return input(slot, (struct view){ NULL, 0 });
}

/* A device that leaves one string unanswered is not asked for the others. */
static struct step
timeout(struct ifd_slot *slot)
{
	struct identify *id = slot->state;

	if (id->state < IDENTIFY_LANGUAGE)
		return failed(slot, ERR_TIMEOUT);
	return step_done((struct view){ NULL, 0 });
}

const struct ifd_driver ifd_identify = {
	.name = "identify",
	.text = "any USB device",
	.start = start,
	.input = input,
	.timeout = timeout,
	.failed = failed,
};

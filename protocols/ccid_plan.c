/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/ccid_plan.h"

#include <stdarg.h>
#include <stdio.h>

enum {
	CLASS_CCID = 0x0b,
	IFSD_DEFAULT = 32,	/* ISO 7816-3, T=1 before S(IFS request) */
	IFSD_MAX = 254,
};

static enum err
refuse(char *why, enum err e, const char *text)
{
	snprintf(why, CCID_PLAN_TEXT, "%s", text);
	return e;
}

/* ---- which pipes ---- */

/* The first endpoint of this type and direction, or NULL. */
static const struct usb_endpoint *
endpoint(const struct usb_interface *i, enum usb_endpoint_type type, bool in)
{
	for (size_t k = 0; k < i->n_endpoints; k++) {
		const struct usb_endpoint *e = &i->endpoint[k];

		if (e->type == type && e->max_packet != 0 &&
		    ((e->address & USB_ENDPOINT_IN) != 0) == in)
			return e;
	}
	return NULL;
}

/*
 * bInterfaceProtocol 1 and 2 mean ICCD on the control pipe, but a reader with
 * both bulk pipes uses them whatever it says there (ActivCard V2 says 1).
 */
static enum err
choose_pipes(struct ccid_plan *p, const struct usb_interface *i, char *why)
{
	const struct usb_endpoint *out = endpoint(i, USB_EP_BULK, false),
	    *in = endpoint(i, USB_EP_BULK, true),
	    *event = endpoint(i, USB_EP_INTERRUPT, true);

	p->interface = i->number;
	if (event != NULL) {
		p->interrupt = event->address;
		p->interrupt_packet = event->max_packet;
	}
	if (out != NULL && in != NULL) {
		p->transport = CCID_BULK;
		p->bulk_out = out->address;
		p->out_packet = out->max_packet;
		p->bulk_in = in->address;
		return ERR_OK;
	}
	if (i->protocol == 1 || i->protocol == 2) {
		p->transport = i->protocol == 1 ? CCID_ICCD_A : CCID_ICCD_B;
		return ERR_OK;
	}
	return refuse(why, ERR_UNSUPPORTED, out == NULL && in == NULL ?
	    "the interface has no bulk endpoints" :
	    "the interface has a bulk endpoint in one direction only");
}

/* ---- what the descriptor and the quirks say ---- */

static bool
takes_apdus(const struct ccid_plan *p)
{
	return p->level == CCID_SHORT || p->level == CCID_EXTENDED;
}

static enum ccid_level
level_of(const struct ccid_desc *d, uint64_t quirks)
{
	if (ccid_has_quirk(quirks, CCID_QUIRK_EXTENDED))
		return CCID_EXTENDED;
	if (ccid_has_quirk(quirks, CCID_QUIRK_SHORT))
		return CCID_SHORT;
	if ((d->features & CCID_LEVEL_EXTENDED) != 0)
		return CCID_EXTENDED;
	if ((d->features & CCID_LEVEL_SHORT) != 0)
		return CCID_SHORT;
	if ((d->features & CCID_LEVEL_TPDU) != 0)
		return CCID_TPDU;
	return CCID_CHARACTER;
}

/* 5 V first, as old cards need it; then the lowest, which harms none. */
static void
choose_power(struct ccid_plan *p, const struct ccid_desc *d)
{
	static const struct {
		uint8_t can;
		enum ccid_power power;
	} order[] = {
		{ CCID_CAN_5V, CCID_POWER_5V },
		{ CCID_CAN_1V8, CCID_POWER_1V8 },
		{ CCID_CAN_3V, CCID_POWER_3V },
	};
	uint8_t can = d->voltages & 7;

	p->n_power = 0;
	if (p->transport != CCID_BULK || (d->features & CCID_AUTO_VOLTAGE)) {
		p->power[p->n_power++] = CCID_POWER_AUTO;
		return;
	}
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (can == 0 || (can & order[i].can) != 0)
			p->power[p->n_power++] = order[i].power;
}

static void
choose_speed(struct ccid_plan *p, const struct ccid_desc *d)
{
	bool is_apdu = takes_apdus(p);
	bool negotiates = (d->features & CCID_AUTO_NEGOTIATE) != 0;

	p->default_clock_khz = d->default_clock_khz;
	p->data_rate = d->data_rate;
	p->max_data_rate = d->max_data_rate;
	if (ccid_has_quirk(p->quirks, CCID_QUIRK_RATE_200K) &&
	    p->max_data_rate > 200000)
		p->max_data_rate = 200000;
	p->host_params = !negotiates && p->transport == CCID_BULK;
	/* A reader that does not follow to another speed is left at its own. */
	p->host_pps = p->host_params && !is_apdu &&
	    (d->features & CCID_AUTO_PPS) == 0 &&
	    (d->features & CCID_AUTO_BAUD) != 0;
	p->stays_slow = !is_apdu && !p->host_pps &&
	    (d->features & (CCID_AUTO_NEGOTIATE | CCID_AUTO_PPS)) == 0;
	if (ccid_has_quirk(p->quirks, CCID_QUIRK_RATE_9600)) {
		p->host_pps = false;
		p->stays_slow = true;
		p->max_data_rate = 9600;
	}
	p->asks_rates = p->host_pps && d->num_data_rates != 0;
}

static void
choose_ifsd(struct ccid_plan *p, const struct ccid_desc *d)
{
	bool is_apdu = takes_apdus(p);
	uint32_t ifsd = d->max_ifsd;

	if (ifsd == 0)
		ifsd = IFSD_DEFAULT;
	if (ifsd > IFSD_MAX || ccid_has_quirk(p->quirks, CCID_QUIRK_IFSD_254))
		ifsd = IFSD_MAX;
	/* a block is IFSD bytes and up to 5 around them */
	if (ifsd + 5 > p->max_data && p->max_data > IFSD_DEFAULT + 5)
		ifsd = p->max_data - 5;
	p->host_ifs = !is_apdu && (p->protocols & CCID_T1) != 0 &&
	    (d->features & CCID_AUTO_IFSD) == 0;
	if (ccid_has_quirk(p->quirks, CCID_QUIRK_NO_IFSD)) {
		p->host_ifs = false;
		ifsd = IFSD_DEFAULT;
	}
	p->ifsd = (uint8_t)ifsd;
}

static void
choose_sizes(struct ccid_plan *p, const struct ccid_desc *d)
{
	p->max_message = d->max_message < CCID_MESSAGE_MAX ? d->max_message :
	    CCID_MESSAGE_MAX;
	/* ICCD has no headers, and most name 261: they take whole APDUs */
	if (p->transport != CCID_BULK &&
	    p->max_message < CCID_HEADER + CCID_SHORT_APDU_MAX)
		p->max_message = CCID_HEADER + CCID_SHORT_APDU_MAX;
	p->max_data = p->max_message - CCID_HEADER;
	p->max_apdu = CCID_APDU_MAX;
	if (p->level == CCID_SHORT)
		p->max_apdu = p->max_data < CCID_SHORT_APDU_MAX ?
		    p->max_data : CCID_SHORT_APDU_MAX;
	else if (p->level != CCID_EXTENDED && (p->protocols & CCID_T1) == 0)
		p->max_apdu = CCID_SHORT_APDU_MAX;
}

static void
choose_slots(struct ccid_plan *p, const struct ccid_desc *d)
{
	p->slots = CCID_SLOTS_MAX;
	if (d->max_slot_index < CCID_SLOTS_MAX)
		p->slots = (uint8_t)(d->max_slot_index + 1);
	p->busy_slots = d->max_busy_slots == 0 ? 1 : d->max_busy_slots;
	if (p->busy_slots > p->slots)
		p->busy_slots = p->slots;
}

static void
choose_pin(struct ccid_plan *p, const struct ccid_desc *d)
{
	bool is_hidden = ccid_has_quirk(p->quirks, CCID_QUIRK_NO_PIN);

	p->pin_verify = !is_hidden && (d->pin_support & CCID_PIN_VERIFY) != 0;
	p->pin_modify = !is_hidden && (d->pin_support & CCID_PIN_MODIFY) != 0;
	p->lcd_lines = d->lcd_lines;
	p->lcd_columns = d->lcd_columns;
}

static enum err
check_firmware(const struct ccid_plan *p, const struct ccid_device *dev,
    char *why)
{
	unsigned has = dev->bcd_device;
	unsigned needs = ccid_firmware_needed(dev->vid, dev->pid);

	if (dev->allow_old_firmware ||
	    !ccid_has_quirk(p->quirks, CCID_QUIRK_OLD_FIRMWARE))
		return ERR_OK;
	snprintf(why, CCID_PLAN_TEXT, "its firmware %x.%02x is known to "
	    "corrupt exchanges; %x.%02x or later is needed", has >> 8, has & 0xff,
	    needs >> 8, needs & 0xff);
	return ERR_UNSUPPORTED;
}

static enum err
check_class(const struct usb_interface *i, struct view raw, char *why)
{
	if (i->iface_class != CLASS_CCID && i->iface_class != 0xff)
		return refuse(why, ERR_UNSUPPORTED,
		    "the interface is neither of class 0b nor vendor-specific");
	if (raw.n == 0)
		return refuse(why, ERR_UNSUPPORTED,
		    "the interface has no CCID class descriptor");
	return ERR_OK;
}

enum err
ccid_plan_make(struct ccid_plan *p, const struct usb_interface *i,
    struct view raw, const struct ccid_device *dev, char *why)
{
	struct ccid_desc d;
	const char *text;
	enum err e = check_class(i, raw, why);

	*p = (struct ccid_plan){ .n_power = 0 };
	if (e != ERR_OK)
		return e;
	why[0] = '\0';
	e = ccid_desc_parse(&d, raw, &text);
	if (e != ERR_OK)
		return refuse(why, e, text);
	p->quirks = ccid_quirks(dev->vid, dev->pid, dev->bcd_device);
	e = check_firmware(p, dev, why);
	if (e == ERR_OK)
		e = choose_pipes(p, i, why);
	if (e != ERR_OK)
		return e;
	p->level = level_of(&d, p->quirks);
	/* Some name neither (dwProtocols 0300h for 3): the ATR will tell. */
	p->protocols = d.protocols & (CCID_T0 | CCID_T1);
	if (p->protocols == 0)
		p->protocols = CCID_T0 | CCID_T1;
	choose_slots(p, &d);
	choose_power(p, &d);
	choose_speed(p, &d);
	choose_sizes(p, &d);
	choose_ifsd(p, &d);
	choose_pin(p, &d);
	return ERR_OK;
}

/* ---- in words ---- */

const char *
ccid_level_name(enum ccid_level level)
{
	static const char *const names[] = {
		[CCID_CHARACTER] = "character",
		[CCID_TPDU] = "TPDU",
		[CCID_SHORT] = "short APDU",
		[CCID_EXTENDED] = "extended APDU",
	};

	return (size_t)level < sizeof(names) / sizeof(names[0]) ?
	    names[level] : "unknown";
}

struct text {
	char *p;
	size_t cap, n;
};

static void say(struct text *, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
say(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->p + t->n, t->cap - t->n, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->n += (size_t)n < t->cap - t->n ? (size_t)n :
		    t->cap - t->n - 1;
}

static void
say_power(struct text *t, const struct ccid_plan *p)
{
	static const char *const names[] = {
		[CCID_POWER_AUTO] = "automatic voltage",
		[CCID_POWER_5V] = "5 V",
		[CCID_POWER_3V] = "3 V",
		[CCID_POWER_1V8] = "1.8 V",
	};

	say(t, "; ");
	for (size_t i = 0; i < p->n_power; i++)
		say(t, "%s%s", i == 0 ? "" : ", then ", names[p->power[i]]);
}

static void
say_speed(struct text *t, const struct ccid_plan *p)
{
	say(t, "; PPS by %s, parameters by %s, at most %u bit/s",
	    p->host_pps ? "us" : "the reader",
	    p->host_params ? "us" : "the reader", p->max_data_rate);
	if ((p->protocols & CCID_T1) != 0)
		say(t, "; IFSD %u%s", p->ifsd, p->host_ifs ? ", asked by us" :
		    "");
}

static void
say_slots(struct text *t, const struct ccid_plan *p)
{
	if (p->slots > 1)
		say(t, "; %u slots, %u at once", p->slots, p->busy_slots);
	say(t, "; cards by %s", p->interrupt != 0 ? "interrupt" : "polling");
	if (p->pin_verify)
		say(t, "; PIN pad%s", p->pin_modify ? "" : " (verify only)");
	if (p->lcd_lines != 0)
		say(t, "; display of %u x %u", p->lcd_lines, p->lcd_columns);
}

char *
ccid_plan_text(char *dst, size_t cap, const struct ccid_plan *p)
{
	static const char *const transports[] = {
		[CCID_BULK] = "", [CCID_ICCD_A] = " over ICCD version A",
		[CCID_ICCD_B] = " over ICCD version B",
	};
	struct text t = { dst, cap, 0 };

	dst[0] = '\0';
	say(&t, "%ss%s (APDUs of at most %u bytes%s); messages of %u; "
	    "%s%s%s", p->level == CCID_CHARACTER ? "single character" :
	    ccid_level_name(p->level), transports[p->transport], p->max_apdu,
	    !takes_apdus(p) && p->max_apdu > CCID_SHORT_APDU_MAX &&
	    (p->protocols & CCID_T0) != 0 ? " over T=1, 261 over T=0" : "",
	    p->max_message, (p->protocols & CCID_T0) != 0 ? "T=0" : "",
	    p->protocols == (CCID_T0 | CCID_T1) ? ", " : "",
	    (p->protocols & CCID_T1) != 0 ? "T=1" : "");
	say_power(&t, p);
	say_speed(&t, p);
	say_slots(&t, p);
	for (unsigned q = 0; q < CCID_QUIRK_COUNT; q++)
		if (ccid_has_quirk(p->quirks, (enum ccid_quirk)q))
			say(&t, "; quirk: %s",
			    ccid_quirk_text((enum ccid_quirk)q));
	return dst;
}

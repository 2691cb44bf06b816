/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include <errno.h>
#include <string.h>

#include "emulator/models.h"
#include "emulator/pertosmart.h"
#include "protocols/usbip.h"

/*
 * PertoSmart (AC1030): commands in hexadecimal digits, one vendor request each;
 * the answer, too, in interrupt packets of 8 bytes. Status words other than
 * 9000 and 6002 are ours.
 */

enum {
	EP_INTERRUPT = 0x81,
	VENDOR_OUT = 0x40,
	STX = 0x02,
	ETX = 0x03,
	MARK = 0x01,
	LONG = 0xff,
};

static const uint16_t statuses[PERTO_RESULTS] = {
	[PERTO_OK] = 0x9000,
	[PERTO_NO_CARD] = 0x6002,
	[PERTO_MUTE] = 0x6020,
	[PERTO_UNPOWERED] = 0x6004,
	[PERTO_BAD_COMMAND] = 0x6005,
	[PERTO_BAD_LENGTH] = 0x6703,
};

static void
put_hex(struct wr *w, struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		wr_u8(w, (uint8_t)"0123456789ABCDEF"[v.p[i] >> 4]);
		wr_u8(w, (uint8_t)"0123456789ABCDEF"[v.p[i] & 15]);
	}
}

static void
put_length(struct wr *w, size_t n)
{
	wr_u8(w, n < LONG ? (uint8_t)n : LONG);
	if (n >= LONG)
		wr_be16(w, (uint16_t)n);
}

static void
put_check(struct wr *w)
{
	uint8_t x = 0;

	for (size_t i = 0; i < w->n; i++)
		x ^= w->p[i];
	wr_u8(w, x);
}

static void
run(struct usb_device *d, uint8_t code, struct view data)
{
	struct perto *p = d->state;
	uint8_t rsp[PERTO_DATA_MAX], raw[PERTO_DATA_MAX + 8], buf[ANSWER_MAX];
	struct wr r = { rsp, sizeof(rsp), 0, false };
	struct wr bytes = { raw, sizeof(raw), 0, false };
	struct wr w = { buf, sizeof(buf), 0, false };
	uint32_t delay_ms;
	enum perto_result result = perto_command(d, code, data, true, &r,
	    &delay_ms);

	r.n = result == PERTO_OK ? r.n : 0;
	wr_u8(&bytes, MARK);
	wr_be16(&bytes, statuses[result]);
	put_length(&bytes, r.n);
	wr_view(&bytes, (struct view){ rsp, r.n });
	put_check(&bytes);
	wr_u8(&w, STX);
	put_hex(&w, wr_done(&bytes));
	wr_u8(&w, ETX);
	answer_send(d, &p->answer, EP_INTERRUPT, wr_done(&w), delay_ms);
	explicit_bzero(rsp, sizeof(rsp));
	explicit_bzero(raw, sizeof(raw));
	explicit_bzero(buf, sizeof(buf));
}

static int
digit(uint8_t c)
{
	const char *at = c == 0 ? NULL : strchr("0123456789ABCDEF", c);

	return at == NULL ? -1 : (int)(at - "0123456789ABCDEF");
}

/* STX, digits, ETX to bytes in place; false when it is not that. */
static bool
get_hex(struct wr *w, struct view in)
{
	struct rd r = { .in = in };

	if (in.n < 2 || rd_u8(&r) != STX || in.p[in.n - 1] != ETX)
		return false;
	while (r.in.n > 1) {
		int high = digit(rd_u8(&r)), low = digit(rd_u8(&r));

		if (high < 0 || low < 0)
			return false;
		wr_u8(w, (uint8_t)(high << 4 | low));
	}
	return !w->bad && r.in.n == 1;
}

/* A command: false for one that is none. */
static bool
command(struct usb_device *d, struct view in)
{
	struct perto *p = d->state;
	struct wr w = { p->in, sizeof(p->in), 0, false };
	struct rd r;
	struct view data;
	uint8_t mark, code, check = 0;
	size_t n;

	if (!get_hex(&w, in))
		return false;
	for (size_t i = 0; i < w.n; i++)
		check ^= w.p[i];
	r = (struct rd){ .in = wr_done(&w) };
	mark = rd_u8(&r);
	code = rd_u8(&r);
	n = rd_u8(&r);
	if (n == LONG)
		n = rd_be16(&r);
	data = rd_take(&r, n);
	if (r.bad || r.in.n != 1 || mark != MARK || check != 0)
		return false;
	run(d, code, data);
	explicit_bzero(p->in, sizeof(p->in));
	return true;
}

static int
control(struct usb_device *d, const struct usb_setup *s, struct view v,
    struct wr *in)
{
	(void)in;
	if (d->configuration == 0 || s->type != VENDOR_OUT || s->request != 0 ||
	    s->value != 0 || s->index != 0 || v.n != s->length)
		return -EPIPE;
	return command(d, v) ? 0 : -EPIPE;
}

static void
card_changed(struct usb_device *d, unsigned slot)
{
	(void)slot;
	((struct perto *)d->state)->powered = false;
}

static const struct usb_family family = {
	.state_size	= sizeof(struct perto),
	.reset		= perto_reset,
	.control	= control,
	.deadline	= answer_deadline,
	.tick		= answer_tick,
	.card_changed	= card_changed,
};

static const uint8_t device[] = {
	18, 1, LE16(0x0110), 0, 0, 0, 8,
	LE16(0x072f), LE16(0x0001), LE16(0x0100), 0, 0, 0, 1,
};

static const uint8_t config[] = {
	9, 2, LE16(9 + 9 + 7), 1, 1, 0, 0x80, 50,
	9, 4, 0, 0, 1, 0xff, 0, 0, 0,
	7, 5, EP_INTERRUPT, 3, LE16(8), 10,
};

const struct usb_model model_pertosmart1030 = {
	.name		= "pertosmart1030",
	.about		= "PertoSmart (AC1030): T=0, T=1 in hexadecimal digits",
	.family		= &family,
	.device		= VIEW(device),
	.config		= VIEW(config),
	.speed		= USBIP_SPEED_FULL,
	.slots		= 1,
};

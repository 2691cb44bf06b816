/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/usbip.h"

uint32_t
usbip_devid(const struct usbip_device *d)
{
	return d->busnum << 16 | d->devnum;
}

void
usbip_op_write(struct wr *w, const struct usbip_op *op)
{
	wr_be16(w, op->version);
	wr_be16(w, op->code);
	wr_be32(w, op->status);
}

enum err
usbip_op_parse(struct usbip_op *op, struct view in)
{
	struct rd r = { .in = in };

	op->version = rd_be16(&r);
	op->code = rd_be16(&r);
	op->status = rd_be32(&r);
	if (r.bad)
		return ERR_SHORT;
	return op->version == USBIP_VERSION ? ERR_OK : ERR_FORMAT;
}

/* A string in a field of fixed size, padded with NULs, the last one kept. */
static void
wr_field(struct wr *w, const char *s, size_t size)
{
	size_t n = strnlen(s, size - 1);

	wr_view(w, (struct view){ (const uint8_t *)s, n });
	wr_fill(w, 0, size - n);
}

static void
rd_field(struct rd *r, char *dst, size_t size)
{
	struct view v = rd_take(r, size);

	memset(dst, 0, size);
	if (v.n != 0)
		memcpy(dst, v.p, size - 1);
}

void
usbip_import_write(struct wr *w, const char *busid)
{
	usbip_op_write(w,
	    &(struct usbip_op){ USBIP_VERSION, USBIP_OP_REQ_IMPORT, 0 });
	wr_field(w, busid, USBIP_BUSID_MAX + 1);
}

void
usbip_device_write(struct wr *w, const struct usbip_device *d)
{
	wr_field(w, d->path, sizeof(d->path));
	wr_field(w, d->busid, sizeof(d->busid));
	wr_be32(w, d->busnum);
	wr_be32(w, d->devnum);
	wr_be32(w, d->speed);
	wr_be16(w, d->vid);
	wr_be16(w, d->pid);
	wr_be16(w, d->bcd_device);
	wr_u8(w, d->dev_class);
	wr_u8(w, d->dev_subclass);
	wr_u8(w, d->dev_protocol);
	wr_u8(w, d->configuration);
	wr_u8(w, d->configurations);
	wr_u8(w, d->interfaces);
}

enum err
usbip_device_parse(struct usbip_device *d, struct view in)
{
	struct rd r = { .in = in };

	rd_field(&r, d->path, sizeof(d->path));
	rd_field(&r, d->busid, sizeof(d->busid));
	d->busnum = rd_be32(&r);
	d->devnum = rd_be32(&r);
	d->speed = rd_be32(&r);
	d->vid = rd_be16(&r);
	d->pid = rd_be16(&r);
	d->bcd_device = rd_be16(&r);
	d->dev_class = rd_u8(&r);
	d->dev_subclass = rd_u8(&r);
	d->dev_protocol = rd_u8(&r);
	d->configuration = rd_u8(&r);
	d->configurations = rd_u8(&r);
	d->interfaces = rd_u8(&r);
	return r.bad ? ERR_SHORT : ERR_OK;
}

void
usbip_urb_write(struct wr *w, const struct usbip_urb *u)
{
	bool answer =
	    u->kind == USBIP_RET_SUBMIT || u->kind == USBIP_RET_UNLINK;

	wr_be32(w, (uint32_t)u->kind);
	wr_be32(w, u->seq);
	wr_be32(w, answer ? 0 : u->devid);
	wr_be32(w, !answer && u->is_in);
	wr_be32(w, answer ? 0 : u->ep);
	switch (u->kind) {
	case USBIP_CMD_SUBMIT:
		wr_be32(w, u->flags);
		wr_be32(w, u->length);
		wr_be32(w, 0);		/* start_frame */
		wr_be32(w, 0);		/* number_of_packets */
		wr_be32(w, u->interval);
		wr_view(w, (struct view){ u->setup, sizeof(u->setup) });
		return;
	case USBIP_RET_SUBMIT:
		wr_be32(w, (uint32_t)u->status);
		wr_be32(w, u->length);
		wr_fill(w, 0, 20);	/* frames, packets, errors, padding */
		return;
	case USBIP_CMD_UNLINK:
		wr_be32(w, u->unlink_seq);
		wr_fill(w, 0, 24);
		return;
	case USBIP_RET_UNLINK:
		wr_be32(w, (uint32_t)u->status);
		wr_fill(w, 0, 24);
		return;
	}
	w->bad = true;
}

static void
rd_body(struct rd *r, struct usbip_urb *u)
{
	struct view setup;

	switch (u->kind) {
	case USBIP_CMD_SUBMIT:
		u->flags = rd_be32(r);
		u->length = rd_be32(r);
		rd_take(r, 8);		/* start_frame, number_of_packets */
		u->interval = rd_be32(r);
		setup = rd_take(r, sizeof(u->setup));
		if (setup.n != 0)
			memcpy(u->setup, setup.p, sizeof(u->setup));
		return;
	case USBIP_RET_SUBMIT:
		u->status = (int32_t)rd_be32(r);
		u->length = rd_be32(r);
		rd_take(r, 20);
		return;
	case USBIP_CMD_UNLINK:
		u->unlink_seq = rd_be32(r);
		rd_take(r, 24);
		return;
	case USBIP_RET_UNLINK:
		u->status = (int32_t)rd_be32(r);
		rd_take(r, 24);
		return;
	}
}

enum err
usbip_urb_parse(struct usbip_urb *u, struct view in)
{
	struct rd r = { .in = in };
	uint32_t kind = rd_be32(&r);

	*u = (struct usbip_urb){ .kind = USBIP_CMD_SUBMIT };
	u->seq = rd_be32(&r);
	u->devid = rd_be32(&r);
	u->is_in = rd_be32(&r) != 0;
	u->ep = rd_be32(&r);
	if (r.bad)
		return ERR_SHORT;
	if (kind < USBIP_CMD_SUBMIT || kind > USBIP_RET_UNLINK)
		return ERR_FORMAT;
	u->kind = (enum usbip_urb_kind)kind;
	rd_body(&r, u);
	if (r.bad)
		return ERR_SHORT;
	return r.in.n == 0 ? ERR_OK : ERR_FORMAT;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/conn.h"

#include <stdio.h>
#include <string.h>

static void
describe(struct usbip_device *u, const struct port *p)
{
	struct rd r = { .in = p->dev->model->device };

	*u = (struct usbip_device){
		.busnum = 1,
		.devnum = p->number,
		.speed = p->dev->model->speed,
		.configuration = p->dev->configuration,
	};
	snprintf(u->path, sizeof(u->path), "/sys/devices/slotemu/%s", p->busid);
	snprintf(u->busid, sizeof(u->busid), "%s", p->busid);
	rd_take(&r, 4);
	u->dev_class = rd_u8(&r);
	u->dev_subclass = rd_u8(&r);
	u->dev_protocol = rd_u8(&r);
	rd_u8(&r);
	u->vid = rd_le16(&r);
	u->pid = rd_le16(&r);
	u->bcd_device = rd_le16(&r);
	u->configurations = 1;
	u->interfaces = p->dev->config[4];
}

static void
reply(struct conn *c, uint16_t code, uint32_t status)
{
	uint8_t buf[USBIP_OP_SIZE];
	struct wr w = { buf, sizeof(buf), 0, false };

	usbip_op_write(&w, &(struct usbip_op){ USBIP_VERSION, code, status });
	conn_queue(c, wr_done(&w));
}

/* Class, subclass and protocol of each interface, for "usbip list". */
static void
list_interfaces(struct wr *w, const struct port *p)
{
	struct rd r = { .in = { p->dev->config, p->dev->config_len } };
	unsigned left = p->dev->config[4];

	while (left != 0 && r.in.n >= 2) {
		struct view v = rd_take(&r, r.in.p[0]);

		if (v.n < 2)
			break;
		if (v.p[1] != 4 || v.n < 9)	/* INTERFACE */
			continue;
		wr_view(w, (struct view){ v.p + 5, 3 });
		wr_u8(w, 0);
		left--;
	}
	wr_fill(w, 0, (size_t)left * USBIP_INTERFACE_SIZE);
}

static bool
exportable(const struct port *p)
{
	return p->plugged && !p->imported;
}

static void
devlist(struct conn *c)
{
	struct world *world = c->server->world;
	uint8_t buf[USBIP_DEVICE_SIZE + 255 * USBIP_INTERFACE_SIZE];
	struct usbip_device u;
	struct wr w = { buf, sizeof(buf), 0, false };
	uint32_t n = 0;

	for (size_t i = 0; i < world->n; i++)
		n += exportable(&world->port[i]);
	reply(c, USBIP_OP_REP_DEVLIST, USBIP_ST_OK);
	wr_be32(&w, n);
	conn_queue(c, wr_done(&w));
	for (size_t i = 0; i < world->n; i++) {
		if (!exportable(&world->port[i]))
			continue;
		w = (struct wr){ buf, sizeof(buf), 0, false };
		describe(&u, &world->port[i]);
		usbip_device_write(&w, &u);
		list_interfaces(&w, &world->port[i]);
		conn_queue(c, wr_done(&w));
	}
}

static void
import(struct conn *c, struct view name)
{
	uint8_t buf[USBIP_DEVICE_SIZE];
	struct wr w = { buf, sizeof(buf), 0, false };
	struct usbip_device u;
	const uint8_t *end = memchr(name.p, 0, name.n);
	struct port *p = world_port(c->server->world, (const char *)name.p,
	    end == NULL ? name.n : (size_t)(end - name.p));

	if (p == NULL || !p->plugged) {
		reply(c, USBIP_OP_REP_IMPORT, USBIP_ST_NODEV);
		return;
	}
	if (p->imported) {
		reply(c, USBIP_OP_REP_IMPORT, USBIP_ST_DEV_BUSY);
		return;
	}
	usb_reset(p->dev);
	p->imported = true;
	c->port = p;
	reply(c, USBIP_OP_REP_IMPORT, USBIP_ST_OK);
	describe(&u, p);
	usbip_device_write(&w, &u);
	conn_queue(c, wr_done(&w));
}

size_t
conn_on_op(struct conn *c, struct view v)
{
	struct usbip_op op;

	if (v.n < USBIP_OP_SIZE)
		return 0;
	if (usbip_op_parse(&op, view_first(v, USBIP_OP_SIZE)) != ERR_OK) {
		c->dead = true;
		return 0;
	}
	if (op.code == USBIP_OP_REQ_DEVLIST) {
		devlist(c);
		return USBIP_OP_SIZE;
	}
	if (op.code != USBIP_OP_REQ_IMPORT) {
		c->dead = true;
		return 0;
	}
	if (v.n < USBIP_IMPORT_REQ_SIZE)
		return 0;
	import(c, view_skip(view_first(v, USBIP_IMPORT_REQ_SIZE),
	    USBIP_OP_SIZE));
	return USBIP_IMPORT_REQ_SIZE;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_USB_H
#define EMULATOR_USB_H

/*
 * An emulated USB device. A model is a row of descriptors and belongs to a
 * family, which is the code that behaves (ccid.c). Standard requests and
 * endpoint queues are done here for all of them. Nothing here does I/O or has
 * a clock: now_ms is an argument.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/must_use.h"
#include "emulator/card.h"
#include "emulator/fault.h"

enum {
	USB_SLOTS_MAX = 8,
	USB_CONFIG_MAX = 1024,
	USB_SERIAL_MAX = 63,
	USB_PENDING = 1,	/* the transfer stays with the device */
	USB_QUEUE_MAX = 64,	/* messages that wait on one endpoint */
};

#define USB_NEVER UINT64_MAX

struct usb_device;
struct usb_message;

struct usb_setup {
	uint8_t type, request;
	uint16_t value, index, length;
};

struct usb_family {
	size_t state_size;	/* zeroed memory for usb_device.state */
	/* Attached or reset by the host. */
	void (*reset)(struct usb_device *);
	/*
	 * A class or vendor request. Returns 0 with the answer in `in` (cut to
	 * setup.length by the caller) or a negative errno, -EPIPE for a stall.
	 * An IN request may also return USB_PENDING, as a device that has
	 * nothing to say yet; it is asked again, whenever something happened.
	 * NULL: stalls.
	 */
	int (*control)(struct usb_device *, const struct usb_setup *,
	    struct view out, struct wr *in);
	/* Data for an OUT endpoint. Returns 0 or a negative errno. NULL
	   where there is none. */
	int (*out)(struct usb_device *, uint8_t ep, struct view data);
	/* The host polls IN endpoint ep: time for usb_push. NULL allowed. */
	void (*poll)(struct usb_device *, uint8_t ep);
	/* When tick wants to be called, USB_NEVER for not. NULL allowed. */
	uint64_t (*deadline)(const struct usb_device *);
	void (*tick)(struct usb_device *);
	/* A card came (usb_device.slot[slot].in) or went. NULL allowed. */
	void (*card_changed)(struct usb_device *, unsigned slot);
	void (*fini)(struct usb_device *);	/* NULL allowed */
};

struct usb_model {
	const char *name;
	const char *about;	/* for people */
	const struct usb_family *family;
	const void *traits;	/* the family's own table */
	struct view device;	/* device descriptor, 18 bytes */
	struct view config;	/* configuration with all that follows */
	/* index 1, 2, ...; NULL where the device stalls. n_strings of them */
	const char *const *strings;
	size_t n_strings;
	uint8_t speed;		/* enum usb_device_speed: USBIP_SPEED_FULL */
	unsigned slots;
	const char *card;	/* built-in one at first; NULL: "sample" */
};

struct usb_endpoint {
	uint8_t address;	/* with the direction bit */
	uint8_t kind;		/* bmAttributes & 3: 2 bulk, 3 interrupt */
	uint16_t packet;	/* wMaxPacketSize */
	bool halted;
	struct usb_message *first;	/* IN: what waits for the host */
	size_t queued;
	uint64_t transfers, bytes;
};

enum { USB_ENDPOINTS_MAX = 8 };

/* The control transfer that is under way, where it takes time. */
struct usb_held {
	bool busy;
	struct usb_setup setup;
	size_t out_n;
	struct fault fault;
	/* It was answered, and ends with this at due_ms. */
	uint8_t *answer;	/* NULL: it was not */
	size_t answer_n;
	int status;
	uint64_t due_ms;
};

struct usb_slot {
	struct card *card;	/* owned; NULL: none was ever given */
	bool in;		/* inserted */
};

struct usb_device {
	const struct usb_model *model;
	void *state;		/* the family's */
	char serial[USB_SERIAL_MAX + 1];	/* empty: the model's own */
	uint8_t configuration;	/* 0: not configured */
	uint8_t config[USB_CONFIG_MAX];	/* this device's copy */
	size_t config_len;
	struct usb_endpoint ep[USB_ENDPOINTS_MAX];
	size_t n_ep;
	struct usb_slot slot[USB_SLOTS_MAX];
	uint32_t wtx_ms;	/* time extension each so many ms, 0 never */
	uint32_t limit_bps;	/* cards understand nothing above, 0: the
				   model's own limit */
	uint64_t now_ms;	/* time of the last call from outside */
	struct fault_plan fault;
	struct usb_held held;
	bool hung;		/* by a fault: no control transfer ends any more */
	bool leaving;		/* a fault unplugs it: for the server to see */
	uint64_t control_transfers, control_bytes;
};

/* All models; *n is their number. */
const struct usb_model *const	*usb_models(size_t *n);

/* By name, or NULL. */
const struct usb_model	*usb_model_find(const char *name);

/* A device out of its box: no cards. NULL when memory ran out. */
struct usb_device	*usb_new(const struct usb_model *) MUST_USE;
/* Frees the device and its cards. NULL is fine. */
void	usb_free(struct usb_device *);

/* As a host's bus reset: not configured, queues empty, cards unpowered. */
void	usb_reset(struct usb_device *);

/*
 * A control transfer. `in` has room for 65535 bytes; not more than the setup's
 * length is written. Returns 0, a negative errno or USB_PENDING; then the next
 * one may come when usb_control_more said that this one is over, or after
 * usb_control_drop.
 */
int	usb_control(struct usb_device *, const uint8_t setup[8],
	    struct view out, struct wr *in, uint64_t now_ms) MUST_USE;
int	usb_control_more(struct usb_device *, struct wr *in) MUST_USE;
void	usb_control_drop(struct usb_device *);

/* Data for OUT endpoint number ep. Returns 0 or a negative errno. */
int	usb_out(struct usb_device *, uint8_t ep, struct view data,
	    uint64_t now_ms) MUST_USE;

/*
 * The host asks IN endpoint number ep for up to len bytes: whole packets, up
 * to and with the first short one. Returns 0, USB_PENDING when there is
 * nothing yet, or a negative errno (-EOVERFLOW: a packet that did not fit).
 */
int	usb_in(struct usb_device *, uint8_t ep, size_t len, struct wr *in)
	    MUST_USE;

/*
 * For families: queues a message on IN endpoint address ep; it goes out in
 * packets, the last one short (empty when need be) unless `open`, which
 * leaves out an empty last packet. False when the queue is full.
 */
bool	usb_push(struct usb_device *, uint8_t ep, struct view message, bool open);

/* Drops what waits on IN endpoint ep. */
void	usb_flush(struct usb_device *, uint8_t ep);

/* The endpoint with this address, or NULL. */
struct usb_endpoint	*usb_endpoint(struct usb_device *, uint8_t address);

uint64_t	usb_deadline(const struct usb_device *);
void		usb_tick(struct usb_device *, uint64_t now_ms);

/*
 * Sets the plan of faults; a class descriptor variant shows at the next
 * import. False, and the old plan stays, when it is not understood.
 */
bool	usb_set_fault(struct usb_device *, const char *script) MUST_USE;

/* Puts a card in or takes it out; nothing happens when it is so already. */
void	usb_card_insert(struct usb_device *, unsigned slot);
void	usb_card_remove(struct usb_device *, unsigned slot);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "ifd/handler.h"
#include "ifd/sandbox.h"
#include "protocols/channel.h"
#include "protocols/t1_block.h"
#include "protocols/vpcd.h"

/* Address space: libraries and 64 slots of buffers for extended APDUs. */
enum { MEMORY_MAX = 256 * 1024 * 1024 };

enum kind { KIND_NONE, KIND_USB, KIND_USBIP, KIND_VPCD };

struct options {
	const struct ifd_driver *driver;
	enum kind kind;
	int interface;		/* -1: find it */
	uint32_t devid;
	struct ifd_wishes wishes;
	struct sandbox_identity identity;
	uint8_t slots;
	int debug;
};

enum { EXIT_USAGE = 2 };

static const char usage[] =
"usage: ifdhandler --driver NAME --kind usb|usbip|vpcd [--interface N]\n"
"                  [--devid N --speed N] [--slots N] [--block-size N]\n"
"                  [--max-speed N] [--force-poll] [--user UID]\n"
"                  [--groups GID,...] [--debug N]\n"
"       ifdhandler --list | --help | --version\n"
"\n"
"Drives one smart card reader for slotd, which starts it with its channel on\n"
"descriptor 3 and the device on descriptor 4.\n"
"\n"
"  --driver NAME    driver of the device, see --list\n"
"  --kind KIND      usb: descriptor 4 is an open node of /dev/bus/usb;\n"
"                   usbip: a socket on which the device was imported;\n"
"                   vpcd: one that brings connections of emulated cards\n"
"  --interface N    number of the USB interface (default: the CCID one)\n"
"  --devid N        USB/IP: the device's number at its server\n"
"  --speed N        USB/IP: its speed, as the server gave it\n"
"  --slots N        vpcd: for so many of them, 1 to 8 (1)\n"
"  --block-size N   tokens only: T=1 blocks of N bytes, 1 to 254, where the\n"
"                   driver knows 32 to work\n"
"  --max-speed N    CCID only: N bits a second at most for a card\n"
"  --force-poll     CCID only: ask for cards, though the reader would tell\n"
"  --user UID, --groups GID,...\n"
"                   who to be, if started as root; numbers\n"
"  --debug N        how much is logged: 0 errors ... 4 each exchange\n"
"  --list           names the drivers\n"
"  --help           this text\n"
"  --version        the version\n";

static const struct option long_options[] = {
	{ "driver", required_argument, NULL, 'd' },
	{ "kind", required_argument, NULL, 'k' },
	{ "interface", required_argument, NULL, 'i' },
	{ "devid", required_argument, NULL, 'n' },
	{ "speed", required_argument, NULL, 's' },
	{ "slots", required_argument, NULL, 'S' },
	{ "block-size", required_argument, NULL, 'b' },
	{ "max-speed", required_argument, NULL, 'm' },
	{ "force-poll", no_argument, NULL, 'p' },
	{ "user", required_argument, NULL, 'u' },
	{ "groups", required_argument, NULL, 'g' },
	{ "debug", required_argument, NULL, 'D' },
	{ "list", no_argument, NULL, 'l' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

static void
list_drivers(void)
{
	size_t n;
	const struct ifd_driver *const *d = ifd_drivers(&n);

	for (size_t i = 0; i < n; i++)
		printf("%-12s %s\n", d[i]->name, d[i]->text);
}

static void
wrong(const char *what, const char *value)
{
	fprintf(stderr, "ifdhandler: %s: %s\n%s", what, value, usage);
	exit(EXIT_USAGE);
}

static uint32_t
number(const char *text, unsigned long max)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 0);
	if (errno != 0 || end == text || *end != '\0' || n > max)
		wrong("not a number that is possible here", text);
	return (uint32_t)n;
}

static enum kind
kind_of(const char *text)
{
	if (strcmp(text, "usb") == 0)
		return KIND_USB;
	if (strcmp(text, "usbip") == 0)
		return KIND_USBIP;
	if (strcmp(text, "vpcd") == 0)
		return KIND_VPCD;
	wrong("no such kind of device", text);
	return KIND_NONE;
}

/* Numbers and commas. */
static void
read_groups(struct options *o, char *list)
{
	char *rest = list, *word;

	while ((word = strsep(&rest, ",")) != NULL) {
		if (o->identity.n == SANDBOX_GROUPS_MAX)
			wrong("too many groups", word);
		o->identity.groups[o->identity.n++] =
		    number(word, UINT32_MAX - 1);
	}
}

static void
read_option(struct options *o, int c)
{
	switch (c) {
	case 'd':
		o->driver = ifd_driver_find(optarg);
		if (o->driver == NULL)
			wrong("no such driver", optarg);
		break;
	case 'k':
		o->kind = kind_of(optarg);
		break;
	case 'i':
		o->interface = (int)number(optarg, 255);
		break;
	case 'n':
		o->devid = number(optarg, UINT32_MAX);
		break;
	case 's':
		(void)number(optarg, 255);	/* nothing depends on it */
		break;
	case 'S':
		o->slots = (uint8_t)number(optarg, VPCD_SLOTS_MAX);
		break;
	case 'b':
		o->wishes.block_size = (uint8_t)number(optarg, T1_INF_MAX);
		break;
	case 'm':
		o->wishes.max_speed = number(optarg, UINT32_MAX);
		break;
	case 'u':
		o->identity.has_user = true;
		o->identity.uid = number(optarg, UINT32_MAX - 1);
		break;
	case 'g':
		read_groups(o, optarg);
		break;
	case 'p':
		o->wishes.force_poll = true;
		break;
	case 'D':
		o->debug = (int)number(optarg, LOG_LEVEL_DEBUG);
		break;
	case 'l':
		list_drivers();
		exit(EXIT_SUCCESS);
	case 'h':
		fputs(usage, stdout);
		exit(EXIT_SUCCESS);
	case 'v':
		puts("ifdhandler " PACKAGE_VERSION);
		exit(EXIT_SUCCESS);
	default:
		fputs(usage, stderr);
		exit(EXIT_USAGE);
	}
}

static struct options
read_options(int argc, char **argv)
{
	struct options o = { .interface = -1, .slots = 1,
		.debug = LOG_LEVEL_NOTICE };
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		read_option(&o, c);
	if (optind != argc)
		wrong("what is this", argv[optind]);
	if (o.driver == NULL || o.kind == KIND_NONE)
		wrong("missing", o.driver == NULL ? "--driver" : "--kind");
	return o;
}

static enum err
open_device(struct usb **usb, const struct options *o)
{
	if (o->kind == KIND_USB)
		return usb_libusb_open(usb, CHANNEL_DEVICE_FD);
	if (o->kind == KIND_VPCD)
		return usb_vpcd_open(usb, CHANNEL_DEVICE_FD, o->slots);
	return usb_usbip_open(usb, CHANNEL_DEVICE_FD, o->devid);
}

/* Before the handler proper runs there is only this to tell slotd. */
static int
give_up(enum err e, const char *what)
{
	uint8_t buf[CHANNEL_HEADER + 256];
	char text[256];
	struct channel_msg m = { .type = CHANNEL_FAILED, .err = e };
	size_t n;

	snprintf(text, sizeof(text), "%s: %s", what, err_text(e));
	m.data = (struct view){ (const uint8_t *)text, strlen(text) };
	n = channel_encode(buf, &m);
	if (send(CHANNEL_FD, buf, n, MSG_NOSIGNAL) < 0)
		fprintf(stderr, "ifdhandler: %s (descriptor %d is no channel: "
		    "it is to be started by slotd)\n", text, CHANNEL_FD);
	return EXIT_FAILURE;
}

#ifdef SANITIZERS
/* The leak checker cannot work in the cage; the tests of the parts have it.
   Visible, or gcc's shared runtime does not find it. */
__attribute__((visibility("default")))
const char	*__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

int
main(int argc, char **argv)
{
	enum err e = sandbox_early();
	struct options o = read_options(argc, argv);
	struct usb *usb;

	log_set_level((enum log_level)o.debug);
	if (e != ERR_OK)
		return give_up(e, "cannot shed privileges");
	e = sandbox_become(&o.identity);
	if (e != ERR_OK)
		return give_up(e, "cannot become another user");
	e = open_device(&usb, &o);
	if (e != ERR_OK)
		return give_up(e, "cannot open the device");
	e = sandbox_enter(MEMORY_MAX);
	if (e != ERR_OK)
		return give_up(e, "cannot enter the sandbox");
	return handler_serve(CHANNEL_FD, usb, o.driver, o.interface,
	    &o.wishes);
}

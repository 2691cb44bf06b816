/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
"usage: slotd [OPTION]...\n"
"Offers the cards in smart card readers to programs.\n"
"\n"
"  -F, --foreground        stay in the foreground, log to standard error\n"
"  -f, --config FILE       read FILE (default " SYSCONFDIR "/openct.conf)\n"
"      --socket-dir DIR    sockets and status file (default " RUNDIR ",\n"
"                          or what OPENCT_SOCKETDIR says)\n"
"  -d, --debug             say more in the log; twice: each exchange\n"
"      --no-udev           only the readers named in the configuration\n"
"      --ifdhandler PATH   the program that drives a reader\n"
"  -v, --version           print the version\n"
"  -h, --help              print this\n";

enum { OPT_SOCKET_DIR = 256, OPT_NO_UDEV, OPT_IFDHANDLER };

static const struct option longs[] = {
	{ "foreground", no_argument, NULL, 'F' },
	{ "config", required_argument, NULL, 'f' },
	{ "socket-dir", required_argument, NULL, OPT_SOCKET_DIR },
	{ "debug", no_argument, NULL, 'd' },
	{ "no-udev", no_argument, NULL, OPT_NO_UDEV },
	{ "ifdhandler", required_argument, NULL, OPT_IFDHANDLER },
	{ "version", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static enum options_next
print(const char *text)
{
	return fputs(text, stdout) >= 0 && fflush(stdout) == 0 ?
	    OPTIONS_EXIT_OK : OPTIONS_EXIT_USAGE;
}

enum options_next
options_parse(struct options *o, int argc, char **argv)
{
	const char *dir = getenv("OPENCT_SOCKETDIR");
	int c;

	*o = (struct options){ .config = SYSCONFDIR "/openct.conf",
		.socket_dir = dir != NULL && dir[0] != '\0' ? dir : RUNDIR };
	while ((c = getopt_long(argc, argv, "Ff:dvh", longs, NULL)) != -1) {
		switch (c) {
		case 'F':
			o->foreground = true;
			break;
		case 'f':
			o->config = optarg;
			o->config_named = true;
			break;
		case 'd':
			o->debug++;
			break;
		case OPT_SOCKET_DIR:
			o->socket_dir = optarg;
			break;
		case OPT_NO_UDEV:
			o->no_udev = true;
			break;
		case OPT_IFDHANDLER:
			o->handler = optarg;
			break;
		case 'v':
			return print(PACKAGE_STRING "\n");
		case 'h':
			return print(help);
		default:
			fputs("try 'slotd --help'\n", stderr);
			return OPTIONS_EXIT_USAGE;
		}
	}
	if (optind == argc)
		return OPTIONS_RUN;
	fprintf(stderr, "slotd: unexpected argument: %s\n", argv[optind]);
	return OPTIONS_EXIT_USAGE;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "emulator/control.h"
#include "emulator/ctl.h"
#include "emulator/listen.h"
#include "emulator/loop.h"
#include "emulator/server.h"
#include "emulator/world.h"

enum { EXIT_USAGE = 2, ADDRESS_MAX = 300 };

struct emulator {
	struct loop loop;
	struct world world;
	struct server server;
	struct control control;
	const char *listen[SERVER_LISTEN_MAX];
	char address[SERVER_LISTEN_MAX][ADDRESS_MAX];
	size_t n_listen;
	const char *control_path;
	char control_address[ADDRESS_MAX];
	unsigned long fault_seed;	/* 0: none */
	int ready_fd;
	int signal_fd;
};

static void
print_usage(FILE *f)
{
	fputs("usage: slotemu --listen HOST:PORT|unix:PATH [--control PATH]\n"
	    "               --device MODEL[,option...] ... [--fault SEED]\n"
	    "               [--log[=bytes]] [--ready-fd N]\n"
	    "       slotemu ctl --control PATH REQUEST BUSID[:SLOT] "
	    "[ARGUMENT]\n"
	    "       slotemu --list-models | --version | --help\n"
	    "slotemu(1) tells the options, the cards and the faults.\n", f);
}

static int
usage(void)
{
	print_usage(stderr);
	return EXIT_USAGE;
}

/* Says what is wrong, for the caller to return. */
static bool
refuse(const char *why, const char *value)
{
	fprintf(stderr, "slotemu: %s%s%s\n", why, value != NULL ? ", not " : "",
	    value != NULL ? value : "");
	return false;
}

static int
list_models(void)
{
	size_t n;
	const struct usb_model *const *m = usb_models(&n);

	for (size_t i = 0; i < n; i++)
		printf("%-20s %s\n", m[i]->name, m[i]->about);
	return EXIT_SUCCESS;
}

static bool
set_log(struct emulator *e, const char *value)
{
	if (value != NULL && strcmp(value, "bytes") != 0)
		return refuse("--log or --log=bytes is expected", NULL);
	e->world.log = value == NULL ? WORLD_LOG_TRANSFERS : WORLD_LOG_BYTES;
	return true;
}

/* The same seed for all devices, but not the same faults. */
static bool
set_faults(struct emulator *e)
{
	char script[32];

	for (size_t i = 0; e->fault_seed != 0 && i < e->world.n; i++) {
		snprintf(script, sizeof(script), "seed=%lu",
		    e->fault_seed + i);
		if (!usb_set_fault(e->world.port[i].dev, script))
			return false;
	}
	return true;
}

static bool
set_option(struct emulator *e, int o, const char *value)
{
	char why[WORLD_WHY_MAX];

	switch (o) {
	case 'l':
		if (e->n_listen == SERVER_LISTEN_MAX)
			return refuse("--listen is taken four times at most",
			    NULL);
		e->listen[e->n_listen++] = value;
		return true;
	case 'c':
		e->control_path = value;
		return true;
	case 'd':
		if (world_add(&e->world, value, why))
			return true;
		return refuse(why, NULL);
	case 'f':
		e->fault_seed = strtoul(value, NULL, 10);
		return e->fault_seed != 0 ||
		    refuse("--fault: a number above 0 is expected", value);
	case 'g':
		return set_log(e, value);
	case 'r':
		e->ready_fd = atoi(value);
		return e->ready_fd > 2 ||
		    refuse("--ready-fd: a number above 2 is expected", value);
	default:
		return false;
	}
}

static bool
is_complete(const struct emulator *e)
{
	if (e->n_listen == 0)
		return refuse("--listen is missing", NULL);
	return e->world.n != 0 || refuse("--device is missing", NULL);
}

/* Returns -1 to go on, else an exit code. */
static int
read_arguments(struct emulator *e, int argc, char **argv)
{
	static const struct option options[] = {
		{ "control", required_argument, NULL, 'c' },
		{ "device", required_argument, NULL, 'd' },
		{ "fault", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "list-models", no_argument, NULL, 'm' },
		{ "listen", required_argument, NULL, 'l' },
		{ "log", optional_argument, NULL, 'g' },
		{ "ready-fd", required_argument, NULL, 'r' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o == 'h') {
			print_usage(stdout);
			return EXIT_SUCCESS;
		}
		if (o == 'm')
			return list_models();
		if (o == 'v')
			return puts("slotemu " PACKAGE_VERSION) < 0;
		if (!set_option(e, o, optarg))
			return usage();
	}
	if (optind != argc)
		refuse("options are expected", argv[optind]);
	return optind == argc && is_complete(e) && set_faults(e) ? -1 : usage();
}

static bool
open_listeners(struct emulator *e)
{
	char why[WORLD_WHY_MAX];

	for (size_t i = 0; i < e->n_listen; i++) {
		int fd = listen_on(e->listen[i], e->address[i], ADDRESS_MAX,
		    why, sizeof(why));

		if (fd < 0 || !server_listen(&e->server, fd)) {
			fprintf(stderr, "slotemu: %s\n", why);
			return false;
		}
	}
	return true;
}

static bool
open_control(struct emulator *e)
{
	char why[WORLD_WHY_MAX], address[ADDRESS_MAX];
	int fd;

	if (e->control_path == NULL)
		return true;
	snprintf(address, sizeof(address), "unix:%s", e->control_path);
	fd = listen_on(address, e->control_address, ADDRESS_MAX, why,
	    sizeof(why));
	if (fd < 0) {
		fprintf(stderr, "slotemu: %s\n", why);
		return false;
	}
	return control_init(&e->control, &e->loop, &e->world, &e->server, fd);
}

static void
on_signal(void *arg, short revents)
{
	struct emulator *e = arg;

	(void)revents;
	e->loop.quit = true;
}

static bool
catch_signals(struct emulator *e)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	e->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return e->signal_fd >= 0 &&
	    loop_add(&e->loop, e->signal_fd, POLLIN, on_signal, e) >= 0;
}

static void
tell_ready(const struct emulator *e)
{
	for (size_t i = 0; i < e->n_listen; i++)
		printf("listening %s\n", e->address[i]);
	fflush(stdout);
	if (e->ready_fd < 0)
		return;
	for (size_t i = 0; i < e->n_listen; i++)
		dprintf(e->ready_fd, "listening %s\n", e->address[i]);
	close(e->ready_fd);
}

static int
milliseconds_until(uint64_t deadline, uint64_t now)
{
	if (deadline == USB_NEVER)
		return -1;
	if (deadline <= now)
		return 0;
	return deadline - now > 60000 ? 60000 : (int)(deadline - now);
}

static void
serve(struct emulator *e)
{
	while (!e->loop.quit) {
		loop_once(&e->loop, milliseconds_until(
		    world_deadline(&e->world), clock_now_ms()));
		world_tick(&e->world, clock_now_ms());
		server_pump(&e->server);
	}
}

static void
emulator_fini(struct emulator *e)
{
	control_fini(&e->control);
	server_fini(&e->server);
	world_fini(&e->world);
	for (size_t i = 0; i < e->server.n_listen; i++)
		listen_forget(e->address[i]);
	if (e->control.listen_fd >= 0)
		listen_forget(e->control_address);
	if (e->signal_fd >= 0)
		close(e->signal_fd);
}

int
main(int argc, char **argv)
{
	static struct emulator e = {
		.ready_fd = -1, .signal_fd = -1, .control.listen_fd = -1,
	};
	int rc;

	if (argc > 1 && strcmp(argv[1], "ctl") == 0)
		return ctl_main(argc - 1, argv + 1);
	loop_init(&e.loop);
	server_init(&e.server, &e.loop, &e.world);
	rc = read_arguments(&e, argc, argv);
	if (rc < 0) {
		rc = EXIT_FAILURE;
		if (catch_signals(&e) && open_listeners(&e) &&
		    open_control(&e)) {
			tell_ready(&e);
			serve(&e);
			rc = EXIT_SUCCESS;
		}
	}
	emulator_fini(&e);
	return rc;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/ctl.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "emulator/card.h"
#include "emulator/control.h"
#include "emulator/listen.h"

enum { EXIT_USAGE = 2 };

static int
usage(void)
{
	fputs("usage: slotemu ctl --control PATH REQUEST BUSID[:SLOT] "
	    "[ARGUMENT]\n"
	    "requests: card fault insert plug remove stats stats-reset unplug\n",
	    stderr);
	return EXIT_USAGE;
}

/* The words as one line; a card's file name is made absolute. */
static size_t
make_line(char *dst, size_t cap, int argc, char **argv)
{
	char real[PATH_MAX];
	const char *arg = argc > 2 ? argv[2] : NULL;
	int n;

	if (arg != NULL && strcmp(argv[0], "card") == 0 &&
	    card_builtin(arg) == NULL && realpath(arg, real) != NULL)
		arg = real;
	n = snprintf(dst, cap, "%s%s%s%s%s\n", argv[0], argc > 1 ? " " : "",
	    argc > 1 ? argv[1] : "", arg == NULL ? "" : " ",
	    arg == NULL ? "" : arg);
	return n < 0 || (size_t)n >= cap ? 0 : (size_t)n;
}

static bool
ask(int fd, const char *line, size_t n, char *answer, size_t cap)
{
	size_t len = 0;
	ssize_t k;

	if (send(fd, line, n, MSG_NOSIGNAL) != (ssize_t)n)
		return false;
	while (len < cap - 1) {
		k = read(fd, answer + len, cap - 1 - len);
		if (k <= 0)
			return false;
		len += (size_t)k;
		answer[len] = 0;
		if (answer[len - 1] == '\n') {
			answer[len - 1] = 0;
			return true;
		}
	}
	return false;
}

static int
run(const char *path, int argc, char **argv)
{
	char line[CONTROL_LINE_MAX], answer[2 * CONTROL_LINE_MAX];
	size_t n = make_line(line, sizeof(line), argc, argv);
	int fd;
	bool ok;

	if (n == 0 || argc > 3)
		return usage();
	fd = connect_unix(path);
	if (fd < 0) {
		fprintf(stderr, "slotemu: no slotemu is at %s: %s\n", path,
		    strerror(errno));
		return EXIT_FAILURE;
	}
	ok = ask(fd, line, n, answer, sizeof(answer));
	close(fd);
	if (!ok) {
		fprintf(stderr, "slotemu: %s: no answer\n", path);
		return EXIT_FAILURE;
	}
	if (strncmp(answer, "error ", 6) == 0) {
		fprintf(stderr, "slotemu: %s\n", answer + 6);
		return EXIT_FAILURE;
	}
	if (strncmp(answer, "ok ", 3) == 0)
		puts(answer + 3);
	return EXIT_SUCCESS;
}

int
ctl_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "control", required_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = NULL;
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o != 'c')
			return usage();
		path = optarg;
	}
	if (path == NULL || optind == argc)
		return usage();
	return run(path, argc - optind, argv + optind);
}

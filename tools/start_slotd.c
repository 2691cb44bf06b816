/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "tools/start_slotd.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/print.h"

enum { DEBUG_MAX = 8 };

int
complain(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fputs("openct-control: ", stderr);
	print_text(stderr, text, 0);
	putc('\n', stderr);
	return 1;
}

/* slotd beside this program, else where it is installed. */
static void
find_slotd(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - sizeof("slotd"));

	if (n > 0) {
		path[n] = '\0';
		strcpy(strrchr(path, '/') + 1, "slotd");
		if (access(path, X_OK) == 0)
			return;
	}
	snprintf(path, PATH_MAX, "%s", SBINDIR "/slotd");
}

/* Root makes the directory and goes on as the user that slotd is to be. */
static int
become_user(const char *dir)
{
	const struct passwd *user = getpwnam("slotd");

	if (geteuid() != 0)
		return 0;
	if (user == NULL) {
		complain("there is no user slotd: slotd runs as root");
		return 0;
	}
	if (mkdir(dir, 0755) == 0 && lchown(dir, user->pw_uid,
	    user->pw_gid) != 0)
		return complain("%s: %s", dir, strerror(errno));
	if (initgroups("slotd", user->pw_gid) != 0 ||
	    setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
		return complain("cannot become user slotd: %s",
		    strerror(errno));
	return 0;
}

/* In a child: slotd, which goes to the background once it is ready. */
static void
start(const char *dir, const char *config, unsigned debug)
{
	const char *argv[DEBUG_MAX + 6] = { "slotd", "--socket-dir", dir };
	char path[PATH_MAX], *const *args;
	size_t n = 3;

	if (config != NULL) {
		argv[n++] = "-f";
		argv[n++] = config;
	}
	for (unsigned i = 0; i < debug && i < DEBUG_MAX; i++)
		argv[n++] = "-d";
	find_slotd(path);
	if (become_user(dir) != 0)
		_exit(1);
	memcpy(&args, &(const char *const *){ argv }, sizeof(args));
	execv(path, args);		/* does not write to them */
	complain("%s: %s", path, strerror(errno));
	_exit(1);
}

int
start_slotd(const char *dir, const char *config, unsigned debug)
{
	int status;
	pid_t pid;

	/* who started us may have it ignored: then nobody could be waited for */
	(void)signal(SIGCHLD, SIG_DFL);
	pid = fork();
	if (pid < 0)
		return complain("fork: %s", strerror(errno));
	if (pid == 0)
		start(dir, config, debug);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return complain("waitpid: %s", strerror(errno));
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 :
	    complain("slotd did not start");
}

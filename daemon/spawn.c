/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

#include "protocols/channel.h"

/* A copy above the numbers the program expects, so that dup2 cannot collide. */
static int
copy_high(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, CHANNEL_DEVICE_FD + 1);
}

static int
set_attributes(posix_spawnattr_t *attr)
{
	sigset_t all, none;
	int e;

	sigfillset(&all);
	sigemptyset(&none);
	e = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF |
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	if (e == 0)
		e = posix_spawnattr_setsigdefault(attr, &all);
	if (e == 0)
		e = posix_spawnattr_setsigmask(attr, &none);
	return e != 0 ? e : posix_spawnattr_setpgroup(attr, 0);
}

static int
set_files(posix_spawn_file_actions_t *files, int channel_fd, int device_fd)
{
	int e = posix_spawn_file_actions_addopen(files, STDIN_FILENO,
	    "/dev/null", O_RDONLY, 0);

	if (e == 0)
		e = posix_spawn_file_actions_adddup2(files, channel_fd,
		    CHANNEL_FD);
	return e != 0 ? e : posix_spawn_file_actions_adddup2(files, device_fd,
	    CHANNEL_DEVICE_FD);
}

static int
run(pid_t *pid, const char *program, const char *const *argv, int channel_fd,
    int device_fd)
{
	static char *const no_environment[] = { NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	char *const *args;
	int e;

	memcpy(&args, &argv, sizeof(args));	/* it does not write to them */
	if (posix_spawn_file_actions_init(&files) != 0)
		return ENOMEM;
	if (posix_spawnattr_init(&attr) != 0) {
		posix_spawn_file_actions_destroy(&files);
		return ENOMEM;
	}
	e = set_attributes(&attr);
	if (e == 0)
		e = set_files(&files, channel_fd, device_fd);
	if (e == 0)
		e = posix_spawn(pid, program, &files, &attr, args,
		    no_environment);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return e;
}

pid_t
spawn_with_fds(const char *program, const char *const *argv, int channel_fd,
    int device_fd)
{
	int channel = copy_high(channel_fd), device = copy_high(device_fd);
	pid_t pid = -1;
	int e = errno;

	if (channel >= 0 && device >= 0)
		e = run(&pid, program, argv, channel, device);
	if (channel >= 0)
		close(channel);
	if (device >= 0)
		close(device);
	errno = e;
	return e == 0 ? pid : -1;
}

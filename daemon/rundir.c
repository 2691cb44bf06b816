/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err
check_dir(const char *dir, char *text, size_t cap)
{
	struct stat st;

	if (mkdir(dir, 0755) != 0 && errno != EEXIST) {
		snprintf(text, cap, "cannot make %s: %s", dir, strerror(errno));
		return ERR_SYSTEM;
	}
	if (lstat(dir, &st) != 0) {
		snprintf(text, cap, "%s: %s", dir, strerror(errno));
		return ERR_SYSTEM;
	}
	if (!S_ISDIR(st.st_mode)) {
		snprintf(text, cap, "%s is not a directory", dir);
		return ERR_DENIED;
	}
	if (st.st_uid != geteuid() && st.st_uid != 0) {
		snprintf(text, cap, "%s belongs to user %lu, not to slotd's "
		    "user %lu", dir, (unsigned long)st.st_uid,
		    (unsigned long)geteuid());
		return ERR_DENIED;
	}
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		snprintf(text, cap, "%s can be written to by others; "
		    "its mode should be 0755", dir);
		return ERR_DENIED;
	}
	return ERR_OK;
}

static void
say_taken(int fd, const char *dir, char *text, size_t cap)
{
	char pid[16];
	ssize_t n = read(fd, pid, sizeof(pid) - 1);

	pid[n > 0 ? n : 0] = '\0';
	pid[strcspn(pid, "\n")] = '\0';
	snprintf(text, cap, "slotd already runs in %s%s%s", dir,
	    pid[0] != '\0' ? ", pid " : "", pid);
}

/* Is the locked file still the one of that name? It may have been removed. */
static bool
is_same(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 &&
	    a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

enum err
rundir_claim(int *fd, const char *dir, char *text, size_t cap)
{
	char path[PATH_MAX];
	enum err e = check_dir(dir, text, cap);

	*fd = -1;
	if (e != ERR_OK)
		return e;
	snprintf(path, sizeof(path), "%s/slotd.pid", dir);
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (*fd < 0) {
		snprintf(text, cap, "cannot write in %s: %s", dir,
		    strerror(errno));
		return ERR_SYSTEM;
	}
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0 && is_same(*fd, path))
		return ERR_OK;
	say_taken(*fd, dir, text, cap);
	close(*fd);
	*fd = -1;
	return ERR_BUSY;
}

enum err
rundir_write_pid(int fd, pid_t pid)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)pid);

	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
		return ERR_SYSTEM;
	return ERR_OK;
}

void
rundir_release(int fd, const char *dir)
{
	char path[PATH_MAX];

	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "%s/slotd.pid", dir);
	unlink(path);
	close(fd);
}

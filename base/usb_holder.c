/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "base/usb_holder.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { NAMED_MAX = 3, COMM_MAX = 16 };

/* Programs that drive readers, or hand whole devices to others. */
static const char *const usual[] = {
	"pcscd", "scdaemon", "ifdhandler", "slotd", "qemu-system-x86",
	"qemu-system-aar", "VBoxSVC", "VirtualBoxVM", "vmware-vmx", "ykman",
};

struct process {
	long pid, parent;
	char name[COMM_MAX + 1];
};

/* The pids among the names of a directory; 0 at its end. */
static long
next_pid(DIR *proc)
{
	struct dirent *e;

	while ((e = readdir(proc)) != NULL) {
		if (isdigit((unsigned char)e->d_name[0]))
			return strtol(e->d_name, NULL, 10);
	}
	return 0;
}

/* "pid (name) state ppid ...": the name may hold anything. */
static bool
look_up(struct process *p, long pid)
{
	char path[64], line[128], *end;
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	ok = fgets(line, sizeof(line), f) != NULL &&
	    (end = strrchr(line, ')')) != NULL && strchr(line, '(') != NULL &&
	    sscanf(end, ") %*c %ld", &p->parent) == 1;
	fclose(f);
	if (!ok)
		return false;
	*end = '\0';
	p->pid = pid;
	snprintf(p->name, sizeof(p->name), "%s", strchr(line, '(') + 1);
	return true;
}

static bool
has_open(long pid, const char *path)
{
	char dir[64], target[PATH_MAX];
	struct dirent *e;
	bool found = false;
	ssize_t n;
	DIR *fds;

	snprintf(dir, sizeof(dir), "/proc/%ld/fd", pid);
	fds = opendir(dir);
	while (fds != NULL && !found && (e = readdir(fds)) != NULL) {
		n = readlinkat(dirfd(fds), e->d_name, target,
		    sizeof(target) - 1);
		if (n > 0) {
			target[n] = '\0';
			found = strcmp(target, path) == 0;
		}
	}
	if (fds != NULL)
		closedir(fds);
	return found;
}

static void
append(char text[USB_HOLDER_MAX + 1], const struct process *p)
{
	size_t n = strlen(text);

	snprintf(text + n, USB_HOLDER_MAX + 1 - n, "%s%s (process %ld)",
	    n != 0 ? ", " : "", p->name, p->pid);
}

static bool
is_usual(const struct process *p, const char *path)
{
	(void)path;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (strncmp(p->name, usual[i], COMM_MAX - 1) == 0)
			return true;
	}
	return false;
}

static bool
is_holder(const struct process *p, const char *path)
{
	return has_open(p->pid, path);
}

static unsigned
collect(char text[USB_HOLDER_MAX + 1], pid_t slotd, const char *path,
    bool (*is_one)(const struct process *, const char *path))
{
	DIR *proc = opendir("/proc");
	unsigned n = 0;
	struct process p;
	long pid;

	text[0] = '\0';
	while (proc != NULL && (pid = next_pid(proc)) != 0) {
		if (!look_up(&p, pid) || p.pid == slotd || p.parent == slotd ||
		    p.pid == getpid() || !is_one(&p, path))
			continue;
		if (n++ < NAMED_MAX)
			append(text, &p);
	}
	if (proc != NULL)
		closedir(proc);
	return n;
}

unsigned
usb_holder_processes(char text[USB_HOLDER_MAX + 1], const char *path,
    pid_t slotd)
{
	return collect(text, slotd, path, is_holder);
}

/* The last part of where a link in sysfs leads, or false. */
static bool
link_name(char *dst, size_t cap, int dir, const char *name)
{
	char target[PATH_MAX], *slash;
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

	if (n <= 0)
		return false;
	target[n] = '\0';
	slash = strrchr(target, '/');
	snprintf(dst, cap, "%.60s", slash != NULL ? slash + 1 : target);
	return true;
}

/* What is bound to the interfaces, "1-1:1.0"; a program shows as "usbfs". */
static bool
bound_driver(char *dst, size_t cap, const char *node)
{
	char path[PATH_MAX];
	struct dirent *e;
	struct stat st;
	bool found = false;
	DIR *dir;

	if (stat(node, &st) != 0 || !S_ISCHR(st.st_mode))
		return false;
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u", major(st.st_rdev),
	    minor(st.st_rdev));
	dir = opendir(path);
	while (dir != NULL && !found && (e = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "%s/driver", e->d_name);
		found = strchr(e->d_name, ':') != NULL &&
		    link_name(dst, cap, dirfd(dir), path);
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

enum usb_holder
usb_holder_find(char text[USB_HOLDER_MAX + 1], const char *node, pid_t slotd)
{
	char driver[64] = "", maybe[USB_HOLDER_MAX + 1];
	bool bound = bound_driver(driver, sizeof(driver), node);

	if (bound && strcmp(driver, "usbfs") != 0) {
		snprintf(text, USB_HOLDER_MAX + 1, "the kernel's driver %s",
		    driver);
		return USB_HOLDER_KNOWN;
	}
	if (usb_holder_processes(text, node, slotd) != 0)
		return USB_HOLDER_KNOWN;
	if (!bound)
		return USB_HOLDER_NOBODY;
	(void)collect(maybe, slotd, node, is_usual);
	snprintf(text, USB_HOLDER_MAX + 1, USB_HOLDER_HIDDEN_TEXT "%s%.150s",
	    maybe[0] != '\0' ? ", maybe " : "", maybe);
	return USB_HOLDER_HIDDEN;
}

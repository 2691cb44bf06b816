/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/background.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"

/* The process somebody started: ends when the daemon is ready or dead. */
static void
wait_for_daemon(int fd)
{
	char c;

	_exit(read(fd, &c, 1) == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
}

int
background_enter(void)
{
	int pair[2];
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) != 0)
		return -1;
	pid = fork();
	if (pid < 0)
		return -1;
	if (pid > 0) {
		close(pair[1]);
		wait_for_daemon(pair[0]);
	}
	close(pair[0]);
	if (setsid() < 0)
		return -1;
	pid = fork();		/* no session leader: no terminal ever again */
	if (pid < 0)
		return -1;
	if (pid > 0)
		_exit(EXIT_SUCCESS);
	return chdir("/") == 0 ? pair[1] : -1;
}

static const int priority[] = {
	[LOG_LEVEL_ERROR] = LOG_ERR,
	[LOG_LEVEL_WARN] = LOG_WARNING,
	[LOG_LEVEL_NOTICE] = LOG_NOTICE,
	[LOG_LEVEL_INFO] = LOG_INFO,
	[LOG_LEVEL_DEBUG] = LOG_DEBUG,
};

static void
to_journal(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	fprintf(stderr, "<%d>%s\n", priority[level], line);
}

void
background_log_to_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");	/* systemd.exec(5) */
	unsigned long long dev, ino;
	struct stat st;

	if (stream != NULL && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
	    fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev &&
	    st.st_ino == ino)
		log_set_sink(to_journal, NULL);
}

static void
to_syslog(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	syslog(priority[level], "%s", line);
}

void
background_ready(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	openlog("slotd", LOG_PID, LOG_DAEMON);
	log_set_sink(to_syslog, NULL);
	if (write(fd, "", 1) != 1)
		log_at(LOG_LEVEL_INFO, NULL, "nobody waits for the start");
	close(fd);
	for (int i = STDIN_FILENO; null >= 0 && i <= STDERR_FILENO; i++) {
		if (dup2(null, i) < 0)
			log_at(LOG_LEVEL_WARN, NULL,
			    "cannot let go of the terminal");
	}
	if (null > STDERR_FILENO)
		close(null);
}

void
background_notify(const char *state)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t n = path != NULL ? strlen(path) : 0;
	int fd;

	if (n == 0 || n >= sizeof(sun.sun_path))
		return;
	memcpy(sun.sun_path, path, n);
	if (path[0] == '@')
		sun.sun_path[0] = '\0';		/* abstract */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL,
	    (const struct sockaddr *)&sun,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
		log_at(LOG_LEVEL_WARN, NULL, "cannot notify systemd");
	if (fd >= 0)
		close(fd);
}

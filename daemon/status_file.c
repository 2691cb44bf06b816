/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/status_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

enum {
	RECORD = sizeof(struct openct_record),
	FILE_SIZE = OPENCT_READERS_MAX * RECORD,
	PID_AT = offsetof(struct openct_record, pid),
};

struct status_file {
	int fd;
};

static bool
write_at(const struct status_file *f, const void *p, size_t n, size_t at)
{
	ssize_t k;

	do {
		k = pwrite(f->fd, p, n, (off_t)at);
	} while (k < 0 && errno == EINTR);
	return k == (ssize_t)n;
}

/* At least as long as programs map; what lies behind is not ours. */
static enum err
prepare(struct status_file *f)
{
	struct stat st;

	if (fstat(f->fd, &st) < 0)
		return ERR_SYSTEM;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return ERR_SYSTEM;
	}
	if (fchmod(f->fd, 0644) < 0)
		return ERR_SYSTEM;
	if (st.st_size < FILE_SIZE && ftruncate(f->fd, FILE_SIZE) < 0)
		return ERR_SYSTEM;
	for (unsigned i = 0; i < OPENCT_READERS_MAX; i++)
		status_file_set(f, i, NULL);
	return ERR_OK;
}

enum err
status_file_open(struct status_file **out, const char *path)
{
	struct status_file *f = calloc(1, sizeof(*f));
	enum err e = ERR_SYSTEM;

	if (f == NULL)
		return ERR_MEMORY;
	f->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
	    O_NONBLOCK | O_NOCTTY, 0644);
	if (f->fd >= 0)
		e = prepare(f);
	if (e == ERR_OK) {
		*out = f;
		return ERR_OK;
	}
	if (f->fd >= 0)
		close(f->fd);
	free(f);
	return e;
}

void
status_file_close(struct status_file *f)
{
	if (f == NULL)
		return;
	for (unsigned i = 0; i < OPENCT_READERS_MAX; i++)
		status_file_set(f, i, NULL);
	close(f->fd);
	free(f);
}

void
status_file_set(struct status_file *f, unsigned index,
    const struct openct_record *record)
{
	static const struct openct_record none;
	const struct openct_record *r = record != NULL ? record : &none;
	size_t at = index * (size_t)RECORD;
	bool ok;

	if (record == NULL)	/* first it is nobody's, then it is empty */
		ok = write_at(f, &r->pid, RECORD - PID_AT, at + PID_AT) &&
		    write_at(f, r, PID_AT, at);
	else			/* the other way round */
		ok = write_at(f, r, PID_AT, at) &&
		    write_at(f, &r->pid, RECORD - PID_AT, at + PID_AT);
	if (!ok)
		log_at(LOG_LEVEL_ERROR, "status file", "cannot write: %s",
		    strerror(errno));
}

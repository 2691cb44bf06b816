/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "lib/openct/openct.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/handle.h"

/* What programs see is what slotd writes. */
_Static_assert(sizeof(struct ct_info) == sizeof(struct openct_record), "ABI");
_Static_assert(offsetof(struct ct_info, ct_slots) ==
    offsetof(struct openct_record, slots), "ABI");
_Static_assert(offsetof(struct ct_info, ct_card) ==
    offsetof(struct openct_record, card), "ABI");
_Static_assert(offsetof(struct ct_info, ct_pid) ==
    offsetof(struct openct_record, pid), "ABI");
_Static_assert(OPENCT_MAX_READERS == OPENCT_READERS_MAX, "ABI");
_Static_assert(OPENCT_MAX_SLOTS == OPENCT_SLOTS_MAX, "ABI");

/*
 * The mapping that ct_status hands out. Its callers keep the pointer, so it is
 * never unmapped: a new file gets a new mapping.
 */
static struct {
	pthread_mutex_t mutex;
	const struct ct_info *map;
	dev_t dev;
	ino_t ino;
} status = { .mutex = PTHREAD_MUTEX_INITIALIZER };

/* Maps the file unless it is the one that is mapped already. */
static int
map_status(int fd)
{
	const size_t size = OPENCT_READERS_MAX * sizeof(struct openct_record);
	struct stat st;
	void *map;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_size < (off_t)size)
		return -1;
	if (status.map != NULL && st.st_dev == status.dev &&
	    st.st_ino == status.ino)
		return 0;
	map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -1;
	status.map = map;
	status.dev = st.st_dev;
	status.ino = st.st_ino;
	return 0;
}

int
ct_status(const ct_info_t **info)
{
	int fd, rc;

	daemon_await();
	fd = status_open();
	if (fd < 0) {
		log_quiet("cannot open the status file: %s", strerror(errno));
		return -1;
	}
	pthread_mutex_lock(&status.mutex);
	rc = map_status(fd);
	*info = status.map;
	pthread_mutex_unlock(&status.mutex);
	close(fd);
	return rc == 0 ? OPENCT_READERS_MAX : -1;
}

int
ct_status_destroy(void)
{
	return OPENCT_E_UNSUPPORTED;
}

int
ct_status_clear(unsigned count, const char *owner)
{
	(void)count;
	(void)owner;
	return OPENCT_E_UNSUPPORTED;
}

ct_info_t *
ct_status_alloc_slot(int *num)
{
	(void)num;
	errno = EPERM;
	return NULL;
}

int
ct_status_update(ct_info_t *info)
{
	(void)info;
	return OPENCT_E_UNSUPPORTED;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "lib/openct/openct.h"

#include <errno.h>

#include "base/secret.h"
#include "lib/handle.h"

int
ct_reader_info(unsigned reader, ct_info_t *info)
{
	struct openct_record r;

	daemon_await();
	if (record_read(&r, reader) != ERR_OK)
		return OPENCT_E_GENERIC;
	memcpy(info, &r, sizeof(r));
	return 0;
}

ct_handle *
ct_reader_connect(unsigned reader)
{
	struct ct_handle *h;
	enum err e;

	if (reader >= OPENCT_READERS_MAX) {
		errno = ENODEV;
		return NULL;
	}
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return NULL;
	h->reader = reader;
	daemon_await();
	e = conn_open(&h->conn, reader);
	if (e == ERR_OK)
		return h;
	log_quiet("cannot connect to reader %u: %s", reader, err_text(e));
	free(h);
	return NULL;
}

void
ct_reader_disconnect(ct_handle *h)
{
	if (h == NULL)
		return;
	conn_close(&h->conn);
	secret_free(&h, sizeof(*h));
}

int
ct_reader_status(ct_handle *h, ct_info_t *info)
{
	struct openct_record r;
	enum err e;

	if (h == NULL)
		return OPENCT_E_DISCONNECTED;
	e = record_read(&r, h->reader);
	if (e != ERR_OK)
		return openct_error_from(e);
	memcpy(info, &r, sizeof(r));
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "lib/ifdh.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/ifdh_channel.h"
#include "lib/ifdh_log.h"
#include "protocols/openct_wire.h"

/* pcscd knows a channel by its Lun only. It closes one when no call on it is
   under way, so a channel that was found stays while it is used. */
struct member {
	struct member *next;
	ifdh_dword lun;
	struct channel *channel;
};

static struct {
	pthread_mutex_t mutex;
	struct member *first;
} list = { .mutex = PTHREAD_MUTEX_INITIALIZER };

/* Where the member with that Lun is, or the end. List locked. */
static struct member **
place(ifdh_dword lun)
{
	struct member **m = &list.first;

	while (*m != NULL && (*m)->lun != lun)
		m = &(*m)->next;
	return m;
}

static struct channel *
find(ifdh_dword lun)
{
	struct member *m;

	pthread_mutex_lock(&list.mutex);
	m = *place(lun);
	pthread_mutex_unlock(&list.mutex);
	return m != NULL ? m->channel : NULL;
}

/* What pcscd is told of slotd's errors. A reader that has left has no card. */
static ifdh_result
result_of(int error, ifdh_result otherwise)
{
	switch (error) {
	case OPENCT_E_NO_CARD:
	case OPENCT_E_GONE:
		return IFDH_ABSENT;
	case OPENCT_E_TIMEOUT:
		return IFDH_E_TIMEOUT;
	case OPENCT_E_UNSUPPORTED:
		return IFDH_E_UNSUPPORTED;
	case OPENCT_E_BUFFER:
		return IFDH_E_BUFFER;
	}
	return error >= 0 ? IFDH_SUCCESS : otherwise;
}

/* Takes the channel over, in the place of one that has the same Lun. */
static bool
add(ifdh_dword lun, struct channel *channel)
{
	struct member *m = malloc(sizeof(*m));
	struct channel *old = NULL;
	struct member **at;

	if (m == NULL)
		return false;
	*m = (struct member){ .lun = lun, .channel = channel };
	pthread_mutex_lock(&list.mutex);
	at = place(lun);
	if (*at != NULL) {
		old = (*at)->channel;
		m->next = (*at)->next;
		free(*at);
	}
	*at = m;
	pthread_mutex_unlock(&list.mutex);
	channel_close(old);
	return true;
}

ifdh_result
IFDHCreateChannelByName(ifdh_dword lun, char *device)
{
	struct channel *c = NULL;
	enum err e = channel_open(&c, device, lun & 0xffff);

	if (e == ERR_ARG)
		ifdh_log(IFDH_LOG_ERROR, "DEVICENAME %s: write slotd:NUMBER or "
		    "slotd:NAME, a reader that `slotctl list' shows", device);
	if (e != ERR_OK)
		return IFDH_E_NO_DEVICE;
	if (add(lun, c))
		return IFDH_SUCCESS;
	channel_close(c);
	return IFDH_E_COMM;
}

ifdh_result
IFDHCreateChannel(ifdh_dword lun, ifdh_dword channel)
{
	char device[32];

	if (channel < OPENCT_READERS_MAX) {
		snprintf(device, sizeof(device), "slotd:%lu", channel);
		return IFDHCreateChannelByName(lun, device);
	}
	ifdh_log(IFDH_LOG_ERROR, "CHANNELID %#lx is not a number of slotd's "
	    "readers, 0 to %d", channel, OPENCT_READERS_MAX - 1);
	return IFDH_E_NO_DEVICE;
}

ifdh_result
IFDHCloseChannel(ifdh_dword lun)
{
	struct member **at, *m;

	pthread_mutex_lock(&list.mutex);
	at = place(lun);
	m = *at;
	if (m != NULL)
		*at = m->next;
	pthread_mutex_unlock(&list.mutex);
	if (m == NULL)
		return IFDH_E_NO_DEVICE;
	channel_close(m->channel);
	free(m);
	return IFDH_SUCCESS;
}

/* pcscd asks with these for changes; both are called from its own threads. */
static ifdh_result
await(ifdh_dword lun, int timeout_ms)
{
	struct channel *c = find(lun);

	if (c == NULL)
		return IFDH_E_NO_DEVICE;
	channel_await(c, timeout_ms);
	return IFDH_SUCCESS;
}

static ifdh_result
stop(ifdh_dword lun)
{
	struct channel *c = find(lun);

	if (c == NULL)
		return IFDH_E_NO_DEVICE;
	channel_stop(c);
	return IFDH_SUCCESS;
}

/* Answers a tag with n bytes, all of them or none. */
static ifdh_result
give(ifdh_dword *length, ifdh_byte *value, const void *p, size_t n)
{
	if (*length < n)
		return IFDH_E_BUFFER;
	if (n != 0)
		memcpy(value, p, n);
	*length = n;
	return IFDH_SUCCESS;
}

static ifdh_result
give_byte(ifdh_dword *length, ifdh_byte *value, unsigned byte)
{
	const uint8_t b = (uint8_t)byte;

	return give(length, value, &b, sizeof(b));
}

/*
 * pcscd asks with a buffer of just this size, programs with a larger one: the
 * tags reach us from them as well, and no address is theirs to know.
 */
static ifdh_result
give_function(ifdh_dword *length, ifdh_byte *value, const void *p, size_t n)
{
	return *length == n ? give(length, value, p, n) : IFDH_E_TAG;
}

ifdh_result
IFDHGetCapabilities(ifdh_dword lun, ifdh_dword tag, ifdh_dword *length,
    ifdh_byte *value)
{
	static const ifdh_wait_fn wait_fn = await;
	static const ifdh_stop_fn stop_fn = stop;
	struct channel *c = find(lun);
	uint8_t atr[IFDH_ATR_MAX];
	size_t n;

	if (c == NULL)
		return IFDH_E_NO_DEVICE;
	switch (tag) {
	case IFDH_TAG_ATR:
	case IFDH_TAG_ATTR_ATR:
		n = channel_atr(c, atr, sizeof(atr));
		return give(length, value, atr, n);
	case IFDH_TAG_ATTR_PRESENT:
		return give_byte(length, value, channel_present(c) ? 2 : 0);
	case IFDH_TAG_ATTR_ACTIVE:
		return give_byte(length, value,
		    channel_atr(c, atr, sizeof(atr)) != 0);
	case IFDH_TAG_THREAD_SAFE:
	case IFDH_TAG_SLOT_THREAD_SAFE:
		return give_byte(length, value, 1);
	case IFDH_TAG_SLOTS:
		return give_byte(length, value, channel_slots(c));
	case IFDH_TAG_READERS:
		return give_byte(length, value, OPENCT_READERS_MAX);
	case IFDH_TAG_WAIT:
		return give_function(length, value, &wait_fn, sizeof(wait_fn));
	case IFDH_TAG_STOP_WAIT:
		return give_function(length, value, &stop_fn, sizeof(stop_fn));
	}
	return IFDH_E_TAG;
}

/* There is nothing to set; what pcscd has to say is said by its calls. */
ifdh_result
IFDHSetCapabilities(ifdh_dword lun, ifdh_dword tag, ifdh_dword length,
    ifdh_byte *value)
{
	(void)length;
	(void)value;
	if (find(lun) == NULL)
		return IFDH_E_NO_DEVICE;
	return tag == IFDH_TAG_ATR || tag == IFDH_TAG_ATTR_ATR ?
	    IFDH_E_READ_ONLY : IFDH_E_TAG;
}

/* slotd chooses the speed: PTS1 and the others are its own affair. */
ifdh_result
IFDHSetProtocolParameters(ifdh_dword lun, ifdh_dword protocol, ifdh_byte flags,
    ifdh_byte pts1, ifdh_byte pts2, ifdh_byte pts3)
{
	struct channel *c = find(lun);
	int rc;

	(void)flags;
	(void)pts1;
	(void)pts2;
	(void)pts3;
	if (c == NULL)
		return IFDH_E_NO_DEVICE;
	if (protocol != IFDH_T0 && protocol != IFDH_T1)
		return IFDH_E_PROTOCOL;
	rc = channel_protocol(c, protocol == IFDH_T1);
	if (rc == OPENCT_E_INCOMPATIBLE || rc == OPENCT_E_UNSUPPORTED)
		return IFDH_E_PROTOCOL;
	return result_of(rc, IFDH_E_PTS);
}

static ifdh_result
power_up(struct channel *c, ifdh_byte *atr, ifdh_dword *length)
{
	int rc = channel_power_up(c, atr, *length);

	*length = rc > 0 ? (ifdh_dword)rc : 0;
	return result_of(rc, IFDH_E_POWER);
}

ifdh_result
IFDHPowerICC(ifdh_dword lun, ifdh_dword action, ifdh_byte *atr,
    ifdh_dword *length)
{
	struct channel *c = find(lun);

	if (c == NULL)
		return IFDH_E_NO_DEVICE;
	switch (action) {
	case IFDH_POWER_UP:
	case IFDH_POWER_RESET:
		return power_up(c, atr, length);
	case IFDH_POWER_DOWN:
		channel_power_down(c);
		*length = 0;
		return IFDH_SUCCESS;
	}
	return IFDH_E_UNSUPPORTED;
}

ifdh_result
IFDHTransmitToICC(ifdh_dword lun, struct ifdh_pci send_pci, ifdh_byte *command,
    ifdh_dword command_length, ifdh_byte *response, ifdh_dword *response_length,
    struct ifdh_pci *receive_pci)
{
	struct channel *c = find(lun);
	int rc;

	if (c == NULL)
		return IFDH_E_NO_DEVICE;
	rc = channel_transmit(c, (struct view){ command, command_length },
	    response, *response_length);
	*response_length = rc > 0 ? (ifdh_dword)rc : 0;
	if (rc > 0 && receive_pci != NULL)
		receive_pci->protocol = send_pci.protocol;
	return result_of(rc, IFDH_E_COMM);
}

/* "Which features has the reader?" of PC/SC part 10, and pcsc-lite's number. */
enum { FEATURES = 0x42000000 + 3400 };

/* OpenCT's wire has no PIN pads, displays or escape commands to offer. */
ifdh_result
IFDHControl(ifdh_dword lun, ifdh_dword code, ifdh_byte *in,
    ifdh_dword in_length, ifdh_byte *out, ifdh_dword out_length,
    ifdh_dword *returned)
{
	(void)in;
	(void)in_length;
	(void)out;
	(void)out_length;
	if (returned != NULL)
		*returned = 0;
	if (find(lun) == NULL)
		return IFDH_E_NO_DEVICE;
	return code == FEATURES ? IFDH_SUCCESS : IFDH_E_CONTROL;
}

ifdh_result
IFDHICCPresence(ifdh_dword lun)
{
	struct channel *c = find(lun);

	if (c == NULL)
		return IFDH_E_NO_DEVICE;
	return channel_present(c) ? IFDH_PRESENT : IFDH_ABSENT;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_IFDH_H
#define LIB_IFDH_H

/*
 * openct-ifd: what pcscd 1.6 and later asks of a reader's driver (IFD handler
 * 3.0), declared here so that nothing of pcsc-lite is needed to build it.
 *
 * Lun is the number pcscd gave a reader, shifted by 16, and a slot. Functions
 * return a number of enum ifdh_result.
 */

#include <stddef.h>
#include <stdint.h>

typedef unsigned long ifdh_dword;
typedef unsigned char ifdh_byte;
typedef long ifdh_result;

/* Says which protocol a command is for; the length is the struct's own. */
struct ifdh_pci {
	ifdh_dword protocol;
	ifdh_dword length;
};

_Static_assert(sizeof(ifdh_dword) == sizeof(void *), "pcscd's DWORD");
_Static_assert(sizeof(ifdh_result) == sizeof(ifdh_dword), "pcscd's LONG");
_Static_assert(sizeof(struct ifdh_pci) == 2 * sizeof(ifdh_dword), "no hole");

enum {	/* IFDHPowerICC */
	IFDH_POWER_UP = 500,
	IFDH_POWER_DOWN = 501,
	IFDH_POWER_RESET = 502,
};

enum {	/* IFDHSetProtocolParameters */
	IFDH_T0 = 1,
	IFDH_T1 = 2,
};

enum {	/* tags of IFDHGetCapabilities */
	IFDH_TAG_ATR = 0x0303,
	IFDH_TAG_SLOT_THREAD_SAFE = 0x0fac,
	IFDH_TAG_THREAD_SAFE = 0x0fad,
	IFDH_TAG_SLOTS = 0x0fae,
	IFDH_TAG_READERS = 0x0faf,	/* at the same time */
	IFDH_TAG_STOP_WAIT = 0x0fb2,	/* a function: ends that of the next */
	IFDH_TAG_WAIT = 0x0fb3,		/* a function: waits for a change */
	IFDH_TAG_ATTR_ACTIVE = 0x090301,
	IFDH_TAG_ATTR_PRESENT = 0x090300,
	IFDH_TAG_ATTR_ATR = 0x090303,
};

enum {
	IFDH_SUCCESS = 0,
	IFDH_E_TAG = 600,		/* no such tag */
	IFDH_E_READ_ONLY = 602,
	IFDH_E_PTS = 605,		/* the card refused the protocol */
	IFDH_E_CONTROL = 606,		/* no such control code */
	IFDH_E_PROTOCOL = 607,		/* not a protocol of this card */
	IFDH_E_POWER = 608,
	IFDH_E_COMM = 612,
	IFDH_E_TIMEOUT = 613,
	IFDH_E_UNSUPPORTED = 614,
	IFDH_PRESENT = 615,
	IFDH_ABSENT = 616,
	IFDH_E_NO_DEVICE = 617,
	IFDH_E_BUFFER = 618,
};

enum { IFDH_ATR_MAX = 33 };

/* What IFDH_TAG_WAIT and IFDH_TAG_STOP_WAIT give pcscd. */
typedef ifdh_result	(*ifdh_wait_fn)(ifdh_dword lun, int timeout_ms);
typedef ifdh_result	(*ifdh_stop_fn)(ifdh_dword lun);

#pragma GCC visibility push(default)

/* By name: DEVICENAME of reader.conf, see lib/ifdh_name.h. */
ifdh_result	IFDHCreateChannelByName(ifdh_dword lun, char *device);

/* By number, where there is no DEVICENAME: CHANNELID is slotd's reader number. */
ifdh_result	IFDHCreateChannel(ifdh_dword lun, ifdh_dword channel);

ifdh_result	IFDHCloseChannel(ifdh_dword lun);
ifdh_result	IFDHGetCapabilities(ifdh_dword lun, ifdh_dword tag,
		    ifdh_dword *length, ifdh_byte *value);
ifdh_result	IFDHSetCapabilities(ifdh_dword lun, ifdh_dword tag,
		    ifdh_dword length, ifdh_byte *value);
ifdh_result	IFDHSetProtocolParameters(ifdh_dword lun, ifdh_dword protocol,
		    ifdh_byte flags, ifdh_byte pts1, ifdh_byte pts2,
		    ifdh_byte pts3);
ifdh_result	IFDHPowerICC(ifdh_dword lun, ifdh_dword action, ifdh_byte *atr,
		    ifdh_dword *atr_length);
ifdh_result	IFDHTransmitToICC(ifdh_dword lun, struct ifdh_pci send_pci,
		    ifdh_byte *command, ifdh_dword command_length,
		    ifdh_byte *response, ifdh_dword *response_length,
		    struct ifdh_pci *receive_pci);
ifdh_result	IFDHControl(ifdh_dword lun, ifdh_dword code, ifdh_byte *in,
		    ifdh_dword in_length, ifdh_byte *out, ifdh_dword out_length,
		    ifdh_dword *returned);
ifdh_result	IFDHICCPresence(ifdh_dword lun);

#pragma GCC visibility pop

#endif

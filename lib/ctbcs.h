/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTBCS_H
#define CTBCS_H

/*
 * The bytes of CT-BCS commands, for programs that use CT_data. libctapi(3) says
 * what each one does.
 */

#define CTBCS_CLA		0x20
#define CTBCS_CLA_INTERFACE	0x80

#define CTBCS_INS_RESET		0x11
#define CTBCS_INS_REQUEST	0x12
#define CTBCS_INS_STATUS	0x13
#define CTBCS_INS_DEACTIVATE	0x14
#define CTBCS_INS_EJECT		0x15
#define CTBCS_INS_INPUT		0x16
#define CTBCS_INS_OUTPUT	0x17
#define CTBCS_INS_VERIFY	0x18
#define CTBCS_INS_MODIFY	0x19
#define CTBCS_INS_INTERFACE	0x60	/* with CTBCS_CLA_INTERFACE */

#define CTBCS_P1_TERMINAL	0x00
#define CTBCS_P1_ICC1		0x01	/* ICCn: n */

/* P2 of RESET and REQUEST: what to answer */
#define CTBCS_P2_NOTHING	0x00
#define CTBCS_P2_ATR		0x01
#define CTBCS_P2_HISTORICAL	0x02

/* P2 of STATUS */
#define CTBCS_P2_MAKER		0x46
#define CTBCS_P2_CARDS		0x80
#define CTBCS_P2_UNITS		0x81

/* P2 of EJECT, added up */
#define CTBCS_P2_BEEP		0x01
#define CTBCS_P2_BLINK		0x02
#define CTBCS_P2_KEEP		0x04

#endif

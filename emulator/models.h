/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_MODELS_H
#define EMULATOR_MODELS_H

/* The models, one row each in models.c, and how to write descriptors. */

#include "emulator/usb.h"

/* Bytes of a table, least significant first. */
#define LE16(x) (uint8_t)((x) & 0xff), (uint8_t)((x) >> 8 & 0xff)
#define LE32(x) LE16(x), LE16((uint32_t)(x) >> 16)

#define VIEW(a) { (a), sizeof(a) }
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

extern const struct usb_model model_au9540;
extern const struct usb_model model_cardman;
extern const struct usb_model model_char_reader;
extern const struct usb_model model_cherry_st1044u;
extern const struct usb_model model_cyberjack;
extern const struct usb_model model_egate;
extern const struct usb_model model_eight_slots;
extern const struct usb_model model_epass3000;
extern const struct usb_model model_etoken64_0600;
extern const struct usb_model model_etoken64_0700;
extern const struct usb_model model_etoken_050c;
extern const struct usb_model model_etoken_0514;
extern const struct usb_model model_eutron;
extern const struct usb_model model_extended_apdu_reader;
extern const struct usb_model model_iccd_b;
extern const struct usb_model model_ikey2k;
extern const struct usb_model model_ikey3k;
extern const struct usb_model model_pertosmart1030;
extern const struct usb_model model_pertosmart1038;
extern const struct usb_model model_rutoken_s;
extern const struct usb_model model_starkey;
extern const struct usb_model model_tpdu_reader;
extern const struct usb_model model_two_endpoints;

#endif

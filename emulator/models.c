/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/models.h"

#include <string.h>

static const struct usb_model *const models[] = {
	&model_cherry_st1044u,
	&model_au9540,
	&model_cardman,
	&model_char_reader,
	&model_cyberjack,
	&model_egate,
	&model_eight_slots,
	&model_epass3000,
	&model_etoken64_0600,
	&model_etoken64_0700,
	&model_etoken_050c,
	&model_etoken_0514,
	&model_eutron,
	&model_extended_apdu_reader,
	&model_iccd_b,
	&model_ikey2k,
	&model_ikey3k,
	&model_pertosmart1030,
	&model_pertosmart1038,
	&model_rutoken_s,
	&model_starkey,
	&model_tpdu_reader,
	&model_two_endpoints,
};

const struct usb_model *const *
usb_models(size_t *n)
{
	*n = COUNT(models);
	return models;
}

const struct usb_model *
usb_model_find(const char *name)
{
	for (size_t i = 0; i < COUNT(models); i++)
		if (strcmp(models[i]->name, name) == 0)
			return models[i];
	return NULL;
}

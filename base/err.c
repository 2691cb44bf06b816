/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "base/err.h"

static const char *const texts[] = {
#define X(name, text) [ERR_##name] = text,
	ERR_LIST(X)
#undef X
};

static const char *const names[] = {
#define X(name, text) [ERR_##name] = #name,
	ERR_LIST(X)
#undef X
};

const char *
err_text(enum err e)
{
	return (unsigned)e < ERR_COUNT ? texts[e] : "unknown error";
}

const char *
err_name(enum err e)
{
	return (unsigned)e < ERR_COUNT ? names[e] : "UNKNOWN";
}

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds on the monotonic clock; only differences mean something. */
uint64_t	clock_now_ms(void);

#endif

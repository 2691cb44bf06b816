/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

/*
 * What every fuzz target has in common. A target is one function that takes any
 * bytes, feeds them to a parser or a machine and asserts what that promises.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "protocols/step.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Ends the run, loudly, when a promise is broken. */
#define FUZZ_ASSERT(claim)						\
	((claim) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #claim))

static inline void
fuzz_broken(const char *file, int line, const char *claim)
{
	fprintf(stderr, "%s:%d: not true: %s\n", file, line, claim);
	abort();
}

/* An exact-size copy, so that a sanitizer sees one byte too many. Free it. */
static inline uint8_t *
fuzz_copy(struct view v)
{
	uint8_t *copy = malloc(v.n + (v.n == 0));

	if (copy == NULL)
		abort();
	if (v.n != 0)
		memcpy(copy, v.p, v.n);
	return copy;
}

/* A length byte and so many bytes of the input, or what is left of it. */
static inline struct view
fuzz_chunk(struct rd *r)
{
	size_t n = rd_u8(r);

	return rd_take(r, n < r->in.n ? n : r->in.n);
}

/* True while the machine goes on; what a step promises (step.h) holds. */
static inline bool
fuzz_step(struct step s)
{
	switch (s.kind) {
	case STEP_SEND:
	case STEP_CONTROL:
	case STEP_ABORT:
		FUZZ_ASSERT(s.out.n != 0 && s.out.p != NULL);
		FUZZ_ASSERT(s.wait_ms != 0);
		return true;
	case STEP_WAIT:
	case STEP_PAUSE:
		FUZZ_ASSERT(s.wait_ms != 0);
		return true;
	case STEP_DONE:
		return false;
	case STEP_FAIL:
		FUZZ_ASSERT(s.err != ERR_OK && s.err < ERR_COUNT);
		return false;
	}
	fuzz_broken(__FILE__, __LINE__, "a kind of step.h");
	return false;
}

#endif

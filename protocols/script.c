/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/script.h"

static bool
is_in(const struct script_row *row)
{
	return (row->type & USB_DIR_IN) != 0;
}

/* Tables are ours; this catches a slip in one before it reaches a device. */
static bool
can_be_played(const struct script_row *row)
{
	if (row->timeout_ms == 0)
		return row->pause_ms != 0;
	if (!is_in(row))
		return row->out.n <= SCRIPT_OUT_MAX && row->length == 0 &&
		    row->max == 0 && row->expect.n == 0 && !row->keep;
	return row->out.n == 0 && row->min <= row->max &&
	    row->max <= row->length && row->expect.n <= row->min &&
	    (row->mask.n == 0 || row->mask.n == row->expect.n) &&
	    !(row->keep && row->max > SCRIPT_KEPT_MAX);
}

static struct step
play_row(struct script *s)
{
	const struct script_row *row = &s->rows[s->at];
	struct wr w = { .p = s->out, .cap = sizeof(s->out) };
	struct usb_setup setup = { row->type, row->request, row->value,
		row->index, is_in(row) ? row->length : (uint16_t)row->out.n };

	if (row->timeout_ms == 0) {
		s->is_pausing = s->is_satisfied = true;
		return step_pause(row->pause_ms);
	}
	s->is_pausing = false;
	usb_setup_write(&w, &setup);
	wr_view(&w, row->out);
	return step_control(wr_done(&w), row->timeout_ms);
}

struct step
script_start(struct script *s, const struct script_row *rows, size_t n)
{
	*s = (struct script){ .rows = rows, .n = n };
	if (n == 0)
		return step_fail(ERR_ARG);
	for (s->at = 0; s->at < n; s->at++) {
		if (!can_be_played(&rows[s->at]))
			return step_fail(ERR_ARG);
	}
	s->at = 0;
	return play_row(s);
}

static bool
begins_as_expected(const struct script_row *row, struct view answer)
{
	for (size_t i = 0; i < row->expect.n; i++) {
		uint8_t bits = row->mask.n != 0 ? row->mask.p[i] : 0xff;

		if (((answer.p[i] ^ row->expect.p[i]) & bits) != 0)
			return false;
	}
	return true;
}

static bool
satisfies(const struct script_row *row, struct view answer)
{
	return answer.n >= row->min && answer.n <= row->max &&
	    begins_as_expected(row, answer);
}

/* The row was played and its pause is over: the next one, or this again? */
static struct step
go_on(struct script *s)
{
	unsigned tries = s->rows[s->at].tries;

	if (!s->is_satisfied)
		return ++s->tried < tries ? play_row(s) :
		    step_fail(ERR_READER);
	s->tried = 0;
	if (s->at + 1 == s->n)
		return step_done((struct view){ s->kept, s->kept_n });
	s->at++;
	return play_row(s);
}

struct step
script_input(struct script *s, struct view answer)
{
	const struct script_row *row = &s->rows[s->at];

	if (s->is_pausing)	/* nobody asked */
		return step_fail(ERR_READER);
	s->is_satisfied = satisfies(row, answer);
	if (s->is_satisfied && row->keep) {
		if (answer.n != 0)
			memcpy(s->kept, answer.p, answer.n);
		s->kept_n = answer.n;
	}
	if (row->pause_ms == 0)
		return go_on(s);
	s->is_pausing = true;
	return step_pause(row->pause_ms);
}

struct step
script_timeout(struct script *s)
{
	return s->is_pausing ? go_on(s) : step_fail(ERR_TIMEOUT);
}

struct step
script_failed(struct script *s, enum err why)
{
	(void)s;
	return step_fail(why);
}

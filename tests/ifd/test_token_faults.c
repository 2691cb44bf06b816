/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ifd/etoken_talk.h"

#include "protocols/t1_block.h"

/*
 * A token that goes wrong at each of its transfers, and stays so until it is
 * unplugged: every request must end in its time, a command that was reported
 * as done was run once and no command ever twice, and a reset of the token that
 * works again must make all well.
 */

enum fault {
	REFUSED,		/* stalled, and not done */
	DONE_AND_STALLED,	/* done, and the host does not know */
	NEVER_HEARD,			/* done; the transfer never ends */
	SILENT,			/* not done; the transfer never ends */
	EMPTY,
	KEPT,			/* empty, and the answer waits for later */
	CUT,			/* the last byte is missing */
	BENT,			/* the last byte is wrong */
	FAULTS,
};

enum { ANSWERS_MAX = 64 };

/* A card that counts the commands it has run; answers of 40 bytes, of which each
   but the status word is that number. */
struct sim {
	size_t rite;		/* transfers of the rite that came */
	unsigned ns, nr;	/* the card's sequence numbers */
	/* to be fetched, the oldest first */
	uint8_t answer[ANSWERS_MAX][T1_BLOCK_MAX];
	size_t answer_n[ANSWERS_MAX];
	unsigned first, answers;
	uint8_t last[T1_BLOCK_MAX];	/* to be repeated when asked for */
	size_t last_n;
	unsigned sent;		/* bytes of the response under way */
	bool ends;		/* its last block is out */
	unsigned runs;
	/* the fault */
	enum fault fault;
	unsigned at, count;	/* from transfer `at` on, for `lasting` */
	unsigned lasting;
	uint32_t random;	/* not 0: one transfer in eight is bad instead */
};

enum { RESPONSE = 40 };

static void
say_again(struct sim *s)
{
	unsigned i = (s->first + s->answers) % ANSWERS_MAX;

	if (s->answers == ANSWERS_MAX)
		return;
	memcpy(s->answer[i], s->last, s->last_n);
	s->answer_n[i] = s->last_n;
	s->answers++;
}

static void
say(struct sim *s, const struct t1_block *b)
{
	struct wr w = { .p = s->last, .cap = sizeof(s->last) };

	t1_block_write(&w, b, false);
	s->last_n = w.n;
	say_again(s);
}

static void
say_next(struct sim *s)
{
	uint8_t inf[T1_IFS_DEFAULT];
	size_t n = RESPONSE - s->sent < sizeof(inf) ? RESPONSE - s->sent :
	    sizeof(inf);

	memset(inf, (uint8_t)s->runs, sizeof(inf));
	s->sent += (unsigned)n;
	s->ends = s->sent == RESPONSE;
	if (s->ends)
		memcpy(inf + n - 2, "\x90\x00", 2);
	say(s, &(struct t1_block){ .kind = T1_I, .seq = (uint8_t)s->ns,
	    .more = !s->ends, .inf = { inf, n } });
}

static void
on_command(struct sim *s, const struct t1_block *b)
{
	if (b->seq != s->nr) {
		say(s, &(struct t1_block){ .kind = T1_R,
		    .seq = (uint8_t)s->nr, .error = T1_R_OTHER });
		return;
	}
	if (s->sent != 0)		/* it has our last block */
		s->ns ^= 1;
	s->nr ^= 1;
	s->sent = 0;
	if (b->more) {
		say(s, &(struct t1_block){ .kind = T1_R,
		    .seq = (uint8_t)s->nr });
		return;
	}
	s->runs++;
	say_next(s);
}

static void
on_ready(struct sim *s, const struct t1_block *b)
{
	if (s->sent == 0) {
		say(s, &(struct t1_block){ .kind = T1_R,
		    .seq = (uint8_t)s->nr, .error = T1_R_OTHER });
	} else if (b->seq != s->ns && !s->ends) {
		s->ns ^= 1;
		say_next(s);
	} else {
		say_again(s);
	}
}

static void
on_block(struct sim *s, struct view in)
{
	struct t1_block b;

	if (t1_block_parse(&b, in, false) != ERR_OK)
		return;
	if (b.kind == T1_I) {
		on_command(s, &b);
	} else if (b.kind == T1_R) {
		on_ready(s, &b);
	} else if (b.s == T1_S_RESYNCH) {
		s->ns = s->nr = 0;
		s->sent = 0;
		b.is_response = true;
		say(s, &b);
	}
}

/* What a healthy token answers; false: a stall. */
static bool
answer(struct sim *s, struct view out, struct view *in)
{
	static const struct view rite[] = {
		V(""), V("\x0d" ATR42), V(""), V(THIRTEEN), V(""), V("\x00"),
	};
	static const uint8_t requests[] = { 1, 0x81, 3, 0x83, 2, 0x82 };

	if (out.p[1] == 1)
		*s = (struct sim){ .runs = s->runs, .fault = s->fault,
			.at = s->at, .count = s->count, .lasting = s->lasting,
			.random = s->random };
	if (s->rite < 6) {
		*in = rite[s->rite];
		return out.p[1] == requests[s->rite++];
	}
	if (out.p[1] == 6) {
		on_block(s, view_skip(out, 8));
		return true;
	}
	if (s->answers == 0)
		return false;
	*in = (struct view){ s->answer[s->first], s->answer_n[s->first] };
	s->first = (s->first + 1) % ANSWERS_MAX;
	s->answers--;
	return true;
}

/* Marsaglia's xorshift */
static uint32_t
draw(struct sim *s)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 17;
	s->random ^= s->random << 5;
	return s->random;
}

/* Whether this transfer goes wrong, and how: s->fault. */
static bool
is_bad(struct sim *s)
{
	unsigned n = s->count++;

	if (s->random == 0)
		return n >= s->at && n - s->at < s->lasting;
	if (draw(s) % 8 != 0)
		return false;
	s->fault = (enum fault)(draw(s) % FAULTS);
	return true;
}

static void
serve(struct world *w, struct sim *s, struct usb_xfer *x)
{
	bool bad = is_bad(s), done = true;
	struct view in = { NULL, 0 };
	uint8_t bent[T1_BLOCK_MAX];

	if (bad && s->fault == KEPT && usb_is_in(x)) {
		world_end(w, x, ERR_OK, in);
		return;
	}
	if (!bad || (s->fault != REFUSED && s->fault != SILENT))
		done = answer(s, (struct view){ x->buf, x->n }, &in);
	if (bad && (s->fault == NEVER_HEARD || s->fault == SILENT)) {
		world_wait(w);
		return;
	}
	if (!usb_is_in(x))
		in.n = 0;
	if (bad && s->fault == EMPTY)
		in.n = 0;
	if (bad && s->fault == CUT && in.n != 0)
		in.n--;
	if (bad && s->fault == BENT && in.n != 0) {
		memcpy(bent, in.p, in.n);
		bent[in.n - 1] ^= 0x55;
		in.p = bent;
	}
	if (bad && (s->fault == REFUSED || s->fault == DONE_AND_STALLED))
		done = false;
	world_end(w, x, done ? ERR_OK : ERR_STALL, done ? in :
	    (struct view){ NULL, 0 });
}

/* Serves until the request has ended; what it was told. */
static const struct told *
until_ended(struct world *w, struct sim *s, uint64_t limit_ms)
{
	uint64_t began_ms = w->now_ms;

	for (;;) {
		struct usb_xfer *x = world_control(w);

		while (w->first < w->n_told)
			if (w->told[w->first++].kind == ENDED)
				return &w->told[w->first - 1];
		if (x != NULL)
			serve(w, s, x);
		else
			world_wait(w);
		ck_assert_msg(w->now_ms - began_ms <= limit_ms,
		    "fault %d at %u for %u: no end after %u ms", s->fault,
		    s->at, s->lasting, (unsigned)(w->now_ms - began_ms));
	}
}

static bool
request(struct world *w, struct sim *s, enum ifd_op op, struct view data,
    uint64_t limit_ms)
{
	const struct ifd_request r = { .op = op, .data = data };
	const struct told *t;

	w->first = w->n_told = 0;
	engine_start(w->engine, 0, &r);
	t = until_ended(w, s, limit_ms);
	if (op == IFD_TRANSMIT && t->err == ERR_OK) {
		ck_assert_uint_eq(t->data_n, RESPONSE);
		ck_assert_uint_eq(t->data[0], (uint8_t)s->runs);
		ck_assert_uint_eq(t->data[RESPONSE - 3], (uint8_t)s->runs);
	}
	engine_run(w->engine, w->now_ms);
	return t->err == ERR_OK;
}

enum {
	RESET_LIMIT_MS = 11000,	/* one silent transfer is enough */
	/* 20 s, then the card's BWT six times or 10 s for a last block */
	APDU_LIMIT_MS = 50000,
};

static const struct view command = V(UPDATE);

static void
one(struct sim s)
{
	struct world w;
	bool on, ran;

	token_world(&w, &ifd_etoken, &etoken, 0);
	on = request(&w, &s, IFD_POWER_ON, (struct view){ NULL, 0 },
	    RESET_LIMIT_MS);
	for (unsigned i = 0; on && i < 2 && !w.lost; i++) {
		unsigned before = s.runs;

		ran = request(&w, &s, IFD_TRANSMIT, command, APDU_LIMIT_MS);
		ck_assert_msg(s.runs <= before + 1 && (!ran || s.runs ==
		    before + 1), "fault %d at %u for %u: a command ran %u "
		    "times", s.fault, s.at, s.lasting, s.runs - before);
	}
	if (!w.lost) {
		unsigned before = s.runs;

		s.lasting = 0;
		ck_assert(request(&w, &s, IFD_POWER_ON,
		    (struct view){ NULL, 0 }, 0));
		ck_assert(request(&w, &s, IFD_TRANSMIT, command, 0));
		ck_assert_uint_eq(s.runs, before + 1);
	}
	world_close(&w);
}

START_TEST(each_transfer_once_some_times_and_for_good)
{
	static const unsigned lasting[] = { 1, 2, 3, 5, 1000 };

	for (unsigned fault = 0; fault < FAULTS; fault++)
		for (unsigned at = 0; at < 32; at++)
			for (size_t i = 0; i < 5; i++)
				one((struct sim){ .fault = (enum fault)fault,
				    .at = at, .lasting = lasting[i] });
}
END_TEST

/* A session of a token that does this all the time. */
START_TEST(one_transfer_in_eight)
{
	unsigned good = 0, failed = 0;

	for (uint32_t seed = 1; seed <= 400; seed++) {
		struct sim s = { .random = seed * 2654435761u };
		struct world w;
		bool on = false;

		token_world(&w, &ifd_etoken, &etoken, 0);
		for (unsigned i = 0; i < 50 && !w.lost; i++) {
			unsigned before = s.runs;

			on = on || request(&w, &s, IFD_POWER_ON,
			    (struct view){ NULL, 0 }, 2 * RESET_LIMIT_MS);
			if (!on || w.lost)
				continue;
			on = request(&w, &s, IFD_TRANSMIT, command,
			    4 * APDU_LIMIT_MS);
			ck_assert_uint_le(s.runs, before + 1);
			good += on;
			failed += !on;
		}
		world_close(&w);
	}
	ck_assert_uint_gt(good, 2 * failed);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("token_faults");
	TCase *t = tcase_create("token_faults");

	tcase_set_timeout(t, 120);	/* seconds: many runs, sanitizers, load */
	tcase_add_test(t, each_transfer_once_some_times_and_for_good);
	tcase_add_test(t, one_transfer_in_eight);
	suite_add_tcase(s, t);
	return unit_run(s);
}

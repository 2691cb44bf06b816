/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * T=1 against a card that keeps to the rules, over a line that does not: each
 * kind of fault at each block of each exchange, in both directions, once, a few
 * times in a row and for ever. Whatever happens, the response is right or the
 * error is clear, and no command is run twice.
 */
#include "config.h"
#include "tests/unit.h"

#include "emulator/card.h"
#include "emulator/card_t1.h"
#include "protocols/t1.h"

/*
 * X(name, direction, severity). After one MILD fault the exchange still
 * succeeds. A FORGED block is a good one that was never sent, a HARSH one is
 * forged and may fail the exchange: of one kind alone they do no harm, but in
 * mixtures one bit of sequence number cannot tell them from real ones.
 */
#define LINE_FAULTS(X)							\
	X(LOST_TO_CARD, TO_CARD, MILD)					\
	X(BAD_EDC_TO_CARD, TO_CARD, MILD)				\
	X(TRUNCATED_TO_CARD, TO_CARD, MILD)				\
	X(DOUBLED_TO_CARD, TO_CARD, MILD)				\
	X(STALLED_TO_CARD, TO_CARD, MILD)	/* not delivered */	\
	X(WRONG_SEQ_TO_CARD, TO_CARD, FORGED)				\
	X(LOST, FROM_CARD, MILD)					\
	X(BAD_EDC, FROM_CARD, MILD)					\
	X(TRUNCATED, FROM_CARD, MILD)					\
	X(EMPTY, FROM_CARD, MILD)					\
	X(WRONG_NAD, FROM_CARD, MILD)					\
	X(RESERVED_PCB, FROM_CARD, MILD)				\
	X(LEN_255, FROM_CARD, MILD)					\
	X(DOUBLED, FROM_CARD, MILD)					\
	X(LATE, FROM_CARD, MILD)	/* comes instead of the next */	\
	X(STALLED, FROM_CARD, MILD)	/* comes instead of the next */	\
	X(WRONG_SEQ, FROM_CARD, FORGED)					\
	X(WTX_INSTEAD, FROM_CARD, FORGED)				\
	X(IFS_INSTEAD, FROM_CARD, FORGED)				\
	X(RESYNCH_INSTEAD, FROM_CARD, FORGED)				\
	X(R0_INSTEAD, FROM_CARD, HARSH)					\
	X(R1_INSTEAD, FROM_CARD, HARSH)					\
	X(ABORT_INSTEAD, FROM_CARD, HARSH)

enum direction { TO_CARD, FROM_CARD };
enum severity { MILD, HARSH, FORGED };

enum line_fault {
	LINE_NONE,
#define X(name, direction, severity) LINE_##name,
	LINE_FAULTS(X)
#undef X
	LINE_COUNT
};

static const struct {
	const char *name;
	enum direction direction;
	enum severity severity;
} faults[] = {
	[LINE_NONE] = { "none", TO_CARD, MILD },
#define X(name, direction, severity) \
	[LINE_##name] = { #name, direction, severity },
	LINE_FAULTS(X)
#undef X
};

enum {
	QUEUE_MAX = 64,
	FOR_EVER = 1000000,
	EVENTS_MAX = 20000,	/* of one exchange */
	RESPONSE_MAX = 400,
};

struct line {
	struct t1 t;
	struct card card;
	struct card_t1 card_t1;
	struct fault_plan plan;		/* what the card itself asks for */
	/* what the card has answered and nobody has read */
	uint8_t queue[QUEUE_MAX][T1_BLOCK_MAX];
	size_t queue_len[QUEUE_MAX];
	size_t first, queued;
	/* the fault, and which blocks of its direction it hits */
	enum line_fault fault;
	unsigned from, times;
	unsigned blocks[2];		/* so far, by direction */
	uint32_t dice;			/* or any fault, anywhere; 0: off */
	/* the command and how often it was run */
	uint8_t id;
	size_t rsp_n;
	unsigned runs, wrong_runs;
	struct view command;
	uint8_t rsp[RESPONSE_MAX], got[RESPONSE_MAX];
};

/* The card's answer to command `id`: so many bytes that name it. */
static void
fill_response(uint8_t *dst, size_t n, uint8_t id)
{
	for (size_t i = 0; i < n; i++)
		dst[i] = (uint8_t)(id + i);
}

static void
run_command(struct card *c, struct view apdu, struct wr *rsp)
{
	struct line *l = c->state;

	l->runs++;
	if (!view_eq(apdu, l->command))
		l->wrong_runs++;
	fill_response(l->rsp, l->rsp_n, apdu.p[0]);
	wr_view(rsp, (struct view){ l->rsp, l->rsp_n });
}

static const struct card_kind counting_card = { .name = "counting",
	.apdu = run_command };

static unsigned
roll(struct line *l, unsigned sides)
{
	l->dice ^= l->dice << 13;
	l->dice ^= l->dice >> 17;
	l->dice ^= l->dice << 5;
	return l->dice % sides;
}

/* What happens to the next block that goes this way? */
static enum line_fault
next_fault(struct line *l, enum direction way)
{
	unsigned at = l->blocks[way]++;
	enum line_fault f = l->fault;

	if (l->dice != 0) {
		f = (enum line_fault)roll(l, LINE_COUNT * 2);
		return f < LINE_COUNT && faults[f].direction == way &&
		    faults[f].severity == MILD ? f : LINE_NONE;
	}
	if (faults[f].direction != way || at < l->from ||
	    at - l->from >= l->times)
		return LINE_NONE;
	return f;
}

static void
seal(struct line *l, uint8_t *block, size_t *n)
{
	struct t1_block b;
	struct wr w = { .p = block, .cap = T1_BLOCK_MAX };
	uint8_t inf[T1_INF_MAX];

	/* a block whose checksum is put right again after its PCB was bent */
	b = (struct t1_block){ .kind = T1_I, .nad = block[0],
		.seq = (block[1] & 0x40) != 0, .more = (block[1] & 0x20) != 0,
		.inf = { inf, block[2] } };
	memcpy(inf, block + 3, block[2]);
	t1_block_write(&w, &b, l->card_t1.crc);
	*n = w.n;
}

static void
put_s(struct line *l, uint8_t *block, size_t *n, enum t1_s s)
{
	/* an IFSC no larger than any card's own here, which may thus be believed */
	static const uint8_t value = 16;
	struct wr w = { .p = block, .cap = T1_BLOCK_MAX };
	struct t1_block b = { .kind = T1_S, .s = s, .inf = { &value,
		s == T1_S_IFS || s == T1_S_WTX } };

	t1_block_write(&w, &b, l->card_t1.crc);
	*n = w.n;
}

static void
put_plain(struct line *l, uint8_t *block, size_t *n, struct t1_block b)
{
	struct wr w = { .p = block, .cap = T1_BLOCK_MAX };

	t1_block_write(&w, &b, l->card_t1.crc);
	*n = w.n;
}

/* Bends the bytes of a block. */
static void
spoil(struct line *l, enum line_fault f, uint8_t *block, size_t *n)
{
	switch (f) {
	case LINE_BAD_EDC_TO_CARD:
	case LINE_BAD_EDC:
		block[*n - 1] ^= 0x55;
		break;
	case LINE_TRUNCATED_TO_CARD:
	case LINE_TRUNCATED:
		*n -= 2;
		break;
	case LINE_EMPTY:
		*n = 0;
		break;
	case LINE_WRONG_SEQ_TO_CARD:
	case LINE_WRONG_SEQ:
		if ((block[1] & 0x80) == 0) {
			block[1] ^= 0x40;
			seal(l, block, n);
		}
		break;
	case LINE_WRONG_NAD:
		block[0] = 0x21;
		block[*n - 1] ^= l->card_t1.crc ? 0 : 0x21;
		break;
	case LINE_RESERVED_PCB:
		block[1] ^= (block[1] & 0xc0) == 0xc0 ? 0x10 : 0x08;
		block[*n - 1] ^= (block[1] & 0xc0) == 0xc0 ? 0x10 : 0x08;
		break;
	case LINE_LEN_255:
		block[2] = 255;
		break;
	case LINE_R0_INSTEAD:
	case LINE_R1_INSTEAD:
		put_plain(l, block, n, (struct t1_block){ .kind = T1_R,
			.seq = f == LINE_R1_INSTEAD });
		break;
	case LINE_WTX_INSTEAD:
		put_s(l, block, n, T1_S_WTX);
		break;
	case LINE_IFS_INSTEAD:
		put_s(l, block, n, T1_S_IFS);
		break;
	case LINE_ABORT_INSTEAD:
		put_s(l, block, n, T1_S_ABORT);
		break;
	case LINE_RESYNCH_INSTEAD:
		put_s(l, block, n, T1_S_RESYNCH);
		break;
	default:
		break;
	}
}

static void
enqueue(struct line *l, const uint8_t *block, size_t n)
{
	size_t at = (l->first + l->queued) % QUEUE_MAX;

	if (l->queued == QUEUE_MAX)	/* the pipe is full: it is lost */
		return;
	if (n != 0)
		memcpy(l->queue[at], block, n);
	l->queue_len[at] = n;
	l->queued++;
}

static void
card_takes(struct line *l, struct view block)
{
	uint8_t out[CARD_T1_BLOCK_MAX];
	struct wr w = { .p = out, .cap = sizeof(out) };

	card_t1_block(&l->card_t1, &l->card, &l->plan, block, &w);
	enqueue(l, out, w.n);
}

/* A block goes to the card; false when the transfer fails. */
static bool
deliver(struct line *l, struct view out)
{
	enum line_fault f = next_fault(l, TO_CARD);
	uint8_t block[T1_BLOCK_MAX];
	size_t n = out.n;

	if (f == LINE_STALLED_TO_CARD)
		return false;
	if (f == LINE_LOST_TO_CARD)
		return true;
	memcpy(block, out.p, n);
	spoil(l, f, block, &n);
	card_takes(l, (struct view){ block, n });
	if (f == LINE_DOUBLED_TO_CARD)
		card_takes(l, (struct view){ block, n });
	return true;
}

/*
 * The machine reads: the next answer, or none. While it waits for silence what
 * is in the pipe comes out of it undisturbed.
 */
static struct step
fetch(struct line *l, bool is_draining)
{
	enum line_fault f = is_draining ? LINE_NONE : next_fault(l, FROM_CARD);
	uint8_t *block = l->queue[l->first];
	size_t n = l->queue_len[l->first];
	struct step s;
	uint8_t *copy;

	if (l->queued == 0 || f == LINE_LATE)
		return t1_timeout(&l->t);
	if (f == LINE_STALLED)
		return t1_failed(&l->t, ERR_STALL);
	if (f != LINE_DOUBLED) {
		l->first = (l->first + 1) % QUEUE_MAX;
		l->queued--;
	}
	if (f == LINE_LOST)
		return t1_timeout(&l->t);
	if (n != 0)
		spoil(l, f, block, &n);
	copy = malloc(n + (n == 0));
	memcpy(copy, block, n);
	s = t1_input(&l->t, (struct view){ copy, n });
	free(copy);
	return s;
}

/* One command from start to end; checks what must hold in any case. */
static struct step
exchange(struct line *l, struct view command)
{
	uint8_t want[RESPONSE_MAX];
	unsigned events = 0;
	struct step s;

	l->command = command;
	l->runs = l->wrong_runs = 0;
	s = t1_start(&l->t, command);
	while (s.kind == STEP_SEND || s.kind == STEP_WAIT) {
		ck_assert_uint_ne(s.wait_ms, 0);
		ck_assert_uint_lt(++events, EVENTS_MAX);
		if (s.kind == STEP_WAIT || deliver(l, s.out))
			s = fetch(l, s.kind == STEP_WAIT);
		else
			s = t1_failed(&l->t, ERR_STALL);
	}
	ck_assert_uint_le(l->runs, 1);
	ck_assert_uint_eq(l->wrong_runs, 0);
	if (s.kind == STEP_DONE) {
		fill_response(want, l->rsp_n, command.p[0]);
		ck_assert_uint_eq(l->runs, 1);
		ck_view_eq(s.out, ((struct view){ want, l->rsp_n }));
		return s;
	}
	ck_assert_int_eq(s.kind, STEP_FAIL);
	ck_assert(s.err == ERR_CARD || s.err == ERR_TIMEOUT ||
	    s.err == ERR_STALL);
	return s;
}

/* What the card asks for before the Nth block it sends: slotemu(1). */
static const struct shape {
	size_t command_n, rsp_n;
	bool crc;
	const char *plan;
} shapes[] = {
	{ 5, 2, false, "none" },
	{ 5, 2, true, "none" },
	{ 105, 2, false, "none" },	/* the eToken's UPDATE */
	{ 5, 102, false, "none" },	/* and its answer */
	{ 70, 70, false, "none" },
	{ 70, 70, true, "card-wtx@1:2+card-wtx@4:3" },
	{ 5, 64, false, "card-wtx@1:1+card-wtx@3:1+card-ifs@5:16" },
	{ 200, 300, false, "card-ifs@1:31+card-wtx@9:5" },
};

static void
card_is_reset(struct line *l, const struct shape *shape)
{
	struct card_atr atr = { .ifsc = 32, .crc = shape->crc };

	card_t1_reset(&l->card_t1, &atr);
}

static void
line_init(struct line *l, const struct shape *shape)
{
	struct t1_params p = { .crc = shape->crc, .ifsc = 32, .ifsd = 32,
		.bwt_ms = 10 };

	memset(l, 0, sizeof(*l));
	l->card.kind = &counting_card;
	l->card.state = l;
	l->rsp_n = shape->rsp_n;
	card_is_reset(l, shape);
	ck_assert_int_eq(t1_init(&l->t, &p, l->got, sizeof(l->got)), ERR_OK);
}

static struct step
next_exchange(struct line *l, const struct shape *shape)
{
	uint8_t command[256];

	ck_assert(fault_parse(&l->plan, shape->plan));
	l->id = (uint8_t)(l->id * 5 + 17);
	for (size_t i = 0; i < shape->command_n; i++)
		command[i] = (uint8_t)(l->id + i * 3);
	return exchange(l, (struct view){ command, shape->command_n });
}

/*
 * One exchange with the fault, then clean ones: the first, or after errors that
 * last one of the next, must work. True while `from` was inside the exchange.
 */
static bool
try_fault(struct line *l, const struct shape *shape, enum line_fault f,
    unsigned from, unsigned times)
{
	struct step s;
	bool was_reached;

	line_init(l, shape);
	ck_assert_int_eq(next_exchange(l, shape).kind, STEP_DONE);
	ck_assert_uint_eq(l->card_t1.violations, 0);
	l->fault = f;
	l->from = from;
	l->times = times;
	l->blocks[TO_CARD] = l->blocks[FROM_CARD] = 0;
	s = next_exchange(l, shape);
	was_reached = l->blocks[faults[f].direction] > from;
	if (times == 1 && faults[f].severity != HARSH &&
	    s.kind != STEP_DONE)
		ck_abort_msg("%s at block %u: %s", faults[f].name, from,
		    err_name(s.err));
	l->fault = LINE_NONE;
	for (unsigned i = 0; i < 3; i++)
		s = next_exchange(l, shape);
	if (s.kind != STEP_DONE && times <= T1_RETRIES_MAX)
		ck_abort_msg("%s at block %u, %u times: not usable: %s",
		    faults[f].name, from, times, err_name(s.err));

	/* a card reset makes everything good */
	card_is_reset(l, shape);
	t1_reset(&l->t);
	l->queued = 0;
	ck_assert_int_eq(next_exchange(l, shape).kind, STEP_DONE);
	return was_reached;
}

START_TEST(every_fault_at_every_block)
{
	static const unsigned times[] = { 1, 2, 3, 4, 5, 8, FOR_EVER };
	static struct line l;
	enum line_fault f = (enum line_fault)_i;

	for (size_t k = 0; k < sizeof(shapes) / sizeof(shapes[0]); k++) {
		for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
			unsigned from = 0;

			while (try_fault(&l, &shapes[k], f, from, times[i]))
				from++;
			ck_assert_uint_ge(from, 1);
		}
	}
}
END_TEST

/* Any mixture: a tenth of the blocks to the card, a fifth of those from it. */
START_TEST(faults_at_random)
{
	static struct line l;
	const struct shape *shape = &shapes[_i];
	unsigned done = 0;

	line_init(&l, shape);
	l.dice = 2463534242u + (unsigned)_i;
	for (unsigned i = 0; i < 5000; i++) {
		done += next_exchange(&l, shape).kind == STEP_DONE;
		if (i % 16 != 15)
			continue;
		card_is_reset(&l, shape);
		t1_reset(&l.t);
		l.queued = 0;
	}
	ck_assert_uint_gt(done, 1000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("t1_faults");
	TCase *t = tcase_create("t1_faults");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, every_fault_at_every_block, 1, LINE_COUNT);
	tcase_add_loop_test(t, faults_at_random, 0,
	    (int)(sizeof(shapes) / sizeof(shapes[0])));
	suite_add_tcase(s, t);
	return unit_run(s);
}

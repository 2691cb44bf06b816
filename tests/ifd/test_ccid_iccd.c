/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ifd/ccid_rows.h"

/* Cards with a USB plug and no bulk pipes, of both versions. */

static const uint8_t device_bytes[] = READER_DEVICE(0x1209, 6, 0x100);
static const uint8_t config_a[] = ICCD_CONFIG(1, 0x840);
static const uint8_t config_b[] = ICCD_CONFIG(2, 0x20840);

#define ORDER(number, value, n) "\x21" number "\x00" value "\x00\x00" n "\x00"
#define ASK_FOR(number, n) "\xa1" number "\x00\x00\x00\x00" n
#define DOES(bytes) { .kind = CONTROL, .out = V(bytes) }
#define SAYS(bytes, answer)						\
	{ .kind = CONTROL, .out = V(bytes), .in = V(answer) }
#define ATR_T0 "\x3b\x00"
#define ATR_T1 "\x3b\x80\x80\x01\x01"

static const struct turn version_a[] = {
	SAYS(ASK_FOR("\xa0", "\x01\x00"), "\x00"),
	{ .kind = READY },
	TELLS(0, THERE),
	ASKS(0, IFD_POWER_ON),
	DOES(ORDER("\x63", "\x00", "\x00")),
	SAYS(ASK_FOR("\xa0", "\x01\x00"), "\x40"),
	{ .kind = PASS, .arg = 10 },
	SAYS(ASK_FOR("\xa0", "\x01\x00"), "\x00"),
	SAYS(ASK_FOR("\x62", "\x05\x01"), ATR_T0),
	TELLS(0, ON_NOW),
	ENDS(0, ATR_T0),
	/* case 2: 6Cxx is followed, by TPDUs */
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	DOES(ORDER("\x65", "\x00", "\x05") "\x00\x84\x00\x00\x08"),
	SAYS(ASK_FOR("\xa0", "\x01\x00"), "\x20"),
	SAYS(ASK_FOR("\x6f", "\x02\x00"), "\x6c\x02"),
	DOES(ORDER("\x65", "\x00", "\x05") "\x00\x84\x00\x00\x02"),
	SAYS(ASK_FOR("\xa0", "\x01\x00"), "\x10"),
	SAYS(ASK_FOR("\x6f", "\x02\x00"), "\x11\x22"),
	SAYS(ASK_FOR("\xa0", "\x01\x00"), "\x20"),
	SAYS(ASK_FOR("\x6f", "\x02\x00"), "\x90\x00"),
	ENDS(0, "\x11\x22\x90\x00"),
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	{ .kind = CONTROL, .out = V(ORDER("\x65", "\x00", "\x05")
	    "\x00\x84\x00\x00\x08"), .err = ERR_STALL },
	FAILS(0, ERR_STALL, "the reader refused the request"),
	{ .kind = QUIET },
};

static const struct turn version_b[] = {
	SAYS(ASK_FOR("\x81", "\x03\x00"), "\x40\x01\x00"),
	{ .kind = READY },
	TELLS(0, THERE),
	ASKS(0, IFD_POWER_ON),
	DOES(ORDER("\x63", "\x00", "\x00")),
	DOES("\x21\x62\x01\x00\x00\x00\x00\x00"),
	SAYS(ASK_FOR("\x6f", "\x06\x01"), "\x00" ATR_T1),
	TELLS(0, ON_NOW),
	ENDS(0, ATR_T1),
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	DOES(ORDER("\x65", "\x00", "\x05") "\x00\x84\x00\x00\x08"),
	SAYS(ASK_FOR("\x6f", "\x06\x01"), "\x80\x05\x00"),
	{ .kind = PASS, .arg = 50 },
	SAYS(ASK_FOR("\x6f", "\x06\x01"), "\x01\x11\x22"),	/* a part */
	DOES(ORDER("\x65", "\x10", "\x00")),
	SAYS(ASK_FOR("\x6f", "\x06\x01"), "\x02\x90\x00"),
	ENDS(0, "\x11\x22\x90\x00"),
	/* given up while it works: the card is powered off */
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	DOES(ORDER("\x65", "\x00", "\x05") "\x00\x84\x00\x00\x08"),
	SAYS(ASK_FOR("\x6f", "\x06\x01"), "\x80\x05\x00"),
	{ .kind = GIVE_UP },
	DOES(ORDER("\x63", "\x00", "\x00")),
	TELLS(0, THERE),
	FAILS(0, ERR_CANCELLED, "cancelled"),
	{ .kind = QUIET },
};

static const struct {
	struct view config;
	struct talk_row row;
} versions[] = {
	{ BYTES(config_a), ROW(version_a) },
	{ BYTES(config_b), ROW(version_b) },
};

START_TEST(without_bulk_pipes)
{
	const struct device d = { .device = BYTES(device_bytes),
		.config = versions[_i].config };
	const struct talk_row *row = &versions[_i].row;
	struct world w;

	world_open(&w, &ifd_ccid);
	world_identify(&w, &d);
	world_play(&w, row->name, row->turns, row->n);
	ck_assert(engine_reader(w.engine)->info.always_present);
	world_is_quiet(&w);
	world_close(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ccid_iccd");
	TCase *t = tcase_create("ccid_iccd");

	tcase_add_loop_test(t, without_bulk_pipes, 0,
	    sizeof(versions) / sizeof(versions[0]));
	suite_add_tcase(s, t);
	return unit_run(s);
}

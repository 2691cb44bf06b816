/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What programs do with libctapi, command by command and in their order, what
 * else there is to say to a terminal, and what is wrong. For ctapi_traces.py.
 *
 *	ctapi_traces LIBRARY
 */

#include "config.h"
#include "tests/lib/ctapi_client.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>

enum { ROUNDS = 100, READERS = SLOW };

/* hbci4java: what comes before the card's type is known. */
static const struct talk opening[] = {
	{ 1, "20110000", "9000" },
	{ 1, "2013008100", "8101019000" },
	{ 1, "20120101013c00", "3b..9001" },
	{ 1, "2011010100", "3b..9001" },
	{ 0, MF, "9000" },
	{ 0, NULL, NULL },
};

static const struct talk hbci_ddv1[] = {
	{ 0, AID0, "6a82" },
	{ 0, MF, "9000" },
	{ 0, AID1, "9000" },
	{ 0, "00b201cc00", "67..9000" },
	{ 0, "00b201d400", "4d75..9000" },
	{ 0, "00b201e400", "00299000" },
	{ 0, "b0ee800200", "079000" },
	{ 0, "b0ee800300", "099000" },
	{ 1, "2013008100", "8101019000" },
	{ 0, PIN, "9000" },
	{ 0, "00dc01dc0c1112131415161718191a1b1c", "9000" },
	{ 0, "08b201dc11ba0cb40a870801020304050607089601" "0000",
	    "810c1112131415161718191a1b1c8e08..9000" },
	{ 0, "0084000008", "..9000" },
	{ 0, "0088008308010203040506070800", "..9000" },
	{ 0, "0084000008", "..9000" },
	{ 0, "0088008308010203040506070800", "..9000" },
	{ 0, UPDATE, "9000" },
	{ 0, NULL, NULL },
};

static const struct talk hbci_ddv0[] = {
	{ 0, AID0, "9000" },
	{ 0, "00b201cc00", "67..9000" },
	{ 0, "00b201d400", "4d75..9000" },
	{ 0, "00b201e400", "00299000" },
	{ 0, "00a4020c020013", "9000" },
	{ 0, "00b2010400", "021007ff079000" },
	{ 0, "00a4020c020014", "9000" },
	{ 0, "00b2010400", "031007099000" },
	{ 0, PIN, "9000" },
	{ 0, "00dc01dc0c1112131415161718191a1b1c", "9000" },
	{ 0, "00da0100080102030405060708", "9000" },
	{ 0, "04b201dc00", "1112131415161718191a1b1c..9000" },
	{ 0, "0084000008", "..9000" },
	{ 0, "0088008308010203040506070800", "..9000" },
	{ 0, UPDATE, "9000" },
	{ 0, NULL, NULL },
};

static const struct talk closing[] = {
	{ 1, "201501040101", "9000" },
	{ 1, "20110000", "9000" },
	{ 1, "2013008100", "8101019000" },
	{ 0, NULL, NULL },
};

/* hbci4java's C tools */
static const struct talk tools[] = {
	{ 1, "20110000", "9000" },
	{ 1, "2013008100", "8101019000" },
	{ 1, "2013004600", "46..9000" },
	{ 1, "2013008000", "059000" },
	{ 1, "2013008100", "8101019000" },
	{ 1, "20120101010a00", "3b..9001" },
	{ 0, MF, "9000" },
	{ 0, AID1, "9000" },
	{ 0, "00b201d400", "4d75..9000" },
	{ 0, "00b202d400", "2020..9000" },
	{ 0, "00b203d400", "2020..9000" },
	{ 0, "00b204d400", "2020..9000" },
	{ 0, "00b205d400", "2020..9000" },
	{ 1, "20150104010a", "9000" },
	{ 0, NULL, NULL },
};

static const struct talk opensc[] = {
	{ 1, "2013008100", "8101019000" },
	{ 1, "2011000000", "9000" },
	{ 1, "2013008000", "059000" },
	{ 1, "2013008000", "059000" },
	{ 1, "2012010100", ATR1 "9001" },
	{ 0, MF, "9000" },
	{ 1, "2012010100", ATR1 "9001" },
	{ 0, NULL, NULL },
};

static const struct talk gnupg[] = {
	{ 1, "2013008000", "059000" },
	{ 1, "2012010100", ATR1 "9001" },
	{ 0, MF, "9000" },
	{ 1, "2013008000", "059000" },
	{ 1, "2012010100", ATR1 "9001" },
	{ 0, NULL, NULL },
};

static const struct talk mktlin[] = {
	{ 1, "2011000000", "9000" },
	{ 1, "201201000101", "9001" },
	{ 1, "20120101010100", ATR1 "9001" },
	{ 1, "20120100010100", "9001" },
	{ 0, "00a4040c06d27600000102", "6a82" },
	{ 1, "201501000100", "9000" },
	{ 0, NULL, NULL },
};

/* Every form of REQUEST, what there is no keypad for, and what is wrong. */
static const struct talk forms[] = {
	{ 1, "20120101", ATR1 "9001" },
	{ 1, "2012010200", "656311064002500010123456789005" "9001" },
	{ 1, "20120101010a", ATR1 "9001" },
	{ 1, "2012010103" "80013c", ATR1 "9001" },
	{ 1, "2012010103" "80013c00", ATR1 "9001" },
	{ 1, "201201f1", ATR1 "9001" },
	{ 1, "2018010011520f000700200081082" "5ffffffffffffff", "6d00" },
	{ 1, "2016500000", "6d00" },
	{ 1, "2017400004500248" "69", "6d00" },
	{ 1, "20700000", "6d00" },
	{ 1, "00a40000023f00", "6e00" },
	{ 1, "20120201", "6a00" },
	{ 1, "2013008200", "6a00" },
	{ 1, "8060010003220102", "9000" },
	{ 1, "8060010003220180", "6a80" },
	{ 1, "20140100", "9000" },
	{ 0, MF, "64a2" },
	{ 0, NULL, NULL },
};

/* What a terminal without keys and display answers to what is wrong, or what it
   cannot do. */
static const struct talk refusals[] = {
	{ 0, MF, "64a2" },			/* none was requested */
	{ 1, "20110001", "6a00" },		/* RESET CT has no ATR */
	{ 1, "2011000100", "6a00" },
	{ 1, "20110f00", "6a00" },		/* no such slot */
	{ 1, "20110201", "6a00" },
	{ 1, "201101000155", "6700" },		/* data */
	{ 1, "20120001", "6a00" },
	{ 1, "20120103", "6a00" },
	{ 1, "20120111", "6a00" },
	{ 1, "201201010000", "6700" },
	{ 1, "20120101023c", "6700" },
	{ 1, "2012010103" "80023c", "6a80" },	/* an object that is cut */
	{ 1, "2012010104" "80020100", "6a80" },	/* two bytes of seconds */
	{ 1, "2012010105", "6c00" },		/* an ATR is longer */
	{ 1, "20130081", "6700" },		/* no Le */
	{ 1, "2013008101", "6c00" },
	{ 1, "2013008200", "6a00" },
	{ 1, "2013018000", "6a00" },
	{ 1, "20140101", "6a00" },
	{ 1, "20140200", "6a00" },
	{ 1, "20150108", "6a00" },
	{ 1, "2015010000", "6700" },		/* EJECT has no answer */
	{ 1, "20150200", "6a00" },
	{ 1, "20165000", "6700" },
	{ 1, "2016500000", "6d00" },		/* no keys */
	{ 1, "20165002058001055000" "00", "6d00" },
	{ 1, "20174000" "04" "50024869", "6d00" },	/* no display */
	{ 1, "20174000" "03" "800105", "6a80" },	/* no text */
	{ 1, "20180100" "0b" "5209010700200081" "0225ff", "6d00" },
	{ 1, "20180100" "02" "5000", "6a80" },	/* no command for the card */
	{ 1, "20190100" "0b" "5209010706002400" "810125", "6d00" },
	{ 1, "20220000", "6d00" },
	{ 1, "20700000", "6d00" },		/* Secoder */
	{ 1, "2076000000", "6d00" },
	{ 1, "00a40000023f00", "6e00" },	/* files of a terminal */
	{ 1, "00b0000000", "6e00" },
	{ 1, "80700000", "6e00" },
	{ 1, "806001000122", "6a80" },
	{ 1, "8060010003450101", "6a80" },
	{ 1, "8060010003220180", "6a80" },	/* memory cards */
	{ 1, "8060020003220101", "6a00" },
	{ 0, NULL, NULL },
};

/* How a card's use ends, and that it does. */
static const struct talk endings[] = {
	{ 1, "20120101", ATR1 "9001" }, { 0, MF, "9000" },
	{ 1, "20150100", "9000" }, { 0, MF, "64a2" },
	{ 1, "20120101", ATR1 "9001" }, { 0, MF, "9000" },
	{ 1, "20150103", "9000" }, { 0, MF, "64a2" },	/* beep, blink */
	{ 1, "20120101", ATR1 "9001" }, { 0, MF, "9000" },
	{ 1, "201501070105", "9000" }, { 0, MF, "64a2" },	/* keep: no wait */
	{ 1, "20120101", ATR1 "9001" }, { 0, MF, "9000" },
	{ 1, "201501f4038001" "05", "9000" }, { 0, MF, "64a2" },
	{ 1, "20120101", ATR1 "9001" }, { 0, MF, "9000" },
	{ 1, "201501000101", "6200" }, { 0, MF, "64a2" },	/* it stays in */
	{ 1, "20120101", ATR1 "9001" }, { 0, MF, "9000" },
	{ 1, "20140100", "9000" }, { 0, MF, "64a2" },
	{ 1, "20140100", "9000" },
	{ 1, "20120101", ATR1 "9001" }, { 0, MF, "9000" },
	{ 1, "20110000", "9000" }, { 0, MF, "64a2" },
	{ 1, "20100101", ATR1 "9001" }, { 0, MF, "9000" },
	{ 1, "2013008000", "059000" }, { 0, MF, "9000" },
	{ 0, NULL, NULL },
};

/* SET INTERFACE PARAMETER is for the card that is in, or the next one. */
static const struct talk interfaces[] = {
	{ 1, "8060010003220102", "9000" },
	{ 1, "20120101", ATR1 "9001" }, { 0, MF, "9000" },
	{ 1, "8060010003220102", "9000" }, { 0, MF, "9000" },
	{ 1, "8060010003220101", "6985" },	/* a card of T=1 alone */
	{ 1, "20120101", ATR1 "9001" }, { 0, MF, "9000" },
	{ 0, NULL, NULL },
};

static const struct {
	const char *name;
	uint16_t ctn, pn;
	const struct talk *talk[3];
} programs[] = {
	{ "hbci4java with a DDV-1 card", 0, DDV1,
	    { opening, hbci_ddv1, closing } },
	{ "hbci4java with a DDV-0 card", 1, DDV0,
	    { opening, hbci_ddv0, closing } },
	{ "hbci4java's C tools", 1, DDV1, { tools } },
	{ "OpenSC", 0, 0, { opensc } },
	{ "gnupg", 0, 0x8000, { gnupg } },
	{ "mktlin", 1, DDV1, { mktlin } },
	{ "forms of commands", UINT16_MAX, DDV1, { forms } },
	{ "what is wrong is told", 0, DDV1, { refusals } },
	{ "what ends the use of a card", 0, DDV1, { endings } },
	{ "the protocol of a card", 0, BLOCKS, { interfaces } },
};

static void
traces(enum room room)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		uint16_t ctn = programs[i].ctn;

		ct_load(NULL);
		want(ct.init(ctn, programs[i].pn), 0, "CT_init");
		for (size_t j = 0; j < 3 && programs[i].talk[j] != NULL; j++)
			talk(ctn, programs[i].talk[j], room);
		want(ct.close(ctn), 0, "CT_close");
		ct_unload();
		done(programs[i].name);
	}
}

static int
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* Programs that this one starts inherit nothing of the library's. */
static void
expect_close_on_exec(void)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		int fd = atoi(e->d_name);

		if (fd > 2 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0)
			complain("descriptor %d would be inherited", fd);
	}
	closedir(d);
}

static void
rounds(void)
{
	int before = descriptors();

	for (int i = 0; i < ROUNDS && !has_complained(); i++) {
		ct_load(NULL);
		want(ct.init(0, DDV1), 0, "CT_init");
		expect(0, 1, "20120101", ATR1 "9001", ROOM_4096);
		want(ct.close(0), 0, "CT_close");
		ct_unload();
	}
	want(descriptors(), before, "descriptors");
	done("100 rounds, each with dlopen and dlclose");
	ct_load(NULL);
	want(ct.init(0, DDV1), 0, "CT_init");
	want(descriptors(), before + 1, "descriptors");
	expect_close_on_exec();
	ct_unload();
	want(descriptors(), before, "descriptors");
	have("hello");		/* slotd has seen that it was closed */
	ct_load(NULL);
	want(ct.init(0, DDV1), 0, "CT_init after dlclose alone");
	want(ct.close(0), 0, "CT_close");
	done("dlclose without CT_close gives the reader back");
	ct_unload();
}

/* A call with one thing wrong. */
static void
refused(uint8_t dad, uint8_t sad, uint16_t lenc, uint16_t lenr, int rc)
{
	uint8_t command[] = { 0x20, 0x13, 0x00, 0x81, 0x00 }, buf[10];
	uint8_t d = dad, s = sad;
	uint16_t n = lenr;

	want(ct.data(0, &d, &s, lenc, command, &n, buf), rc, "CT_data");
	if (d != dad || s != sad || n != lenr)
		complain("dad, sad or lenr were changed");
}

static void
arguments(void)
{
	static const uint16_t none[] = { 0, 1, 7, UINT16_MAX };
	uint8_t a = 1, b = 2, buf[8] = { 0x20, 0x11, 0, 0 };
	uint16_t n = sizeof(buf);

	for (size_t i = 0; i < 4; i++) {
		want(send_command(none[i], 1, "20110000", 2), -1, "not open");
		want(ct.close(none[i]), -1, "not open");
	}
	want(ct.init(0, 16), -1, "no such reader");
	want(ct.init(0, 17), -1, "no such port");
	want(ct.init(0, 0x8010), -1, "no such port");
	want(ct.init(0, 0xffff), -1, "no such port");
	/* what hbci4java does then, each three times */
	want(send_command(0, 1, "201501040101", 2), -1, "CT_init failed");
	want(send_command(0, 1, "20110000", 2), -1, "CT_init failed");
	want(ct.close(0), -1, "CT_init failed");
	done("a ctn that is not open, ports that are none");
	for (uint16_t i = 0; i < READERS; i++) {
		want(ct.init(i, (uint16_t)(i + 1)), 0, "port 1 to 7");
		want(ct.init((uint16_t)(i + 100), (uint16_t)(0x8000 + i)), -8,
		    "port 0x8000 to 0x8006: the same readers");
	}
	for (uint16_t i = 0; i < READERS; i++)
		want(ct.close(i), 0, "CT_close");
	done("each port is its reader");
	want(ct.init(0, 0), 0, "port 0");
	want(ct.init(0, 0x8000), 0, "again, without CT_close, port 8000");
	want(ct.init(UINT16_MAX, 0), -8, "the reader is taken");
	want(ct.init(UINT16_MAX, EIGHT), 0, "ctn ffff");
	refused(1, 1, 5, 10, -1);	/* not from a host */
	refused(2, 2, 5, 10, -1);	/* no second slot */
	refused(15, 2, 5, 10, -1);
	refused(1, 2, 3, 10, -1);	/* no command */
	refused(1, 2, 5, 1, -11);
	refused(1, 2, 5, 4, -11);
	refused(1, 5, 5, 1, -11);	/* a remote host may */
	want(ct.data(0, NULL, &b, 4, buf, &n, buf), -1, "NULL");
	want(ct.data(0, &a, NULL, 4, buf, &n, buf), -1, "NULL");
	want(ct.data(0, &a, &b, 4, NULL, &n, buf), -1, "NULL");
	want(ct.data(0, &a, &b, 4, buf, NULL, buf), -1, "NULL");
	want(ct.data(0, &a, &b, 4, buf, &n, NULL), -1, "NULL");
	want(ct.data(0, &a, &b, 4, buf, &n, buf), 0, "one buffer for both");
	want(ct.close(UINT16_MAX), 0, "CT_close");
	want(ct.close(0), 0, "CT_close");
	want(ct.close(0), -1, "CT_close, twice");
	done("arguments, return codes, what stays untouched");
}

/* A program that asks again must not make the card do it again. */
static void
kept(void)
{
	static const char wrong[] = "0020008108" "2599999fffffffff";

	want(ct.init(0, DDV1), 0, "CT_init");
	expect(0, 1, "20120101", ATR1 "9001", ROOM_4096);
	expect(0, 0, AID1, "9000", ROOM_4096);
	have("count");
	for (int i = 0; i < 3; i++)
		want(send_command(0, 0, "0084000008", 2), -11, "no room");
	expect(0, 0, "0084000008", "..9000", ROOM_4096);
	have("executed");
	expect(0, 0, wrong, "63c2", ROOM_2_10_300);
	expect(0, 0, PIN, "9000", ROOM_2_10_300);
	want(ct.close(0), 0, "CT_close");
	done("an answer without room is kept, the card asked once");
}

int
main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	ct_load(argv[1]);
	ct_unload();
	for (int room = 0; room < ROOMS; room++)
		traces((enum room)room);
	rounds();
	ct_load(NULL);
	arguments();
	kept();
	ct_unload();
	return 0;
}

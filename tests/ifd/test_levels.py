# SPDX-License-Identifier: BSD-2-Clause
"""ifdhandler end to end on a reader of each exchange level."""
from handler import Handler
from usbip_client import Emulator, Tap

ATR = "3b9d138131fe458073b6214057736c6f74656d758f"
FOX = b"The quick brown fox jumps over the lazy dog.".hex()
AID = "00a4040c0ca000000063504b43532d3135"
DATA = bytes(range(200)).hex()

# A card's life, and what it answers.
TALK = [
    (AID, "9000"),
    ("00a4000c025031", "9000"),
    ("00b000002c", FOX + "9000"),
    ("00d60000c8" + DATA, "9000"),
    ("00b00000c8", DATA + "9000"),
    ("00b0000000", DATA + "00" * 56 + "9000"),
    ("00a4000c023f00", "9000"),
    ("00fe000000", "6d00"),
]


def bulk(emu):
    n = {e["endpoint"]: e["transfers"] for e in emu.stats("1-1")["endpoints"]}
    return n["02"], n["82"]


def talk(t, h, what):
    for command, answer in TALK:
        r = h.transmit(command)
        t.eq((r.err, r.data.hex()), ("OK", answer),
             "%s: %s" % (what, command[:10]))


def cost(t, emu, h, first, each, what):
    """Bulk transfers from plug to the end of power-on, and of one APDU."""
    t.eq(bulk(emu), (first, first), what + ": pairs up to the ATR")
    t.eq(h.transmit("0084000008").err, "OK", what + ": first APDU")
    t.eq(bulk(emu), (first + each, first + each), what + ": pairs of an APDU")


def level(t, model, first, each, what):
    with Emulator([model]) as emu, Handler(emu.address, "1-1") as h:
        h.ready()
        r = h.power_on()
        t.eq((r.err, r.data.hex(), r.arg), ("OK", ATR, 2), what + ": ATR")
        cost(t, emu, h, first, each, what)
        talk(t, h, what)
        t.eq(h.power_on(warm=1).data.hex(), ATR, what + ": warm reset")
        t.eq(h.transmit(AID).data.hex(), "9000", what + ": and on it goes")


def iccd(t):
    with Emulator(["iccd-b"]) as emu, Handler(emu.address, "1-1") as h:
        info = h.ready()
        t.ok("ICCD version B" in info.plan, "ICCD: " + info.plan)
        t.eq(h.power_on().data.hex(), ATR, "ICCD: ATR")
        talk(t, h, "ICCD")
        t.eq(h.power_off().err, "OK", "ICCD: power off")
        t.eq(h.transmit("0084000008").err, "UNPOWERED", "ICCD: it is off")


def t0(t, model):
    with Emulator([model + ",card=t0"]) as emu, \
            Handler(emu.address, "1-1") as h:
        h.ready()
        t.eq(h.power_on().arg, 1, model + ": T=0")
        for command, answer in (("00b0810004", "9000"), ("00ca010103", "543d30"
                                "9000"), ("00fe000000", "6d00"),
                                ("00d681000412345678", "9000"),
                                ("00b0810004", "123456789000")):
            r = h.transmit(command)
            t.eq((r.err, r.data.hex()[-len(answer):]), ("OK", answer),
                 "%s, T=0: %s" % (model, command))
        r = h.transmit("00b0000000000a")
        t.eq(r.err, "TOO_LONG", model + ", T=0: " + r.text)


def too_fast(t, model, limit, falls, what):
    """A card that offers 250 kbit/s in a reader that fails above limit."""
    device = "%s,card=fast,limit=%d" % (model, limit)
    with Emulator([device]) as emu, Handler(emu.address, "1-1", debug=3) as h:
        h.ready()
        t.eq(h.power_on().err, "OK", what + ": powered")
        r = h.transmit("00b0810004")
        t.eq((r.err, r.data.hex()), ("OK", "666173749000"), what + ": read")
        t.eq(len([x for x in h.log if "not understood at" in x]), falls,
             what + ": speeds in vain")
        before = bulk(emu)[0]
        h.power_on(warm=1)
        t.eq(h.transmit("0084000008").err, "OK", what + ": again")
        t.eq(len([x for x in h.log if "not understood at" in x]), falls,
             what + ": none in vain now (%d pairs)" % (bulk(emu)[0] - before))
        t.eq(h.transmit("00d6810001aa").data.hex(), "9000", what + ": write")


def main():
    t = Tap()
    # AU9540 by its quirk; the others find out
    too_fast(t, "au9540", 0, 0, "AU9540")
    too_fast(t, "tpdu-reader", 0, 0, "TPDU at full speed")
    too_fast(t, "tpdu-reader", 100000, 3, "TPDU, too fast")
    too_fast(t, "tpdu-reader", 11000, 7, "TPDU, default speed only")
    too_fast(t, "char-reader", 100000, 3, "character, too fast")
    too_fast(t, "extended-apdu-reader", 100000, 3, "extended, too fast")
    t0(t, "tpdu-reader")
    t0(t, "char-reader")
    iccd(t)
    # status, power, PPS, parameters, IFSD; libccid needs ten pairs
    level(t, "tpdu-reader", 5, 1, "TPDU")
    # each block comes in two parts
    level(t, "char-reader", 7, 2, "character")
    # status, power, parameters; libccid needs eight pairs
    level(t, "extended-apdu-reader", 3, 1, "extended")
    level(t, "eight-slots", 10, 1, "short")
    t.done()


main()

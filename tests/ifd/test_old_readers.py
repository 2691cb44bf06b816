# SPDX-License-Identifier: BSD-2-Clause
"""Readers older than the CCID specification, end to end: an APDU of each case,
each fault at each answer, cards and readers that leave."""
import os
import sys
import time

from handler import POWERED, PRESENT, Handler
from usbip_client import Emulator, Tap

# model, driver, card, protocol in use, a card that can be taken out
READERS = [
    ("epass3000", "ePass3000", "t0", 1, False),
    ("pertosmart1030", "pertosmart1030", "t0", 1, True),
    ("pertosmart1030", "pertosmart1030", "fast", 2, True),
    ("pertosmart1038", "pertosmart1038", "t0", 1, True),
    ("pertosmart1038", "pertosmart1038", "fast", 2, True),
    ("cyberjack", "cyberjack", "fast", 2, True),
]

CHALLENGE = "0084000008"
CLEAR = {"STALL", "SHORT", "FORMAT", "TIMEOUT", "IO", "CARD", "READER",
         "MUTE", "TOO_LONG"}

# what goes wrong with an answer, and whether the right one must come out
FAULTS = [
    ("stall", False), ("short:1", False), ("short:3", False),
    ("empty", True), ("twice", False), ("type:255", False),
    ("babble", False), ("late:300", True),
]


class Reader:
    """A handler on the first port, opened and with power."""

    def __init__(self, emu, driver):
        self.h = Handler(emu.address, "1-1", driver=driver)
        self.info = self.h.ready()
        self.first = self.h.card()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.h.stop()


def challenge(h, n=8):
    r = h.transmit("00840000%02x" % n)
    return r.err == "OK" and len(r.data) == n + 2 and r.data[-2:] == b"\x90\0"


def talk(t, h, name, protocol):
    t.ok(challenge(h), name + ": case 2")
    t.ok(challenge(h, 250), name + ": an answer of 250 bytes")
    r = h.transmit("00200001")
    t.ok((r.err, len(r.data)) == ("OK", 2) and r.data[0] in (0x63, 0x6a),
         name + ": case 1")
    t.eq(h.transmit("00a4000c023f00").data.hex(), "9000", name + ": case 3")
    r = h.transmit("00a4000002000100")
    t.ok(r.err == "OK" and r.data[:1] == b"\x6f" and r.data[-2:] == b"\x90\0",
         name + ": case 4")
    text = bytes(range(200)).hex()
    t.eq(h.transmit("00d60000c8" + text).data.hex(), "9000",
         name + ": 200 bytes to the card")
    t.eq(h.transmit("00b00000c8").data.hex(), text + "9000",
         name + ": and back")
    r = h.transmit("00b0000000")
    t.eq((r.err, len(r.data)), ("OK", 258), name + ": Le of 256")
    t.eq(h.transmit("00a4000c022fff").data.hex(), "6a82", name + ": an error")
    t.eq(h.transmit("0084").err, "ARG", name + ": no APDU")
    if protocol == 1:
        t.eq(h.transmit("00d60000000100" + "00" * 256).err, "TOO_LONG",
             name + ": no extended APDU over T=0")
    t.ok(challenge(h), name + ": and on it goes")


def faults(t, emu, driver, name):
    """Each fault at each answer of a reset and an APDU after it."""
    with Reader(emu, driver) as r:
        bad = []
        began = time.monotonic()
        for fault, right in FAULTS:
            kind, _, value = fault.partition(":")
            for at in range(1, 6):
                emu.ctl("fault", "1-1", "%s@%d%s" % (
                    kind, at, ":" + value if value else ""))
                on = r.h.power_on()
                got = r.h.transmit(CHALLENGE) if on.err == "OK" else on
                emu.ctl("fault", "1-1", "none")
                good = on.err == "OK" and got.err == "OK" and \
                    len(got.data) == 10
                if not good and (right or got.err not in CLEAR):
                    bad.append((fault, at, got.err))
                again = r.h.power_on()
                if again.err != "OK":       # what was late is gone by now
                    again = r.h.power_on()
                if again.err != "OK" or not challenge(r.h):
                    bad.append((fault, at, "after", again.err, again.text))
        t.eq(bad, [], name + ": right answer or clear error, then well")
        t.ok(time.monotonic() - began < 120, name + ": and none hangs")


def unplugged(t, emu, driver, name):
    """At the Nth transfer from the import on, wherever that is."""
    ends = set()
    for at in range(1, 30):
        emu.ctl("fault", "1-1", "unplug@t%d" % at)
        h = Handler(emu.address, "1-1", driver=driver)
        m = h.receive()
        while m is not None and m.type == "CARD":
            m = h.receive()
        if m is not None and m.type == "READY":
            err = h.power_on().err
            if err == "OK":
                err = h.transmit(CHALLENGE).err
            if err == "OK":
                m = None        # the fault comes later than all this
            else:
                m = h.wait(lambda m: m.type == "FAILED")
                ends.add(err)
        if m is not None:
            ends.add(m.err)
        h.stop()
        emu.ctl("fault", "1-1", "none")
        emu.ctl("plug", "1-1")
    t.eq(ends, {"GONE"}, name + ": unplugged at each transfer")
    with Reader(emu, driver) as r:
        t.ok(r.h.power_on().err == "OK" and challenge(r.h),
             name + ": and well after it is plugged in again")


def cards(t, emu, driver, name):
    with Reader(emu, driver) as r:
        h = r.h
        if r.info.flags & 8:
            h.send("WATCH", arg=1)
        h.power_on()
        h.wait(lambda m: m.type == "CARD" and m.arg == PRESENT | POWERED)
        emu.ctl("remove", "1-1")
        t.eq(h.card().arg, 0, name + ": the card was removed")
        t.eq(h.transmit(CHALLENGE).err, "NO_CARD", name + ": so no APDU")
        t.eq(h.power_on().err, "NO_CARD", name + ": and no power")
        emu.ctl("insert", "1-1")
        t.eq(h.card().arg, PRESENT, name + ": a card was inserted")
        t.ok(h.power_on().err == "OK" and challenge(h), name + ": and works")
        t.eq(h.power_off().err, "OK", name + ": power off")
        t.eq(h.transmit(CHALLENGE).err, "UNPOWERED", name + ": no APDU then")


def quit_while_hanging(t, emu, driver, name):
    with Reader(emu, driver) as r:
        r.h.power_on()
        emu.ctl("fault", "1-1", "hang@1")
        r.h.send("TRANSMIT", data=bytes.fromhex(CHALLENGE))
        r.h.send("PING")
        r.h.wait(lambda m: m.type == "PONG")
        began = time.monotonic()
        r.h.send("QUIT")
        r.h.process.wait(10)
        t.ok(time.monotonic() - began < 4, name + ": QUIT ends a hanging one")
    emu.ctl("fault", "1-1", "none")


def cardman(t):
    """Its ATR and no more."""
    with Emulator(["cardman"]) as emu:
        with Reader(emu, "cardman") as r:
            h = r.h
            t.eq(r.first.arg, PRESENT, "cardman: a card is there")
            on = h.power_on()
            t.eq((on.err, on.data[:1]), ("OK", b"\x3b"), "cardman: its ATR")
            no = h.transmit(CHALLENGE)
            t.eq((no.err, no.text), (
                "UNSUPPORTED", "how this reader carries APDUs is not known; it "
                "can tell the ATR only"), "cardman: no APDU, in words")
            h.wait(lambda m: m.type == "CARD" and m.arg == PRESENT | POWERED)
            h.send("WATCH", arg=1)
            emu.ctl("remove", "1-1")
            t.eq(h.card().arg, 0, "cardman: the card was removed")
            t.eq(h.power_on().err, "NO_CARD", "cardman: no ATR then")
            emu.ctl("insert", "1-1")
            t.eq(h.wait(lambda m: m.type == "CARD" and m.arg == PRESENT).arg,
                 PRESENT, "cardman: a card was inserted")
            bad = []
            for fault in "stall", "short:9", "empty", "twice", "late:100":
                kind, _, value = fault.partition(":")
                for at in 1, 2:
                    emu.ctl("fault", "1-1", "%s@%d%s" % (
                        kind, at, ":" + value if value else ""))
                    on = h.power_on()
                    emu.ctl("fault", "1-1", "none")
                    if on.err not in ("OK", "MUTE", "CARD", "TIMEOUT",
                                      "NO_CARD") or \
                            h.power_on().err != "OK":
                        bad.append((fault, at, on.err))
            t.eq(bad, [], "cardman: right ATR or clear error, then well")


def one(t, model, driver, card, protocol, removable):
    name = "%s, %s" % (driver, card)
    with Emulator(["%s,card=%s" % (model, card)]) as emu:
        with Reader(emu, driver) as r:
            t.eq(r.first.arg, PRESENT, name + ": a card is there")
            on = r.h.power_on()
            t.eq((on.err, on.arg), ("OK", protocol), name + ": protocol")
            talk(t, r.h, name, protocol)
            on = r.h.power_on(warm=1)
            t.ok(on.err == "OK" and challenge(r.h), name + ": reset again")
        faults(t, emu, driver, name)
        unplugged(t, emu, driver, name)
        if removable:
            cards(t, emu, driver, name)
        quit_while_hanging(t, emu, driver, name)


def main():
    t = Tap()
    wanted = sys.argv[1:]
    for row in READERS:
        if not wanted or row[0] in wanted:
            one(t, *row)
    if not wanted or "cardman" in wanted:
        cardman(t)
    t.done()


main()

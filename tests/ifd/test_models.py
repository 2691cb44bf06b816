# SPDX-License-Identifier: BSD-2-Clause
"""Readers of other kinds, end to end: TPDU and extended APDU level, eight
slots, no interrupt endpoint."""
import os
import re
import tempfile

from handler import PRESENT, SOURCE, Handler
from usbip_client import Emulator, Tap

CHALLENGE = "0084000008"
SERIAL = "534c4f54454d552d30303030303030319000"
SAMPLE = os.path.join(SOURCE, "emulator", "cards", "sample.card")

# errors on the card's side that T=1 must make good
BLOCK_FAULTS = ["card-edc", "card-mute", "card-nad", "card-pcb", "card-seq",
                "card-len", "card-wtx", "card-ifs"]


def talk(t, h, name):
    r = h.transmit(CHALLENGE)
    t.ok(r.err == "OK" and len(r.data) == 10, name + ": an answer in one piece")
    t.eq(h.transmit("00a4000c023f00").data.hex(), "9000", name + ": case 3")
    t.eq(h.transmit("00b0820000").data.hex(), SERIAL, name + ": case 2, Le 0")
    r = h.transmit("00a4040006f0736c6f746500")
    t.ok(r.data[:1].hex() == "6f" and r.data[-2:].hex() == "9000",
         name + ": case 4")
    t.eq(h.transmit("00a4000c022fff").data.hex(), "6a82", name + ": an error")


def opened(emu, busid="1-1"):
    h = Handler(emu.address, busid)
    return h, h.ready()


def tpdu_t1(t):
    with Emulator(["tpdu-reader"]) as emu:
        h, info = opened(emu)
        with h:
            t.eq(h.power_on().arg, 2, "T=1 is in use")
            talk(t, h, "T=1 blocks")
            for fault in BLOCK_FAULTS:
                emu.ctl("fault", "1-1", fault + "@1")
                r = h.transmit(CHALLENGE)
                emu.ctl("fault", "1-1", "none")
                t.ok(r.err == "OK" and len(r.data) == 10,
                     "T=1 and %s: %s" % (fault, r.err))


def tpdu_t0(t):
    text = re.sub(r"(?m)^atr.*$", "atr\t3b 80 00", open(SAMPLE).read())
    with tempfile.NamedTemporaryFile("w", suffix=".card") as f:
        f.write(text)
        f.flush()
        with Emulator(["tpdu-reader,card=" + f.name]) as emu:
            h, info = opened(emu)
            with h:
                t.eq(h.power_on().arg, 1, "T=0 is in use")
                talk(t, h, "T=0 TPDUs")
                for _ in range(5):
                    t.eq(h.transmit("00" * 300).err, "ARG", "no APDU at all")
                r = h.transmit("00d60000000100" + "00" * 256)
                t.eq((r.err, r.text), (
                    "TOO_LONG", "over T=0 this reader takes short APDUs only "
                    "(at most 261 bytes)"), "no extended APDU over T=0")


def extended(t):
    with Emulator(["extended-apdu-reader"]) as emu:
        h, info = opened(emu)
        with h:
            t.ok(info.max_apdu > 65000, "extended APDUs")
            h.power_on()
            talk(t, h, "chained messages")
            t.eq(len(h.transmit("00840000000400").data), 1026,
                 "1024 bytes in parts")


def slots(t):
    with Emulator(["eight-slots"]) as emu:
        h, info = opened(emu)
        with h:
            t.eq(info.slots, 8, "eight slots")
            there = [h.card(i).arg & PRESENT for i in range(8)]
            on = [i for i in range(8) if there[i]]
            xids = [h.send("POWER_ON", i) for i in on]
            t.eq([h.result(x).err for x in xids], ["OK"] * len(on),
                 "all cards powered at once")
            xids = [h.send("TRANSMIT", i, data=bytes.fromhex(CHALLENGE))
                    for i in on]
            t.eq([len(h.result(x).data) for x in xids], [10] * len(on),
                 "each gets its own answer")
            t.eq(h.transmit(CHALLENGE, slot=8).err, "NO_SLOT", "no ninth")
            t.eq(h.transmit(CHALLENGE, slot=255).err, "NO_SLOT", "no 255th")


def polled(t):
    with Emulator(["two-endpoints"]) as emu:
        h, info = opened(emu)
        with h:
            t.ok(info.flags & 8, "it says that it polls")
            h.card()
            h.send("WATCH", arg=1)
            emu.ctl("remove", "1-1")
            t.eq(h.card().arg, 0, "watched: the card was removed")
            emu.ctl("insert", "1-1")
            t.eq(h.card().arg, PRESENT, "watched: a card was inserted")


def main():
    t = Tap()
    tpdu_t1(t)
    tpdu_t0(t)
    extended(t)
    slots(t)
    polled(t)
    t.done()


main()

# SPDX-License-Identifier: BSD-2-Clause
"""ifdhandler end to end on an emulated Cherry ST-1044U, as slotd has it."""
from handler import POWERED, PRESENT, Handler
from usbip_client import Emulator, Tap

ATR = "3b9d138131fe458073b6214057736c6f74656d758f"


def opening(t, h):
    i = h.ready()
    t.eq((i.vid, i.pid, i.bcd, i.slots), (0x46a, 0x2d, 0x203, 1), "who it is")
    t.eq((i.driver, i.vendor, i.product), ("ccid", "Cherry GmbH",
                                           "SmartTerminal XX44"), "its names")
    t.eq(i.interface, "", "a string that stalls is empty")
    t.eq((i.max_apdu, i.max_message, i.features, i.protocols),
         (261, 271, 0x207b2, 3), "what it can")
    c = h.card()
    t.eq((c.arg, c.data), (PRESENT, b""), "a card, not powered")


def card(t, h):
    t.eq(h.transmit("0084000008").err, "UNPOWERED", "no power, no answer")
    r = h.power_on()
    t.eq((r.err, r.data.hex(), r.arg), ("OK", ATR, 2), "ATR at 5 V, T=1")
    c = h.card()
    t.eq((c.arg, c.data.hex()), (PRESENT | POWERED, ATR), "the card is on")
    t.eq(h.power_on(warm=1).data.hex(), ATR, "warm reset")
    r = h.transmit("0084000008")
    t.eq((r.err, len(r.data), r.data[-2:].hex()), ("OK", 10, "9000"),
         "GET CHALLENGE")
    t.eq(h.transmit("00a4000c023f00").data.hex(), "9000", "SELECT MF")
    r = h.transmit("00" * 262)
    t.eq((r.err, r.text), ("TOO_LONG", "this reader takes short APDUs only "
                           "(at most 261 bytes)"), "a long APDU")
    t.eq(h.transmit("00a400").err, "ARG", "three bytes are no APDU")
    t.eq(h.power_on(warm=0).data.hex(), ATR, "cold reset")
    t.eq(h.power_off().err, "OK", "power off")
    t.eq(h.card().arg, PRESENT, "the card is off")


def transfers(emu):
    ends = emu.stats("1-1")["endpoints"]
    return {e["endpoint"]: e["transfers"] for e in ends}


def counts(t, h, emu):
    h.power_on()
    before = transfers(emu)
    for _ in range(100):
        h.transmit("0084000008")
    after = transfers(emu)
    t.eq({e: after[e] - before[e] for e in after},
         {"00": 0, "02": 100, "82": 100, "81": 0},
         "one bulk out and one bulk in for each APDU")


def main():
    t = Tap()
    with Emulator(["cherry-st1044u"]) as emu:
        with Handler(emu.address, "1-1") as h:
            opening(t, h)
            card(t, h)
            counts(t, h, emu)
            h.send("QUIT")
            t.eq(h.stop(), 0, "leaves")
    t.done()


main()

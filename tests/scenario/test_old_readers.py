# SPDX-License-Identifier: BSD-2-Clause
"""Readers older than the CCID specification on the real chain: slotd,
ifdhandler, the emulated reader. What goes wrong inside is in
tests/ifd/test_old_readers.py."""
import os
import sys

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__),
                                                "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "daemon"))
from harness import Emulator, Slotd, Tap  # noqa: E402

T0, T1 = "3b025430", "3b90968131fe45"

# model, driver, the reader's name, card and its ATR, a card that can be taken
READERS = [
    ("epass3000", "ePass3000", "FT SCR2000A", "t0", T0, False),
    ("pertosmart1030", "pertosmart1030", "PertoSmart (AC1030)", "t0", T0,
     True),
    ("pertosmart1038", "pertosmart1038", "PertoSmart EMV (AC1038)", "fast", T1,
     True),
    ("cyberjack", "cyberjack", "cyberjack reader", "fast", T1, True),
    ("cardman", "cardman", "OMNIKEY CardMan 2020", "t0", T0, True),
]

CASE_1, CASE_2 = "00200001", "0084000008"
CASE_3, CASE_4, LONG = "00a4000c023f00", "00a40000023f0000", "00840000fa"


class Reader:
    def __init__(self, t, d, watcher, emu, busid, name):
        self.t, self.watcher, self.emu = t, watcher, emu
        self.busid, self.name, self.control = busid, name, d.control()

    def ask(self, cmd, **more):
        return self.control.ask(cmd=cmd, reader=self.name, **more)

    def apdu(self, apdu):
        """The response, or the name of the error."""
        a = self.ask("transmit", apdu=apdu)
        return a["response"] if a["ok"] else a["error"]

    def wait(self, event):
        while self.watcher.wait_event(event)["name"] != self.name:
            pass

    def eq(self, got, want, text):
        self.t.eq(got, want, "%s: %s" % (self.name, text))

    def answers(self, apdu, n, text):
        got = self.apdu(apdu)
        self.eq((len(got) // 2, got[-4:]), (n, "9000"), text)


def cases(r, atr):
    a = r.ask("atr").get("atr", "")
    r.eq(a[:len(atr)], atr, "ATR")
    r.eq(r.apdu(CASE_1)[:1], "6", "case 1")
    r.answers(CASE_2, 10, "case 2")
    r.eq(r.apdu(CASE_3), "9000", "case 3")
    r.eq(r.apdu(CASE_4)[:2], "6f", "case 4")
    r.answers(LONG, 252, "250 bytes")
    r.eq(r.ask("reset", how="warm").get("atr"), a, "warm reset")
    r.answers(CASE_2, 10, "and on it goes")


def unplugged(r):
    """At the answer to an APDU, in the middle of a long one, and idle."""
    r.emu.ctl("fault", r.busid, "unplug@1")
    got = r.apdu(CASE_2)        # or before, if its first answer is to a look
    r.eq(got in ("GONE", "NO_READER"), True, "unplugged in an APDU: " + got)
    r.wait("reader-removed")
    r.emu.ctl("plug", r.busid)
    r.wait("reader-added")
    r.answers(LONG, 252, "back, and well")
    r.emu.ctl("fault", r.busid, "hang@1")
    r.control.send(cmd="transmit", reader=r.name, apdu=CASE_2)
    r.emu.ctl("unplug", r.busid)
    r.eq(r.control.answer().get("error") in ("GONE", "NO_READER"), True,
         "unplugged while it hangs")
    r.wait("reader-removed")
    r.emu.ctl("fault", r.busid, "none")
    r.emu.ctl("plug", r.busid)
    r.wait("reader-added")
    r.answers(CASE_2, 10, "back again")


def cards(r, works):
    r.emu.ctl("remove", r.busid)
    r.wait("card-removed")
    r.eq(r.apdu(CASE_2), "NO_CARD", "no card, no APDU")
    r.emu.ctl("insert", r.busid)
    r.wait("card-inserted")
    if works:
        r.answers(CASE_2, 10, "another card, and it works")


def main():
    t = Tap()
    with Emulator(["%s,card=%s" % (r[0], r[3]) for r in READERS]) as emu, \
            Slotd() as d:
        d.start("".join(d.reader(emu.address, "1-%d" % i, r[1], r[0])
                        for i, r in enumerate(READERS, 1)))
        for _ in READERS:
            d.wait_log("is ready")
        with d.control() as watcher:
            watcher.ask(cmd="watch")
            for i, row in enumerate(READERS, 1):
                r = Reader(t, d, watcher, emu, "1-%d" % i, row[2])
                works = row[1] != "cardman"
                if works:
                    cases(r, row[4])
                    unplugged(r)
                else:
                    r.eq(r.ask("atr").get("atr"), row[4], "ATR")
                    r.eq(r.apdu(CASE_2), "UNSUPPORTED", "no APDU")
                if row[5]:
                    cards(r, works)
    t.done()


main()

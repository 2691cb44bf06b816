# SPDX-License-Identifier: BSD-2-Clause
"""T=1 end to end with every kind of block error at every block of a talk: the
response is right or the error clear, and no command runs twice. The card counts
what it runs."""
import os
import tempfile

from handler import SOURCE, Handler
from usbip_client import Emulator, Tap

KINDS = ["card-edc", "card-mute", "card-nad", "card-pcb", "card-seq",
         "card-len", "card-wtx", "card-abort", "card-ifs", "card-resynch"]

# A card of IFSC 20: commands and responses in chains, both ways.
CARD = """card	iso
atr	3b 90 11 81 31 14 45 tck
df	3f00
file	3f00/0001 transparent size 1024 sfi 1
data	"none"
"""

DATA = bytes((i * 7) & 0xff for i in range(90)).hex()
WRITE, READ = "00d681005a" + DATA, "00b081005a"
READ_LONG = "00b08100000190"    # 400 bytes, in blocks of 254
TALK = [(WRITE, "9000"), (READ, DATA + "9000"),
        (READ_LONG, DATA + "00" * 310 + "9000")]


def commands(emu):
    return emu.stats("1-1")["slots"][0]["commands"]


class Judge:
    def __init__(self, t, emu, h):
        self.t, self.emu, self.h = t, emu, h
        self.right = self.failed = 0

    def one(self, plan, command, answer):
        """None, or what is wrong."""
        before = commands(self.emu)
        self.emu.ctl("fault", "1-1", plan)
        r = self.h.transmit(command)
        self.emu.ctl("fault", "1-1", "none")
        runs = commands(self.emu) - before
        if runs > 1:
            return "run %d times" % runs
        if r.err == "OK":
            self.right += 1
            return None if r.data.hex() == answer and runs == 1 else \
                "wrong answer"
        self.failed += 1
        if r.err not in ("CARD", "MUTE", "TIMEOUT") or r.text == "":
            return "error %s: %s" % (r.err, r.text)
        again = self.h.transmit(READ)
        if again.err != "OK" or again.data.hex()[-4:] != "9000":
            return "no command after it: %s" % again
        return None

    def talk(self, plans, what):
        before = self.right, self.failed
        for command, answer in TALK:
            for plan in plans:
                wrong = self.one(plan, command, answer)
                if wrong:
                    self.t.ok(False, "%s, %s: %s" % (plan, command[:8], wrong))
        self.t.ok(True, "%s: %d right answers, %d clear errors" % (
            what, self.right - before[0], self.failed - before[1]))
        return self.right - before[0], self.failed - before[1]


def main():
    t = Tap()
    with tempfile.NamedTemporaryFile("w", suffix=".card") as f:
        f.write(CARD)
        f.flush()
        with Emulator(["tpdu-reader,card=" + f.name]) as emu, \
                Handler(emu.address, "1-1") as h:
            h.ready()
            t.eq(h.power_on().arg, 2, "T=1")
            j = Judge(t, emu, h)
            for kind in KINDS:
                right, failed = j.talk(
                    ["%s@%d" % (kind, n) for n in range(1, 8)], kind)
                # a chain that the card aborts is over, and a card may not
                # ask for a resynchronisation at all
                if kind not in ("card-abort", "card-resynch"):
                    t.eq(failed, 0, kind + ": one error is always made good")
            j.talk(["card-%s@%d+card-%s@%d" % (a, n, b, n + 1)
                    for a, b in (("edc", "mute"), ("seq", "edc"),
                                 ("mute", "mute"), ("wtx", "edc"))
                    for n in range(1, 8)], "two in a row")
            j.talk(["+".join("card-mute@%d" % i for i in range(n, n + 9))
                    for n in range(1, 6)], "a card that stays mute")
    t.done()


main()

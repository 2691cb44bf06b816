# SPDX-License-Identifier: BSD-2-Clause
"""USB tokens on the real chain (slotd, ifdhandler, the emulated token): its
name and ATR, an APDU of each case, a long answer, unplugged in the middle,
back again, and a fault at each transfer: the right answer or a clear error, in
time, and all is well afterwards.

A token is a row of TOKENS. All are plugged in at once, each has a thread of its
own here. Arguments: the drivers to test, all without any."""
import json
import os
import sys
import threading
import time
import traceback

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__),
                                                "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "daemon"))
from harness import Emulator, Slotd, Tap  # noqa: E402

T0_ATR = "3b025430"
SAMPLE_ATR = "3b9d138131fe458073b6214057736c6f74656d758f"
FCI = "6f0a82013883023f008a01059000"
FCP = ("623d81020000800200008202380083023f008a01008628" + "00" * 40 + "9000")


class Token:
    """model of slotemu, with options; driver; the reader's name; ATR; what
    SELECT answers; the transfer that is lost, and how many seconds may go by
    then, or None; faults that the token's rules cannot show; what the faults
    count: requests (c) or answers on the bulk pipe."""

    def __init__(self, model, driver, name, atr, fci=FCI, lost=(1, 12),
                 unseen=(), counts="c"):
        self.model, self.driver, self.name, self.atr = model, driver, name, atr
        self.fci, self.lost, self.unseen = fci, lost, unseen
        self.counts = counts


TOKENS = [
    Token("egate", "egate", "Schlumberger E-Gate", T0_ATR, lost=(1, 3)),
    # its card may send less than Le, so nobody sees that a byte is missing
    Token("rutoken-s", "rutoken", "Rutoken S driver",
          "3b6f00ff00567275546f6b6e73302000009000", FCP, unseen=("short",)),
    Token("ikey2k", "ikey2k", "Rainbow iKey 2032", SAMPLE_ATR),
    Token("ikey3k", "ikey3k", "Rainbow iKey 3000", SAMPLE_ATR),
    Token("eutron", "eutron", "Eutron CryptoIdendity", SAMPLE_ATR),
    Token("etoken-0514,card=sample", "etoken", "Aladdin eToken PRO",
          SAMPLE_ATR),
    Token("etoken64-0600,card=sample", "etoken64", "Aladdin eToken PRO 64k",
          SAMPLE_ATR),
    Token("starkey,card=sample", "starkey", "G&D Starkey 100", SAMPLE_ATR),
    # these two have 200 and 30 seconds for an answer
    Token("epass3000,card=t0", "ePass3000", "FT SCR2000A", T0_ATR, lost=None,
          counts=""),
    Token("pertosmart1038", "pertosmart1038", "PertoSmart EMV (AC1038)",
          SAMPLE_ATR, lost=None, counts=""),
]

CASE_1, CASE_2 = "00200001", "0084000008"
CASE_3, CASE_4 = "00a4000c023f00", "00a40000023f0000"
LONG = "00840000fa"

FAULTS = ["stall", "short", "empty", "babble", "late:30"]
ERRORS = {"STALL", "IO", "SHORT", "FORMAT", "TIMEOUT", "CARD", "READER",
          "MUTE", "HANDLER", "PROTOCOL", "TOO_LONG"}


LIMIT = 27      # T=1 waits 20 s for an answer, and then asks for it again


class Results:
    """What one thread found out, for Tap once it has ended."""

    def __init__(self):
        self.list = []

    def ok(self, what, text):
        self.list.append((bool(what), text))

    def eq(self, got, want, text):
        self.ok(got == want, text if got == want else
                "%s: %r, not %r" % (text, got, want))


class Visit:
    """One token, seen by one program."""

    def __init__(self, token, busid, emu, slotd, watch):
        self.token, self.busid, self.emu = token, busid, emu
        self.control, self.watcher = slotd.control(), watch
        self.t, self.longest = Results(), 0

    def ask(self, cmd, **more):
        began = time.monotonic()
        self.control.send(cmd=cmd, reader=self.token.name, **more)
        answer = json.loads(self.control.lines.next(2 * LIMIT))
        self.longest = max(self.longest, time.monotonic() - began)
        return answer

    def apdu(self, apdu):
        """The response, or the name of the error."""
        a = self.ask("transmit", apdu=apdu)
        return a["response"] if a["ok"] else a["error"]

    def fault(self, script):
        self.emu.ctl("fault", self.busid, script)

    def transfers(self, action):
        """How many of the transfers that are counted an action takes."""
        wanted = ("control", "00") if self.token.counts else ("bulk", "8")
        self.emu.ctl("stats-reset", self.busid)
        action()
        return sum(e["transfers"] for e in
                   self.emu.stats(self.busid)["endpoints"]
                   if e["type"] == wanted[0] and
                   e["endpoint"].startswith(wanted[1]))

    def at(self, kind, number):
        """The fault of this kind at such a transfer."""
        name, _, value = kind.partition(":")
        return "%s@%s%d%s" % (name, self.token.counts, number,
                              value and ":" + value)

    def wait(self, event):
        while self.watcher.wait_event(event)["name"] != self.token.name:
            pass

    def replug(self):
        self.emu.ctl("plug", self.busid)
        self.wait("reader-added")

    def well(self, text):
        """An APDU is answered, at once or after a reset."""
        got = self.apdu(CASE_4)
        if got != self.token.fci:
            self.ask("reset", how="cold")
            got = self.apdu(CASE_4)
        if got != self.token.fci:
            self.t.eq(got, self.token.fci, text)


def cases(v):
    t, token = v.t, v.token
    t.eq(v.ask("atr").get("atr"), token.atr, "ATR")
    t.eq(v.apdu(CASE_1), "63c3", "case 1")
    answer = v.apdu(CASE_2)
    t.ok(len(answer) == 20 and answer.endswith("9000"), "case 2")
    t.eq(v.apdu(CASE_3), "9000", "case 3")
    t.eq(v.apdu(CASE_4), token.fci, "case 4")
    answer = v.apdu(LONG)
    t.ok(len(answer) == 504 and answer.endswith("9000"), "250 bytes")
    t.eq(v.ask("reset", how="warm").get("atr"), token.atr, "warm reset")
    t.eq(v.transfers(lambda: v.ask("info")), 0, "no transfer while idle")


def faults_of_apdu(v):
    """Each kind of fault at each transfer of an APDU."""
    n = v.transfers(lambda: v.apdu(CASE_4))
    right, errors, wrong = 0, 0, []
    for kind in FAULTS:
        if kind in v.token.unseen:
            continue
        for number in range(1, n + 1):
            script = v.at(kind, number)
            v.fault(script)
            got = v.apdu(CASE_4)
            v.fault("none")
            if got == v.token.fci:
                right += 1
            elif got in ERRORS:
                errors += 1
            else:
                wrong.append((script, got))
            v.well("an APDU after " + script)
    v.t.eq(wrong, [], "a fault at each of %d transfers: %d right, %d errors" %
           (n, right, errors))


def faults_of_reset(v):
    n = v.transfers(lambda: v.ask("reset", how="cold"))
    wrong = []
    for at in range(1, n + 1):
        v.fault(v.at("stall", at))
        a = v.ask("reset", how="cold")
        v.fault("none")
        if a.get("atr") != v.token.atr and a.get("error") not in ERRORS:
            wrong.append((at, a))
        v.well("an APDU after a stall at transfer %d of a reset" % at)
    v.t.eq(wrong, [], "refused at each of %d transfers of a reset" % n)


def unplugged(v):
    """At each transfer of an APDU."""
    n = v.transfers(lambda: v.apdu(CASE_4))
    wrong = []
    for at in range(1, n + 1):
        v.fault(v.at("unplug", at))
        got = v.apdu(CASE_4)
        if got != "GONE":
            wrong.append((at, got))
        v.replug()
        v.well("an APDU after it was unplugged at transfer %d" % at)
    v.t.eq(wrong, [], "unplugged at each of %d transfers, and back" % n)


def lost(v):
    """A transfer that never ends."""
    at, limit = v.token.lost
    v.fault(v.at("lost", at))
    began = time.monotonic()
    got = v.apdu(CASE_4)
    took = time.monotonic() - began
    v.t.ok(got == v.token.fci or got in ERRORS, "one lost: " + got)
    v.t.ok(took < limit, "within %d s: %.1f s" % (limit, took))
    v.well("an APDU after it")


def hanging(v):
    v.fault(v.at("hang", 1))
    v.control.send(cmd="transmit", reader=v.token.name, apdu=CASE_4)
    v.emu.ctl("unplug", v.busid)
    v.t.eq(v.control.answer().get("error"), "GONE", "unplugged while it hangs")
    v.fault("none")  # it may have left before its first transfer
    v.replug()
    v.well("an APDU after it hung")
    v.t.ok(v.longest < LIMIT, "no request took longer than %d s: %.1f s" %
           (LIMIT, v.longest))


def visit(v):
    try:
        for part in (cases, faults_of_apdu, faults_of_reset, unplugged, lost,
                     hanging):
            if part is not lost or v.token.lost:
                v.t.ok(True, part.__name__)
                part(v)
    except Exception:
        v.t.ok(False, traceback.format_exc().replace("\n", "\n# "))


def main():
    t = Tap()
    wanted = [x for x in TOKENS if not sys.argv[1:] or x.driver in sys.argv]
    with Emulator([x.model for x in wanted]) as emu, Slotd() as d:
        d.start("".join(d.reader(emu.address, "1-%d" % i, x.driver, x.driver)
                        for i, x in enumerate(wanted, 1)))
        visits = []
        for i, x in enumerate(wanted, 1):
            d.wait_log("is ready")
        for i, x in enumerate(wanted, 1):
            watcher = d.control()
            watcher.ask(cmd="watch")
            visits.append(Visit(x, "1-%d" % i, emu, d, watcher))
        threads = [threading.Thread(target=visit, args=(v,)) for v in visits]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for v in visits:
            print("# %s" % v.token.driver, flush=True)
            for what, text in v.t.list:
                t.ok(what, "%s: %s" % (v.token.driver, text))
    t.done()


main()

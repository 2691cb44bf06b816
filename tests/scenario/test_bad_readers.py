# SPDX-License-Identifier: BSD-2-Clause
"""Readers that lie, hang or come in numbers, as the clients of slotd see them."""
import os
import signal
import sys

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__),
                                                "..", ".."))
sys.path[:0] = [os.path.join(TOP, "tests", "daemon"),
                os.path.join(TOP, "tests", "ifd")]
from handler import PRESENT, Handler  # noqa: E402
from harness import Emulator, Slotd, Tap, children  # noqa: E402
from openct_wire import Connection, status, transact  # noqa: E402

MODEL = "cherry-st1044u"
CHALLENGE = transact(bytes.fromhex("0084000008"))
READERS = 20


def answered(d, reader=0):
    with Connection(d, reader) as c:
        error, body = c.ask(CHALLENGE)
        return error == 0 and body[-2:] == b"\x90\x00"


def bad_class_descriptors(t):
    for kind in "short", "long", "none":
        with Emulator([MODEL]) as emu, Slotd() as d:
            emu.ctl("fault", "1-1", "class=" + kind)
            d.start(d.reader(emu.address, "1-1"))
            line = d.wait_log("class descriptor")
            t.ok("reader 0" in line, "class descriptor %s: %s" % (
                kind, line.split(": ")[-1]))
            with d.control() as c:
                got = c.ask(cmd="list")["readers"][0]
            t.ok(got["state"] in ("failed", "starting"), "it is not ready")
            t.eq(status(d)[4], 0, "nor in the status file")
            emu.ctl("fault", "1-1", "none")
            d.wait_log("reader 0: .*is ready")
            t.ok(answered(d), "asked again, in good health: it works")


def nonsense(t):
    """A descriptor of A5 may be a reader's, of 64 slots: only no harm is done."""
    with Emulator([MODEL] * 2) as emu, Slotd() as d:
        emu.ctl("fault", "1-1", "class=nonsense")
        d.start(d.reader(emu.address, "1-1") +
                d.reader(emu.address, "1-2", name="s"))
        t.ok("reader 0" in d.wait_log("reader 0"), "class descriptor nonsense")
        if not any("reader 1: " in line for line in d.log):
            d.wait_log("reader 1: .*is ready")
        t.ok(answered(d, 1), "the other reader works")


def bad_answers(t):
    with Emulator([MODEL]) as emu, Slotd() as d:
        d.start(d.reader(emu.address, "1-1"))
        d.wait_log("is ready")
        for fault in ("length@x1", "short@x1", "stall@x1", "type@x1",
                      "seq@x1", "slot@x1"):
            emu.ctl("fault", "1-1", fault)
            with Connection(d) as c:
                error, body = c.ask(CHALLENGE)
                t.ok(error < 0 and body == b"", "%s: %d" % (fault, error))
            emu.ctl("fault", "1-1", "none")
            t.ok(answered(d), "and the next one is answered")


def stopped_handler(t):
    with Emulator([MODEL]) as emu, Slotd() as d:
        d.start(d.reader(emu.address, "1-1"))
        d.wait_log("is ready")
        os.kill(children(d.process.pid)[0], signal.SIGSTOP)
        with Connection(d) as c:
            t.eq(c.ask(CHALLENGE), (-5, b""), "a handler that hangs: -5")
        d.wait_log("no sign of life")
        d.wait_log("is ready")
        t.ok(answered(d), "a fresh one works")


def many(t):
    """All at once and with one serial number: none is taken for another."""
    left_on = 0
    with Emulator([MODEL + ",serial=0001"] * READERS) as emu, Slotd() as d:
        d.start("".join(d.reader(emu.address, "1-%d" % (i + 1), name="r%d" % i)
                        for i in range(READERS)))
        for _ in range(READERS):
            d.wait_log("is ready")
        t.eq(len([i for i in range(16) if status(d, i)[4] != 0]), 16,
             "16 are offered to OpenCT's programs")
        t.eq([i for i in range(16) if not answered(d, i)], [], "and answer")
        with d.control() as c:
            got = c.ask(cmd="list")["readers"]
            t.eq([r["reader"] for r in got], list(range(READERS)), "all listed")
            t.eq([r["device"].rsplit("/", 1)[1] for r in got],
                 ["1-%d" % (i + 1) for i in range(READERS)], "in order")
            t.ok(c.ask(cmd="transmit", reader=READERS - 1, apdu="0084000008")
                 ["response"].endswith("9000"), "the last one answers, too")
            c.ask(cmd="watch")
            for busid in "1-3", "1-7":
                emu.ctl("unplug", busid)
                c.wait_event("reader-removed")
            for busid, number in ("1-7", 6), ("1-3", 2):
                emu.ctl("plug", busid)
                t.eq(c.wait_event("reader-added")["reader"], number,
                     "%s is back in its place" % busid)
        code, took = d.stop()
        t.ok(code == 0 and took < 1, "SIGTERM: out in %.3f s" % took)
        for i in range(READERS):
            with Handler(emu.address, "1-%d" % (i + 1)) as h:
                h.ready()
                left_on += h.card().arg != PRESENT
        t.eq(left_on, 0, "all cards were powered off")


def main():
    t = Tap()
    for test in (bad_class_descriptors, nonsense, bad_answers,
                 stopped_handler, many):
        print("# " + test.__name__, flush=True)
        test(t)
    t.done()


main()

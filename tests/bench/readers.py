#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""readers.py BUILD: what a reader costs from plug to its first APDU and while it
is idle, and what slots that work at the same time are worth.

The transfers are compared with those of pcscd 1.9 and libccid 1.5.2, recorded
with the same kind of reader and a card of the same ATR. Nothing is asserted.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1])
TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
os.environ["top_builddir"] = BUILD
os.environ.setdefault("top_srcdir", os.path.join(TESTS, ".."))
sys.path[:0] = [os.path.join(TESTS, "daemon")]

from harness import Emulator, Slotd, children  # noqa: E402
from openct_wire import Connection, transact  # noqa: E402

CHALLENGE = bytes.fromhex("0084000008")

# What, model, ATR; libccid's pairs of bulk transfers up to the first APDU, and
# for each APDU.
RECORDED = [
    ("Cherry ST-1044U, short APDUs, T=1", "cherry-st1044u", "3b 80 80 01 01",
     8, 1),
    ("extended APDUs, T=1", "extended-apdu-reader", "3b 80 80 01 01", 8, 1),
    ("TPDUs, T=0", "tpdu-reader", "3b 00", 8, 1),
    ("TPDUs, T=1, PPS for TA1 13", "tpdu-reader", "3b 90 13 81 01 03", 10, 1),
    ("no interrupt pipe (libccid polled for 2.5 s)", "two-endpoints",
     "3b 80 80 01 01", 19, 1),
]

CARD = "card\tiso\natr\t%s\ndf\t3f00\n"
SLOTS, DELAY_MS, COMMANDS = 8, 50, 20


def bulk(emu):
    n = {e["endpoint"]: e["transfers"] for e in emu.stats("1-1")["endpoints"]}
    return n["02"]


def transfers():
    print("%-46s %21s %21s" % ("pairs of bulk transfers", "up to the first APDU",
                               "each APDU"))
    print("%-46s %10s %10s %10s %10s" % ("", "slotd", "libccid", "slotd",
                                         "libccid"))
    for what, model, atr, before, each in RECORDED:
        with tempfile.NamedTemporaryFile("w", suffix=".card") as f:
            f.write(CARD % atr)
            f.flush()
            with Emulator(["%s,card=%s" % (model, f.name)]) as emu, \
                    Slotd(debug=0) as slotd:
                slotd.start(slotd.reader(emu.address, "1-1"))
                slotd.wait_log("is ready")
                with Connection(slotd) as c:
                    assert c.ask(transact(CHALLENGE))[0] == 0
                    first = bulk(emu)
                    for _ in range(10):
                        c.ask(transact(CHALLENGE))
                    after = bulk(emu)
        print("%-46s %10d %10d %10.1f %10d" % (
            what, first - 1, before, (after - first) / 10, each), flush=True)


def system_calls(pid, seconds):
    """That begin in so many seconds. One is cut short, and begins again, when
    strace comes; its name is not counted."""
    with tempfile.NamedTemporaryFile("r") as log:
        s = subprocess.Popen(["strace", "-f", "-o", log.name, "-p", str(pid)],
                             stderr=subprocess.PIPE)
        s.stderr.readline()             # "attached"
        time.sleep(seconds)
        s.terminate()
        s.communicate()
        return len(log.readlines()) - 1


def idle():
    """A reader without an interrupt pipe, its card in, and nobody there."""
    with Emulator(["two-endpoints"]) as emu, Slotd() as slotd:
        slotd.start(slotd.reader(emu.address, "1-1"))
        slotd.wait_log("it is let alone", 60)
        before = bulk(emu)
        pids = [slotd.process.pid] + children(slotd.process.pid)
        time.sleep(10)
        print("no interrupt pipe, 10 s with nobody: %d bulk transfers (libccid "
              "25)" % (bulk(emu) - before))
        if shutil.which("strace"):
            print("system calls in 5 s: slotd %d, ifdhandler %d" % tuple(
                system_calls(pid, 5) for pid in pids))


def seconds(clients):
    """Each client has one command under way at any time."""
    start = time.monotonic()
    for _ in range(COMMANDS):
        for slot, c in clients:
            c.send(transact(CHALLENGE, slot))
        for slot, c in clients:
            assert c.answer()[0] == 0
    return time.monotonic() - start


def slots():
    with Emulator(["eight-slots,delay=%d" % DELAY_MS]) as emu, \
            Slotd(debug=0) as slotd:
        slotd.start(slotd.reader(emu.address, "1-1"))
        slotd.wait_log("is ready")
        clients = [(i, Connection(slotd)) for i in range(SLOTS)]
        for slot, c in clients:
            assert c.ask(transact(CHALLENGE, slot))[0] == 0
        one, all_of_them = seconds(clients[:1]), seconds(clients)
        for _, c in clients:
            c.close()
    print("%d commands of %d ms: %.2f s for 1 client, %.2f s for %d clients on "
          "%d slots: ratio %.2f" % (COMMANDS, DELAY_MS, one, all_of_them,
                                    SLOTS, SLOTS, all_of_them / one))


transfers()
idle()
slots()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tokens.py BUILD: what a token costs from plug to ATR, when a program comes,
and for an APDU, in control transfers.

Beside it is what OpenCT sent to the same token: its rite, and two transfers for
each block of 32 bytes, as measured with it for the eToken PRO and read in its
drivers for the others. Nothing is asserted.
"""
import os
import sys
import tempfile

BUILD = os.path.abspath(sys.argv[1])
TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
os.environ["top_builddir"] = BUILD
os.environ.setdefault("top_srcdir", os.path.join(TESTS, ".."))
sys.path[:0] = [os.path.join(TESTS, "daemon")]

from harness import Emulator, Slotd  # noqa: E402
from openct_wire import Connection, transact  # noqa: E402

# Model, driver, configuration; OpenCT's transfers of a reset, and whether those
# of its APDUs are known (blocks of 32 bytes; the other tokens' are not).
TOKENS = [
    ("etoken-0514", "etoken", "", 6, True),
    ("etoken64-0600", "etoken64", "", 6, True),
    ("starkey", "starkey", "", 0, True),
    ("etoken-0514", "etoken", "driver etoken { block_size = 254; };\n", 6,
     True),
    ("egate", "egate", "", 3, False),
    ("rutoken-s", "rutoken", "", 3, False),
    ("ikey2k", "ikey2k", "", 11, False),
    ("ikey3k", "ikey3k", "", 7, False),
    ("eutron", "eutron", "", 7, False),
]
# What, APDU, OpenCT's transfers.
APDUS = [
    ("SELECT", "00a4000c023f00", 2),
    ("100 out", "00d6000064" + "55" * 100, 8),
    ("250 in", "00840000fa", 16),
]


class Log:
    """slotemu's log of transfers, in a file."""

    def __init__(self):
        self.file = tempfile.TemporaryFile("w+")

    def emulator(self, model):
        kept = os.dup(2)
        os.dup2(self.file.fileno(), 2)
        try:
            return Emulator([model], args=["--log"])
        finally:
            os.dup2(kept, 2)
            os.close(kept)

    def counts(self):
        """Standard requests and vendor requests so far."""
        self.file.seek(0)
        setups = [line.split(" setup ")[1] for line in self.file
                  if " setup " in line]
        vendor = sum(int(s[:2], 16) & 0x60 != 0 for s in setups)
        return len(setups) - vendor, vendor


def measure(model, driver, config):
    log = Log()
    with log.emulator(model) as emu, Slotd(debug=0) as slotd:
        slotd.start(config + slotd.reader(emu.address, "1-1", driver))
        slotd.wait_log("is ready")
        standard, vendor = log.counts()
        with Connection(slotd) as c:
            came = log.counts()[1] - vendor
            c.ask(transact(bytes.fromhex("00a4000c024000")))
            each = []
            for _, apdu, _ in APDUS:
                before = log.counts()[1]
                assert c.ask(transact(bytes.fromhex(apdu)))[0] == 0
                each.append(log.counts()[1] - before)
    return [standard, vendor, came] + each


def main():
    names = ["plug to ATR", "a client"] + [what for what, _, _ in APDUS]
    print("%-28s" % "control transfers" + "".join("%14s" % n for n in names))
    for model, driver, config, reset, known in TOKENS:
        standard, *ours = measure(model, driver, config)
        theirs = [reset, reset] + [n if known else None for _, _, n in APDUS]
        name = model + (", block_size 254" if config else "")
        print("%-28s" % name + "".join(
            "%14s" % ("%d" % n if old is None else "%d (%d)" % (n, old))
            for n, old in zip(ours, theirs)), flush=True)
    print("In brackets: OpenCT. Standard requests, for descriptors and names, "
          "are %d more." % standard)


main()

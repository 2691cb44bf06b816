#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Perl's Chipcard::PCSC."""
import os
import subprocess
import sys

from backend import HERE, Skip, arguments, backend, need, run, same, test
from dialog import Dialog

ARGS = arguments()
ATR = "3B 9D 13 81 31 FE 45 80 73 B6 21 40 57 73 6C 6F 74 65 6D 75 8F"
FILE = b"SLOTEMU-00000001".hex(" ").upper()


def wanted(b, readers):
    features = "12 04 42 33 00 12" if ARGS.backend == "slotd" else "none"
    return ["reader: " + name for name in readers] + [
        "groups: " + ",".join(readers),
        "protocol: 2",
        "status: %s, state 52, protocol 2, ATR %s" % (b.reader_names[0], ATR),
        "in a transaction: 90 00",
        "file: %s 90 00" % FILE,
        "checked: 6A 82: Wrong parameter(s) P1-P2. File not found.",
        "features: " + features,
        "reset: 2",
        "after it: well",
        "present",
    ]


@test
def perl_talks_to_the_card_and_sees_it_leave():
    need("perl")
    if subprocess.run(["perl", "-MChipcard::PCSC", "-e", "1"],
                      capture_output=True).returncode != 0:
        raise Skip("libpcsc-perl is not installed")
    with backend(ARGS, cards=["sample"]) as b, \
            Dialog(b, "perl", os.path.join(HERE, "pcsc.pl")) as d:
        d.expect("^present$")
        readers = [row[8:] for row in d.said if row.startswith("reader: ")]
        assert b.reader_names[0] in readers, d.said
        same(d.said, wanted(b, readers))
        b.remove()
        d.expect("^empty$")
        d.expect("^without a card: No smartcard inserted.$")
        d.end()


if __name__ == "__main__":
    sys.exit(run())

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""pcsc-tools: pcsc_scan, scriptor, ATR_analysis."""
import sys

from backend import arguments, backend, need, run, same, test

ARGS = arguments()


@test
def pcsc_scan_shows_reader_and_card():
    need("pcsc_scan")
    with backend(ARGS, cards=["sample"]) as b:
        assert "0: %s\n" % b.reader_names[0] in b.run("pcsc_scan", "-r")
        said = b.run("pcsc_scan", "-n", "-t", "1", check=False)
        assert "Card inserted" in said and "3B 9D 13 81" in said, said


@test
def scriptor_sends_apdus():
    need("scriptor")
    with backend(ARGS, cards=["sample"]) as b:
        said = b.run("scriptor", input="reset\n00 A4 00 0C 02 3F 00\n"
                     "00 84 00 00 08\n")
        same(said.count("90 00 : Normal processing."), 2)
        assert "3B 9D 13 81" in said, said


if __name__ == "__main__":
    sys.exit(run())

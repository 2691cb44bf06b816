#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""pcsc-tools: pcsc_scan, scriptor, ATR_analysis."""
import sys

from backend import arguments, backend, need, run, same, test
from dialog import Dialog

ARGS = arguments()


@test
def pcsc_scan_shows_reader_and_card():
    need("pcsc_scan")
    with backend(ARGS, cards=["sample"]) as b:
        assert "0: %s\n" % b.reader_names[0] in b.run("pcsc_scan", "-r")
        said = b.run("pcsc_scan", "-n", "-t", "1", check=False)
        assert "Card inserted" in said and "3B 9D 13 81" in said, said


@test
def pcsc_scan_sees_cards_come_and_go():
    need("pcsc_scan")
    with backend(ARGS, cards=["sample"]) as b, \
            Dialog(b, "pcsc_scan", "-n") as d:
        number = int(d.expect(r"Event number: (\d+)")[1])
        d.expect("Card inserted")
        b.remove()
        d.expect("Event number: %d" % (number + 1))
        d.expect("Card removed")
        b.insert()
        d.expect("Event number: %d" % (number + 2))
        d.expect("Card inserted")
        d.expect("3B 9D 13 81")


@test
def scriptor_sends_apdus():
    need("scriptor")
    with backend(ARGS, cards=["sample"]) as b:
        said = b.run("scriptor", input="reset\n00 A4 00 0C 02 3F 00\n"
                     "00 84 00 00 08\n")
        same(said.count("90 00 : Normal processing."), 2)
        assert "3B 9D 13 81" in said, said


@test
def scriptor_sends_a_script_to_the_reader_it_is_told():
    need("scriptor")
    with backend(ARGS, cards=["sample", "openpgp"]) as b:
        b.write("script", "00 A4 04 00 06 D2 76 00 01 24 01\n"
                "00 CA 00 4F 00\n")
        said = b.run("scriptor", "-r", b.reader_names[1], "-p", "T=1",
                     "script")
        assert "D2 76 00 01 24 01 03 04 FF FE" in said, said


@test
def atr_analysis_explains_the_cards_atr():
    need("ATR_analysis", "opensc-tool")
    with backend(ARGS, cards=["openpgp"]) as b:
        atr = b.run("opensc-tool", "-a").split()[-1].replace(":", " ")
        said = b.run("ATR_analysis", atr)
        for text in ("TA(1) = 18", "Protocol T = 1", "correct checksum",
                     "Historical bytes: 00 31 F5 73 C0 01 80 05 90 00"):
            assert text in said, said


if __name__ == "__main__":
    sys.exit(run())

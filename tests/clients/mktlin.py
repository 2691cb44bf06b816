#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""mktlin, Debian's example of a CT-API program, reads a German health insurance
card with libctapi in place of its own library."""
import gzip
import os
import sys

from backend import Skip, arguments, backend, in_build, need, need_file, \
    run, same, test

ARGS = arguments()
SOURCE = "/usr/share/doc/libctapimkt1-dev/examples/mktlin.c"
PATIENT = gzip.compress(b"<Patient>Erika Mustermann</Patient>" * 9)
INSURANCE = gzip.compress(bytes(range(256)) * 2)
STATUS = bytes(range(25))
# What mktlin calls a library, its number there, port, what it asks REQUEST ICC
LIBRARIES = [
    ("libctcym.so", "7", "1", "20 12 01 00 01 01"),
    ("libctapi-celectronic.so.0", "1", "0", "20 12 01 00 01 01"),
    ("libctapi-mkt.so.1", "3", "13", "20 12 01 01 01 01 00"),
]


def insurance_card():
    """The part of an eGK that everybody may read."""
    pd = len(PATIENT).to_bytes(2, "big") + PATIENT
    vd = bytes([0, 8]) + len(INSURANCE).to_bytes(2, "big") + b"\xff" * 4 + \
        INSURANCE
    lines = ["card iso", "atr 3b 9f 96 81 b1 fe 45 1f 07 00 64 05 1e b2 00 "
             "31 b0 73 96 21 db 05 90 00 5c", "df 3f00",
             "df 3f00/df01 aid d27600000102"]
    for sfi, data in (1, pd), (2, vd), (12, STATUS):
        size = (len(data) + 255) // 256 * 256
        lines.append("file 3f00/df01/d0%02x transparent size %d sfi %d" % (
            sfi, size, sfi))
        lines += ["data " + data[i:i + 32].hex()
                  for i in range(0, len(data), 32)]
    return "\n".join(lines) + "\n"


def build(b):
    need("cc")
    need_file(SOURCE, "libctapimkt1-dev")
    need_file("/usr/include/ctapimkt/ctapi.h", "libctapimkt1-dev")
    # it writes one byte too many into its own arrays
    b.run("cc", "-w", "-fno-stack-protector", "-o", "mktlin", SOURCE, "-ldl")
    for name, *_ in LIBRARIES:
        os.symlink(in_build("lib", ".libs", "libctapi.so.0"), b.path(name))
    b.env.update(OPENCT_SOCKETDIR=b.slotd.run, LD_LIBRARY_PATH=b.dir)


def slotd_with(cards):
    if ARGS.backend != "slotd":
        raise Skip("CT-API is slotd's")
    return backend(ARGS, cards=cards)


@test
def mktlin_reads_an_insurance_card():
    with slotd_with(["sample"]) as b:
        build(b)
        b.emulator.ctl("card", "1-1", b.write("egk.card", insurance_card()))
        b.ask("wait-cards", "1")
        for name, number, port, request in LIBRARIES:
            said = b.run("./mktlin", port, number)
            assert name + " geladen" in said and request in said, said
            same(said.split("Eject ICC")[1].split("\n")[2:4],
                 ["RSP: 90 00 ", "Command successful"])
            same(b.read("karte.txt"), b"eGK")
            same(b.read("ef_pd.gz"), PATIENT)
            same(b.read("ef_vd.gz"), INSURANCE)
            same(b.read("ef_st.txt"), STATUS.ljust(255, b"\0"))


@test
def mktlin_says_what_is_wrong():
    with slotd_with(["ddv-1"]) as b:
        build(b)
        said = b.run("./mktlin", "1", "7", code=255)
        assert "Application not found" in said, said
        same(b.read("karte.txt"), b"eGKSelect File: Karte nicht lesbar")
        b.remove()
        said = b.run("./mktlin", "1", "7", code=255)
        assert "keine Karte gelesen, Lese-Timeout" in said, said
        said = b.run("./mktlin", "5", "7", code=255)
        assert "Connection to CTN  5 via PN  5 to failed" in said, said


if __name__ == "__main__":
    sys.exit(run())
